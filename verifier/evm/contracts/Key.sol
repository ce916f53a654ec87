// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {refuse} from "./Words.sol";

/// The key data in memory: what `provenn export evm` derives from a model card, or a class of graphs, and its SRS key. It is the code of an account, after a byte 0 that
/// keeps it from running, and is known by the hash of that code. Nothing of it is checked here: whoever relies on a verdict pins the hash.
///
/// Numbers of 16 bits in the head are addresses in this contract's memory, or counts.
library Key {
    /// Where it is.
    uint256 internal constant AT = 0x80;

    uint256 internal constant SRS_ID = 0x80;
    uint256 internal constant KEY_DIGEST = 0xA0;
    uint256 internal constant MODEL_ID = 0xC0;
    uint256 internal constant QUANTIZATION = 0xE0;
    /// The library's digest of the key, as the transcript takes it.
    uint256 internal constant TRANSCRIPT_REPR = 0x100;
    /// The secret times the generator of G2, as the pairing takes it.
    uint256 internal constant S_G2 = 0x120;
    /// The inverse of the root of unity whose powers are the rows.
    uint256 internal constant OMEGA_INVERSE = 0x1A0;
    uint256 internal constant HEAD = 0x1C0;

    // Places in the head.
    uint256 internal constant TERMS = 0;
    uint256 internal constant PROOF_TERMS = 1;
    uint256 internal constant START = 2;
    uint256 internal constant ROUNDS = 3;
    uint256 internal constant ROUND_COUNT = 4;
    uint256 internal constant CHALLENGES = 5;
    uint256 internal constant X = 6;
    uint256 internal constant SCALARS = 7;
    uint256 internal constant RESPONSES = 8;
    uint256 internal constant LINK_CHALLENGES = 9;
    uint256 internal constant SUMS = 10;
    uint256 internal constant INVERTED = 11;
    uint256 internal constant INVERTED_END = 12;
    uint256 internal constant FIRST_PROGRAM = 13;
    uint256 internal constant SECOND_PROGRAM = 14;
    uint256 internal constant PROGRAM_END = 15;
    uint256 internal constant TAIL = 16;
    uint256 internal constant LINK_PREFIX = 17;
    uint256 internal constant LINK_PREFIX_END = 18;
    uint256 internal constant LINK_COLUMNS = 19;
    uint256 internal constant LINK_COLUMN_COUNT = 20;
    uint256 internal constant INPUTS = 21;
    /// Of colourings, where a model has its inputs: the number of colours, the fewest and the most vertices, usable rows, 32 bits each.
    uint256 internal constant CLASS = 21;
    uint256 internal constant INPUT_COUNT = 22;
    uint256 internal constant OUTPUTS = 23;
    uint256 internal constant OUTPUT_COUNT = 24;
    uint256 internal constant LANES = 25;
    uint256 internal constant PUBLIC_LANES = 26;
    uint256 internal constant POLICY_ROWS = 27;
    uint256 internal constant INPUT_ROWS = 28;
    uint256 internal constant PROOF_POINTS = 29;
    uint256 internal constant PROOF_LENGTH = 30;
    uint256 internal constant FREE = 31;

    /// Reads the code of an account, and returns its hash.
    function load(address from) internal view returns (bytes32 hash) {
        uint256 size = from.code.length;
        if (size < 0x181) refuse("no-key");
        assembly {
            extcodecopy(from, AT, 1, sub(size, 1))
            hash := extcodehash(from)
        }
    }

    /// A number of the head.
    function get(uint256 place) internal pure returns (uint256 value) {
        assembly {
            value := shr(240, mload(add(HEAD, mul(2, place))))
        }
    }
}

/// An input of the model: two words of the key data.
struct Input {
    uint256 channels;
    uint256 positions;
    uint256 row;
    uint256 blocks;
    uint256 bits;
    uint256 isPublic;
    uint256 points;
    uint256 axisCount;
    /// Extent and stride of up to four axes, 32 bits each, outermost first.
    uint256 axes;
}

library Layout {
    function input(uint256 index) internal pure returns (Input memory one) {
        uint256 ptr = Key.get(Key.INPUTS) + 64 * index;
        uint256 word;
        uint256 axes;
        assembly {
            word := mload(ptr)
            axes := mload(add(ptr, 32))
        }
        one.channels = word >> 224;
        one.positions = (word >> 192) & 0xFFFFFFFF;
        one.row = (word >> 160) & 0xFFFFFFFF;
        one.blocks = (word >> 128) & 0xFFFFFFFF;
        one.bits = (word >> 120) & 0xFF;
        one.isPublic = (word >> 112) & 0xFF;
        one.points = (word >> 80) & 0xFFFFFFFF;
        one.axisCount = (word >> 72) & 0xFF;
        one.axes = axes;
    }

    /// An output: scores, policy rows, bits of a score, bits of what a policy row compares (0 if that is not known).
    function output(uint256 index)
        internal
        pure
        returns (uint256 len, uint256 rows, uint256 bits, uint256 width)
    {
        uint256 ptr = Key.get(Key.OUTPUTS) + 32 * index;
        uint256 word;
        assembly {
            word := mload(ptr)
        }
        len = word >> 224;
        rows = (word >> 192) & 0xFFFFFFFF;
        bits = (word >> 184) & 0xFF;
        width = (word >> 176) & 0xFF;
    }
}
