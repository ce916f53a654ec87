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
mod tests;
