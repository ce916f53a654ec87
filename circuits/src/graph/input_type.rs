//! Element types of inputs.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Which numbers the elements of an input may be: those of the declared element type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputType {
    /// Any real numbers.
    #[default]
    Reals,
    /// Numbers of the magnitude of 16-bit floats; which of them is not checked, they stand for reals.
    Float16,
    /// Integers; 0 and 1 for truth values.
    Integers {
        /// The smallest.
        least: i64,
        /// The largest.
        largest: i64,
    },
}

/// Differences of the numbers of a type that calibration need not see.
const FEW: i64 = 4096;

impl InputType {
    /// Whether the type has this number.
    pub fn holds(self, x: f32) -> bool {
        match self {
            Self::Reals => true,
            Self::Float16 => x.abs() <= half::f16::MAX.to_f32(),
            Self::Integers { least, largest } => {
                let x = f64::from(x);
                x.fract() == 0.0 && (least as f64..=largest as f64).contains(&x)
            }
        }
    }

    /// Whether it has no negative numbers.
    pub fn unsigned(self) -> bool {
        matches!(self, Self::Integers { least: 0.., .. })
    }

    /// Those that are among these.
    pub(crate) fn within(self, numbers: &RangeInclusive<i64>) -> Self {
        match self {
            Self::Integers { least, largest } => Self::Integers {
                least: least.max(*numbers.start()),
                largest: largest.min(*numbers.end()),
            },
            other => other,
        }
    }

    /// The numbers, of a type of so few that all are expected.
    pub(crate) fn few(self) -> Option<RangeInclusive<i64>> {
        match self {
            Self::Integers { least, largest } if (0..=FEW).contains(&largest.saturating_sub(least)) => {
                Some(least..=largest)
            }
            _ => None,
        }
    }

    /// The largest magnitude, of a type of so few numbers that all are expected.
    pub(crate) fn magnitude(self) -> Option<f64> {
        let few = self.few()?;
        Some(few.start().unsigned_abs().max(few.end().unsigned_abs()) as f64)
    }

    /// The number of this type near `x` that stands for uniform values from -1 to 1.
    pub(crate) fn sample(self, x: f32) -> f32 {
        match self {
            Self::Reals | Self::Float16 => x,
            Self::Integers { least, largest } if self.magnitude().is_some() => {
                let share = (f64::from(x) + 1.0) / 2.0;
                (least as f64 + share * (largest as f64 - least as f64)).round() as f32
            }
            Self::Integers { least, largest } => (x * 127.0).round().clamp(least as f32, largest as f32),
        }
    }
}

impl std::fmt::Display for InputType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reals => f.write_str("numbers"),
            Self::Float16 => write!(f, "numbers up to {}", half::f16::MAX),
            Self::Integers { least, largest } => write!(f, "integers from {least} to {largest}"),
        }
    }
}
