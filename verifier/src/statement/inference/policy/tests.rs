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
/// `d` has seven bits.
const WIDTH: Option<u32> = Some(7);

fn output() -> OutputLayout {
    OutputLayout {
        len: OUTPUTS,
        rows: OUTPUTS,
        bits: BITS,
        items: 0,
        whole: None,
    }
}

fn parsed(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(text, |word| word.parse().ok(), None)
}

/// All sets of 0..len, ascending.
fn sets(len: u32) -> impl Iterator<Item = Vec<u32>> {
    (0..1u32 << len).map(move |set| (0..len).filter(|member| set >> member & 1 == 1).collect())
}

fn all_scores() -> impl Iterator<Item = Vec<i64>> {
    (0..512).map(|n| vec![n % 8 - 4, n / 8 % 8 - 4, n / 64 - 4])
}

/// Every parameter that fits, and those one beyond.
fn policies() -> Vec<Policy> {
    let texts = Policy::KINDS.iter().flat_map(|about| {
        about
            .parameters
            .iter()
            .fold(vec![about.name.to_owned()], |texts, parameter| {
                let values: Vec<String> = match parameter.unit {
                    Unit::Output | Unit::Count => (0..=OUTPUTS + 1).map(|value| value.to_string()).collect(),
                    Unit::Outputs => sets(OUTPUTS + 1)
                        .map(|set| set.iter().map(u32::to_string).collect::<Vec<_>>().join(":"))
                        .collect(),
                    Unit::Items => (1..=2).map(|value| value.to_string()).collect(),
                    Unit::Class | Unit::Classes | Unit::Labels | Unit::Groups | Unit::Marks => {
                        ["0", "0:1", "1:2"].map(str::to_owned).to_vec()
                    }
                    Unit::Score | Unit::Lead => (-5..=4).map(|value| value.to_string()).collect(),
                };
                let grown = texts
                    .iter()
                    .flat_map(|text| values.iter().map(move |value| format!("{text}:{value}")));
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
        Form::Labels => {
            let wrong = [vec![1, 0], vec![0, 0], vec![0, 1, 1]];
            sets(OUTPUTS + 1).chain(wrong).map(Answer::Labels).collect()
        }
        Form::Bit => vec![Answer::Bit(false), Answer::Bit(true)],
        Form::Yes => vec![Answer::Yes],
        Form::Count => (0..4).map(Answer::Count).collect(),
        Form::Counts => [vec![], vec![1, 0, 0, 1]].map(Answer::Counts).to_vec(),
        Form::Gap => [-3, 0, 1 << 30].map(Answer::Gap).to_vec(),
    }
}

/// Whether the gates hold for some `top` among the integers near the scores and what they are multiplied with.
fn holds(rows: &[PolicyRow], scores: &[i64]) -> bool {
    let reads_top = rows.iter().any(|row| row.t != Fr::ZERO);
    (if reads_top { -40..40 } else { 0..1 }).any(|top| holds_with(top, rows, scores))
}

fn holds_with(top: i64, rows: &[PolicyRow], scores: &[i64]) -> bool {
    rows.iter().zip(scores).all(|(row, score)| {
        let d = row.a * signed(*score) + row.t * signed(top) + row.c;
        let [low, high @ ..] = d.to_bytes();
        (low < 128 && high == [0; 31]) && row.g * d == Fr::ZERO
    })
}

#[test]
fn exactly_one_answer_is_provable() {
    let mut refused = 0;
    for policy in policies() {
        let rows: Vec<(Answer, Vec<PolicyRow>)> = answers(policy.about().form)
            .into_iter()
            .filter_map(|answer| policy.rows(&answer, &output(), WIDTH).ok().map(|rows| (answer, rows)))
            .collect();
        let fits = policy.check(Some(&output())).is_ok();
        assert_eq!(rows.is_empty(), !fits, "{policy}");
        for scores in all_scores().filter(|_| fits) {
            let holding = rows.iter().filter(|(_, rows)| holds(rows, &scores));
            let provable: Vec<&Answer> = holding.map(|(answer, _)| answer).collect();
            let given = policy.answer(&scores, &output()).map(|given| given.answer);
            refused += usize::from(given.is_none());
            assert_eq!(provable, given.iter().collect::<Vec<_>>(), "{policy} {scores:?}");
        }
    }
    assert!(refused > 1000, "yes-only, margin and label-in refuse");
}

/// More outputs, few values: ties at the cut, and members and others in many runs.
#[test]
fn exactly_one_set_is_provable() {
    const SEVEN: u32 = 7;
    let output = OutputLayout {
        len: SEVEN,
        rows: SEVEN,
        bits: BITS,
        items: 0,
        whole: None,
    };
    let mut state = 1u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        i64::try_from(state >> 62).unwrap() - 2
    };
    for count in 1..=SEVEN {
        let policy = Policy::from(Top { count });
        let rows: Vec<(Answer, Vec<PolicyRow>)> = sets(SEVEN)
            .map(Answer::Labels)
            .filter_map(|answer| policy.rows(&answer, &output, WIDTH).ok().map(|rows| (answer, rows)))
            .collect();
        assert_eq!(Answers::Sets { of: SEVEN, size: count }.microbits(), {
            Answers::Of(u32::try_from(rows.len()).unwrap()).microbits()
        });
        for _ in 0..30 {
            let scores: Vec<i64> = (0..SEVEN).map(|_| draw()).collect();
            let holding = rows.iter().filter(|(_, rows)| holds(rows, &scores));
            let provable: Vec<&Answer> = holding.map(|(answer, _)| answer).collect();
            let given = policy.answer(&scores, &output).unwrap();
            assert_eq!(provable, [&given.answer], "{policy} {scores:?}");
        }
    }
}

/// What `answer` gives as `top` is one with which the rows hold: provers use no other.
#[test]
fn the_top_that_is_given_holds() {
    for policy in policies()
        .into_iter()
        .filter(|policy| policy.check(Some(&output())).is_ok())
    {
        for scores in all_scores() {
            let Some(given) = policy.answer(&scores, &output()) else {
                continue;
            };
            let rows = policy.rows(&given.answer, &output(), WIDTH).unwrap();
            assert!(
                holds_with(given.top.unwrap_or(0), &rows, &scores),
                "{policy} {scores:?}"
            );
        }
    }
}

#[test]
fn ranges_are_stated() {
    let said = |text: &str| parsed(text).and_then(|policy| policy.check(Some(&output())).map_err(PolicyError::Range));
    for (text, error) in [
        (
            "threshold:3:0",
            "output index 3 is out of range: from 0 to 2 is possible",
        ),
        (
            "threshold:0:4",
            "threshold 4 is out of range: from -4 to 3 is possible (integers of the quantized model)",
        ),
        (
            "margin:0",
            "margin 0 is out of range: from 1 to 1099511627775 is possible (integers of the quantized model)",
        ),
        ("top:4", "count 4 is out of range: from 1 to 3 is possible"),
        ("label-in:1:3", "outputs 3 is out of range: from 0 to 2 is possible"),
    ] {
        assert_eq!(said(text).unwrap_err().to_string(), error);
    }
    let answered = |text: &str, answer| {
        parsed(text)
            .unwrap()
            .rows(&answer, &output(), WIDTH)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        answered("label", Answer::Label(3)),
        "label 3 is out of range: from 0 to 2 is possible"
    );
    assert_eq!(
        answered("scores", Answer::Scores(vec![0; 2])),
        "number of scores 2 is out of range: from 3 to 3 is possible"
    );
    assert_eq!(
        answered("label-in:1", Answer::Label(0)),
        "the policy never gives this answer"
    );
    assert_eq!(
        answered("label", Answer::Yes),
        "the policy has an answer of the form `label`, and this is another"
    );
}

/// The bits that are charged are the logarithm of the number of answers that occur, "no receipt" being one more.
#[test]
fn as_many_answers_as_are_counted() {
    let sized = policies()
        .into_iter()
        .filter(|policy| policy.about().sized && policy.check(Some(&output())).is_ok());
    let widest = Policy::widest(&output()).into_iter();
    let widest = widest.filter(|policy| policy.check(Some(&output())).is_ok());
    for policy in widest.chain(sized) {
        let given =
            all_scores().filter_map(|scores| policy.answer(&scores, &output()).map(|given| given.answer.to_string()));
        let count = u32::try_from(given.collect::<BTreeSet<_>>().len()).unwrap();
        assert_eq!(policy.microbits(&output()), Answers::Of(count).microbits(), "{policy}");
    }
}

#[test]
fn names_and_tags_are_their_own() {
    let names: BTreeSet<_> = Policy::KINDS.iter().map(|about| about.name).collect();
    let tags: BTreeSet<_> = Policy::KINDS.iter().map(|about| about.tag).collect();
    assert_eq!((names.len(), tags.len()), (Policy::KINDS.len(), Policy::KINDS.len()));
    let widest = Policy::widest(&output());
    assert!(widest
        .iter()
        .map(Policy::name)
        .eq(Policy::KINDS.iter().map(|about| about.name)));
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
        "round:0",
        "round:3",
        "round:-4",
        "top",
        "top:0",
        "top:1:2",
        "label-in",
        "label-in:",
        "label-in:x",
    ] {
        assert!(parsed(bad).is_err(), "{bad}");
    }
    assert_eq!(
        Policy::grammar(),
        "label, scores, threshold:OUTPUT:VALUE, yes-only:OUTPUT:VALUE, margin:VALUE, top:COUNT, label-in:OUTPUT:.., round:VALUE, \
         labels, accuracy:LABEL:.., confusion:LABEL:.., count:ITEMS:MINIMUM:LABEL:.., at-least:ITEMS:COUNT:LABEL:.., by-group:LABEL:GROUP:.., gap:LABEL:GROUP:.., accuracy-gap:LABEL:GROUP:.."
    );
    let halves = |word: &str| word.parse::<f64>().ok().map(|value| (value * 2.0) as i64);
    assert_eq!(
        Policy::parse("threshold:3:-0.5", halves, None).unwrap().to_string(),
        "threshold:3:-1"
    );
    assert_eq!(parsed("label-in:7:0:7").unwrap().to_string(), "label-in:0:7");
    let difference = |a: &str, b: &str| parsed(a).unwrap().difference(&parsed(b).unwrap());
    assert_eq!(difference("label-in:0:1", "label-in:0:1:2"), Some("outputs"));
    assert_eq!(difference("label-in:0:1:2", "label-in:0:1"), Some("outputs"));
    assert_eq!(difference("top:2", "top:2"), None);
    // A set has one encoding.
    for set in [vec![1, 0], vec![0, 0], vec![]] {
        let mut bytes = vec![];
        let policy = Policy::from(LabelIn { outputs: set });
        policy.put(&mut bytes);
        let refused = Err(VerifyError::PolicyOutOfRange(OutOfRange::Set));
        assert_eq!(Policy::read(&mut Reader::new(&bytes)), refused);
        assert_eq!(policy.validate(), refused.map(drop));
    }
}
