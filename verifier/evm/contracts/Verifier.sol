// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {require_} from "./Words.sol";
import {Claim, Receipt} from "./Claim.sol";
import {Edges} from "./Edges.sol";
import {Equation} from "./Equation.sol";
import {Colouring, IVerifier, Statement} from "./IVerifier.sol";
import {Key} from "./Key.sol";
import {Proof, Transcript} from "./Proof.sol";

/// Verifies receipts of all models and of colourings: what differs between them is key data. Holds no state and no value; nobody owns it.
contract Verifier is IVerifier {
    function verify(address key, bytes calldata receipt, uint256[] calldata ys)
        external
        view
        returns (Statement memory statement)
    {
        unchecked {
            bytes32 hash = load(key);
            require_(exact(receipt, ys, 0x84) == msg.data.length, "trailing-bytes");
            uint256 cells;
            assembly {
                cells := mload(0x40)
            }
            uint256 size = 32 * (4 * Key.get(Key.POLICY_ROWS) + Key.get(Key.PUBLIC_LANES) * Key.get(Key.INPUT_ROWS));
            assembly {
                mstore(0x40, add(cells, size))
            }
            Receipt memory parts = Claim.split(receipt);
            statement = Claim.read(parts, cells);
            Transcript memory t = proof(parts, cells, ys);
            Equation.sums(cells);
            Equation.check(t);
            assembly {
                mstore(statement, hash)
                return(statement, 0x120)
            }
        }
    }

    function verifyColouring(address key, bytes calldata receipt, uint256[] calldata ys, bytes calldata graph)
        external
        view
        returns (Colouring memory stated)
    {
        unchecked {
            bytes32 hash = load(key);
            uint256 end = exact(receipt, ys, 0xA4);
            uint256 place;
            assembly {
                place := graph.offset
            }
            require_(place == end + 32 && padded(graph) == msg.data.length, "trailing-bytes");
            Receipt memory parts = Claim.split(receipt);
            stated = Edges.read(parts, place, graph.length);
            Transcript memory t = proof(parts, 0, ys);
            // The transcript is not needed any more: its memory is scratch.
            Edges.sums(stated, place, t.from);
            Equation.check(t);
            assembly {
                mstore(stated, hash)
                return(stated, 0x120)
            }
        }
    }

    /// Loads the key data. From there on memory is beyond it and its slots.
    /// Key data that nobody pinned says where in memory its numbers go, and could put them anywhere: over the words of the statement too, but not on the
    /// stack, where the hash is until it is written into the statement last. So what is returned under a hash is what key data of that hash makes it.
    function load(address key) private view returns (bytes32 hash) {
        hash = Key.load(key);
        uint256 free = Key.get(Key.FREE) << 5;
        assembly {
            mstore(0x40, free)
        }
    }

    /// Reads the proof, with one y for every point.
    function proof(Receipt memory parts, uint256 cells, uint256[] calldata ys) private view returns (Transcript memory t) {
        unchecked {
            uint256 hints;
            assembly {
                hints := ys.offset
            }
            t = Proof.read(parts, cells, hints);
            require_(t.y == hints + 32 * ys.length, "trailing-bytes");
        }
    }

    /// The arguments have one encoding: parts in order from `first` on, padding of zeros, and nothing behind them. Returns where receipt and coordinates end.
    function exact(bytes calldata receipt, uint256[] calldata ys, uint256 first) private pure returns (uint256 end) {
        unchecked {
            uint256 from;
            uint256 to;
            assembly {
                from := receipt.offset
                to := ys.offset
            }
            require_(from == first && to == padded(receipt) + 32, "trailing-bytes");
            end = to + 32 * ys.length;
        }
    }

    /// Where bytes end with their padding, which is zero.
    function padded(bytes calldata part) private pure returns (uint256 end) {
        bool ok = true;
        assembly {
            end := add(part.offset, and(add(part.length, 31), not(31)))
            let rest := and(part.length, 31)
            if rest { ok := iszero(shl(mul(8, rest), calldataload(sub(end, 32)))) }
        }
        require_(ok, "trailing-bytes");
    }
}
