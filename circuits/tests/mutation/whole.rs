//! Outputs that are shown whole: each public cell is the value, on all lanes, and of an output that is not shown nothing is said.

use super::*;
use provenn_circuits::layout::{Ends, LayoutError};

/// Two outputs, one the result of a pool, and the other one twice.
fn several() -> Program {
    let mut model = pooled();
    model.outputs = [2, 1, 1]
        .map(|tensor| Output {
            tensor,
            ..model.outputs[0].clone()
        })
        .to_vec();
    model
}

/// A program with these outputs shown whole, on so many lanes.
fn case(model: &Program, whole: &[usize], lanes: usize, public: bool) -> Case {
    let model = model.clone().with_whole(whole);
    let shape = |k| Shape {
        whole: whole.to_vec(),
        ..shape(k, lanes, public)
    };
    let layout = (6..11)
        .find_map(|k| Layout::build(&model, shape(k)).ok())
        .expect("fits");
    let trace = run(&model, &random(3, model.tensors[0].len(), 16)).expect("in range");
    Case::build(model, layout, trace)
}

/// Of each kind of tensor, whole and beside outputs with policy rows, with padding and without.
pub fn all() -> Vec<(String, Case)> {
    let programs: [(&str, Program, &[usize]); 7] = [
        ("dense", dense(&[5, 7, 3]), &[0]),
        ("conv", conv(), &[0]),
        ("pooled", pooled(), &[0]),
        ("activated", activated(), &[0]),
        ("divided", divided(), &[0]),
        ("several", several(), &[0, 1, 2]),
        ("one of several", several(), &[1]),
    ];
    let mut cases = vec![];
    for (name, model, whole) in programs {
        for (lanes, public) in [(1, true), (2, false), (3, true), (4, false)] {
            let name = format!("{name}, {whole:?} whole, {lanes} lanes, public {public}");
            cases.push((name, case(&model, whole, lanes, public)));
        }
    }
    cases
}

#[test]
fn whole_outputs_satisfy_the_circuit() {
    for (name, case) in all() {
        assert_eq!(case.verify(), Ok(()), "{name}");
        let scored = case.model.outputs.len() - case.layout.shape.whole.len();
        assert_eq!(case.layout.policy_rows > 0, scored > 0, "{name}");
    }
}

#[test]
fn the_gate_of_whole_outputs_is_needed() {
    for (_, case) in all() {
        let mut f = Forge::new(&case);
        let (layout, model) = (f.base.layout.clone(), f.base.model.clone());
        for index in layout.shape.whole.clone() {
            for &row in &layout.rows[model.outputs[index].tensor] {
                for lane in 0..layout.shape.lanes {
                    f.expect(&format!("lane {lane}/value is the public output#"), |t| {
                        t.instance[4 + lane][row] += Fr::one();
                    });
                }
            }
        }
    }
}

/// What a claim does not speak of may be anything, and so tells nothing.
#[test]
fn a_whole_output_that_is_not_shown_says_nothing() {
    for (name, case) in all() {
        let mut t = Table::new(&case, 5);
        let shown = 4 + t.layout.shape.lanes;
        let (layout, model) = (t.layout.clone(), t.model.clone());
        for &index in &layout.shape.whole {
            for &row in &layout.rows[model.outputs[index].tensor] {
                t.instance[shown][row] = Fr::zero();
                (0..layout.shape.lanes).for_each(|lane| t.instance[4 + lane][row] = Fr::zero());
            }
        }
        assert_eq!(t.violations(), BTreeSet::new(), "{name}");
    }
}

/// Rows that two outputs have, or that stand among others, have no layout; nor have segments and batches.
#[test]
fn what_cannot_be_shown_whole_has_no_layout() {
    let (plain, mut twice) = (dense(&[5, 7, 3]), dense(&[5, 7, 3]));
    twice.outputs.push(twice.outputs[0].clone());
    let build = |model: &Program, change: &dyn Fn(&mut Shape)| {
        let mut shape = shape(8, 2, true);
        shape.whole = vec![0];
        change(&mut shape);
        Layout::build(model, shape).map(drop)
    };
    let refused = Err(LayoutError::Malformed);
    assert_eq!(build(&plain, &|_| {}), Ok(()));
    assert_eq!(build(&twice, &|shape| shape.whole = vec![1]), Ok(()));
    assert_eq!(build(&twice, &|shape| shape.whole = vec![0, 1]), refused);
    assert_eq!(
        build(&twice.clone().with_whole(&[0, 1]), &|shape| shape.whole = vec![0, 1]),
        Ok(())
    );
    assert_eq!(
        build(&twice.with_whole(&[0, 1]), &|shape| shape.whole = vec![1, 0]),
        refused
    );
    assert_eq!(build(&plain, &|shape| shape.whole = vec![1]), refused);
    assert_eq!(build(&pooled(), &|_| {}), refused);
    assert_eq!(build(&pooled().with_whole(&[0]), &|_| {}), Ok(()));
    assert_eq!(build(&plain, &|shape| shape.items = 1), refused);
    assert_eq!(build(&plain, &|shape| shape.ends.takes = Some(9)), refused);
    assert_eq!(
        build(&plain, &|shape| shape.ends = Ends {
            gives: Some(9),
            ..Ends::default()
        }),
        refused
    );
}
