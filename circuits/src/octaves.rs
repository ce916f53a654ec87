//! Logarithms to the base 2, exact on every machine: scales follow from them, and keys from scales.

/// The exponent of the largest power of two that is not above the magnitude of `x`, which is normal; below all of those for others.
pub(crate) fn floor(x: f64) -> i32 {
    let exponent = (x.to_bits() >> MANTISSA) & ((1 << EXPONENT) - 1);
    exponent as i32 - BIAS
}

/// The exponent of the smallest power of two that is not below the magnitude of `x`, which is normal.
pub(crate) fn ceil(x: f64) -> i32 {
    floor(x) + i32::from(!is_power(x))
}

/// Whether the magnitude of `x` is a power of two.
pub(crate) fn is_power(x: f64) -> bool {
    x.is_normal() && x.to_bits() & ((1 << MANTISSA) - 1) == 0
}

/// Bits of a 64-bit float.
const MANTISSA: u32 = 52;
const EXPONENT: u32 = 11;
const BIAS: i32 = 1023;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_exact() {
        for exponent in -1000..1000 {
            let x = 2f64.powi(exponent);
            let (below, above) = (x * (1.0 - f64::EPSILON), x * (1.0 + f64::EPSILON));
            for x in [x, -x] {
                assert_eq!((floor(x), ceil(x), is_power(x)), (exponent, exponent, true));
            }
            assert_eq!(
                (floor(below), ceil(below), is_power(below)),
                (exponent - 1, exponent, false)
            );
            assert_eq!(
                (floor(above), ceil(above), is_power(above)),
                (exponent, exponent + 1, false)
            );
        }
        assert!(![0.0, f64::INFINITY, f64::NAN].into_iter().any(is_power));
        assert!(floor(0.0) < -1022);
    }
}
