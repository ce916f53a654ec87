use super::*;

/// Log of the rows, columns, committed columns of weights, and MiB at the peak of `provenn prove`.
const MEASURED: [(u32, usize, usize, u64); 16] = [
    (7, 26, 8, 27),
    (9, 24, 64, 32),
    (9, 46, 10, 34),
    (11, 24, 28, 40),
    (11, 24, 512, 43),
    (11, 45, 4000, 53),
    (11, 114, 9, 57),
    (11, 990, 1, 165),
    (12, 61, 20, 57),
    (12, 105, 88, 66),
    (13, 131, 5, 108),
    (14, 23, 4, 99),
    (14, 23, 334, 106),
    (14, 236, 1024, 294),
    (15, 23, 9, 179),
    (16, 145, 4, 941),
];

#[test]
fn memory_is_forecast_from_above() {
    for (k, columns, committed, measured) in MEASURED {
        let forecast = memory_bytes(k, columns, committed) >> 20;
        assert!(
            (measured..3 * measured / 2).contains(&forecast),
            "2^{k} rows, {columns} and {committed} columns: {forecast} MiB, measured {measured} MiB"
        );
    }
}

#[test]
fn objectives_are_known_by_their_names() {
    for objective in Objective::ALL {
        assert_eq!(objective.name().parse(), Ok(objective));
    }
    assert!("cheap".parse::<Objective>().is_err());
}
