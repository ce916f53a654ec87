//! Small programs of every kind of step.

use super::*;

pub fn dense(widths: &[usize]) -> Program {
    let mut tensors = vec![tensor("input", [widths[0], 1, 1], true, Step::Input)];
    for (i, pair) in widths.windows(2).enumerate() {
        let step = affine(
            vec![part(i)],
            pair[0],
            pair[1],
            [Axis::identity(1), Axis::identity(1)],
            10 + i as u64,
        );
        tensors.push(tensor(
            &format!("fc{i}"),
            [pair[1], 1, 1],
            i + 2 == widths.len(),
            Step::Affine(step),
        ));
    }
    model(tensors)
}

pub fn conv() -> Program {
    let conv = affine(
        vec![part(0)],
        2,
        3,
        [Axis::conv(6, 3, 1, 1, 1, 6), Axis::conv(5, 2, 1, 2, 0, 3)],
        20,
    );
    let pool = MaxPool {
        tensor: 1,
        rows: vec![vec![0, 1], vec![2, 3], vec![4, 5]],
        cols: vec![vec![0], vec![1, 2]],
    };
    let strided = affine(
        vec![part(2)],
        3,
        4,
        [Axis::conv(3, 2, 2, 1, 1, 2), Axis::conv(2, 1, 2, 1, 0, 1)],
        30,
    );
    let dense = affine(
        vec![part(3)],
        4,
        2,
        [Axis::conv(2, 2, 1, 1, 0, 1), Axis::identity(1)],
        40,
    );
    model(vec![
        tensor("input", [2, 6, 5], true, Step::Input),
        tensor("conv", [3, 6, 3], false, Step::Affine(conv)),
        tensor("pool", [3, 3, 2], false, Step::MaxPool(pool)),
        tensor("strided", [4, 2, 1], true, Step::Affine(strided)),
        tensor("dense", [2, 1, 1], true, Step::Affine(dense)),
    ])
}

pub fn residual() -> Program {
    let same = || [Axis::identity(3), Axis::identity(2)];
    let first = affine(vec![part(0)], 3, 3, same(), 50);
    let mut second = affine(vec![part(1)], 3, 3, same(), 60);
    second.linear = vec![
        Linear {
            part: part_at(0, 700, 0),
            axes: same(),
        },
        Linear {
            part: part_at(1, -300, 0),
            axes: same(),
        },
    ];
    let both = vec![part(2), part_at(0, 3, 0), part_at(1, -2, 3)];
    let all = [Axis::conv(3, 3, 1, 1, 0, 1), Axis::conv(2, 2, 1, 1, 0, 1)];
    let dense = affine(both, 6, 2, all, 70);
    model(vec![
        tensor("input", [3, 3, 2], true, Step::Input),
        tensor("first", [3, 3, 2], false, Step::Affine(first)),
        tensor("second", [3, 3, 2], true, Step::Affine(second)),
        tensor("dense", [2, 1, 1], true, Step::Affine(dense)),
    ])
}

/// Two groups under a bias that another contraction carries, then a channel each.
pub fn grouped() -> Program {
    let conv = || [Axis::identity(1), Axis::conv(4, 2, 1, 1, 0, 3)];
    let mut first = affine(vec![part(0)], 4, 6, conv(), 100);
    let mut groups = affine(vec![part(0)], 4, 6, conv(), 102).contractions.remove(0);
    (groups.groups, groups.weights) = (2, random(103, 6 * 2 * 2, 300).into());
    first.contractions.push(groups);
    let mut second = affine(vec![part(1)], 6, 6, [Axis::identity(1), Axis::identity(3)], 104);
    let each = &mut second.contractions[0];
    (each.groups, each.weights) = (6, random(105, 6, 300).into());
    second.bias.clear();
    let last = affine(
        vec![part(2)],
        6,
        2,
        [Axis::identity(1), Axis::conv(3, 3, 1, 1, 0, 1)],
        106,
    );
    model(vec![
        tensor("input", [4, 1, 4], true, Step::Input),
        tensor("first", [6, 1, 3], false, Step::Affine(first)),
        tensor("second", [6, 1, 3], true, Step::Affine(second)),
        tensor("last", [2, 1, 1], true, Step::Affine(last)),
    ])
}

/// A term that reads one position of another grid for each output position.
fn columns(taps: &[Option<usize>], kernel: usize) -> Axis {
    let tap = |q: &Option<usize>| q.map(|q| (q.min(kernel - 1), q)).into_iter().collect();
    Axis {
        kernel,
        taps: taps.iter().map(tap).collect(),
    }
}

/// Constants: weights that read the constant one.
pub fn constants(axes: [Axis; 2], weights: Vec<i64>) -> Contraction {
    Contraction {
        parts: vec![],
        constant: 1 << 5,
        groups: 1,
        channels: 1,
        axes,
        weights: weights.into(),
        public: false,
    }
}

