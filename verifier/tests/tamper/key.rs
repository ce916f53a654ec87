//! Rows on the verifying key of the model's circuit. The registration binds it, so that a key that is valid in itself is
//! refused with the card; only what concerns the key alone is refused before.

use super::rows::{rebind, row};
use super::{Row, Subject};
use provenn_bn254::{Fr, G1Affine};
use provenn_verifier::*;

pub fn key() -> Vec<Row> {
    vec![
        row("KeyParts.k", "one more", "srs-mismatch", |s| s.key.k += 1),
        row("KeyParts.k", "29", "too-large", |s| s.key.k = 29),
        row("KeyParts.k", "4", "key-invalid", |s| s.key.k = 4),
        row("KeyParts.blinding_factors", "one more", "srs-mismatch", |s| {
            s.key.blinding_factors += 1
        }),
        row("KeyParts.blinding_factors", "none", "key-invalid", |s| {
            s.key.blinding_factors = 0
        }),
        row("KeyParts.degree", "one more", "registration-failed", |s| {
            s.key.degree += 1
        }),
        row("KeyParts.degree", "2", "key-invalid", |s| s.key.degree = 2),
        row("KeyParts.degree", "18", "key-invalid", |s| s.key.degree = 18),
        row(
            "KeyParts.advice_phases",
            "the last one earlier",
            "registration-failed",
            |s| {
                *s.key.advice_phases.last_mut().unwrap() -= 1;
            },
        ),
        row("KeyParts.advice_phases", "a fourth phase", "key-invalid", |s| {
            *s.key.advice_phases.last_mut().unwrap() = 3;
        }),
        row(
            "KeyParts.challenge_phases",
            "the last one earlier",
            "registration-failed",
            |s| {
                *s.key.challenge_phases.last_mut().unwrap() -= 1;
            },
        ),
        row(
            "KeyParts.challenge_phases",
            "a phase without columns",
            "key-invalid",
            |s| {
                s.key.challenge_phases.push(3);
            },
        ),
        row("KeyParts.instance_columns", "one more", "key-invalid", |s| {
            s.key.instance_columns += 1
        }),
        row("KeyParts.advice_queries", "two swapped", "registration-failed", |s| {
            s.key.advice_queries.swap(0, 1)
        }),
        row("KeyParts.advice_queries", "one twice", "key-invalid", |s| {
            s.key.advice_queries[1] = s.key.advice_queries[0];
        }),
        row("KeyParts.advice_queries", "of no column", "key-invalid", |s| {
            s.key.advice_queries[0].0 = 4000
        }),
        row("KeyParts.advice_queries", "half the rows away", "key-invalid", |s| {
            let rotation = 1 << (s.key.k - 1);
            s.key.advice_queries.push((0, rotation));
        }),
        row(
            "KeyParts.instance_queries",
            "another rotation",
            "registration-failed",
            |s| {
                s.key.instance_queries.push((0, 1));
            },
        ),
        row("KeyParts.instance_queries", "a large rotation", "too-large", |s| {
            s.key.k = 20;
            s.key.instance_queries.push((0, 1025));
        }),
        row("KeyParts.fixed_queries", "two swapped", "registration-failed", |s| {
            s.key.fixed_queries.swap(0, 1)
        }),
        row(
            "KeyParts.fixed_commitments",
            "another point",
            "registration-failed",
            |s| {
                s.key.fixed_commitments[0] = s.srs.g1;
            },
        ),
        row(
            "KeyParts.fixed_commitments",
            "another point, card and claim bound again",
            "registration-failed",
            |s| {
                s.key.fixed_commitments[0] = s.srs.g1;
                rebind(s);
            },
        ),
        row(
            "KeyParts.permutation_columns",
            "two swapped",
            "registration-failed",
            |s| {
                s.key.permutation_columns.swap(0, 1);
            },
        ),
        row("KeyParts.permutation_columns", "one twice", "key-invalid", |s| {
            s.key.permutation_columns[1] = s.key.permutation_columns[0];
        }),
        row("PermutationColumn.kind", "another kind", "key-invalid", |s| {
            s.key.permutation_columns[0].kind = ColumnKind::Instance;
        }),
        row("PermutationColumn.index", "no such column", "key-invalid", |s| {
            s.key.permutation_columns[0].index = 4000;
        }),
        row(
            "KeyParts.permutation_commitments",
            "another point",
            "registration-failed",
            |s| {
                s.key.permutation_commitments[0] = s.srs.g1;
            },
        ),
        row("KeyParts.permutation_commitments", "the identity", "bad-point", |s| {
            s.key.permutation_commitments[0] = G1Affine::IDENTITY;
        }),
        row("KeyParts.permutation_commitments", "one fewer", "key-invalid", |s| {
            s.key.permutation_commitments.pop();
        }),
        row("KeyParts.transcript_repr", "one more", "registration-failed", |s| {
            s.key.transcript_repr += Fr::ONE
        }),
        row("KeyParts.gates", "the first one gone", "registration-failed", |s| {
            drop(s.key.gates.remove(0))
        }),
        row(
            "KeyParts.gates",
            "the first one gone, card and claim bound again",
            "registration-failed",
            |s| {
                s.key.gates.remove(0);
                rebind(s);
            },
        ),
        row("KeyParts.gates", "an empty one", "key-invalid", |s| {
            s.key.gates[0].clear()
        }),
        row("KeyParts.gates", "a stack that underflows", "key-invalid", |s| {
            s.key.gates[0].push(Expr::Sum)
        }),
        row("KeyParts.gates", "a query that does not exist", "key-invalid", |s| {
            s.key.gates[0] = vec![Expr::Fixed(9999)];
        }),
        row("KeyParts.gates", "a stack that is too deep", "key-invalid", |s| {
            s.key.gates[0] = vec![Expr::Constant(Fr::ONE); 4097];
            s.key.gates[0].extend(vec![Expr::Sum; 4096]);
        }),
        row("KeyParts.linked", "a column twice", "key-invalid", |s| {
            let column = s.key.linked.weights.columns[0];
            s.key.linked.weights.columns.push(column);
        }),
        row("Linked.weights", "none", "commitment-count", |s| {
            s.key.linked.weights = Folded::default()
        }),
        row("Folded.columns", "none", "key-invalid", |s| {
            s.key.linked.weights.columns.clear()
        }),
        row("Folded.columns", "another", "registration-failed", |s| {
            s.key.linked.weights.columns[0] = s.key.advice_phases.len() as u32 - 1;
        }),
        row("Folded.columns", "a column of the first phase", "key-invalid", |s| {
            let columns = &mut s.key.linked.weights.columns;
            columns[0] = s.key.advice_phases.iter().rposition(|phase| *phase == 0).unwrap() as u32;
        }),
        row("Folded.lanes", "one fewer", "commitment-count", |s| {
            s.key.linked.weights.lanes -= 1
        }),
        row("Folded.lanes", "none", "key-invalid", |s| {
            s.key.linked.weights.lanes = 0
        }),
        row("Folded.lanes", "4,097 of them", "too-large", |s| {
            s.key.linked.weights.lanes = 4097
        }),
        row("Folded.challenge", "another", "registration-failed", |s| {
            s.key.linked.weights.challenge = 1
        }),
        row("Folded.challenge", "of a later phase", "key-invalid", |s| {
            let later = s.key.challenge_phases.iter().position(|phase| *phase > 0).unwrap();
            s.key.linked.weights.challenge = later as u32;
        }),
        row("Folded.zero", "one more", "registration-failed", |s| {
            s.key.linked.weights.zero += 1
        }),
        row("Linked.registered", "a column", "key-invalid", |s| {
            s.key
                .linked
                .registered
                .columns
                .push(s.key.advice_phases.len() as u32 - 1);
        }),
        row("KeyParts.computed_columns", "one", "key-invalid", |s| {
            s.key.computed_columns += 1
        }),
        row("KeyParts.computed_columns", "one, and its column", "key-invalid", |s| {
            s.key.computed_columns += 1;
            s.key.instance_columns += 1;
        }),
        row("KeyParts.purpose", "a registration's", "key-invalid", |s| {
            s.key.purpose = Purpose::Registration;
        }),
    ]
}

