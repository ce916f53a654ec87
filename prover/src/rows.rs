//! Rows of calibration and held-out data, and what is odd about them.

use crate::error::ProveError;
use provenn_circuits::compile;
use provenn_circuits::graph::{Graph, Sample};
use provenn_circuits::program::{Input, Program, Tensor};

/// Seeded rows for calibration, and the multiplications that they may take together.
const DEFAULT_ROWS: usize = 16;
const DEFAULT_WORK: usize = 1 << 31;
/// Calibration values from here on are no measurement of anything.
const IMPLAUSIBLE: f32 = 1e9;

/// Rows of data: samples of all inputs of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// For each input its shape in a row, if the data says so; its elements in row-major order otherwise.
    pub shapes: Vec<Option<Vec<usize>>>,
    /// The elements of each row, input by input.
    pub rows: Vec<Sample>,
}

/// Rows of a model with one input.
impl From<Vec<Vec<f32>>> for Rows {
    fn from(rows: Vec<Vec<f32>>) -> Self {
        Self::from(rows.into_iter().map(|row| vec![row]).collect::<Vec<Sample>>())
    }
}

impl From<Vec<Sample>> for Rows {
    fn from(rows: Vec<Sample>) -> Self {
        Self { shapes: vec![], rows }
    }
}

/// What rows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Scales are chosen from them.
    Calibration,
    /// Fidelity is measured on them.
    HeldOut,
    /// Receipts are about them.
    Inputs,
}

impl std::fmt::Display for Use {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Calibration => "calibration",
            Self::HeldOut => "held-out",
            Self::Inputs => "input",
        })
    }
}

impl Rows {
    /// Rows of several inputs from those of each.
    ///
    /// # Errors
    /// [`ProveError::Rows`] if there are more of one than of another.
    pub fn joined(inputs: Vec<Self>, data: Use) -> Result<Self, ProveError> {
        let counts: Vec<usize> = inputs.iter().map(|input| input.rows.len()).collect();
        if counts.windows(2).any(|pair| pair[0] != pair[1]) {
            let reason = format!("inputs have {counts:?} rows; each row is one of every input");
            return Err(ProveError::Rows { data, reason });
        }
        let count = counts.first().copied().unwrap_or(0);
        let mut joined = Self {
            shapes: vec![],
            rows: vec![vec![]; count],
        };
        for input in inputs {
            joined.shapes.extend(input.shapes);
            for (row, values) in joined.rows.iter_mut().zip(input.rows) {
                row.extend(values);
            }
        }
        Ok(joined)
    }

    /// The same for a model that takes so many items at once: rows of one item each are joined in their order, and the last batch is filled from
    /// the first row on. Rows that are whole batches stay as they are.
    #[must_use]
    pub fn batched(self, graph: &Graph, items: usize) -> Self {
        let of_one = |row: &Sample| {
            row.iter()
                .zip(graph.input_lens())
                .all(|(values, len)| values.len() * items == len)
        };
        if items < 2 || self.rows.is_empty() || !self.rows.iter().all(of_one) {
            return self;
        }
        let batches = self.rows.len().div_ceil(items);
        let mut rows = self.rows.iter().cycle();
        let mut batch = || {
            let mut joined = vec![vec![]; graph.inputs.len()];
            for row in rows.by_ref().take(items) {
                joined.iter_mut().zip(row).for_each(|(all, values)| all.extend(values));
            }
            joined
        };
        Self {
            rows: (0..batches).map(|_| batch()).collect(),
            shapes: self
                .shapes
                .into_iter()
                .map(|shape| Some([vec![items], shape?].concat()))
                .collect(),
        }
    }

