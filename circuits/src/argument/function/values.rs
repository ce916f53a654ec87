//! Values of the columns of functions.

use super::{entries, looked_up, Entry, GROUP};
use crate::argument::lane;
use crate::layout::Layout;
use crate::program::Program;
use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::halo2curves::ff::{BatchInvert, Field};
use rayon::prelude::*;

/// The integer of limbs and single bits.
fn integer(layout: &Layout, parts: &[Vec<u64>], row: usize) -> u64 {
    let (limbs, bits) = (layout.shape.limbs as usize, layout.shape.table_bits);
    let shift = |i: usize| bits * i.min(limbs) as u32 + i.saturating_sub(limbs) as u32;
    parts.iter().enumerate().map(|(i, part)| part[row] << shift(i)).sum()
}

/// What is looked up: lane, row and the pair, in the order of the lanes.
fn lookups(model: &Program, layout: &Layout, lanes: &[lane::Columns<Vec<u64>>], lane: usize) -> Vec<(usize, Entry)> {
    let columns = &lanes[lane];
    let rows = 0..layout.kinds.len();
    let looked_up = rows.filter_map(|row| Some((row, looked_up(model, layout, row)?)));
    let live = looked_up.filter(|(_, (_, live))| lane < *live);
    let entry = |(row, (tag, _)): (usize, (usize, usize))| {
        let entry = Entry {
            tag: tag as u64,
            input: integer(layout, &columns.high, row),
            value: columns.value[row],
        };
        (row, entry)
    };
    live.map(entry).collect()
}

/// Lanes that are looked up anywhere.
fn live(layout: &Layout) -> usize {
    layout.shape.features.tables.live.last().copied().unwrap_or(0)
}

/// For each block, how often each entry occurs, times the number of its table. What is no entry is not counted: a proof of it
/// fails.
pub fn multiplicities(model: &Program, layout: &Layout, lanes: &[lane::Columns<Vec<u64>>]) -> Vec<Vec<u64>> {
    let usable = layout.shape.usable();
    // They ascend: by their tables, and in each by what it takes.
    let entries: Vec<Entry> = entries(model, layout).collect();
    let place = |entry: Entry| {
        let at = entries
            .binary_search_by_key(&entry.packed(), |entry| entry.packed())
            .ok()?;
        (entries[at] == entry).then_some((at, entry.tag))
    };
    let of_lane = |lane: usize| -> Vec<(usize, u64)> {
        let lookups = lookups(model, layout, lanes, lane).into_iter();
        lookups.filter_map(|(_, entry)| place(entry)).collect()
    };
    let places: Vec<Vec<(usize, u64)>> = (0..live(layout)).into_par_iter().map(of_lane).collect();
    let mut counts = vec![0u64; layout.shape.features.tables.blocks * usable];
    places.iter().flatten().for_each(|(at, tag)| counts[*at] += tag);
    counts.chunks(usable).map(<[u64]>::to_vec).collect()
}

/// The helpers.
pub fn columns(
    model: &Program,
    layout: &Layout,
    lanes: &[lane::Columns<Vec<u64>>],
    multiplicities: &[Vec<u64>],
    [alpha, r]: [Fr; 2],
) -> Vec<Vec<Fr>> {
    let usable = layout.shape.usable();
    let entries: Vec<Entry> = entries(model, layout).collect();
    let denominator = |entry: Entry| alpha + Fr::from(entry.packed()) + r * Fr::from(entry.result());
    // Rows with numerator and denominator.
    let fraction = |index: usize| -> Vec<(usize, Fr, Entry)> {
        match index.checked_sub(live(layout)) {
            None => lookups(model, layout, lanes, index)
                .into_iter()
                .map(|(row, entry)| (row, Fr::from(entry.tag), entry))
                .collect(),
            Some(block) => multiplicities[block]
                .iter()
                .zip(entries.iter().skip(block * usable))
                .enumerate()
                .filter(|(_, (count, _))| **count > 0)
                .map(|(row, (count, entry))| (row, -Fr::from(*count), *entry))
                .collect(),
        }
    };
    let helper = |indices: &[usize]| {
        let mut sums = vec![Fr::ZERO; usable];
        for index in indices {
            let fractions = fraction(*index);
            let mut inverses: Vec<Fr> = fractions.iter().map(|f| denominator(f.2)).collect();
            inverses.iter_mut().batch_invert();
            for ((row, numerator, _), inverse) in fractions.iter().zip(inverses) {
                sums[*row] += numerator * inverse;
            }
        }
        sums
    };
    let all: Vec<usize> = match live(layout) {
        0 => vec![],
        live => (0..live + multiplicities.len()).collect(),
    };
    all.par_chunks(GROUP).map(helper).collect()
}
