use super::*;

#[test]
fn addresses_are_those_of_the_specification() {
    let tile = |level, n| Tile { level, n };
    let cases = [
        ("0/x001/x234/067", tile(Level::Hashes(0), 1_234_067), 256),
        ("entries/000.p/1", tile(Level::Entries, 0), 1),
        ("1/000.p/17", tile(Level::Hashes(1), 0), 17),
        ("2/999", tile(Level::Hashes(2), 999), 256),
        ("2/x001/000", tile(Level::Hashes(2), 1000), 256),
    ];
    for (address, tile, width) in cases {
        assert_eq!(Tile::parse(address), Some((tile, width)), "{address}");
    }
    for bad in [
        "",
        "0",
        "0/",
        "0/0",
        "0/x000/001",
        "00/001",
        "64/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/+01",
        "a/000",
    ] {
        assert_eq!(Tile::parse(bad), None, "{bad}");
    }
}

/// The example of the specification: 70,000 entries.
#[test]
fn widths_are_those_of_the_specification() {
    let width = |level, n| {
        Tile {
            level: Level::Hashes(level),
            n,
        }
        .width(70_000)
    };
    assert_eq!([width(0, 272), width(0, 273), width(0, 274)], [256, 112, 0]);
    assert_eq!(
        [width(1, 0), width(1, 1), width(2, 0), width(3, 0), width(9, 0)],
        [256, 17, 1, 0, 0]
    );
}