/// Products of neighbours (of an input and of constants), products of matrices, views, several output positions.
pub fn mixed() -> Program {
    let mut factors = affine(
        vec![part(0)],
        2,
        2,
        [Axis::identity(1), columns(&[Some(0), None, Some(1), None], 2)],
        90,
    );
    factors.contractions.push(constants(
        [
            Axis::identity(1),
            Axis {
                kernel: 2,
                taps: vec![vec![], vec![(0, 0)], vec![], vec![(1, 0)]],
            },
        ],
        random(92, 4, 300),
    ));
    let view = |grid, elements: &[usize]| View {
        grid,
        elements: elements.iter().map(|&e| e.checked_sub(1)).collect(),
    };
    let paired = Affine {
        linear: vec![Linear {
            part: Part {
                view: Some(view([2, 1, 2], &[1, 3, 2, 4])),
                ..part_at(2, 900, 0)
            },
            axes: [Axis::identity(1), Axis::identity(2)],
        }],
        matrix_products: vec![MatrixProduct {
            alpha: 100,
            left: (2, view([2, 1, 2], &[1, 2, 3, 4])),
            right: (0, view([2, 2, 2], &[1, 2, 3, 4, 5, 6, 0, 0])),
        }],
        ..affine(vec![part(2)], 2, 2, [Axis::identity(1), Axis::identity(2)], 94)
    };
    let product = Product { tensor: 1, alpha: 512 };
    model(vec![
        tensor("input", [2, 1, 3], true, Step::Input),
        tensor("factors", [2, 1, 4], true, Step::Affine(factors)),
        tensor("products", [2, 1, 2], true, Step::Product(product)),
        tensor("paired", [2, 1, 2], true, Step::Affine(paired)),
    ])
}

/// Quotients of neighbours under divisors of both signs, read by a last layer.
pub fn divided() -> Program {
    let mut operands = affine(
        vec![part(0)],
        3,
        3,
        [Axis::identity(1), columns(&[Some(0), None, Some(1), None], 2)],
        130,
    );
    operands.bias.clear();
    operands.contractions.push(constants(
        [
            Axis::identity(1),
            Axis {
                kernel: 2,
                taps: vec![vec![], vec![(0, 0)], vec![], vec![(1, 0)]],
            },
        ],
        vec![700, -650, 812, 677, -901, -733],
    ));
    operands.linear.push(Linear {
        part: part_at(0, 500, 0),
        axes: [
            Axis::identity(1),
            Axis {
                kernel: 1,
                taps: vec![vec![], vec![(0, 0)], vec![], vec![(0, 1)]],
            },
        ],
    });
    let quotient = Quotient { tensor: 1, alpha: 64 };
    let last = affine(vec![part(2)], 3, 2, [Axis::identity(1), Axis::identity(2)], 134);
    model(vec![
        tensor("input", [3, 1, 2], true, Step::Input),
        tensor("operands", [3, 1, 4], true, Step::Affine(operands)),
        tensor("quotients", [3, 1, 2], true, Step::Quotient(quotient)),
        tensor("last", [2, 1, 2], true, Step::Affine(last)),
    ])
}

/// A table on `-reach..reach`, with a value at 0 that is not 0.
pub fn table(reach: i64, result: impl Fn(i64) -> i64) -> Table {
    Table {
        frac: 0,
        first: -reach,
        results: (-reach..reach).map(|units| Some(result(units))).collect(),
    }
}

/// Three looked-up tensors, of which two share a table; the last reads the first beside what stands in its padding.
pub fn activated() -> Program {
    let axes = || [Axis::identity(1), Axis::identity(2)];
    let looked_up = |affine: Affine, table: Table| {
        Step::Affine(Affine {
            table: Some(table),
            ..affine
        })
    };
    let (bent, other) = (
        || table(64, |x| 20 - x * x / 200),
        table(90, |x| (x * 7).rem_euclid(23) - 9),
    );
    let first = affine(vec![part(0)], 3, 3, axes(), 120);
    let second = affine(vec![part(1), part_at(0, 1, 3)], 6, 5, axes(), 122);
    let third = affine(vec![part(2)], 5, 2, axes(), 124);
    let last = affine(vec![part(1), part_at(3, 1, 3)], 5, 2, axes(), 126);
    model(vec![
        tensor("input", [3, 1, 2], true, Step::Input),
        tensor("first", [3, 1, 2], true, looked_up(first, bent())),
        tensor("second", [5, 1, 2], true, looked_up(second, other)),
        tensor("third", [2, 1, 2], true, looked_up(third, bent())),
        tensor("last", [2, 1, 2], true, Step::Affine(last)),
    ])
}

