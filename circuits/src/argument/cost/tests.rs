use super::*;

/// Log of the rows, columns, committed columns of weights, and MiB at the peak of `provenn prove`.
const MEASURED: [(u32, usize, usize, u64); 15] = [
    (7, 26, 8, 44),
    (9, 24, 64, 44),
    (11, 24, 28, 44),
    (11, 24, 512, 49),
    (11, 45, 4000, 77),
    (11, 114, 9, 61),
    (11, 990, 1, 175),
    (12, 61, 20, 58),
    (12, 105, 88, 67),
    (13, 131, 5, 110),
    (14, 23, 4, 97),
    (14, 23, 334, 108),
    (14, 236, 1024, 292),
    (15, 23, 9, 180),
    (16, 145, 4, 942),
];

#[test]
fn memory_is_forecast_from_above() {
    for (k, columns, committed, measured) in MEASURED {
        let forecast = memory_bytes(k, columns, committed) >> 20;
        assert!(
            (measured..2 * measured).contains(&forecast),
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
