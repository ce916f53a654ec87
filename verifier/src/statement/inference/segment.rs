//! The public columns of a segment of a model. What lies between segments is not public.

use super::columns::{input_columns, Columns};
use super::{Disclosure, Item};
use crate::codec::size;
use crate::error::VerifyError;
use crate::key::{SegmentLayout, POLICY_COLUMNS};
use alloc::vec;
use alloc::vec::Vec;
use provenn_bn254::Fr;

impl SegmentLayout {
    /// The instance columns of an item of the whole model, in a circuit of 2^k rows: its public inputs in the first segment, the policy rows in
    /// the last.
    ///
    /// # Errors
    /// As [`Item::columns`].
    pub fn given(&self, item: &Item, k: u32, policy: &Disclosure) -> Result<Vec<Vec<Fr>>, VerifyError> {
        let mut columns = match self.gives {
            Some(_) => vec![vec![]; size(POLICY_COLUMNS)],
            None => item.policy_columns(&self.instances, k, policy)?,
        };
        if !self.takes {
            columns.extend(input_columns(&self.instances, &item.inputs)?);
        }
        Ok(columns)
    }

    pub(crate) fn columns_of(&self, item: &Item, k: u32, policy: &Disclosure) -> Result<Columns, VerifyError> {
        Ok(Columns {
            given: self.given(item, k, policy)?,
            counts: None,
            policy_rows: self.instances.policy_rows(),
            batch: false,
        })
    }
}
