//! Integers for the float program: scales, weights and biases.

use super::form::{Affine, Contraction, FloatProgram, MatrixProduct, Part, Step, Tensor};
use super::functions::tabulate;
use super::{Weights, HEADROOM};
use crate::error::CircuitError;
use crate::graph::InputType;
use crate::octaves;
use crate::program::{self, accumulator_bits, Constants, Precision, Program, Table, LARGEST};

/// Accumulators stay below 2^ACCUMULATOR_BITS, far from the field's 2^253.
const ACCUMULATOR_BITS: u32 = 120;
/// Extra fractional bits of a sum whose coefficients are not powers of two.
const COEFFICIENT_BITS: i32 = 12;

/// The scale of a tensor.
struct Scaled {
    /// Fractional bits of what is rounded.
    rounded: i32,
    /// Fractional bits of the values: those of a table's results are others.
    values: i32,
    table: Option<Table>,
}

/// The scales of all tensors: none depends on what a tensor reads, which may be a later one, but for that of a pool.
fn scales(program: &FloatProgram, precision: Precision) -> Vec<Scaled> {
    let mut scales: Vec<Scaled> = vec![];
    for (id, tensor) in program.tensors.iter().enumerate() {
        let tabulated = tensor.function.as_ref();
        let tabulated = tabulated.map(|applied| tabulate(applied, tensor.range, precision));
        let rounded = match (&tensor.step, &tabulated) {
            (Step::MaxPool(pool), _) => scales[pool.tensor].values,
            (_, Some(tabulated)) => tabulated.table.frac,
            // Without fractional bits every unit is an integer.
            (Step::Input, _) if matches!(program.inputs[id].elements, InputType::Integers { .. }) => {
                fractional_bits(tensor.range, precision, tensor.signed).min(0)
            }
            _ => fractional_bits(tensor.range, precision, tensor.signed),
        };
        scales.push(Scaled {
            rounded,
            values: tabulated.as_ref().map_or(rounded, |tabulated| tabulated.to.frac),
            table: tabulated.map(|tabulated| tabulated.table),
        });
    }
    scales
}

/// Quantizes at a precision.
pub fn quantize(program: &FloatProgram, precision: Precision, weights: Weights) -> Result<Program, CircuitError> {
    let mut tensors: Vec<program::Tensor> = vec![];
    let scaled = scales(program, precision);
    for (tensor, scale) in program.tensors.iter().zip(&scaled) {
        let step = match &tensor.step {
            Step::Input => program::Step::Input,
            Step::MaxPool(pool) => program::Step::MaxPool(pool.clone()),
            Step::Affine(affine) => {
                let scales = Scales {
                    frac: scale.rounded,
                    precision,
                    tensors: &scaled,
                    weights,
                };
                program::Step::Affine(program::Affine {
                    table: scale.table.clone(),
                    ..scales.integers(tensor, affine)?
                })
            }
            Step::Product(source) => {
                let shift = scale.rounded + precision.bits() as i32 - 2 * scaled[*source].values;
                program::Step::Product(program::Product {
                    tensor: *source,
                    alpha: power(&tensor.name, 1.0, shift)?,
                })
            }
            // Both operands have one scale.
            Step::Quotient(source) => program::Step::Quotient(program::Quotient {
                tensor: *source,
                alpha: power(&tensor.name, 1.0, scale.rounded)?,
            }),
        };
        let [channels, height, width] = tensor.grid;
        let quantized = program::Tensor {
            name: tensor.name.clone(),
            channels,
            height,
            width,
            frac: scale.values,
            signed: tensor.signed,
            step,
        };
        check_bounds(&quantized, precision)?;
        tensors.push(quantized);
    }
    Ok(Program {
        precision,
        tensors,
        inputs: program.inputs.clone(),
        outputs: program.outputs.clone(),
    })
}

/// The most fractional bits with which `range` and its headroom fit.
fn fractional_bits(range: f64, precision: Precision, signed: bool) -> i32 {
    precision.bits() as i32 - i32::from(signed) - integer_bits(range)
}

/// `value * 2^frac`, rounded. What does not fit is refused: another number in its place would be another model.
fn round(tensor: &Tensor, what: &'static str, value: f64, frac: i32) -> Result<i64, CircuitError> {
    let units = (value * 2f64.powi(frac)).round();
    match units.abs() <= LARGEST as f64 {
        true => Ok(units as i64),
        false if !value.is_finite() => Err(CircuitError::NotFinite {
            tensor: tensor.name.clone(),
            place: format!("a {what}"),
            value,
        }),
        false => Err(CircuitError::Constant {
            tensor: tensor.name.clone(),
            what,
            value,
            units,
            limit: LARGEST,
        }),
    }
}

