//! Tables for the functions of a float program.

use super::form::Applied;
use super::quantize::{integer_bits, magnitude};
use super::{Ranges, HEADROOM};
use crate::graph::{Graph, Node, Op};
use crate::program::{Precision, Program, Scale, Table};

/// Bits of what is looked up, with its sign.
const BITS: std::ops::RangeInclusive<u32> = 10..=14;
/// Largest difference between a function and itself at the nearest integer, as a share of the largest result expected, if some
/// table is as fine. The rounding of results adds less than a tenth of it.
const ERROR: f64 = 0.0023;

/// A table with the scale of its results.
pub struct Tabulated {
    pub table: Table,
    pub to: Scale,
}

/// The table of a function whose results are expected to be up to `range`: that of the fewest bits which is fine enough. How
/// many they are does not depend on the precision, so that a search at one precision finds what fits at another.
pub fn tabulate(applied: &Applied, range: f64, precision: Precision) -> Tabulated {
    let most = precision.bits().min(*BITS.end());
    let fine = |bits: &u32| coarseness(applied, range, *bits) <= ERROR * range;
    let bits = (*BITS.start()..most).find(fine).unwrap_or(most);
    let (frac, reach) = domain(applied.range, bits);
    let to = results(applied, range, frac, reach, precision.bits());
    Tabulated {
        table: Table::new(&applied.function, frac, reach, to),
        to,
    }
}

/// Largest difference between the function and its value at the nearest integer of so many bits, within what is expected.
fn coarseness(applied: &Applied, range: f64, bits: u32) -> f64 {
    let (frac, reach) = domain(applied.range, bits);
    let unit = 2f64.powi(-frac);
    let difference = |units: i64| {
        let x = units as f64 * unit;
        let [before, y, after] = [x - unit / 2.0, x, x + unit / 2.0].map(|x| applied.function.at(x));
        let expected = x.abs() <= applied.range && [before, y, after].iter().all(|y| y.abs() <= range);
        if expected {
            (before - y).abs().max((after - y).abs())
        } else {
            0.0
        }
    };
    (-reach..=reach).map(difference).fold(0.0, f64::max)
}

/// Fractional bits of what is looked up, and its largest magnitude: the range with its headroom. The last integers are left out
/// where all together would need a row more than a circuit of as many bits has.
fn domain(range: f64, bits: u32) -> (i32, i64) {
    let frac = bits as i32 - 1 - integer_bits(range);
    let most = (1i64 << (bits - 1)) - 4;
    let headroom = (magnitude(range) * HEADROOM * 2f64.powi(frac)).ceil();
    (frac, (headroom as i64).clamp(1, most))
}

/// The finest scale that has every result of an input in range; of results beyond the headroom, as any tensor's, none.
fn results(applied: &Applied, range: f64, frac: i32, reach: i64, bits: u32) -> Scale {
    let from = Scale { frac, bits };
    let values = (-reach..=reach).map(|units| applied.function.at(from.number(units)).abs());
    let expected = magnitude(range);
    let in_headroom = values.filter(|v| *v <= expected * HEADROOM);
    let largest = in_headroom.fold(expected, f64::max);
    let finest = bits as i32 - 1 - libm::log2(largest).ceil() as i32;
    // A power of two is one unit too large.
    let fits = (largest * 2f64.powi(finest)).round() < 2f64.powi(bits as i32 - 1);
    let frac = finest - i32::from(!fits);
    Scale { frac, bits }
}

/// A function of a model, as its circuit has it.
#[derive(Clone, Debug)]
pub struct Tabulation {
    /// The value that it gives.
    pub name: String,
    /// The operators that it is made of.
    pub operators: String,
    /// Its formula.
    pub formula: String,
    /// Entries of its table.
    pub entries: usize,
    /// Largest error of the table within the calibrated ranges, as a share of the largest result there.
    pub error: f64,
}

/// The functions of a compiled graph.
pub fn tabulations(graph: &Graph, ranges: &Ranges, model: &Program) -> Vec<Tabulation> {
    let magnitudes = ranges.magnitudes();
    let tabulation = |node: &Node| {
        let (Op::Function(function), [input]) = (&node.op, node.inputs.as_slice()) else {
            return None;
        };
        let name = &graph.values[node.output].name;
        let tensors = (0..model.tensors.len()).filter_map(|id| Some((&model.tensors[id], model.table(id)?)));
        let (tensor, table) = tensors.into_iter().find(|(tensor, _)| tensor.name == *name)?;
        let range = magnitudes[node.output];
        Some(Tabulation {
            name: name.clone(),
            operators: node.onnx_op.clone(),
            formula: function.to_string(),
            entries: table.entries().count(),
            error: table.error(function, tensor.frac, [magnitudes[*input], range]) / magnitude(range),
        })
    };
    graph.nodes.iter().filter_map(tabulation).collect()
}

#[cfg(test)]
mod tests;
