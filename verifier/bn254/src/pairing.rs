//! The optimal ate pairing, as the decision whether a product of pairings is one.

use crate::curve::Field;
use crate::g2::{self, G2Affine};
use crate::tower::{frobenius_of_twist, Fq12};
use crate::{Fq, Fq2, G1Affine};
use alloc::vec::Vec;

/// The parameter of the curve, `x`.
const X: u64 = 0x44e9_92b4_4a69_09f1;

/// Signed digits of `6 x + 2`, least significant first, without the leading one; no two neighbours are both non-zero.
const LOOP: [i8; 65] = {
    let mut rest = 6 * (X as u128) + 2;
    let mut digits = [0i8; 65];
    let mut place = 0;
    while place < 65 {
        if rest & 1 == 1 {
            let digit = 2 - (rest & 3) as i8;
            digits[place] = digit;
            rest = if digit == 1 { rest - 1 } else { rest + 1 };
        }
        rest >>= 1;
        place += 1;
    }
    digits
};

/// The lines of the Miller loop of a point of G2, in the order of their use.
#[derive(Clone, Debug)]
pub struct G2Prepared {
    /// Of a line at `(x, y)`: `y` times the first, `x` times the second, and the third are its coefficients.
    lines: Vec<[Fq2; 3]>,
}

/// The running point in homogeneous coordinates.
struct Running {
    x: Fq2,
    y: Fq2,
    z: Fq2,
}

impl Running {
    fn double(&mut self) -> [Fq2; 3] {
        let half = |value: Fq2| value.scale(Fq::HALF);
        let a = half(self.x * self.y);
        let b = self.y.square();
        let c = self.z.square();
        let e = g2::B * (c.double() + c);
        let f = e.double() + e;
        let g = half(b + f);
        let h = (self.y + self.z).square() - (b + c);
        let j = self.x.square();
        let e2 = e.square();
        self.x = a * (b - f);
        self.y = g.square() - (e2.double() + e2);
        self.z = b * h;
        [-h, j.double() + j, e - b]
    }

    fn add(&mut self, x: Fq2, y: Fq2) -> [Fq2; 3] {
        let theta = self.y - y * self.z;
        let lambda = self.x - x * self.z;
        let d = lambda.square();
        let e = lambda * d;
        let g = self.x * d;
        let h = e + self.z * theta.square() - g.double();
        self.x = lambda * h;
        self.y = theta * (g - h) - e * self.y;
        self.z = self.z * e;
        [lambda, -theta, theta * x - lambda * y]
    }
}

impl From<G2Affine> for G2Prepared {
    /// `point` is in the subgroup and not the identity.
    fn from(point: G2Affine) -> Self {
        let (x, y) = point.coordinates();
        let mut running = Running { x, y, z: Fq2::ONE };
        let mut lines = Vec::with_capacity(91);
        for digit in LOOP.iter().rev() {
            lines.push(running.double());
            match digit {
                1 => lines.push(running.add(x, y)),
                -1 => lines.push(running.add(x, -y)),
                _ => {}
            }
        }
        let (x1, y1) = frobenius_of_twist(x, y);
        let (x2, y2) = frobenius_of_twist(x1, y1);
        lines.push(running.add(x1, y1));
        lines.push(running.add(x2, -y2));
        Self { lines }
    }
}

/// Whether `e(P_1, Q_1) e(P_2, Q_2) .. = 1`.
pub fn pairing_product_is_one(pairs: &[(G1Affine, &G2Prepared)]) -> bool {
    final_exponentiation(miller_loop(pairs)) == Some(Fq12::ONE)
}

fn miller_loop(pairs: &[(G1Affine, &G2Prepared)]) -> Fq12 {
    let mut pairs: Vec<_> = pairs
        .iter()
        .filter(|(point, _)| !point.is_identity())
        .map(|(point, prepared)| (point.coordinates(), prepared.lines.iter()))
        .collect();
    let mut f = Fq12::ONE;
    let mut lines = |f: &mut Fq12| {
        for ((x, y), lines) in &mut pairs {
            if let Some([a, b, c]) = lines.next() {
                *f = f.times_line(a.scale(*y), b.scale(*x), *c);
            }
        }
    };
    for digit in LOOP.iter().rev() {
        f = f.square();
        lines(&mut f);
        if *digit != 0 {
            lines(&mut f);
        }
    }
    lines(&mut f);
    lines(&mut f);
    f
}

/// `f^((q^12 - 1) / r)`, up to a power prime to `r`; none for zero.
fn final_exponentiation(f: Fq12) -> Option<Fq12> {
    let f = f.conjugate() * f.invert()?;
    let f = f.frobenius().frobenius() * f;
    // The leading bit of `x` is bit 62.
    let to_x = |base: Fq12| {
        (0..62).rev().fold(base, |power, bit| match X >> bit & 1 {
            1 => power.cyclotomic_square() * base,
            _ => power.cyclotomic_square(),
        })
    };
    let square = Fq12::cyclotomic_square;
    let f1 = f.frobenius();
    let f2 = f1.frobenius();
    let f3 = f2.frobenius();
    let fx = to_x(f);
    let fx2 = to_x(fx);
    let fx3 = to_x(fx2);
    // The addition chain of Scott and others for y0 y1^2 y2^6 y3^12 y4^18 y5^30 y6^36.
    let y0 = f1 * f2 * f3;
    let y1 = f.conjugate();
    let y2 = fx2.frobenius().frobenius();
    let y3 = fx.frobenius().conjugate();
    let y4 = (fx * fx2.frobenius()).conjugate();
    let y5 = fx2.conjugate();
    let y6 = (fx3 * fx3.frobenius()).conjugate();
    let t0 = square(y6) * y4 * y5;
    let t1 = y3 * y5 * t0;
    let t0 = t0 * y2;
    let t1 = square(square(t1) * t0);
    let t0 = t1 * y1;
    let t1 = t1 * y0;
    Some(square(t0) * t1)
}
