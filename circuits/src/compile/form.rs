//! The float program: stored tensors and the linear forms between them.

use crate::graph::Function;
use crate::program::{Axis, Input, MaxPool, Output, View};
use std::borrow::Cow;
use std::rc::Rc;

/// `coef * tensor`, or `coef` times a view of it, on channels from `offset` on.
#[derive(Clone, Debug)]
pub struct Part {
    pub tensor: usize,
    pub coef: f64,
    pub offset: usize,
    pub view: Option<View>,
}

impl Part {
    /// The whole tensor.
    pub fn whole(tensor: usize) -> Self {
        Self {
            tensor,
            coef: 1.0,
            offset: 0,
            view: None,
        }
    }
}

/// A constant per channel; empty for none. Its values may be secret, whether there is one and its magnitude are not.
#[derive(Clone, Debug)]
pub struct Bias {
    pub values: Vec<f64>,
    /// Largest magnitude.
    pub magnitude: f64,
    /// Whether the structure of the graph determines the values. With a weight among its terms a sum is a weight: any
    /// value of it is that of some weight.
    pub public: bool,
}

impl Default for Bias {
    fn default() -> Self {
        Self {
            values: vec![],
            magnitude: 0.0,
            public: true,
        }
    }
}

impl Bias {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn scale(&mut self, by: f64) {
        self.values.iter_mut().for_each(|v| *v *= by);
        self.magnitude *= by.abs();
    }

    pub(super) fn add(&mut self, by: &Self) {
        if self.is_empty() {
            self.values.resize(by.values.len(), 0.0);
        }
        self.values.iter_mut().zip(&by.values).for_each(|(v, by)| *v += by);
        self.magnitude += by.magnitude;
        self.public &= by.public;
    }
}

/// A contraction with constant weights `[out, channels, kernel height, kernel width]`. Without parts it reads the
/// constant one on one channel, or nothing on none (then it only carries a bias).
#[derive(Clone, Debug)]
pub struct Contraction {
    pub parts: Vec<Part>,
    /// Largest magnitude of the weights of a constant, public; 0 where there are parts.
    pub magnitude: f64,
    pub channels: usize,
    pub axes: [Axis; 2],
    /// Each group of output channels reads its group of channels; then weights are `[out, channels / groups, ..]`.
    pub groups: usize,
    pub weights: Vec<f64>,
    /// Whether the structure of the graph determines the weights.
    pub public: bool,
}

/// A term without weights.
#[derive(Clone, Debug)]
pub struct Linear {
    pub part: Part,
    pub axes: [Axis; 2],
}

/// `coef` times a batch of products of matrices `[b, i, j] [b, j, n]` of activations.
#[derive(Clone, Debug)]
pub struct MatrixProduct {
    pub coef: f64,
    pub left: (usize, View),
    pub right: (usize, View),
}

/// An accumulator.
#[derive(Clone, Debug, Default)]
pub struct Affine {
    pub contractions: Vec<Contraction>,
    /// Per output channel; carried by the first contraction.
    pub bias: Bias,
    pub linear: Vec<Linear>,
    pub matrix_products: Vec<MatrixProduct>,
}

/// How a stored tensor is computed.
#[derive(Clone, Debug)]
pub enum Step {
    Input,
    Affine(Affine),
    MaxPool(MaxPool),
    /// Products of neighbours of a tensor.
    Product(usize),
    /// Quotients of neighbours of a tensor.
    Quotient(usize),
}

/// A stored tensor of the float program.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub name: String,
    pub grid: [usize; 3],
    pub signed: bool,
    /// Largest magnitude expected.
    pub range: f64,
    pub step: Step,
    /// What is applied to the result of the step.
    pub function: Option<Applied>,
}

/// A function, and the largest magnitude expected where it is applied.
#[derive(Clone, Debug)]
pub struct Applied {
    pub function: Function,
    pub range: f64,
}

/// The float program.
#[derive(Clone, Debug)]
pub struct FloatProgram {
    pub(super) tensors: Vec<Tensor>,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
}

/// Which element of the grid each element of a graph value is, both row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The same.
    Same,
    /// A permutation.
    Index(Rc<[usize]>),
}

impl Order {
    pub(super) fn new(index: Vec<usize>) -> Self {
        match index.iter().enumerate().all(|(i, &e)| i == e) {
            true => Self::Same,
            false => Self::Index(index.into()),
        }
    }

    /// A value `[lead, channels, tail]` whose channels are its middle axis.
    pub(super) fn channels(lead: usize, channels: usize, tail: usize) -> Self {
        let element = |i: usize| {
            let (l, c, t) = (i / (channels * tail), i / tail % channels, i % tail);
            c * lead * tail + l * tail + t
        };
        Self::new((0..lead * channels * tail).map(element).collect())
    }

    /// The grid element of value element `i`.
    pub(super) fn at(&self, i: usize) -> usize {
        match self {
            Self::Same => i,
            Self::Index(index) => index[i],
        }
    }
}

/// What a graph value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A linear combination of stored tensors plus a constant per channel.
    Sum { parts: Vec<Part>, bias: Bias },
    /// An accumulator that is not rounded.
    Pending(Affine),
}

/// A graph value as a linear form on a grid.
#[derive(Clone, Debug)]
pub struct Form {
    pub(super) grid: [usize; 3],
    pub(super) order: Order,
    /// Largest magnitude expected.
    pub(super) range: f64,
    pub(super) name: String,
    pub(super) kind: Kind,
}

