//! Losses of constant targets: of logarithms of probabilities they are linear.

use super::maps::{indices, number, picked};
use super::softmax::logarithms;
use super::table::{many, one, Operator};
use super::Call;
use crate::graph::{Op, ReduceKind, ValueId};
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::tensor::Const;

pub const TABLE: &[Operator] = &[
    one("NegativeLogLikelihoodLoss", nll, LIMITS),
    many("SoftmaxCrossEntropyLoss", cross_entropy, LIMITS),
];

const LIMITS: &str = "constant targets and weights";

fn nll(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    loss(call, b, call.required(0)?)
}

/// The loss of the logarithms of the softmax over the classes, and these.
fn cross_entropy(call: &Call<'_>, b: &mut Builder) -> Result<Vec<Option<ValueId>>, Fault> {
    let scores = call.required(0)?;
    if b.shape(scores)?.len() < 2 {
        return Err(call.shape_error("the input must have two axes at least"));
    }
    let logarithms = logarithms(call, b, "logarithms", scores, &[1])?;
    Ok(vec![Some(loss(call, b, logarithms)?), Some(logarithms)])
}

/// What the targets choose of the logarithms, by their weights.
fn loss(call: &Call<'_>, b: &mut Builder, x: ValueId) -> Result<ValueId, Fault> {
    let from = b.shape(x)?.to_vec();
    let targets = call.ints(b, 1, "the targets")?.unwrap_or_default();
    let to = b.shape(call.required(1)?)?.to_vec();
    let ignored = call.attrs.int("ignore_index")?;
    let (Some((&n, rest)), true) = (from.split_first(), from.len() >= 2) else {
        return Err(call.shape_error("the input must have two axes at least"));
    };
    let (&classes, spatial) = rest.split_first().unwrap_or((&0, &[]));
    if to != [&[n], spatial].concat() {
        return Err(call.shape_error(format!("targets of shape {to:?} for {from:?}")));
    }
    let mut given = vec![];
    let mut weights = vec![1.0; classes];
    if call.optional(2).is_some() {
        let (shape, data) = call.known(b, 2, "the weights")?;
        if *shape != [classes] {
            return Err(call.shape_error("one weight for each class is needed"));
        }
        weights = data.clone().into_floats();
        given.extend(call.optional(2));
    }
    b.reserve(&to, 1)?;
    let (mut sources, mut factors) = (vec![], vec![]);
    for (index, &target) in indices(&to).zip(&targets) {
        if Some(target) == ignored {
            sources.push(None);
            factors.push(0.0);
            continue;
        }
        let class = usize::try_from(target).ok().filter(|&c| c < classes);
        let class = class.ok_or_else(|| call.shape_error(format!("class {target} of {classes}")))?;
        let mut at = index;
        at.insert(1, class);
        sources.push(Some(number(&at, &from)));
        factors.push(weights.get(class).copied().unwrap_or(0.0));
    }
    let reduction = call.attrs.string("reduction")?;
    let total: f64 = factors.iter().map(|&w| f64::from(w)).sum();
    let share = match reduction {
        "" | "mean" if total == 0.0 => {
            return unsupported(
                "a mean over targets that all count nothing",
                "give some target a weight",
            )
        }
        "" | "mean" => 1.0 / total,
        "none" | "sum" => 1.0,
        other => return unsupported(format!("reduction `{other}` is unknown"), remedy::STANDARD),
    };
    let data = factors.iter().map(|&w| (-f64::from(w) * share) as f32).collect();
    let name = format!("{}/factors", call.origin.output);
    let factors = b.constant(&name, to.clone(), 1, Const::Floats(data), given);
    let chosen = picked(call, b, "chosen", x, &to, (&sources, 0.0))?;
    if reduction == "none" {
        return b.emit(&call.origin, "", Op::Mul, &[chosen, factors]);
    }
    let parts = b.emit(&call.origin, "parts", Op::Mul, &[chosen, factors])?;
    let op = Op::Reduce {
        kind: ReduceKind::Sum,
        axes: (0..to.len()).collect(),
        keepdims: false,
    };
    b.emit(&call.origin, "", op, &[parts])
}
