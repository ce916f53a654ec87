//! Each constraint on the labels of a batch is needed, and of all labels only the right ones pass.

use super::*;
use provenn_circuits::argument::signed;
use provenn_verifier::{Counts, Total};

const CLASSES: usize = 3;
const ITEMS: usize = 2;
/// `e`, where there is one count, does not depend on a challenge.
const ANY: provenn_bn254::Fr = provenn_bn254::Fr::ONE;

/// A model whose outputs are its inputs.
fn published() -> Program {
    let axes = [Axis::identity(1), Axis::identity(1)];
    let first = affine(vec![part(0)], ITEMS * CLASSES, 2, axes, 80);
    let tensors = vec![
        tensor("scores", [ITEMS * CLASSES, 1, 1], true, Step::Input),
        tensor("other", [2, 1, 1], true, Step::Affine(first)),
    ];
    with_outputs(tensors, &[0])
}

/// Counts of all items with one of these labels.
fn of(labels: &[usize], total: Total) -> Counts {
    let cell = |score: usize| labels.contains(&(score % CLASSES)).then_some(0);
    Counts {
        cells: (0..ITEMS * CLASSES).map(cell).collect(),
        total,
    }
}

/// That the one count times a weight is a number.
fn weighted(weight: i64, sum: i64) -> Total {
    let weights = vec![weight];
    Total::Weighted { weights, sum }
}

/// A batch with these scores, of which this is counted.
fn batch(scores: [i64; ITEMS * CLASSES], lanes: usize, public: bool, counts: Counts) -> Case {
    let model = published();
    let shape = |k| Shape {
        items: ITEMS,
        ..shape(k, lanes, public)
    };
    let layout = (7..10)
        .find_map(|k| Layout::build(&model, shape(k)).ok())
        .expect("fits");
    let trace = run(&model, &scores).expect("in range");
    let mut case = Case::build(model, layout, trace);
    let rows = case.layout.policy_rows;
    let is_item = |row: usize| case.layout.item(&case.model, row).is_some();
    let ones: Vec<Fr> = (0..rows).map(|row| Fr::from(u64::from(is_item(row)))).collect();
    case.witness.policy = ones.iter().map(|t| [Fr::zero(), *t, Fr::zero()]).collect();
    let (a, g) = match counts.total {
        Total::Exactly(_) | Total::Weighted { .. } => (Fr::one(), Fr::one()),
        Total::AtLeast(_) => (Fr::one(), Fr::zero()),
        Total::Below(_) => (-Fr::one(), Fr::zero()),
    };
    let zeros = vec![Fr::zero(); rows];
    let last = |value: Fr| [zeros.clone(), vec![value]].concat();
    for (column, cells) in [last(a), ones, zeros.clone(), last(g)].into_iter().enumerate() {
        case.instances[column] = cells;
    }
    let counted = counts.column(rows, ANY).into_iter().map(Fr::from).collect();
    let row_sets = case.instances.len() - 3;
    case.instances.insert(row_sets, counted);
    case.witness.counts = Some(counts);
    case
}

/// Writes `d` where the policy and the counts have it.
fn put_difference(t: &mut Table, row: usize, d: i64) {
    let lane = t.config.advice.lanes[0].clone();
    let (d, f) = (u64::try_from(d).expect("not negative"), PRECISION.bits());
    put(t, &lane.high, row, d & ((1 << f) - 1));
    t.set(lane.rem[0], row, Fr::from(d >> f));
}

/// What a prover claims of the first item: `seen` from its last score on, and `top` likewise.
#[derive(Clone, Copy)]
struct Lie {
    scores: [i64; CLASSES],
    seen: [i64; CLASSES],
    top: [i64; CLASSES],
    /// `d` of the row of the counts.
    counts: i64,
}

/// The rows of the first item, from its last score on.
fn rows(t: &Table) -> [usize; CLASSES] {
    let end = t.layout.policy_rows;
    [end - 3, end - 2, end - 1]
}

