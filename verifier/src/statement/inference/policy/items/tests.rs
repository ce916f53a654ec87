//! Every policy about a batch, exhaustively, against its meaning: of all answers, exactly the right one has cells that hold.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::super::super::answer::{Answer, Form};
use super::super::super::columns::signed;
use super::super::super::leak::Answers;
use super::super::{OutOfRange, Policy, Scope};
use crate::codec::{length, size};
use crate::key::OutputLayout;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;
use std::collections::BTreeSet;

const BATCHES: [OutputLayout; 3] = [batch(2, 3, 6), batch(3, 2, 7), batch(1, 3, 3)];

const fn batch(items: u32, classes: u32, rows: u32) -> OutputLayout {
    OutputLayout {
        len: items * classes,
        rows,
        bits: 3,
        items,
        whole: None,
    }
}

/// All lists of `len` numbers below `base`.
fn lists(len: u32, base: u32) -> impl Iterator<Item = Vec<u32>> {
    (0..base.pow(len)).map(move |n| (0..len).map(|digit| n / base.pow(digit) % base).collect())
}

fn parsed(text: &str) -> Policy {
    Policy::parse(text, |word| word.parse().ok(), None).unwrap()
}

fn joined(list: &[u32]) -> alloc::string::String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(":")
}

/// Every policy about this batch.
fn policies(output: &OutputLayout) -> Vec<Policy> {
    let (items, classes) = (output.items, output.classes());
    let mut all = vec![parsed("labels")];
    for labels in (1..=items).flat_map(|len| lists(len, classes)) {
        all.extend(["accuracy", "confusion"].map(|name| parsed(&format!("{name}:{}", joined(&labels)))));
    }
    for groups in (1..=items).flat_map(|len| lists(len, 3)) {
        all.extend((0..classes).map(|label| parsed(&format!("by-group:{label}:{}", joined(&groups)))));
        if groups.iter().all(|group| *group < 2) && groups.contains(&0) && groups.contains(&1) {
            all.extend((0..classes).map(|label| parsed(&format!("gap:{label}:{}", joined(&groups)))));
            for labels in lists(length(groups.len()), classes) {
                let marks: Vec<u32> = labels.iter().zip(&groups).flat_map(|(l, g)| [*l, *g]).collect();
                all.push(parsed(&format!("accuracy-gap:{}", joined(&marks))));
            }
        }
    }
    for set in lists(classes, 2).skip(1) {
        let set: Vec<u32> = (0..classes).filter(|label| set[size(*label)] == 1).collect();
        for (items, least) in (1..=items).flat_map(|items| (1..=items).map(move |least| (items, least))) {
            all.extend(["count", "at-least"].map(|name| parsed(&format!("{name}:{items}:{least}:{}", joined(&set)))));
        }
    }
    all
}

fn answers(form: Form, output: &OutputLayout) -> Vec<Answer> {
    let (items, classes) = (output.items, output.classes());
    match form {
        Form::Labels => (1..=items + 1)
            .flat_map(|len| lists(len, classes + 1))
            .map(Answer::Labels)
            .collect(),
        Form::Count => (0..items + 2).map(Answer::Count).collect(),
        Form::Counts => {
            let matrices = lists(classes * classes, 2 + u32::from(items > 1 && classes == 2));
            matrices
                .chain((1..4).flat_map(|groups| lists(groups, 4)))
                .map(Answer::Counts)
                .collect()
        }
        Form::Bit => [false, true].map(Answer::Bit).to_vec(),
        Form::Gap => (-4..=4).map(Answer::Gap).collect(),
        _ => vec![],
    }
}

/// `d`, if it is in range.
fn in_range(d: Fr) -> bool {
    let [low, high @ ..] = d.to_bytes();
    low < 128 && high == [0; 31]
}

/// The labels with which the gates hold of an item, for some `top`.
fn possible(scores: &[i64]) -> Vec<usize> {
    let holds = |label: usize, top: i64| {
        scores.iter().enumerate().all(|(index, score)| {
            let d = top - score - i64::from(index < label);
            (0..128).contains(&d) && (index != label || d == 0)
        })
    };
    (0..scores.len())
        .filter(|label| (-9..9).any(|top| holds(*label, top)))
        .collect()
}

