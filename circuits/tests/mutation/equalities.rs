//! Every equality and every copied coefficient is needed.

use super::*;

/// Tables in which one equality fails and nothing else, for every equality.
fn forge_equalities(f: &mut Forge, model: &Program) {
    let (layout, c) = (f.base.layout.clone(), f.base.config.clone());
    for (number, &(left, right)) in layout.equalities.iter().enumerate() {
        let name = format!("equality {number}");
        // Moves of the line inside a block that leave the product, and maybe the line sum, alone. Cells are (row, column).
        let moved = |t: &mut Table, cells: &[(usize, usize)]| {
            let block = |row: usize| layout.blocks.iter().find(|b| b.start <= row && row <= b.end());
            let pair = |row: usize| layout.pairs.iter().any(|b| b.start <= row && row <= b.end());
            let weight = |t: &Table, (row, column): (usize, usize)| {
                if pair(row) {
                    return t.get(c.advice.lines.u[0], row + 1);
                }
                let block = block(row).expect("block");
                // Each group counts with the power of its first output channel.
                let outputs = model.tensors[block.tensor].channels / block.groups;
                let group = if block.groups > 1 {
                    block.place((block.end() - row) * block.columns + column).0
                } else {
                    0
                };
                t.challenges[0].pow([(group * outputs) as u64]) * t.get(c.advice.lines.weights[column], row)
            };
            let power = |t: &Table, (row, column): (usize, usize)| {
                let block = block(row).expect("block");
                t.challenges[3].pow([((block.end() - row) * block.columns + column) as u64])
            };
            let w: Vec<Fr> = cells.iter().map(|&cell| weight(t, cell)).collect();
            let change = if let [_, _, _] = cells {
                // w0 + w1 x + w2 y = 0, s1 x + s2 y = 0.
                let (s1, s2) = (power(t, cells[1]), power(t, cells[2]));
                let d = (w[1] * s2 - w[2] * s1).invert().expect("independent");
                vec![Fr::one(), -w[0] * s2 * d, w[0] * s1 * d]
            } else {
                vec![Fr::one(), -w[0] * w[1].invert().expect("a weight")]
            };
            let changes = cells.iter().zip(change);
            changes.for_each(|(&(row, column), d)| add(t, c.advice.lines.u[column], row, d));
            t.recompute_lines();
            t.recompute_slots();
        };
        // Two cells of a line that meet weights; others only fill a row, or pad channels.
        let base = f.base.clone();
        let live = |block: &Block| -> [(usize, usize); 2] {
            let cells = (0..block.line).map(|j| block.cell(j));
            let mut live = cells.filter(|&(row, column)| base.get(c.advice.lines.weights[column], row) != Fr::zero());
            [(); 2].map(|()| live.next().expect("a weight"))
        };
        let bias = |row: usize| {
            let mut blocks = layout.blocks.iter();
            blocks.find(|b| b.start <= row && row < b.start + b.bias_rows)
        };
        match right {
            Src::Uacc(row) if bias(row).is_some() => {
                let [a, b] = live(bias(row).expect("block"));
                f.expect(&name, |t| moved(t, &[(row, 0), a, b]))
            }
            Src::Uacc(end) if layout.pairs.iter().any(|b| b.end() == end) => {
                let block = layout.pairs.iter().find(|b| b.end() == end).expect("pairs");
                let cells = [block.row(1), block.row(0)].map(|row| (row, 0));
                f.expect(&name, |t| moved(t, &cells))
            }
            Src::Uacc(end) if end >= layout.policy_rows => {
                let block = layout.blocks.iter().find(|b| b.end() == end).expect("block");
                f.expect(&name, |t| moved(t, &live(block)))
            }
            Src::Uacc(_) => f.expect(&name, |t| {
                claim(t, 0, Fr::one());
                t.recompute_lines();
                t.recompute_slots();
            }),
            _ => {
                // A false remainder: the sum of the accumulators is not the product.
                let Src::Slot(0, end) = right else {
                    panic!("{left:?} = {right:?}")
                };
                let row = (0..=end)
                    .rev()
                    .find(|&row| matches!(kind(&layout, row), RowKind::Affine(..)))
                    .expect("a row");
                f.expect(&name, |t| {
                    let limb = c.advice.lanes[0].rem[0];
                    let v = small(t.get(limb, row));
                    t.set(limb, row, Fr::from(v ^ 1));
                    t.recompute();
                })
            }
        };
    }
}

