//! G2: the subgroup of order `r` of the twist `y^2 = x^3 + 3 / (9 + u)` over [`Fq2`].

use crate::curve::{Affine, Jacobian};
use crate::fp::Modulus;
use crate::{Fq, Fq2, FrModulus};

/// A point of the twist; see [`is_in_subgroup`](G2Affine::is_in_subgroup).
pub type G2Affine = Affine<Fq2>;
/// A point of the twist in projective coordinates.
pub type G2 = Jacobian<Fq2>;

/// `3 / (9 + u) = 3 (9 - u) / 82`
pub(crate) const B: Fq2 = Fq2::new(
    Fq::from_limbs([27, 0, 0, 0]),
    Fq::ZERO.minus(Fq::from_limbs([3, 0, 0, 0])),
)
.scale(Fq::from_limbs([82, 0, 0, 0]).power(&[
    0x3c20_8c16_d87c_fd45,
    0x9781_6a91_6871_ca8d,
    0xb850_45b6_8181_585d,
    0x3064_4e72_e131_a029,
]));

impl G2Affine {
    /// The generator of EIP-197.
    pub const GENERATOR: Self = Self {
        x: Fq2::new(
            Fq::from_limbs([
                0x46de_bd5c_d992_f6ed,
                0x6743_22d4_f75e_dadd,
                0x426a_0066_5e5c_4479,
                0x1800_deef_121f_1e76,
            ]),
            Fq::from_limbs([
                0x97e4_85b7_aef3_12c2,
                0xf1aa_4933_35a9_e712,
                0x7260_bfb7_31fb_5d25,
                0x198e_9393_920d_483a,
            ]),
        ),
        y: Fq2::new(
            Fq::from_limbs([
                0x4ce6_cc01_66fa_7daa,
                0xe3d1_e769_0c43_d37b,
                0x4aab_7180_8dcb_408f,
                0x12c8_5ea5_db8c_6deb,
            ]),
            Fq::from_limbs([
                0x55ac_dadc_d122_975b,
                0xbc4b_3133_70b3_8ef3,
                0xec9e_99ad_690c_3395,
                0x0906_89d0_585f_f075,
            ]),
        ),
    };

    /// The point with these coordinates, if it is on the twist; not the identity. It may lie outside of G2.
    pub fn from_xy(x: Fq2, y: Fq2) -> Option<Self> {
        let point = Self { x, y };
        point.satisfies(B).then_some(point)
    }

    /// Whether the point is the identity or satisfies the equation. Only conversions from other crates give points that do not.
    pub fn is_on_curve(&self) -> bool {
        self.is_identity() || self.satisfies(B)
    }

    /// Whether the point has order `r`, or is the identity; for points on the twist.
    pub fn is_in_subgroup(&self) -> bool {
        Jacobian::from(*self).times(&FrModulus::LIMBS).is_identity()
    }
}
