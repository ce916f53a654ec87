//! What the schedules ask of a path, made of the kernels with the instructions of one machine.

/// Functions of a trait that call a kernel, each compiled with the path's instructions.
macro_rules! with_instructions {
    ($path:ident, $features:literal: $(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $kernel:path;)*) => {
        $(
            #[allow(unsafe_code)]
            fn $name(self $(, $argument: $type)*) $(-> $result)? {
                #[target_feature(enable = $features)]
                fn run(path: $path $(, $argument: $type)*) $(-> $result)? {
                    $kernel(path $(, $argument)*)
                }
                // SAFETY: a value of the path exists only where its instructions were detected.
                unsafe { run(self $(, $argument)*) }
            }
        )*
    };
}

/// Functions of a trait that call others which need the path's instructions, and become part of whoever calls them.
macro_rules! detected {
    ($(fn $name:ident$(<$modulus:ident: $bound:ident>)?($self:ident $(, $argument:ident: $type:ty)*) -> $result:ty = $called:expr;)*) => {
        $(
            #[inline(always)]
            #[allow(unsafe_code)]
            fn $name$(<$modulus: $bound>)?($self $(, $argument: $type)*) -> $result {
                // SAFETY: a value of the path, or of vectors that it made, exists only where its instructions were detected.
                unsafe { $called($self $(, $argument)*) }
            }
        )*
    };
}

/// The vectors of a path, by the functions of its `Lanes` and `Wide`, and by `splat`, `gathered` and `scattered` beside them.
macro_rules! vectors {
    ($path:ident, $features:literal) => {
        impl Vectors for $path {
            type Lanes<M: Constants> = Lanes<M>;

            detected! {
                fn splat<M: Constants>(self, limbs: Limbs) -> Lanes<M> = splat;
                fn gather<M: Constants>(self, rows: [&[u64; 4]; 8]) -> Lanes<M> = gathered;
            }

            with_instructions! { $path, $features:
                fn dft(out: &mut [Lanes<Fr>], twiddles: &Twiddles, level: usize) = dft;
            }
        }

        impl<M: Constants> eight::Lanes<M> for Lanes<M> {
            type Wide = Wide<M>;

            #[inline(always)]
            fn wide(self) -> Wide<M> {
                Wide(self.0, PhantomData)
            }

            detected! {
                fn mul(self, other: Self) -> Self = Self::mul;
                fn square(self) -> Self = Self::square;
                fn canonical(self) -> Self = Self::canonical;
                fn scatter(self) -> [[u64; 4]; 8] = scattered;
            }
        }

        impl<M: Constants> eight::Wide<M> for Wide<M> {
            type Lanes = Lanes<M>;

            detected! {
                fn add(self, other: Self) -> Self = Self::add;
                fn sub(self, other: Self) -> Self = Self::sub;
                fn plus(self, limbs: Limbs) -> Self = Self::plus;
                fn negate_where(self, mask: u8) -> Self = Self::negate_where;
                fn carried(self) -> Lanes<M> = Self::carried;
                fn narrowed(self) -> Lanes<M> = Self::narrowed;
            }
        }
    };
}

/// A path of the kernels for eight elements.
macro_rules! path {
    ($path:ident, $features:literal) => {
        impl crate::kernel::Kernel for $path {
            type Row = crate::eight::points::Row;
            type Scratch = Vec<crate::eight::points::Step<$path>>;

            with_instructions! { $path, $features:
                fn rows(points: &[G1Affine]) -> Vec<Row> = crate::eight::points::rows;
                fn points(rows: &[Row]) -> Vec<G1Affine> = crate::eight::points::points;
                fn negated(row: Row) -> Row = crate::eight::points::negated;
                fn add(bases: &[Row], sums: &mut Vec<Row>, pairs: &[[Ref; 2]], scratch: &mut Vec<Step<$path>>) -> Result<(), Collision>
                    = crate::eight::points::add;
                fn double(rows: &mut [Row], scratch: &mut Vec<Step<$path>>) = crate::eight::points::double;
                fn integers(elements: &[Fr]) -> Vec<[u64; 4]> = crate::eight::points::integers;
            }
        }

        impl Columns for $path {
            const FORM: u64 = FORM;
            type Twiddles = Twiddles;
            type Registers = Registers<$path>;
            type Room = Values<$path>;

            fn twiddles(self, omega: Fr, k: u32) -> Option<Twiddles> {
                Twiddles::new(omega, k)
            }

            with_instructions! { $path, $features:
                fn transform(twiddles: &Twiddles, given: crate::columns::Given<'_>, after: Option<&[Fr]>, out: &mut [Fr], room: &mut Values<$path>)
                    = crate::eight::transform::transform;
                fn registers(program: &Compiled) -> Registers<$path> = Registers::new;
                fn run(program: &Compiled, columns: &[&[Fr]], start: usize, carried: &mut [[Fr; BLOCK]], registers: &mut Registers<$path>)
                    = crate::eight::program::run;
                fn combine(terms: &[(&[Fr], Fr)], start: usize, out: &mut [Fr]) = crate::eight::columns::combine;
                fn ratios(terms: &[Ratio<'_>], plus: Fr, start: usize, out: &mut [Fr]) = crate::eight::columns::ratios;
                fn evaluate(coefficients: &[Fr], point: Fr) -> Fr = crate::eight::columns::evaluate;
            }
        }
    };
}
