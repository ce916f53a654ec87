//! Random programs: the circuit accepts the honest witness of whatever the executor computes.

use crate::common::*;
use proptest::prelude::*;
use provenn_circuits::layout::Layout;
use provenn_circuits::program::Trace;
use provenn_circuits::program::*;

/// An axis over `len` positions: convolution, transposed convolution, any table of taps, or the identity.
fn axis(len: usize) -> impl Strategy<Value = Axis> {
    let conv = (1..4usize, 1..3usize, 1..3usize, 0..2usize, 1..4usize, any::<bool>()).prop_map(
        move |(kernel, stride, dilation, pad, out, transposed)| {
            let make = if transposed { Axis::conv_transpose } else { Axis::conv };
            make(len, kernel, stride, dilation, pad, out)
        },
    );
    let taps = (1..4usize, 1..4usize).prop_flat_map(move |(kernel, out)| {
        let taps = prop::collection::vec(prop::collection::vec((0..kernel, 0..len), 0..4), out);
        taps.prop_map(move |taps| Axis { kernel, taps })
    });
    prop_oneof![conv, taps, Just(Axis::identity(len))]
}

/// Windows over the first positions of an axis, in any order, disjoint.
fn windows(len: usize) -> impl Strategy<Value = Vec<Vec<usize>>> {
    (Just((0..len).collect::<Vec<usize>>()).prop_shuffle(), 1..3usize)
        .prop_map(move |(order, size)| order.chunks(size).take(2).map(<[usize]>::to_vec).collect())
}

/// input -> affine (concatenated source) -> pool? -> affine with linear terms -> dense over everything.
fn program() -> impl Strategy<Value = Program> {
    let grid = (1..4usize, 1..4usize, 1..4usize);
    grid.prop_flat_map(|(c, h, w)| {
        let shared = (axis(h), axis(w));
        (
            Just((c, h, w)),
            shared,
            1..5usize,
            any::<[bool; 2]>(),
            any::<u64>(),
            -3..4i64,
        )
    })
    .prop_flat_map(|(input, axes, out, signs, seed, alpha)| {
        let (h, w) = (axes.0.out(), axes.1.out());
        let fields = (windows(h), windows(w), any::<bool>(), axis(h), axis(w), 0..3usize);
        (Just((input, axes, out, signs, seed, alpha)), fields)
    })
    .prop_map(
        |((input, axes, out, [s0, s1], seed, alpha), (rows, cols, pool, ah, aw, offset))| {
            let (c, h, w) = input;
            let seed = seed >> 2;
            let all = |t: &Tensor| {
                [t.height, t.width].map(|len| Axis {
                    kernel: len,
                    taps: vec![(0..len).map(|q| (q, q)).collect()],
                })
            };
            let mut tensors = vec![tensor("input", [c, h, w], true, Step::Input)];
            // The input twice: side by side, or one over the other.
            let parts = vec![part(0), part_at(0, alpha, offset.min(c))];
            let (grid, channels) = ([axes.0.out(), axes.1.out()], c + offset.min(c));
            let first = affine(parts, channels, out, [axes.0.clone(), axes.1.clone()], seed);
            tensors.push(tensor("first", [out, grid[0], grid[1]], s0, Step::Affine(first)));
            let pooled = MaxPool {
                tensor: 1,
                rows: rows.clone(),
                cols: cols.clone(),
            };
            let linear = Linear {
                part: part_at(1, 900 * alpha, 0),
                axes: [ah.clone(), aw.clone()],
            };
            // Linear terms only, into the upper of two sets of channels; and the same tensor under a weight.
            let lifted = Linear {
                part: part_at(1, 700, out),
                axes: [ah.clone(), aw.clone()],
            };
            let sum = Affine {
                contractions: vec![],
                bias: vec![],
                public_bias: false,
                table: None,
                matrix_products: vec![],
                linear: vec![linear, lifted],
            };
            tensors.push(tensor("sum", [2 * out, ah.out(), aw.out()], s1, Step::Affine(sum)));
            let last = if pool {
                tensors.push(tensor("pool", [out, rows.len(), cols.len()], s0, Step::MaxPool(pooled)));
                3
            } else {
                2
            };
            let source = &tensors[last];
            let step = affine(vec![part(last)], source.channels, 2, all(source), seed + 9);
            tensors.push(tensor("last", [2, 1, 1], true, Step::Affine(step)));
            model(tensors)
        },
    )
}