/// `coef * 2^shift`, which must be an integer: factors of products are exact.
fn power(name: &str, coef: f64, shift: i32) -> Result<i64, CircuitError> {
    let value = coef * 2f64.powi(shift);
    match value.fract() == 0.0 && value != 0.0 && value.abs() < 2f64.powi(62) {
        true => Ok(value as i64),
        false => Err(CircuitError::Unsupported(vec![format!(
            "tensor `{name}`: the scale of a product of activations is no integer"
        )])),
    }
}

/// Bits before the point with which a range and its headroom fit.
pub(super) fn integer_bits(range: f64) -> i32 {
    octaves::ceil(magnitude(range) * HEADROOM)
}

/// A range, which is not zero: a tensor that is always zero has a scale too.
pub(super) fn magnitude(range: f64) -> f64 {
    range.max(1e-6)
}

/// The scales that the integers of an accumulator follow from.
struct Scales<'a> {
    /// Fractional bits of what is rounded.
    frac: i32,
    precision: Precision,
    /// Those of what it may read.
    tensors: &'a [Scaled],
    weights: Weights,
}

impl Scales<'_> {
    /// Fractional bits of the accumulator.
    fn scale(&self) -> i32 {
        self.frac + self.precision.bits() as i32
    }

    fn part(&self, tensor: &Tensor, p: &Part, frac: i32) -> Result<program::Part, CircuitError> {
        Ok(program::Part {
            tensor: p.tensor,
            alpha: round(tensor, "coefficient", p.coef, frac - self.tensors[p.tensor].values)?,
            offset: p.offset,
            view: p.view.clone(),
        })
    }

    /// Constants; of weights that are not known, zeros.
    fn constants(
        &self,
        tensor: &Tensor,
        what: &'static str,
        values: &[f64],
        public: bool,
        frac: i32,
    ) -> Result<Vec<i64>, CircuitError> {
        match public || self.weights == Weights::Given {
            true => values.iter().map(|&v| round(tensor, what, v, frac)).collect(),
            false => Ok(vec![0; values.len()]),
        }
    }

    fn contraction(&self, tensor: &Tensor, c: &Contraction) -> Result<program::Contraction, CircuitError> {
        let extra = if c.parts.iter().all(|p| octaves::is_power(p.coef)) {
            0
        } else {
            COEFFICIENT_BITS
        };
        // Fractional bits of the virtual tensor: the finest part decides.
        let finest = |p: &Part| self.tensors[p.tensor].values - octaves::floor(p.coef).min(0);
        let mut source = c.parts.iter().map(finest).max().unwrap_or(0) + extra;
        if c.parts.is_empty() {
            // A constant is as large as keeps its weights below the width of a value, if that is an integer of 61 bits.
            let largest = c.magnitude.max(1e-6);
            source = (self.frac + 1 + octaves::ceil(largest)).clamp(0, 60);
        }
        let parts = c.parts.iter().map(|p| self.part(tensor, p, source));
        Ok(program::Contraction {
            parts: parts.collect::<Result<_, _>>()?,
            constant: if c.parts.is_empty() { 1 << source } else { 0 },
            channels: c.channels,
            axes: c.axes.clone(),
            groups: c.groups,
            weights: self
                .constants(tensor, "weight", &c.weights, c.public, self.scale() - source)?
                .into(),
            public: c.public,
        })
    }

    fn integers(&self, tensor: &Tensor, affine: &Affine) -> Result<program::Affine, CircuitError> {
        let scale = self.scale();
        let linear = affine.linear.iter().map(|l| {
            Ok(program::Linear {
                part: self.part(tensor, &l.part, scale)?,
                axes: l.axes.clone(),
            })
        });
        let product = |p: &MatrixProduct| {
            let shift = scale - self.tensors[p.left.0].values - self.tensors[p.right.0].values;
            Ok(program::MatrixProduct {
                alpha: power(&tensor.name, p.coef, shift)?,
                left: p.left.clone(),
                right: p.right.clone(),
            })
        };
        let contractions = affine.contractions(tensor.grid);
        Ok(program::Affine {
            contractions: contractions
                .iter()
                .map(|c| self.contraction(tensor, c))
                .collect::<Result<_, _>>()?,
            bias: self.constants(tensor, "bias", &affine.bias.values, affine.bias.public, scale)?,
            public_bias: affine.bias.public,
            matrix_products: affine
                .matrix_products
                .iter()
                .map(product)
                .collect::<Result<_, CircuitError>>()?,
            linear: linear.collect::<Result<_, CircuitError>>()?,
            table: None,
        })
    }
}

/// No accumulator of any input in range may come near the field size.
fn check_bounds(tensor: &program::Tensor, precision: Precision) -> Result<(), CircuitError> {
    let bits = accumulator_bits(tensor, precision, Constants::Own);
    match bits > ACCUMULATOR_BITS {
        true => Err(CircuitError::Wrap {
            tensor: tensor.name.clone(),
            bits,
            limit: ACCUMULATOR_BITS,
        }),
        false => Ok(()),
    }
}
