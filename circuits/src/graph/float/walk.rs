//! Row-major walks over strided views.

/// The flat positions of a strided view, in row-major order of `shape`.
pub struct Walk {
    /// `(extent, stride, index)` of each axis.
    axes: Vec<(usize, isize, usize)>,
    position: isize,
    left: usize,
}

impl Walk {
    pub fn new(shape: &[usize], strides: &[isize], offset: isize) -> Self {
        Self {
            axes: shape.iter().zip(strides).map(|(&d, &s)| (d, s, 0)).collect(),
            position: offset,
            left: shape.iter().product(),
        }
    }
}

impl Iterator for Walk {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let position = self.position;
        for (extent, stride, index) in self.axes.iter_mut().rev() {
            *index += 1;
            self.position += *stride;
            if *index < *extent {
                break;
            }
            self.position -= *stride * *extent as isize;
            *index = 0;
        }
        Some(position as usize)
    }
}

/// Row-major strides.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides: Vec<isize> = shape
        .iter()
        .rev()
        .scan(1isize, |step, &d| {
            let stride = *step;
            *step *= d as isize;
            Some(stride)
        })
        .collect();
    strides.reverse();
    strides
}

/// Strides of `shape` seen through a broadcast to `rank` axes: 0 where the extent is 1 or missing.
pub fn broadcast_strides(shape: &[usize], rank: usize) -> Vec<isize> {
    let own = strides(shape)
        .into_iter()
        .zip(shape)
        .map(|(s, &d)| if d == 1 { 0 } else { s });
    std::iter::repeat_n(0, rank.saturating_sub(shape.len()))
        .chain(own)
        .collect()
}
