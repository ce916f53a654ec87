//! Functions of one value.
//!
//! They are evaluated with IEEE operations and with [`libm`], which is the same code everywhere: the keys of a model hold
//! tables of these numbers, so every machine must compute the same bits.

use std::fmt;
use std::ops::RangeInclusive;

/// A function of one variable, as an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    /// The variable.
    Variable,
    /// A number.
    Number(f64),
    /// An operation on one operand.
    One(Unary, Box<Function>),
    /// An operation on two operands.
    Two(Binary, Box<Function>, Box<Function>),
    /// An integer in a range: the operand where it is one, elsewhere undefined.
    Integer(Box<Function>, RangeInclusive<i64>),
}

/// Operations on one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // They are named as in ONNX; `Expm1` is `exp(x) - 1`, `Log1p` is `log(1 + x)`.
pub enum Unary {
    Abs,
    Acos,
    Acosh,
    Asin,
    Asinh,
    Atan,
    Atanh,
    Ceil,
    Cos,
    Cosh,
    Erf,
    Exp,
    Expm1,
    Floor,
    Log,
    Log1p,
    Neg,
    /// To the nearest integer, halves to the even one.
    Round,
    Sigmoid,
    /// -1, 0 or 1.
    Sign,
    Sin,
    Sinh,
    Sqrt,
    Tan,
    Tanh,
}

/// Operations on two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Div,
    /// 1 if the first is greater, else 0.
    Greater,
    Max,
    Min,
    Mul,
    Pow,
    Sub,
}

impl Unary {
    fn of(self, x: f64) -> f64 {
        match self {
            Self::Abs => x.abs(),
            Self::Acos => libm::acos(x),
            Self::Acosh => libm::acosh(x),
            Self::Asin => libm::asin(x),
            Self::Asinh => libm::asinh(x),
            Self::Atan => libm::atan(x),
            Self::Atanh => libm::atanh(x),
            Self::Ceil => x.ceil(),
            Self::Cos => libm::cos(x),
            Self::Cosh => libm::cosh(x),
            Self::Erf => libm::erf(x),
            Self::Exp => libm::exp(x),
            Self::Expm1 => libm::expm1(x),
            Self::Floor => x.floor(),
            Self::Log => libm::log(x),
            Self::Log1p => libm::log1p(x),
            Self::Neg => -x,
            Self::Round => x.round_ties_even(),
            Self::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
            Self::Sign if x == 0.0 || x.is_nan() => x,
            Self::Sign => x.signum(),
            Self::Sin => libm::sin(x),
            Self::Sinh => libm::sinh(x),
            Self::Sqrt => x.sqrt(),
            Self::Tan => libm::tan(x),
            Self::Tanh => libm::tanh(x),
        }
    }
}

impl Binary {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // As in ONNX, and unlike IEEE's maximum.
            Self::Greater | Self::Max | Self::Min if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Add => a + b,
            Self::Div => a / b,
            Self::Greater => f64::from(u8::from(a > b)),
            Self::Max => a.max(b),
            Self::Min => a.min(b),
            Self::Mul => a * b,
            Self::Pow => libm::pow(a, b),
            Self::Sub => a - b,
        }
    }
}

impl Function {
    /// Its value; NaN or infinite where it has none.
    pub fn at(&self, x: f64) -> f64 {
        match self {
            Self::Variable => x,
            Self::Number(number) => *number,
            Self::One(operation, a) => operation.of(a.at(x)),
            Self::Two(operation, a, b) => operation.of(a.at(x), b.at(x)),
            Self::Integer(a, range) => {
                let a = a.at(x);
                let inside = (*range.start() as f64..=*range.end() as f64).contains(&a);
                match a.fract() == 0.0 && inside {
                    true => a,
                    false => f64::NAN,
                }
            }
        }
    }

    /// Operations, variables and numbers in it.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Variable | Self::Number(_) => 1,
            Self::One(_, a) | Self::Integer(a, _) => a.size().saturating_add(1),
            Self::Two(_, a, b) => a.size().saturating_add(b.size()).saturating_add(1),
        }
    }

    /// How often the variable occurs.
    pub(crate) fn variables(&self) -> usize {
        match self {
            Self::Variable => 1,
            Self::Number(_) => 0,
            Self::One(_, a) | Self::Integer(a, _) => a.variables(),
            Self::Two(_, a, b) => a.variables().saturating_add(b.variables()),
        }
    }

    /// This function of another one.
    pub(crate) fn after(&self, inner: &Self) -> Self {
        match self {
            Self::Variable => inner.clone(),
            Self::Number(number) => Self::Number(*number),
            Self::One(operation, a) => Self::One(*operation, a.after(inner).into()),
            Self::Two(operation, a, b) => Self::Two(*operation, a.after(inner).into(), b.after(inner).into()),
            Self::Integer(a, range) => a.after(inner).integer(range.clone()),
        }
    }

    /// `operation(self)`.
    pub(crate) fn then(self, operation: Unary) -> Self {
        Self::One(operation, self.into())
    }

    /// `operation(self, other)`.
    pub(crate) fn with(self, operation: Binary, other: impl Into<Self>) -> Self {
        Self::Two(operation, self.into(), other.into().into())
    }

    /// `self` where it is an integer of the range, elsewhere undefined.
    pub(crate) fn integer(self, range: RangeInclusive<i64>) -> Self {
        Self::Integer(self.into(), range)
    }
}

impl From<f64> for Function {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Function {
    /// As a formula of `x`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str("x"),
            Self::Number(number) => write!(f, "{number}"),
            Self::One(operation, a) => write!(f, "{}({a})", format!("{operation:?}").to_lowercase()),
            Self::Two(operation, a, b) => match operation {
                Binary::Add => write!(f, "({a} + {b})"),
                Binary::Div => write!(f, "({a} / {b})"),
                Binary::Greater => write!(f, "({a} > {b})"),
                Binary::Max => write!(f, "max({a}, {b})"),
                Binary::Min => write!(f, "min({a}, {b})"),
                Binary::Mul => write!(f, "({a} * {b})"),
                Binary::Pow => write!(f, "({a} ^ {b})"),
                Binary::Sub => write!(f, "({a} - {b})"),
            },
            Self::Integer(a, range) => write!(f, "integer({a}, {} to {})", range.start(), range.end()),
        }
    }
}

#[cfg(test)]
mod tests;
