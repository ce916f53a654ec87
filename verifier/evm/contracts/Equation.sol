// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R, require_, refuse} from "./Words.sol";
import {Key} from "./Key.sol";
import {Transcript} from "./Proof.sol";

/// From the messages to one pairing equation: sums over public columns, the program of the key data, the sum of all terms, the pairing.
library Equation {
    /// Decides `e(h, s g2) = e(sum, g2)`, where `h` is the last point of the proof. The sums over public columns are there.
    function check(Transcript memory t) internal view {
        unchecked {
            run(Key.get(Key.FIRST_PROGRAM), Key.get(Key.SECOND_PROGRAM));
            // The transcript is not needed any more: its memory is scratch.
            invert(Key.get(Key.INVERTED), Key.get(Key.INVERTED_END), t.from);
            run(Key.get(Key.SECOND_PROGRAM), Key.get(Key.PROGRAM_END));
            uint256 proofTerms = Key.get(Key.PROOF_TERMS);
            uint256 sum = t.from;
            // The coefficient of the first polynomial is one: its commitment is where the sum starts.
            uint256 start = Key.get(Key.START);
            assembly {
                mcopy(sum, start, 64)
            }
            add_(sum, Key.get(Key.TERMS), start);
            add_(sum, start + 96, t.term);
            pair(sum, proofTerms + 96 * (Key.get(Key.PROOF_POINTS) - 1));
        }
    }

    /// For each public column `sum_i v_i / (x omega^-i - 1)`, which times `(x^n - 1) / n` is its value at `x`: as a fraction, `N_i = N_{i-1} e_i + v_i D_{i-1}`
    /// and `D_i = D_{i-1} e_i` with `e_i = x omega^-i - 1`. Numerators go to the sums, the two denominators to the first of what is inverted.
    function sums(uint256 cells) internal pure {
        unchecked {
            uint256 to = Key.get(Key.SUMS);
            uint256 denominators = Key.get(Key.INVERTED);
            uint256 rows = Key.get(Key.POLICY_ROWS);
            policy(cells, rows, to, denominators);
            cells += 128 * rows;
            to += 128;
            // Without public inputs nothing is divided.
            assembly {
                mstore(add(denominators, 32), 1)
            }
            rows = Key.get(Key.INPUT_ROWS);
            for (uint256 i = Key.get(Key.PUBLIC_LANES); i != 0; --i) {
                column(cells, rows, to, denominators + 32);
                cells += 32 * rows;
                to += 32;
            }
        }
    }

    /// The four columns of the policy, which have the same rows.
    function policy(uint256 cells, uint256 rows, uint256 numerators, uint256 denominator) private pure {
        uint256 ptr = Key.get(Key.X);
        uint256 inverse = Key.OMEGA_INVERSE;
        assembly {
            let r := R
            let z := mload(ptr)
            let length := mul(32, rows)
            let n0 := 0
            let n1 := 0
            let n2 := 0
            let n3 := 0
            let d := 1
            for { let end := add(cells, length) } lt(cells, end) { cells := add(cells, 32) } {
                let e := add(z, sub(r, 1))
                let cell := cells
                n0 := addmod(mulmod(n0, e, r), mulmod(mload(cell), d, r), r)
                cell := add(cell, length)
                n1 := addmod(mulmod(n1, e, r), mulmod(mload(cell), d, r), r)
                cell := add(cell, length)
                n2 := addmod(mulmod(n2, e, r), mulmod(mload(cell), d, r), r)
                cell := add(cell, length)
                n3 := addmod(mulmod(n3, e, r), mulmod(mload(cell), d, r), r)
                d := mulmod(d, e, r)
                z := mulmod(z, mload(inverse), r)
            }
            mstore(numerators, n0)
            mstore(add(numerators, 32), n1)
            mstore(add(numerators, 64), n2)
            mstore(add(numerators, 96), n3)
            mstore(denominator, d)
        }
    }

    function column(uint256 cells, uint256 rows, uint256 numerator, uint256 denominator) private pure {
        uint256 ptr = Key.get(Key.X);
        uint256 inverse = Key.OMEGA_INVERSE;
        assembly {
            let r := R
            let minus := sub(r, 1)
            inverse := mload(inverse)
            let z := mload(ptr)
            let n := 0
            let d := 1
            let end := add(cells, mul(32, rows))
            // Four at once, after those that are over.
            for { let over := add(cells, mul(32, and(rows, 3))) } lt(cells, over) { cells := add(cells, 32) } {
                let e := add(z, minus)
                n := addmod(mulmod(n, e, r), mulmod(mload(cells), d, r), r)
                d := mulmod(d, e, r)
                z := mulmod(z, inverse, r)
            }
            for {} lt(cells, end) { cells := add(cells, 128) } {
                let e := add(z, minus)
                n := addmod(mulmod(n, e, r), mulmod(mload(cells), d, r), r)
                d := mulmod(d, e, r)
                z := mulmod(z, inverse, r)
                e := add(z, minus)
                n := addmod(mulmod(n, e, r), mulmod(mload(add(cells, 32)), d, r), r)
                d := mulmod(d, e, r)
                z := mulmod(z, inverse, r)
                e := add(z, minus)
                n := addmod(mulmod(n, e, r), mulmod(mload(add(cells, 64)), d, r), r)
                d := mulmod(d, e, r)
                z := mulmod(z, inverse, r)
                e := add(z, minus)
                n := addmod(mulmod(n, e, r), mulmod(mload(add(cells, 96)), d, r), r)
                d := mulmod(d, e, r)
                z := mulmod(z, inverse, r)
            }
            mstore(numerator, n)
            mstore(denominator, d)
        }
    }

    /// Runs a program: instructions `to, a, b, c` of four addresses, each `[to] = [a] [b] + [c]`, four in a word.
    function run(uint256 from, uint256 end) private pure {
        assembly {
            let r := R
            for {} lt(from, end) { from := add(from, 32) } {
                let w := mload(from)
                mstore(
                    shr(240, w),
                    addmod(
                        mulmod(mload(and(shr(224, w), 0xFFFF)), mload(and(shr(208, w), 0xFFFF)), r),
                        mload(and(shr(192, w), 0xFFFF)),
                        r
                    )
                )
                mstore(
                    and(shr(176, w), 0xFFFF),
                    addmod(
                        mulmod(mload(and(shr(160, w), 0xFFFF)), mload(and(shr(144, w), 0xFFFF)), r),
                        mload(and(shr(128, w), 0xFFFF)),
                        r
                    )
                )
                mstore(
                    and(shr(112, w), 0xFFFF),
                    addmod(
                        mulmod(mload(and(shr(96, w), 0xFFFF)), mload(and(shr(80, w), 0xFFFF)), r),
                        mload(and(shr(64, w), 0xFFFF)),
                        r
                    )
                )
                mstore(
                    and(shr(48, w), 0xFFFF),
                    addmod(
                        mulmod(mload(and(shr(32, w), 0xFFFF)), mload(and(shr(16, w), 0xFFFF)), r),
                        mload(and(w, 0xFFFF)),
                        r
                    )
                )
            }
        }
    }

    /// Replaces the slots `[from, end)` by their inverses, by one inversion: none of them is zero, but with negligible probability.
    function invert(uint256 from, uint256 end, uint256 scratch) private view {
        bool ok;
        assembly {
            let r := R
            let product := 1
            let ptr := from
            let before := scratch
            for {} lt(ptr, end) { ptr := add(ptr, 32) } {
                mstore(before, product)
                before := add(before, 32)
                product := mulmod(product, mload(ptr), r)
            }
            // product^(r - 2), by the precompile for powers
            let call_ := before
            mstore(call_, 32)
            mstore(add(call_, 32), 32)
            mstore(add(call_, 64), 32)
            mstore(add(call_, 96), product)
            mstore(add(call_, 128), sub(r, 2))
            mstore(add(call_, 160), r)
            ok := and(eq(returndatasize(), 32), staticcall(gas(), 5, call_, 192, call_, 32))
            let inverse := mload(call_)
            ok := and(ok, eq(mulmod(inverse, product, r), 1))
            for {} gt(ptr, from) {} {
                ptr := sub(ptr, 32)
                before := sub(before, 32)
                let value := mload(ptr)
                mstore(ptr, mulmod(inverse, mload(before), r))
                inverse := mulmod(inverse, value, r)
            }
        }
        require_(ok, "degenerate-challenge");
    }

    /// Adds the terms `[from, end)`, each `x, y, scalar`, to the point at `sum`.
    function add_(uint256 sum, uint256 from, uint256 end) private view {
        bool ok = true;
        assembly {
            let product := add(sum, 64)
            // A call that fails takes the gas that it was given: what is left is for saying so.
            for {} and(ok, lt(from, end)) { from := add(from, 96) } {
                ok := and(ok, staticcall(gas(), 7, from, 96, product, 64))
                ok := and(ok, eq(returndatasize(), 64))
                ok := and(ok, staticcall(gas(), 6, sum, 128, sum, 64))
            }
            ok := and(ok, eq(returndatasize(), 64))
        }
        require_(ok, "bad-point");
    }

    /// `e(h, s g2) e(-sum, g2) = 1`
    function pair(uint256 sum, uint256 h) private view {
        uint256 secret = Key.S_G2;
        bool ok;
        assembly {
            let q := 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47
            let ptr := add(sum, 128)
            mcopy(ptr, h, 64)
            mcopy(add(ptr, 64), secret, 128)
            mstore(add(ptr, 192), mload(sum))
            let y := mload(add(sum, 32))
            mstore(add(ptr, 224), mod(sub(q, y), q))
            mstore(add(ptr, 256), 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2)
            mstore(add(ptr, 288), 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed)
            mstore(add(ptr, 320), 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b)
            mstore(add(ptr, 352), 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa)
            ok := and(eq(returndatasize(), 32), staticcall(gas(), 8, ptr, 384, sum, 32))
            ok := and(ok, eq(mload(sum), 1))
        }
        require_(ok, "opening-failed");
    }
}
