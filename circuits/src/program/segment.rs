//! Segments of a program: cut where one tensor is all that the rest reads, so that each can be proven by itself. They compute, bit for
//! bit, what the program does.

use super::{Affine, Axis, Input, InputOrder, Linear, Output, Part, Program, Step, Tensor, TensorId};
use crate::graph::InputType;

/// What part of the largest segment one may be larger by, if all of them together take less work then.
const SLACK: usize = 8;

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
    /// It is between the tensors of a loop.
    #[error("it is in a loop, which is not cut")]
    Loop,
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
    pub(crate) fn among(&self) -> bool {
        matches!(self, Self::MaxPool(_) | Self::Product(_) | Self::Quotient(_))
    }
}

/// What a segment takes: what none may have much of, and what all have together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Such as memory.
    pub size: usize,
    /// Such as time.
    pub work: usize,
}

/// The segments between any two cuts.
struct Between {
    cuts: Vec<TensorId>,
    /// From the start or a cut, to a cut or the end: none where a segment is not possible.
    weights: Vec<Vec<Option<Weight>>>,
}

impl Between {
    /// The way to cut into so many segments, none of them larger than `most`, of which what `of` each is, joined one by one, is least.
    fn best(
        &self,
        segments: usize,
        most: usize,
        of: &dyn Fn(&Weight) -> usize,
        join: &dyn Fn(usize, usize) -> usize,
    ) -> Option<(usize, Vec<TensorId>)> {
        let weigh = |from: usize, to: usize| self.weights[from][to].filter(|w| w.size <= most).map(|w| of(&w));
        let end = self.cuts.len();
        // For each place the best way to reach it with so many segments, and the places before it.
        let first = |to: usize| weigh(0, to).map(|weight| (weight, vec![]));
        let mut best: Vec<Option<(usize, Vec<usize>)>> = (0..=end).map(first).collect();
        for _ in 1..segments {
            let through = |to: usize| {
                let ways = (0..to).filter_map(|before| {
                    let (sum, _) = best[before].as_ref()?;
                    Some((join(*sum, weigh(before + 1, to)?), before))
                });
                let (sum, before) = ways.min()?;
                let way = best[before].iter().flat_map(|(_, way)| way).copied();
                Some((sum, way.chain([before]).collect()))
            };
            best = (0..=end).map(through).collect();
        }
        let (sum, way) = best.pop().flatten()?;
        Some((sum, way.into_iter().map(|place| self.cuts[place]).collect()))
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
        let earlier = self.tensors[..=id].iter().flat_map(|tensor| tensor.step.sources());
        if earlier.into_iter().any(|source| source > id) {
            return NoCut::Loop;
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

    /// The cuts that leave so many segments; none if there are too few tensors to cut at, or no segments that `weigh` knows a weight of: from one
    /// tensor, or the start, to another, both included. Of the ways whose largest segment is at most an eighth larger than it has to be, the one
    /// with the least work.
    pub fn cut_into(
        &self,
        segments: usize,
        weigh: &dyn Fn(Option<TensorId>, TensorId) -> Option<Weight>,
    ) -> Option<Vec<TensorId>> {
        let cuts = self.cuts();
        let end = self.tensors.len().checked_sub(1)?;
        let starts = std::iter::once(None).chain(cuts.iter().copied().map(Some));
        let ends = || cuts.iter().copied().chain([end]);
        let ascends = |from: Option<TensorId>, to: TensorId| from.is_none_or(|from| from < to);
        let weights = starts.map(|from| ends().map(|to| weigh(from, to).filter(|_| ascends(from, to))).collect());
        let weights = weights.collect();
        let between = Between { cuts, weights };
        let (least, _) = between.best(segments, usize::MAX, &|w| w.size, &usize::max)?;
        let most = least.saturating_add(least / SLACK);
        let (_, way) = between.best(segments, most, &|w| w.work, &usize::saturating_add)?;
        Some(way)
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
pub(super) fn copy(id: TensorId, tensor: &Tensor, bits: u32) -> Tensor {
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
