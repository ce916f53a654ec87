//! What steps read of stored tensors. Reads that are alike share one scan.

use super::*;
use crate::program::{MatrixProduct, View};

/// A combination of the elements of a tensor. Multipliers are not part of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Read<'a> {
    tensor: usize,
    offset: usize,
    view: Option<&'a View>,
    by: By<'a>,
}

/// How the elements are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By<'a> {
    /// As a line with this stride and number of groups, giving positions of this width.
    Line(&'a [Axis; 2], [usize; 2], usize),
    /// As a linear term, giving positions of this width.
    Linear(&'a [Axis; 2], usize),
    /// As the left line of a product of matrices.
    Left(&'a View),
    /// As its right line.
    Right(&'a View),
    /// As the part of the policy rows' line that is this output.
    Policy(usize),
    /// Each element by powers of its own, as the cells of what is given are.
    Given,
}

impl<'a> Read<'a> {
    fn of(part: &'a Part, by: By<'a>) -> Self {
        Self {
            tensor: part.tensor,
            offset: part.offset,
            view: part.view.as_ref(),
            by,
        }
    }

    pub(super) fn line(part: &'a Part, stride: [usize; 2], axes: &'a [Axis; 2], width: usize) -> Self {
        Self::of(part, By::Line(axes, stride, width))
    }

    pub(super) fn linear(term: &'a Linear, width: usize) -> Self {
        Self::of(&term.part, By::Linear(&term.axes, width))
    }

    pub(super) fn matrix_product(MatrixProduct { left, right, .. }: &'a MatrixProduct) -> [Self; 2] {
        [(left.0, By::Left(&left.1)), (right.0, By::Right(&right.1))].map(|(tensor, by)| Self::whole(tensor, by))
    }

    fn whole(tensor: usize, by: By<'a>) -> Self {
        Self {
            tensor,
            offset: 0,
            view: None,
            by,
        }
    }

    pub(super) fn given(tensor: usize) -> Self {
        Self::whole(tensor, By::Given)
    }

    pub(super) fn output(model: &Program, index: usize) -> Self {
        Self::whole(model.outputs[index].tensor, By::Policy(index))
    }
}

/// A read with its slot, and its result once it is scanned.
pub(super) struct Scanned<'a> {
    read: Read<'a>,
    slot: usize,
    result: Option<Src>,
}

impl<'a> Builder<'a> {
    /// Gives every read a slot.
    pub(super) fn plan(&mut self) {
        let model = self.model;
        let mut reads = vec![];
        for tensor in &model.tensors {
            let Step::Affine(affine) = &tensor.step else { continue };
            for c in &affine.contractions {
                let stride = self.stride(c);
                let lines = c
                    .parts
                    .iter()
                    .map(|p| Read::line(p, [stride, c.groups], &c.axes, tensor.width));
                reads.extend(lines);
            }
            reads.extend(affine.linear.iter().map(|l| Read::linear(l, tensor.width)));
            reads.extend(affine.matrix_products.iter().flat_map(Read::matrix_product));
        }
        reads.extend(self.scored().into_iter().map(|index| Read::output(model, index)));
        reads.extend(self.onto().map(|(given, ..)| Read::given(given)));
        self.reads = model.tensors.iter().map(|_| vec![]).collect();
        for read in reads {
            let tensor = read.tensor;
            if self.reads[tensor].iter().all(|r| r.read != read) {
                let slot = self.reserve(tensor);
                let result = None;
                self.reads[tensor].push(Scanned { read, slot, result });
            }
        }
        self.plan_given();
        // Constants come after everything else.
        let ends = self.busy.iter().map(|busy| busy.iter().map(|(_, high)| high + 1).max());
        self.cursor = ends.map(|end| end.unwrap_or(0).max(self.kinds.len())).collect();
    }

    /// The cell of a planned read.
    pub(super) fn read(&mut self, read: &Read<'a>) -> Src {
        let tensor = read.tensor;
        let Some(index) = self.reads[tensor].iter().position(|r| r.read == *read) else {
            self.refuse(LayoutError::Malformed);
            return Src::Pow(0);
        };
        if let Some(result) = self.reads[tensor][index].result {
            return result;
        }
        let slot = self.reads[tensor][index].slot;
        let result = match read.by {
            By::Line(axes, stride, width) => self.scan_line(slot, read, stride, axes, width),
            By::Linear(axes, width) => self.scan_linear(slot, read, axes, width),
            By::Left(view) => self.scan_left(slot, tensor, view),
            By::Right(view) => self.scan_right(slot, tensor, view),
            By::Policy(index) => self.scan_policy(slot, index),
            By::Given => self.scan_each(slot, tensor, Mode::ValuesR),
        };
        self.reads[tensor][index].result = Some(result);
        result
    }

    pub(super) fn span(&self, tensor: usize) -> (usize, usize) {
        let rows = &self.rows[tensor];
        (
            rows.iter().copied().min().unwrap_or(0),
            rows.iter().copied().max().unwrap_or(0),
        )
    }

    fn reserve(&mut self, tensor: usize) -> usize {
        self.reserve_rows(self.span(tensor))
    }

    /// A slot that scans nothing else between these rows.
    pub(super) fn reserve_rows(&mut self, (low, high): (usize, usize)) -> usize {
        let free = |busy: &Vec<(usize, usize)>| busy.iter().all(|&(a, b)| high < a || b < low);
        let slot = (1..self.busy.len()).find(|&s| free(&self.busy[s])).unwrap_or_else(|| {
            self.busy.push(vec![]);
            self.busy.len() - 1
        });
        self.busy[slot].push((low, high));
        slot
    }

    fn scan_line(
        &mut self,
        slot: usize,
        read: &Read<'_>,
        [stride, groups]: [usize; 2],
        axes: &[Axis; 2],
        out_width: usize,
    ) -> Src {
        let (lanes, offset, row_step) = (self.shape.lanes, read.offset, stride * axes[1].kernel);
        if read.view.is_some() || groups > 1 {
            let t = &self.model.tensors[read.tensor];
            let whole = || View {
                grid: [t.channels, t.height, t.width],
                elements: (0..t.len()).map(Some).collect(),
            };
            let view = read.view.cloned().unwrap_or_else(whole);
            let share = (row_step * axes[0].kernel).next_multiple_of(self.shape.line_columns);
            let targets = self.view_targets(read.tensor, &view, axes, &|c, (py, ky), (px, kx)| {
                let channel = match groups {
                    1 => offset + c,
                    _ => (offset + c) / stride * share + (offset + c) % stride,
                };
                Mono {
                    r: 0,
                    t: out_width * py + px,
                    s: channel + row_step * ky + stride * kx,
                }
            });
            return self.scan_elements(slot, read.tensor, &targets);
        }
        let [vertical, horizontal] = [inverse(&axes[0]), inverse(&axes[1])];
        let at = |taps: &Taps, q: usize| taps.get(&q).cloned().unwrap_or_default();
        self.scan(
            slot,
            read.tensor,
            Mode::ValuesS,
            &|b, y| {
                let mono = |(p, k): (usize, usize)| Mono {
                    r: 0,
                    t: out_width * p,
                    s: offset + lanes * b + row_step * k,
                };
                at(&vertical, y).into_iter().map(mono).collect()
            },
            &|x| {
                at(&horizontal, x)
                    .into_iter()
                    .map(|(p, k)| Mono {
                        r: 0,
                        t: p,
                        s: stride * k,
                    })
                    .collect()
            },
        )
    }

    fn scan_linear(&mut self, slot: usize, read: &Read<'_>, axes: &[Axis; 2], out_width: usize) -> Src {
        let lanes = self.shape.lanes;
        if let Some(view) = read.view {
            let targets = self.view_targets(read.tensor, view, axes, &|c, (py, _), (px, _)| Mono {
                r: read.offset + c,
                t: out_width * py + px,
                s: 0,
            });
            return self.scan_elements(slot, read.tensor, &targets);
        }
        let [vertical, horizontal] = [inverse(&axes[0]), inverse(&axes[1])];
        let at = |taps: &Taps, q: usize| taps.get(&q).cloned().unwrap_or_default();
        self.scan(
            slot,
            read.tensor,
            Mode::ValuesR,
            &|b, y| {
                let mono = |(p, _)| Mono {
                    r: read.offset + lanes * b,
                    t: out_width * p,
                    s: 0,
                };
                at(&vertical, y).into_iter().map(mono).collect()
            },
            &|x| {
                at(&horizontal, x)
                    .into_iter()
                    .map(|(p, _)| Mono {
                        t: p,
                        ..Mono::default()
                    })
                    .collect()
            },
        )
    }

    /// The line of the policy rows is the outputs one after the other: line index `j` of an output is channel `j`, or
    /// element `j` if there are several positions. The scans of all outputs add up to it, and no two have a power of `s` in common.
    fn scan_policy(&mut self, slot: usize, index: usize) -> Src {
        let (output, lanes) = (self.model.outputs[index].tensor, self.shape.lanes);
        let tensor = &self.model.tensors[output];
        let first = self.outputs[index].0;
        let mono = |s: usize| {
            vec![Mono {
                s: first + s,
                ..Mono::default()
            }]
        };
        if tensor.positions() == 1 {
            return self.scan(slot, output, Mode::ValuesS, &|b, _| mono(lanes * b), &|_| {
                vec![Mono::default()]
            });
        }
        let targets: Vec<Factor> = (0..tensor.len()).map(mono).collect();
        self.scan_elements(slot, output, &targets)
    }
}

/// For each source index, the (output position, kernel index) pairs that read it.
pub(super) type Taps = BTreeMap<usize, Vec<(usize, usize)>>;

pub(super) fn inverse(axis: &Axis) -> Taps {
    let mut map = Taps::new();
    for (p, taps) in axis.taps.iter().enumerate() {
        for &(k, q) in taps {
            map.entry(q).or_default().push((p, k));
        }
    }
    map
}