/// Any elements of a tensor of `len` elements, repeated or missing, on a grid.
fn view(grid: [usize; 3], len: usize) -> impl Strategy<Value = View> {
    let shuffled = Just(
        (0..grid.iter().product::<usize>())
            .map(|i| (i < len).then_some(i))
            .collect::<Vec<_>>(),
    );
    let any = prop::collection::vec(prop::option::weighted(0.8, 0..len), grid.iter().product::<usize>());
    let elements = prop_oneof![shuffled.prop_shuffle(), any];
    elements.prop_map(move |elements| View { grid, elements })
}

/// input -> two factors side by side (views under weights, constants, linear terms) -> products or quotients -> a batch of products of
/// matrices of views of everything, with a view as linear term -> all elements are outputs.
fn bilinear() -> impl Strategy<Value = Program> {
    let sizes = (1..4usize, 1..3usize, 1..4usize, 1..4usize, 1..3usize);
    let sizes = (sizes, 1..3usize, 1..3usize, 1..4usize, 1..4usize);
    sizes
        .prop_flat_map(|((c, h, w, channels, height), batches, rows, inner, columns)| {
            let input = c * h * w;
            let factor = (view([2, height, 2], input), view([channels, height, 2], input));
            let products = channels * height * 2;
            let product = (
                view([batches, rows, inner], products),
                view([batches, inner, columns], input),
                view([batches * rows, 1, columns], products),
            );
            let sizes = ([c, h, w], [channels, height], [batches * rows, columns]);
            (
                Just(sizes),
                factor,
                product,
                any::<u64>(),
                [any::<bool>(), any::<bool>()],
            )
        })
        .prop_map(
            |(([c, h, w], [channels, height], [rows, columns]), factor, product, seed, [signed, quotient])| {
                let seed = seed >> 2;
                let of = |view: View, tensor: usize, alpha: i64| Part {
                    view: Some(view),
                    ..part_at(tensor, alpha, 0)
                };
                // Columns 0 and 2 from the input, 1 and 3 from constants and from the input again.
                let every = |first: usize| Axis {
                    kernel: 2,
                    taps: (0..4)
                        .map(|x| (x % 2 == first).then_some((x / 2, x / 2)).into_iter().collect())
                        .collect(),
                };
                let mut factors = affine(
                    vec![of(factor.0, 0, 2)],
                    2,
                    channels,
                    [Axis::identity(height), every(0)],
                    seed,
                );
                let constant = Axis {
                    kernel: 2,
                    taps: (0..4)
                        .map(|x| (x % 2 == 1).then_some((x / 2, 0)).into_iter().collect())
                        .collect(),
                };
                let reads = &mut factors.contractions[0];
                if channels == 2 {
                    (reads.groups, reads.weights) = (2, random(seed + 3, 2 * 2, 300).into());
                }
                let constants = Contraction {
                    parts: vec![],
                    constant: 64,
                    groups: 1,
                    channels: 1,
                    axes: [
                        Axis {
                            kernel: 1,
                            taps: vec![vec![(0, 0)]; height],
                        },
                        constant,
                    ],
                    weights: random(seed + 2, channels * 2, 300).into(),
                    public: false,
                };
                factors.contractions.insert(0, constants);
                factors.linear.push(Linear {
                    part: of(factor.1, 0, 500),
                    axes: [Axis::identity(height), every(1)],
                });
                let last = Affine {
                    linear: vec![Linear {
                        part: of(product.2, 2, -700),
                        axes: [Axis::identity(1), Axis::identity(columns)],
                    }],
                    matrix_products: vec![MatrixProduct {
                        alpha: 130,
                        left: (2, product.0),
                        right: (0, product.1),
                    }],
                    contractions: vec![],
                    bias: vec![],
                    public_bias: false,
                    table: None,
                };
                let tensors = vec![
                    tensor("input", [c, h, w], true, Step::Input),
                    tensor("factors", [channels, height, 4], true, Step::Affine(factors)),
                    tensor(
                        "products",
                        [channels, height, 2],
                        signed || quotient,
                        match quotient {
                            true => Step::Quotient(Quotient { tensor: 1, alpha: 5 }),
                            false => Step::Product(Product { tensor: 1, alpha: 256 }),
                        },
                    ),
                    tensor("paired", [rows, 1, columns], true, Step::Affine(last)),
                ];
                model(tensors)
            },
        )
}

