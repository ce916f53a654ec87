//! Loops: what is read before it is computed has a tensor in its place until it is.
//!
//! All steps of a loop are positions of the same tensors, so that its weights are in one contraction and each of its functions in one
//! table, whatever the number of steps. A circuit has no order in time; the executor follows [`crate::program`].

use super::*;

/// A tensor in the place of a value that is computed later.
pub(super) struct Delayed {
    /// The value.
    value: usize,
    tensor: usize,
    /// The tensors that the value is a sum of, where they have its grid; else the tensor in its place becomes a rounding of it.
    parts: Option<Vec<Part>>,
}

impl Lowering<'_> {
    /// The rows of a value, which is computed later, so many rows on.
    pub(super) fn delayed(&mut self, node: &Node, rows: usize) -> Result<Form, Refused> {
        let &value = node.inputs.first().ok_or("a loop does not close")?;
        let &[all, width] = self.shape(node, 0) else {
            return Err("a loop has rows of one axis".into());
        };
        // As products with matrices leave it.
        let (grid, order) = ([width, 1, all], Order::channels(all, width, 1));
        let name = self.graph.values[node.output].name.clone();
        let tensor = self.push(name, grid, true, self.ranges[value], Step::Affine(Affine::default()));
        self.delayed.push(Delayed {
            value,
            tensor,
            parts: None,
        });
        let earlier = |i: usize| (i % all >= rows).then(|| i - rows);
        let from: Vec<Option<usize>> = (0..all * width).map(earlier).collect();
        let whole = self.stored(tensor, Order::Same);
        Ok(Form {
            order,
            ..self.viewed(whole, grid, &from)
        })
    }

    /// A value is computed: what stands in its place, if something does, is it.
    pub(super) fn close(&mut self, value: usize, form: &Form) {
        for index in 0..self.delayed.len() {
            if self.delayed[index].value != value {
                continue;
            }
            let tensor = self.delayed[index].tensor;
            let [width, _, all] = self.tensors[tensor].grid;
            let order = Order::channels(all, width, 1);
            let form = self.arranged(form.clone(), [width, 1, all], &order);
            let parts = match &form.kind {
                Kind::Sum { parts, bias }
                    if bias.is_empty() && parts.iter().all(|part| self.is_itself(part, tensor)) =>
                {
                    Some(parts.clone())
                }
                _ => None,
            };
            let mut affine = form.into_affine();
            let range = self.tensors[tensor].range;
            for product in &mut affine.matrix_products {
                self.make_room(product, range, true);
            }
            self.tensors[tensor].step = Step::Affine(affine);
            self.delayed[index].parts = parts.filter(|parts| !parts.is_empty());
        }
    }

    /// Whether a part is all of a tensor with the grid of another one, which it is not.
    fn is_itself(&self, part: &Part, other: usize) -> bool {
        let grids = [part.tensor, other].map(|id| self.tensors[id].grid);
        let open = self.delayed.iter().any(|delayed| delayed.tensor == part.tensor);
        !open && grids[0] == grids[1] && (part.offset, &part.view) == (0, &None)
    }
}

/// The program without tensors that only stand in the place of others.
pub(super) fn joined(mut program: FloatProgram, delayed: Vec<Delayed>) -> FloatProgram {
    let mut gone = BTreeSet::new();
    for Delayed { tensor, parts, .. } in delayed {
        let Some(parts) = parts.filter(|parts| can_stand(&program, tensor, parts)) else {
            continue;
        };
        program
            .tensors
            .iter_mut()
            .for_each(|reader| replace(&mut reader.step, tensor, &parts));
        gone.insert(tensor);
    }
    let number = |id: usize| id - gone.range(..id).count();
    for tensor in &mut program.tensors {
        renumber(&mut tensor.step, &number);
    }
    program
        .outputs
        .iter_mut()
        .for_each(|output| output.tensor = number(output.tensor));
    let mut index = 0..;
    program
        .tensors
        .retain(|_| !index.next().is_some_and(|id| gone.contains(&id)));
    program
}

/// Whether parts may be read in the place of a tensor: one under a power of two everywhere, several in terms without weights.
fn can_stand(program: &FloatProgram, tensor: usize, parts: &[Part]) -> bool {
    let single = matches!(parts, [part] if octaves::is_power(part.coef));
    let reads = |step: &Step| match step {
        Step::Affine(affine) => {
            let contracted = affine
                .contractions
                .iter()
                .flat_map(|c| &c.parts)
                .any(|part| part.tensor == tensor);
            contracted
                || affine
                    .matrix_products
                    .iter()
                    .any(|p| [p.left.0, p.right.0].contains(&tensor))
        }
        Step::MaxPool(pool) => pool.tensor == tensor,
        Step::Product(source) | Step::Quotient(source) => *source == tensor,
        Step::Input => false,
    };
    let published = program.outputs.iter().any(|output| output.tensor == tensor);
    !published && (single || !program.tensors.iter().any(|reader| reads(&reader.step)))
}

/// Reads parts in the place of a tensor.
fn replace(step: &mut Step, tensor: usize, parts: &[Part]) {
    let Step::Affine(affine) = step else { return };
    let stand = |part: &Part| -> Vec<Part> {
        if part.tensor != tensor {
            return vec![part.clone()];
        }
        let by = |own: &Part| Part {
            tensor: own.tensor,
            coef: part.coef * own.coef,
            ..part.clone()
        };
        parts.iter().map(by).collect()
    };
    for c in &mut affine.contractions {
        c.parts = c.parts.iter().flat_map(stand).collect();
    }
    let linear = std::mem::take(&mut affine.linear);
    affine.linear = linear
        .into_iter()
        .flat_map(|Linear { part, axes }| {
            let parts = stand(&part).into_iter();
            parts.map(move |part| Linear {
                part,
                axes: axes.clone(),
            })
        })
        .collect();
    if let [own] = parts {
        for product in &mut affine.matrix_products {
            for factor in [&mut product.left.0, &mut product.right.0] {
                if *factor == tensor {
                    *factor = own.tensor;
                    product.coef *= own.coef;
                }
            }
        }
    }
}

fn renumber(step: &mut Step, number: &impl Fn(usize) -> usize) {
    match step {
        Step::Input => {}
        Step::MaxPool(pool) => pool.tensor = number(pool.tensor),
        Step::Product(source) | Step::Quotient(source) => *source = number(*source),
        Step::Affine(affine) => {
            let contracted = affine.contractions.iter_mut().flat_map(|c| &mut c.parts);
            let parts = contracted.chain(affine.linear.iter_mut().map(|l| &mut l.part));
            parts.for_each(|part| part.tensor = number(part.tensor));
            for product in &mut affine.matrix_products {
                product.left.0 = number(product.left.0);
                product.right.0 = number(product.right.0);
            }
        }
    }
}
