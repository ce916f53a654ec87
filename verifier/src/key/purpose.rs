//! What the proofs of a key are about.

use super::validate::require;
use super::{InstanceLayout, KeyParts};
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
}

impl Purpose {
    /// The public columns of an inference.
    pub fn layout(&self) -> Option<&InstanceLayout> {
        match self {
            Self::Inference(layout) => Some(layout),
            Self::Registration | Self::Colouring(_) => None,
        }
    }

    /// The same, to change it.
    pub fn layout_mut(&mut self) -> Option<&mut InstanceLayout> {
        match self {
            Self::Inference(layout) => Some(layout),
            Self::Registration | Self::Colouring(_) => None,
        }
    }

    /// Number of public columns that the claim gives.
    pub fn given_columns(&self) -> u32 {
        self.layout().map_or(0, InstanceLayout::columns)
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
            Self::Colouring(class) => require(class.owns(key), "a colouring has the key of its class"),
        }
    }
}
