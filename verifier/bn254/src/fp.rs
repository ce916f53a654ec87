//! Prime fields of four 64-bit limbs, least significant first, in Montgomery form with `R = 2^256`.
//!
//! All moduli here are below `2^254`. That is what bounds the carries: sums of two reduced values fit four limbs, and the
//! reduction of a sum of two products is below twice the modulus.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// The modulus of a field.
pub trait Modulus: Copy + Eq + Ord + fmt::Debug + Send + Sync + 'static {
    /// An odd prime between `2^253` and `2^254`, least significant limb first.
    const LIMBS: [u64; 4];
}

/// An element of the prime field with modulus `M`. The order of elements is arbitrary, but fixed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fp<M>(pub(crate) [u64; 4], pub(crate) PhantomData<M>);

/// `acc + a b + carry` as low and high limb; at most `2^128 - 1`.
#[inline(always)]
pub(crate) const fn mac(acc: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = acc as u128 + (a as u128) * (b as u128) + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

/// `a + b + carry` and the carry.
#[inline(always)]
const fn adc(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = a as u128 + b as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

/// `a - b - borrow` and the borrow, 0 or 1.
#[inline(always)]
const fn sbb(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let (first, under) = a.overflowing_sub(b);
    let (second, again) = first.overflowing_sub(borrow);
    (second, (under | again) as u64)
}

#[inline(always)]
pub(crate) const fn subtract(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], u64) {
    let (r0, borrow) = sbb(a[0], b[0], 0);
    let (r1, borrow) = sbb(a[1], b[1], borrow);
    let (r2, borrow) = sbb(a[2], b[2], borrow);
    let (r3, borrow) = sbb(a[3], b[3], borrow);
    ([r0, r1, r2, r3], borrow)
}

/// The sum without its last carry.
#[inline(always)]
pub(crate) const fn sum(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let (r0, carry) = adc(a[0], b[0], 0);
    let (r1, carry) = adc(a[1], b[1], carry);
    let (r2, carry) = adc(a[2], b[2], carry);
    let (r3, _) = adc(a[3], b[3], carry);
    [r0, r1, r2, r3]
}

impl<M: Modulus> Fp<M> {
    /// 0.
    pub const ZERO: Self = Self([0; 4], PhantomData);
    /// 1.
    pub const ONE: Self = Self(Self::R, PhantomData);
    /// `1 / 2`.
    pub const HALF: Self = Self::from_limbs(Self::shifted(sum(&M::LIMBS, &[1, 0, 0, 0]), 1));

    /// `-1 / modulus` modulo `2^64`: each step of Newton's iteration doubles the correct bits, and 1 has one.
    const INVERSE: u64 = {
        let mut inverse = 1u64;
        let mut step = 0;
        while step < 6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(M::LIMBS[0].wrapping_mul(inverse)));
            step += 1;
        }
        inverse.wrapping_neg()
    };
    /// `2^256`, `2^512` and `2^768` modulo the modulus.
    const R: [u64; 4] = Self::doubled([1, 0, 0, 0], 256);
    const R2: [u64; 4] = Self::doubled([1, 0, 0, 0], 512);
    const R3: [u64; 4] = Self::doubled([1, 0, 0, 0], 768);
    /// Exponents of the inverse, and of the square root if the modulus is 3 modulo 4.
    pub(crate) const MINUS_TWO: [u64; 4] = subtract(&M::LIMBS, &[2, 0, 0, 0]).0;
    const ROOT: [u64; 4] = Self::shifted(sum(&M::LIMBS, &[1, 0, 0, 0]), 2);

    const fn doubled(mut value: [u64; 4], times: u32) -> [u64; 4] {
        let mut done = 0;
        while done < times {
            value = Self::reduced(sum(&value, &value));
            done += 1;
        }
        value
    }

    /// `value / 2^bits`, `bits` from 1 to 63.
    pub(crate) const fn shifted(value: [u64; 4], bits: u32) -> [u64; 4] {
        let up = 64 - bits;
        [
            value[0] >> bits | value[1] << up,
            value[1] >> bits | value[2] << up,
            value[2] >> bits | value[3] << up,
            value[3] >> bits,
        ]
    }

    /// Subtracts the modulus from a value below twice the modulus, if it is not below the modulus.
    #[inline(always)]
    pub(crate) const fn reduced(value: [u64; 4]) -> [u64; 4] {
        let (less, borrow) = subtract(&value, &M::LIMBS);
        let keep = borrow.wrapping_neg();
        [
            (value[0] & keep) | (less[0] & !keep),
            (value[1] & keep) | (less[1] & !keep),
            (value[2] & keep) | (less[2] & !keep),
            (value[3] & keep) | (less[3] & !keep),
        ]
    }

    /// `a b / R`. `a` is below the modulus, `b` any four limbs: after each limb of `b` the sum is below `a` plus the modulus,
    /// so the two carries never overflow.
    #[inline(always)]
    const fn montgomery(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
        let p = M::LIMBS;
        let mut t = [0u64; 4];
        let mut i = 0;
        while i < 4 {
            let (first, carry) = mac(t[0], a[0], b[i], 0);
            let m = first.wrapping_mul(Self::INVERSE);
            let (_, low) = mac(first, m, p[0], 0);
            let (limb, carry) = mac(t[1], a[1], b[i], carry);
            let (r0, low) = mac(limb, m, p[1], low);
            let (limb, carry) = mac(t[2], a[2], b[i], carry);
            let (r1, low) = mac(limb, m, p[2], low);
            let (limb, carry) = mac(t[3], a[3], b[i], carry);
            let (r2, low) = mac(limb, m, p[3], low);
            t = [r0, r1, r2, carry + low];
            i += 1;
        }
        Self::reduced(t)
    }

    /// An element from an integer below the modulus, for constants.
    pub(crate) const fn from_limbs(limbs: [u64; 4]) -> Self {
        Self(Self::montgomery(&Self::R2, &limbs), PhantomData)
    }

    /// The integer below the modulus.
    pub(crate) const fn limbs(&self) -> [u64; 4] {
        Self::montgomery(&self.0, &[1, 0, 0, 0])
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(Self::reduced(sum(&self.0, &other.0)), PhantomData)
    }

    #[inline(always)]
    pub(crate) const fn minus(self, other: Self) -> Self {
        let (difference, borrow) = subtract(&self.0, &other.0);
        let mask = borrow.wrapping_neg();
        let p = M::LIMBS;
        let back = [p[0] & mask, p[1] & mask, p[2] & mask, p[3] & mask];
        Self(sum(&difference, &back), PhantomData)
    }

    #[inline]
    pub(crate) const fn times(self, other: Self) -> Self {
        Self(Self::montgomery(&self.0, &other.0), PhantomData)
    }

    /// `a b + c d` with one reduction.
    #[inline]
    pub(crate) const fn sum_of_products(a: &Self, b: &Self, c: &Self, d: &Self) -> Self {
        let p = M::LIMBS;
        let mut t = [0u64; 5];
        let mut i = 0;
        // As in `montgomery`, with both products: the sum stays below `a + c` plus the modulus, three times the modulus.
        while i < 4 {
            let (t0, carry) = mac(t[0], a.0[0], b.0[i], 0);
            let (t1, carry) = mac(t[1], a.0[1], b.0[i], carry);
            let (t2, carry) = mac(t[2], a.0[2], b.0[i], carry);
            let (t3, carry) = mac(t[3], a.0[3], b.0[i], carry);
            let t4 = t[4] + carry;
            let (t0, carry) = mac(t0, c.0[0], d.0[i], 0);
            let (t1, carry) = mac(t1, c.0[1], d.0[i], carry);
            let (t2, carry) = mac(t2, c.0[2], d.0[i], carry);
            let (t3, carry) = mac(t3, c.0[3], d.0[i], carry);
            let t4 = t4 + carry;
            let m = t0.wrapping_mul(Self::INVERSE);
            let (_, carry) = mac(t0, m, p[0], 0);
            let (r0, carry) = mac(t1, m, p[1], carry);
            let (r1, carry) = mac(t2, m, p[2], carry);
            let (r2, carry) = mac(t3, m, p[3], carry);
            let (r3, carry) = adc(t4, 0, carry);
            t = [r0, r1, r2, r3, carry];
            i += 1;
        }
        // `(a b + c d + m p) / R` is below `(2 p^2 + R p) / R`, less than twice the modulus.
        Self(Self::reduced([t[0], t[1], t[2], t[3]]), PhantomData)
    }

    /// The power, with windows of four bits.
    pub(crate) const fn power(self, exponent: &[u64; 4]) -> Self {
        let mut table = [Self::ONE; 16];
        let mut i = 1;
        while i < 16 {
            table[i] = table[i - 1].times(self);
            i += 1;
        }
        let mut result = Self::ONE;
        let mut started = false;
        let mut window = 64;
        while window > 0 {
            window -= 1;
            if started {
                result = result.square().square().square().square();
            }
            let digit = (exponent[window / 16] >> (4 * (window % 16))) & 15;
            if digit != 0 {
                result = result.times(table[digit as usize]);
                started = true;
            }
        }
        result
    }

    /// The square: ten products of limbs instead of sixteen.
    #[inline]
    pub const fn square(self) -> Self {
        let a = self.0;
        let (r1, carry) = mac(0, a[0], a[1], 0);
        let (r2, carry) = mac(0, a[0], a[2], carry);
        let (r3, r4) = mac(0, a[0], a[3], carry);
        let (r3, carry) = mac(r3, a[1], a[2], 0);
        let (r4, r5) = mac(r4, a[1], a[3], carry);
        let (r5, r6) = mac(r5, a[2], a[3], 0);
        let r7 = r6 >> 63;
        let r6 = (r6 << 1) | (r5 >> 63);
        let r5 = (r5 << 1) | (r4 >> 63);
        let r4 = (r4 << 1) | (r3 >> 63);
        let r3 = (r3 << 1) | (r2 >> 63);
        let r2 = (r2 << 1) | (r1 >> 63);
        let r1 = r1 << 1;
        let (r0, carry) = mac(0, a[0], a[0], 0);
        let (r1, carry) = adc(r1, 0, carry);
        let (r2, carry) = mac(r2, a[1], a[1], carry);
        let (r3, carry) = adc(r3, 0, carry);
        let (r4, carry) = mac(r4, a[2], a[2], carry);
        let (r5, carry) = adc(r5, 0, carry);
        let (r6, carry) = mac(r6, a[3], a[3], carry);
        let (r7, _) = adc(r7, 0, carry);
        Self::reduce_wide([r0, r1, r2, r3], [r4, r5, r6, r7])
    }

    /// `(low + 2^256 high) / R`, for values below the square of the modulus.
    #[inline(always)]
    const fn reduce_wide(low: [u64; 4], high: [u64; 4]) -> Self {
        let p = M::LIMBS;
        let mut t = low;
        let mut up = 0u64;
        let mut out = high;
        let mut i = 0;
        while i < 4 {
            let m = t[0].wrapping_mul(Self::INVERSE);
            let (_, carry) = mac(t[0], m, p[0], 0);
            let (t1, carry) = mac(t[1], m, p[1], carry);
            let (t2, carry) = mac(t[2], m, p[2], carry);
            let (t3, carry) = mac(t[3], m, p[3], carry);
            let (t4, carry) = adc(out[0], carry, up);
            up = carry;
            t = [t1, t2, t3, t4];
            out = [out[1], out[2], out[3], 0];
            i += 1;
        }
        Self(Self::reduced(t), PhantomData)
    }

    /// The value raised to a power.
    pub fn pow(self, exponent: u64) -> Self {
        self.power(&[exponent, 0, 0, 0])
    }

    /// Twice the value.
    #[inline(always)]
    pub const fn double(self) -> Self {
        self.plus(self)
    }

    /// The inverse, unless the value is zero.
    pub fn invert(self) -> Option<Self> {
        (!self.is_zero()).then(|| self.power(&Self::MINUS_TWO))
    }

    /// A root of a square, for moduli that are 3 modulo 4: `a^((p + 1) / 4)`.
    pub(crate) fn sqrt(self) -> Option<Self> {
        let root = self.power(&Self::ROOT);
        (root.square() == self).then_some(root)
    }

    /// Whether the value is zero.
    #[inline(always)]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 4]
    }

    /// The integer below the modulus, little endian.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, limb) in bytes.chunks_exact_mut(8).zip(self.limbs()) {
            to.copy_from_slice(&limb.to_le_bytes());
        }
        bytes
    }

    /// Decodes an integer below the modulus, little endian.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let limbs = limbs_of(bytes);
        (subtract(&limbs, &M::LIMBS).1 == 1).then(|| Self::from_limbs(limbs))
    }

    /// The remainder of a 512-bit integer, little endian: close to uniform for uniform bytes.
    pub fn from_wide_bytes(bytes: &[u8; 64]) -> Self {
        let (low, high) = bytes.split_at(32);
        let low = Self::montgomery(&Self::R2, &limbs_of(low));
        let high = Self::montgomery(&Self::R3, &limbs_of(high));
        Self(Self::reduced(sum(&low, &high)), PhantomData)
    }
}

