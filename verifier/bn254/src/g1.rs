//! G1: the curve `y^2 = x^3 + 3` over [`Fq`], of prime order.

use crate::curve::{Affine, Jacobian};
use crate::Fq;

/// A point of G1.
pub type G1Affine = Affine<Fq>;
/// A point of G1 in projective coordinates.
pub type G1 = Jacobian<Fq>;

const B: Fq = Fq::from_limbs([3, 0, 0, 0]);
const IDENTITY: u8 = 0x80;
const ODD: u8 = 0x40;

impl G1Affine {
    /// `(1, 2)`.
    pub const GENERATOR: Self = Self {
        x: Fq::from_limbs([1, 0, 0, 0]),
        y: Fq::from_limbs([2, 0, 0, 0]),
    };

    /// The point with these coordinates, if it is on the curve; not the identity.
    pub fn from_xy(x: Fq, y: Fq) -> Option<Self> {
        let point = Self { x, y };
        point.satisfies(B).then_some(point)
    }

    /// Whether the point is the identity or satisfies the equation. Only conversions from other crates give points that do not.
    pub fn is_on_curve(&self) -> bool {
        self.is_identity() || self.satisfies(B)
    }

    /// `x`, little endian, with the parity of `y` in bit 254; the identity is bit 255 alone.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = self.x.to_bytes();
        if let Some(last) = bytes.last_mut() {
            *last |= match self.is_identity() {
                true => IDENTITY,
                false if is_odd(&self.y) => ODD,
                false => 0,
            };
        }
        bytes
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) gives, and nothing else.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let mut x = *bytes;
        let last = x.last_mut()?;
        let flags = *last & (IDENTITY | ODD);
        *last ^= flags;
        if flags & IDENTITY != 0 {
            return (flags == IDENTITY && x == [0; 32]).then_some(Self::IDENTITY);
        }
        let x = Fq::from_bytes(&x)?;
        let root = (x.square() * x + B).sqrt()?;
        let y = if is_odd(&root) == (flags == ODD) { root } else { -root };
        Some(Self { x, y })
    }
}

fn is_odd(y: &Fq) -> bool {
    let [low, ..] = y.limbs();
    low & 1 == 1
}
