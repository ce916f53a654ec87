//! How many gaps there are, and that none overflows.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use super::*;
use alloc::vec;
use std::collections::BTreeSet;

fn groups(sizes: [u32; 2]) -> Vec<u32> {
    let of = |group: u32, len: u32| vec![group; size(len)];
    [of(0, sizes[0]), of(1, sizes[1])].concat()
}

/// Counted one by one.
fn count(sizes: [u32; 2]) -> u32 {
    let [none, one] = sizes.map(i64::from);
    let all = (0..=none).flat_map(|a| (0..=one).map(move |b| b * none - a * one));
    length(all.collect::<BTreeSet<_>>().len())
}

#[test]
fn answers_are_counted() {
    for sizes in (1..14).flat_map(|a| (1..14).map(move |b| [a, b])) {
        assert_eq!(
            Sizes::of(&groups(sizes)).answers(),
            Answers::Of(count(sizes)),
            "{sizes:?}"
        );
    }
    // Of equal groups little is told, and of others almost both counts.
    assert_eq!(count([10, 10]), 21);
    assert_eq!(count([10, 11]), 11 * 12 - 1);
}

#[test]
fn the_widest_lets_out_most() {
    for items in 2..40 {
        let widest = Sizes::widest(items);
        assert_eq!(Sizes::fits(&widest), Ok(()));
        let most = (1..items).map(|first| count([first, items - first])).max();
        assert_eq!(Sizes::of(&widest).answers(), Answers::Of(most.unwrap()), "{items}");
    }
}

/// The most items that a batch has: no number is near the field's order, or the claim's bound.
#[test]
fn gaps_of_the_largest_batch_fit() {
    let half = 1u32 << 15;
    let sizes = Sizes::of(&groups([half, half]));
    let most = i64::from(half) * i64::from(half);
    for (group, expected) in [(1, most), (0, -most)] {
        let answer = sizes.gap((0..half).map(|_| group)).unwrap();
        assert_eq!(answer, Answer::Gap(expected));
        assert!(expected.abs() < crate::claim::VALUE_BOUND);
        let shown = sizes.shown(&answer).shown(&[]);
        assert!(shown.ends_with("1.0000)"), "{shown}");
    }
}
