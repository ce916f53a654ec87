//! The activations of recurrent layers.

use super::Call;
use crate::graph::{Binary, Function, Op, Unary, ValueId};
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::operators::functions::{exponential, ramp, softplus, softsign};

/// The activations of all directions, in order; `per` for each.
pub struct Activations {
    list: Vec<Op>,
    per: usize,
}

impl Activations {
    pub fn read(call: &Call<'_>, directions: usize) -> Result<Self, Fault> {
        let default: &[&str] = match call.op {
            "LSTM" => &["Sigmoid", "Tanh", "Tanh"],
            "GRU" => &["Sigmoid", "Tanh"],
            _ => &["Tanh"],
        };
        let per = default.len();
        let names = match call.attrs.strings("activations")? {
            Some(names) if !names.is_empty() => names,
            _ => default.repeat(directions),
        };
        if names.len() != per * directions {
            return Err(call.shape_error(format!("{} activations, {} are needed", names.len(), per * directions)));
        }
        let list = |name: &str| Ok::<_, Fault>(call.attrs.floats(name)?.unwrap_or_default().iter().copied());
        let (mut alphas, mut betas) = (list("activation_alpha")?, list("activation_beta")?);
        let mut made = vec![];
        for name in names {
            made.push(activation(name, &mut alphas, &mut betas)?);
        }
        Ok(Self { list: made, per })
    }

    /// An activation of a direction.
    pub fn at(&self, direction: usize, i: usize) -> Option<Op> {
        let own = (i < self.per).then_some(direction * self.per + i)?;
        self.list.get(own).cloned()
    }
}

/// An activation takes the next numbers of the lists if it has any.
pub fn activation(
    name: &str,
    alphas: &mut impl Iterator<Item = f32>,
    betas: &mut impl Iterator<Item = f32>,
) -> Result<Op, Fault> {
    let x = || Function::Variable;
    let name = name.to_ascii_lowercase();
    let number = |list: &mut dyn Iterator<Item = f32>, default: f32| {
        let number = list.next().unwrap_or(default);
        match number.is_finite() {
            true => Ok(f64::from(number)),
            false => unsupported("a number of an activation is not finite", remedy::FINITE),
        }
    };
    Ok(Op::Function(match name.as_str() {
        "relu" => return Ok(Op::Relu),
        "leakyrelu" => {
            let alpha = number(alphas, 0.01)? as f32;
            return Ok(Op::LeakyRelu { alpha });
        }
        "tanh" => x().then(Unary::Tanh),
        "sigmoid" => x().then(Unary::Sigmoid),
        "softsign" => softsign(),
        "softplus" => softplus(),
        "elu" => exponential(number(alphas, 1.0)?, 1.0),
        "thresholdedrelu" => x().with(Binary::Mul, x().with(Binary::Greater, number(alphas, 1.0)?)),
        "hardsigmoid" => ramp(number(alphas, 0.2)?, number(betas, 0.5)?),
        "scaledtanh" => {
            let (alpha, beta) = (number(alphas, 1.0)?, number(betas, 1.0)?);
            x().with(Binary::Mul, beta).then(Unary::Tanh).with(Binary::Mul, alpha)
        }
        "affine" => {
            let (alpha, beta) = (number(alphas, 1.0)?, number(betas, 0.0)?);
            x().with(Binary::Mul, alpha).with(Binary::Add, beta)
        }
        other => {
            return unsupported(
                format!("the activation `{}` is unknown", crate::onnx::shown(other)),
                remedy::STANDARD,
            )
        }
    }))
}

/// An activation of a value, which is clipped before.
pub fn applied(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    x: ValueId,
    (activation, clip): (&Op, Option<f32>),
) -> Result<ValueId, Fault> {
    let mut x = x;
    if let Some(clip) = clip {
        let op = Op::Clip {
            min: Some(-clip),
            max: Some(clip),
        };
        x = b.emit(&call.origin, &format!("{label}/clipped"), op, &[x])?;
    }
    b.emit(&call.origin, label, activation.clone(), &[x])
}
