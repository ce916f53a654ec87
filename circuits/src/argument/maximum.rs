//! Rows of running maxima, each after the running maximum and the element.

use super::expr::Gates;
use super::lane::{Row, View};

/// `max * (value - best - high) = 0`, `max * (value - element - rem) = 0`, `max * high * rem = 0`.
///
/// The value is at least both, as `high` and `rem` are bounded and not negative, and equal to one of them.
pub(super) fn gates(lane: &View) -> Gates {
    let max = lane.max.clone();
    let [value, element, best] = lane.value.clone();
    let (high, rem) = (lane.high.clone(), lane.rem.clone());
    vec![
        (
            "max is at least the running maximum",
            max.clone() * (value.clone() - best - high.clone()),
        ),
        (
            "max is at least the element",
            max.clone() * (value - element - rem.clone()),
        ),
        ("max is one of the two", max * high * rem),
    ]
}

/// The integers of the maximum of two stored values.
pub(super) fn row(best: u64, element: u64) -> Row {
    let value = best.max(element);
    Row {
        sign: 0,
        value,
        high: value - best,
        rem: value - element,
    }
}
