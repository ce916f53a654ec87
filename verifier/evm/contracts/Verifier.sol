// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {require_} from "./Words.sol";
import {Claim, Receipt} from "./Claim.sol";
import {Equation} from "./Equation.sol";
import {IVerifier, Statement} from "./IVerifier.sol";
import {Key} from "./Key.sol";
import {Proof, Transcript} from "./Proof.sol";

/// Verifies receipts of all models: what differs between them is key data. Holds no state and no value; nobody owns it.
contract Verifier is IVerifier {
    function verify(address key, bytes calldata receipt, uint256[] calldata ys)
        external
        view
        returns (Statement memory statement)
    {
        unchecked {
            bytes32 hash = Key.load(key);
            uint256 points;
            assembly {
                points := ys.length
            }
            uint256 free = Key.get(Key.FREE) << 5;
            uint256 cells;
            assembly {
                // From here on memory is beyond the key data and its slots.
                mstore(0x40, free)
                cells := free
            }
            exact(receipt, ys);
            uint256 size = 32 * (4 * Key.get(Key.POLICY_ROWS) + Key.get(Key.PUBLIC_LANES) * Key.get(Key.INPUT_ROWS));
            assembly {
                mstore(0x40, add(cells, size))
            }
            Receipt memory parts = Claim.split(receipt);
            statement = Claim.read(parts, cells);
            uint256 hints;
            assembly {
                hints := ys.offset
            }
            Transcript memory t = Proof.read(parts, cells, hints);
            // One y for every point.
            require_(t.y == hints + 32 * points, "trailing-bytes");
            Equation.check(t, cells);
            // Key data that nobody pinned says where in memory its numbers go, and could have put them anywhere: over the words of the statement too, but not
            // on the stack, where the hash is. So what is returned under a hash is what key data of that hash makes it.
            assembly {
                mstore(statement, hash)
                return(statement, 0x120)
            }
        }
    }

    /// The arguments have one encoding: parts in order, padding of zeros, nothing behind them.
    function exact(bytes calldata receipt, uint256[] calldata ys) private pure {
        bool ok;
        assembly {
            let padded := and(add(receipt.length, 31), not(31))
            ok := eq(receipt.offset, 0x84)
            ok := and(ok, eq(ys.offset, add(add(receipt.offset, padded), 32)))
            ok := and(ok, eq(calldatasize(), add(ys.offset, mul(32, ys.length))))
            let rest := and(receipt.length, 31)
            if rest {
                let last := calldataload(add(receipt.offset, and(receipt.length, not(31))))
                ok := and(ok, iszero(shl(mul(8, rest), last)))
            }
        }
        require_(ok, "trailing-bytes");
    }
}
