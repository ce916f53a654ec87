//! Attention against a loop over its formula.

use super::builder::{ints, subgraph, A};
use super::recurrent::numbers;
use super::*;

const HIDE: f32 = f32::NEG_INFINITY;

/// One head: rows of queries, keys and values of the same width, and what a mask adds.
fn head(q: &[f32], k: &[f32], v: &[f32], width: usize, mask: &dyn Fn(usize, usize) -> f32) -> Vec<f32> {
    let scale = 1.0 / (width as f32).sqrt();
    let row = |(i, q): (usize, &[f32])| -> Vec<f32> {
        let score = |(j, k): (usize, &[f32])| q.iter().zip(k).map(|(a, b)| a * b).sum::<f32>() * scale + mask(i, j);
        let parts: Vec<f32> = k.chunks(width).enumerate().map(score).map(f32::exp).collect();
        let sum: f32 = parts.iter().sum();
        let at = |c: usize| parts.iter().enumerate().map(|(j, p)| p / sum * v[j * width + c]).sum();
        (0..width).map(at).collect()
    };
    q.chunks(width).enumerate().flat_map(row).collect()
}

/// One batch, two query heads of width 2, `steps` rows of keys and values of one head, three of queries.
fn model(steps: usize, inputs: &[&str], attributes: &[(&str, A<'_>)]) -> Model {
    Model::new(24, &[1, 2, 3, 2])
        .floats("k", &[1, 1, steps as i64, 2], &numbers(steps * 2, 3))
        .floats("v", &[1, 1, steps as i64, 2], &numbers(steps * 2, 4))
        .floats("half", &[3, 2], &[0.0, 1.0, HIDE, 0.0, 0.5, HIDE])
        .floats("bias", &[3, 4], &numbers(12, 9))
        .node("Attention", inputs, &["y", "pk", "pv", "qk"], attributes)
}

fn expected(x: &[f32], steps: usize, mask: &dyn Fn(usize, usize) -> f32) -> Vec<f32> {
    let (k, v) = (numbers(steps * 2, 3), numbers(steps * 2, 4));
    x.chunks(6).flat_map(|q| head(q, &k, &v, 2, mask)).collect()
}

#[test]
fn heads_share_keys_and_masks_hide() {
    let x = numbers(12, 1);
    let shape = [1, 2, 3, 2];
    check(
        &model(4, &["x", "k", "v"], &[]),
        &x,
        &shape,
        &expected(&x, 4, &|_, _| 0.0),
    );
    let causal = expected(&x, 4, &|i, j| if j > i { HIDE } else { 0.0 });
    check(
        &model(4, &["x", "k", "v"], &[("is_causal", A::I(1))]),
        &x,
        &shape,
        &causal,
    );
    let bias = numbers(12, 9);
    let biased = expected(&x, 4, &|i, j| bias[i * 4 + j]);
    check(&model(4, &["x", "k", "v", "bias"], &[]), &x, &shape, &biased);
    assert!(structure::weights(&model(4, &["x", "k", "v", "bias"], &[]))
        .iter()
        .any(|name| name.contains("bias")));
    // A mask that is shorter hides what is beyond its end.
    let half = [0.0, 1.0, HIDE, 0.0, 0.5, HIDE];
    let short = expected(&x, 4, &|i, j| if j < 2 { half[i * 2 + j] } else { HIDE });
    check(&model(4, &["x", "k", "v", "half"], &[]), &x, &shape, &short);
    let mut boolean = model(4, &["x", "k", "v", "shows"], &[]);
    let mut shows = ints(&[], &[]);
    (shows.name, shows.data_type, shows.dims, shows.raw_data) = ("shows".into(), 9, vec![1, 4], vec![1, 0, 1, 0]);
    boolean.graph.initializer.push(shows);
    let shown = expected(&x, 4, &|_, j| if j % 2 == 0 { 0.0 } else { HIDE });
    check(&boolean, &x, &shape, &shown);
    let padded = model(4, &["x", "k", "v", "", "", "", "length"], &[]).ints("length", &[3]);
    check(
        &padded,
        &x,
        &shape,
        &expected(&x, 4, &|_, j| if j < 3 { 0.0 } else { HIDE }),
    );
    // Keys of the past come before, and all of them are seen.
    let past = model(2, &["x", "k", "v", "", "old/k", "old/v"], &[("is_causal", A::I(1))])
        .floats("old/k", &[1, 1, 1, 2], &[0.5, -0.5])
        .floats("old/v", &[1, 1, 1, 2], &[1.0, 2.0]);
    let with = |old: [f32; 2], new: Vec<f32>| [old.to_vec(), new].concat();
    let (k, v) = (with([0.5, -0.5], numbers(4, 3)), with([1.0, 2.0], numbers(4, 4)));
    let mask = |i: usize, j: usize| if j > i + 1 { HIDE } else { 0.0 };
    let own: Vec<f32> = x.chunks(6).flat_map(|q| head(q, &k, &v, 2, &mask)).collect();
    check(&past, &x, &shape, &own);
}

#[test]
fn scores_as_an_output() {
    let x = numbers(12, 1);
    let scores = |mode: i64, inputs: &[&str]| {
        let mut model = model(
            4,
            inputs,
            &[("qk_matmul_output_mode", A::I(mode)), ("softcap", A::F(0.5))],
        );
        model.graph.output[0].name = "qk".into();
        model
    };
    let k = numbers(8, 3);
    let product = |i: usize| (0..2).map(|c| x[i / 4 * 2 + c] * k[i % 4 * 2 + c]).sum::<f32>() / 2f32.sqrt();
    let plain: Vec<f32> = (0..24).map(product).collect();
    let capped: Vec<f32> = plain.iter().map(|v| 0.5 * (v / 0.5).tanh()).collect();
    let given = ["x", "k", "v", "bias"];
    check(&scores(0, &given), &x, &[1, 2, 3, 4], &plain);
    check(&scores(1, &given), &x, &[1, 2, 3, 4], &capped);
    let bias = numbers(12, 9);
    let biased: Vec<f32> = capped.iter().enumerate().map(|(i, v)| v + bias[i % 12]).collect();
    check(&scores(2, &given), &x, &[1, 2, 3, 4], &biased);
    let error = scores(2, &["x", "k", "v", "half"])
        .import()
        .expect_err("refused")
        .to_string();
    assert!(error.contains("output `qk` is not available"), "{error}");
    let error = scores(5, &given).import().expect_err("refused").to_string();
    assert!(error.contains("qk_matmul_output_mode 5 is unknown"), "{error}");
}

#[test]
fn misfits_are_refused() {
    let refused = |inputs: &[&str], attributes: &[(&str, A<'_>)]| {
        let error = model(4, inputs, attributes)
            .floats("k3", &[1, 3, 4, 2], &[0.0; 24])
            .import();
        error.expect_err("refused").to_string()
    };
    assert!(refused(&["x", "k3", "v"], &[]).contains("do not fit the queries"));
    assert!(refused(&["x", "k", "v", "", "k"], &[]).contains("belong together"));
    assert!(refused(&["x", "k", "v", "v"], &[]).contains("does not fit scores"));
    assert!(refused(&["x", "k", "v"], &[("scale", A::F(f32::INFINITY))]).contains("not finite"));
    assert!(refused(&["x", "k", "v"], &[("is_causal", A::F(1.0))]).contains("is_causal"));
}

#[test]
fn graphs_between_the_parts() {
    let x = numbers(12, 1);
    let flex = |attributes: &[(&str, A<'_>)]| {
        let mut model = model(4, &["x", "k", "v"], attributes).of("ai.onnx.preview");
        let node = model.graph.node.last_mut().expect("a node");
        (node.op_type, node.output) = ("FlexAttention".into(), vec!["y".into()]);
        model
    };
    let shape = [1, 2, 3, 2];
    check(&flex(&[]), &x, &shape, &expected(&x, 4, &|_, _| 0.0));
    let bias = numbers(12, 9);
    let body = Model::new(24, &[1]).node("Add", &["s", "bias"], &["t"], &[]);
    let scores = ("score_mod", A::G(subgraph(&body, &["s"], &["t"])));
    let biased = expected(&x, 4, &|i, j| bias[i * 4 + j]);
    check(&flex(&[scores]), &x, &shape, &biased);
    let body = Model::new(24, &[1])
        .floats("two", &[], &[2.0])
        .node("Mul", &["s", "two"], &["t"], &[]);
    let shares = ("prob_mod", A::G(subgraph(&body, &["s"], &["t"])));
    let twice: Vec<f32> = expected(&x, 4, &|_, _| 0.0).iter().map(|v| 2.0 * v).collect();
    check(&flex(&[shares]), &x, &shape, &twice);
    let two = ("score_mod", A::G(subgraph(&body, &["s", "s2"], &["t"])));
    assert!(flex(&[two]).import().is_err());
}

/// The recurrence of one head of width 2 with values of width 1.
#[test]
fn linear_recurrence() {
    let (steps, x) = (3, numbers(6, 1));
    let (k, v, g, r) = (numbers(6, 3), numbers(3, 4), numbers(3, 5), numbers(3, 6));
    let model = |rule: &str, inputs: &[&str]| {
        Model::new(27, &[1, 3, 2])
            .floats("k", &[1, 3, 2], &k)
            .floats("v", &[1, 3, 1], &v)
            .floats("g", &[1, 3, 1], &g)
            .floats("r", &[1, 3, 1], &r)
            .node(
                "LinearAttention",
                inputs,
                &["y", "s"],
                &[
                    ("update_rule", A::S(rule)),
                    ("q_num_heads", A::I(1)),
                    ("kv_num_heads", A::I(1)),
                ],
            )
    };
    let run = |gated: bool, delta: bool| {
        let mut state = [0.0f32; 2];
        let step = |t: usize| {
            let key = [k[2 * t], k[2 * t + 1]];
            if gated {
                state = state.map(|s| s * g[t].exp());
            }
            let known = state[0] * key[0] + state[1] * key[1];
            let new = if delta { r[t] * (v[t] - known) } else { v[t] };
            (0..2).for_each(|i| state[i] += key[i] * new);
            (x[2 * t] * state[0] + x[2 * t + 1] * state[1]) / 2f32.sqrt()
        };
        (0..steps).map(step).collect::<Vec<f32>>()
    };
    check(&model("linear", &["x", "k", "v"]), &x, &[1, 3, 1], &run(false, false));
    check(
        &model("gated", &["x", "k", "v", "", "g"]),
        &x,
        &[1, 3, 1],
        &run(true, false),
    );
    check(
        &model("delta", &["x", "k", "v", "", "", "r"]),
        &x,
        &[1, 3, 1],
        &run(false, true),
    );
    check(
        &model("gated_delta", &["x", "k", "v", "", "g", "r"]),
        &x,
        &[1, 3, 1],
        &run(true, true),
    );
    let error = model("gated", &["x", "k", "v"])
        .import()
        .expect_err("refused")
        .to_string();
    assert!(error.contains("the rule gated needs other inputs"), "{error}");
}
