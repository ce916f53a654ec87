//! What stands for an operator: its name, how it is lowered, and its limits in words.

use super::Call;
use crate::graph::ValueId;
use crate::onnx::build::{Builder, Fault};

/// The values that a node becomes; those that are not computed are `None`.
pub type Values = Vec<Option<ValueId>>;

/// How a node becomes values.
#[derive(Clone, Copy)]
pub enum Lower {
    One(fn(&Call<'_>, &mut Builder) -> Result<ValueId, Fault>),
    Many(fn(&Call<'_>, &mut Builder) -> Result<Values, Fault>),
}

/// One operator of a domain.
pub struct Operator {
    /// Empty for the standard operators.
    pub domain: &'static str,
    pub name: &'static str,
    pub lower: Lower,
    /// What is refused, or what has to be constant; empty if nothing is.
    pub limits: &'static str,
}

/// An operator with one output.
pub const fn one(
    name: &'static str,
    lower: fn(&Call<'_>, &mut Builder) -> Result<ValueId, Fault>,
    limits: &'static str,
) -> Operator {
    Operator {
        domain: "",
        name,
        lower: Lower::One(lower),
        limits,
    }
}

/// An operator with several outputs.
pub const fn many(
    name: &'static str,
    lower: fn(&Call<'_>, &mut Builder) -> Result<Values, Fault>,
    limits: &'static str,
) -> Operator {
    Operator {
        domain: "",
        name,
        lower: Lower::Many(lower),
        limits,
    }
}

/// The domain of classical machine learning.
pub const ML: &str = "ai.onnx.ml";
/// The domain of the operators that onnxruntime joins others to.
pub const FUSED: &str = "com.microsoft";
/// The domains beside the standard one.
pub const DOMAINS: &[&str] = &[ML, FUSED];

impl Operator {
    /// The same operator among those that onnxruntime joins others to.
    pub const fn fused(self) -> Self {
        Self { domain: FUSED, ..self }
    }

    /// The same operator in the domain of classical machine learning.
    pub const fn ml(self) -> Self {
        Self { domain: ML, ..self }
    }
}
