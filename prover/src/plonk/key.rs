//! What proofs of a circuit are made with: the library's proving key, less what it makes of it for its own prover.

use crate::srs::MAX_K;
use halo2_proofs::plonk::{Circuit, ConstraintSystem, ProvingKey};
use halo2_proofs::poly::Polynomial;
use halo2_proofs::SerdeFormat;
use halo2curves::bn256::{Fr, G1Affine};
use halo2curves::serde::SerdeObject;
use std::borrow::Cow;
use std::io::{self, ErrorKind, Read, Write};

const FORMAT: SerdeFormat = SerdeFormat::RawBytesUnchecked;
/// The first byte of a key, which the library expects.
const VERSION: u8 = 2;
/// Bytes of an element, and of a point.
const ELEMENT: u64 = 32;
const POINT: u64 = 64;
/// Bytes before the points: version, `log2` of the rows, how selectors were made columns, number of fixed columns.
const HEAD: u64 = 1 + 4 + 1 + 4;

/// A key: columns that every proof has, and the constraints.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    cs: Cow<'a, ConstraintSystem<Fr>>,
    name: Fr,
    columns: KeyColumns<'a>,
}

/// Columns of a key.
#[derive(Clone, Debug)]
pub struct KeyColumns<'a> {
    /// The verifying key, as the library writes it.
    head: Cow<'a, [u8]>,
    /// Coefficients of the first row, the last usable one, and all usable ones.
    pub selectors: Vec<Cow<'a, [Fr]>>,
    /// Fixed columns.
    pub fixed: Both<'a>,
    /// Columns of the permutation.
    pub permutation: Both<'a>,
}

/// Columns by values and by coefficients.
#[derive(Clone, Debug)]
pub struct Both<'a> {
    /// On the rows.
    pub values: Vec<Cow<'a, [Fr]>>,
    /// Of the polynomials.
    pub coefficients: Vec<Cow<'a, [Fr]>>,
}

impl<'a> Key<'a> {
    /// That of the library.
    pub fn of(key: &'a ProvingKey<G1Affine>) -> Self {
        fn all<B>(polynomials: &[Polynomial<Fr, B>]) -> Vec<Cow<'_, [Fr]>> {
            polynomials.iter().map(|of| Cow::Borrowed(of.values())).collect()
        }
        Self {
            cs: Cow::Borrowed(key.get_vk().cs()),
            name: key.get_vk().transcript_repr(),
            columns: KeyColumns {
                head: key.get_vk().to_bytes(FORMAT).into(),
                selectors: [key.l0(), key.l_last(), key.l_active_row()]
                    .map(|of| Cow::Borrowed(of.values()))
                    .into(),
                fixed: Both {
                    values: all(key.fixed_values()),
                    coefficients: all(key.fixed_polys()),
                },
                permutation: Both {
                    values: all(key.permutation().permutations()),
                    coefficients: all(key.permutation().polys()),
                },
            },
        }
    }

    /// Of a circuit with these constraints, which has this name in the transcript. `None` if it has other columns.
    pub fn new(cs: ConstraintSystem<Fr>, name: Fr, columns: KeyColumns<'a>) -> Option<Self> {
        let permuted = cs.permutation().get_columns().len();
        let fits = columns.fixed.values.len() == cs.num_fixed_columns() && columns.permutation.values.len() == permuted;
        fits.then_some(Self {
            cs: Cow::Owned(cs),
            name,
            columns,
        })
    }

    /// With columns of its own.
    pub fn into_owned(self) -> Key<'static> {
        fn all(columns: Vec<Cow<'_, [Fr]>>) -> Vec<Cow<'static, [Fr]>> {
            columns.into_iter().map(|of| Cow::Owned(of.into_owned())).collect()
        }
        let both = |both: Both<'_>| Both {
            values: all(both.values),
            coefficients: all(both.coefficients),
        };
        Key {
            cs: Cow::Owned(self.cs.into_owned()),
            name: self.name,
            columns: KeyColumns {
                head: self.columns.head.into_owned().into(),
                selectors: all(self.columns.selectors),
                fixed: both(self.columns.fixed),
                permutation: both(self.columns.permutation),
            },
        }
    }

    /// The constraints.
    pub fn cs(&self) -> &ConstraintSystem<Fr> {
        &self.cs
    }

    /// What names the circuit in the transcript: the library's digest of the verifying key.
    pub fn name(&self) -> Fr {
        self.name
    }

    /// The columns.
    pub fn columns(&self) -> &KeyColumns<'a> {
        &self.columns
    }
}

