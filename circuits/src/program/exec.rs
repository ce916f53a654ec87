//! Reference executor: the integer semantics of a [`Program`], bit for bit what the circuit proves.

mod contract;

pub use contract::virtual_source;

use crate::error::CircuitError;
use crate::program::schedule::{schedule, Stage};
use crate::program::{
    zeros, Affine, Linear, MatrixProduct, MaxPool, Part, Product, Program, Quotient, Step, Table, Tensor, TensorId,
    View,
};
use contract::contract;

/// Values and accumulators of one run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Value of each tensor, `[channels, height, width]` flattened.
    pub values: Vec<Vec<i64>>,
    /// Accumulator of each `Affine` or `Product` tensor before rounding; empty for others.
    pub accumulators: Vec<Vec<i128>>,
}

impl Trace {
    /// The values of each output.
    pub fn outputs(&self, model: &Program) -> Vec<Vec<i64>> {
        let values = model.outputs.iter().map(|output| self.values[output.tensor].clone());
        values.collect()
    }
}

/// Quantizes the float values of every input, see [`quantize_input`].
///
/// # Errors
/// [`CircuitError::InputCount`], and as [`quantize_input`].
pub fn quantize_inputs(model: &Program, inputs: &[Vec<f32>]) -> Result<Vec<Vec<i64>>, CircuitError> {
    check_count(model, inputs.len())?;
    let one = |(index, values): (usize, &Vec<f32>)| quantize_input(model, index, values);
    inputs.iter().enumerate().map(one).collect()
}

/// Quantizes the float values of an input: `round(x * 2^(frac + lift))`.
///
/// # Errors
/// [`CircuitError::InputLength`], [`CircuitError::NotFinite`], [`CircuitError::InputType`], or [`CircuitError::OutOfRange`] for values outside the
/// range of the input.
pub fn quantize_input(model: &Program, index: usize, values: &[f32]) -> Result<Vec<i64>, CircuitError> {
    let (tensor, input) = (&model.tensors[index], &model.inputs[index]);
    check_length(tensor, values.len())?;
    if let Some((element, value)) = values.iter().enumerate().find(|(_, x)| !x.is_finite()) {
        return Err(CircuitError::NotFinite {
            tensor: tensor.name.clone(),
            place: format!("element {element}"),
            value: f64::from(*value),
        });
    }
    let other = values.iter().enumerate().find(|(_, x)| !input.elements.holds(**x));
    if let Some((element, &value)) = other {
        return Err(CircuitError::InputType {
            input: tensor.name.clone(),
            place: format!("element {element}"),
            value,
            takes: input.elements.to_string(),
        });
    }
    let scale = 2f64.powi(tensor.frac);
    let mut quantized: Vec<f64> = values.iter().map(|&x| f64::from(x) * scale).collect();
    let lifted = quantized.iter_mut().zip(&input.lifts);
    lifted.for_each(|(v, lift)| *v *= 2f64.powi((*lift).into()));
    let quantized: Vec<i64> = quantized.into_iter().map(|v| v.round() as i64).collect();
    check_input(model, index, &quantized)?;
    Ok(quantized)
}

fn check_count(model: &Program, got: usize) -> Result<(), CircuitError> {
    let expected = model.inputs.len();
    match expected == got {
        true => Ok(()),
        false => Err(CircuitError::InputCount { expected, got }),
    }
}

fn check_length(tensor: &Tensor, got: usize) -> Result<(), CircuitError> {
    match got == tensor.len() {
        true => Ok(()),
        false => Err(CircuitError::InputLength {
            input: tensor.name.clone(),
            expected: tensor.len(),
            got,
        }),
    }
}

fn check_input(model: &Program, index: usize, values: &[i64]) -> Result<(), CircuitError> {
    let tensor = &model.tensors[index];
    check_length(tensor, values.len())?;
    let zero = model.zero(index);
    let end = (1i64 << model.precision.bits()) - zero;
    let least = if model.inputs[index].elements.unsigned() {
        0
    } else {
        -zero
    };
    match values.iter().find(|v| !(least..end).contains(*v)) {
        Some(&v) => Err(out_of_range(tensor, v.into(), least.into(), (end - 1).into())),
        None => Ok(()),
    }
}

/// The values of an input's tensor, from those in the caller's order.
///
/// # Errors
/// [`CircuitError::InputLength`] or [`CircuitError::OutOfRange`].
pub fn placed(model: &Program, index: usize, values: &[i64]) -> Result<Vec<i64>, CircuitError> {
    check_input(model, index, values)?;
    Ok(model.inputs[index].order.place(values))
}

fn out_of_range(tensor: &Tensor, value: i128, min: i128, max: i128) -> CircuitError {
    CircuitError::OutOfRange {
        tensor: tensor.name.clone(),
        value,
        min,
        max,
    }
}

