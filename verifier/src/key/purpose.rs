//! What the proofs of a key are about.

use super::layout::WholeOutput;
use super::validate::require;
use super::{InputLayout, InstanceLayout, KeyParts};
use crate::codec::{size, Put, Reader};
use crate::error::VerifyError;
use crate::statement::colouring::ColouringClass;
use alloc::vec::Vec;

/// The statement of a key, with what it says of the public columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Committed lanes are in range; nothing is public but what the verifier computes.
    Registration,
    /// A model gave an answer for an input; the public columns lie so.
    Inference(InstanceLayout),
    /// A proper colouring of a graph is known; everything public is computed.
    Colouring(ColouringClass),
    /// A segment of a model: see [`chain`](crate::chain).
    Segment(SegmentLayout),
}

/// What a segment of a model takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentLayout {
    /// Its public columns. There is one input, committed, if it takes that of the segment before, and no output if it gives something.
    pub instances: InstanceLayout,
    /// Whether its input is what the segment before gives; otherwise its inputs are those of the model.
    pub takes: bool,
    /// What it gives to the segment after it, in columns of its own that are the last ones that the key links; otherwise its outputs are
    /// those of the model.
    pub gives: Option<InputLayout>,
    /// On how many lanes the segment after it has what it gives, where it is another number than its own.
    pub onto: Option<u32>,
}

impl SegmentLayout {
    fn put(&self, out: &mut Vec<u8>) {
        self.instances.put(out);
        let form = u8::from(self.gives.is_some()).saturating_add(u8::from(self.onto.is_some()));
        out.put(&[u8::from(self.takes), form]);
        if let Some(given) = &self.gives {
            given.put(out);
        }
        if let Some(lanes) = self.onto {
            out.put_u32(lanes);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let (instances, takes) = (InstanceLayout::read(reader)?, reader.flag()?);
        let (gives, onto) = match reader.u8()? {
            0 => (None, None),
            1 => (Some(InputLayout::read(reader)?), None),
            2 => (Some(InputLayout::read(reader)?), Some(reader.u32()?)),
            got => return Err(VerifyError::BadTag { got }),
        };
        Ok(Self {
            instances,
            takes,
            gives,
            onto,
        })
    }

    /// On how many lanes what it gives lies.
    pub fn given_lanes(&self) -> u32 {
        self.onto.unwrap_or(self.instances.lanes)
    }

    fn validate(&self, usable_rows: u64) -> Result<(), VerifyError> {
        self.instances.validate_with(usable_rows, self.gives.is_some())?;
        let committed = matches!(self.instances.inputs.as_slice(), [input] if !input.public);
        require(committed || !self.takes, "a segment takes one committed tensor")?;
        require(self.takes || self.gives.is_some(), "a segment is not a whole model")?;
        require(!self.instances.has_whole(), "a segment shows no output whole")?;
        // One encoding for each: its own number of lanes is not named.
        let other = |lanes: u32| self.gives.is_some() && lanes > 0 && lanes != self.instances.lanes;
        require(self.onto.is_none_or(other), "lanes of what a segment gives")?;
        let given = self
            .gives
            .as_ref()
            .map(|given| given.validate(self.given_lanes(), usable_rows));
        given.unwrap_or(Ok(()))
    }
}

impl Purpose {
    /// The public columns of an inference.
    pub fn layout(&self) -> Option<&InstanceLayout> {
        match self {
            Self::Inference(layout) => Some(layout),
            Self::Registration | Self::Colouring(_) | Self::Segment(_) => None,
        }
    }

    /// What a segment takes and gives.
    pub fn segment(&self) -> Option<&SegmentLayout> {
        match self {
            Self::Segment(layout) => Some(layout),
            Self::Registration | Self::Inference(_) | Self::Colouring(_) => None,
        }
    }

    /// The public columns of a model or of a segment of one.
    pub(super) fn instances(&self) -> Option<&InstanceLayout> {
        self.layout().or(self.segment().map(|segment| &segment.instances))
    }

