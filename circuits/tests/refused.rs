//! Programs that the layout must refuse, because it could not bind what the executor computes.

use crate::common::*;
use provenn_circuits::layout::Layout;
use provenn_circuits::program::*;

fn affine_of(model: &mut Program, id: usize) -> &mut Affine {
    match &mut model.tensors[id].step {
        Step::Affine(affine) => affine,
        _ => unreachable!("tensor {id} is affine"),
    }
}

fn pool_of(model: &mut Program, id: usize) -> &mut MaxPool {
    match &mut model.tensors[id].step {
        Step::MaxPool(pool) => pool,
        _ => unreachable!("tensor {id} is a pool"),
    }
}

/// A contraction that reads nothing on no channels.
fn nothing(of: &Affine) -> Contraction {
    Contraction {
        parts: vec![],
        constant: 0,
        groups: 1,
        channels: 0,
        axes: of.contractions[0].axes.clone(),
        weights: vec![].into(),
        public: false,
    }
}

/// A program, what makes it wrong, and how.
type Edit = (fn() -> Program, &'static str, fn(&mut Program));

fn edits() -> Vec<Edit> {
    vec![
        // Its block has no rows: its end is that of the block before, whose product would count twice.
        (conv, "a second contraction without rows", |m| {
            let affine = affine_of(m, 4);
            let empty = nothing(affine);
            affine.contractions.push(empty);
        }),
        (conv, "a contraction for a bias that is not there", |m| {
            let affine = affine_of(m, 4);
            (affine.contractions, affine.bias) = (vec![nothing(affine)], vec![]);
        }),
        (conv, "a contraction without kernel", |m| {
            let affine = affine_of(m, 4);
            let mut empty = affine.contractions[0].clone();
            (empty.axes[0].kernel, empty.axes[0].taps) = (0, vec![vec![]]);
            affine.contractions.push(empty);
        }),
        (conv, "no groups", |m| affine_of(m, 4).contractions[0].groups = 0),
        (conv, "groups that do not divide the channels", |m| {
            affine_of(m, 4).bias.clear();
            affine_of(m, 4).contractions[0].groups = 3;
        }),
        (conv, "a bias that groups carry", |m| {
            affine_of(m, 4).contractions[0].groups = 2
        }),
        (mixed, "groups of a constant", |m| {
            affine_of(m, 1).contractions[1].groups = 2
        }),
        (residual, "a step that reads itself", |m| {
            affine_of(m, 2).linear[0].part.tensor = 2
        }),
        (residual, "a step that reads a later one", |m| {
            affine_of(m, 1).contractions[0].parts[0].tensor = 2
        }),
        (residual, "a tensor that is not there", |m| {
            affine_of(m, 2).linear[0].part.tensor = 9
        }),
        (conv, "a pool of a later tensor", |m| pool_of(m, 2).tensor = 3),
        (mixed, "a product of itself", |m| {
            m.tensors[2].step = Step::Product(Product { tensor: 2, alpha: 1 })
        }),
        (divided, "a quotient of itself", |m| {
            m.tensors[2].step = Step::Quotient(Quotient { tensor: 2, alpha: 64 })
        }),
        (divided, "a quotient without a multiplier", |m| {
            m.tensors[2].step = Step::Quotient(Quotient { tensor: 1, alpha: 0 })
        }),
        (divided, "a quotient that is clamped", |m| m.tensors[2].signed = false),
        (divided, "a quotient of what is clamped", |m| {
            m.tensors[1].signed = false
        }),
        (divided, "a quotient of another width", |m| m.tensors[2].width = 1),
        (divided, "a quotient of what is looked up", |m| {
            affine_of(m, 1).table = Some(table(64, |x| x))
        }),
        (divided, "two quotients of one tensor", |m| {
            let again = m.tensors[2].clone();
            m.tensors.insert(3, again);
        }),
        (mixed, "a left factor that is not there", |m| {
            affine_of(m, 3).matrix_products[0].left.0 = 3
        }),
        // More columns than the tensor has: their powers of `t` are those of the next row.
        (residual, "more columns than the output", |m| {
            affine_of(m, 2).linear[0].axes[1].taps.push(vec![(0, 0)])
        }),
        (residual, "fewer rows than the output", |m| {
            affine_of(m, 2).linear[0].axes[0].taps.pop();
        }),
        (conv, "more rows than the output", |m| {
            affine_of(m, 1).contractions[0].axes[0].taps.push(vec![(0, 0)])
        }),
        // Line index of another channel.
        (conv, "a tap beyond the kernel", |m| {
            affine_of(m, 1).contractions[0].axes[1].taps[0] = vec![(2, 0)]
        }),
        (conv, "a tap beyond the source", |m| {
            affine_of(m, 1).contractions[0].axes[1].taps[0] = vec![(0, 5)]
        }),
        (residual, "a linear tap beyond the source", |m| {
            affine_of(m, 2).linear[0].axes[1].taps[0] = vec![(0, 2)]
        }),
        (mixed, "a constant with two elements", |m| {
            affine_of(m, 1).contractions[1].axes[1].taps[1] = vec![(0, 1)];
        }),
        (residual, "a part beyond the channels", |m| {
            affine_of(m, 3).contractions[0].parts[2].offset = 4
        }),
        (residual, "parts on grids of their own", |m| {
            let view = View {
                grid: [3, 3, 3],
                elements: vec![None; 27],
            };
            affine_of(m, 3).contractions[0].parts[1].view = Some(view);
        }),
        (conv, "a window beyond the rows", |m| pool_of(m, 2).rows[2][1] = 6),
        // Element of the next row: columns are disjoint, elements are not.
        (conv, "a window beyond the columns", |m| pool_of(m, 2).cols[0][0] = 3),
        (conv, "more windows than the pool", |m| {
            pool_of(m, 2).rows = vec![vec![0], vec![1], vec![2], vec![3]];
        }),
        (conv, "fewer windows than the pool", |m| {
            pool_of(m, 2).cols.pop();
        }),
        (
            || dense(&[3, 4, 2]),
            "an output without elements",
            |m| m.tensors[2].channels = 0,
        ),
        (
            || dense(&[3, 4, 2]),
            "an input without elements",
            |m| m.tensors[0].channels = 0,
        ),
        (
            || dense(&[3, 4, 2]),
            "a tensor without positions",
            |m| m.tensors[1].width = 0,
        ),
        (
            || dense(&[3, 4, 2]),
            "a second input",
            |m| m.tensors[1].step = Step::Input,
        ),
        (
            || dense(&[3, 4, 2]),
            "no input",
            |m| {
                m.tensors.remove(0);
            },
        ),
        (|| dense(&[3, 4, 2]), "nothing", |m| m.tensors.clear()),
    ]
}

#[test]
fn programs_that_the_layout_cannot_bind_are_refused() {
    let mut wrong = vec![];
    for (model, what, edit) in edits() {
        for (lanes, public) in [(1, true), (2, false), (4, true)] {
            let shape = shape(9, lanes, public);
            let mut model = model();
            assert!(
                Layout::build(&model, shape.clone()).is_ok(),
                "{what}: the program itself"
            );
            edit(&mut model);
            let built = std::panic::catch_unwind(|| Layout::build(&model, shape).is_ok());
            if !matches!(built, Ok(false)) {
                wrong.push((what, lanes, built.is_err()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