/// The limbs of 32 bytes.
fn limbs_of(bytes: &[u8]) -> [u64; 4] {
    let mut limbs = [0u64; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    limbs
}

impl<M: Modulus> Default for Fp<M> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<M: Modulus> From<u64> for Fp<M> {
    fn from(value: u64) -> Self {
        Self::from_limbs([value, 0, 0, 0])
    }
}

/// Hexadecimal, most significant digit first.
impl<M: Modulus> fmt::Debug for Fp<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.limbs();
        write!(f, "0x{d:016x}{c:016x}{b:016x}{a:016x}")
    }
}

/// Operators on values, and on references as the second operand.
macro_rules! operator {
    ($($operator:ident $method:ident $assign:ident $assign_method:ident $with:ident;)*) => {$(
        impl<M: Modulus> $operator for Fp<M> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Fp::$with(self, other)
            }
        }
        impl<M: Modulus> $operator<&Self> for Fp<M> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: &Self) -> Self {
                Fp::$with(self, *other)
            }
        }
        impl<M: Modulus> $assign for Fp<M> {
            #[inline(always)]
            fn $assign_method(&mut self, other: Self) {
                *self = Fp::$with(*self, other);
            }
        }
        impl<M: Modulus> $assign<&Self> for Fp<M> {
            #[inline(always)]
            fn $assign_method(&mut self, other: &Self) {
                *self = Fp::$with(*self, *other);
            }
        }
    )*};
}

operator! {
    Add add AddAssign add_assign plus;
    Sub sub SubAssign sub_assign minus;
    Mul mul MulAssign mul_assign times;
}

impl<M: Modulus> Neg for Fp<M> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::ZERO.minus(self)
    }
}
