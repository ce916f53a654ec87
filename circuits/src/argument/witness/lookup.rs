//! Limbs and the columns of their range lookup.

use super::*;

/// Splits values into table limbs (low first) and single bits.
pub(super) fn limbs(shape: &Shape, values: &[u64]) -> Vec<Vec<u64>> {
    let limb = |i: u32| {
        values
            .iter()
            .map(move |v| (v >> (shape.table_bits * i)) & ((1 << shape.table_bits) - 1))
            .collect()
    };
    let bit = |i: u32| {
        values
            .iter()
            .map(move |v| (v >> (shape.table_bits * shape.limbs + i)) & 1)
            .collect()
    };
    (0..shape.limbs).map(limb).chain((0..shape.top_bits).map(bit)).collect()
}

/// The table-checked limb columns in lookup order.
fn lookup_limbs(shape: &Shape, lanes: &[LaneCells]) -> Vec<Vec<u64>> {
    let count = shape.limbs as usize;
    let checked = |cells: &Vec<u64>| limbs(shape, cells).into_iter().take(count);
    lanes
        .iter()
        .flat_map(|lane| checked(&lane.high).chain(checked(&lane.rem)).collect::<Vec<_>>())
        .collect()
}

pub(super) fn multiplicities(shape: &Shape, lanes: &[LaneCells]) -> Vec<u64> {
    let mut counts = vec![0u64; 1 << shape.table_bits];
    for column in lookup_limbs(shape, lanes) {
        for value in column {
            counts[value as usize] += 1;
        }
    }
    counts
}

/// Lookup helpers, the table helper and the running sum.
pub(super) fn lookup_columns(first: &First, layout: &Layout, alpha: Fr) -> Vec<Vec<Fr>> {
    let usable = layout.shape.usable();
    // 1 / (alpha + v) for every table value, once.
    let mut inverses: Vec<Fr> = (0..1u64 << layout.shape.table_bits)
        .map(|v| alpha + Fr::from(v))
        .collect();
    inverses.iter_mut().batch_invert();
    let limbs = lookup_limbs(&layout.shape, &first.lanes);
    let mut columns: Vec<Vec<Fr>> = limbs
        .par_chunks(3)
        .map(|group| {
            (0..usable)
                .map(|row| group.iter().map(|c| inverses[c[row] as usize]).sum())
                .collect()
        })
        .collect();
    let mut table: Vec<Fr> = first
        .multiplicity
        .iter()
        .zip(&inverses)
        .map(|(&m, inverse)| Fr::from(m) * inverse)
        .collect();
    table.resize(usable, Fr::ZERO);
    let mut sum = Vec::with_capacity(usable);
    let mut total = Fr::ZERO;
    for row in 0..usable {
        total += columns.iter().map(|c| c[row]).sum::<Fr>() - table[row];
        sum.push(total);
    }
    columns.push(table);
    columns.push(sum);
    columns
}
