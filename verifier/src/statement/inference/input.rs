//! What the input of an inference is known by.

use crate::claim::{values_in_bound, MAX_VALUES};
use crate::codec::{at_most, Put, Reader};
use crate::curve;
use crate::error::VerifyError;
use alloc::vec::Vec;

/// Largest number of commitments of one input: no key links more columns.
pub const MAX_POINTS: usize = 1 << 12;

/// What one input is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputBinding {
    /// The quantized values themselves, channel by channel.
    Public {
        /// `channels * positions` values.
        values: Vec<i64>,
    },
    /// Commitments to the input columns (compressed G1 points), one for each linked input column.
    Committed {
        /// The points.
        points: Vec<[u8; 32]>,
    },
}

impl InputBinding {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Public { values } => {
                out.put(&[1]);
                out.put_integers(values);
            }
            Self::Committed { points } => {
                out.put(&[2]);
                out.put_list(points, |out, point| out.put(point));
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        match reader.u8()? {
            1 => Ok(Self::Public {
                values: reader.integers(MAX_VALUES)?,
            }),
            2 => Ok(Self::Committed {
                points: reader.list(MAX_POINTS, 32, Reader::array)?,
            }),
            got => Err(VerifyError::BadTag { got }),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), VerifyError> {
        match self {
            Self::Public { values } => values_in_bound(values),
            Self::Committed { points } => {
                at_most(MAX_POINTS, points.len())?;
                points.iter().try_for_each(|point| curve::g1_nonzero(point).map(drop))
            }
        }
    }

    /// The commitments, none of a public input.
    pub fn points(&self) -> &[[u8; 32]] {
        match self {
            Self::Public { .. } => &[],
            Self::Committed { points } => points,
        }
    }
}
