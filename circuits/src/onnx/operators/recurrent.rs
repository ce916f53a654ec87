//! Recurrent layers. A circuit knows no order in time: all steps are rows of the same few values, of which the states are read one step
//! later than they are computed. Where sequences are of different lengths or start from constant states, layers are unrolled.

use super::maps::{labelled, picked, reshaped};
use super::table::{many, Operator, Values};
use super::Call;
use crate::graph::{elements, Op, ValueId};
use crate::onnx::attr::size;
use crate::onnx::build::{remedy, unsupported, Builder, Fault};
use crate::onnx::tensor::Const;
use activation::Activations;
use cell::{Cell, Inputs};

pub mod activation;
mod cell;

pub const TABLE: &[Operator] = &[
    many("GRU", recurrent, LIMITS),
    many("LSTM", recurrent, LIMITS),
    many("RNN", recurrent, LIMITS),
];

const LIMITS: &str = "constant `sequence_lens`; unrolled if it is given, a first state is a constant other than zero, or weights are no constants";

/// Extents of a layer.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    batch: usize,
    hidden: usize,
    /// Rows of the weights, in hidden sizes.
    gates: usize,
}

/// A direction of the layer.
struct Direction {
    index: usize,
    reverse: bool,
}

/// What a direction gives: all states, the last one and the last cell state.
struct Run {
    all: ValueId,
    last: ValueId,
    cell: Option<ValueId>,
}

fn recurrent(call: &Call<'_>, b: &mut Builder) -> Result<Values, Fault> {
    let from = &call.origin;
    let gates = match call.op {
        "LSTM" => 4,
        "GRU" => 3,
        _ => 1,
    };
    let batch_first = call.attrs.flag("layout", false)?;
    let turned = |b: &mut Builder, label: &str, x: ValueId, perm: &[usize]| match batch_first {
        true => b.emit(from, label, Op::Transpose { perm: perm.to_vec() }, &[x]),
        false => Ok(x),
    };
    let x = call.required(0)?;
    if b.shape(x)?.len() != 3 {
        return Err(call.shape_error("the input must have three axes"));
    }
    let x = turned(b, "input", x, &[1, 0, 2])?;
    let directions: Vec<Direction> = match call.attrs.string("direction")? {
        "" | "forward" => vec![(0, false)],
        "reverse" => vec![(0, true)],
        "bidirectional" => vec![(0, false), (1, true)],
        other => return Err(call.shape_error(format!("direction `{}` is unknown", crate::onnx::shown(other)))),
    }
    .into_iter()
    .map(|(index, reverse)| Direction { index, reverse })
    .collect();
    let (&[steps, batch, inputs], &[of, rows, hidden]) = (b.shape(x)?, b.shape(call.required(2)?)?) else {
        return Err(call.shape_error("the input and the weights must have three axes"));
    };
    let declared = size("hidden_size", call.attrs.int("hidden_size")?.unwrap_or(hidden as i64))?;
    let sizes = Sizes {
        steps,
        batch,
        hidden,
        gates,
    };
    let fits = of == directions.len() && rows == gates * hidden && declared == hidden && hidden > 0;
    if !fits || *b.shape(call.required(1)?)? != [of, rows, inputs] {
        return Err(call.shape_error("weights that do not fit the input, the directions and the hidden size"));
    }
    let expected = [
        (3, vec![of, 2 * rows]),
        (5, vec![of, batch, hidden]),
        (6, vec![of, batch, hidden]),
        (7, vec![of, 3 * hidden]),
    ];
    let mut operands = vec![];
    for (i, shape) in expected {
        let given = call.optional(i).filter(|_| i < 6 || call.op == "LSTM");
        operands.push(match given {
            Some(state) if matches!(i, 5 | 6) => Some(turned(b, &format!("{i}/turned"), state, &[1, 0, 2])?),
            other => other,
        });
        if let Some(given) = operands.last().copied().flatten() {
            if *b.shape(given)? != shape {
                return Err(call.shape_error(format!(
                    "input {i} has shape {:?} instead of {shape:?}",
                    b.shape(given)?
                )));
            }
        }
    }
    let lengths = lengths(call, b, sizes)?;
    let activations = Activations::read(call, directions.len())?;
    let clip = match call.attrs.float("clip")? {
        Some(clip) if clip.is_finite() && clip > 0.0 => Some(clip),
        Some(0.0) | None => None,
        Some(_) => return unsupported("a clip that is not a positive finite number", remedy::FINITE),
    };
    let mut runs = vec![];
    for direction in &directions {
        let cell = Cell::read(call, b, (direction.index, sizes), &operands, &activations, clip)?;
        runs.push(run(call, b, x, (direction, sizes, &lengths), &operands, &cell)?);
    }
    let stacked = |b: &mut Builder, label: &str, of: Vec<ValueId>, shape: Vec<usize>, axis: usize| {
        let mut parts = vec![];
        for (i, part) in of.into_iter().enumerate() {
            parts.push(reshaped(call, b, &format!("{label}/{i}/own"), part, shape.clone())?);
        }
        match parts.as_slice() {
            [one] => Ok(*one),
            all => b.emit(from, &format!("{label}/all"), Op::Concat { axis }, all),
        }
    };
    let all = runs.iter().map(|run| run.all).collect();
    let all = stacked(b, "states", all, vec![steps, 1, batch, hidden], 1)?;
    let all = turned(b, "states/turned", all, &[2, 0, 1, 3])?;
    let mut outputs = vec![Some(all)];
    let last = runs.iter().map(|run| Some(run.last)).collect();
    let cells = runs.iter().map(|run| run.cell).collect();
    for (label, parts) in [("last", last), ("cell", cells)] {
        let parts: Option<Vec<ValueId>> = parts;
        outputs.push(match parts {
            Some(parts) => {
                let state = stacked(b, label, parts, vec![1, batch, hidden], 0)?;
                Some(turned(b, &format!("{label}/turned"), state, &[1, 0, 2])?)
            }
            None => None,
        });
    }
    Ok(outputs)
}

