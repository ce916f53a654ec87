//! The order in which the caller has an input's elements.

use serde::{Deserialize, Serialize};

/// Where the elements of an input lie in its tensor `[channels, height, width]`. The caller has them row-major over axes,
/// outermost first; each is its extent, and how far apart in the tensor elements lie that are neighbours along it. No axis
/// has extent 1, and none only continues the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputOrder(Vec<(usize, usize)>);

impl InputOrder {
    /// The most axes.
    pub const MAX_AXES: usize = 4;

    /// Of any axes.
    pub fn new(axes: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut merged: Vec<(usize, usize)> = vec![];
        for (extent, stride) in axes.into_iter().filter(|a| a.0 != 1) {
            match merged.last_mut() {
                Some(before) if before.1 == extent * stride => *before = (before.0 * extent, stride),
                _ => merged.push((extent, stride)),
            }
        }
        Self(merged)
    }

    /// The order of the tensor itself.
    pub fn row_major(len: usize) -> Self {
        Self::new([(len, 1)])
    }

    /// Extents and strides.
    pub fn axes(&self) -> &[(usize, usize)] {
        &self.0
    }

    /// The element of the tensor that each of the caller's elements is.
    pub fn elements(&self) -> Vec<usize> {
        let along = |before: Vec<usize>, &(extent, stride): &(usize, usize)| {
            let steps = |at: usize| (0..extent).map(move |i| at + i * stride);
            before.into_iter().flat_map(steps).collect()
        };
        self.0.iter().fold(vec![0], along)
    }

    /// The caller's values as those of the tensor.
    pub fn place<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let mut placed = values.to_vec();
        let elements = self.elements().into_iter().zip(values);
        elements.for_each(|(element, value)| placed[element] = *value);
        placed
    }

    /// Whether every element of a tensor of this length is one of the caller's.
    pub(crate) fn fits(&self, len: usize) -> bool {
        let mut axes = self.0.clone();
        axes.sort_unstable_by_key(|axis| axis.1);
        let filled = axes.iter().try_fold(1usize, |below, &(extent, stride)| {
            (stride == below).then(|| below.checked_mul(extent)).flatten()
        });
        filled == Some(len) && axes.len() <= Self::MAX_AXES
    }
}
