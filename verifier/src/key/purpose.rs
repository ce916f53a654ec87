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
            Self::Inference(layout) => {
                out.put(&[1]);
                layout.put(out);
            }
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
            got => Err(VerifyError::BadTag { got }),
        }
    }

    /// What the statement itself asks of its key.
    pub(super) fn validate(&self, key: &KeyParts) -> Result<(), VerifyError> {
        match self {
            Self::Registration => Ok(()),
            Self::Inference(layout) => layout.validate(key.usable_rows()),
            Self::Colouring(class) => require(class.owns(key), "a colouring has the key of its class"),
        }
    }
}
