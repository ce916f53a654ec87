//! Folded weights: a receipt holds for the committed lanes alone, in their order.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_circuits::argument::Objective;
use provenn_circuits::compile::default_samples;
use provenn_circuits::layout::{Features, Layout, Shape};
use provenn_circuits::program::{quantize_inputs, Program, Step};
use provenn_prover::audit::audit;
use provenn_prover::commit::{commit, compile, CommitOptions, Committed, Compiled};
use provenn_prover::srs::Srs;
use provenn_prover::{prove, Input, ProveError};
use provenn_verifier::{policy, Context, VerifyError};
use std::sync::Arc;

struct Honest {
    compiled: Compiled,
    committed: Committed,
    srs: Srs,
    values: Vec<i64>,
}

impl Honest {
    fn new() -> Self {
        Self::on_columns("models/digits_mlp", 1)
    }

    fn file(name: &str) -> Vec<u8> {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::read(format!("{root}/../fixtures/{name}.onnx")).unwrap()
    }

    /// A model laid out with so many line columns.
    fn on_columns(name: &str, line_columns: usize) -> Self {
        let file = Self::file(name);
        let options = CommitOptions {
            objective: Objective::Prove,
            ..CommitOptions::default()
        };
        let mut compiled = compile(&file, &options).unwrap();
        let chosen = compiled.layout.shape.clone();
        let shapes = (chosen.k..chosen.k + 3).map(|k| Shape {
            k,
            line_columns,
            weight_lanes: 0,
            slots: 2,
            features: Features::default(),
            ..chosen.clone()
        });
        let mut layouts = shapes.filter_map(|shape| Layout::build(&compiled.model, shape).ok());
        compiled.layout = Arc::new(layouts.next().expect("fits"));
        let srs = Srs::dev_from_seed(compiled.layout.shape.k, [4; 32]);
        let committed = commit(&compiled, &options, &srs).unwrap();
        let sample = default_samples(&compiled.graph, 1).remove(0);
        let values = quantize_inputs(&committed.model, &sample).unwrap().remove(0);
        Self {
            compiled,
            committed,
            srs,
            values,
        }
    }

    fn layout(&self) -> &Layout {
        &self.committed.layout
    }

    /// A receipt of the honest card by a prover who runs another program, or has other openings.
    fn prove(
        &mut self,
        edit: impl FnOnce(&mut Program, &mut Vec<Vec<halo2curves::bn256::Fr>>),
    ) -> Result<(), ProveError> {
        let mut program = (*self.compiled.model).clone();
        let tails = self.committed.tails.clone();
        edit(&mut program, &mut self.committed.tails);
        self.committed.model = Arc::new(program);
        let inputs = [Input::Public(self.values.clone())];
        let (context, kind) = (Context::default(), policy::Scores.into());
        let result = prove(&self.committed, &self.srs, &inputs, kind, context, &|_| {});
        self.committed.model = self.compiled.model.clone();
        self.committed.tails = tails;
        result.map(drop)
    }

    fn refuses(&mut self, what: &str, edit: impl FnOnce(&mut Program, &mut Vec<Vec<halo2curves::bn256::Fr>>)) {
        let result = self.prove(edit);
        // The proof itself is right, for some weights: the link alone refuses it.
        assert!(
            matches!(result, Err(ProveError::Refused(VerifyError::LinkFailed))),
            "{what}: {result:?}"
        );
    }
}

/// Changes weights of the first step, given how many each output channel has.
fn edit(program: &mut Program, change: impl FnOnce(&mut Vec<i64>, usize)) {
    let channels = program.tensors[1].channels;
    let Step::Affine(affine) = &mut program.tensors[1].step else {
        panic!("the first step has weights")
    };
    let weights = &mut affine.contractions[0].weights;
    let each = weights.len() / channels;
    weights.edit(|weights| change(weights, each));
}

#[test]
fn only_the_committed_lanes_in_their_order_have_receipts() {
    let mut honest = Honest::new();
    assert!(honest.layout().shape.weight_lanes > 2, "several lanes are folded");
    honest.prove(|_, _| {}).unwrap();
    honest.refuses("one weight moved", |program, _| {
        edit(program, |weights, _| weights[0] += 1)
    });
    honest.refuses("a pair of weights that keeps the sum of its lane", |program, _| {
        edit(program, |weights, _| {
            (weights[0], weights[1]) = (weights[0] + 1, weights[1] - 1)
        });
    });
    honest.refuses("weights that keep the sum over lanes", |program, _| {
        edit(program, |weights, each| {
            (weights[0], weights[each]) = (weights[0] + 1, weights[each] - 1);
        });
    });
    honest.refuses("lanes permuted", |program, _| {
        edit(program, |weights, each| {
            let (one, other) = weights.split_at_mut(each);
            one.swap_with_slice(&mut other[..each]);
        });
    });
    honest.refuses("each lane with the next power of the challenge", |program, _| {
        edit(program, |weights, each| weights.rotate_right(each));
    });
    honest.refuses("another model's weights", |program, _| {
        edit(program, |weights, _| {
            weights.iter_mut().for_each(|weight| *weight = -*weight)
        });
    });
    honest.refuses("the tail of another column", |_, tails| tails.swap(0, 1));
    honest.refuses("a tail that is not the committed one", |_, tails| {
        tails[0][0] += halo2curves::bn256::Fr::one();
    });
}

#[test]
fn line_columns_prove_and_pass_audits() {
    for (name, columns) in [
        ("models/digits_mlp", 2),
        ("models/digits_cnn", 4),
        ("operators/cases/conv_2d_groups", 2),
        ("operators/cases/conv_1d_depthwise", 8),
    ] {
        let mut honest = Honest::on_columns(name, columns);
        assert_eq!(honest.committed.card.key.linked.weights.columns.len(), columns);
        honest.prove(|_, _| {}).unwrap();
        if name.ends_with("mlp") {
            honest.refuses("weights of neighbouring line columns exchanged", |program, _| {
                edit(program, |weights, _| weights.swap(0, 1))
            });
        }
        let (card, tails) = (&honest.committed.card, &honest.committed.tails);
        let checks = audit(&Honest::file(name), card, &honest.srs, Some(tails)).unwrap();
        let failing: Vec<_> = checks.iter().filter(|c| !c.holds).map(|c| c.name).collect();
        assert_eq!(failing, [""; 0], "{name}, {columns} columns");
    }
}
