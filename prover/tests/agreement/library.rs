//! The library's keys, and ours beside them.

use halo2_proofs::plonk::{keygen_pk2, Circuit, ProvingKey};
use halo2_proofs::poly::Polynomial;
use halo2curves::bn256::{Fr, G1Affine};
use provenn_engine::{Domain, Path};
use provenn_prover::plonk::{verifying_key, Key};
use provenn_prover::srs::Srs;

/// Both keys of a circuit, which are compared column by column. Ours has the library's name.
pub fn keys(circuit: &impl Circuit<Fr>, srs: &Srs) -> (Key, ProvingKey<G1Affine>) {
    let library = keygen_pk2(&srs.params, circuit, false).unwrap();
    let own = Key::new(circuit, srs.k())
        .unwrap()
        .named(library.get_vk().transcript_repr());
    same(&own, &library, srs);
    (own, library)
}

/// Our key of a circuit is the library's, and so is what verifiers have of it.
pub fn same(own: &Key, library: &ProvingKey<G1Affine>, srs: &Srs) {
    let domain = Domain::new(Path::of_machine(), srs.k());
    let rows = |column: &Vec<Fr>| [column.as_slice(), &vec![Fr::zero(); domain.rows() - column.len()]].concat();
    let fixed: Vec<Vec<Fr>> = own.fixed().iter().map(rows).collect();
    assert_eq!(fixed, values(library.fixed_values()));
    let permutation = own.permutation(&domain.powers());
    assert_eq!(permutation, values(library.permutation().permutations()));
    let coefficients = |columns: &[Vec<Fr>]| -> Vec<Vec<Fr>> {
        let of = columns.iter().map(|column| domain.coefficients(column));
        of.collect()
    };
    assert_eq!(coefficients(own.fixed()), values(library.fixed_polys()));
    assert_eq!(coefficients(&permutation), values(library.permutation().polys()));
    let selectors = [library.l0(), library.l_last(), library.l_active_row()];
    let selectors = selectors.map(|polynomial| polynomial.values().to_vec());
    assert_eq!(coefficients(&own.selectors()), selectors);
    let (own_vk, library) = (verifying_key(own, srs).unwrap(), library.get_vk());
    assert_eq!(own_vk.fixed_commitments(), library.fixed_commitments());
    assert_eq!(own_vk.permutation().commitments(), library.permutation().commitments());
    assert_eq!(own_vk.transcript_repr(), library.transcript_repr());
    assert_eq!(own.name(), library.transcript_repr());
}

fn values<B>(polynomials: &[Polynomial<Fr, B>]) -> Vec<Vec<Fr>> {
    polynomials.iter().map(|of| of.values().to_vec()).collect()
}
