//! Lists of zeros that are made again and again.

/// So many zeros. Memory that is asked for as zeros, as `vec!` does, is given back to the system and taken again page by page where it was used before.
pub fn zeros<T: Clone + Default>(count: usize) -> Vec<T> {
    let mut zeros = Vec::with_capacity(count);
    zeros.resize(count, T::default());
    zeros
}