/// A run of a program, laid out on lanes, or on one lane where it cannot be on several.
fn case(model: Program, public: bool, lanes: usize, seed: u64, size: i64) -> Result<Case, TestCaseError> {
    let half = 1i64 << (PRECISION.bits() - 1);
    let mut input = random(seed, model.tensors[0].len(), size);
    if seed.rem_euclid(3) == 0 {
        input
            .iter_mut()
            .for_each(|v| *v = if *v < 0 { -half } else { half - 1 });
    }
    // Out of range runs are refused by the executor, not proven.
    let Ok(trace) = run(&model, &input) else {
        return Err(TestCaseError::reject("range"));
    };
    let mut shapes = [lanes, 1]
        .into_iter()
        .flat_map(|lanes| (6..11).map(move |k| shape(k, lanes, public)));
    let Some(layout) = shapes.find_map(|s| Layout::build(&model, s).ok()) else {
        return Err(TestCaseError::reject("size"));
    };
    Ok(Case::build(model, layout, trace))
}

/// The honest run holds.
fn holds(model: Program, public: bool, lanes: usize, seed: u64, size: i64) -> Result<(), TestCaseError> {
    let result = case(model, public, lanes, seed, size)?.verify();
    prop_assert!(result.is_ok(), "{} failures", result.err().map_or(0, |e| e.len()));
    Ok(())
}

/// A run of a program that differs in one number or one element is not a run of this one.
fn binds(
    model: Program,
    public: bool,
    lanes: usize,
    seed: u64,
    at: [prop::sample::Index; 2],
) -> Result<(), TestCaseError> {
    let honest = case(model, public, lanes, seed, 128)?;
    let mut other = (*honest.model).clone();
    {
        let mut changes = changes(&mut other);
        let count = changes.len();
        let change = changes.swap_remove(at[0].index(count));
        change(at[1]);
    }
    let Ok(trace) = run(&other, &honest.witness.trace.values[0]) else {
        return Err(TestCaseError::reject("range"));
    };
    let same = |a: &Trace, b: &Trace| a.values == b.values && a.accumulators == b.accumulators;
    // Cells of a quotient follow from those of its operands, not from the trace: one that nothing reads is no lie.
    let quotients = honest.model.tensors.iter().any(|t| matches!(t.step, Step::Quotient(_)));
    let shown = |trace: &Trace| trace.outputs(&honest.model);
    let unseen = quotients && shown(&trace) == shown(&honest.witness.trace);
    if unseen || same(&trace, &honest.witness.trace) {
        return Err(TestCaseError::reject("no difference"));
    }
    let lie = Case::build((*honest.model).clone(), (*honest.layout).clone(), trace);
    prop_assert!(lie.verify().is_err(), "a run of {other:?}");
    Ok(())
}

type Change<'a> = Box<dyn FnOnce(prop::sample::Index) + 'a>;

