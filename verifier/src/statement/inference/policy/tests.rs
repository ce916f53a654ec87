//! Every policy, exhaustively, against its meaning: of all answers, exactly the right one has rows that hold.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests"
)]

use super::super::columns::signed;
use super::*;
use provenn_bn254::Fr;
use std::collections::BTreeSet;

const OUTPUTS: u32 = 3;
/// Scores are in -4..4.
const BITS: u32 = 3;

fn output() -> OutputLayout {
    OutputLayout {
        len: OUTPUTS,
        rows: OUTPUTS,
        bits: BITS,
    }
}

fn parsed(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(text, |word| word.parse().ok())
}

fn all_scores() -> impl Iterator<Item = Vec<i64>> {
    (0..512).map(|n| vec![n % 8 - 4, n / 8 % 8 - 4, n / 64 - 4])
}

/// Every parameter that fits, and those one beyond.
fn policies() -> Vec<Policy> {
    let texts = Policy::ALL.iter().flat_map(|policy| {
        policy
            .about()
            .parameters
            .iter()
            .fold(vec![policy.name().to_owned()], |texts, parameter| {
                let values = match parameter.unit {
                    Unit::Output => 0..=i64::from(OUTPUTS),
                    Unit::Score => -5..=4,
                };
                let grown = texts
                    .iter()
                    .flat_map(|text| values.clone().map(move |value| format!("{text}:{value}")));
                grown.collect()
            })
    });
    texts.filter_map(|text| parsed(&text).ok()).collect()
}

fn answers(form: Form) -> Vec<Answer> {
    match form {
        Form::Scores => all_scores().map(Answer::Scores).collect(),
        // No policy has it by itself.
        Form::Outputs => vec![],
        Form::Label => (0..=OUTPUTS).map(Answer::Label).collect(),
        Form::Bit => vec![Answer::Bit(false), Answer::Bit(true)],
        Form::Yes => vec![Answer::Yes],
    }
}

/// Whether the gates hold for some `top` among the integers near the scores.
fn holds(rows: &[PolicyRow], scores: &[i64]) -> bool {
    let reads_top = rows.iter().any(|row| row.t != Fr::ZERO);
    (if reads_top { -20..20 } else { 0..1 }).any(|top| {
        rows.iter().zip(scores).all(|(row, score)| {
            let d = row.a * signed(*score) + row.t * signed(top) + row.c;
            let [low, high @ ..] = d.to_bytes();
            (low < 128 && high == [0; 31]) && row.g * d == Fr::ZERO
        })
    })
}

#[test]
fn exactly_one_answer_is_provable() {
    let mut refused = 0;
    for policy in policies() {
        let rows: Vec<(Answer, Vec<PolicyRow>)> = answers(policy.about().form)
            .into_iter()
            .filter_map(|answer| policy.rows(&answer, &output()).ok().map(|rows| (answer, rows)))
            .collect();
        assert_eq!(rows.is_empty(), !policy.fits(&output()), "{policy}");
        for scores in all_scores().filter(|_| policy.fits(&output())) {
            let holding = rows.iter().filter(|(_, rows)| holds(rows, &scores));
            let provable: Vec<&Answer> = holding.map(|(answer, _)| answer).collect();
            let given = policy.answer(&scores).map(|given| given.answer);
            refused += usize::from(given.is_none());
            assert_eq!(provable, given.iter().collect::<Vec<_>>(), "{policy} {scores:?}");
        }
    }
    assert!(refused > 1000, "yes-only and margin refuse");
}

/// The bits that are charged are the logarithm of the number of answers that occur, "no receipt" being one more.
#[test]
fn as_many_answers_as_are_counted() {
    for policy in Policy::ALL {
        let given = all_scores().filter_map(|scores| policy.answer(&scores).map(|given| given.answer.to_string()));
        let count = u32::try_from(given.collect::<BTreeSet<_>>().len()).unwrap();
        assert_eq!(
            policy.microbits(OUTPUTS, BITS),
            Answers::Of(count).microbits(),
            "{policy}"
        );
    }
}

#[test]
fn names_and_tags_are_their_own() {
    let names: BTreeSet<_> = Policy::ALL.iter().map(Policy::name).collect();
    let tags: BTreeSet<_> = Policy::ALL.iter().map(|policy| policy.about().tag).collect();
    assert_eq!((names.len(), tags.len()), (Policy::ALL.len(), Policy::ALL.len()));
}

#[test]
fn grammar() {
    for policy in policies() {
        assert_eq!(parsed(&policy.to_string()), Ok(policy.clone()));
        for answer in answers(policy.about().form) {
            assert_eq!(Answer::parse(answer.form(), &answer.to_string()), Some(answer));
        }
        let mut bytes = vec![];
        policy.put(&mut bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(Policy::read(&mut reader), Ok(policy));
        reader.finish().unwrap();
    }
    for bad in [
        "",
        "score",
        "label:1",
        "scores:",
        "threshold",
        "threshold:1",
        "threshold:x:1",
        "threshold:-1:1",
        "threshold:4294967296:1",
        "yes-only:0:nan",
        "yes-only:0:1:2",
        "margin:0",
        "margin:-1",
    ] {
        assert!(parsed(bad).is_err(), "{bad}");
    }
    assert_eq!(
        Policy::grammar(),
        "label, scores, threshold:OUTPUT:VALUE, yes-only:OUTPUT:VALUE, margin:VALUE"
    );
    let halves = |word: &str| word.parse::<f64>().ok().map(|value| (value * 2.0) as i64);
    assert_eq!(
        Policy::parse("threshold:3:-0.5", halves).unwrap().to_string(),
        "threshold:3:-1"
    );
}