/// How many steps each sequence has.
fn lengths(call: &Call<'_>, b: &mut Builder, sizes: Sizes) -> Result<Vec<usize>, Fault> {
    let Some(given) = call.ints(b, 4, "the lengths of sequences")? else {
        return Ok(vec![sizes.steps; sizes.batch]);
    };
    let lengths = given.iter().map(|&n| usize::try_from(n).ok());
    let lengths: Option<Vec<usize>> = lengths.collect();
    let fits =
        |lengths: &Vec<usize>| lengths.len() == sizes.batch && lengths.iter().all(|n| (1..=sizes.steps).contains(n));
    lengths
        .filter(fits)
        .ok_or_else(|| call.shape_error("lengths of sequences that do not fit the input"))
}

/// Each sequence turned around, the padding after it left where it is.
fn reversed(call: &Call<'_>, b: &mut Builder, label: &str, x: ValueId, lengths: &[usize]) -> Result<ValueId, Fault> {
    let shape = b.shape(x)?.to_vec();
    let &[steps, batch, width] = shape.as_slice() else {
        return Err(call.shape_error("a sequence has three axes"));
    };
    let source = |i: usize| {
        let (t, n, k) = (i / (batch * width), i / width % batch, i % width);
        let length = lengths.get(n).copied().unwrap_or(steps);
        let t = if t < length { length - 1 - t } else { t };
        Some((t * batch + n) * width + k)
    };
    b.reserve(&shape, 1)?;
    let sources: Vec<Option<usize>> = (0..elements(&shape).unwrap_or(0)).map(source).collect();
    picked(call, b, label, x, &shape, (&sources, 0.0))
}