/// Its cells, and everything that follows of them; whether the differences have any.
fn lie(t: &mut Table, lie: Lie) -> bool {
    let (labels, top) = (
        t.config.advice.labels.clone().expect("a batch"),
        t.config.advice.policy.top,
    );
    let mut seen_before = 0;
    for (index, row) in rows(t).into_iter().enumerate() {
        let d = lie.top[index] - lie.scores[CLASSES - 1 - index] - seen_before;
        if d < 0 {
            return false;
        }
        put_difference(t, row, d);
        seen_before = lie.seen[index];
        t.set(labels.seen, row, signed(seen_before.into()));
        t.set(top, row, signed(lie.top[index].into()));
    }
    put_difference(t, t.layout.policy_rows, lie.counts);
    let gate = t.gate("labels/sum of counts")[0];
    (0..t.layout.policy_rows).for_each(|row| t.solve(gate, labels.count, row));
    t.recompute_lookup();
    t.recompute_slots();
    true
}

fn six(first: [i64; CLASSES]) -> [i64; ITEMS * CLASSES] {
    [first[0], first[1], first[2], 4, 9, 9]
}

#[test]
fn honest_batches_hold() {
    for (lanes, public) in [(1, true), (2, false), (4, true), (4, false)] {
        for (labels, total) in [
            (&[0, 1, 2][..], Total::Exactly(vec![2])),
            (&[1], Total::Exactly(vec![1])),
            (&[2], Total::AtLeast(1)),
            (&[0], Total::AtLeast(0)),
            (&[0], Total::Below(1)),
            (&[1, 2], Total::Below(3)),
            (&[1, 2], weighted(-5, -10)),
            (&[0], weighted(7, 0)),
        ] {
            let case = batch(six([-5, 0, 7]), lanes, public, of(labels, total));
            assert!(case.witness.states(&case.model, &case.layout));
            assert_eq!(Table::new(&case, 1).violations(), BTreeSet::new());
            assert_eq!(case.verify(), Ok(()));
        }
        // Of a false statement there are no cells.
        for (labels, total) in [
            (&[1][..], Total::Exactly(vec![2])),
            (&[1], Total::Exactly(vec![0])),
            (&[1], Total::AtLeast(2)),
            (&[1], Total::Below(1)),
            (&[1, 2], weighted(-5, -5)),
            (&[1, 2], weighted(-5, 10)),
        ] {
            let case = batch(six([-5, 0, 7]), lanes, public, of(labels, total));
            assert!(!case.witness.states(&case.model, &case.layout));
            let broken = Table::new(&case, 1).violations();
            assert!(
                broken.iter().any(|gate| gate.starts_with("labels/counts")),
                "{broken:?}"
            );
        }
    }
}

#[test]
fn each_gate_of_labels_is_needed() {
    let all = of(&[0, 1, 2], Total::AtLeast(1));
    let honest = Lie {
        scores: [0, 3, 5],
        seen: [1, 1, 1],
        top: [5; CLASSES],
        counts: 1,
    };
    let mut broken = BTreeSet::new();
    let mut expect = |name: &str, false_one: Lie| {
        let mut f = Forge::new(&batch(six(false_one.scores), 2, false, all.clone()));
        f.expect(name, |t| assert!(lie(t, false_one)));
        broken.extend(f.broken);
    };
    expect(
        "labels/seen is a bit",
        Lie {
            seen: [2, 1, 1],
            ..honest
        },
    );
    let scores = [5, 4, 5];
    expect(
        "labels/a label that was seen stays so",
        Lie {
            scores,
            seen: [1, 0, 1],
            ..honest
        },
    );
    expect(
        "labels/each item has a label",
        Lie {
            seen: [0; CLASSES],
            counts: 0,
            ..honest
        },
    );
    expect(
        "labels/the label's score is the largest",
        Lie {
            seen: [0, 1, 1],
            ..honest
        },
    );
    expect(
        "policy/one top",
        Lie {
            seen: [0, 1, 1],
            top: [5, 3, 3],
            ..honest
        },
    );
    expect("labels/counts#", Lie { counts: 0, ..honest });
    let mut f = Forge::new(&batch(six(honest.scores), 2, false, all.clone()));
    let labels = f.base.config.advice.labels.clone().expect("a batch");
    f.expect("policy/policy#", |t| {
        let row = rows(t)[2];
        put_difference(t, row, 17);
        t.recompute_lookup();
        t.recompute_slots();
    });
    f.expect("labels/sum of counts", |t| {
        let row = t.layout.policy_rows;
        add(t, labels.count, row - 1, Fr::one());
        put_difference(t, row, 2);
        t.recompute_lookup();
        t.recompute_slots();
    });
    f.expect("labels/counts are equal", |t| {
        let row = t.layout.policy_rows;
        t.instance[3][row] = Fr::one();
    });
    broken.extend(f.broken);
    let gates = f
        .base
        .gates
        .iter()
        .map(|gate| &gate.0)
        .filter(|name| name.starts_with("labels/"));
    let missing: Vec<_> = gates.filter(|name| !broken.contains(*name)).collect();
    assert!(missing.is_empty(), "no forgery needs {missing:?}");
}

