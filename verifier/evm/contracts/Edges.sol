// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R, require_} from "./Words.sol";
import {Blake2b} from "./Blake2b.sol";
import {Claim, Receipt} from "./Claim.sol";
import {Colouring, Statement} from "./IVerifier.sol";
import {Key} from "./Key.sol";
import {Reader, Bytes} from "./Reader.sol";

/// A graph in calldata, in its canonical bytes: the number of vertices, the number of edges, the edges (smaller vertex first, ascending), all as
/// little-endian numbers of four bytes. The claim names their Blake2b-256. What the verifier computes of it is that of
/// `verifier/src/statement/colouring/public.rs`.
library Edges {
    using Bytes for Reader;

    bytes16 private constant GRAPH = "Provenn-Graph---";
    /// Bytes of a vertex: `rho^u`, `sigma^u`, `s^u`, and what `b` adds up to.
    uint256 private constant VERTEX = 128;

    /// Reads the claim of a colouring into words, which has to be about this graph. Its bytes stay in memory, where it was zero; that is free behind them.
    function read(Receipt memory parts, uint256 graph, uint256 length) internal view returns (Colouring memory stated) {
        unchecked {
            // Key data of a model has outputs.
            require_(Key.get(Key.OUTPUT_COUNT) == 0, "statement-mismatch");
            Statement memory words;
            assembly {
                words := stated
            }
            Reader memory reader = Claim.open(parts, words, 2);
            uint256 class = Key.get(Key.CLASS);
            assembly {
                class := mload(class)
            }
            stated.colours = reader.u32();
            require_(stated.colours == class >> 224, "key-mismatch");
            // Both numbers stand in the claim as they do in the graph.
            uint256 ptr = reader.place;
            stated.vertices = reader.u32();
            stated.edges = reader.u32();
            // The class of a graph is the smallest that holds it.
            require_(
                stated.vertices >= (class >> 192) & 0xFFFFFFFF && stated.vertices <= (class >> 160) & 0xFFFFFFFF,
                "key-mismatch"
            );
            stated.graph = bytes32(reader.word(32));
            require_(reader.place == reader.end, "trailing-bytes");
            bool same;
            assembly {
                same := iszero(shr(192, xor(calldataload(ptr), calldataload(graph))))
            }
            require_(same && length == 8 + 8 * stated.edges, "graph-mismatch");
            require_(digest(graph, length) == stated.graph, "graph-mismatch");
        }
    }

    function digest(uint256 graph, uint256 length) private view returns (bytes32 hash) {
        unchecked {
            uint256 buffer;
            assembly {
                buffer := mload(0x40)
            }
            uint256 from = buffer + Blake2b.BUFFER;
            assembly {
                calldatacopy(from, graph, length)
                // A block of zeros behind the bytes belongs to them.
                mstore(0x40, and(add(add(from, length), 159), not(31)))
            }
            Blake2b.hash32(buffer, GRAPH, from, from + length);
            assembly {
                hash := mload(add(buffer, 224))
            }
        }
    }

    /// The public columns that follow from the graph and from `rho`, `sigma` and `s`, to the sums: of `powers` and of each lane of `b` the numerator, as
    /// `Equation.sums` has them; `total` as it is. `usable` is the program's. Refuses bytes that are not a graph's canonical ones. Memory from `place` on is
    /// scratch.
    function sums(Colouring memory stated, uint256 graph, uint256 place) internal pure {
        unchecked {
            uint256 vertices = stated.vertices;
            uint256 lanes = Key.get(Key.LANES);
            // Rows are full: cells without a vertex add up to nothing.
            uint256 end = place + VERTEX * lanes * ((vertices + lanes - 1) / lanes);
            powers(place, end);
            uint256 total = weigh(graph + 8, stated.edges, vertices, place);
            uint256 to = Key.get(Key.SUMS) + 64;
            assembly {
                mstore(to, total)
            }
            fractions(place, end, lanes);
        }
    }

    /// Powers of the challenges for each vertex in `[place, end)`.
    function powers(uint256 place, uint256 end) private pure {
        uint256 challenges = Key.get(Key.CHALLENGES);
        assembly {
            let r := R
            let rho := mload(challenges)
            let sigma := mload(add(challenges, 32))
            let s := mload(add(challenges, 64))
            let a := 1
            let b := 1
            let c := 1
            for {} lt(place, end) { place := add(place, VERTEX) } {
                mstore(place, a)
                mstore(add(place, 32), b)
                mstore(add(place, 64), c)
                mstore(add(place, 96), 0)
                a := mulmod(a, rho, r)
                b := mulmod(b, sigma, r)
                c := mulmod(c, s, r)
            }
        }
    }

    /// An edge `u < v` has the weight `A = rho^u sigma^v`: `b[v]` gets `s^u A`, and `b[u]` gets `s^v A`. Returns the sum of all weights.
    function weigh(uint256 edge, uint256 edges, uint256 vertices, uint256 place) private pure returns (uint256 total) {
        bool ok = true;
        assembly {
            let r := R
            let least := 0
            for { let end := add(edge, mul(8, edges)) } lt(edge, end) { edge := add(edge, 8) } {
                // Both numbers from their lowest byte: `u 2^32 + v`, which ascends.
                let w := shr(192, calldataload(edge))
                w := or(and(shr(8, w), 0x00FF00FF00FF00FF), shl(8, and(w, 0x00FF00FF00FF00FF)))
                w := or(and(shr(16, w), 0x0000FFFF0000FFFF), shl(16, and(w, 0x0000FFFF0000FFFF)))
                let u := shr(32, w)
                let v := and(w, 0xFFFFFFFF)
                ok := and(iszero(lt(w, least)), and(lt(u, v), lt(v, vertices)))
                if iszero(ok) { break }
                least := add(w, 1)
                u := add(place, mul(VERTEX, u))
                v := add(place, mul(VERTEX, v))
                let weight := mulmod(mload(u), mload(add(v, 32)), r)
                total := addmod(total, weight, r)
                let b := add(u, 96)
                mstore(b, addmod(mload(b), mulmod(weight, mload(add(v, 64)), r), r))
                b := add(v, 96)
                mstore(b, addmod(mload(b), mulmod(weight, mload(add(u, 64)), r), r))
            }
        }
        require_(ok, "bad-graph");
    }

    /// Numerators of `powers`, which has all usable rows, and of the lanes of `b`, which have those of vertices: cells `[place, end)`.
    function fractions(uint256 place, uint256 end, uint256 lanes) private pure {
        unchecked {
            uint256 to = Key.get(Key.SUMS) + 32;
            uint256 denominators = Key.get(Key.INVERTED);
            uint256 z = Key.get(Key.X);
            uint256 q = Key.get(Key.CHALLENGES) + 64;
            uint256 rows = Key.get(Key.CLASS);
            uint256 inverse = Key.OMEGA_INVERSE;
            assembly {
                let r := R
                let minus := sub(r, 1)
                inverse := mload(inverse)
                z := mload(z)
                rows := and(shr(128, mload(rows)), 0xFFFFFFFF)
                // s^lanes: their number is a power of two.
                q := mload(q)
                for { let i := lanes } gt(i, 1) { i := shr(1, i) } { q := mulmod(q, q, r) }
                let power := 1
                let n := 0
                let d := 1
                mstore(add(denominators, 32), d)
                lanes := add(add(to, 64), mul(32, lanes))
                for {} rows { rows := sub(rows, 1) } {
                    let e := add(z, minus)
                    n := addmod(mulmod(n, e, r), mulmod(power, d, r), r)
                    power := mulmod(power, q, r)
                    if lt(place, end) {
                        for { let lane := add(to, 64) } lt(lane, lanes) { lane := add(lane, 32) } {
                            mstore(lane, addmod(mulmod(mload(lane), e, r), mulmod(mload(add(place, 96)), d, r), r))
                            place := add(place, VERTEX)
                        }
                        mstore(add(denominators, 32), mulmod(d, e, r))
                    }
                    d := mulmod(d, e, r)
                    z := mulmod(z, inverse, r)
                }
                mstore(to, n)
                mstore(denominators, d)
            }
        }
    }
}
