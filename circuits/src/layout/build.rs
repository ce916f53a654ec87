//! Construction of a [`Layout`].

mod checks;
mod dense;
mod formed;
mod given;
mod place;
mod reads;
mod scans;
mod tables;
mod views;

use super::{
    Area, Block, Copied, Layout, LayoutError, Mode, PairBlock, Powers, RowKind, ScanRow, Segment, Src, BIAS_LIMBS,
};
use crate::layout::{Features, InputShape, Shape, Tables};
use crate::program::{Affine, Axis, Contraction, Linear, Output, Part, Program, Step};
use std::collections::{BTreeMap, BTreeSet};

/// Exponents of the challenges `r`, `t`, `s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Mono {
    r: usize,
    t: usize,
    s: usize,
}

/// A coefficient: a sum of monomials.
type Factor = Vec<Mono>;

pub(super) struct Builder<'a> {
    model: &'a Program,
    shape: Shape,
    powers: Powers,
    blocks: Vec<Block>,
    pairs: Vec<PairBlock>,
    segments: Vec<Segment>,
    equalities: Vec<(Src, Src)>,
    rows: Vec<Vec<usize>>,
    kinds: Vec<RowKind>,
    tags: Vec<usize>,
    /// Occupied row ranges of each slot in the activation area.
    busy: Vec<Vec<(usize, usize)>>,
    /// Next free row of each slot after the activation area.
    cursor: Vec<usize>,
    factors: BTreeMap<(Factor, i128), Src>,
    /// The reads of each tensor.
    reads: Vec<Vec<reads::Scanned<'a>>>,
    zero: Option<Src>,
    /// As of the layout.
    outputs: Vec<(usize, usize)>,
    policy_rows: usize,
    given: Option<usize>,
    /// The first reason why something cannot be laid out soundly; the layout is then refused.
    refused: Option<LayoutError>,
}

impl<'a> Builder<'a> {
    /// Places tensors and line blocks.
    pub(super) fn new(model: &'a Program, shape: Shape) -> Result<Self, LayoutError> {
        if !formed::well_formed(model) {
            return Err(LayoutError::Malformed);
        }
        let rows = |output: &Output| {
            let tensor = &model.tensors[output.tensor];
            match tensor.positions() {
                1 => tensor.channels.next_multiple_of(shape.lanes),
                _ => tensor.len(),
            }
        };
        let mut policy_rows = 0;
        // What a segment gives is no output: nothing is stated of it.
        let stated = model.outputs.iter().filter(|_| shape.ends.gives.is_none());
        let outputs = stated.enumerate().map(|(index, output)| {
            let placed = (policy_rows, if shape.whole.contains(&index) { 0 } else { rows(output) });
            policy_rows += placed.1;
            placed
        });
        let outputs = outputs.collect();
        let scores = model
            .outputs
            .iter()
            .map(|output| model.tensors[output.tensor].len())
            .sum();
        if shape.items > 0 && (model.outputs.len() != 1 || scores % shape.items != 0 || scores < 2 * shape.items) {
            return Err(LayoutError::Items {
                items: shape.items,
                outputs: model.outputs.len(),
                scores,
            });
        }
        let public: Vec<bool> = shape.inputs.iter().map(|input| input.public).collect();
        if public.len() != model.inputs.len() || !formed::ends_are_well_formed(model, &shape) {
            return Err(LayoutError::Malformed);
        }
        if !formed::whole_is_well_formed(model, &shape) {
            return Err(LayoutError::Malformed);
        }
        if shape.dense && !dense::suits(model, &shape) {
            return Err(LayoutError::Malformed);
        }
        let given = shape.ends.gives.and(model.outputs.first()).map(|output| output.tensor);
        let of_given = |id: usize| InputShape {
            public: false,
            channels: model.tensors[id].channels,
            positions: model.tensors[id].positions(),
            // Who scans its cells has to know their zero point.
            unsigned: shape.ends.onto.is_some() && !model.tensors[id].signed,
        };
        let mut builder = Self {
            model,
            powers: Powers::default(),
            blocks: vec![],
            pairs: vec![],
            segments: vec![],
            equalities: vec![],
            rows: vec![],
            kinds: vec![],
            tags: vec![],
            busy: vec![],
            cursor: vec![],
            factors: BTreeMap::new(),
            reads: vec![],
            zero: None,
            outputs,
            policy_rows,
            shape: Shape {
                inputs: InputShape::of(model, &public),
                features: Features {
                    given: given.map(of_given),
                    ..Features::default()
                },
                ..shape
            },
            given,
            refused: None,
        };
        builder.place_tensors()?;
        builder.place_tables()?;
        builder.choose_weight_lanes()?;
        builder.place_blocks()?;
        if !builder.shape.dense {
            builder.powers = builder.count_powers();
        }
        builder.fit(Area::Powers, builder.powers.rows())?;
        Ok(builder)
    }

    /// Whether an area of so many rows fits.
    fn fit(&self, area: Area, rows: usize) -> Result<(), LayoutError> {
        let usable = self.shape.usable();
        match rows <= usable {
            true => Ok(()),
            false => Err(LayoutError::Rows { area, rows, usable }),
        }
    }

