//! Segments of a program: cut where one tensor is all that the rest reads, so that each can be proven by itself. They compute, bit for
//! bit, what the program does.

use super::{Affine, Axis, Input, InputOrder, Linear, Output, Part, Program, Step, Tensor, TensorId};
use crate::graph::InputType;

/// Committed weights that cost a proof about as much as one stored value.
const WEIGHTS_PER_VALUE: usize = 256;

/// A tensor that a program cannot be cut at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutError {
    /// The name that was given.
    pub name: String,
    /// Why.
    pub reason: NoCut,
}

/// Why a program cannot be cut at a tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCut {
    /// What comes next reads it among its own rows, as a maximum or a product does.
    #[error("the operator that reads it is in one circuit with it")]
    Among,
    /// It is an input.
    #[error("it is an input of the model")]
    Input,
    /// It is an output, or comes after one.
    #[error("it is an output of the model, or comes after one")]
    Output,
    /// The rest reads other tensors too.
    #[error("the rest of the model also reads {}", listed(.0))]
    Others(Vec<String>),
    /// It was named before.
    #[error("it is named twice")]
    Twice,
    /// No tensor has the name.
    #[error("no tensor of the circuit has this name; some operators of the file are joined to one")]
    Unknown,
}

/// Names that a message lists.
const LISTED: usize = 8;

/// The first of these names.
pub(crate) fn listed(names: &[String]) -> String {
    let mut words: Vec<String> = names.iter().take(LISTED).map(|name| format!("\"{name}\"")).collect();
    if names.len() > LISTED {
        words.push(format!("{} more", names.len() - LISTED));
    }
    words.join(", ")
}

impl Step {
    /// The tensors that it reads, each as often as it does.
    pub(super) fn sources(&self) -> Vec<TensorId> {
        let Self::Affine(affine) = self else {
            return match self {
                Self::MaxPool(pool) => vec![pool.tensor],
                Self::Product(product) => vec![product.tensor],
                Self::Quotient(quotient) => vec![quotient.tensor],
                Self::Input | Self::Affine(_) => vec![],
            };
        };
        let parts = affine.contractions.iter().flat_map(|c| &c.parts);
        let parts = parts.chain(affine.linear.iter().map(|l| &l.part));
        let products = affine.matrix_products.iter().flat_map(|p| [p.left.0, p.right.0]);
        parts.map(|part| part.tensor).chain(products).collect()
    }

    /// The same with other numbers of the tensors.
    fn renumbered(&self, number: impl Fn(TensorId) -> TensorId) -> Self {
        let mut step = self.clone();
        match &mut step {
            Self::Input => {}
            Self::MaxPool(pool) => pool.tensor = number(pool.tensor),
            Self::Product(product) => product.tensor = number(product.tensor),
            Self::Quotient(quotient) => quotient.tensor = number(quotient.tensor),
            Self::Affine(affine) => {
                let parts = affine.contractions.iter_mut().flat_map(|c| &mut c.parts);
                let parts = parts.chain(affine.linear.iter_mut().map(|l| &mut l.part));
                parts.for_each(|part| part.tensor = number(part.tensor));
                for product in &mut affine.matrix_products {
                    product.left.0 = number(product.left.0);
                    product.right.0 = number(product.right.0);
                }
            }
        }
        step
    }

    /// Whether its rows stand among those of the tensor that it reads.
    fn among(&self) -> bool {
        matches!(self, Self::MaxPool(_) | Self::Product(_) | Self::Quotient(_))
    }
}

impl Program {
    /// The tensors at which it may be cut, in their order: all that comes after one reads nothing else of what comes before, nor reads it among
    /// its own rows, nothing before reads what comes after, and no output is before.
    pub fn cuts(&self) -> Vec<TensorId> {
        // The first tensor that is read by something after each tensor, or is an output.
        let mut oldest = vec![usize::MAX; self.tensors.len()];
        let mut seen = self.outputs.iter().map(|output| output.tensor).min().unwrap_or(0);
        for (id, tensor) in self.tensors.iter().enumerate().rev() {
            oldest[id] = seen;
            seen = tensor.step.sources().into_iter().fold(seen, usize::min);
        }
        let last = self.outputs.iter().map(|output| output.tensor).min().unwrap_or(0);
        let read_among = |id: usize| {
            self.tensors
                .iter()
                .any(|t| t.step.among() && t.step.sources().contains(&id))
        };
        // Nor does what comes before read what comes after.
        let sources = self.tensors.iter().map(|tensor| tensor.step.sources());
        let latest = sources.scan(0, |latest, sources| {
            *latest = sources.into_iter().fold(*latest, usize::max);
            Some(*latest)
        });
        let latest: Vec<usize> = latest.collect();
        let cuts = self.inputs.len()..last;
        cuts.filter(|&id| oldest[id] == id && latest[id] <= id && !read_among(id))
            .collect()
    }

    /// The cuts at tensors of these names, in their order. Of several tensors of one name the last one counts that can be cut at.
    ///
    /// # Errors
    /// The first name that it cannot be cut at, and why.
    pub fn cut_at(&self, names: &[String]) -> Result<Vec<TensorId>, CutError> {
        let possible = self.cuts();
        let mut cuts = vec![];
        for name in names {
            let error = |reason| CutError {
                name: name.clone(),
                reason,
            };
            let named = |id: &TensorId| self.tensors[*id].name == *name;
            let cut = possible.iter().copied().rfind(named).ok_or_else(|| {
                let found = (0..self.tensors.len()).rfind(named);
                error(found.map_or(NoCut::Unknown, |id| self.no_cut(id)))
            })?;
            if cuts.contains(&cut) {
                return Err(error(NoCut::Twice));
            }
            cuts.push(cut);
        }
        cuts.sort_unstable();
        Ok(cuts)
    }

