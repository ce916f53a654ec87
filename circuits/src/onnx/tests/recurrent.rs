//! Recurrent layers against a plain loop over their equations.

use super::builder::A;
use super::*;

const STEPS: usize = 3;
const BATCH: usize = 2;
const INPUTS: usize = 2;
const HIDDEN: usize = 2;

/// Numbers that have no order.
pub fn numbers(n: usize, seed: usize) -> Vec<f32> {
    let number = |i: usize| ((i * 37 + seed * 101 + 13) % 41) as f32 / 20.0 - 1.0;
    (0..n).map(number).collect()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Parameters of one direction.
struct Layer {
    gates: usize,
    w: Vec<f32>,
    r: Vec<f32>,
    b: Vec<f32>,
    p: Vec<f32>,
}

impl Layer {
    fn new(gates: usize, seed: usize) -> Self {
        let rows = gates * HIDDEN;
        Self {
            gates,
            w: numbers(rows * INPUTS, seed),
            r: numbers(rows * HIDDEN, seed + 1),
            b: numbers(2 * rows, seed + 2),
            p: numbers(3 * HIDDEN, seed + 3),
        }
    }

    /// What row `i` of gate `g` gets of the inputs, and of a state.
    fn sums(&self, g: usize, i: usize, x: &[f32], h: &[f32]) -> (f32, f32) {
        let row = g * HIDDEN + i;
        let dot = |m: &[f32], v: &[f32]| -> f32 { (0..v.len()).map(|k| m[row * v.len() + k] * v[k]).sum() };
        let biases = (self.b[row], self.b[self.gates * HIDDEN + row]);
        (dot(&self.w, x) + biases.0, dot(&self.r, h) + biases.1)
    }
}

/// A state and a cell state.
type State = (Vec<f32>, Vec<f32>);
/// One step of an operator: the next state and cell state.
type Step = dyn Fn(&Layer, &[f32], &[f32], &[f32]) -> State;
/// An operator, its gates, its step and attributes.
type Case<'a> = (&'a str, usize, &'a Step, Vec<(&'a str, A<'a>)>);

fn lstm(l: &Layer, x: &[f32], h: &[f32], c: &[f32]) -> State {
    let all = |g: usize, i: usize| {
        let (a, b) = l.sums(g, i, x, h);
        a + b
    };
    let next = |i: usize| {
        let input = sigmoid(all(0, i) + l.p[i] * c[i]);
        let forget = sigmoid(all(2, i) + l.p[2 * HIDDEN + i] * c[i]);
        let cell = forget * c[i] + input * all(3, i).tanh();
        let output = sigmoid(all(1, i) + l.p[HIDDEN + i] * cell);
        (output * cell.tanh(), cell)
    };
    (0..HIDDEN).map(next).unzip()
}

fn gru(after: bool) -> Box<Step> {
    Box::new(move |l: &Layer, x: &[f32], h: &[f32], _: &[f32]| {
        let gate = |g: usize, i: usize| {
            let (a, b) = l.sums(g, i, x, h);
            sigmoid(a + b)
        };
        let reset: Vec<f32> = (0..HIDDEN).map(|i| gate(1, i) * h[i]).collect();
        let next = |i: usize| {
            let (own, late) = l.sums(2, i, x, h);
            let new = match after {
                true => own + gate(1, i) * late,
                false => own + l.sums(2, i, x, &reset).1,
            }
            .tanh();
            (1.0 - gate(0, i)) * new + gate(0, i) * h[i]
        };
        ((0..HIDDEN).map(next).collect(), vec![])
    })
}

fn simple(l: &Layer, x: &[f32], h: &[f32], _: &[f32]) -> State {
    let next = |i: usize| {
        let (a, b) = l.sums(0, i, x, h);
        (a + b).tanh()
    };
    ((0..HIDDEN).map(next).collect(), vec![])
}

/// All states `[step, batch, hidden]` of a direction, and the last ones.
fn looped(l: &Layer, step: &Step, x: &[f32], first: (&[f32], &[f32]), reverse: bool, lengths: [usize; 2]) -> State {
    let (mut all, mut last) = (vec![0.0; STEPS * BATCH * HIDDEN], vec![]);
    for (n, &length) in lengths.iter().enumerate() {
        let own = |state: &[f32]| state[n * HIDDEN..(n + 1) * HIDDEN].to_vec();
        let (mut h, mut c) = (own(first.0), own(first.1));
        for t in 0..length {
            let t = if reverse { length - 1 - t } else { t };
            let at = (t * BATCH + n) * INPUTS;
            (h, c) = step(
                l,
                &x[at..at + INPUTS],
                &h,
                &if c.is_empty() { vec![0.0; HIDDEN] } else { c },
            );
            let at = (t * BATCH + n) * HIDDEN;
            all[at..at + HIDDEN].copy_from_slice(&h);
        }
        last.extend(h);
    }
    (all, last)
}

fn model(op: &str, layers: &[&Layer], operands: [&str; 5], attributes: &[(&str, A<'_>)]) -> Model {
    let (d, h) = (layers.len() as i64, HIDDEN as i64);
    let rows = layers[0].gates as i64 * h;
    let joined = |f: &dyn Fn(&Layer) -> Vec<f32>| layers.iter().flat_map(|l| f(l)).collect::<Vec<f32>>();
    let inputs = [&["x", "w", "r"][..], &operands].concat();
    Model::new(22, &[STEPS as i64, BATCH as i64, INPUTS as i64])
        .floats("w", &[d, rows, INPUTS as i64], &joined(&|l| l.w.clone()))
        .floats("r", &[d, rows, h], &joined(&|l| l.r.clone()))
        .floats("b", &[d, 2 * rows], &joined(&|l| l.b.clone()))
        .floats("p", &[d, 3 * h], &joined(&|l| l.p.clone()))
        .floats("h", &[d, BATCH as i64, h], &numbers(layers.len() * BATCH * HIDDEN, 7))
        .floats("c", &[d, BATCH as i64, h], &numbers(layers.len() * BATCH * HIDDEN, 8))
        .ints("lengths", &[3, 2])
        .floats(
            "zeros",
            &[d, BATCH as i64, h],
            &vec![0.0; layers.len() * BATCH * HIDDEN],
        )
        .node(
            op,
            &inputs,
            &["y", "last", "cell"][..if op == "LSTM" { 3 } else { 2 }],
            attributes,
        )
}

/// The same model that shows its last states.
fn last(mut model: Model) -> Model {
    model.graph.output[0].name = "last".into();
    model
}

#[test]
fn each_operator_follows_its_equations() {
    let x = numbers(STEPS * BATCH * INPUTS, 5);
    let (h, c, zero) = (
        numbers(BATCH * HIDDEN, 7),
        numbers(BATCH * HIDDEN, 8),
        vec![0.0; BATCH * HIDDEN],
    );
    let (reset, not) = (gru(true), gru(false));
    let after = ("linear_before_reset", A::I(1));
    let cases: [Case<'_>; 4] = [
        ("LSTM", 4, &lstm, vec![]),
        ("GRU", 3, &*not, vec![]),
        ("GRU", 3, &*reset, vec![after]),
        ("RNN", 1, &simple, vec![]),
    ];
    for (op, gates, step, attributes) in cases {
        let layer = Layer::new(gates, 1);
        let own: [&str; 5] = if op == "LSTM" {
            ["b", "", "h", "c", "p"]
        } else {
            ["b", "", "h", "", ""]
        };
        let (all, ends) = looped(&layer, step, &x, (&h, &c), false, [3, 3]);
        let given = model(op, &[&layer], own, &attributes);
        check(&given, &x, &[STEPS, 1, BATCH, HIDDEN], &all);
        check(&last(given), &x, &[1, BATCH, HIDDEN], &ends);
        // Without a first state it is 0, and all steps are one.
        for (reverse, first) in [(false, ""), (true, "zeros")] {
            let own: [&str; 5] = if op == "LSTM" {
                ["b", "", first, first, "p"]
            } else {
                ["b", "", first, "", ""]
            };
            let mut with = attributes.clone();
            with.extend(reverse.then_some(("direction", A::S("reverse"))));
            let (all, ends) = looped(&layer, step, &x, (&zero, &zero), reverse, [3, 3]);
            let given = model(op, &[&layer], own, &with);
            let graph = given.import().expect("importable");
            assert_eq!(graph.loops().len(), 1, "{op}");
            let bare = structure(&given.bytes()).expect("a structure");
            assert_eq!(import(&bare).expect("importable").nodes, graph.nodes);
            let products = graph.nodes.iter().filter(|node| node.op == Op::MatMul).count();
            assert_eq!(products, 2 * gates, "{op}");
            check(&given, &x, &[STEPS, 1, BATCH, HIDDEN], &all);
            check(&last(given), &x, &[1, BATCH, HIDDEN], &ends);
        }
        // A shorter sequence keeps its last state, and shows 0 after its end.
        let own: [&str; 5] = if op == "LSTM" {
            ["b", "lengths", "", "", "p"]
        } else {
            ["b", "lengths", "", "", ""]
        };
        let (all, ends) = looped(&layer, step, &x, (&zero, &zero), true, [3, 2]);
        let backwards: Vec<(&str, A<'_>)> = match op {
            "GRU" if !attributes.is_empty() => vec![("direction", A::S("reverse")), ("linear_before_reset", A::I(1))],
            _ => vec![("direction", A::S("reverse"))],
        };
        let given = model(op, &[&layer], own, &backwards);
        check(&given, &x, &[STEPS, 1, BATCH, HIDDEN], &all);
        check(&last(given), &x, &[1, BATCH, HIDDEN], &ends);
    }
}

/// States of the input are those of the first step of a loop.
#[test]
fn first_states_from_the_input() {
    let x = numbers(STEPS * BATCH * INPUTS, 5);
    let (h, c) = (numbers(BATCH * HIDDEN, 7), numbers(BATCH * HIDDEN, 8));
    for reverse in [false, true] {
        let layer = Layer::new(4, 1);
        let direction = [("direction", A::S("reverse"))];
        let mut given = model(
            "LSTM",
            &[&layer],
            ["b", "", "h", "c", "p"],
            &direction[usize::from(!reverse)..],
        );
        given
            .graph
            .initializer
            .retain(|tensor| !["h", "c"].contains(&tensor.name.as_str()));
        let shape = [1, BATCH as i64, HIDDEN as i64];
        given
            .graph
            .input
            .extend(["h", "c"].map(|name| builder::info(name, &shape)));
        let graph = given.import().expect("importable");
        assert_eq!(graph.loops().len(), 1);
        let (all, ends) = looped(&layer, &lstm, &x, (&h, &c), reverse, [3, 3]);
        for (output, expected) in [("y", all), ("last", ends)] {
            given.graph.output[0].name = output.into();
            let graph = given.import().expect("importable");
            let values = float::run(&graph, &[x.clone(), h.clone(), c.clone()]).expect("runnable");
            let got = values[graph.outputs[0].value].clone().expect("known");
            let close = got.data.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(
                close && got.data.len() == expected.len(),
                "{:?} instead of {expected:?}",
                got.data
            );
        }
    }
}

/// What only a delay reads stays, and what nothing reads does not.
#[test]
fn a_loop_of_which_only_the_cell_is_shown() {
    let x = numbers(STEPS * BATCH * INPUTS, 5);
    let (layer, zero) = (Layer::new(4, 1), vec![0.0; BATCH * HIDDEN]);
    let mut given = model("LSTM", &[&layer], ["b", "", "", "", "p"], &[]);
    given.graph.output[0].name = "cell".into();
    let mut expected = vec![];
    for n in 0..BATCH {
        let (mut h, mut c) = (zero[..HIDDEN].to_vec(), zero[..HIDDEN].to_vec());
        for t in 0..STEPS {
            let at = (t * BATCH + n) * INPUTS;
            (h, c) = lstm(&layer, &x[at..at + INPUTS], &h, &c);
        }
        expected.extend(c);
    }
    check(&given, &x, &[1, BATCH, HIDDEN], &expected);
}

#[test]
fn two_directions_and_batches_first() {
    let x = numbers(STEPS * BATCH * INPUTS, 5);
    let layers = [Layer::new(1, 1), Layer::new(1, 20)];
    let zero = vec![0.0; BATCH * HIDDEN];
    let both = [("direction", A::S("bidirectional"))];
    let given = model("RNN", &[&layers[0], &layers[1]], ["b", "", "", "", ""], &both);
    let there = looped(&layers[0], &simple, &x, (&zero, &zero), false, [3, 3]).0;
    let back = looped(&layers[1], &simple, &x, (&zero, &zero), true, [3, 3]).0;
    let step = BATCH * HIDDEN;
    let expected: Vec<f32> = there
        .chunks(step)
        .zip(back.chunks(step))
        .flat_map(|(a, b)| [a, b].concat())
        .collect();
    check(&given, &x, &[STEPS, 2, BATCH, HIDDEN], &expected);
    let mut turned = model("RNN", &[&layers[0]], ["b", "", "", "", ""], &[("layout", A::I(1))]);
    turned.graph.input[0] = builder::info("x", &[BATCH as i64, STEPS as i64, INPUTS as i64]);
    let at = |n: usize, t: usize, i: usize| x[(t * BATCH + n) * INPUTS + i];
    let own: Vec<f32> = (0..x.len())
        .map(|i| at(i / (STEPS * INPUTS), i / INPUTS % STEPS, i % INPUTS))
        .collect();
    let at = |n: usize, t: usize, i: usize| there[(t * BATCH + n) * HIDDEN + i];
    let expected: Vec<f32> = (0..there.len())
        .map(|i| at(i / (STEPS * HIDDEN), i / HIDDEN % STEPS, i % HIDDEN))
        .collect();
    check(&turned, &own, &[BATCH, STEPS, 1, HIDDEN], &expected);
}

#[test]
fn activations_take_their_numbers_in_order() {
    let x = numbers(STEPS * BATCH * INPUTS, 5);
    let layers = [Layer::new(1, 1), Layer::new(1, 20)];
    let zero = vec![0.0; BATCH * HIDDEN];
    let attributes = [
        ("direction", A::S("bidirectional")),
        ("activations", A::Ss(&["ScaledTanh", "LeakyRelu"])),
        ("activation_alpha", A::Fs(&[0.5, 0.25])),
        ("activation_beta", A::Fs(&[2.0])),
        ("clip", A::F(0.75)),
    ];
    let given = last(model(
        "RNN",
        &[&layers[0], &layers[1]],
        ["b", "", "", "", ""],
        &attributes,
    ));
    let by = |f: fn(f32) -> f32| {
        move |l: &Layer, x: &[f32], h: &[f32], _: &[f32]| {
            let next = |i: usize| {
                let (a, b) = l.sums(0, i, x, h);
                f((a + b).clamp(-0.75, 0.75))
            };
            ((0..HIDDEN).map(next).collect(), vec![])
        }
    };
    let (first, second) = (
        by(|v| 0.5 * (2.0 * v).tanh()),
        by(|v| if v < 0.0 { 0.25 * v } else { v }),
    );
    let there = looped(&layers[0], &first, &x, (&zero, &zero), false, [3, 3]).1;
    let back = looped(&layers[1], &second, &x, (&zero, &zero), true, [3, 3]).1;
    check(&given, &x, &[2, BATCH, HIDDEN], &[there, back].concat());
}

#[test]
fn coupled_gates() {
    let x = numbers(STEPS * BATCH * INPUTS, 5);
    let layer = Layer::new(4, 1);
    let (h, c) = (numbers(BATCH * HIDDEN, 7), numbers(BATCH * HIDDEN, 8));
    let coupled = |l: &Layer, x: &[f32], h: &[f32], c: &[f32]| {
        let all = |g: usize, i: usize| {
            let (a, b) = l.sums(g, i, x, h);
            a + b
        };
        let next = |i: usize| {
            let input = sigmoid(all(0, i));
            let cell = (1.0 - input) * c[i] + input * all(3, i).tanh();
            (sigmoid(all(1, i)) * cell.tanh(), cell)
        };
        (0..HIDDEN).map(next).unzip()
    };
    let given = model("LSTM", &[&layer], ["b", "", "h", "c", ""], &[("input_forget", A::I(1))]);
    let all = looped(&layer, &coupled, &x, (&h, &c), false, [3, 3]).0;
    check(&given, &x, &[STEPS, 1, BATCH, HIDDEN], &all);
}

#[test]
fn what_does_not_fit_is_refused() {
    let layer = Layer::new(1, 1);
    let refused = |operands, attributes: &[(&str, A<'_>)]| {
        let error = model("RNN", &[&layer], operands, attributes)
            .import()
            .expect_err("refused");
        error.to_string()
    };
    let plain = ["b", "", "", "", ""];
    assert!(refused(plain, &[("direction", A::S("sideways"))]).contains("`sideways` is unknown"));
    assert!(refused(plain, &[("direction", A::S("bidirectional"))]).contains("do not fit"));
    assert!(refused(plain, &[("hidden_size", A::I(3))]).contains("do not fit"));
    assert!(refused(plain, &[("hidden_size", A::I(-3))]).contains("hidden_size"));
    assert!(refused(plain, &[("activations", A::Ss(&["Tanh", "Tanh"]))]).contains("2 activations, 1 are needed"));
    assert!(refused(plain, &[("activations", A::Ss(&["Gelu"]))]).contains("`gelu` is unknown"));
    assert!(refused(plain, &[("clip", A::F(f32::NAN))]).contains("clip"));
    assert!(refused(["p", "", "", "", ""], &[]).contains("input 3 has shape"));
    assert!(refused(["b", "x", "", "", ""], &[]).contains("lengths of sequences must be constant"));
}
