//! Divisions of rows by one number each after the product of matrices that reads them, as of attention: `(p / s) v` is `(p v) / s`,
//! which divides fewer elements, each once.

use super::finish::Lowered;
use crate::graph::Op;
use std::collections::HashMap;

/// Most elements of a row: the products are rounded before they are divided, and may be so many times the quotients.
const MOST: usize = 64;

pub fn divide_last(g: &mut Lowered) {
    let mut reads = HashMap::new();
    let outputs = g.output.iter().map(|(_, id)| id);
    for &id in g.steps.iter().flat_map(|step| &step.inputs).chain(outputs) {
        *reads.entry(id).or_insert(0) += 1;
    }
    for at in 0..g.steps.len() {
        let Some(division) = division(g, at).filter(|(_, quotients)| reads.get(quotients) == Some(&1)) else {
            continue;
        };
        exchange(g, division.0, at);
    }
}

/// The division that the product at an index reads rows of, and its result.
fn division(g: &Lowered, at: usize) -> Option<(usize, usize)> {
    let product = g.steps.get(at).filter(|step| step.op == Op::MatMul)?;
    let &[quotients, other] = product.inputs.as_slice() else {
        return None;
    };
    let index = g.steps.iter().position(|step| step.output == quotients)?;
    let division = g.steps.get(index).filter(|step| step.op == Op::Div)?;
    let &[dividends, divisors] = division.inputs.as_slice() else {
        return None;
    };
    let shape = |id: usize| g.slots.get(id).map(|slot| slot.shape.as_slice());
    let (rows, by) = (shape(dividends)?, shape(divisors)?);
    let columns = shape(other)?;
    let alike = Some(rows) == shape(quotients) && by.len() == rows.len() && by.last() == Some(&1);
    let fewer = columns.len() >= 2 && columns.last() <= rows.last() && rows.last() <= Some(&MOST);
    (alike && fewer).then_some((index, quotients))
}

/// The product first, then the division.
fn exchange(g: &mut Lowered, division: usize, product: usize) {
    let Some(steps) = g.steps.get_mut(division..=product) else {
        return;
    };
    steps.rotate_left(1);
    let [.., first, last] = steps else { return };
    let (quotients, result) = (last.output, first.output);
    if let ([factor, ..], [dividend, ..]) = (first.inputs.as_mut_slice(), last.inputs.as_mut_slice()) {
        (*factor, *dividend) = (*dividend, quotients);
    }
    (first.output, last.output) = (quotients, result);
    let shape = g.slots.get(result).map(|slot| slot.shape.clone());
    if let (Some(slot), Some(shape)) = (g.slots.get_mut(quotients), shape) {
        slot.shape = shape;
    }
}
