//! Bounds and encoding of outputs that are shown whole.

use super::{code, input, layout};
use provenn_verifier::*;

/// An output that is shown whole has public cells in place of policy rows, in rows of its own, and one encoding.
#[test]
fn whole_outputs() {
    type Edit = fn(&mut InstanceLayout);
    let whole = |channels: u32, positions: u32, row: u32| OutputLayout {
        len: channels * positions,
        rows: 0,
        bits: 8,
        items: 0,
        whole: Some(WholeOutput {
            channels,
            positions,
            row,
        }),
    };
    let mut shown = layout();
    shown.inputs = vec![input(3, 2, 0)];
    shown.outputs = vec![whole(2, 3, 6), shown.outputs[0], whole(4, 1, 9)];
    shown.lanes = 2;
    assert_eq!(
        (shown.policy_rows(), shown.public_rows(), shown.columns()),
        (1, 11, 4 + 2 + 1)
    );
    assert_eq!(shown.cells(), 4 + 3 * 11);
    assert!(shown.has_whole() && !layout().has_whole());
    let cases: &[(&str, Edit, Result<(), &str>)] = &[
        ("as it is", |_| {}, Ok(())),
        ("in the last rows", |l| move_to(l, 2, 56), Ok(())),
        ("after the last row", |l| move_to(l, 2, 57), Err("layout input rows")),
        (
            "on the rows of an input",
            |l| move_to(l, 0, 3),
            Err("layout of public values on the same rows"),
        ),
        (
            "on those of another output",
            |l| move_to(l, 2, 8),
            Err("layout of public values on the same rows"),
        ),
        (
            "before another output",
            |l| move_to(l, 0, 11),
            Err("layout of public values on the same rows"),
        ),
        ("with policy rows", |l| l.outputs[0].rows = 6, Err("layout policy rows")),
        (
            "of other values",
            |l| l.outputs[0].len = 5,
            Err("layout of a whole output"),
        ),
        (
            "of no values",
            |l| (l.outputs[0].len, cells(l, 0).channels) = (0, 0),
            Err("layout with an empty output"),
        ),
        (
            "of a batch",
            |l| l.outputs.iter_mut().for_each(|o| o.items = 2),
            Err("items of a batch"),
        ),
        ("of too many bits", |l| l.outputs[2].bits = 41, Err("layout bit widths")),
    ];
    for (name, edit, expected) in cases {
        let mut changed = shown.clone();
        edit(&mut changed);
        let expected = expected.map_err(|reason| VerifyError::KeyInvalid { reason });
        assert_eq!(changed.validate(58), expected, "{name}");
    }
}

fn cells(layout: &mut InstanceLayout, output: usize) -> &mut WholeOutput {
    layout.outputs[output].whole.as_mut().unwrap()
}

fn move_to(layout: &mut InstanceLayout, output: usize, row: u32) {
    cells(layout, output).row = row;
}

/// Which outputs are whole is written in their order, at least one, and only in the form of keys that have one.
#[test]
fn whole_outputs_have_one_encoding() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/testkit/v2/conflict_check_whole.card"
    );
    let card = ModelCard::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    let bytes = card.key.to_bytes();
    let mut parts = (*card.key).clone();
    let Purpose::Inference(layout) = &mut parts.purpose else {
        panic!("a model")
    };
    let cells: Vec<[u32; 4]> = (0..)
        .zip(&layout.outputs)
        .filter_map(|(index, output)| {
            let whole = output.whole?;
            Some([index, whole.channels, whole.positions, whole.row])
        })
        .collect();
    let [first, second] = [cells[0], cells[1]];
    let list = |entries: &[[u32; 4]]| {
        let count = [entries.len() as u32];
        let numbers = count.iter().chain(entries.iter().flatten());
        numbers.flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>()
    };
    let written = list(&cells);
    let at = bytes.windows(written.len()).position(|window| window == written);
    let at = at.expect("the list of whole outputs");
    let read = |entries: &[[u32; 4]]| {
        let changed = [&bytes[..at], &list(entries), &bytes[at + written.len()..]].concat();
        VerifyingKey::from_bytes(&changed)
    };
    assert_eq!(read(&cells).map(|key| key.digest()), Ok(card.key.digest()));
    for entries in [
        &[][..],
        &[second, first],
        &[first, first],
        // An output without policy rows or cells, and one that there is not.
        &[first],
        &[first, [2, second[1], second[2], second[3]]],
    ] {
        assert_eq!(code(read(entries)), "key-invalid", "{entries:?}");
    }
    assert_eq!(code(read(&[first, second, second])), "too-large");
    // The same with policy rows has another form, with a column less.
    for output in &mut layout.outputs {
        (output.rows, output.whole) = (output.len, None);
    }
    let refused = VerifyingKey::new(parts).map(drop);
    let reason = "instance columns differ from the layout";
    assert_eq!(refused, Err(VerifyError::KeyInvalid { reason }));
}
