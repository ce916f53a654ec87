//! Elements of the library's fields as what they are in memory: four words of `a 2^256 mod p`, least significant first.

use halo2curves::bn256::{Fq, Fr};

/// A prime field of the library.
pub trait Modulus: Copy + Send + Sync + 'static {
    /// The prime `p`.
    const P: [u64; 4];
}

impl Modulus for Fq {
    const P: [u64; 4] = [
        0x3c208c16d87cfd47,
        0x97816a916871ca8d,
        0xb85045b68181585d,
        0x30644e72e131a029,
    ];
}

impl Modulus for Fr {
    const P: [u64; 4] = [
        0x43e1f593f0000001,
        0x2833e84879b97091,
        0xb85045b68181585d,
        0x30644e72e131a029,
    ];
}

const _: () = assert!(size_of::<Fq>() == 32 && align_of::<Fq>() == 8);
const _: () = assert!(size_of::<Fr>() == 32 && align_of::<Fr>() == 8);

/// The words of elements.
#[cfg(any(test, target_arch = "x86_64"))]
#[allow(unsafe_code)]
pub fn words<M: Modulus>(elements: &[M]) -> &[[u64; 4]] {
    // SAFETY: both fields are structs with the one field `[u64; 4]`, which fills them (asserted above; a test compares the
    // words with the library's own encoding), and every bit pattern is a `[u64; 4]`.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
}

/// The words of elements, to be written. Who writes leaves canonical values, below `p`.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
pub fn words_mut<M: Modulus>(elements: &mut [M]) -> &mut [[u64; 4]] {
    // SAFETY: as in `words`, and every `[u64; 4]` is a value of the struct for the compiler.
    unsafe { std::slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), elements.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2curves::ff::Field;
    use halo2curves::serde::SerdeObject;

    #[test]
    fn words_are_the_librarys() {
        let minus_one = [-Fr::ONE, Fr::from(7)];
        for (words, element) in words(&minus_one).iter().zip(&minus_one) {
            assert_eq!(words.map(u64::to_le_bytes).concat(), element.to_raw_bytes());
        }
        let minus_one = [-Fq::ONE, Fq::from(7)];
        for (words, element) in words(&minus_one).iter().zip(&minus_one) {
            assert_eq!(words.map(u64::to_le_bytes).concat(), element.to_raw_bytes());
        }
    }
}