/// One change for each kind of number that a step has.
fn changes(model: &mut Program) -> Vec<Change<'_>> {
    let lengths: Vec<usize> = model.tensors.iter().map(Tensor::len).collect();
    let mut all: Vec<Change<'_>> = vec![];
    fn add<'a>(v: &'a mut i64) -> Change<'a> {
        Box::new(|by| *v += 1 + by.index(3) as i64)
    }
    fn any<'a>(v: &'a mut [i64]) -> Change<'a> {
        Box::new(|at| v[at.index(v.len())] += 40)
    }
    fn moved(view: &mut View, len: usize) -> Change<'_> {
        Box::new(move |to| {
            let count = view.elements.len();
            view.elements[to.index(count)] = to.index(len + 1).checked_sub(1);
        })
    }
    fn tap(axes: &mut [Axis; 2]) -> Change<'_> {
        Box::new(|at| {
            let taps: Vec<_> = axes.iter_mut().flat_map(|a| &mut a.taps).collect();
            let count = taps.len();
            taps.into_iter().nth(at.index(count)).into_iter().for_each(|t| {
                t.pop();
            });
        })
    }
    for tensor in &mut model.tensors {
        match &mut tensor.step {
            Step::Input => {}
            Step::Product(product) => all.push(add(&mut product.alpha)),
            Step::Quotient(quotient) => all.push(add(&mut quotient.alpha)),
            Step::MaxPool(pool) => all.push(Box::new(|at| {
                let windows = &mut pool.rows;
                let count = windows.len();
                let window = &mut windows[at.index(count)];
                window.truncate(1);
            })),
            Step::Affine(affine) => {
                for c in &mut affine.contractions {
                    let weights = &mut c.weights;
                    all.push(Box::new(|at| weights.edit(|all| any(all)(at))));
                    all.push(tap(&mut c.axes));
                    for part in &mut c.parts {
                        all.push(add(&mut part.alpha));
                        let len = lengths[part.tensor];
                        all.extend(part.view.as_mut().map(|v| moved(v, len)));
                    }
                }
                if !affine.bias.is_empty() {
                    all.push(any(&mut affine.bias));
                }
                for l in &mut affine.linear {
                    all.extend([add(&mut l.part.alpha), tap(&mut l.axes)]);
                    let len = lengths[l.part.tensor];
                    all.extend(l.part.view.as_mut().map(|v| moved(v, len)));
                }
                for p in &mut affine.matrix_products {
                    all.push(add(&mut p.alpha));
                    all.push(moved(&mut p.left.1, lengths[p.left.0]));
                    all.push(moved(&mut p.right.1, lengths[p.right.0]));
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 200, max_global_rejects: 20000, ..ProptestConfig::default() })]

    #[test]
    fn honest_runs_of_random_programs_hold(
        model in program(),
        public in any::<bool>(),
        lanes in prop_oneof![Just(1usize), Just(2), Just(3), Just(5)],
        seed in any::<u64>(),
        size in prop_oneof![Just(1i64), Just(16), Just(1024)],
    ) {
        holds(model, public, lanes, seed, size)?;
    }

    #[test]
    fn honest_runs_of_random_bilinear_programs_hold(
        model in prop_oneof![4 => bilinear(), 1 => Just(divided())],
        public in any::<bool>(),
        lanes in prop_oneof![Just(1usize), Just(2), Just(3), Just(5)],
        seed in any::<u64>(),
        size in prop_oneof![Just(1i64), Just(16), Just(128)],
    ) {
        holds(model, public, lanes, seed, size)?;
    }

    #[test]
    fn runs_of_other_programs_are_rejected(
        model in prop_oneof![program(), bilinear(), Just(divided())],
        public in any::<bool>(),
        lanes in prop_oneof![Just(1usize), Just(2), Just(3), Just(5)],
        seed in any::<u64>(),
        at in any::<[prop::sample::Index; 2]>(),
    ) {
        binds(model, public, lanes, seed, at)?;
    }
}
