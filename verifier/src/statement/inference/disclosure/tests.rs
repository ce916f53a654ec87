//! Which outputs a disclosure speaks of, and that it says nothing of the others.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use super::*;
use crate::key::{InputLayout, InputOrder};
use crate::statement::inference::policy::{Label, Scope, Threshold};
use provenn_bn254::Fr;
use std::collections::BTreeSet;

fn layout(lens: &[u32]) -> InstanceLayout {
    let output = |len: &u32| OutputLayout {
        len: *len,
        rows: *len + 1,
        bits: 8 + *len,
        items: 0,
        whole: None,
    };
    InstanceLayout {
        lanes: 1,
        inputs: vec![InputLayout {
            channels: 1,
            positions: 1,
            row: 0,
            bits: 8,
            public: true,
            order: InputOrder::default(),
        }],
        outputs: lens.iter().map(output).collect(),
    }
}

fn parsed(text: &str) -> Disclosure {
    text.parse().unwrap()
}

#[test]
fn only_the_rows_of_the_target_say_anything() {
    let layout = layout(&[3, 2]);
    let rows = |text: &str, answer| parsed(text).rows(&answer, &layout, 7).unwrap();
    let silent = |row: &PolicyRow| [row.a, row.t, row.c, row.g] == [Fr::ZERO; 4];
    let first = rows("label", Answer::Label(1));
    assert_eq!(
        first.iter().map(silent).collect::<Vec<_>>(),
        [false, false, false, true, true, true, true]
    );
    let second = rows("1/label", Answer::Label(1));
    assert_eq!(
        second.iter().map(silent).collect::<Vec<_>>(),
        [true, true, true, true, false, false, true]
    );
    let all = rows("all/scores", Answer::Outputs(vec![vec![1, 2, 3], vec![4, 5]]));
    assert_eq!(
        all.iter().map(silent).collect::<Vec<_>>(),
        [false, false, false, true, false, false, true]
    );
    let one = rows("1/threshold:0:7", Answer::Bit(true));
    assert_eq!(one.iter().filter(|row| !silent(row)).count(), 1);
}

#[test]
fn what_is_not_there_is_refused() {
    let two = layout(&[3, 2]);
    for (text, answer, fits) in [
        ("1/label", Answer::Label(1), true),
        ("1/label", Answer::Label(2), false),
        ("2/label", Answer::Label(0), false),
        ("1/threshold:2:0", Answer::Bit(true), false),
        ("all/scores", Answer::Outputs(vec![vec![0; 3]; 2]), false),
        ("all/scores", Answer::Outputs(vec![vec![0; 3], vec![0; 2]]), true),
        ("all/scores", Answer::Outputs(vec![vec![0; 3]]), false),
        ("all/scores", Answer::Scores(vec![0; 3]), false),
        ("scores", Answer::Outputs(vec![vec![0; 3]]), false),
        // Only the second output has ten bits.
        ("1/threshold:0:511", Answer::Bit(true), true),
        ("1/threshold:0:512", Answer::Bit(true), false),
    ] {
        assert_eq!(parsed(text).rows(&answer, &two, 7).is_ok(), fits, "{text} {answer}");
    }
    // Of one output, `all` would be another name for it.
    let one = Answer::Outputs(vec![vec![0; 3]]);
    assert!(parsed("all/scores").rows(&one, &layout(&[3]), 7).is_err());
}

#[test]
fn answers_are_those_of_the_target() {
    let scores = [vec![1, 9, 2], vec![5, 4]];
    let given = |text: &str| parsed(text).answer(&scores, &layout(&[3, 2])).map(|given| given.answer);
    assert_eq!(given("label"), Some(Answer::Label(1)));
    assert_eq!(given("1/label"), Some(Answer::Label(0)));
    assert_eq!(given("2/label"), None);
    assert_eq!(given("all/scores"), Some(Answer::Outputs(scores.to_vec())));
}

#[test]
fn texts_and_bytes() {
    for text in ["label", "1/label", "255/threshold:0:-5", "all/scores", "1/scores"] {
        let disclosure = parsed(text);
        assert_eq!(disclosure.to_string(), text);
        let mut bytes = vec![];
        disclosure.put(&mut bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(Disclosure::read(&mut reader), Ok(disclosure.clone()));
        reader.finish().unwrap();
        assert_eq!(disclosure.validate(), Ok(()));
    }
    assert_eq!(parsed("0/label"), Label.into());
    for bad in [
        "all/label",
        "256/label",
        "x/label",
        "-1/label",
        "/label",
        "1/",
        "all/all/scores",
        "1/1/label",
    ] {
        assert!(bad.parse::<Disclosure>().is_err(), "{bad}");
    }
    let all = |policy: Policy| Disclosure {
        policy,
        target: Target::All,
    };
    assert!(all(Label.into()).validate().is_err());
    let answer = Answer::Outputs(vec![vec![1, -2], vec![3]]);
    assert_eq!(answer.to_string(), "1 -2 | 3");
    assert_eq!(Answer::parse(Form::Outputs, "1 -2 | 3"), Some(answer));
}

#[test]
fn each_output_has_its_own_units_and_bits() {
    let layout = layout(&[3, 2]);
    let fracs = [1, 2];
    let threshold = |output| Disclosure {
        policy: Threshold {
            output: 0,
            threshold: 2,
        }
        .into(),
        target: Target::Output(output),
    };
    let shown = |disclosure: Disclosure| disclosure.words().shown(&fracs);
    assert_eq!(shown(threshold(0)), "threshold: is output 0 at least 1");
    assert_eq!(
        shown(threshold(1)),
        "threshold: is output 0 at least 0.5 (of output tensor 1)"
    );
    let all = Answer::Outputs(vec![vec![2], vec![2]]);
    assert_eq!(parsed("all/scores").answer_words(&all).shown(&fracs), "1 | 0.5");
    let bits = |text: &str| parsed(text).microbits(&layout);
    assert_eq!(bits("label"), 2_000_000);
    assert_eq!(bits("1/label"), 1_584_963);
    // 3 scores of 11 bits and 2 of 10.
    assert_eq!(bits("all/scores"), 53_000_001);
    assert_eq!(bits("2/label"), u64::MAX);
}

#[test]
fn everything_that_is_offered_fits() {
    let names = |lens: &[u32]| {
        let layout = layout(lens);
        let offered = Disclosure::offered(&layout);
        assert!(offered.iter().all(|disclosure| disclosure.fits(&layout)));
        offered.iter().map(Disclosure::name).collect::<BTreeSet<_>>()
    };
    // None of these outputs is a batch.
    let kinds = Policy::KINDS.iter().filter(|about| about.scope != Scope::Items);
    let each = kinds.count();
    assert_eq!(names(&[3]).len(), each);
    let two = names(&[3, 2]);
    assert_eq!(two.len(), 2 * each + 1);
    assert!(two.contains("all/scores") && two.contains("1/margin") && two.contains("margin"));
}

#[test]
fn another_output_is_a_difference() {
    let difference = |a: &str, b: &str| parsed(a).difference(&parsed(b));
    assert_eq!(difference("label", "label"), None);
    assert_eq!(difference("label", "1/label"), Some("output"));
    assert_eq!(difference("label", "1/scores"), Some("policy"));
    assert_eq!(difference("threshold:0:1", "threshold:0:2"), Some("threshold"));
}