    /// Refuses the layout, for the first reason.
    fn refuse(&mut self, why: LayoutError) {
        self.refused.get_or_insert(why);
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The outputs that have policy rows.
    fn scored(&self) -> Vec<usize> {
        let outputs = self.outputs.iter().enumerate();
        outputs
            .filter(|(_, (_, rows))| *rows > 0)
            .map(|(index, _)| index)
            .collect()
    }

    fn padded(&self, channels: usize) -> usize {
        channels.div_ceil(self.shape.lanes) * self.shape.lanes
    }

    /// On how many lanes, from the first, the rows of so many channels hold some: those of the last block, and all of them.
    fn live(&self, channels: usize) -> [usize; 2] {
        let lanes = self.shape.lanes;
        let last = channels - (channels - 1) / lanes * lanes;
        [last, if channels > last { lanes } else { last }]
    }

    fn affine(&self, id: usize) -> Option<&'a Affine> {
        match &self.model.tensors[id].step {
            Step::Affine(affine) => Some(affine),
            Step::Input | Step::MaxPool(_) | Step::Product(_) | Step::Quotient(_) => None,
        }
    }

    /// Virtual channels of a contraction with the padding that is read, its line stride; of one group if there are several,
    /// whose lines have no padding.
    fn stride(&self, c: &Contraction) -> usize {
        if c.groups > 1 {
            return c.channels / c.groups;
        }
        let channels = |p: &Part| match &p.view {
            Some(view) => view.grid[0],
            None => self.padded(self.model.tensors[p.tensor].channels),
        };
        let ends = c.parts.iter().map(|p| p.offset + channels(p));
        ends.max().unwrap_or(0).max(c.channels)
    }

    /// Line cells of a group of a contraction: those it has, and what fills their last row.
    fn share(&self, c: &Contraction) -> usize {
        let cells = self.stride(c) * c.axes[0].kernel * c.axes[1].kernel;
        cells.next_multiple_of(self.shape.line_columns)
    }

    /// Line cells and bias rows of each contraction of a tensor.
    fn lines(&self, id: usize) -> impl Iterator<Item = (&'a Contraction, usize, usize)> + use<'_, 'a> {
        let affine = self.affine(id);
        let contractions = affine.map_or(&[][..], |a| &a.contractions);
        let biased = affine.is_some_and(|a| !a.bias.is_empty());
        contractions.iter().enumerate().map(move |(term, c)| {
            let line = c.groups * self.share(c);
            (c, line, if term == 0 && biased { BIAS_LIMBS } else { 0 })
        })
    }

    fn line_rows(&self, weight_lanes: usize) -> usize {
        let rows = |id: usize| {
            let channels = self.model.tensors[id].channels;
            let blocks = |c: &Contraction| (channels / c.groups).div_ceil(weight_lanes);
            let columns = self.shape.line_columns;
            let lines = self.lines(id);
            let weights: usize = lines.map(|(c, line, bias)| blocks(c) * (line / columns + bias)).sum();
            let pairs = self.affine(id).map_or(&[][..], |a| &a.matrix_products);
            let results = match self.affine(id) {
                Some(_) if self.shape.dense => channels,
                _ => 0,
            };
            weights + results + pairs.iter().map(|p| 2 * p.pairs()).sum::<usize>()
        };
        self.policy_rows + (0..self.model.tensors.len()).map(rows).sum::<usize>()
    }

    /// The fewest weight lanes with which all blocks fit.
    fn choose_weight_lanes(&mut self) -> Result<(), LayoutError> {
        let channels = self.model.tensors.iter().map(|tensor| tensor.channels);
        let most = channels.max().unwrap_or(1);
        let usable = self.shape.usable();
        self.fit(Area::Lines, self.line_rows(most))?;
        let (mut low, mut high) = (1, most);
        while low < high {
            let middle = (low + high) / 2;
            if self.line_rows(middle) <= usable {
                high = middle
            } else {
                low = middle + 1
            }
        }
        self.shape.weight_lanes = low;
        Ok(())
    }

    fn place_blocks(&mut self) -> Result<(), LayoutError> {
        let mut start = self.policy_rows;
        for id in 0..self.model.tensors.len() {
            let lines: Vec<(&Contraction, usize, usize)> = self.lines(id).collect();
            for (term, (c, line, bias_rows)) in lines.into_iter().enumerate() {
                let outputs = self.model.tensors[id].channels / c.groups;
                for first_channel in (0..outputs).step_by(self.shape.weight_lanes) {
                    self.blocks.push(Block {
                        tensor: id,
                        term,
                        bias_rows,
                        groups: c.groups,
                        first_channel,
                        start,
                        columns: self.shape.line_columns,
                        line,
                        stride: self.stride(c),
                    });
                    start += bias_rows + line / self.shape.line_columns;
                    if self.shape.dense {
                        let last = outputs.min(first_channel + self.shape.weight_lanes);
                        start = self.place_results(id, first_channel..last, start)?;
                    }
                }
            }
        }
        for id in 0..self.model.tensors.len() {
            let matrix_products = self.affine(id).map_or(&[][..], |a| &a.matrix_products);
            for (term, product) in matrix_products.iter().enumerate() {
                let pairs = product.pairs();
                self.pairs.push(PairBlock {
                    tensor: id,
                    term,
                    start,
                    pairs,
                });
                start += 2 * pairs;
            }
        }
        self.shape.features.matrix_products = !self.pairs.is_empty();
        Ok(())
    }

    fn count_powers(&self) -> Powers {
        let tensors = &self.model.tensors;
        let r = tensors.iter().map(|t| self.padded(t.channels)).max().unwrap_or(1);
        let t = tensors.iter().map(crate::program::Tensor::positions).max().unwrap_or(1);
        let line = self.blocks.iter().map(|b| b.line).max().unwrap_or(1);
        let pairs = self.pairs.iter().map(|b| 2 * b.pairs).max().unwrap_or(1);
        let s = line.max(pairs).max(self.policy_rows) + self.shape.lanes;
        Powers {
            r: r + 1,
            t: t + 1,
            s: s + 1,
        }
    }
}
