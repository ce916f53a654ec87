use super::*;
use halo2_proofs::plonk::ConstraintSystem;

/// The value of an expression of one fixed cell.
fn at(expression: &Expr, cell: u64) -> Fr {
    expression.evaluate(
        &|constant| constant,
        &|_| unreachable!("no selector"),
        &|_| Fr::from(cell),
        &|_| unreachable!("no advice"),
        &|_| unreachable!("no instance"),
        &|_| unreachable!("no challenge"),
        &|a| -a,
        &|a, b| a + b,
        &|a, b| a * b,
        &|a, factor| a * factor,
    )
}

#[test]
fn a_cell_names_one_of_several() {
    let mut meta = ConstraintSystem::<Fr>::default();
    let column = meta.fixed_column();
    meta.create_gate("names", |m| {
        let cell = fixed(m, column);
        for values in 1..6 {
            for value in 0..values {
                let named = is(&cell, value, values);
                assert_eq!(named.degree() as u64, values - 1);
                (0..values).for_each(|cell| assert_eq!(at(&named, cell), Fr::from(u64::from(cell == value))));
            }
        }
        vec![cell]
    });
}
