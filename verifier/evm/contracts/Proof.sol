// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R, require_, refuse, reversed} from "./Words.sol";
import {Blake2b} from "./Blake2b.sol";
import {Key} from "./Key.sol";
import {Receipt} from "./Claim.sol";

/// A hash under way, and what of the receipt is read so far.
struct Transcript {
    /// Its buffer.
    uint256 buffer;
    /// The first byte that is not compressed, how many were before it, and where the next byte is written.
    uint256 from;
    uint256 count;
    uint256 to;
    /// The next message in calldata, and the next y coordinate.
    uint256 message;
    uint256 y;
    /// Where the next point goes, and the next scalar.
    uint256 term;
    uint256 slot;
}

/// Reads the messages of the proof in order and draws the challenges between them, as `verifier/src/transcript.rs` and `proof.rs` do. A point goes into a
/// term (x, y, and a scalar that the program writes), scalars and challenges go into their slots.
library Proof {
    bytes16 private constant TRANSCRIPT = "Halo2-Transcript";
    bytes16 private constant CLAIM = "Provenn-Claim---";
    bytes16 private constant LINK = "Provenn-Link----";

    /// All bits but the highest two, which are flags in an encoded point.
    uint256 private constant X = (1 << 254) - 1;

    /// Reads the proof of a receipt. Memory from the free pointer on is zero and this library's. Returns where it is free again.
    function read(Receipt memory parts, uint256 cells, uint256 ys) internal view returns (Transcript memory t) {
        unchecked {
            require_(parts.proofEnd - parts.proof == Key.get(Key.PROOF_LENGTH), "truncated");
            uint256 buffer;
            assembly {
                buffer := mload(0x40)
            }
            // The claim, in the middle of the buffer that the transcript uses later: it is hashed first.
            t.buffer = buffer;
            t.from = buffer + Blake2b.BUFFER;
            uint256 length = parts.claimEnd - parts.claim;
            copy(parts.claim, t.from, length);
            Blake2b.hash(buffer, CLAIM, t.from, t.from + length);
            uint256 claimDigest = t.from + length;
            assembly {
                // The digest of the claim stays before the transcript: the link proof needs it.
                mcopy(claimDigest, add(buffer, 224), 64)
            }
            t.from = claimDigest + 64;
            t.to = t.from;
            uint256 claimScalar = reversed(Blake2b.scalar(buffer));
            Blake2b.init(buffer, TRANSCRIPT);
            uint256 repr = Key.TRANSCRIPT_REPR;
            assembly {
                let to := mload(add(t, 0x60))
                mstore8(to, 2)
                mstore(add(to, 1), claimScalar)
                mstore8(add(to, 33), 2)
                mstore(add(to, 34), mload(repr))
                mstore(add(t, 0x60), add(to, 66))
            }
            columns(t, cells);
            t.message = parts.proof;
            t.y = ys;
            t.term = Key.get(Key.PROOF_TERMS);
            t.slot = Key.get(Key.SCALARS);
            uint256 challenges_ = Key.get(Key.CHALLENGES);
            uint256 round = Key.get(Key.ROUNDS);
            uint256 end = round + 6 * Key.get(Key.ROUND_COUNT);
            for (; round < end; round += 6) {
                uint256 word;
                assembly {
                    word := mload(round)
                }
                points(t, word >> 240);
                scalars(t, (word >> 224) & 0xFFFF);
                challenges_ = challenges(t, challenges_, (word >> 208) & 0xFFFF);
            }
            link(parts, t, claimDigest);
        }
    }

    /// The public columns.
    function columns(Transcript memory t, uint256 cells) private pure {
        unchecked {
            uint256 end = cells
                + 32 * (4 * Key.get(Key.POLICY_ROWS) + Key.get(Key.PUBLIC_LANES) * Key.get(Key.INPUT_ROWS));
            uint256 to = t.to;
            bool ok = true;
            assembly {
                // A byte that says scalar, then its bytes from the lowest one. Cells are integers of less than 64 bits, most of them of less than 32: the
                // upper bits of their scalars are zero, as memory is, or those of r.
                for {} lt(cells, end) { cells := add(cells, 32) } {
                    let w := mload(cells)
                    switch shr(16, w)
                    case 0 { mstore(to, or(shl(249, 1), or(shl(240, and(w, 0xFF)), shl(232, shr(8, w))))) }
                    default {
                        switch shr(32, w)
                        case 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593 {
                            w := or(and(shr(8, w), 0x00FF00FF), shl(8, and(w, 0x00FF00FF)))
                            w := or(shl(240, w), shl(208, w))
                            mstore8(to, 2)
                            mstore(
                                add(to, 1),
                                or(
                                    and(w, shl(224, 0xFFFFFFFF)),
                                    0x0000000093f5e1439170b97948e833285d588181b64550b829a031e1724e6430
                                )
                            )
                        }
                        default {
                            let u := shr(64, w)
                            ok := and(ok, or(iszero(u), eq(u, 0x30644e72e131a029b85045b68181585d2833e84879b97091)))
                            w := or(and(shr(8, w), 0x00FF00FF00FF00FF), shl(8, and(w, 0x00FF00FF00FF00FF)))
                            w := or(and(shr(16, w), 0x0000FFFF0000FFFF), shl(16, and(w, 0x0000FFFF0000FFFF)))
                            w := or(and(shr(32, w), 0xFFFFFFFF), shl(32, w))
                            mstore8(to, 2)
                            mstore(
                                add(to, 1),
                                or(
                                    shl(192, w),
                                    mul(0x9170b97948e833285d588181b64550b829a031e1724e6430, iszero(iszero(u)))
                                )
                            )
                        }
                    }
                    to := add(to, 33)
                }
            }
            require_(ok, "policy-out-of-range");
            t.to = to;
        }
    }

    /// Points: `x` with the parity of `y` in the bit above, never the identity. The precompiles check coordinates and curve, since each point is
    /// multiplied or added.
    function points(Transcript memory t, uint256 count) private pure {
        unchecked {
            (uint256 message, uint256 to) = (t.message, t.to);
            (uint256 term, uint256 ptr) = (t.term, t.y);
            t.message = message + 32 * count;
            t.to = to + 65 * count;
            t.term = term + 96 * count;
            t.y = ptr + 32 * count;
            bool ok = true;
            assembly {
                // Masks for `reversed`, xor a zero that the compiler does not know for one: it would turn masks of constants into longer code.
                let zero := iszero(calldatasize())
                let a := xor(zero, 0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF)
                let b := xor(zero, 0x0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF)
                let c := xor(zero, 0x00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF)
                let d := xor(zero, 0x0000000000000000FFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF)
                let x := 0x3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
                for { let end := add(message, mul(32, count)) } lt(message, end) { message := add(message, 32) } {
                    let v := calldataload(message)
                    let y := calldataload(ptr)
                    mstore8(to, 1)
                    mstore(add(to, 1), and(v, not(0xC0)))
                    mstore(add(term, 32), y)
                    v := or(and(shr(8, v), a), shl(8, and(v, a)))
                    v := or(and(shr(16, v), b), shl(16, and(v, b)))
                    v := or(and(shr(32, v), c), shl(32, and(v, c)))
                    v := or(and(shr(64, v), d), shl(64, and(v, d)))
                    v := or(shr(128, v), shl(128, v))
                    // The flag of the identity is not set, and its coordinates, which the precompiles take for it, are no point.
                    ok := and(ok, eq(shr(254, v), and(y, 1)))
                    v := and(v, x)
                    ok := and(ok, iszero(iszero(or(v, y))))
                    mstore(term, v)
                    y := or(and(shr(8, y), a), shl(8, and(y, a)))
                    y := or(and(shr(16, y), b), shl(16, and(y, b)))
                    y := or(and(shr(32, y), c), shl(32, and(y, c)))
                    y := or(and(shr(64, y), d), shl(64, and(y, d)))
                    y := or(shr(128, y), shl(128, y))
                    mstore(add(to, 33), y)
                    ptr := add(ptr, 32)
                    term := add(term, 96)
                    to := add(to, 65)
                }
            }
            require_(ok, "bad-point");
        }
    }

    /// The x coordinate of an encoded point, if `y` is the other one.
    function point(uint256 bytes_, uint256 y) private pure returns (uint256 x) {
        uint256 word = reversed(bytes_);
        x = word & X;
        // The flag of the identity is not set, and its coordinates, which the precompiles take for it, are no point.
        require_(word >> 254 == y & 1 && x | y != 0, "bad-point");
    }

    /// Scalars below the order, into their slots.
    function scalars(Transcript memory t, uint256 count) private pure {
        unchecked {
            (uint256 message, uint256 to, uint256 slot) = (t.message, t.to, t.slot);
            t.message = message + 32 * count;
            t.to = to + 33 * count;
            t.slot = slot + 32 * count;
            bool ok = true;
            assembly {
                // Masks for `reversed`, xor a zero that the compiler does not know for one: it would turn masks of constants into longer code.
                let zero := iszero(calldatasize())
                let a := xor(zero, 0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF)
                let b := xor(zero, 0x0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF)
                let c := xor(zero, 0x00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF)
                let d := xor(zero, 0x0000000000000000FFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF)
                let r := R
                for { let end := add(slot, mul(32, count)) } lt(slot, end) { slot := add(slot, 32) } {
                    let v := calldataload(message)
                    mstore8(to, 2)
                    mstore(add(to, 1), v)
                    v := or(and(shr(8, v), a), shl(8, and(v, a)))
                    v := or(and(shr(16, v), b), shl(16, and(v, b)))
                    v := or(and(shr(32, v), c), shl(32, and(v, c)))
                    v := or(and(shr(64, v), d), shl(64, and(v, d)))
                    v := or(shr(128, v), shl(128, v))
                    ok := and(ok, lt(v, r))
                    mstore(slot, v)
                    message := add(message, 32)
                    to := add(to, 33)
                }
            }
            require_(ok, "non-canonical-scalar");
        }
    }

    /// A canonical scalar into its slot.
    function store(uint256 slot, uint256 bytes_) private pure {
        uint256 value = reversed(bytes_);
        require_(value < R, "non-canonical-scalar");
        assembly {
            mstore(slot, value)
        }
    }

    function challenges(Transcript memory t, uint256 slot, uint256 count) private view returns (uint256) {
        unchecked {
            for (; count != 0; --count) {
                // Its prefix byte is a zero, as memory is.
                t.to += 1;
                draw(t, slot);
                slot += 32;
            }
            return slot;
        }
    }

    function draw(Transcript memory t, uint256 slot) private view {
        (t.from, t.count) = Blake2b.absorb(t.buffer, t.from, t.to, t.count);
        Blake2b.finalize(t.buffer, t.from, t.to, t.count);
        uint256 value = Blake2b.scalar(t.buffer);
        assembly {
            mstore(slot, value)
        }
    }

    /// The transcript of the link proof: claim, key, SRS, the whole proof, what is committed, which columns are linked; `rho`; the announcement; `e`. Then
    /// a weight that nobody knew before: what joins the two equations.
    function link(Receipt memory parts, Transcript memory t, uint256 claimDigest) private view {
        unchecked {
            uint256 buffer = t.buffer;
            uint256 to = (t.to + 31) & ~uint256(31);
            uint256 length = parts.proofEnd - parts.proof;
            copy(parts.proof, to, length);
            Blake2b.hash(buffer, 0, to, to + length);
            // Behind the proof, where memory is zero.
            to += length;
            t.from = to;
            t.count = 0;
            uint256 prefix = Key.get(Key.LINK_PREFIX);
            length = Key.get(Key.LINK_PREFIX_END) - prefix;
            uint256 keyDigest = Key.KEY_DIGEST;
            uint256 srsId = Key.SRS_ID;
            assembly {
                mcopy(to, claimDigest, 64)
                mstore(add(to, 64), mload(keyDigest))
                mstore(add(to, 96), mload(srsId))
                mcopy(add(to, 128), add(buffer, 224), 64)
                mcopy(add(to, 192), prefix, length)
            }
            to += 192 + length;
            Blake2b.init(buffer, LINK);
            t.to = to;
            inputs(parts, t);
            to = t.to;
            uint256 column = Key.get(Key.LINK_COLUMNS);
            uint256 count = Key.get(Key.LINK_COLUMN_COUNT);
            uint256 proof = parts.proof;
            assembly {
                // How many columns (little endian), then of each how many terms it has and the commitment to it.
                mstore8(to, count)
                mstore8(add(to, 1), shr(8, count))
                to := add(to, 4)
                for { let end := add(column, mul(6, count)) } lt(column, end) { column := add(column, 6) } {
                    let word := mload(column)
                    mstore8(to, byte(0, word))
                    mstore8(add(to, 1), byte(1, word))
                    mstore8(add(to, 2), byte(2, word))
                    mstore8(add(to, 3), byte(3, word))
                    mstore(add(to, 4), calldataload(add(proof, and(shr(208, word), 0xFFFF))))
                    to := add(to, 36)
                }
                mstore8(to, 0x72)
                mstore8(add(to, 1), 0x68)
                mstore8(add(to, 2), 0x6F)
            }
            t.to = to + 3;
            uint256 slot = Key.get(Key.LINK_CHALLENGES);
            draw(t, slot);
            to = t.to;
            uint256 announcement = parts.announcement;
            assembly {
                mstore8(to, 0x65)
                mstore(add(to, 1), calldataload(announcement))
            }
            t.to = to + 33;
            draw(t, slot + 32);
            // The responses; the slot of the weight stands before them.
            uint256 responses = Key.get(Key.RESPONSES);
            uint256 tail = Key.get(Key.TAIL);
            for (uint256 i = 0; i < tail; ++i) {
                uint256 bytes_;
                assembly {
                    bytes_ := calldataload(add(add(announcement, 36), mul(32, i)))
                }
                store(responses + 32 * i, bytes_);
            }
            assembly {
                // rho, e and the weight are side by side, and the responses follow them.
                mstore(add(slot, 64), mod(keccak256(slot, add(96, mul(32, tail))), R))
            }
        }
    }

    /// The points of the link proof: the announcement, and the commitments to inputs in the claim, which the transcript takes as they are.
    function inputs(Receipt memory parts, Transcript memory t) private pure {
        unchecked {
            t.term = Key.get(Key.PROOF_TERMS) + 96 * Key.get(Key.PROOF_POINTS);
            take(t, parts.announcement);
            uint256 count = Key.get(Key.INPUT_COUNT);
            uint256 ptr = parts.bindings;
            for (uint256 index = 0; index < count; ++index) {
                uint256 word = Key.get(Key.INPUTS) + 64 * index;
                assembly {
                    word := mload(word)
                }
                uint256 points_ = (word >> 80) & 0xFFFFFFFF;
                if (points_ == 0) {
                    // A public input: a tag, a number and a width, and so many integers.
                    uint256 head;
                    assembly {
                        head := calldataload(ptr)
                    }
                    uint256 values = (word >> 224) * ((word >> 192) & 0xFFFFFFFF);
                    ptr += 6 + values * ((head >> 208) & 0xFF);
                    continue;
                }
                ptr += 5;
                for (uint256 i = 0; i < points_; ++i) {
                    uint256 to = t.to;
                    assembly {
                        mstore(to, calldataload(ptr))
                    }
                    t.to = to + 32;
                    take(t, ptr);
                    ptr += 32;
                }
            }
        }
    }

    /// Writes the point at `at` into the next term.
    function take(Transcript memory t, uint256 ptr) private pure {
        unchecked {
            (uint256 term, uint256 hint) = (t.term, t.y);
            uint256 bytes_;
            uint256 y;
            assembly {
                bytes_ := calldataload(ptr)
                y := calldataload(hint)
            }
            uint256 x = point(bytes_, y);
            assembly {
                mstore(term, x)
                mstore(add(term, 32), y)
            }
            (t.term, t.y) = (term + 96, hint + 32);
        }
    }

    function copy(uint256 from, uint256 to, uint256 length) private pure {
        assembly {
            calldatacopy(to, from, length)
        }
    }
}
