//! Geometry of sliding windows, one spatial axis at a time.

/// One axis of a convolution or pooling.
#[derive(Clone, Copy)]
pub struct Axis {
    pub input: usize,
    pub kernel: usize,
    pub stride: usize,
    pub pads: (usize, usize),
    pub dilation: usize,
}

impl Axis {
    /// Extent of the dilated window.
    pub fn extent(self) -> usize {
        self.kernel
            .saturating_sub(1)
            .saturating_mul(self.dilation)
            .saturating_add(1)
    }

    fn padded(self) -> usize {
        self.input.saturating_add(self.pads.0).saturating_add(self.pads.1)
    }

    /// Whether no window fits.
    pub fn beyond(self) -> bool {
        self.extent() > self.padded()
    }

    fn check(self) -> Result<(), String> {
        if self.kernel == 0 || self.stride == 0 || self.dilation == 0 {
            return Err("kernel, stride and dilation must be at least 1".into());
        }
        Ok(())
    }

    /// Number of windows.
    pub fn output(self) -> Result<usize, String> {
        self.check()?;
        let room = self.padded().checked_sub(self.extent()).ok_or_else(|| {
            format!(
                "a window of {} does not fit into {} padded elements",
                self.extent(),
                self.padded()
            )
        })?;
        Ok(room / self.stride + 1)
    }

    /// The result extent of a transposed convolution.
    pub fn transposed(self, output_padding: usize) -> Result<usize, String> {
        self.check()?;
        if output_padding >= self.stride.max(self.dilation) {
            return Err("output_padding must be below the stride or the dilation".into());
        }
        let full = self
            .input
            .saturating_sub(1)
            .saturating_mul(self.stride)
            .saturating_add(self.extent());
        full.saturating_add(output_padding)
            .checked_sub(self.pads.0.saturating_add(self.pads.1))
            .filter(|&n| n > 0)
            .ok_or_else(|| "the pads remove everything".into())
    }

    /// Pads for `auto_pad = SAME_*`: as many windows as strides fit.
    pub fn same(self, upper: bool) -> Result<(usize, usize), String> {
        self.check()?;
        let windows = self.input.div_ceil(self.stride);
        let needed = windows
            .saturating_sub(1)
            .saturating_mul(self.stride)
            .saturating_add(self.extent());
        Ok(halves(needed.saturating_sub(self.input), upper))
    }

    /// End padding to add so that rounding down gives the number of windows of `ceil_mode = 1`. A last window that
    /// would start in the end padding is dropped.
    pub fn ceil_padding(self) -> Result<usize, String> {
        self.check()?;
        let Some(room) = self.padded().checked_sub(self.extent()) else {
            return Ok(0);
        };
        let mut steps = room.div_ceil(self.stride);
        if steps.saturating_mul(self.stride) >= self.input.saturating_add(self.pads.0) {
            steps = steps.saturating_sub(1);
        }
        Ok(steps.saturating_mul(self.stride).saturating_sub(room))
    }

    /// Whether every window holds an element that is not padding.
    pub fn no_window_of_padding(self) -> Result<bool, String> {
        let windows = self.output()?;
        Ok((0..windows).all(|w| {
            let start = w.saturating_mul(self.stride);
            let tap = self.pads.0.saturating_sub(start).div_ceil(self.dilation);
            let at = start.saturating_add(tap.saturating_mul(self.dilation));
            tap < self.kernel && at < self.pads.0.saturating_add(self.input)
        }))
    }
}

/// Splits `total` in two; the odd element goes to the end if `upper`.
pub fn halves(total: usize, upper: bool) -> (usize, usize) {
    let (small, large) = (total / 2, total - total / 2);
    if upper {
        (small, large)
    } else {
        (large, small)
    }
}
