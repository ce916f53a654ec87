// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

// Order of the scalar field of BN254.
uint256 constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

/// A receipt is refused; `code` is that of the verifier crate.
error Refused(bytes32 code);

function refuse(bytes32 code) pure {
    revert Refused(code);
}

function require_(bool condition, bytes32 code) pure {
    if (!condition) refuse(code);
}

/// The bytes in reverse order: the format is little endian, the machine is not.
function reversed(uint256 v) pure returns (uint256 w) {
    assembly {
        w := or(and(shr(8, v), 0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF), shl(8, and(v, 0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF)))
        w := or(and(shr(16, w), 0x0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF), shl(16, and(w, 0x0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF)))
        w := or(and(shr(32, w), 0x00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF), shl(32, and(w, 0x00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF)))
        w := or(and(shr(64, w), 0x0000000000000000FFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF), shl(64, and(w, 0x0000000000000000FFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF)))
        w := or(shr(128, w), shl(128, w))
    }
}

/// The same of the last eight bytes.
function reversed8(uint256 v) pure returns (uint256 w) {
    assembly {
        w := or(and(shr(8, v), 0x00FF00FF00FF00FF), shl(8, and(v, 0x00FF00FF00FF00FF)))
        w := or(and(shr(16, w), 0x0000FFFF0000FFFF), shl(16, and(w, 0x0000FFFF0000FFFF)))
        w := or(shr(32, w), shl(32, and(w, 0xFFFFFFFF)))
    }
}