/// All scores of few values, with all ties, under every `seen` and every `top`.
#[test]
fn of_all_labels_only_the_right_ones_pass() {
    let numbers = |n: i64| [n % 3, n / 3 % 3, n / 9];
    for scores in (0..27).map(numbers) {
        let case = batch(six(scores), 1, false, of(&[0, 1, 2], Total::AtLeast(1)));
        let base = Table::new(&case, 5);
        let best = scores.iter().max().expect("scores");
        let right = scores.iter().position(|score| score == best).expect("one");
        let right: Vec<i64> = (0..3).rev().map(|index| i64::from(index <= right)).collect();
        let mut passed = vec![];
        for seen in (0..8).map(|n: i64| [n & 1, n >> 1 & 1, n >> 2]) {
            for top in 0..4 {
                for counts in 0..3 {
                    let mut t = base.clone();
                    let top = [top; CLASSES];
                    let fits = lie(
                        &mut t,
                        Lie {
                            scores,
                            seen,
                            top,
                            counts,
                        },
                    );
                    if fits && t.violations().is_empty() {
                        passed.push((seen.to_vec(), top[0], counts));
                    }
                }
            }
        }
        assert_eq!(passed, [(right, *best, 1)], "{scores:?}");
    }
}

/// Rows that only fill have no label, and count nothing.
#[test]
fn padding_is_not_counted() {
    let case = batch(six([-5, 0, 7]), 4, false, of(&[0, 1, 2], Total::Exactly(vec![2])));
    let mut t = Table::new(&case, 3);
    assert_eq!(t.layout.policy_rows, 8);
    let labels = t.config.advice.labels.clone().expect("a batch");
    let counted = t.instance.len() - 4;
    for row in 0..2 {
        t.set(labels.seen, row, Fr::one());
        t.instance[counted][row] = Fr::one();
    }
    assert_eq!(t.violations(), BTreeSet::new());
}

/// Several counts in one sum: a prover who knew `r` beforehand could trade one against another, and cannot when it is drawn after the labels.
#[test]
fn counts_are_joined_by_a_challenge_drawn_after_the_labels() {
    let counts = |claimed: [u32; 2]| Counts {
        cells: (0..ITEMS * CLASSES)
            .map(|score| (score % CLASSES).checked_sub(1).map(|count| count as u32))
            .collect(),
        total: Total::Exactly(claimed.to_vec()),
    };
    let scores = six([-5, 0, 7]);
    let column = |claimed: [u32; 2], t: &Table| {
        let column = counts(claimed).column(t.layout.policy_rows, t.challenges[0].into());
        column.into_iter().map(Fr::from).collect::<Vec<Fr>>()
    };
    let mut t = Table::new(&batch(scores, 2, false, counts([1, 1])), 9);
    let counted = t.instance.len() - 4;
    let labels = t.config.advice.labels.clone().expect("a batch");
    for claimed in (0..9).map(|n| [n % 3, n / 3]) {
        let cells = column(claimed, &t);
        t.instance[counted][..cells.len()].copy_from_slice(&cells);
        let gate = t.gate("labels/sum of counts")[0];
        (0..t.layout.policy_rows).for_each(|row| t.solve(gate, labels.count, row));
        let expected = if claimed == [1, 1] {
            vec![]
        } else {
            vec!["labels/counts#5"]
        };
        let found = t.violations();
        assert!(found.iter().eq(expected.iter()), "{claimed:?}: {found:?}");
        // Under `r = 1` other counts of the same sum would pass.
        assert_eq!(
            counts(claimed).column(8, ANY)[8],
            -ANY * provenn_bn254::Fr::from(u64::from(claimed[0] + claimed[1]))
        );
    }
}