/// Whether what is stated of the counts holds of these labels.
fn holds(policy: &Policy, answer: &Answer, labels: &[usize], output: &OutputLayout) -> Option<bool> {
    let counts = policy.counts(answer, output)?;
    let (rows, r) = (size(output.rows), signed(1_234_567_890_123));
    let (column, stated) = (counts.column(rows, r), counts.row());
    let (items, classes) = (labels.iter().enumerate(), size(output.classes()));
    let sum: Fr = items
        .map(|(item, label)| column[rows - 1 - item * classes - label])
        .fold(Fr::ZERO, |a, b| a + b);
    let d = stated.a * sum + column[rows];
    let holds = in_range(d) && stated.g * d == Fr::ZERO;
    let indices = labels.iter().enumerate().map(|(item, label)| item * classes + label);
    let told = counts.difference(indices);
    assert_eq!(told.map(Fr::from), holds.then_some(d), "what the prover writes is `d`");
    Some(holds)
}

#[test]
fn exactly_one_label_is_possible() {
    for scores in (0..7i64.pow(4)).map(|n| [n % 7 - 3, n / 7 % 7 - 3, n / 49 % 7 - 3, n / 343 - 3]) {
        for scores in [&scores[..], &scores[..2]] {
            let best = scores.iter().max().unwrap();
            let first = scores.iter().position(|score| score == best).unwrap();
            assert_eq!(possible(scores), [first], "{scores:?}");
        }
    }
}

#[test]
fn exactly_one_answer_is_provable() {
    for output in BATCHES {
        let classes = size(output.classes());
        for policy in policies(&output) {
            assert_eq!(policy.about().scope, Scope::Items);
            assert_eq!(policy.check(Some(&output)), Ok(()), "{policy}");
            let mut given = BTreeSet::new();
            for labels in lists(output.items, output.classes()) {
                let scores: Vec<i64> = labels
                    .iter()
                    .flat_map(|label| (0..classes).map(move |j| i64::from(j == size(*label))))
                    .collect();
                let labels: Vec<usize> = labels.iter().map(|label| size(*label)).collect();
                let right = policy.answer(&scores, &output).unwrap().answer;
                let all = answers(policy.about().form, &output).into_iter().chain([right.clone()]);
                let provable: BTreeSet<_> = all
                    .filter(|answer| {
                        let rows = policy.rows(answer, &output, None);
                        let held = holds(&policy, answer, &labels, &output);
                        assert_eq!(
                            rows.is_ok(),
                            held.is_some() && answer.check(policy.about().form, &output).is_ok()
                        );
                        held == Some(true)
                    })
                    .map(|answer| answer.to_string())
                    .collect();
                assert_eq!(provable, BTreeSet::from([right.to_string()]), "{policy} {labels:?}");
                given.insert(right.to_string());
            }
            // The bits that are charged are those of the answers that occur, "no receipt" being one more; of a set of all labels nobody learns anything.
            let count = Answers::Of(u32::try_from(given.len()).unwrap()).microbits();
            let sets = matches!(policy.about().name, "count" | "at-least");
            match sets && policy.parameters().len() == 2 + classes {
                true => assert_eq!(given.len(), 1),
                false => assert_eq!(policy.microbits(&output), count, "{policy}"),
            }
        }
    }
}

#[test]
fn every_row_of_a_batch_is_one_of_labels() {
    let output = BATCHES[0];
    for policy in policies(&output) {
        let answer = policy.answer(&[0; 6], &output).unwrap().answer;
        let rows = policy.rows(&answer, &output, None).unwrap();
        assert_eq!(rows.len(), 6);
        assert!(rows
            .iter()
            .all(|row| row.t == Fr::ONE && [row.a, row.c, row.g] == [Fr::ZERO; 3]));
    }
}

