use super::*;

/// Log of the rows, columns, and MiB at the peak of `provenn prove`.
const MEASURED: [(u32, usize, u64); 10] = [
    (7, 29, 12),
    (9, 58, 18),
    (9, 90, 18),
    (11, 54, 30),
    (12, 82, 61),
    (12, 146, 89),
    (12, 194, 95),
    (14, 76, 210),
    (15, 75, 405),
    (16, 73, 798),
];

#[test]
fn memory_is_forecast_from_above() {
    for (k, columns, measured) in MEASURED {
        let forecast = memory_bytes(k, columns) >> 20;
        assert!(
            (measured..2 * measured).contains(&forecast),
            "2^{k} rows, {columns} columns: {forecast} MiB, measured {measured} MiB"
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
