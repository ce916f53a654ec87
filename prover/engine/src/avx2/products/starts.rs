//! What sums of bits begin with: it makes up for the constants of all products that are added to them.

use super::{HIGH, LOW};

/// With this added no sum is negative when it is shifted: at most ten lower halves are summed, each at least `-2^51`.
const BIAS: u64 = 1 << 56;

/// What sums begin with, at ten places of `2^52` each.
pub type Start = [u64; 10];

/// With what makes up for a product at a place: its lower half there, its upper half at the next.
pub const fn expecting(mut start: Start, place: usize) -> Start {
    start[place] = start[place].wrapping_add(LOW);
    start[place + 1] = start[place + 1].wrapping_sub(HIGH);
    start
}

/// With that of the products of [`Sums::reduced`](super::Sums::reduced), and the biases, which the next place takes off again.
const fn expecting_reduction(mut start: Start) -> Start {
    let mut product = 0;
    while product < 25 {
        let (round, limb) = (product / 5, product % 5);
        start = expecting(start, if round < 4 { round + limb + 1 } else { limb + 4 });
        product += 1;
    }
    // The fifth place is read before its last product is added, and this is no multiple of 2^52.
    start[4] = start[4].wrapping_sub(LOW);
    let mut place = 0;
    while place < 9 {
        start[place] = start[place].wrapping_add(BIAS);
        start[place + 1] = start[place + 1].wrapping_sub(BIAS >> 52);
        place += 1;
    }
    start
}

/// Before all products of two elements.
pub const PRODUCT: Start = {
    let (mut start, mut product) = ([0; 10], 0);
    while product < 25 {
        start = expecting(start, product / 5 + product % 5);
        product += 1;
    }
    expecting_reduction(start)
};

/// Before the products of different limbs of one element, and what is added before those of equal ones.
pub const SQUARE: [Start; 2] = {
    let (mut different, mut equal, mut product) = ([0; 10], [0; 10], 0);
    while product < 25 {
        let (i, j) = (product / 5, product % 5);
        if i < j {
            different = expecting(different, i + j);
        }
        if i == j {
            equal = expecting(equal, i + j);
        }
        product += 1;
    }
    [different, expecting_reduction(equal)]
};