/// Runs the model on quantized inputs, each in the caller's order.
///
/// # Errors
/// [`CircuitError::InputCount`], [`CircuitError::InputLength`], and
/// [`CircuitError::OutOfRange`] if a value leaves the provable range; nothing is clamped silently.
pub fn execute(model: &Program, inputs: &[Vec<i64>]) -> Result<Trace, CircuitError> {
    check_count(model, inputs.len())?;
    let values = inputs
        .iter()
        .enumerate()
        .map(|(index, values)| placed(model, index, values));
    let mut trace = Trace {
        values: values.collect::<Result<_, _>>()?,
        accumulators: vec![vec![]; inputs.len()],
    };
    for tensor in model.tensors.iter().skip(inputs.len()) {
        trace.values.push(vec![0; tensor.len()]);
        trace.accumulators.push(match tensor.step {
            Step::Affine(_) | Step::Product(_) => vec![0; tensor.len()],
            Step::Input | Step::MaxPool(_) | Step::Quotient(_) => vec![],
        });
    }
    let stages = schedule(model).ok_or_else(|| CircuitError::Unsupported(vec!["a tensor depends on itself".into()]))?;
    for stage in stages {
        match stage {
            Stage::Whole(id) => {
                let positions: Vec<usize> = (0..model.tensors[id].positions()).collect();
                compute(model, id, &positions, &mut trace)?;
            }
            Stage::Part(id, positions) => compute(model, id, &positions, &mut trace)?,
        }
    }
    Ok(trace)
}

/// Computes all channels of a tensor at these positions.
fn compute(model: &Program, id: TensorId, at: &[usize], trace: &mut Trace) -> Result<(), CircuitError> {
    let tensor = &model.tensors[id];
    let (values, accumulators) = match &tensor.step {
        // Inputs come first.
        Step::Input => return Ok(()),
        Step::Affine(affine) => {
            let acc = accumulate(tensor, affine, at, &trace.values, model);
            let rounded = round(model, id, &acc)?;
            let values = match &affine.table {
                Some(table) => look_up(tensor, table, &rounded)?,
                None => rounded,
            };
            (values, acc)
        }
        Step::MaxPool(pool) => (max_pool(tensor, pool, at, &trace.values, model), vec![]),
        Step::Product(product) => {
            let acc = multiply(tensor, product, at, &trace.values);
            (round(model, id, &acc)?, acc)
        }
        Step::Quotient(quotient) => (divide(model, id, quotient, at, &trace.accumulators)?, vec![]),
    };
    let places = || (0..tensor.channels).flat_map(|c| at.iter().map(move |p| c * tensor.positions() + p));
    places()
        .zip(values)
        .for_each(|(place, value)| trace.values[id][place] = value);
    let accumulators = places().zip(accumulators);
    accumulators.for_each(|(place, accumulator)| trace.accumulators[id][place] = accumulator);
    Ok(())
}

/// The accumulators of all channels at these positions.
fn accumulate(out: &Tensor, affine: &Affine, at: &[usize], values: &[Vec<i64>], model: &Program) -> Vec<i128> {
    let mut acc: Vec<i128> = zeros(out.channels * at.len());
    for contraction in &affine.contractions {
        contract(&mut acc, (out, at), contraction, values, model);
    }
    for (channel, &bias) in acc.chunks_mut(at.len()).zip(&affine.bias) {
        channel.iter_mut().for_each(|a| *a += i128::from(bias));
    }
    for product in &affine.matrix_products {
        pair(&mut acc, product, at, values);
    }
    for term in &affine.linear {
        add_linear(&mut acc, (out, at), term, values, model);
    }
    acc
}

/// What a part reads, by the elements of its grid.
fn read<'a>(part: &'a Part, values: &'a [Vec<i64>]) -> impl Fn(usize) -> i64 + 'a {
    let tensor = &values[part.tensor];
    move |i| match &part.view {
        None => tensor[i],
        Some(view) => view.elements[i].map_or(0, |e| tensor[e]),
    }
}

fn add_linear(acc: &mut [i128], (out, at): (&Tensor, &[usize]), term: &Linear, values: &[Vec<i64>], model: &Program) {
    let [channels, height, width] = model.grid(&term.part);
    let source = read(&term.part, values);
    for c in 0..channels {
        for (index, &p) in at.iter().enumerate() {
            let (rows, cols) = (&term.axes[0].taps[p / out.width], &term.axes[1].taps[p % out.width]);
            let mut sum = 0i128;
            for &(_, y) in rows {
                for &(_, x) in cols {
                    sum += i128::from(source(c * height * width + y * width + x));
                }
            }
            acc[(term.part.offset + c) * at.len() + index] += i128::from(term.part.alpha) * sum;
        }
    }
}