impl Form {
    /// The axes that map the grid to itself.
    pub(super) fn identity(&self) -> [Axis; 2] {
        [Axis::identity(self.grid[1]), Axis::identity(self.grid[2])]
    }

    /// Whether whoever reads the form commits weights.
    pub(super) fn has_weights(&self) -> bool {
        match &self.kind {
            Kind::Sum { bias, .. } => !bias.public,
            Kind::Pending(affine) => !affine.bias.public || affine.contractions.iter().any(|c| !c.public),
        }
    }

    /// Whether it sums products of matrices.
    pub(super) fn has_products(&self) -> bool {
        matches!(&self.kind, Kind::Pending(affine) if !affine.matrix_products.is_empty())
    }

    /// As an accumulator: sums become linear terms, constants become a contraction without lines.
    pub(super) fn into_affine(self) -> Affine {
        let axes = self.identity();
        match self.kind {
            Kind::Pending(affine) => affine,
            Kind::Sum { parts, bias } => {
                let linear = parts
                    .into_iter()
                    .map(|part| Linear {
                        part,
                        axes: axes.clone(),
                    })
                    .collect();
                Affine {
                    linear,
                    bias,
                    ..Affine::default()
                }
            }
        }
    }

    /// Multiplies by a constant.
    pub(super) fn scale(mut self, by: f64) -> Self {
        self.range *= by.abs();
        match &mut self.kind {
            Kind::Sum { parts, bias } => {
                parts.iter_mut().for_each(|p| p.coef *= by);
                bias.scale(by);
            }
            Kind::Pending(affine) => affine.scale(by),
        }
        self
    }

    /// Adds a constant per channel.
    pub(super) fn add_bias(mut self, by: &Bias) -> Self {
        self.range += by.magnitude;
        match &mut self.kind {
            Kind::Sum { bias, .. } => bias.add(by),
            Kind::Pending(affine) => affine.bias.add(by),
        }
        self
    }
}

impl Affine {
    fn scale(&mut self, by: f64) {
        for c in &mut self.contractions {
            c.weights.iter_mut().for_each(|w| *w *= by);
            c.magnitude *= by.abs();
        }
        self.bias.scale(by);
        self.linear.iter_mut().for_each(|l| l.part.coef *= by);
        self.matrix_products.iter_mut().for_each(|p| p.coef *= by);
    }

    /// The contractions, one without groups first if there is a bias: it carries it, and reads nothing if there is no other.
    pub(super) fn contractions(&self, [_, height, width]: [usize; 3]) -> Vec<Cow<'_, Contraction>> {
        let mut all: Vec<Cow<'_, Contraction>> = self.contractions.iter().map(Cow::Borrowed).collect();
        if self.bias.is_empty() {
            return all;
        }
        let nothing = |len: usize| Axis {
            kernel: 1,
            taps: vec![vec![]; len],
        };
        let carrier = match all.iter().position(|c| c.groups == 1) {
            Some(index) => all.remove(index),
            None => Cow::Owned(Contraction {
                parts: vec![],
                magnitude: 0.0,
                channels: 0,
                axes: [nothing(height), nothing(width)],
                groups: 1,
                weights: vec![],
                public: true,
            }),
        };
        all.insert(0, carrier);
        all
    }

    /// Adds another accumulator of the same grid.
    pub(super) fn add(mut self, other: Affine) -> Affine {
        self.linear.extend(other.linear);
        self.matrix_products.extend(other.matrix_products);
        self.contractions.extend(other.contractions);
        self.bias.add(&other.bias);
        self
    }

    /// The same on every second column of a grid of twice the width, from `first` on; products of matrices cannot.
    pub(super) fn spread(mut self, first: usize, [_, height, width]: [usize; 3]) -> Affine {
        let spread = |axis: &Axis| Axis {
            kernel: axis.kernel,
            taps: axis
                .taps
                .iter()
                .flat_map(|taps| match first {
                    0 => [taps.clone(), vec![]],
                    _ => [vec![], taps.clone()],
                })
                .collect(),
        };
        if !self.bias.is_empty() {
            let always = |len: usize| Axis {
                kernel: 1,
                taps: vec![vec![(0, 0)]; len],
            };
            let bias = std::mem::take(&mut self.bias);
            self.contractions.push(Contraction {
                parts: vec![],
                magnitude: bias.magnitude,
                groups: 1,
                channels: 1,
                axes: [always(height), always(width)],
                weights: bias.values,
                public: bias.public,
            });
        }
        let axes = self.contractions.iter_mut().map(|c| &mut c.axes);
        for axes in axes.chain(self.linear.iter_mut().map(|l| &mut l.axes)) {
            axes[1] = spread(&axes[1]);
        }
        self
    }
}

impl From<Contraction> for Affine {
    fn from(contraction: Contraction) -> Self {
        Self {
            contractions: vec![contraction],
            ..Self::default()
        }
    }
}

impl Contraction {
    /// A constant per element, `[channels, height, width]`: position `p` reads the constant one under kernel index `p`.
    pub(super) fn constant(values: Vec<f64>, magnitude: f64, public: bool, [_, height, width]: [usize; 3]) -> Self {
        let each = |len: usize| Axis {
            kernel: len,
            taps: (0..len).map(|p| vec![(p, 0)]).collect(),
        };
        Self {
            parts: vec![],
            magnitude,
            groups: 1,
            channels: 1,
            axes: [each(height), each(width)],
            weights: values,
            public,
        }
    }
}