    /// The same, to change it.
    pub fn layout_mut(&mut self) -> Option<&mut InstanceLayout> {
        match self {
            Self::Inference(layout) => Some(layout),
            Self::Registration | Self::Colouring(_) | Self::Segment(_) => None,
        }
    }

    /// Number of public columns that the claim gives.
    pub fn given_columns(&self) -> u32 {
        self.instances().map_or(0, InstanceLayout::columns)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Registration => out.put(&[0]),
            Self::Inference(layout) => match (layout.items(), layout.has_whole()) {
                (0, false) => {
                    out.put(&[1]);
                    layout.put(out);
                }
                (0, true) => {
                    out.put(&[5]);
                    layout.put(out);
                    put_whole(layout, out);
                }
                (items, _) => {
                    out.put(&[3]);
                    layout.put(out);
                    out.put_u32(items);
                }
            },
            Self::Colouring(class) => {
                out.put(&[2]);
                class.put(out);
            }
            Self::Segment(layout) => {
                out.put(&[4]);
                layout.put(out);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        match reader.u8()? {
            0 => Ok(Self::Registration),
            1 => InstanceLayout::read(reader).map(Self::Inference),
            2 => ColouringClass::read(reader).map(Self::Colouring),
            3 => {
                let mut layout = InstanceLayout::read(reader)?;
                let items = reader.u32()?;
                require(items > 0, "items of a batch")?;
                layout.outputs.iter_mut().for_each(|output| output.items = items);
                Ok(Self::Inference(layout))
            }
            4 => SegmentLayout::read(reader).map(Self::Segment),
            5 => {
                let mut layout = InstanceLayout::read(reader)?;
                read_whole(&mut layout, reader)?;
                Ok(Self::Inference(layout))
            }
            got => Err(VerifyError::BadTag { got }),
        }
    }

    /// What the statement itself asks of its key.
    pub(super) fn validate(&self, key: &KeyParts) -> Result<(), VerifyError> {
        match self {
            Self::Registration => Ok(()),
            Self::Inference(layout) => {
                // What is counted is joined by the first challenge, drawn after the labels are committed.
                let computed = u32::from(layout.items() > 0);
                require(key.computed_columns == computed, "computed columns")?;
                let joined = key.challenge_phases.first() == Some(&0);
                require(computed == 0 || joined, "the challenge of counts")?;
                layout.validate(key.usable_rows())
            }
            Self::Segment(layout) => {
                require(key.computed_columns == 0, "computed columns")?;
                layout.validate(key.usable_rows())
            }
            Self::Colouring(class) => require(class.owns(key), "a colouring has the key of its class"),
        }
    }
}

/// The outputs that are shown whole, by their index, with their cells.
fn put_whole(layout: &InstanceLayout, out: &mut Vec<u8>) {
    let outputs = (0u32..).zip(&layout.outputs);
    let whole: Vec<(u32, WholeOutput)> = outputs
        .filter_map(|(index, output)| Some((index, output.whole?)))
        .collect();
    out.put_list(&whole, |out, (index, cells)| {
        out.put_u32(*index);
        cells.put(out);
    });
}

/// What [`put_whole`] wrote: at least one, in the order of the outputs, so that there is one encoding.
fn read_whole(layout: &mut InstanceLayout, reader: &mut Reader<'_>) -> Result<(), VerifyError> {
    let whole = reader.list(layout.outputs.len(), 16, |reader| {
        Ok((reader.u32()?, WholeOutput::read(reader)?))
    })?;
    require(!whole.is_empty(), "outputs that are shown whole")?;
    let mut next = 0;
    for (index, cells) in whole {
        let output = layout.outputs.get_mut(size(index)).filter(|_| index >= next);
        let output = output.ok_or(VerifyError::KeyInvalid {
            reason: "outputs that are shown whole",
        })?;
        output.whole = Some(cells);
        next = index.saturating_add(1);
    }
    Ok(())
}
