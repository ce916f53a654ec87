//! What a policy reveals at most: the logarithm of the number of its answers, in integers, so that every platform counts alike.

use alloc::vec::Vec;

/// Fractional bits of the logarithm before it is rounded.
const FRACTION: u32 = 32;
const MILLION: u64 = 1_000_000;

/// How many answers a policy has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// So many.
    Of(u32),
    /// Two to this power.
    Bits(u64),
    /// Sets of so many out of so many.
    Sets {
        /// Out of how many.
        of: u32,
        /// How many.
        size: u32,
    },
    /// One of each of these, whatever the others are.
    Each(Vec<Answers>),
}

impl Answers {
    /// The most that asking reveals, in millionths of a bit, rounded up. Of so many answers one is given, or no receipt is, which is an answer
    /// too: an input may be out of range, a statement may not hold.
    pub fn microbits(&self) -> u64 {
        match *self {
            Self::Of(count) => log2(u64::from(count).saturating_add(1)),
            Self::Bits(bits) => match u32::try_from(bits).ok().and_then(|bits| 1u64.checked_shl(bits)) {
                Some(count) if bits < 63 => log2(count.saturating_add(1)),
                // One answer more is less than a millionth here.
                _ => bits.saturating_mul(MILLION).saturating_add(1),
            },
            Self::Sets { of, size } => match sets(of, size) {
                Some(count) => log2(count.saturating_add(1)),
                None => log2_sets(of, size).saturating_add(1),
            },
            Self::Each(ref all) => match self.count().filter(|count| *count < 1 << 63) {
                Some(count) => log2(count.saturating_add(1)),
                None => all.iter().map(Self::log2).fold(1, u64::saturating_add),
            },
        }
    }

    /// Their number, if it is below 2^64.
    fn count(&self) -> Option<u64> {
        match *self {
            Self::Of(count) => Some(count.into()),
            Self::Bits(bits) => 1u64.checked_shl(u32::try_from(bits).ok()?),
            Self::Sets { of, size } => sets(of, size),
            Self::Each(ref all) => all
                .iter()
                .try_fold(1u64, |product, one| product.checked_mul(one.count()?)),
        }
    }

    /// The logarithm of their number in millionths, not less.
    fn log2(&self) -> u64 {
        match *self {
            Self::Bits(bits) => bits.saturating_mul(MILLION),
            Self::Of(count) => log2(u64::from(count).max(1)),
            Self::Sets { of, size } => sets(of, size).map_or_else(|| log2_sets(of, size), log2),
            Self::Each(ref all) => all.iter().map(Self::log2).fold(0, u64::saturating_add),
        }
    }
}

/// The factors of a binomial coefficient: `of - i` and the divisor `i + 1`.
fn factors(of: u32, size: u32) -> impl Iterator<Item = (u64, u64)> {
    let fewest = size.min(of.saturating_sub(size));
    (0..u64::from(fewest)).map(move |i| (u64::from(of).saturating_sub(i), i.saturating_add(1)))
}

/// The number of sets, if it is below 2^63.
fn sets(of: u32, size: u32) -> Option<u64> {
    let mut count = 1u64;
    for (factor, divisor) in factors(of, size) {
        let product = u128::from(count).checked_mul(factor.into())?;
        count = u64::try_from(product.checked_div(divisor.into())?).ok()?;
    }
    (count < 1 << 63).then_some(count)
}

/// Its logarithm in millionths, not less: what is subtracted is rounded down.
fn log2_sets(of: u32, size: u32) -> u64 {
    let each = factors(of, size).map(|(factor, divisor)| log2(factor).saturating_sub(log2(divisor).saturating_sub(1)));
    each.fold(0, u64::saturating_add)
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
            (Answers::Sets { of: 10, size: 3 }, 6_918_864),
            (Answers::Sets { of: 10, size: 7 }, 6_918_864),
            (Answers::Sets { of: 7, size: 7 }, 1_000_000),
            (Answers::Sets { of: 64, size: 32 }, 60_668_617),
        ] {
            assert_eq!(answers.microbits(), microbits, "{answers:?}");
        }
    }

    /// Beyond 2^63 sets the logarithm is a sum over factors: at most two millionths too much for each.
    #[test]
    fn many_sets_are_counted_by_their_factors() {
        for (of, size, exact) in [(68, 34, 64.625_216_679_9), (1000, 500, 994.690_999_119_2)] {
            let got = u32::try_from(Answers::Sets { of, size }.microbits()).map_or(0.0, f64::from);
            let least = exact * 1e6 - 1e-3;
            assert!(
                (least..least + 2.0 * f64::from(size) + 2.0).contains(&got),
                "{of} {size}: {got}"
            );
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
