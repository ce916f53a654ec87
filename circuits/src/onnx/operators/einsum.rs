//! `Einsum`: sums of products by matrix products, pair by pair from the left.

use super::maps::{indices, number, picked, reshaped};
use super::table::{one, Operator};
use super::Call;
use crate::graph::{Op, ReduceKind, ValueId};
use crate::onnx::build::{unsupported, Builder, Fault};
use std::collections::BTreeMap;

pub const TABLE: &[Operator] = &[one("Einsum", einsum, "")];

/// An index letter; those of an ellipsis are numbered from the right.
type Letter = char;

/// A value whose axes have letters, each one once.
#[derive(Clone)]
struct Term {
    value: ValueId,
    letters: Vec<Letter>,
}

/// The letters of the operands and of the result. The axes of ellipses, aligned at their ends, get letters that no equation has.
fn parsed(call: &Call<'_>, ranks: &[usize]) -> Result<(Vec<Vec<Letter>>, Vec<Letter>), Fault> {
    let equation = call.attrs.string("equation")?;
    let text: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let malformed = || call.shape_error("the equation does not fit the operands");
    let legal = |c: char| c.is_ascii_alphabetic() || matches!(c, ',' | '.' | '-' | '>');
    if !text.chars().all(legal) {
        return Err(malformed());
    }
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left.to_owned(), Some(right.to_owned())),
        None => (text, None),
    };
    let wide = |i: usize| char::from_u32('\u{e000}' as u32 + i as u32).unwrap_or('\u{e000}');
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != ranks.len() {
        return Err(malformed());
    }
    let (mut widest, mut letters) = (0, vec![]);
    for (term, &rank) in terms.iter().zip(ranks) {
        let named = term.replacen("...", "", 1);
        if named.contains(['.', '-', '>']) || named.len() > rank || (named.len() < rank && named.len() == term.len()) {
            return Err(malformed());
        }
        let more = rank - named.len();
        widest = widest.max(more);
        let (before, after) = term.split_once("...").unwrap_or((term, ""));
        letters.push(
            before
                .chars()
                .chain((0..more).rev().map(wide))
                .chain(after.chars())
                .collect::<Vec<_>>(),
        );
    }
    let ellipsis = || (0..widest).rev().map(wide);
    let result = match right {
        Some(right) => {
            let (before, after) = right.split_once("...").unwrap_or((&right, ""));
            if before.contains(['.', ',', '-', '>']) || after.contains(['.', ',', '-', '>']) {
                return Err(malformed());
            }
            match right.contains("...") {
                true => before
                    .chars()
                    .chain(ellipsis())
                    .chain(after.chars())
                    .collect::<Vec<_>>(),
                false => right.chars().collect(),
            }
        }
        // Without a result: the letters that occur once, sorted, after the ellipsis.
        None => {
            let mut counts: BTreeMap<Letter, usize> = BTreeMap::new();
            left.chars()
                .filter(char::is_ascii_alphabetic)
                .for_each(|c| *counts.entry(c).or_default() += 1);
            ellipsis()
                .chain(counts.into_iter().filter(|(_, n)| *n == 1).map(|(c, _)| c))
                .collect()
        }
    };
    let known = |c: &Letter| letters.iter().flatten().any(|l| l == c);
    let mut once = result.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() != result.len() || !result.iter().all(known) {
        return Err(malformed());
    }
    Ok((letters, result))
}

fn einsum(call: &Call<'_>, b: &mut Builder) -> Result<ValueId, Fault> {
    let operands = call.all()?;
    let ranks: Vec<usize> = operands
        .iter()
        .map(|&id| Ok(b.shape(id)?.len()))
        .collect::<Result<_, Fault>>()?;
    let (letters, result) = parsed(call, &ranks)?;
    let mut extents: BTreeMap<Letter, usize> = BTreeMap::new();
    for (&id, own) in operands.iter().zip(&letters) {
        for (&letter, &extent) in own.iter().zip(b.shape(id)?) {
            let known = extents.entry(letter).or_insert(extent);
            match (*known, extent) {
                (a, c) if a == c || c == 1 => {}
                (1, c) => *known = c,
                _ => return Err(call.shape_error(format!("two extents for the index {letter}"))),
            }
        }
    }
    let mut terms = vec![];
    for (i, (&id, own)) in operands.iter().zip(&letters).enumerate() {
        terms.push(diagonal(call, b, &format!("{i}"), (id, own), &extents)?);
    }
    let mut rest = terms.into_iter();
    let mut total = rest.next().ok_or_else(|| call.shape_error("no operands"))?;
    let rest: Vec<Term> = rest.collect();
    for (i, term) in rest.iter().enumerate() {
        let later = rest.iter().skip(i + 1).flat_map(|t| &t.letters);
        let needed: Vec<Letter> = result.iter().chain(later).copied().collect();
        total = multiplied(
            call,
            b,
            &format!("product{i}"),
            (total, term.clone()),
            &needed,
            &extents,
        )?;
    }
    total = summed(call, b, "sum", total, &result)?;
    let at = |c: &Letter| total.letters.iter().position(|l| l == c);
    let perm: Option<Vec<usize>> = result.iter().map(at).collect();
    let perm = perm.ok_or_else(|| call.shape_error("an index of the result is lost"))?;
    match perm.iter().copied().eq(0..perm.len()) {
        true => Ok(total.value),
        false => b.emit(&call.origin, "", Op::Transpose { perm }, &[total.value]),
    }
}

