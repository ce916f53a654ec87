//! The path of machines with AVX-512 IFMA: eight elements at once.

mod columns;
mod points;
mod program;
mod transform;

/// The IFMA path. A value of this type exists only on a machine that has what its functions use.
#[derive(Clone, Copy, Debug)]
pub struct Ifma(());

impl Ifma {
    /// The path, if the machine has it.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")).then_some(Self(()))
    }
}