/// One direction over all steps.
fn run(
    call: &Call<'_>,
    b: &mut Builder,
    x: ValueId,
    (direction, sizes, lengths): (&Direction, Sizes, &[usize]),
    operands: &[Option<ValueId>],
    cell: &Cell,
) -> Result<Run, Fault> {
    let from = &call.origin;
    let Sizes {
        steps, batch, hidden, ..
    } = sizes;
    let prefix = direction.index.to_string();
    let label = |more: &str| labelled(&prefix, more);
    let inputs = b.shape(x)?.last().copied().unwrap_or(0);
    let x = match direction.reverse {
        true => reversed(call, b, &label("reversed"), x, lengths)?,
        false => x,
    };
    let rows = reshaped(call, b, &label("rows"), x, vec![steps * batch, inputs])?;
    let state = |b: &mut Builder, i: usize, word: &str| match operands.get(i).copied().flatten() {
        Some(given) => cell::part(call, b, &label(word), given, (direction.index, vec![batch, hidden])).map(Some),
        None => Ok(None),
    };
    let whole = lengths.iter().all(|&length| length == steps);
    let variable = b.slot(rows)?.constant.is_none();
    if steps > 1 && whole && variable && cell.is_constant(b) && start(call, b, operands) {
        let first = [state(b, 1, "first")?, state(b, 2, "first/cell")?];
        let run = looped(call, b, rows, &prefix, (sizes, first), cell)?;
        return match direction.reverse {
            true => {
                let all = reversed(call, b, &label("turned"), run.all, lengths)?;
                Ok(Run { all, ..run })
            }
            false => Ok(run),
        };
    }
    let product = b.emit(from, &label("inputs"), Op::MatMul, &[rows, cell.weights])?;
    let width = sizes.gates * hidden;
    let gates = match cell.bias {
        Some(bias) => b.emit(from, &label("biased"), Op::Add, &[product, bias])?,
        None => product,
    };
    let (mut h, mut c) = (state(b, 1, "first")?, state(b, 2, "first/cell")?);
    let mut all = vec![];
    for t in 0..steps {
        let prefix = label(&format!("{t}"));
        let ranges = vec![(t * batch, batch, 1), (0, width, 1)];
        let own = b.emit(from, &labelled(&prefix, "gates"), Op::Slice { ranges }, &[gates])?;
        let (next, next_cell) = cell.step(call, b, &prefix, Inputs::Gates(own), (h, c))?;
        let ended: Vec<bool> = lengths.iter().map(|&length| t >= length).collect();
        let mut held = |label: &str, next: ValueId, before: Option<ValueId>| match before {
            Some(before) if ended.contains(&true) => chosen(call, b, &labelled(&prefix, label), (next, before), &ended),
            _ => Ok(next),
        };
        h = Some(held("held", next, h)?);
        c = match next_cell {
            Some(next) => Some(held("held/cell", next, c)?),
            None => None,
        };
        all.push(next);
    }
    let (Some(last), false) = (h, all.is_empty()) else {
        return Err(call.shape_error("a sequence without steps"));
    };
    let mut all = match all.as_slice() {
        [one] => *one,
        all => b.emit(from, &label("states"), Op::Concat { axis: 0 }, all)?,
    };
    // After its end a sequence is 0.
    let shape = vec![steps, batch, hidden];
    all = reshaped(call, b, &label("steps"), all, shape.clone())?;
    let n = steps * batch * hidden;
    let shown = |i: usize| {
        lengths
            .get(i / hidden % batch)
            .is_some_and(|&length| i / (batch * hidden) < length)
    };
    if !(0..n).all(shown) {
        let sources: Vec<Option<usize>> = (0..n).map(|i| shown(i).then_some(i)).collect();
        all = picked(call, b, &label("shown"), all, &shape, (&sources, 0.0))?;
    }
    if direction.reverse {
        all = reversed(call, b, &label("turned"), all, lengths)?;
    }
    Ok(Run { all, last, cell: c })
}