fn pair(acc: &mut [i128], product: &MatrixProduct, at: &[usize], values: &[Vec<i64>]) {
    let [(left, a), (right, b)] = [&product.left, &product.right];
    let ([batches, rows, inner], columns) = (a.grid, b.grid[2]);
    let (left, right) = (&values[*left], &values[*right]);
    // A step of a loop reads few of all columns: what it takes must not grow with their number.
    let copied = (at.len() == columns).then(|| (a.read(left), b.read(right)));
    let element = |view: &View, of: &[i64], i: usize| view.elements[i].map_or(0, |e| of[e]);
    let left = |i: usize| copied.as_ref().map_or_else(|| element(a, left, i), |(left, _)| left[i]);
    let right = |i: usize| {
        copied
            .as_ref()
            .map_or_else(|| element(b, right, i), |(_, right)| right[i])
    };
    for batch in 0..batches {
        for i in 0..rows {
            let row = batch * rows + i;
            for (index, &n) in at.iter().enumerate() {
                let term =
                    |j: usize| i128::from(left(row * inner + j)) * i128::from(right((batch * inner + j) * columns + n));
                acc[row * at.len() + index] += i128::from(product.alpha) * (0..inner).map(term).sum::<i128>();
            }
        }
    }
}

/// The pairs of neighbours that elements at these positions, channel after channel, come of.
fn neighbours<'a, T>(out: &Tensor, at: &'a [usize], source: &'a [T]) -> impl Iterator<Item = &'a [T]> {
    let channels = source.chunks_exact(2 * out.positions());
    channels.flat_map(move |channel| at.iter().map(move |p| &channel[2 * p..2 * p + 2]))
}

fn multiply(out: &Tensor, product: &Product, at: &[usize], values: &[Vec<i64>]) -> Vec<i128> {
    neighbours(out, at, &values[product.tensor])
        .map(|x| i128::from(product.alpha) * i128::from(x[0]) * i128::from(x[1]))
        .collect()
}

fn divide(
    model: &Program,
    id: usize,
    quotient: &Quotient,
    at: &[usize],
    accumulators: &[Vec<i128>],
) -> Result<Vec<i64>, CircuitError> {
    let (tensor, f) = (&model.tensors[id], model.precision.bits());
    // Twice the magnitude of a divisor has the bits of an accumulator.
    let (half, most) = (1i128 << (f - 1), 1i128 << (2 * f - 1));
    let one = |operands: &[i128]| {
        let (a, b) = (operands[0] * operands[1].signum(), operands[1].abs());
        if !(1..=most).contains(&b) {
            let source = &model.tensors[quotient.tensor];
            return Err(out_of_range(source, operands[1], 1, most));
        }
        let rounded = (2 * i128::from(quotient.alpha) * a + b).div_euclid(2 * b);
        match (-half..half).contains(&rounded) {
            true => Ok(rounded as i64),
            false => Err(out_of_range(tensor, rounded, -half, half - 1)),
        }
    };
    neighbours(tensor, at, &accumulators[quotient.tensor])
        .map(one)
        .collect()
}

fn round(model: &Program, id: usize, acc: &[i128]) -> Result<Vec<i64>, CircuitError> {
    let (tensor, zero, f) = (&model.tensors[id], i128::from(model.zero(id)), model.precision.bits());
    let span = 1i128 << f;
    acc.iter()
        .map(|&a| {
            let shifted = a + (1i128 << (f - 1)) + (zero << f);
            // Only ReLUs clamp, and below the clamp the circuit still needs a magnitude of 2f bits.
            let least = if tensor.signed { 0 } else { -span };
            let rounded = shifted >> f;
            match (least..span).contains(&rounded) {
                true => Ok((rounded.max(0) - zero) as i64),
                false => Err(out_of_range(tensor, rounded - zero, least - zero, span - 1 - zero)),
            }
        })
        .collect()
}

fn look_up(tensor: &Tensor, table: &Table, rounded: &[i64]) -> Result<Vec<i64>, CircuitError> {
    let result = |&units: &i64| {
        table.result(units).ok_or_else(|| {
            let [min, max] = table.near(units).map(i128::from);
            out_of_range(tensor, units.into(), min, max)
        })
    };
    rounded.iter().map(result).collect()
}

fn max_pool(out: &Tensor, pool: &MaxPool, at: &[usize], values: &[Vec<i64>], model: &Program) -> Vec<i64> {
    let source = &model.tensors[pool.tensor];
    let mut result = Vec::with_capacity(out.channels * at.len());
    for c in 0..source.channels {
        let plane = &values[pool.tensor][c * source.positions()..];
        for p in at {
            let (rows, cols) = (&pool.rows[p / out.width], &pool.cols[p % out.width]);
            let window = rows
                .iter()
                .flat_map(|y| cols.iter().map(move |x| plane[y * source.width + x]));
            result.push(window.max().unwrap_or(0));
        }
    }
    result
}
