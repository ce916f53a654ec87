//! Values that are read before they are computed.

use super::{Builder, Fault, ImportError, Origin};
use crate::graph::{Op, ValueId};

impl Builder {
    /// A value of the given shape whose rows are those of one that is computed later, see [`Op::Delay`]; [`Self::close`]
    /// says of which.
    pub fn delayed(
        &mut self,
        from: &Origin,
        label: &str,
        shape: Vec<usize>,
        (rows, data_type): (usize, i32),
    ) -> Result<ValueId, Fault> {
        let names = (format!("{}/{label}", from.output), format!("{}/{label}", from.node));
        self.computed(from, names, (shape, data_type), (Op::Delay { rows }, &[]))
    }

    /// The value that a delayed one is of.
    pub fn close(&mut self, delayed: ValueId, source: ValueId) -> Result<(), ImportError> {
        let alike = self.shape(delayed)? == self.shape(source)? && self.slot(source)?.constant.is_none();
        let at = self.steps.binary_search_by_key(&delayed, |step| step.output).ok();
        match at.and_then(|at| self.steps.get_mut(at)).filter(|_| alike) {
            Some(step) => step.inputs = vec![source],
            None => return Err(ImportError::malformed("a loop that does not close")),
        }
        Ok(())
    }
}