impl KeyColumns<'_> {
    /// As the library writes and reads keys.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.to_vec();
        let written = |bytes: &mut Vec<u8>| -> io::Result<()> {
            self.selectors.iter().try_for_each(|column| write(bytes, column))?;
            for Both { values, coefficients } in [&self.fixed, &self.permutation] {
                for columns in [values, coefficients] {
                    bytes.write_all(&(columns.len() as u32).to_be_bytes())?;
                    columns.iter().try_for_each(|column| write(bytes, column))?;
                }
            }
            Ok(())
        };
        #[expect(clippy::expect_used, reason = "memory takes all that is written")]
        written(&mut bytes).expect("writing to memory");
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, of which there are `length` bytes. Elements are not checked: what is read is what was written if its digest
    /// is. Each column goes through the same memory, and `seen` sees its bytes while they are made elements.
    ///
    /// # Errors
    /// Those of the source; [`ErrorKind::InvalidData`] and [`ErrorKind::UnexpectedEof`] if it is no key.
    pub fn read(source: &mut impl Read, length: u64, seen: &mut (impl FnMut(&[u8]) + Send)) -> io::Result<Self> {
        let mut head = vec![0; HEAD as usize];
        source.read_exact(&mut head)?;
        let word = |at: usize| {
            head[at..at + 4]
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u32::from(*byte))
        };
        let (k, fixed) = (word(1), word(6));
        if head[0] != VERSION || k > MAX_K || head[5] != 0 {
            return Err(invalid());
        }
        let permuted = permuted(k, fixed.into(), length).ok_or_else(invalid)?;
        let points = POINT * (u64::from(fixed) + permuted);
        let begun = head.len();
        head.resize(begun + points as usize, 0);
        source.read_exact(&mut head[begun..])?;
        seen(&head);
        let mut reader = Reader {
            source,
            seen,
            bytes: vec![0; (ELEMENT << k) as usize],
        };
        let selectors = (0..3).map(|_| reader.column(k)).collect::<io::Result<_>>()?;
        let [fixed, permutation] = [fixed, permuted as u32].map(|count| {
            Ok::<_, io::Error>(Both {
                values: reader.columns(k, count)?,
                coefficients: reader.columns(k, count)?,
            })
        });
        Ok(Self {
            head: head.into(),
            selectors,
            fixed: fixed?,
            permutation: permutation?,
        })
    }
}

/// How many columns of the permutation a key of this size has: `None` if it is of no key.
fn permuted(k: u32, fixed: u64, length: u64) -> Option<u64> {
    // Each fixed column, and each of the permutation, is a point and two columns.
    let column = 4 + (ELEMENT << k);
    let each = POINT + 2 * column;
    let left = length.checked_sub(HEAD + 3 * column + 4 * 4)?;
    let left = left.checked_sub(fixed.checked_mul(each)?)?;
    left.is_multiple_of(each).then_some(left / each)
}

struct Reader<'a, R, S> {
    source: &'a mut R,
    seen: &'a mut S,
    /// Of the column that is being read.
    bytes: Vec<u8>,
}

impl<R: Read, S: FnMut(&[u8]) + Send> Reader<'_, R, S> {
    fn columns(&mut self, k: u32, count: u32) -> io::Result<Vec<Cow<'static, [Fr]>>> {
        self.number(count)?;
        (0..count).map(|_| self.column(k)).collect()
    }

    fn column(&mut self, k: u32) -> io::Result<Cow<'static, [Fr]>> {
        self.number(1 << k)?;
        self.source.read_exact(&mut self.bytes)?;
        let elements = || {
            let elements = self.bytes.chunks_exact(ELEMENT as usize);
            elements.map(Fr::from_raw_bytes_unchecked).collect()
        };
        let (elements, ()) = rayon::join(elements, || (self.seen)(&self.bytes));
        Ok(Cow::Owned(elements))
    }

    /// A number that is known.
    fn number(&mut self, known: u32) -> io::Result<()> {
        let mut bytes = [0; 4];
        self.source.read_exact(&mut bytes)?;
        (self.seen)(&bytes);
        match u32::from_be_bytes(bytes) == known {
            true => Ok(()),
            false => Err(invalid()),
        }
    }
}

fn invalid() -> io::Error {
    ErrorKind::InvalidData.into()
}

fn write(bytes: &mut Vec<u8>, column: &[Fr]) -> io::Result<()> {
    bytes.write_all(&(column.len() as u32).to_be_bytes())?;
    column.iter().try_for_each(|element| element.write_raw(bytes))
}

/// The constraints of a circuit. It has no selectors of the library's, which would become fixed columns.
pub fn constraints<C: Circuit<Fr>>(shape: C::Params) -> ConstraintSystem<Fr> {
    let mut cs = ConstraintSystem::default();
    let _config = C::configure_with_params(&mut cs, shape);
    cs
}