    /// Whether they are rows for the inputs of a model.
    ///
    /// # Errors
    /// [`ProveError::Rows`] for none, or for rows of another shape; a first axis of one is the batch and may be left out.
    pub fn check(&self, graph: &Graph, data: Use) -> Result<(), ProveError> {
        let refused = |reason| Err(ProveError::Rows { data, reason });
        if self.rows.is_empty() {
            return refused("there are none".into());
        }
        let expected = graph.inputs.len();
        if let Some((at, row)) = self.rows.iter().enumerate().find(|(_, row)| row.len() != expected) {
            return refused(format!(
                "row {at} is of {} input{}, the model takes {expected}",
                row.len(),
                if row.len() == 1 { "" } else { "s" }
            ));
        }
        for (index, value) in graph.inputs.iter().map(|input| input.value).enumerate() {
            let input = graph.unbatched(value);
            // Of one input nobody asks which.
            let of = match expected {
                1 => String::new(),
                _ => format!(" for input `{}`", graph.values[value].name),
            };
            let one = |shape: &[usize]| {
                shape == input || shape.split_first().is_some_and(|(&n, rest)| n == 1 && rest == input)
            };
            let shape = self.shapes.get(index).and_then(Option::as_ref);
            if let Some(shape) = shape.filter(|shape| !one(shape)) {
                return refused(format!("each has the shape {shape:?}{of}, the model takes {input:?}"));
            }
            let elements: usize = input.iter().product();
            let mut rows = self.rows.iter().enumerate();
            if let Some((at, row)) = rows.find(|(_, row)| row[index].len() != elements) {
                return refused(format!(
                    "row {at} has {} elements{of}, the model takes {elements}",
                    row[index].len()
                ));
            }
        }
        Ok(())
    }

    /// What makes them a poor choice for the scales of this model.
    pub fn warnings(&self, model: &Program) -> Vec<String> {
        let one = |(index, (tensor, input)): (usize, (&Tensor, &Input))| {
            let of = match model.inputs.as_slice() {
                [_] => "calibration".to_owned(),
                _ => format!("calibration of input `{}`", tensor.name),
            };
            let rows: Vec<&[f32]> = self.rows.iter().map(|row| row[index].as_slice()).collect();
            let step = |element: usize| {
                let lift = input.lifts.get(element).copied().unwrap_or(0);
                2f64.powi(-tensor.frac - i32::from(lift))
            };
            warnings(&of, &rows, step)
        };
        let inputs = model.input_tensors().iter().zip(&model.inputs);
        inputs.enumerate().flat_map(one).collect()
    }
}

/// What is odd about the rows of an input whose elements are told apart in such steps.
fn warnings(of: &str, rows: &[&[f32]], step: impl Fn(usize) -> f64) -> Vec<String> {
    let mut warnings = vec![];
    // Each with its step.
    let values = || {
        rows.iter()
            .flat_map(|row| row.iter().enumerate())
            .map(|(element, x)| (x.abs(), step(element)))
    };
    let (largest, coarsest) = values().fold((0f32, 0f64), |(x, step), one| (x.max(one.0), step.max(one.1)));
    if largest == 0.0 {
        warnings.push(format!(
            "{of}: all values are zero, so that hardly any input but zero can be proven"
        ));
    } else if rows.len() > 1 && rows.iter().all(|row| *row == rows[0]) {
        warnings.push(format!(
            "{of}: all {} rows are the same, so that other inputs may not be provable",
            rows.len()
        ));
    }
    if largest >= IMPLAUSIBLE {
        warnings.push(format!(
            "{of}: values reach {largest:.1e}; inputs are told apart in steps of {coarsest:.1e}"
        ));
    }
    let some = values().filter(|(x, _)| *x != 0.0).count();
    let lost = values()
        .filter(|(x, step)| *x != 0.0 && f64::from(*x) < step / 2.0)
        .count();
    if 2 * lost > some {
        warnings.push(format!(
            "{of}: {lost} of {some} values that are not zero are less than half a step of up to {coarsest:.1e} and count as zero, beside values of up to \
             {largest:.1e}"
        ));
    }
    warnings
}

/// Seeded rows that a model is calibrated on if none are given: fewer for large models, whose runs take seconds.
pub fn seeded(graph: &Graph) -> Vec<Sample> {
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
        let odd = |rows: Vec<Vec<f32>>, step| {
            let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
            warnings(
                "calibration",
                &rows,
                |element| if element == 0 { step } else { step / 8.0 },
            )
            .join("; ")
        };
        assert_eq!(odd(vec![vec![0.5, -1.0], vec![1.0, 0.0]], 1e-3), "");
        assert_eq!(odd(vec![vec![0.5]], 1e-3), "");
        assert!(odd(vec![vec![0.0], vec![0.0]], 1e-3).contains("zero"));
        assert!(odd(vec![vec![0.5], vec![0.5]], 1e-3).contains("same"));
        assert!(odd(vec![vec![0.5], vec![1e30]], 1e26).contains("1.0e30"));
        // In steps of 2 and 1/4.
        assert!(odd(vec![vec![0.5, 0.1], vec![0.2, 1e4]], 2.0).contains("3 of 4"));
        assert_eq!(odd(vec![vec![1e4, 0.2], vec![1e4, 0.3]], 2.0), "");
    }
}
