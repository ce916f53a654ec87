//! The float program: stored tensors and the linear forms between them.

use crate::qmodel::{Axis, MaxPool};

/// `coef * tensor`, on channels from `offset` on.
#[derive(Clone, Debug)]
pub struct Part {
    pub tensor: usize,
    pub coef: f64,
    pub offset: usize,
}

/// A contraction with constant weights `[out, channels, kernel height, kernel width]`.
#[derive(Clone, Debug)]
pub struct Contraction {
    pub parts: Vec<Part>,
    pub channels: usize,
    pub axes: [Axis; 2],
    pub weights: Vec<f64>,
}

/// A term without weights.
#[derive(Clone, Debug)]
pub struct Linear {
    pub part: Part,
    pub axes: [Axis; 2],
}

/// An accumulator.
#[derive(Clone, Debug, Default)]
pub struct Affine {
    pub contraction: Option<Contraction>,
    /// Per output channel.
    pub bias: Vec<f64>,
    pub linear: Vec<Linear>,
}

/// How a stored tensor is computed.
#[derive(Clone, Debug)]
pub enum Step {
    Input,
    Affine(Affine),
    MaxPool(MaxPool),
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
}

/// The float program.
#[derive(Clone, Debug)]
pub struct FloatModel {
    pub(super) tensors: Vec<Tensor>,
    pub(super) input_shape: Vec<usize>,
    pub(super) output_shape: Vec<usize>,
}

/// How the elements of a graph value lie on the grid `[channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `[1, c, h, w]`, `[1, c, w]` or `[1, c]`.
    ChannelsFirst,
    /// `[.., w, c]`: channels are the last axis, height is 1.
    ChannelsLast,
}

/// What a graph value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A linear combination of stored tensors plus a constant per channel.
    Sum { parts: Vec<Part>, bias: Vec<f64> },
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
                let mut affine = Affine {
                    contraction: None,
                    bias: vec![],
                    linear,
                };
                if bias.iter().any(|b| *b != 0.0) {
                    affine.add_bias(&bias, self.grid);
                }
                affine
            }
        }
    }

    /// Multiplies by a constant.
    pub(super) fn scale(mut self, by: f64) -> Self {
        self.range *= by.abs();
        match &mut self.kind {
            Kind::Sum { parts, bias } => {
                parts.iter_mut().for_each(|p| p.coef *= by);
                bias.iter_mut().for_each(|b| *b *= by);
            }
            Kind::Pending(affine) => affine.scale(by),
        }
        self
    }

    /// Adds a constant per channel.
    pub(super) fn add_bias(mut self, by: &[f64]) -> Self {
        self.range += by.iter().fold(0.0, |m: f64, b| m.max(b.abs()));
        let grid = self.grid;
        match &mut self.kind {
            Kind::Sum { bias, .. } => {
                bias.resize(grid[0], 0.0);
                bias.iter_mut().zip(by).for_each(|(b, by)| *b += by);
            }
            Kind::Pending(affine) => affine.add_bias(by, grid),
        }
        self
    }
}

impl Affine {
    fn scale(&mut self, by: f64) {
        if let Some(c) = &mut self.contraction {
            c.weights.iter_mut().for_each(|w| *w *= by);
        }
        self.bias.iter_mut().for_each(|b| *b *= by);
        self.linear.iter_mut().for_each(|l| l.part.coef *= by);
    }

    /// Adds a constant per channel; a contraction carries it.
    pub(super) fn add_bias(&mut self, by: &[f64], [channels, height, width]: [usize; 3]) {
        let axes = [
            Axis {
                kernel: 1,
                taps: vec![vec![]; height],
            },
            Axis {
                kernel: 1,
                taps: vec![vec![]; width],
            },
        ];
        let empty = Contraction {
            parts: vec![],
            channels: 0,
            axes,
            weights: vec![],
        };
        self.contraction.get_or_insert(empty);
        self.bias.resize(channels, 0.0);
        self.bias.iter_mut().zip(by).for_each(|(b, by)| *b += by);
    }

    /// Adds another accumulator of the same grid; `None` if both have contractions that read something.
    pub(super) fn add(mut self, other: Affine, grid: [usize; 3]) -> Option<Affine> {
        self.linear.extend(other.linear);
        let reads = |a: &Option<Contraction>| a.as_ref().is_some_and(|c| !c.parts.is_empty());
        match (reads(&self.contraction), reads(&other.contraction)) {
            (true, true) => return None,
            (false, true) => self.contraction = other.contraction,
            _ => {}
        }
        if !other.bias.is_empty() {
            self.add_bias(&other.bias, grid);
        }
        Some(self)
    }
}
