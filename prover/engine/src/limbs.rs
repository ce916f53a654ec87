//! Constants of a field in limbs of 52 bits, `R = 2^260`.

use crate::words::Modulus;

/// The bits that a multiplication reads of a limb.
pub const MASK: u64 = (1 << 52) - 1;

/// Five limbs.
pub type Limbs = [u64; 5];

/// Constants of a field.
pub trait Constants: Modulus {
    /// `-1/p mod 2^52`.
    const K: u64 = minus_inverse(Self::P[0]);
    /// `(K p + 1) / 2^52`: adding `K p` times the lowest limb `t` of a number makes that limb zero, and what goes into the others
    /// is `t` times this.
    const STEP: Limbs = step(Self::P);
    /// `p`.
    const P1: Limbs = multiple(Self::P, 1);
    /// `2 p`.
    const P2: Limbs = multiple(Self::P, 2);
    /// `3 p`.
    const P3: Limbs = multiple(Self::P, 3);
    /// `4 p`.
    const P4: Limbs = multiple(Self::P, 4);
    /// `6 p`.
    const P6: Limbs = multiple(Self::P, 6);
    /// Times this, `a 2^256` is `a R`.
    const ENTER: Limbs = split(power_of_two(Self::P, 264));
    /// Times this, `a R` is `a 2^256`.
    const LEAVE: Limbs = split(power_of_two(Self::P, 256));
    /// Times this, `a 2^256` is `a`.
    const INTEGER: Limbs = [16, 0, 0, 0, 0];
    /// 1 as `1 R`.
    const UNIT: Limbs = split(power_of_two(Self::P, 260));
}

impl<M: Modulus> Constants for M {}

/// The limbs of four words.
pub const fn split(w: [u64; 4]) -> Limbs {
    [
        w[0] & MASK,
        (w[0] >> 52 | w[1] << 12) & MASK,
        (w[1] >> 40 | w[2] << 24) & MASK,
        (w[2] >> 28 | w[3] << 36) & MASK,
        w[3] >> 16,
    ]
}

const fn minus_inverse(p: u64) -> u64 {
    // Newton: each step doubles the bits that are right.
    let (mut inverse, mut round) = (1u64, 0);
    while round < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)));
        round += 1;
    }
    inverse.wrapping_neg() & MASK
}

/// `factor p + added`, in six limbs.
const fn scaled(p: [u64; 4], factor: u64, added: u64) -> [u64; 6] {
    let (p, mut result, mut carry, mut i) = (split(p), [0; 6], added as u128, 0);
    while i < 5 {
        carry += p[i] as u128 * factor as u128;
        result[i] = carry as u64 & MASK;
        carry >>= 52;
        i += 1;
    }
    result[5] = carry as u64;
    result
}

const fn step(p: [u64; 4]) -> Limbs {
    let [_, a, b, c, d, e] = scaled(p, minus_inverse(p[0]), 1);
    [a, b, c, d, e]
}

/// `factor p`, below `2^260`.
pub const fn multiple(p: [u64; 4], factor: u64) -> Limbs {
    let [a, b, c, d, e, _] = scaled(p, factor, 0);
    [a, b, c, d, e]
}

/// `2^exponent mod p`.
const fn power_of_two(p: [u64; 4], exponent: u32) -> [u64; 4] {
    let (mut power, mut done): ([u64; 4], u32) = ([1, 0, 0, 0], 0);
    while done < exponent {
        // The top bits of `p` are zero: nothing is lost.
        let doubled: [u64; 4] = [
            power[0] << 1,
            power[1] << 1 | power[0] >> 63,
            power[2] << 1 | power[1] >> 63,
            power[3] << 1 | power[2] >> 63,
        ];
        let (mut difference, mut borrow, mut i) = ([0; 4], false, 0);
        while i < 4 {
            let (d, first) = doubled[i].overflowing_sub(p[i]);
            let (d, second) = d.overflowing_sub(borrow as u64);
            (difference[i], borrow) = (d, first || second);
            i += 1;
        }
        power = if borrow { doubled } else { difference };
        done += 1;
    }
    power
}
