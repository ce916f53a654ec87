//! Points of `y^2 = x^3 + b` over any field. Neither group here has a point with `y = 0`.

use core::ops::{Add, AddAssign, Mul, Neg, Sub};

use crate::fp::{Fp, Modulus};
use crate::Fr;

/// What curve arithmetic needs of the field of coordinates.
pub trait Field: Copy + Eq + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The square.
    fn square(self) -> Self;
    /// Twice the value.
    fn double(self) -> Self;
    /// The inverse, unless the value is zero.
    fn invert(self) -> Option<Self>;
}

impl<M: Modulus> Field for Fp<M> {
    const ZERO: Self = Fp::ZERO;
    const ONE: Self = Fp::ONE;
    #[inline]
    fn square(self) -> Self {
        Fp::square(self)
    }
    #[inline]
    fn double(self) -> Self {
        Fp::double(self)
    }
    fn invert(self) -> Option<Self> {
        Fp::invert(self)
    }
}

/// A point by its coordinates; the identity has both zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Affine<F> {
    pub(crate) x: F,
    pub(crate) y: F,
}

/// A point as `(X / Z^2, Y / Z^3)`; the identity has `Z = 0`.
#[derive(Clone, Copy, Debug)]
pub struct Jacobian<F> {
    x: F,
    y: F,
    z: F,
}

impl<F: Field> Affine<F> {
    /// The identity.
    pub const IDENTITY: Self = Self { x: F::ZERO, y: F::ZERO };

    /// Whether this is the identity.
    #[inline]
    pub fn is_identity(&self) -> bool {
        *self == Self::IDENTITY
    }

    /// Both coordinates; zero for the identity.
    pub fn coordinates(&self) -> (F, F) {
        (self.x, self.y)
    }

    /// `y^2 = x^3 + b`, for points other than the identity.
    pub(crate) fn satisfies(&self, b: F) -> bool {
        self.y.square() == self.x.square() * self.x + b
    }
}

impl<F: Field> Neg for Affine<F> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { x: self.x, y: -self.y }
    }
}

impl<F: Field> From<Affine<F>> for Jacobian<F> {
    fn from(point: Affine<F>) -> Self {
        match point.is_identity() {
            true => Self::IDENTITY,
            false => Self {
                x: point.x,
                y: point.y,
                z: F::ONE,
            },
        }
    }
}

impl<F: Field> Jacobian<F> {
    /// The identity.
    pub const IDENTITY: Self = Self {
        x: F::ONE,
        y: F::ONE,
        z: F::ZERO,
    };

    /// Whether this is the identity.
    #[inline]
    pub fn is_identity(&self) -> bool {
        self.z == F::ZERO
    }

    /// Twice the point: formulas `dbl-2009-l` of the Explicit-Formulas Database.
    pub fn double(self) -> Self {
        let a = self.x.square();
        let b = self.y.square();
        let c = b.square();
        let d = ((self.x + b).square() - a - c).double();
        let e = a.double() + a;
        let x = e.square() - d.double();
        Self {
            x,
            y: e * (d - x) - c.double().double().double(),
            z: (self.y * self.z).double(),
        }
    }

    /// The affine form.
    pub fn to_affine(self) -> Affine<F> {
        match self.z.invert() {
            None => Affine::IDENTITY,
            Some(inverse) => {
                let square = inverse.square();
                Affine {
                    x: self.x * square,
                    y: self.y * square * inverse,
                }
            }
        }
    }

    /// Multiplies by an integer, least significant limb first.
    pub(crate) fn times(self, scalar: &[u64; 4]) -> Self {
        let mut sum = Self::IDENTITY;
        for limb in scalar.iter().rev() {
            for bit in (0..64).rev() {
                sum = sum.double();
                if limb >> bit & 1 == 1 {
                    sum += self;
                }
            }
        }
        sum
    }
}

/// Formulas `add-2007-bl`, and a doubling for equal points.
impl<F: Field> Add for Jacobian<F> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        if self.is_identity() {
            return other;
        }
        if other.is_identity() {
            return self;
        }
        let (z1, z2) = (self.z.square(), other.z.square());
        let (u1, u2) = (self.x * z2, other.x * z1);
        let (s1, s2) = (self.y * other.z * z2, other.y * self.z * z1);
        let h = u2 - u1;
        let r = (s2 - s1).double();
        if h == F::ZERO {
            return if r == F::ZERO { self.double() } else { Self::IDENTITY };
        }
        let i = h.double().square();
        let j = h * i;
        let v = u1 * i;
        let x = r.square() - j - v.double();
        Self {
            x,
            y: r * (v - x) - (s1 * j).double(),
            z: ((self.z + other.z).square() - z1 - z2) * h,
        }
    }
}

/// Formulas `madd-2007-bl`, and a doubling for equal points.
impl<F: Field> Add<Affine<F>> for Jacobian<F> {
    type Output = Self;

    fn add(self, other: Affine<F>) -> Self {
        if self.is_identity() {
            return other.into();
        }
        if other.is_identity() {
            return self;
        }
        let z1 = self.z.square();
        let h = other.x * z1 - self.x;
        let r = (other.y * self.z * z1 - self.y).double();
        if h == F::ZERO {
            return if r == F::ZERO { self.double() } else { Self::IDENTITY };
        }
        let h2 = h.square();
        let i = h2.double().double();
        let j = h * i;
        let v = self.x * i;
        let x = r.square() - j - v.double();
        Self {
            x,
            y: r * (v - x) - (self.y * j).double(),
            z: (self.z + h).square() - z1 - h2,
        }
    }
}

impl<F: Field> AddAssign for Jacobian<F> {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<F: Field> AddAssign<Affine<F>> for Jacobian<F> {
    fn add_assign(&mut self, other: Affine<F>) {
        *self = *self + other;
    }
}

impl<F: Field> Neg for Jacobian<F> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { y: -self.y, ..self }
    }
}

impl<F: Field> Mul<Fr> for Affine<F> {
    type Output = Jacobian<F>;
    fn mul(self, scalar: Fr) -> Jacobian<F> {
        Jacobian::from(self).times(&scalar.limbs())
    }
}

impl<F: Field> PartialEq for Jacobian<F> {
    fn eq(&self, other: &Self) -> bool {
        let (z1, z2) = (self.z.square(), other.z.square());
        match (self.is_identity(), other.is_identity()) {
            (false, false) => self.x * z2 == other.x * z1 && self.y * z2 * other.z == other.y * z1 * self.z,
            (a, b) => a == b,
        }
    }
}

impl<F: Field> Eq for Jacobian<F> {}
