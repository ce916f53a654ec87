//! Policies in the circuit of a model: of all answers, the mock prover takes the right one.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::common::Case;
use halo2curves::bn256::Fr;
use provenn_circuits::argument::{row_sets, Witness};
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_prover::commit::{compile, CommitOptions, CommittedInputs, Compiled};
use provenn_verifier::policy::OutOfRange;
use provenn_verifier::{
    Answer, Disclosure, InputBinding, InputLayout, InputOrder, InstanceLayout, Item, OutputLayout, VerifyError,
};

/// The second output of the fixture, with three scores.
const OUTPUT: usize = 1;

fn compiled() -> Compiled {
    let bytes = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/models/conflict_check.onnx"
    ))
    .unwrap();
    let options = CommitOptions {
        committed_inputs: CommittedInputs::All,
        ..CommitOptions::default()
    };
    compile(&bytes, &options).unwrap()
}

fn instance_layout(compiled: &Compiled) -> InstanceLayout {
    let (model, layout) = (&compiled.model, &compiled.layout);
    let bits = model.precision.bits();
    let input = |shape: &provenn_circuits::layout::InputShape| InputLayout {
        channels: shape.channels as u32,
        positions: shape.positions as u32,
        row: 0,
        bits,
        public: false,
        order: InputOrder::default(),
    };
    let outputs = layout.outputs.iter().enumerate();
    InstanceLayout {
        lanes: layout.shape.lanes as u32,
        inputs: layout.shape.inputs.iter().map(input).collect(),
        outputs: outputs
            .map(|(index, (_, rows))| OutputLayout {
                len: model.output(index).len() as u32,
                rows: *rows as u32,
                bits,
                items: 0,
                whole: None,
            })
            .collect(),
    }
}

/// A policy that is asked of a run, with one of the answers that could be claimed.
fn is_provable(
    compiled: &Compiled,
    values: &[Vec<i64>],
    policy: &Disclosure,
    answer: &Answer,
    top: i64,
) -> Option<bool> {
    let binding = InputBinding::Committed { points: vec![] };
    let item = Item {
        inputs: vec![binding; values.len()],
        answer: answer.clone(),
    };
    let k = compiled.layout.shape.k;
    let columns = match item.columns(&instance_layout(compiled), k, policy) {
        Err(VerifyError::PolicyOutOfRange(OutOfRange::Answer)) => return None,
        columns => columns.unwrap(),
    };
    let columns: Vec<Vec<Fr>> = columns
        .into_iter()
        .map(|column| column.into_iter().map(Fr::from).collect())
        .collect();
    let rows = (0..compiled.layout.policy_rows)
        .map(|row| [0, 1, 2].map(|column: usize| columns[column][row]))
        .collect();
    let witness = Witness {
        trace: execute(&compiled.model, values).unwrap(),
        top,
        counts: None,
        policy: rows,
    };
    let instances = columns.into_iter().chain(row_sets(compiled.layout.shape.usable()));
    let case = Case {
        model: compiled.model.clone(),
        layout: compiled.layout.clone(),
        witness,
        instances: instances.collect(),
    };
    let holds = case.verify().is_ok();
    assert!(
        !holds || case.witness.states(&case.model, &case.layout),
        "{policy} {answer}"
    );
    Some(holds)
}

/// The right answer and those beside it.
fn answers(given: &Answer, step: i64) -> Vec<Answer> {
    match given {
        Answer::Label(_) => (0..3).map(Answer::Label).collect(),
        Answer::Labels(right) => (0..8u32)
            .map(|set| (0..3).filter(|member| set >> member & 1 == 1).collect::<Vec<u32>>())
            .filter(|members| members.len() == right.len())
            .map(Answer::Labels)
            .collect(),
        Answer::Scores(scores) => {
            let moved = |at: usize, by| {
                let mut scores = scores.clone();
                scores[at] += by;
                Answer::Scores(scores)
            };
            let moves = (0..3).flat_map(|at| [-step, -1, 1, step].map(|by| moved(at, by)));
            [given.clone()].into_iter().chain(moves).collect()
        }
        Answer::Bit(_) => vec![Answer::Bit(false), Answer::Bit(true)],
        Answer::Yes => vec![Answer::Yes],
        Answer::Outputs(_) | Answer::Count(_) | Answer::Counts(_) | Answer::Gap(_) => vec![],
    }
}

#[test]
fn one_answer_is_provable() {
    let compiled = compiled();
    let sample = compiled.calibration.rows[0].clone();
    let values = quantize_inputs(&compiled.model, &sample).unwrap();
    let outputs = execute(&compiled.model, &values).unwrap().outputs(&compiled.model);
    let scores = outputs[OUTPUT].clone();
    assert_eq!(scores.len(), 3);
    let (step, mut refused) = (64, 0);
    let asked = [
        "label".to_owned(),
        "margin:1".into(),
        "label-in:0:1:2".into(),
        "top:1".into(),
        "top:2".into(),
        "top:3".into(),
        "round:1".into(),
        format!("round:{step}"),
        format!("threshold:2:{}", scores[2]),
        format!("threshold:2:{}", scores[2] + 1),
    ];
    for text in asked {
        let policy: Disclosure = format!("{OUTPUT}/{text}").parse().unwrap();
        let given = policy.answer(&outputs, &instance_layout(&compiled)).unwrap();
        for answer in answers(&given.answer, step) {
            let right = answer == given.answer;
            // What a liar would try: the tops of the truth, and every score.
            let tops = given
                .top
                .into_iter()
                .chain(scores.iter().copied().filter(|_| !right && given.top.is_some()));
            let tops: Vec<i64> = tops.chain(given.top.is_none().then_some(0)).collect();
            let provable = tops
                .into_iter()
                .filter_map(|top| is_provable(&compiled, &values, &policy, &answer, top))
                .any(|holds| holds);
            assert_eq!(provable, right, "{policy}: {answer}, {scores:?}");
            refused += usize::from(!right);
        }
    }
    assert!(refused > 20, "{refused}");
}