#[test]
fn each_equality_is_needed() {
    for case in [
        wide(pooled(), false),
        wide(dense(&[3, 4, 2]), true),
        wide(residual(), false),
        wide(mixed(), true),
        wide(grouped(), false),
        on_columns(pooled(), 2, 2, false),
        on_columns(grouped(), 2, 3, false),
    ] {
        let mut f = Forge::new(&case);
        forge_equalities(&mut f, &case.model);
        let all = f
            .base
            .copies
            .iter()
            .map(|c| c.0.clone())
            .filter(|c| c.starts_with("equality"));
        assert_eq!(f.broken, all.collect());
    }
}

/// How far each equality is from holding.
pub fn gaps(t: &Table) -> Vec<Fr> {
    let (c, layout) = (&t.config, &t.layout);
    let value = |src| {
        let (column, row) = cell(c, src);
        t.advice[column][row]
    };
    layout.equalities.iter().map(|&(l, r)| value(l) - value(r)).collect()
}

/// `x` with `columns * x + constant = 0`, if there is one.
pub fn solve(columns: &[Vec<Fr>], constant: &[Fr]) -> Option<Vec<Fr>> {
    let count = columns.len();
    let mut rows: Vec<Vec<Fr>> = (0..constant.len())
        .map(|i| columns.iter().map(|c| c[i]).chain([-constant[i]]).collect())
        .collect();
    let mut pivots = vec![];
    for column in 0..count {
        let done = pivots.len();
        let Some(at) = (done..rows.len()).find(|&i| rows[i][column] != Fr::zero()) else {
            continue;
        };
        rows.swap(done, at);
        let inverse = rows[done][column].invert().expect("pivot");
        rows[done].iter_mut().for_each(|v| *v *= inverse);
        let pivot = rows[done].clone();
        for (i, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != done) {
            let _ = i;
            let by = row[column];
            row.iter_mut().zip(&pivot).for_each(|(v, p)| *v -= by * p);
        }
        pivots.push(column);
    }
    if rows[pivots.len()..].iter().any(|row| row[count] != Fr::zero()) {
        return None;
    }
    let mut x = vec![Fr::zero(); count];
    pivots
        .iter()
        .zip(&rows)
        .for_each(|(&column, row)| x[column] = row[count]);
    Some(x)
}

/// With one coefficient free, a false line (and a false claim) passes all other checks.
#[test]
fn each_copy_is_needed() {
    for case in [
        wide(pooled(), false),
        wide(dense(&[3, 4, 2]), true),
        wide(residual(), false),
        wide(mixed(), true),
        wide(grouped(), true),
        on_columns(mixed(), 2, 2, true),
        on_columns(grouped(), 2, 3, true),
    ] {
        let base = Table::new(&case, 5);
        let layout = base.layout.clone();
        let of_block = |b: &Block| {
            let bias = (b.start..b.start + BIAS_LIMBS).map(|row| (row, 0));
            bias.chain([b.cell(1), b.cell(0)]).collect::<Vec<_>>()
        };
        let mut knobs: Vec<(usize, usize)> = layout.blocks.iter().flat_map(of_block).collect();
        knobs.extend(layout.pairs.iter().flat_map(|b| [(b.row(0), 0), (b.row(1), 0)]));
        knobs.push((layout.policy_rows - 1, 0));
        for (name, _, at) in base.copies.iter().filter(|c| c.0.starts_with("copy")) {
            let kept = BTreeSet::from([*at]);
            let turn = |t: &mut Table, (row, column): (usize, usize), by: Fr| {
                if row < layout.policy_rows {
                    claim(t, 0, by)
                } else {
                    add(t, t.config.advice.lines.u[column], row, by)
                }
            };
            let settle = |t: &mut Table| {
                t.recompute_lines();
                t.recompute_slots_but(&kept);
            };
            let mut t = base.clone();
            t.advice[at.0][at.1] += Fr::one();
            settle(&mut t);
            let constant = gaps(&t);
            let probe = |&cell: &(usize, usize)| {
                let mut t = t.clone();
                turn(&mut t, cell, Fr::one());
                settle(&mut t);
                gaps(&t).iter().zip(&constant).map(|(a, b)| a - b).collect::<Vec<Fr>>()
            };
            let columns: Vec<Vec<Fr>> = knobs.iter().map(probe).collect();
            let x = solve(&columns, &constant).unwrap_or_else(|| panic!("{name}: no forgery"));
            knobs.iter().zip(x).for_each(|(&cell, by)| turn(&mut t, cell, by));
            settle(&mut t);
            assert_eq!(t.violations(), BTreeSet::from([name.clone()]));
        }
    }
}