/// Each letter once, with its whole extent.
fn diagonal(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    (value, letters): (ValueId, &[Letter]),
    extents: &BTreeMap<Letter, usize>,
) -> Result<Term, Fault> {
    let mut once: Vec<Letter> = vec![];
    letters.iter().for_each(|c| {
        if !once.contains(c) {
            once.push(*c);
        }
    });
    let from = b.shape(value)?.to_vec();
    let to: Vec<usize> = once.iter().filter_map(|c| extents.get(c).copied()).collect();
    if once.len() == letters.len() {
        let value = match from == to {
            true => value,
            false => b.emit(
                &call.origin,
                &format!("{label}/wide"),
                Op::Expand { shape: to },
                &[value],
            )?,
        };
        return Ok(Term { value, letters: once });
    }
    b.reserve(&to, 1)?;
    let source = |index: Vec<usize>| {
        let at = letters.iter().zip(&from).map(|(c, &extent)| {
            let i = once
                .iter()
                .position(|o| o == c)
                .and_then(|i| index.get(i))
                .copied()
                .unwrap_or(0);
            i.min(extent.saturating_sub(1))
        });
        Some(number(&at.collect::<Vec<_>>(), &from))
    };
    let sources: Vec<Option<usize>> = indices(&to).map(source).collect();
    let value = picked(call, b, &format!("{label}/diagonal"), value, &to, (&sources, 0.0))?;
    Ok(Term { value, letters: once })
}

/// Without the letters that nothing needs.
fn summed(call: &Call<'_>, b: &mut Builder, label: &str, term: Term, needed: &[Letter]) -> Result<Term, Fault> {
    let axes: Vec<usize> = (0..term.letters.len())
        .filter(|&i| term.letters.get(i).is_some_and(|c| !needed.contains(c)))
        .collect();
    if axes.is_empty() {
        return Ok(term);
    }
    let op = Op::Reduce {
        kind: ReduceKind::Sum,
        axes,
        keepdims: false,
    };
    let value = b.emit(&call.origin, label, op, &[term.value])?;
    let letters = term.letters.into_iter().filter(|c| needed.contains(c)).collect();
    Ok(Term { value, letters })
}

/// Two terms as a batch of matrix products `[kept by both, left, summed] [kept by both, summed, right]`.
fn multiplied(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    (left, right): (Term, Term),
    needed: &[Letter],
    extents: &BTreeMap<Letter, usize>,
) -> Result<Term, Fault> {
    let both = |c: &Letter| left.letters.contains(c) && right.letters.contains(c);
    let of_left: Vec<Letter> = needed.iter().chain(&right.letters).copied().collect();
    let of_right: Vec<Letter> = needed.iter().chain(&left.letters).copied().collect();
    let (batch, inner): (Vec<Letter>, Vec<Letter>) = left
        .letters
        .iter()
        .copied()
        .filter(both)
        .partition(|c| needed.contains(c));
    let left = summed(call, b, &format!("{label}/left/sum"), left, &of_left)?;
    let right = summed(call, b, &format!("{label}/right/sum"), right, &of_right)?;
    let own = |term: &Term| -> Vec<Letter> {
        let alone = |c: &&Letter| !batch.contains(c) && !inner.contains(c);
        term.letters.iter().filter(alone).copied().collect()
    };
    let (rows, columns) = (own(&left), own(&right));
    let size = |letters: &[Letter]| letters.iter().filter_map(|c| extents.get(c)).product::<usize>();
    let mut arranged = |term: &Term, order: [&[Letter]; 3], word: &str| {
        let letters = order.concat();
        let at = |c: &Letter| term.letters.iter().position(|l| l == c);
        let perm: Vec<usize> = letters.iter().filter_map(at).collect();
        let mut value = term.value;
        if !perm.iter().copied().eq(0..perm.len()) {
            value = b.emit(
                &call.origin,
                &format!("{label}/{word}/turned"),
                Op::Transpose { perm },
                &[value],
            )?;
        }
        let [first, second, third] = order.map(&size);
        let shape = if batch.is_empty() {
            vec![second, third]
        } else {
            vec![first, second, third]
        };
        reshaped(call, b, &format!("{label}/{word}"), value, shape)
    };
    let first = arranged(&left, [&batch, &rows, &inner], "left")?;
    let second = arranged(&right, [&batch, &inner, &columns], "right")?;
    let letters = [batch.clone(), rows, columns].concat();
    if letters.len() > 16 {
        return unsupported("a product of more than 16 axes", "split it into several products");
    }
    let product = b.emit(&call.origin, &format!("{label}/matrices"), Op::MatMul, &[first, second])?;
    let shape = letters.iter().filter_map(|c| extents.get(c).copied()).collect();
    let value = reshaped(call, b, label, product, shape)?;
    Ok(Term { value, letters })
}
