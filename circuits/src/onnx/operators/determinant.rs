//! Determinants of small matrices.

use super::maps::{labelled, reshaped};
use super::table::{one, Operator};
use super::Call;
use crate::graph::{Op, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};
use std::collections::BTreeMap;

pub const TABLE: &[Operator] = &[one("Det", determinant, "up to four rows")];

const MAX_ROWS: usize = 4;

/// By the elements of each row and the minors of the rows below it.
fn determinant(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let x = call.required(0)?;
    let shape = b.shape(x)?.to_vec();
    let Some((outer, &[rows, columns])) = shape.split_last_chunk::<2>() else {
        return Err(call.shape_error("the input must have two axes at least"));
    };
    if rows != columns || rows == 0 {
        return Err(call.shape_error(format!("a matrix of {rows} rows and {columns} columns")));
    }
    if rows > MAX_ROWS {
        return unsupported(
            format!("a determinant of {rows} rows"),
            "use matrices of four rows at most",
        );
    }
    let n: usize = outer.iter().product();
    let flat = reshaped(call, b, "matrices", x, vec![n, rows, rows])?;
    let element = |b: &mut Builder, i: usize, j: usize| {
        let ranges = vec![(0, n, 1), (i, 1, 1), (j, 1, 1)];
        let one = b.emit(&call.origin, &format!("{i}/{j}"), Op::Slice { ranges }, &[flat])?;
        reshaped(call, b, &format!("{i}/{j}/own"), one, vec![n])
    };
    // Minors of the last rows, by their columns.
    let mut minors: BTreeMap<Vec<usize>, ValueId> = BTreeMap::new();
    for i in (0..rows).rev() {
        let mut next = BTreeMap::new();
        for chosen in (0..1usize << rows).filter(|set| set.count_ones() as usize == rows - i) {
            let set: Vec<usize> = (0..rows).filter(|j| chosen >> j & 1 == 1).collect();
            let name = |word: &str| labelled(&format!("minor/{i}/{chosen}"), word);
            let mut sum = None;
            for (position, &j) in set.iter().enumerate() {
                let mut term = element(b, i, j)?;
                let rest: Vec<usize> = set.iter().copied().filter(|&other| other != j).collect();
                if let Some(&minor) = minors.get(&rest) {
                    term = b.emit(&call.origin, &name(&format!("{j}")), Op::Mul, &[term, minor])?;
                }
                let op = if position % 2 == 0 { Op::Add } else { Op::Sub };
                sum = Some(match sum {
                    None => term,
                    Some(sum) => b.emit(&call.origin, &name(&format!("{j}/sum")), op, &[sum, term])?,
                });
            }
            if let Some(sum) = sum {
                next.insert(set, sum);
            }
        }
        minors = next;
    }
    let all: Vec<usize> = (0..rows).collect();
    match minors.get(&all) {
        Some(&y) => reshaped(call, b, "", y, outer.to_vec()),
        None => Err(call.shape_error("the matrix is empty")),
    }
}
