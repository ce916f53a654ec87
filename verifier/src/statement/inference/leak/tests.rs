use super::*;

#[test]
fn every_answer_counts_and_so_does_none() {
    for (answers, microbits) in [
        (Answers::Of(1), 1_000_000),
        (Answers::Of(2), 1_584_963),
        (Answers::Of(7), 3_000_000),
        (Answers::Of(10), 3_459_432),
        (Answers::Of(u32::MAX), 32_000_000),
        (Answers::Bits(0), 1_000_000),
        (Answers::Bits(1), 1_584_963),
        (Answers::Bits(12), 12_000_353),
        (Answers::Bits(62), 62_000_001),
        (Answers::Bits(63), 63_000_001),
        (Answers::Bits(12_000), 12_000_000_001),
        (Answers::Sets { of: 10, size: 3 }, 6_918_864),
        (Answers::Sets { of: 10, size: 7 }, 6_918_864),
        (Answers::Sets { of: 7, size: 7 }, 1_000_000),
        (Answers::Sets { of: 64, size: 32 }, 60_668_617),
    ] {
        assert_eq!(answers.microbits(), microbits, "{answers:?}");
    }
}

/// Beyond 2^63 sets the logarithm is a sum over factors: at most two millionths too much for each.
#[test]
fn many_sets_are_counted_by_their_factors() {
    for (of, size, exact) in [(68, 34, 64.625_216_679_9), (1000, 500, 994.690_999_119_2)] {
        let got = u32::try_from(Answers::Sets { of, size }.microbits()).map_or(0.0, f64::from);
        let least = exact * 1e6 - 1e-3;
        assert!(
            (least..least + 2.0 * f64::from(size) + 2.0).contains(&got),
            "{of} {size}: {got}"
        );
    }
}

#[test]
fn never_less_than_the_logarithm() {
    for count in (1..5_000u32).chain([65_535, 1_000_003, u32::MAX - 1]) {
        let exact = f64::from(count + 1).log2() * 1e6;
        let got = u32::try_from(Answers::Of(count).microbits()).map_or(0.0, f64::from);
        assert!(
            (exact - 1e-3..exact + 1.001).contains(&got),
            "{count}: {got} for {exact}"
        );
    }
}
