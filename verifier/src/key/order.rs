//! The order of the values of an input.

use crate::codec::{Put, Reader};
use crate::error::VerifyError;
use alloc::vec::Vec;

/// Most axes of an order.
pub const MAX_AXES: usize = 4;

/// The order of an input's values, also of one that is committed: what an opening means is part of the key.
/// They are row-major over these axes, outermost first. Each is its extent, and how far apart
/// values that are neighbours along it lie in the tensor, where value `p` of channel `c` is number `c * positions + p`. Without axes the
/// values come as they are numbered.
///
/// A permutation has one list of axes: none has extent 1, none only continues the one before, and there is none where nothing is moved.
/// So the innermost axis is the longest run of equal steps from the first value on, and the others follow of what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputOrder(pub Vec<[u32; 2]>);

impl InputOrder {
    /// The number in the tensor of value `index`.
    pub(crate) fn number(&self, index: u64) -> u64 {
        let mut number = if self.0.is_empty() { index } else { 0u64 };
        let mut rest = index;
        for [extent, stride] in self.0.iter().rev() {
            let along = rest.checked_rem((*extent).into()).unwrap_or(0);
            number = number.saturating_add(along.saturating_mul((*stride).into()));
            rest = rest.checked_div((*extent).into()).unwrap_or(0);
        }
        number
    }

    /// Whether this is the one list of axes of an order of `len` values.
    pub(super) fn is_canonical(&self, len: u64) -> bool {
        let mut pairs = self.0.iter().zip(self.0.iter().skip(1));
        let continues = |([_, before], [extent, stride]): (&[u32; 2], &[u32; 2])| {
            u64::from(*before) == u64::from(*extent).saturating_mul((*stride).into())
        };
        let counted = self.0.is_empty() || (2..=MAX_AXES).contains(&self.0.len());
        let extents = self.0.iter().all(|[extent, _]| *extent > 1);
        let merged = !pairs.any(continues);
        counted && extents && merged && (self.0.is_empty() || self.is_permutation(len))
    }

    /// Whether each of `len` numbers is one value's: sorted by strides, every axis steps over all that those below it fill.
    fn is_permutation(&self, len: u64) -> bool {
        let mut axes = self.0.clone();
        axes.sort_unstable_by_key(|[_, stride]| *stride);
        let filled = axes.iter().try_fold(1u64, |below, [extent, stride]| {
            let fills = u64::from(*stride) == below;
            below.checked_mul((*extent).into()).filter(|_| fills)
        });
        filled == Some(len)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_list(&self.0, |out, axis| axis.iter().for_each(|value| out.put_u32(*value)));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let axis = |reader: &mut Reader<'_>| Ok([reader.u32()?, reader.u32()?]);
        reader.list(MAX_AXES, 8, axis).map(Self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "tests")]
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::vec;

    /// All lists of up to four axes with these extents and strides, by the permutation that they are: of each there is one.
    #[test]
    fn a_permutation_has_one_list_of_axes() {
        let axes: Vec<[u32; 2]> = (1..=12).flat_map(|e| (1..=12).map(move |s| [e, s])).collect();
        let mut lists = vec![vec![]];
        let mut grown = lists.clone();
        for _ in 0..3 {
            let longer = grown.iter().flat_map(|list: &Vec<[u32; 2]>| {
                let fits = |axis: &&[u32; 2]| list.iter().map(|[e, _]| e).product::<u32>() * axis[0] <= 12;
                axes.iter()
                    .filter(fits)
                    .map(move |axis| [list.as_slice(), &[*axis]].concat())
            });
            grown = longer.collect();
            lists.extend(grown.clone());
        }
        let mut seen = BTreeMap::new();
        for list in lists {
            let order = InputOrder(list);
            if order.is_canonical(12) {
                let numbers: Vec<u64> = (0..12).map(|index| order.number(index)).collect();
                let mut sorted = numbers.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..12), "{order:?}");
                let before = seen.insert(numbers, order.clone());
                assert_eq!(before, None, "{order:?}");
            }
        }
        // The identity; of the 4 factorizations of 12 into two axes, and the 3 into three, the 1 and 3 orders in which no two
        // neighbours could be one axis.
        assert_eq!(seen.len(), 1 + 4 + 3 * 3);
    }
}