    /// Why it cannot be cut at a tensor that is none of [`cuts`](Self::cuts).
    fn no_cut(&self, id: TensorId) -> NoCut {
        if id < self.inputs.len() {
            return NoCut::Input;
        }
        if self.outputs.iter().any(|output| output.tensor <= id) {
            return NoCut::Output;
        }
        let read = self.tensors[id + 1..].iter().flat_map(|tensor| tensor.step.sources());
        let mut others: Vec<TensorId> = read.filter(|other| *other < id).collect();
        others.sort_unstable();
        others.dedup();
        match others.is_empty() {
            true => NoCut::Among,
            false => NoCut::Others(
                others
                    .into_iter()
                    .map(|other| self.tensors[other].name.clone())
                    .collect(),
            ),
        }
    }

    /// The cuts that leave so many segments, of which the largest is the smallest that is possible; none if there are too few tensors to cut at.
    pub fn cut_into(&self, segments: usize) -> Option<Vec<TensorId>> {
        let load = |tensor: &Tensor| {
            let weights = match &tensor.step {
                Step::Affine(affine) => affine.contractions.iter().map(|c| c.weights.len()).sum(),
                _ => 0,
            };
            tensor.len() + weights / WEIGHTS_PER_VALUE
        };
        let sums: Vec<usize> = std::iter::once(0)
            .chain(self.tensors.iter().scan(0, |sum, tensor| {
                *sum += load(tensor);
                Some(*sum)
            }))
            .collect();
        let cuts = self.cuts();
        // A tensor at which it is cut is in both segments.
        let between = |from: Option<usize>, to: usize| {
            let start = from.map_or(0, |from| from + 1);
            sums[to + 1] - sums[start] + from.map_or(0, |from| self.tensors[from].len())
        };
        // For each cut the best way to reach it with so many segments: the largest of them, and the cut before.
        let mut best: Vec<Option<(usize, Vec<TensorId>)>> =
            cuts.iter().map(|&cut| Some((between(None, cut), vec![cut]))).collect();
        for _ in 2..segments {
            let through = |(index, &cut): (usize, &TensorId)| {
                let ways = best[..index].iter().flatten().map(|(largest, way)| {
                    let new = between(way.last().copied(), cut);
                    ((*largest).max(new), way)
                });
                let (largest, way) = ways.min_by_key(|(largest, _)| *largest)?;
                Some((largest, [way.as_slice(), &[cut]].concat()))
            };
            best = cuts.iter().enumerate().map(through).collect();
        }
        let end = self.tensors.len().checked_sub(1)?;
        let whole = best.into_iter().flatten().map(|(largest, way)| {
            let rest = between(way.last().copied(), end);
            (largest.max(rest), way)
        });
        let (_, way) = whole.min_by_key(|(largest, _)| *largest)?;
        (segments > 1 && way.len() + 1 == segments).then_some(way)
    }

    /// Its segments between these cuts, which are among [`cuts`](Self::cuts) and ascend.
    pub fn segments(&self, cuts: &[TensorId]) -> Vec<Self> {
        let starts = std::iter::once(None).chain(cuts.iter().copied().map(Some));
        let ends = cuts.iter().copied().map(Some).chain([None]);
        starts
            .zip(ends)
            .map(|(takes, gives)| self.segment(takes, gives))
            .collect()
    }

    /// What comes after the tensor of one cut, which is its input, up to the tensor of the next, which is its output.
    fn segment(&self, takes: Option<TensorId>, gives: Option<TensorId>) -> Self {
        let first = takes.unwrap_or(0);
        let number = |id: TensorId| id - first;
        let end = gives.map_or(self.tensors.len(), |gives| gives + 1);
        let mut tensors: Vec<Tensor> = self.tensors[first..end].to_vec();
        for (index, tensor) in tensors.iter_mut().enumerate() {
            tensor.step = match (takes, index) {
                (Some(_), 0) => Step::Input,
                _ => tensor.step.renumbered(number),
            };
        }
        let inputs = match takes {
            None => self.inputs.clone(),
            Some(_) => vec![between(&tensors[0])],
        };
        let outputs = match gives {
            None => self
                .outputs
                .iter()
                .map(|output| Output {
                    tensor: number(output.tensor),
                    ..output.clone()
                })
                .collect(),
            Some(_) => {
                let last = tensors.len() - 1;
                // Among the rows of another tensor no column of its own can follow it.
                if tensors[last].step.among() {
                    tensors.push(copy(last, &tensors[last], self.precision.bits()));
                }
                let given = &tensors[tensors.len() - 1];
                vec![Output {
                    name: given.name.clone(),
                    tensor: tensors.len() - 1,
                    shape: vec![given.channels, given.height, given.width],
                }]
            }
        };
        Self {
            precision: self.precision,
            tensors,
            inputs,
            outputs,
        }
    }
}

/// The input that is what another segment gives.
fn between(tensor: &Tensor) -> Input {
    Input {
        shape: vec![tensor.channels, tensor.height, tensor.width],
        order: InputOrder::row_major(tensor.len()),
        elements: InputType::Reals,
        lifts: vec![],
    }
}

/// The same values in rows of their own: times `2^bits`, and rounded by as much.
fn copy(id: TensorId, tensor: &Tensor, bits: u32) -> Tensor {
    let same = Linear {
        part: Part {
            tensor: id,
            alpha: 1 << bits,
            offset: 0,
            view: None,
        },
        axes: [Axis::identity(tensor.height), Axis::identity(tensor.width)],
    };
    Tensor {
        step: Step::Affine(Affine {
            contractions: vec![],
            bias: vec![],
            public_bias: false,
            matrix_products: vec![],
            linear: vec![same],
            table: None,
        }),
        ..tensor.clone()
    }
}