/// Two inputs of one shape side by side, the second one in the padding of the first, and four outputs: the last tensor, what it is
/// computed from, an input, and the last tensor again.
pub fn joined() -> Program {
    let axes = || [Axis::identity(1), Axis::identity(2)];
    let first = affine(vec![part(0), part_at(1, 1, 3)], 6, 4, axes(), 60);
    let second = affine(vec![part(2)], 4, 2, axes(), 62);
    let tensors = vec![
        tensor("a", [3, 1, 2], true, Step::Input),
        tensor("b", [3, 1, 2], true, Step::Input),
        tensor("first", [4, 1, 2], true, Step::Affine(first)),
        tensor("second", [2, 1, 2], true, Step::Affine(second)),
    ];
    with_outputs(tensors, &[3, 2, 1, 3])
}

/// Two inputs of one shape, each with weights of its own, so that padding lanes meet the weight zero.
pub fn added() -> Program {
    let axes = || [Axis::identity(1), Axis::identity(1)];
    let mut first = affine(vec![part(0)], 3, 3, axes(), 64);
    first
        .contractions
        .extend(affine(vec![part(1)], 3, 3, axes(), 66).contractions);
    model(vec![
        tensor("a", [3, 1, 1], true, Step::Input),
        tensor("b", [3, 1, 1], true, Step::Input),
        tensor("sum", [3, 1, 1], true, Step::Affine(first)),
    ])
}

/// A dense layer whose bias is public, then constants for each element, public too, beside weights.
pub fn bounded() -> Program {
    let mut first = affine(vec![part(0)], 4, 6, [Axis::identity(1), Axis::identity(2)], 110);
    (first.bias, first.public_bias) = (vec![-70_000; 6], true);
    let mut second = affine(vec![part(1)], 6, 5, [Axis::identity(1), Axis::identity(2)], 112);
    second.contractions.push(Contraction {
        parts: vec![],
        constant: 1 << 5,
        groups: 1,
        channels: 1,
        axes: [
            Axis::identity(1),
            Axis {
                kernel: 2,
                taps: vec![vec![(0, 0)], vec![(1, 0)]],
            },
        ],
        // The smallest weight is stored as 1.
        weights: vec![1, 1 - (1 << 15), 1, 1 - (1 << 15), 0, -1, 7, 8, 9, 10].into(),
        public: true,
    });
    model(vec![
        tensor("input", [4, 1, 2], true, Step::Input),
        tensor("first", [6, 1, 2], false, Step::Affine(first)),
        tensor("second", [5, 1, 2], true, Step::Affine(second)),
    ])
}

/// All of a tensor `[channels, 1, positions]`, so many positions later.
pub fn delayed(id: usize, [channels, positions]: [usize; 2], by: usize) -> Part {
    let earlier = |i: usize| (i % positions >= by).then(|| i - by);
    Part {
        view: Some(View {
            grid: [channels, 1, positions],
            elements: (0..channels * positions).map(earlier).collect(),
        }),
        ..part(id)
    }
}

/// A loop of four steps over states of so many channels, which are read so many positions later: gates of input and state in a table, products of gates and
/// state, whose sum with the gates is the next state. A last layer reads all of them.
pub fn recurrent(channels: usize, by: usize) -> Program {
    let steps = 4;
    let same = || [Axis::identity(1), Axis::identity(steps)];
    let state = || delayed(4, [channels, steps], by);
    let mut gates = affine(vec![part(0)], 2, channels, same(), 150);
    let recurrence = affine(vec![state()], channels, channels, same(), 152);
    gates.contractions.extend(recurrence.contractions);
    gates.table = Some(table(100, |x| 9 + x / 3));
    let wide = |first: usize| {
        let taps = (0..2 * steps).map(|p| if p % 2 == first { vec![(0, p / 2)] } else { vec![] });
        [
            Axis::identity(1),
            Axis {
                kernel: 1,
                taps: taps.collect(),
            },
        ]
    };
    let sum = |linear: Vec<(Part, i64, [Axis; 2])>| {
        let term = |(part, alpha, axes)| Linear {
            part: Part { alpha, ..part },
            axes,
        };
        Step::Affine(Affine {
            contractions: vec![],
            bias: vec![],
            linear: linear.into_iter().map(term).collect(),
            ..affine(vec![], 0, 0, same(), 154)
        })
    };
    let factors = sum(vec![(part(1), 1 << 11, wide(0)), (state(), 1 << 11, wide(1))]);
    let next = sum(vec![(part(1), 1 << 11, same()), (part(3), 1 << 11, same())]);
    let last = affine(
        vec![part(4)],
        channels,
        2,
        [Axis::identity(1), Axis::conv(steps, steps, 1, 1, 0, 1)],
        156,
    );
    let product = Product { tensor: 2, alpha: 64 };
    model(vec![
        tensor("input", [2, 1, steps], true, Step::Input),
        tensor("gates", [channels, 1, steps], true, Step::Affine(gates)),
        tensor("factors", [channels, 1, 2 * steps], true, factors),
        tensor("products", [channels, 1, steps], true, Step::Product(product)),
        tensor("states", [channels, 1, steps], true, next),
        tensor("last", [2, 1, 1], true, Step::Affine(last)),
    ])
}
