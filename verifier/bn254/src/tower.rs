//! Extensions of the base field: `Fq2 = Fq[u] / (u^2 + 1)`, `Fq6 = Fq2[v] / (v^3 - xi)` with `xi = 9 + u`,
//! `Fq12 = Fq6[w] / (w^2 - v)`.

use crate::curve::Field;
use crate::fp::Modulus;
use crate::{Fq, FqModulus};
use core::ops::{Add, Mul, Neg, Sub};

/// `c0 + c1 u`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fq2 {
    pub(crate) c0: Fq,
    pub(crate) c1: Fq,
}

impl Fq2 {
    /// `c0 + c1 u`.
    pub const fn new(c0: Fq, c1: Fq) -> Self {
        Self { c0, c1 }
    }

    /// `c0` and `c1`.
    pub fn coefficients(&self) -> (Fq, Fq) {
        (self.c0, self.c1)
    }

    pub(crate) const fn scale(self, by: Fq) -> Self {
        Self::new(self.c0.times(by), self.c1.times(by))
    }

    #[inline]
    const fn times(self, other: Self) -> Self {
        let minus = Fq::ZERO.minus(self.c1);
        Self::new(
            Fq::sum_of_products(&self.c0, &other.c0, &minus, &other.c1),
            Fq::sum_of_products(&self.c0, &other.c1, &self.c1, &other.c0),
        )
    }

    const fn power(self, exponent: &[u64; 4]) -> Self {
        let mut result = Self::new(Fq::ONE, Fq::ZERO);
        let mut bit = 256;
        while bit > 0 {
            bit -= 1;
            result = result.times(result);
            if exponent[bit / 64] >> (bit % 64) & 1 == 1 {
                result = result.times(self);
            }
        }
        result
    }

    /// The `q`-th power.
    pub(crate) const fn conjugate(self) -> Self {
        Self::new(self.c0, Fq::ZERO.minus(self.c1))
    }

    /// Times `xi = 9 + u`.
    pub(crate) fn times_xi(self) -> Self {
        let nine = |value: Fq| value.double().double().double() + value;
        Self::new(nine(self.c0) - self.c1, nine(self.c1) + self.c0)
    }
}

impl Field for Fq2 {
    const ZERO: Self = Self::new(Fq::ZERO, Fq::ZERO);
    const ONE: Self = Self::new(Fq::ONE, Fq::ZERO);

    #[inline]
    fn square(self) -> Self {
        Self::new((self.c0 + self.c1) * (self.c0 - self.c1), (self.c0 * self.c1).double())
    }

    #[inline]
    fn double(self) -> Self {
        Self::new(self.c0.double(), self.c1.double())
    }

    fn invert(self) -> Option<Self> {
        let norm = self.c0.square() + self.c1.square();
        Some(self.conjugate().scale(norm.invert()?))
    }
}

impl Add for Fq2 {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self::new(self.c0 + other.c0, self.c1 + other.c1)
    }
}

impl Sub for Fq2 {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self::new(self.c0 - other.c0, self.c1 - other.c1)
    }
}

impl Mul for Fq2 {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        self.times(other)
    }
}

impl Neg for Fq2 {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self::new(-self.c0, -self.c1)
    }
}

/// `c0 + c1 v + c2 v^2`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Fq6 {
    pub(crate) c0: Fq2,
    pub(crate) c1: Fq2,
    pub(crate) c2: Fq2,
}

impl Fq6 {
    const ZERO: Self = Self::new(Fq2::ZERO, Fq2::ZERO, Fq2::ZERO);
    const ONE: Self = Self::new(Fq2::ONE, Fq2::ZERO, Fq2::ZERO);

    pub(crate) const fn new(c0: Fq2, c1: Fq2, c2: Fq2) -> Self {
        Self { c0, c1, c2 }
    }

    pub(crate) fn times_v(self) -> Self {
        Self::new(self.c2.times_xi(), self.c0, self.c1)
    }

    pub(crate) fn scale(self, by: Fq2) -> Self {
        Self::new(self.c0 * by, self.c1 * by, self.c2 * by)
    }

    /// Times `b0 + b1 v`.
    pub(crate) fn times_line(self, b0: Fq2, b1: Fq2) -> Self {
        let (a, b) = (self.c0 * b0, self.c1 * b1);
        Self::new(
            ((self.c1 + self.c2) * b1 - b).times_xi() + a,
            (b0 + b1) * (self.c0 + self.c1) - a - b,
            (self.c0 + self.c2) * b0 - a + b,
        )
    }

    fn invert(self) -> Option<Self> {
        let a = self.c0.square() - (self.c1 * self.c2).times_xi();
        let b = self.c2.square().times_xi() - self.c0 * self.c1;
        let c = self.c1.square() - self.c0 * self.c2;
        let norm = (self.c2 * b + self.c1 * c).times_xi() + self.c0 * a;
        Some(Self::new(a, b, c).scale(norm.invert()?))
    }
}

impl Add for Fq6 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.c0 + other.c0, self.c1 + other.c1, self.c2 + other.c2)
    }
}

impl Sub for Fq6 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.c0 - other.c0, self.c1 - other.c1, self.c2 - other.c2)
    }
}

