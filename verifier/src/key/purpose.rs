//! What the proofs of a key are about.

use super::validate::require;
use super::{InputLayout, InstanceLayout, KeyParts};
use crate::codec::{Put, Reader};
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
}

impl SegmentLayout {
    fn put(&self, out: &mut Vec<u8>) {
        self.instances.put(out);
        out.put(&[u8::from(self.takes), u8::from(self.gives.is_some())]);
        if let Some(given) = &self.gives {
            given.put(out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            instances: InstanceLayout::read(reader)?,
            takes: reader.flag()?,
            gives: match reader.flag()? {
                true => Some(InputLayout::read(reader)?),
                false => None,
            },
        })
    }

    fn validate(&self, usable_rows: u64) -> Result<(), VerifyError> {
        self.instances.validate_with(usable_rows, self.gives.is_some())?;
        let committed = matches!(self.instances.inputs.as_slice(), [input] if !input.public);
        require(committed || !self.takes, "a segment takes one committed tensor")?;
        require(self.takes || self.gives.is_some(), "a segment is not a whole model")?;
        let given = self
            .gives
            .as_ref()
            .map(|given| given.validate(self.instances.lanes, usable_rows));
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
            Self::Inference(layout) => match layout.items() {
                0 => {
                    out.put(&[1]);
                    layout.put(out);
                }
                items => {
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
