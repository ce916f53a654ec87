//! What a policy reveals at most: the logarithm of the number of its answers, in integers, so that every platform counts alike.

/// Fractional bits of the logarithm before it is rounded.
const FRACTION: u32 = 32;
const MILLION: u64 = 1_000_000;

/// How many answers a policy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// So many.
    Of(u32),
    /// Two to this power.
    Bits(u64),
}

impl Answers {
    /// The most that asking reveals, in millionths of a bit, rounded up. Of so many answers one is given, or no receipt is, which is an answer
    /// too: an input may be out of range, a statement may not hold.
    pub fn microbits(self) -> u64 {
        match self {
            Self::Of(count) => log2(u64::from(count).saturating_add(1)),
            Self::Bits(bits) => match u32::try_from(bits).ok().and_then(|bits| 1u64.checked_shl(bits)) {
                Some(count) if bits < 63 => log2(count.saturating_add(1)),
                // One answer more is less than a millionth here.
                _ => bits.saturating_mul(MILLION).saturating_add(1),
            },
        }
    }
}

/// `log2(count)` in millionths, rounded up, of a count of at least 1: squaring the mantissa gives one binary digit after the other.
fn log2(count: u64) -> u64 {
    let whole = count.checked_ilog2().unwrap_or(0);
    let one = 1u128 << 63;
    let mut mantissa = u128::from(count) << 63u32.saturating_sub(whole);
    let mut fraction = 0u64;
    for _ in 0..FRACTION {
        mantissa = mantissa.saturating_mul(mantissa) >> 63;
        let digit = mantissa >= one << 1;
        mantissa >>= u32::from(digit);
        fraction = (fraction << 1) | u64::from(digit);
    }
    // What is left of the mantissa is rounded up, and so is the result.
    let fraction = fraction.saturating_add(u64::from(mantissa != one));
    let millionths = fraction.saturating_mul(MILLION).div_ceil(1 << FRACTION);
    u64::from(whole).saturating_mul(MILLION).saturating_add(millionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_counts_and_so_does_none() {
        for (answers, microbits) in [
            (Answers::Of(1), 1_000_000),
            (Answers::Of(2), 1_584_963),
            (Answers::Of(7), 3_000_000),
            (Answers::Of(10), 3_459_432),
            (Answers::Of(u32::MAX), 32_000_000),
            (Answers::Bits(0), 1_000_000),
            (Answers::Bits(1), 1_584_963),
            (Answers::Bits(12), 12_000_353),
            (Answers::Bits(62), 62_000_001),
            (Answers::Bits(63), 63_000_001),
            (Answers::Bits(12_000), 12_000_000_001),
        ] {
            assert_eq!(answers.microbits(), microbits, "{answers:?}");
        }
    }

    #[test]
    fn never_less_than_the_logarithm() {
        for count in (1..5_000u32).chain([65_535, 1_000_003, u32::MAX - 1]) {
            let exact = f64::from(count + 1).log2() * 1e6;
            let got = u32::try_from(Answers::Of(count).microbits()).map_or(0.0, f64::from);
            assert!(
                (exact - 1e-3..exact + 1.001).contains(&got),
                "{count}: {got} for {exact}"
            );
        }
    }
}