/// In the circuit of a batch `t` stands before another term: what compares all scores with one must never get there.
#[test]
fn what_compares_all_scores_is_refused_of_a_batch() {
    let (output, single) = (
        batch(2, 3, 6),
        OutputLayout {
            items: 0,
            ..batch(2, 3, 6)
        },
    );
    for policy in Policy::widest(&output) {
        let fits = [output, single].map(|output| policy.check(Some(&output)).is_ok());
        let expected = match policy.about().scope {
            Scope::Items => [true, false],
            Scope::Largest => [false, true],
            Scope::Scores => [true, true],
        };
        assert_eq!(fits, expected, "{policy}");
        let answer = policy.answer(&[3, 0, 0, 0, 0, 0], &single).map(|given| given.answer);
        let rows = answer.and_then(|answer| policy.rows(&answer, &single, Some(7)).ok());
        let compares = rows.is_some_and(|rows| rows.iter().any(|row| row.t != Fr::ZERO));
        assert_eq!(compares, policy.about().scope == Scope::Largest, "{policy}");
    }
}

const GROUPS: &str = "two groups are compared: each item is of group 0 or of group 1, and both have an item";

#[test]
fn ranges_are_those_of_the_batch() {
    let output = BATCHES[0];
    for (text, error) in [
        (
            "accuracy:0:1:2",
            "number of labels 3 is out of range: from 1 to 2 is possible",
        ),
        ("accuracy:3", "labels 3 is out of range: from 0 to 2 is possible"),
        ("confusion:0:3", "labels 3 is out of range: from 0 to 2 is possible"),
        (
            "by-group:0:1:1:1",
            "number of groups 3 is out of range: from 1 to 2 is possible",
        ),
        (
            "gap:0:0:1:1",
            "number of groups 3 is out of range: from 1 to 2 is possible",
        ),
        ("gap:3:0:1", "label 3 is out of range: from 0 to 2 is possible"),
        ("gap:0:0:2", GROUPS),
        ("gap:0:0:0", GROUPS),
        ("gap:0:1", GROUPS),
        (
            "accuracy-gap:0:0:1:1:2:1",
            "number of labels 3 is out of range: from 1 to 2 is possible",
        ),
        ("accuracy-gap:0:0:1:2", GROUPS),
        ("accuracy-gap:0:1:1:1", GROUPS),
        (
            "accuracy-gap:0:0:3:1",
            "marks 3 is out of range: from 0 to 2 is possible",
        ),
        ("by-group:3:0", "label 3 is out of range: from 0 to 2 is possible"),
        ("count:3:1:0", "items 3 is out of range: from 1 to 2 is possible"),
        ("count:1:2:0", "minimum 2 is out of range: from 1 to 1 is possible"),
        ("count:1:1:3", "labels 3 is out of range: from 0 to 2 is possible"),
        ("at-least:1:2:0", "count 2 is out of range: from 1 to 1 is possible"),
    ] {
        let found = parsed(text).check(Some(&output)).unwrap_err();
        assert_eq!(found.to_string(), error);
    }
}

#[test]
fn gaps_are_signed_fractions() {
    let (policy, output) = (parsed("gap:1:0:0:1:1:1"), batch(5, 2, 10));
    for gap in -6..=6 {
        assert!(policy.rows(&Answer::Gap(gap), &output, None).is_ok());
    }
    // What no counts give is told before a proof is looked at.
    for gap in [-7, 7, i64::MIN, i64::MAX] {
        let refused = policy.rows(&Answer::Gap(gap), &output, None);
        assert_eq!(refused.err(), Some(OutOfRange::Answer), "{gap}");
    }
    for (gap, shown) in [
        (-6, "-6 of 6 (-1.0000)"),
        (-1, "-1 of 6 (-0.1667)"),
        (0, "0 of 6 (0.0000)"),
        (5, "5 of 6 (0.8333)"),
    ] {
        assert_eq!(policy.shown(&Answer::Gap(gap)).shown(&[]), shown);
    }
}

#[test]
fn shares_are_rounded() {
    for (part, whole, shown) in [
        (349, 360, "349 of 360 (0.9694)"),
        (0, 3, "0 of 3 (0.0000)"),
        (2, 3, "2 of 3 (0.6667)"),
        (3, 3, "3 of 3 (1.0000)"),
    ] {
        assert_eq!(super::share(part, whole), shown);
    }
}
