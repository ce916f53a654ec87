// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {refuse, require_, reversed, reversed8} from "./Words.sol";

/// Canonical little-endian bytes in calldata, from front to back.
struct Reader {
    /// Where the next byte is.
    uint256 place;
    /// Where the bytes end.
    uint256 end;
}

library Bytes {
    /// Steps over `count` bytes and returns where they are.
    function skip(Reader memory reader, uint256 count) internal pure returns (uint256 ptr) {
        unchecked {
            ptr = reader.place;
            require_(count <= reader.end - ptr, "truncated");
            reader.place = ptr + count;
        }
    }

    /// The first `count` of the next bytes, as they stand, at the upper end of a word.
    function word(Reader memory reader, uint256 count) internal pure returns (uint256 value) {
        uint256 ptr = skip(reader, count);
        assembly {
            value := calldataload(ptr)
        }
    }

    function u8(Reader memory reader) internal pure returns (uint256) {
        return word(reader, 1) >> 248;
    }

    function u32(Reader memory reader) internal pure returns (uint256) {
        return reversed8(word(reader, 4) >> 192) & 0xFFFFFFFF;
    }

    /// A two's complement integer of eight bytes.
    function i64(Reader memory reader) internal pure returns (int256) {
        return int256(int64(uint64(reversed8(word(reader, 8) >> 192))));
    }

    /// A length-prefixed string of at most `most` bytes: where it is, and its length.
    function string_(Reader memory reader, uint256 most) internal pure returns (uint256 ptr, uint256 length) {
        length = u32(reader);
        require_(length <= most, "too-large");
        ptr = skip(reader, length);
    }

    /// The head of a list of integers: how many, bytes of each, where they are. The width is checked by `checkWidth`.
    function integers(Reader memory reader)
        internal
        pure
        returns (uint256 count, uint256 width, uint256 ptr)
    {
        count = u32(reader);
        require_(count <= 1 << 20, "too-large");
        width = u8(reader);
        unchecked {
            require_(width - 1 < 8, "bad-tag");
            ptr = skip(reader, count * width);
        }
    }

    /// Integer number `index` of a list.
    function integer(uint256 ptr, uint256 width, uint256 index) internal pure returns (int256 value) {
        assembly {
            value := calldataload(add(ptr, mul(width, index)))
            switch width
            case 1 { value := signextend(0, byte(0, value)) }
            case 2 { value := signextend(1, or(byte(0, value), shl(8, byte(1, value)))) }
            default {
                let w := shr(192, value)
                w := or(and(shr(8, w), 0x00FF00FF00FF00FF), shl(8, and(w, 0x00FF00FF00FF00FF)))
                w := or(and(shr(16, w), 0x0000FFFF0000FFFF), shl(16, and(w, 0x0000FFFF0000FFFF)))
                w := or(shr(32, w), shl(32, and(w, 0xFFFFFFFF)))
                value := signextend(sub(width, 1), w)
            }
        }
    }

    /// What tells how wide an integer is: the value, or its complement.
    function magnitude(int256 value) internal pure returns (uint256) {
        return uint256(value ^ (value >> 255));
    }

    /// Only the least width that holds all values is canonical; `magnitudes` has the bits of all.
    function checkWidth(uint256 width, uint256 magnitudes) internal pure {
        unchecked {
            require_(width == 1 || magnitudes >> (8 * (width - 1) - 1) != 0, "bad-tag");
        }
    }

    /// Whether bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
    function isUtf8(uint256 ptr, uint256 length) internal pure returns (bool) {
        unchecked {
            uint256 end = ptr + length;
            while (ptr < end) {
                uint256 w;
                assembly {
                    w := calldataload(ptr)
                }
                if (w >> 255 == 0) {
                    ptr += 1;
                    continue;
                }
                uint256 first = w >> 248;
                uint256 second = (w >> 240) & 0xFF;
                uint256 more;
                // The second byte has bounds of its own where a form could be overlong, a surrogate or too large.
                uint256 low = 0x80;
                uint256 high = 0xBF;
                if (first >= 0xC2 && first <= 0xDF) more = 1;
                else if (first >= 0xE0 && first <= 0xEF) more = 2;
                else if (first >= 0xF0 && first <= 0xF4) more = 3;
                else return false;
                if (first == 0xE0) low = 0xA0;
                else if (first == 0xED) high = 0x9F;
                else if (first == 0xF0) low = 0x90;
                else if (first == 0xF4) high = 0x8F;
                if (end - ptr <= more || second < low || second > high) return false;
                for (uint256 i = 2; i <= more; ++i) {
                    if ((w >> (248 - 8 * i)) & 0xC0 != 0x80) return false;
                }
                ptr += more + 1;
            }
            return true;
        }
    }
}
