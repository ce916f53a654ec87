// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R, refuse, reversed} from "./Words.sol";

/// Blake2b-512 over bytes in memory, by its compression function (precompile 9, EIP-152). A hash is a buffer that holds its state between
/// blocks, and whoever uses it keeps where the bytes begin that were not compressed, and how many were.
///
/// The buffer: 4 bytes rounds, 64 state, 128 block, 16 counter, 1 whether the block is the last; then 64 bytes of a digest.
library Blake2b {
    /// Bytes of a buffer.
    uint256 internal constant BUFFER = 320;
    /// Where in it a digest stands.
    uint256 internal constant DIGEST = 224;

    /// A buffer for a hash with this personalization: the state is the initial vector xor the parameters (64 bytes, no key, one leaf).
    function init(uint256 buffer, bytes16 personal) internal pure {
        assembly {
            mstore(buffer, shl(224, 12))
            mstore(add(buffer, 4), 0x48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5)
            mstore(
                add(buffer, 36),
                xor(0xd182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b, shr(128, personal))
            )
        }
    }

    /// Compresses all blocks of `[from, to)` but the last one, and returns where that begins and how many bytes are before it.
    function absorb(uint256 buffer, uint256 from, uint256 to, uint256 count)
        internal
        view
        returns (uint256, uint256)
    {
        bool ok = true;
        assembly {
            let state := add(buffer, 4)
            let message := add(buffer, 68)
            let counter := add(buffer, 196)
            // Little endian; 2^24 bytes are more than a block of the chain can hold. The bytes behind stay zero.
            mstore(counter, 0)
            for {} gt(to, add(from, 128)) { from := add(from, 128) } {
                mcopy(message, from, 128)
                count := add(count, 128)
                mstore8(counter, count)
                mstore8(add(counter, 1), shr(8, count))
                mstore8(add(counter, 2), shr(16, count))
                ok := and(ok, staticcall(gas(), 9, buffer, 213, state, 64))
            }
        }
        if (!ok) refuse("precompile");
        return (from, count);
    }

    /// The digest, if the rest is `[from, to)`; memory after it is zero. The state stays as it is.
    function finalize(uint256 buffer, uint256 from, uint256 to, uint256 count) internal view {
        bool ok;
        assembly {
            mcopy(add(buffer, 68), from, 128)
            count := add(count, sub(to, from))
            mstore(
                add(buffer, 196),
                or(
                    or(shl(248, count), shl(120, 1)),
                    or(shl(240, and(shr(8, count), 0xFF)), shl(232, shr(16, count)))
                )
            )
            ok := and(eq(returndatasize(), 64), staticcall(gas(), 9, buffer, 213, add(buffer, 224), 64))
        }
        if (!ok) refuse("precompile");
    }

    /// The digest as a scalar: a little-endian number of 512 bits, reduced.
    function scalar(uint256 buffer) internal pure returns (uint256) {
        uint256 low;
        uint256 high;
        assembly {
            low := mload(add(buffer, DIGEST))
            high := mload(add(buffer, add(DIGEST, 32)))
        }
        // 2^256 mod r
        uint256 shift = 0x0e0a77c19a07df2f666ea36f7879462e36fc76959f60cd29ac96341c4ffffffb;
        return addmod(mulmod(reversed(high), shift, R), reversed(low), R);
    }

    /// The digest of the bytes `[from, to)`, after which memory is zero.
    function hash(uint256 buffer, bytes16 personal, uint256 from, uint256 to) internal view {
        init(buffer, personal);
        uint256 count;
        (from, count) = absorb(buffer, from, to, 0);
        finalize(buffer, from, to, count);
    }

    /// The same of 32 bytes: the first parameter is the length.
    function hash32(uint256 buffer, bytes16 personal, uint256 from, uint256 to) internal view {
        init(buffer, personal);
        assembly {
            mstore8(add(buffer, 4), 0x28)
        }
        uint256 count;
        (from, count) = absorb(buffer, from, to, 0);
        finalize(buffer, from, to, count);
    }
}
