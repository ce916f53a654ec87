//! Scalars in signed digits, so that one set of buckets serves all windows of one width.

use crate::entries::Entries;
use crate::kernel::Kernel;
use crate::words::Modulus;
use halo2curves::bn256::Fr;

/// Largest width of a window.
const MAX_WIDTH: usize = 16;
/// Bits of a scalar of full width, half of which are negative.
pub const FULL_BITS: usize = 253;

/// What is committed.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// Elements of the field.
    Field(&'a [Fr]),
    /// Integers.
    Integers(&'a [u64]),
    /// Sums of entries of a table.
    Entries(Entries<'a>),
}

/// Integers `|s|` with a sign each, of so many bits.
#[derive(Default)]
pub struct Scalars {
    values: Vec<([u64; 4], bool)>,
    bits: usize,
    nonzero: usize,
}

impl Scalars {
    /// Elements in the upper half of the field count as negative: columns of small numbers of both signs are short.
    /// Those at `holes` count as 0.
    pub fn new<K: Kernel>(kernel: K, cells: Cells<'_>, holes: &[usize]) -> Self {
        let mut values: Vec<_> = match cells {
            Cells::Field(elements) => kernel.integers(elements).into_iter().map(signed).collect(),
            Cells::Integers(values) => values.iter().map(|value| ([*value, 0, 0, 0], false)).collect(),
            Cells::Entries(entries) => return Self::new(kernel, Cells::Field(&entries.cells()), holes),
        };
        clear(&mut values, holes);
        let all = values.iter().fold([0; 4], |all, (value, _)| or(all, *value));
        let top = all.iter().rposition(|word| *word != 0);
        let bits = top.map_or(0, |top| 64 * top + (64 - all[top].leading_zeros() as usize));
        let nonzero = values.iter().filter(|(value, _)| *value != [0; 4]).count();
        Self { values, bits, nonzero }
    }

    /// Whether all are 0.
    pub fn are_zero(&self) -> bool {
        self.nonzero == 0
    }

    /// Points that sums by windows add, about.
    pub fn additions(&self) -> usize {
        self.windows(self.width()) * self.nonzero
    }

    /// The width that needs the fewest additions: one for each digit, two for each bucket.
    pub fn width(&self) -> usize {
        let additions = |width: &usize| self.windows(*width) * (self.nonzero + (2 << (width - 1)));
        (2..=MAX_WIDTH).min_by_key(additions).unwrap_or(MAX_WIDTH)
    }

    /// Windows of this width; the last has room for a carry.
    pub fn windows(&self, width: usize) -> usize {
        match self.bits {
            0 => 0,
            bits => bits / width + 1,
        }
    }

    /// The digits of a window with their places, from `-2^(width-1)` to `2^(width-1)`, without those that are 0.
    ///
    /// With `2^(width-1)` added at every window but the last, digits are never negative before the same is taken off again. That
    /// is below `2^(width (windows - 1)) <= 2^bits`, so that nothing overflows, and the last digit is at most `2^(width-1)`.
    pub fn digits(&self, width: usize, window: usize) -> impl Iterator<Item = (usize, i32)> + '_ {
        let last = self.windows(width) - 1;
        let mut offset = [0; 4];
        for bit in (0..last).map(|window| width * window + width - 1) {
            offset[bit / 64] |= 1 << (bit % 64);
        }
        let (at, half) = (width * window, 1 << (width - 1));
        let (mask, half) = if window < last {
            ((1 << width) - 1, half)
        } else {
            (u64::MAX, 0)
        };
        let (word, shift) = (at / 64, at % 64);
        self.values
            .iter()
            .enumerate()
            .filter_map(move |(place, (value, negative))| {
                let value = plus(*value, offset);
                let high = value.get(word + 1).map_or(0, |high| high << 1 << (63 - shift));
                let digit = ((value[word] >> shift | high) & mask) as i32 - half;
                (digit != 0).then_some((place, if *negative { -digit } else { digit }))
            })
    }
}

/// Additions that a sum with so many scalars of full width needs.
pub fn fewest_additions(scalars: usize) -> usize {
    let additions = |width: usize| (FULL_BITS / width + 1) * (scalars + (2usize << (width - 1)));
    (2..=MAX_WIDTH).map(additions).min().unwrap_or(0)
}

/// Nothing at the places of holes.
pub fn clear<T: Default>(values: &mut [T], holes: &[usize]) {
    for hole in holes {
        if let Some(value) = values.get_mut(*hole) {
            *value = T::default();
        }
    }
}

fn or(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    std::array::from_fn(|i| a[i] | b[i])
}

fn plus(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut carry = false;
    std::array::from_fn(|i| {
        let (sum, first) = a[i].overflowing_add(b[i]);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first || second;
        sum
    })
}

/// `s` or, if it is at least about half of `r`, `r - s`, with whether it is the latter.
fn signed(value: [u64; 4]) -> ([u64; 4], bool) {
    if value[3] <= Fr::P[3] / 2 {
        return (value, false);
    }
    let mut borrow = false;
    let opposite = std::array::from_fn(|i| {
        let (difference, first) = Fr::P[i].overflowing_sub(value[i]);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        borrow = first || second;
        difference
    });
    (opposite, true)
}