/// Whether the first states are such that a loop starts from them: of the input, zeros, or not given. That they are zeros is public
/// then, as the circuit depends on it.
fn start(call: &Call<'_>, b: &mut Builder, operands: &[Option<ValueId>]) -> bool {
    let given: Vec<ValueId> = operands.iter().skip(1).take(2).copied().flatten().collect();
    let fits = given.iter().all(|&id| is_zero(b, id) != Some(false));
    for id in given.into_iter().filter(|_| fits) {
        if is_zero(b, id) == Some(true) {
            b.publish(id, "a first state of zeros", &call.origin);
        }
    }
    fits
}

/// Whether a constant is zero; none of what is no constant.
fn is_zero(b: &Builder, id: ValueId) -> Option<bool> {
    let constant = b.slots.get(id)?.constant.as_ref()?;
    Some(matches!(constant, Const::Floats(data) if data.iter().all(|x| *x == 0.0)))
}

/// One direction over all steps as a loop: the states before are those of the loop, a step later.
fn looped(
    call: &Call<'_>,
    b: &mut Builder,
    rows: ValueId,
    prefix: &str,
    (sizes, first): (Sizes, [Option<ValueId>; 2]),
    cell: &Cell,
) -> Result<Run, Fault> {
    let Sizes {
        steps, batch, hidden, ..
    } = sizes;
    let from = &call.origin;
    let label = |more: &str| labelled(prefix, more);
    let data_type = b.slot(rows)?.data_type;
    // In the rows of the first step; other first states are zeros, as a delay leaves them.
    let mut placed = [None; 2];
    let words = ["placed", "placed/cell"];
    for ((placed, first), word) in placed.iter_mut().zip(first).zip(words) {
        if let Some(first) = first.filter(|&id| is_zero(b, id).is_none()) {
            let pads = vec![(0, (steps - 1) * batch), (0, 0)];
            *placed = Some(b.emit(from, &label(word), Op::Pad { pads, value: 0.0 }, &[first])?);
        }
    }
    let shape = vec![steps * batch, hidden];
    let h = b.delayed(from, &label("before"), shape.clone(), (batch, data_type))?;
    let c = match call.op {
        "LSTM" => Some(b.delayed(from, &label("before/cell"), shape, (batch, data_type))?),
        _ => None,
    };
    let started = |b: &mut Builder, word: &str, delayed: ValueId, first: Option<ValueId>| match first {
        Some(first) => b.emit(from, &label(word), Op::Add, &[delayed, first]),
        None => Ok(delayed),
    };
    let state = started(b, "started", h, placed[0])?;
    let cell_state = match c {
        Some(c) => Some(started(b, "started/cell", c, placed[1])?),
        None => None,
    };
    let (next, next_cell) = cell.step(call, b, prefix, Inputs::Rows(rows), (Some(state), cell_state))?;
    b.close(h, next)?;
    if let Some((c, next)) = c.zip(next_cell) {
        b.close(c, next)?;
    }
    let end = |b: &mut Builder, word: &str, all: ValueId| {
        let ranges = vec![((steps - 1) * batch, batch, 1), (0, hidden, 1)];
        b.emit(from, &label(word), Op::Slice { ranges }, &[all])
    };
    Ok(Run {
        all: reshaped(call, b, &label("steps"), next, vec![steps, batch, hidden])?,
        last: end(b, "last", next)?,
        cell: next_cell.map(|all| end(b, "last/cell", all)).transpose()?,
    })
}

/// The state before where the sequence has ended, else the next one.
fn chosen(
    call: &Call<'_>,
    b: &mut Builder,
    label: &str,
    (next, before): (ValueId, ValueId),
    ended: &[bool],
) -> Result<ValueId, Fault> {
    let both = b.emit(
        &call.origin,
        &labelled(label, "both"),
        Op::Concat { axis: 0 },
        &[next, before],
    )?;
    let n = ended.len();
    let op = Op::Gather {
        axis: 0,
        indices: ended
            .iter()
            .enumerate()
            .map(|(i, &ended)| if ended { n + i } else { i })
            .collect(),
        indices_shape: vec![n],
    };
    b.emit(&call.origin, label, op, &[both])
}
