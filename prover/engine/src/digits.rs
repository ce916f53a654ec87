//! Scalars in signed digits, so that one set of buckets serves all windows of one width.

use crate::entries::Entries;
use crate::kernel::Kernel;
use crate::words::Modulus;
use halo2curves::bn256::Fr;
use std::borrow::Cow;

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

/// Integers `|s|` with a sign each, as digits of one width: a window is the digits of one place of all of them.
pub struct Scalars<'a> {
    values: Values<'a>,
    width: usize,
    windows: usize,
    nonzero: usize,
}

/// With `2^(width-1)` added at every window but the last, digits are never negative before the same is taken off again. That
/// is below `2^(width (windows - 1)) <= 2^bits`, so that nothing overflows, and the last digit is at most `2^(width-1)`.
enum Values<'a> {
    /// Integers below `2^SMALL_BITS`, and what is to be added.
    Small(Cow<'a, [u64]>, u64),
    /// With that added, and the sign in the highest bit.
    Full(Vec<[u64; 4]>),
}

/// Whose sums with what is added fit into a word.
const SMALL_BITS: usize = 62;
/// The sign of a scalar, in its last word.
const SIGN: u64 = 1 << 63;

impl<'a> Scalars<'a> {
    /// Elements in the upper half of the field count as negative: columns of small numbers of both signs are short.
    /// Those at `holes` count as 0. In windows of a width, or of the one that needs the fewest additions: one for each digit, two for each bucket.
    pub fn new<K: Kernel>(kernel: K, cells: Cells<'a>, holes: &[usize], width: Option<usize>) -> Self {
        match cells {
            Cells::Integers(values) => {
                let mut values = Cow::Borrowed(values);
                if holes.iter().any(|hole| *hole < values.len()) {
                    clear(values.to_mut(), holes);
                }
                let all = values.iter().fold(0, |all, value| all | value);
                let bits = 64 - all.leading_zeros() as usize;
                match bits <= SMALL_BITS {
                    true => Self::small(values, bits, width),
                    false => Self::full(values.iter().map(|value| [*value, 0, 0, 0]).collect(), width),
                }
            }
            Cells::Field(elements) => {
                let mut values = kernel.integers(elements);
                clear(&mut values, holes);
                values.iter_mut().for_each(sign);
                Self::full(values, width)
            }
            Cells::Entries(entries) => {
                let mut cells = entries.cells();
                clear(&mut cells, holes);
                Self::of(kernel, &cells)
            }
        }
    }

    /// Those of elements.
    pub fn of<K: Kernel>(kernel: K, elements: &[Fr]) -> Scalars<'static> {
        let mut values = kernel.integers(elements);
        values.iter_mut().for_each(sign);
        Scalars::full(values, None)
    }

    fn small(values: Cow<'a, [u64]>, bits: usize, width: Option<usize>) -> Self {
        let nonzero = values.iter().filter(|value| **value != 0).count();
        let width = width.unwrap_or_else(|| best_width(nonzero, bits));
        let windows = windows(bits, width);
        let [offset, ..] = offset(width, windows);
        Self {
            values: Values::Small(values, offset),
            width,
            windows,
            nonzero,
        }
    }

    fn full(mut values: Vec<[u64; 4]>, width: Option<usize>) -> Self {
        let all = values.iter().fold([0; 4], |all, value| or(all, *value));
        let all = [all[0], all[1], all[2], all[3] & !SIGN];
        let top = all.iter().rposition(|word| *word != 0);
        let bits = top.map_or(0, |top| 64 * top + (64 - all[top].leading_zeros() as usize));
        let nonzero = values.iter().filter(|value| **value != [0; 4]).count();
        let width = width.unwrap_or_else(|| best_width(nonzero, bits));
        let windows = windows(bits, width);
        let offset = offset(width, windows);
        values.iter_mut().for_each(|value| *value = plus(*value, offset));
        Self {
            values: Values::Full(values),
            width,
            windows,
            nonzero,
        }
    }

    /// Whether all are 0.
    pub fn are_zero(&self) -> bool {
        self.nonzero == 0
    }

    /// Points that sums by windows add, about.
    pub fn additions(&self) -> usize {
        self.windows * self.nonzero
    }

    /// Bits of a window.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many windows there are; the last has room for a carry.
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// Gives the digits of a window with their places, from `-2^(width-1)` to `2^(width-1)`, without those that are 0.
    pub fn each_digit(&self, window: usize, mut give: impl FnMut(usize, i32)) {
        let at = self.width * window;
        let half = match window + 1 < self.windows {
            true => 1 << (self.width - 1),
            false => 0,
        };
        let mask = (1 << self.width) - 1;
        match &self.values {
            Values::Small(values, offset) => {
                for (place, value) in values.iter().enumerate() {
                    let digit = ((value + offset) >> at & mask) as i32 - half;
                    if digit != 0 {
                        give(place, digit);
                    }
                }
            }
            Values::Full(values) => {
                let (word, shift) = (at / 64, at % 64);
                let mask = if word == 3 { mask & !SIGN >> shift } else { mask };
                for (place, value) in values.iter().enumerate() {
                    let high = value.get(word + 1).map_or(0, |high| high << 1 << (63 - shift));
                    let digit = ((value[word] >> shift | high) & mask) as i32 - half;
                    if digit != 0 {
                        give(place, if value[3] & SIGN == 0 { digit } else { -digit });
                    }
                }
            }
        }
    }
}

/// The width that needs the fewest additions.
fn best_width(scalars: usize, bits: usize) -> usize {
    let additions = |width: &usize| windows(bits, *width) * (scalars + (2 << (width - 1)));
    (2..=MAX_WIDTH).min_by_key(additions).unwrap_or(MAX_WIDTH)
}

fn windows(bits: usize, width: usize) -> usize {
    match bits {
        0 => 0,
        bits => bits / width + 1,
    }
}

/// Half a digit at every window but the last.
fn offset(width: usize, windows: usize) -> [u64; 4] {
    let mut offset = [0; 4];
    for bit in (1..windows).map(|window| width * window - 1) {
        offset[bit / 64] |= 1 << (bit % 64);
    }
    offset
}

/// Additions that a sum with so many scalars of full width needs.
pub fn fewest_additions(scalars: usize) -> usize {
    let width = best_width(scalars, FULL_BITS);
    windows(FULL_BITS, width) * (scalars + (2 << (width - 1)))
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

/// Of at least about half of `r`, `r - s` with its sign set.
fn sign(value: &mut [u64; 4]) {
    if value[3] <= Fr::P[3] / 2 {
        return;
    }
    let mut borrow = false;
    *value = std::array::from_fn(|i| {
        let (difference, first) = Fr::P[i].overflowing_sub(value[i]);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        borrow = first || second;
        difference
    });
    value[3] |= SIGN;
}
