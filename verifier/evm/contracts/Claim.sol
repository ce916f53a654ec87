// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R, require_, refuse} from "./Words.sol";
import {Reader, Bytes} from "./Reader.sol";
import {Key, Layout, Input} from "./Key.sol";
import {Policy, Stated} from "./Policy.sol";
import {Statement} from "./IVerifier.sol";

/// Where the parts of a receipt are in calldata.
struct Receipt {
    uint256 claim;
    uint256 claimEnd;
    uint256 proof;
    uint256 proofEnd;
    /// The announcement of the link proof; its responses follow, after their number.
    uint256 announcement;
    uint256 end;
    /// The bindings of the inputs.
    uint256 bindings;
}

/// Reads a receipt and its claim, compares the claim with the key data, and writes the public columns.
library Claim {
    using Bytes for Reader;

    /// The parts, whose lengths are exact.
    function split(bytes calldata receipt) internal pure returns (Receipt memory parts) {
        unchecked {
            Reader memory reader;
            assembly {
                mstore(reader, receipt.offset)
                mstore(add(reader, 32), add(receipt.offset, receipt.length))
            }
            parts.end = reader.end;
            uint256 head = reader.word(6) >> 208;
            require_(head >> 16 == 0x5052564E, "bad-magic");
            require_(head & 0xFFFF == 0x0200, "bad-version");
            uint256 length;
            (parts.claim, length) = reader.string_(13 << 20);
            parts.claimEnd = parts.claim + length;
            (parts.proof, length) = reader.string_(1 << 20);
            parts.proofEnd = parts.proof + length;
            parts.announcement = reader.skip(32);
            uint256 responses = reader.u32();
            require_(responses == Key.get(Key.TAIL), "link-length");
            reader.skip(32 * responses);
            require_(reader.place == reader.end, "trailing-bytes");
        }
    }

    /// Reads what claims of all kinds begin with into the words of a statement, and leaves the reader before the body of one of this kind.
    function open(Receipt memory parts, Statement memory statement, uint256 kind)
        internal
        pure
        returns (Reader memory reader)
    {
        reader.place = parts.claim;
        reader.end = parts.claimEnd;
        require_(reader.word(2) >> 240 == 0x0200, "bad-version");
        require_(bytes16(bytes32(reader.word(16))) == "halo2kzg-bn254-2", "bad-proof-system");
        same(reader, Key.SRS_ID, "srs-mismatch");
        same(reader, Key.KEY_DIGEST, "key-mismatch");
        (uint256 ptr, uint256 length) = reader.string_(255);
        require_(Bytes.isUtf8(ptr, length), "bad-utf8");
        statement.audience = digest(ptr, length);
        statement.nonce = bytes32(reader.word(32));
        statement.notAfter = uint64(uint256(reader.i64()));
        require_(reader.u8() == kind, "statement-mismatch");
        statement.kind = kind;
    }

    /// Reads the claim of an inference into words, and writes the public columns at `cells`, where memory is zero.
    function read(Receipt memory parts, uint256 cells) internal pure returns (Statement memory statement) {
        Reader memory reader = open(parts, statement, 1);
        same(reader, Key.MODEL_ID, "model-mismatch");
        statement.modelId = loaded(Key.MODEL_ID);
        same(reader, Key.QUANTIZATION, "quantization-mismatch");
        uint256 ptr = reader.place;
        Stated memory stated = Policy.read(reader);
        unchecked {
            statement.policy = digest(ptr, reader.place - ptr);
            require_(reader.u32() == 1, "item-count");
            ptr = reader.place;
            parts.bindings = inputs(reader, cells + 128 * Key.get(Key.POLICY_ROWS));
            statement.inputs = digest(ptr, reader.place - ptr);
            ptr = reader.place;
            uint256 word = Policy.fill(stated, reader, cells);
            bool isWord = stated.tag != Policy.SCORES && stated.tag != Policy.ROUND && stated.tag != Policy.TOP;
            statement.answer = isWord ? word : uint256(digest(ptr, reader.place - ptr));
            require_(reader.place == reader.end, "trailing-bytes");
        }
    }

    /// The bindings of all inputs: public values go into their cells, of commitments there are as many as the key links. Returns where the bindings are.
    function inputs(Reader memory reader, uint256 cells) private pure returns (uint256 ptr) {
        unchecked {
            uint256 count = Key.get(Key.INPUT_COUNT);
            require_(reader.u32() == count, "input-count");
            ptr = reader.place;
            for (uint256 index = 0; index < count; ++index) {
                Input memory input = Layout.input(index);
                uint256 tag = reader.u8();
                require_(tag - 1 < 2, "bad-tag");
                require_((tag == 1) == (input.isPublic == 1), "input-shape");
                if (tag == 1) {
                    values(reader, input, cells);
                } else {
                    require_(reader.u32() == input.points, "input-shape");
                    reader.skip(32 * input.points);
                }
            }
        }
    }

    /// Public values: value `p` of channel `c`, number `c positions + p` of the tensor, is in lane `c mod lanes`, row `p blocks + c div lanes` from the
    /// input's first.
    function values(Reader memory reader, Input memory input, uint256 cells) private pure {
        unchecked {
            (uint256 count, uint256 width, uint256 ptr) = reader.integers();
            require_(count == input.channels * input.positions, "input-shape");
            uint256 magnitudes = 0;
            uint256 lanes = Key.get(Key.LANES);
            uint256 column = Key.get(Key.INPUT_ROWS);
            uint256 cell = cells + 32 * input.row;
            // On one lane, without an order and with one channel or one position, values stand as they come.
            bool inTurn = input.axisCount == 0 && lanes == 1 && (input.channels == 1 || input.positions == 1);
            if (inTurn) {
                magnitudes = copy(ptr, width, count, cell);
            } else {
                for (uint256 index = 0; index < count; ++index) {
                    int256 value = Bytes.integer(ptr, width, index);
                    magnitudes |= Bytes.magnitude(value);
                    uint256 number = place(input, index);
                    uint256 channel = number / input.positions;
                    uint256 row = input.row + (number % input.positions) * input.blocks + channel / lanes;
                    cell = cells + 32 * ((channel % lanes) * column + row);
                    assembly {
                        mstore(cell, add(value, mul(R, slt(value, 0))))
                    }
                }
            }
            // -2^(bits-1) <= value < 2^(bits-1), which is no more than the format allows
            require_(magnitudes >> (input.bits - 1) == 0, "too-large");
            Bytes.checkWidth(width, magnitudes);
        }
    }

    /// Values one after the other into cells one after the other, as scalars. Returns the bits of their magnitudes.
    function copy(uint256 ptr, uint256 width, uint256 count, uint256 cell) private pure returns (uint256 magnitudes) {
        assembly {
            let sign := sub(width, 1)
            let end := add(ptr, mul(width, count))
            // Bytes in reverse order; what follows a value is cut off with its sign. Most take one byte or two.
            switch gt(width, 2)
            case 0 {
                // Sixteen at a time in lanes of two bytes, then one by one what is over.
                let lanes := 0
                let ones := 0x0001000100010001000100010001000100010001000100010001000100010001
                let each := shl(4, width)
                for { let last := add(ptr, mul(each, div(sub(end, ptr), each))) } lt(ptr, last) { ptr := add(ptr, each) } {
                    let w := calldataload(ptr)
                    switch sign
                    case 0 {
                        w := shr(128, w)
                        w := and(or(w, shl(64, w)), 0x0000000000000000FFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF)
                        w := and(or(w, shl(32, w)), 0x00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF)
                        w := and(or(w, shl(16, w)), 0x0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF)
                        w := and(or(w, shl(8, w)), 0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF)
                        lanes := or(lanes, xor(w, mul(0xFF, and(shr(7, w), ones))))
                    }
                    default {
                        w := or(
                            and(shr(8, w), 0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF),
                            shl(8, and(w, 0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF))
                        )
                        lanes := or(lanes, xor(w, mul(0xFFFF, and(shr(15, w), ones))))
                    }
                    for { let after_ := add(cell, 512) } lt(cell, after_) { cell := add(cell, 128) } {
                        let value := signextend(sign, shr(240, w))
                        mstore(cell, add(value, mul(R, slt(value, 0))))
                        value := signextend(sign, shr(224, w))
                        mstore(add(cell, 32), add(value, mul(R, slt(value, 0))))
                        value := signextend(sign, shr(208, w))
                        mstore(add(cell, 64), add(value, mul(R, slt(value, 0))))
                        value := signextend(sign, shr(192, w))
                        mstore(add(cell, 96), add(value, mul(R, slt(value, 0))))
                        w := shl(64, w)
                    }
                }
                lanes := or(lanes, shr(128, lanes))
                lanes := or(lanes, shr(64, lanes))
                lanes := or(lanes, shr(32, lanes))
                magnitudes := and(or(lanes, shr(16, lanes)), 0xFFFF)
                for {} lt(ptr, end) { ptr := add(ptr, width) } {
                    let value := calldataload(ptr)
                    value := signextend(sign, or(byte(0, value), shl(8, byte(1, value))))
                    magnitudes := or(magnitudes, xor(value, sar(255, value)))
                    mstore(cell, add(value, mul(R, slt(value, 0))))
                    cell := add(cell, 32)
                }
            }
            default {
                for {} lt(ptr, end) { ptr := add(ptr, width) } {
                    let value := calldataload(ptr)
                    let w := or(or(byte(0, value), shl(8, byte(1, value))), or(shl(16, byte(2, value)), shl(24, byte(3, value))))
                    w := or(w, or(shl(32, byte(4, value)), shl(40, byte(5, value))))
                    w := or(w, or(shl(48, byte(6, value)), shl(56, byte(7, value))))
                    w := signextend(sign, w)
                    magnitudes := or(magnitudes, xor(w, sar(255, w)))
                    mstore(cell, add(w, mul(R, slt(w, 0))))
                    cell := add(cell, 32)
                }
            }
        }
    }

    /// The number in the tensor of value `index`: row-major over the axes of the input.
    function place(Input memory input, uint256 index) private pure returns (uint256 number) {
        unchecked {
            if (input.axisCount == 0) return index;
            for (uint256 axis = input.axisCount; axis > 0; --axis) {
                uint256 pair = input.axes >> (256 - 64 * axis);
                uint256 extent = (pair >> 32) & 0xFFFFFFFF;
                number += (index % extent) * (pair & 0xFFFFFFFF);
                index /= extent;
            }
        }
    }

    function loaded(uint256 ptr) private pure returns (bytes32 word) {
        assembly {
            word := mload(ptr)
        }
    }

    /// The next 32 bytes are these of the key data.
    function same(Reader memory reader, uint256 ptr, bytes32 code) private pure {
        require_(bytes32(reader.word(32)) == loaded(ptr), code);
    }

    /// The hash of bytes in calldata. They are copied to where memory is free, and cleared again: what is written there later counts on zeros.
    function digest(uint256 ptr, uint256 length) private pure returns (bytes32 hash) {
        assembly {
            let free := mload(0x40)
            calldatacopy(free, ptr, length)
            hash := keccak256(free, length)
            calldatacopy(free, calldatasize(), length)
        }
    }
}