impl Mul for Fq6 {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (a, b, c) = (self.c0 * other.c0, self.c1 * other.c1, self.c2 * other.c2);
        Self::new(
            ((self.c1 + self.c2) * (other.c1 + other.c2) - b - c).times_xi() + a,
            (self.c0 + self.c1) * (other.c0 + other.c1) - a - b + c.times_xi(),
            (self.c0 + self.c2) * (other.c0 + other.c2) - a + b - c,
        )
    }
}

impl Neg for Fq6 {
    type Output = Self;
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

/// `c0 + c1 w`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Fq12 {
    pub(crate) c0: Fq6,
    pub(crate) c1: Fq6,
}

/// `xi^(i (q - 1) / 6)`: what the `q`-th power multiplies `w^i` with.
const FROBENIUS: [Fq2; 6] = {
    // (q - 1) / 6, from the highest limb down.
    let mut exponent = FqModulus::LIMBS;
    let mut rest = 0u128;
    let mut limb = 4;
    while limb > 0 {
        limb -= 1;
        let value = rest << 64 | exponent[limb] as u128;
        exponent[limb] = (value / 6) as u64;
        rest = value % 6;
    }
    let first = Fq2::new(Fq::from_limbs([9, 0, 0, 0]), Fq::ONE).power(&exponent);
    let mut powers = [Fq2::new(Fq::ONE, Fq::ZERO); 6];
    let mut i = 1;
    while i < 6 {
        powers[i] = powers[i - 1].times(first);
        i += 1;
    }
    powers
};

/// The `q`-th power of a point of the twist, after Vercauteren, section IV.
pub(crate) fn frobenius_of_twist(x: Fq2, y: Fq2) -> (Fq2, Fq2) {
    let [_, _, gx, gy, ..] = FROBENIUS;
    (x.conjugate() * gx, y.conjugate() * gy)
}

impl Fq12 {
    pub(crate) const ONE: Self = Self {
        c0: Fq6::ONE,
        c1: Fq6::ZERO,
    };

    pub(crate) fn square(self) -> Self {
        let product = self.c0 * self.c1;
        Self {
            c0: (self.c0 + self.c1) * (self.c0 + self.c1.times_v()) - product - product.times_v(),
            c1: product + product,
        }
    }

    /// Times `l0 + l3 w + l4 w v`, the shape of a line.
    pub(crate) fn times_line(self, l0: Fq2, l3: Fq2, l4: Fq2) -> Self {
        let a = self.c0.scale(l0);
        let b = self.c1.times_line(l3, l4);
        Self {
            c0: b.times_v() + a,
            c1: (self.c0 + self.c1).times_line(l0 + l3, l4) - a - b,
        }
    }

    /// The `q^6`-th power: the inverse, for elements of the cyclotomic subgroup.
    pub(crate) fn conjugate(self) -> Self {
        Self {
            c0: self.c0,
            c1: -self.c1,
        }
    }

    pub(crate) fn invert(self) -> Option<Self> {
        let norm = (self.c0 * self.c0 - (self.c1 * self.c1).times_v()).invert()?;
        Some(Self {
            c0: self.c0 * norm,
            c1: -(self.c1 * norm),
        })
    }

    /// The `q`-th power.
    pub(crate) fn frobenius(self) -> Self {
        let [_, g1, g2, g3, g4, g5] = FROBENIUS;
        Self {
            c0: Fq6::new(
                self.c0.c0.conjugate(),
                self.c0.c1.conjugate() * g2,
                self.c0.c2.conjugate() * g4,
            ),
            c1: Fq6::new(
                self.c1.c0.conjugate() * g1,
                self.c1.c1.conjugate() * g3,
                self.c1.c2.conjugate() * g5,
            ),
        }
    }

    /// The square of an element of the cyclotomic subgroup (Granger and Scott, <https://eprint.iacr.org/2009/565>).
    pub(crate) fn cyclotomic_square(self) -> Self {
        /// The square of `a + b s` with `s^2 = xi`.
        fn fq4(a: Fq2, b: Fq2) -> (Fq2, Fq2) {
            let product = a * b;
            (
                (a + b) * (a + b.times_xi()) - product - product.times_xi(),
                product.double(),
            )
        }
        let plus = |t: Fq2, z: Fq2| (t + z).double() + t;
        let minus = |t: Fq2, z: Fq2| (t - z).double() + t;
        let (a, b) = (self.c0, self.c1);
        let (t0, t1) = fq4(a.c0, b.c1);
        let (t2, t3) = fq4(b.c0, a.c2);
        let (t4, t5) = fq4(a.c1, b.c2);
        Self {
            c0: Fq6::new(minus(t0, a.c0), minus(t2, a.c1), minus(t4, a.c2)),
            c1: Fq6::new(plus(t5.times_xi(), b.c0), plus(t1, b.c1), plus(t3, b.c2)),
        }
    }
}

impl Mul for Fq12 {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (a, b) = (self.c0 * other.c0, self.c1 * other.c1);
        Self {
            c0: b.times_v() + a,
            c1: (self.c0 + self.c1) * (other.c0 + other.c1) - a - b,
        }
    }
}
