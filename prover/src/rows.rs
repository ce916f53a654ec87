//! Rows of calibration and held-out data, and what is odd about them.

use crate::error::ProveError;
use provenn_circuits::compile;
use provenn_circuits::graph::Graph;

/// Seeded rows for calibration, and the multiplications that they may take together.
const DEFAULT_ROWS: usize = 16;
const DEFAULT_WORK: usize = 1 << 31;
/// Calibration values from here on are no measurement of anything.
const IMPLAUSIBLE: f32 = 1e9;

/// Rows of data.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Shape of each row, if the data says so; its elements in row-major order otherwise.
    pub shape: Option<Vec<usize>>,
    /// The elements of each row.
    pub rows: Vec<Vec<f32>>,
}

impl From<Vec<Vec<f32>>> for Rows {
    fn from(rows: Vec<Vec<f32>>) -> Self {
        Self { shape: None, rows }
    }
}

/// What rows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Scales are chosen from them.
    Calibration,
    /// Fidelity is measured on them.
    HeldOut,
}

impl std::fmt::Display for Use {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Calibration => "calibration",
            Self::HeldOut => "held-out",
        })
    }
}

impl Rows {
    /// Whether they are rows for a model of this input shape.
    ///
    /// # Errors
    /// [`ProveError::Rows`] for none, or for rows of another shape; a first axis of one is the batch and may be left out.
    pub fn check(&self, input: &[usize], data: Use) -> Result<(), ProveError> {
        let refused = |reason| Err(ProveError::Rows { data, reason });
        if self.rows.is_empty() {
            return refused("there are none".into());
        }
        let one =
            |shape: &[usize]| shape == input || shape.split_first().is_some_and(|(&n, rest)| n == 1 && rest == input);
        if let Some(shape) = self.shape.as_ref().filter(|shape| !one(shape)) {
            return refused(format!("each has the shape {shape:?}, the model takes {input:?}"));
        }
        let elements: usize = input.iter().product();
        match self.rows.iter().enumerate().find(|(_, row)| row.len() != elements) {
            Some((at, row)) => refused(format!(
                "row {at} has {} elements, the model takes {elements}",
                row.len()
            )),
            None => Ok(()),
        }
    }

    /// What makes them a poor choice for scales: `step` is that of the input.
    pub fn warnings(&self, step: f64) -> Vec<String> {
        let mut warnings = vec![];
        let values = || self.rows.iter().flatten();
        let largest = values().fold(0f32, |largest, x| largest.max(x.abs()));
        if largest == 0.0 {
            warnings
                .push("calibration: all values are zero, so that hardly any input but zero can be proven".to_owned());
        } else if self.rows.len() > 1 && self.rows.iter().all(|row| *row == self.rows[0]) {
            warnings.push(format!(
                "calibration: all {} rows are the same, so that other inputs may not be provable",
                self.rows.len()
            ));
        }
        if largest >= IMPLAUSIBLE {
            warnings.push(format!(
                "calibration: values reach {largest:.1e}; inputs are told apart in steps of {step:.1e}"
            ));
        }
        let some = values().filter(|x| **x != 0.0).count();
        let lost = values()
            .filter(|x| **x != 0.0 && f64::from(x.abs()) < step / 2.0)
            .count();
        if 2 * lost > some {
            warnings.push(format!(
                "calibration: {lost} of {some} values that are not zero are less than half a step of {step:.1e} and count as zero, beside values of up to \
                 {largest:.1e}"
            ));
        }
        warnings
    }
}

/// Seeded rows that a model is calibrated on if none are given: fewer for large models, whose runs take seconds.
pub fn seeded(graph: &Graph) -> Vec<Vec<f32>> {
    compile::default_samples(graph, affordable(graph))
}

/// Rows that take no more than seconds together.
pub fn affordable(graph: &Graph) -> usize {
    (DEFAULT_WORK / compile::work(graph).max(1)).clamp(1, DEFAULT_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_rows_are_named() {
        let odd = |rows: Vec<Vec<f32>>, step| Rows::from(rows).warnings(step).join("; ");
        assert_eq!(odd(vec![vec![0.5, -1.0], vec![1.0, 0.0]], 1e-3), "");
        assert_eq!(odd(vec![vec![0.5]], 1e-3), "");
        assert!(odd(vec![vec![0.0], vec![0.0]], 1e-3).contains("zero"));
        assert!(odd(vec![vec![0.5], vec![0.5]], 1e-3).contains("same"));
        assert!(odd(vec![vec![0.5], vec![1e30]], 1e26).contains("1.0e30"));
        assert!(odd(vec![vec![0.5, 0.1], vec![0.2, 1e4]], 2.0).contains("3 of 4"));
    }
}