pub fn layout() -> Vec<Row> {
    vec![
        row("InstanceLayout.lanes", "one more", "registration-failed", |s| {
            edit(s).lanes += 1
        }),
        row("InstanceLayout.lanes", "none", "key-invalid", |s| edit(s).lanes = 0),
        row("InstanceLayout.inputs", "none", "key-invalid", |s| {
            edit(s).inputs.clear()
        }),
        row("InstanceLayout.inputs", "the same twice", "key-invalid", |s| {
            let one = input(s).clone();
            edit(s).inputs.push(one);
        }),
        row("InstanceLayout.outputs", "none", "key-invalid", |s| {
            edit(s).outputs.clear()
        }),
        row("InstanceLayout.outputs", "the same twice", "registration-failed", |s| {
            let one = *output(s);
            edit(s).outputs.push(one);
        }),
        row("InputLayout.channels", "none", "key-invalid", |s| input(s).channels = 0),
        row("InputLayout.channels", "a block more", "key-invalid", |s| {
            let lanes = edit(s).lanes;
            input(s).channels += lanes;
        }),
        row("InputLayout.positions", "one more", "registration-failed", |s| {
            input(s).positions += 1
        }),
        row("InputLayout.positions", "none", "key-invalid", |s| {
            input(s).positions = 0
        }),
        row("InputLayout.row", "one more", "registration-failed", |s| {
            input(s).row += 1
        }),
        row("InputLayout.row", "after the last", "key-invalid", |s| {
            let rows = 1 << s.key.k;
            input(s).row = rows;
        }),
        row("InputLayout.public", "the other", "key-invalid", |s| {
            input(s).public ^= true
        }),
        row("InputLayout.order", "as it is numbered", "key-invalid", |s| {
            ordered(s, |l| vec![[l.channels * l.positions, 1]]);
        }),
        row("InputLayout.order", "two values in one place", "key-invalid", |s| {
            ordered(s, |l| vec![[2, 1], [l.channels * l.positions / 2, 1]]);
        }),
        row("InputLayout.order", "one value too many", "key-invalid", |s| {
            ordered(s, |l| vec![[2, 1], [l.channels * l.positions / 2 + 1, 2]]);
        }),
        row("InputLayout.order", "an axis that says nothing", "key-invalid", |s| {
            ordered(s, |l| vec![[2, 1], [1, 1], [l.channels * l.positions / 2, 2]]);
        }),
        row("InputLayout.order", "an axis in two", "key-invalid", |s| {
            ordered(s, |l| vec![[2, 1], [l.channels * l.positions / 4, 4], [2, 2]]);
        }),
        row("InputLayout.bits", "one fewer", "registration-failed", |s| {
            input(s).bits -= 1
        }),
        row("InputLayout.bits", "41", "key-invalid", |s| input(s).bits = 41),
        row("OutputLayout.len", "one fewer", "registration-failed", |s| {
            output(s).len -= 1
        }),
        row("OutputLayout.len", "none", "key-invalid", |s| output(s).len = 0),
        row("OutputLayout.rows", "one more", "registration-failed", |s| {
            output(s).rows += 1
        }),
        row("OutputLayout.rows", "fewer than scores", "key-invalid", |s| {
            output(s).rows = output(s).len - 1;
        }),
        row("OutputLayout.rows", "more than rows", "key-invalid", |s| {
            let rows = 1 << s.key.k;
            output(s).rows = rows;
        }),
        row(
            "OutputLayout.rows",
            "more than a verifier should fill",
            "too-large",
            |s| {
                s.key.k = 28;
                output(s).rows = (1 << 18) + 1;
            },
        ),
        row("OutputLayout.bits", "one fewer", "registration-failed", |s| {
            output(s).bits -= 1
        }),
        row("OutputLayout.bits", "none", "key-invalid", |s| output(s).bits = 0),
        row("OutputLayout.items", "a batch without its column", "key-invalid", |s| {
            output(s).items = 1
        }),
        row("OutputLayout.whole", "whole", "registration-failed", |s| {
            whole(s);
        }),
        row("OutputLayout.whole", "whole, with policy rows", "key-invalid", |s| {
            whole(s);
            output(s).rows = output(s).len;
        }),
        row("WholeOutput.channels", "one more", "key-invalid", |s| {
            whole(s).channels += 1
        }),
        row("WholeOutput.positions", "none", "key-invalid", |s| {
            whole(s).positions = 0
        }),
        row("WholeOutput.row", "one more", "registration-failed", |s| {
            whole(s).row += 1
        }),
        row("WholeOutput.row", "more than rows", "key-invalid", |s| {
            whole(s).row = u32::MAX
        }),
    ]
}

/// The first output, shown whole in rows after those of the inputs.
fn whole(s: &mut Subject) -> &mut WholeOutput {
    let layout = edit(s);
    let row = u32::try_from(layout.public_rows()).unwrap();
    let output = &mut layout.outputs[0];
    let channels = output.len;
    let positions = 1;
    output.rows = 0;
    output.whole = Some(WholeOutput {
        channels,
        positions,
        row,
    });
    let columns = layout.columns();
    s.key.instance_columns = columns;
    edit(s).outputs[0].whole.as_mut().unwrap()
}

pub fn ordered(s: &mut Subject, axes: fn(&InputLayout) -> Vec<[u32; 2]>) {
    let input = input(s);
    input.order = InputOrder(axes(input));
}

fn edit(s: &mut Subject) -> &mut InstanceLayout {
    match &mut s.key.purpose {
        Purpose::Inference(layout) => layout,
        other => panic!("{other:?}"),
    }
}

fn input(s: &mut Subject) -> &mut InputLayout {
    &mut edit(s).inputs[0]
}

fn output(s: &mut Subject) -> &mut OutputLayout {
    &mut edit(s).outputs[0]
}
