//! Eight elements of a field at once, in limbs of 52 bits, as AVX-512 IFMA multiplies them: what [`eight`] says of each function holds here.

use super::Ifma;
use crate::eight::transform::{dft, Twiddles};
use crate::eight::{self, Vectors};
use crate::limbs::{Constants, Limbs, MASK};
use halo2curves::bn256::Fr;
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// Eight elements.
#[derive(Clone, Copy)]
pub struct Lanes<M>([__m512i; 5], PhantomData<M>);

/// Eight sums of elements.
#[derive(Clone, Copy)]
pub struct Wide<M>([__m512i; 5], PhantomData<M>);

/// The four words of each of eight elements, first words first.
type Words = [__m512i; 4];

impl<M: Constants> Wide<M> {
    /// All of one value.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn splat(limbs: Limbs) -> Self {
        let [a, b, c, d, e] = limbs;
        let one = [
            _mm512_set1_epi64(a as i64),
            _mm512_set1_epi64(b as i64),
            _mm512_set1_epi64(c as i64),
            _mm512_set1_epi64(d as i64),
            _mm512_set1_epi64(e as i64),
        ];
        Self(one, PhantomData)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn add(self, other: Self) -> Self {
        let mut sum = self;
        for (a, b) in sum.0.iter_mut().zip(other.0) {
            *a = _mm512_add_epi64(*a, b);
        }
        sum
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn plus(self, limbs: Limbs) -> Self {
        self.add(Self::splat(limbs))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn sub(self, other: Self) -> Self {
        let mut difference = self;
        for (a, b) in difference.0.iter_mut().zip(other.0) {
            *a = _mm512_sub_epi64(*a, b);
        }
        difference
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn negate_where(self, mask: __mmask8) -> Self {
        let mut result = self;
        for (a, p) in result.0.iter_mut().zip(M::P2) {
            *a = _mm512_mask_sub_epi64(*a, mask, _mm512_set1_epi64(p as i64), *a);
        }
        result
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn carried(self) -> Lanes<M> {
        let (mut limbs, mask) = (self.0, _mm512_set1_epi64(MASK as i64));
        for i in 0..4 {
            limbs[i + 1] = _mm512_add_epi64(limbs[i + 1], _mm512_srai_epi64::<52>(limbs[i]));
            limbs[i] = _mm512_and_si512(limbs[i], mask);
        }
        Lanes(limbs, PhantomData)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn narrowed(self) -> Lanes<M> {
        let zero = _mm512_setzero_si512();
        let high = _mm512_max_epi64(self.0[4], zero);
        let q = _mm512_madd52hi_epu64(zero, high, _mm512_set1_epi64(84));
        let mut multiple = [zero; 5];
        for i in 0..5 {
            let p = _mm512_set1_epi64(M::P1[i] as i64);
            multiple[i] = _mm512_madd52lo_epu64(multiple[i], q, p);
            if i < 4 {
                multiple[i + 1] = _mm512_madd52hi_epu64(multiple[i + 1], q, p);
            }
        }
        self.sub(Wide(multiple, PhantomData)).carried()
    }
}

impl<M: Constants> Lanes<M> {
    /// From words of any numbers below `2^256`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn from_words(w: Words) -> Self {
        let mask = _mm512_set1_epi64(MASK as i64);
        let join = |low, high| _mm512_and_si512(_mm512_or_si512(low, high), mask);
        Self(
            [
                _mm512_and_si512(w[0], mask),
                join(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1])),
                join(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2])),
                join(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3])),
                _mm512_srli_epi64::<16>(w[3]),
            ],
            PhantomData,
        )
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn to_words(self) -> Words {
        let l = self.0;
        [
            _mm512_or_si512(l[0], _mm512_slli_epi64::<52>(l[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(l[1]), _mm512_slli_epi64::<40>(l[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(l[2]), _mm512_slli_epi64::<28>(l[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(l[3]), _mm512_slli_epi64::<16>(l[4])),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn mul(self, other: Self) -> Self {
        let zero = _mm512_setzero_si512();
        let (mut low, mut high) = ([zero; 10], [zero; 10]);
        for i in 0..5 {
            for j in 0..5 {
                low[i + j] = _mm512_madd52lo_epu64(low[i + j], self.0[i], other.0[j]);
                high[i + j + 1] = _mm512_madd52hi_epu64(high[i + j + 1], self.0[i], other.0[j]);
            }
        }
        for (low, high) in low.iter_mut().zip(high) {
            *low = _mm512_add_epi64(*low, high);
        }
        Self::reduced(low)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn square(self) -> Self {
        let zero = _mm512_setzero_si512();
        let (a, mut sum, mut high) = (self.0, [zero; 10], [zero; 10]);
        for i in 0..5 {
            for j in i + 1..5 {
                sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], a[i], a[j]);
                high[i + j + 1] = _mm512_madd52hi_epu64(high[i + j + 1], a[i], a[j]);
            }
        }
        for (sum, high) in sum.iter_mut().zip(high) {
            *sum = _mm512_slli_epi64::<1>(_mm512_add_epi64(*sum, high));
        }
        for i in 0..5 {
            sum[2 * i] = _mm512_madd52lo_epu64(sum[2 * i], a[i], a[i]);
            sum[2 * i + 1] = _mm512_madd52hi_epu64(sum[2 * i + 1], a[i], a[i]);
        }
        Self::reduced(sum)
    }

    /// Montgomery's reduction of a number of ten limbs, each below `2^58`. The four lowest go by [`Constants::STEP`], which needs
    /// no product to know its factor; each adds less than `p 2^52` at its place, the fifth less than `p 2^52` in all. So what
    /// is left is below `t / R + 2 p`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn reduced(mut t: [__m512i; 10]) -> Self {
        let (zero, mask) = (_mm512_setzero_si512(), _mm512_set1_epi64(MASK as i64));
        for i in 0..4 {
            let lowest = _mm512_and_si512(t[i], mask);
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<52>(t[i]));
            for j in 0..5 {
                let step = _mm512_set1_epi64(M::STEP[j] as i64);
                t[i + j + 1] = _mm512_madd52lo_epu64(t[i + j + 1], lowest, step);
                t[i + j + 2] = _mm512_madd52hi_epu64(t[i + j + 2], lowest, step);
            }
        }
        let factor = _mm512_madd52lo_epu64(zero, t[4], _mm512_set1_epi64(M::K as i64));
        for j in 0..5 {
            let p = _mm512_set1_epi64(M::P1[j] as i64);
            t[j + 4] = _mm512_madd52lo_epu64(t[j + 4], factor, p);
            t[j + 5] = _mm512_madd52hi_epu64(t[j + 5], factor, p);
        }
        t[5] = _mm512_add_epi64(t[5], _mm512_srli_epi64::<52>(t[4]));
        let [.., a, b, c, d, e] = t;
        Wide([a, b, c, d, e], PhantomData).carried()
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn canonical(self) -> Self {
        let value = Wide::<M>(self.0, PhantomData).narrowed();
        let less = Wide(value.0, PhantomData).sub(Wide::splat(M::P1)).carried();
        let below = negative(less.0[4]);
        let mut result = less;
        for (limb, kept) in result.0.iter_mut().zip(value.0) {
            *limb = _mm512_mask_mov_epi64(*limb, below, kept);
        }
        result
    }
}

/// The lanes that are negative.
#[inline]
#[target_feature(enable = "avx512f")]
fn negative(value: __m512i) -> __mmask8 {
    _mm512_cmplt_epi64_mask(value, _mm512_setzero_si512())
}

/// The words of eight elements, from anywhere.
#[inline]
#[target_feature(enable = "avx512f")]
fn gather(rows: [&[u64; 4]; 8]) -> Words {
    let pair = |a: usize| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(load(rows[a])), load(rows[a + 4]));
    let (r0, r1, r2, r3) = (pair(0), pair(1), pair(2), pair(3));
    // Words 0 and 2, or 1 and 3, of two rows and of those four further on.
    let (even, odd) = (_mm512_unpacklo_epi64(r0, r1), _mm512_unpackhi_epi64(r0, r1));
    let (even2, odd2) = (_mm512_unpacklo_epi64(r2, r3), _mm512_unpackhi_epi64(r2, r3));
    let (first, second) = halves();
    [
        _mm512_permutex2var_epi64(even, first, even2),
        _mm512_permutex2var_epi64(odd, first, odd2),
        _mm512_permutex2var_epi64(even, second, even2),
        _mm512_permutex2var_epi64(odd, second, odd2),
    ]
}

/// Eight elements from their words: the inverse of [`gather`].
#[inline]
#[target_feature(enable = "avx512f")]
fn scatter(w: Words) -> [[u64; 4]; 8] {
    let (low, high) = (_mm512_unpacklo_epi64(w[0], w[1]), _mm512_unpackhi_epi64(w[0], w[1]));
    let (low2, high2) = (_mm512_unpacklo_epi64(w[2], w[3]), _mm512_unpackhi_epi64(w[2], w[3]));
    let (first, second) = halves();
    let rows = [
        _mm512_permutex2var_epi64(low, first, low2),
        _mm512_permutex2var_epi64(high, first, high2),
        _mm512_permutex2var_epi64(low, second, low2),
        _mm512_permutex2var_epi64(high, second, high2),
    ];
    let mut elements = [[0; 4]; 8];
    let (front, back) = elements.split_at_mut(4);
    for (row, (a, b)) in rows.into_iter().zip(front.iter_mut().zip(back)) {
        store(a, _mm512_castsi512_si256(row));
        store(b, _mm512_extracti64x4_epi64::<1>(row));
    }
    elements
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halves() -> (__m512i, __m512i) {
    (
        _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13),
        _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15),
    )
}

#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code)]
fn load(words: &[u64; 4]) -> __m256i {
    // SAFETY: the reference is to 32 bytes; no alignment is asked for.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code)]
fn store(words: &mut [u64; 4], value: __m256i) {
    // SAFETY: the reference is to 32 bytes; no alignment is asked for.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), value) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat<M: Constants>(_: Ifma, limbs: Limbs) -> Lanes<M> {
    Lanes(Wide::<M>::splat(limbs).0, PhantomData)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn gathered<M: Constants>(_: Ifma, rows: [&[u64; 4]; 8]) -> Lanes<M> {
    Lanes::from_words(gather(rows))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn scattered<M: Constants>(lanes: Lanes<M>) -> [[u64; 4]; 8] {
    scatter(lanes.to_words())
}

vectors!(Ifma, "avx512f,avx512ifma");
