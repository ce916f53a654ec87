#![allow(clippy::indexing_slicing, reason = "tests")]
use super::*;

fn classes() -> impl Iterator<Item = ColouringClass> {
    COLOURS.map(|colours| ColouringClass::of(colours, 1).unwrap())
}

#[test]
fn roots_have_their_order() {
    for class in classes() {
        let roots = class.roots();
        let m = class.order();
        assert!(m >= class.colours() && m <= 16 && roots.len() == usize::try_from(m).unwrap());
        assert_eq!(roots[1].pow(m.into()), Fr::ONE, "{m}");
        assert!(roots[1..].iter().all(|root| *root != Fr::ONE), "{m}");
    }
    let orders = [3, 4, 5, 7, 10, 11, 14].map(|k| ColouringClass::of(k, 1).unwrap().order());
    assert_eq!(orders, [3, 4, 6, 8, 12, 12, 16]);
}

/// Every key passes the checks of keys, that of hiding among them, and no two are the same.
#[test]
fn keys_are_valid_and_distinct() {
    let mut digests: Vec<[u8; 32]> = classes().map(|class| class.key().unwrap().digest()).collect();
    let larger = ColouringClass::of(3, 10_000).unwrap();
    digests.push(larger.key().unwrap().digest());
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!((digests.len(), count), (16, 16));
}

#[test]
fn a_class_is_the_smallest_that_holds_the_graph() {
    let rows = |colours, vertices| ColouringClass::of(colours, vertices).map(|class| class.rows());
    assert_eq!((rows(3, 0), rows(3, 416), rows(3, 417)), (Ok(5), Ok(5), Ok(6)));
    assert_eq!((rows(3, 20_000), rows(3, 100_000)), (Ok(11), Ok(13)));
    let most = 16 * ((1 << 20) - 6);
    assert_eq!(rows(3, most), Ok(20));
    let too_large = VerifyError::TooLarge {
        maximum: most.into(),
        got: u64::from(most) + 1,
    };
    assert_eq!(rows(3, most + 1), Err(too_large));
    for got in [0, 1, 17, u32::MAX] {
        assert_eq!(rows(got, 1), Err(VerifyError::ColoursOutOfRange { got }));
    }
}

/// Bytes say which class a key is of, and nothing else may differ from it.
#[test]
fn a_key_is_that_of_its_class() {
    for class in classes() {
        let key = class.key().unwrap();
        assert_eq!(VerifyingKey::from_bytes(&key.to_bytes()).as_ref(), Ok(&key));
        let edits: [fn(&mut KeyParts); 5] = [
            |key| key.k += 1,
            |key| drop(key.gates.pop()),
            |key| key.challenge_phases[3] = 0,
            |key| key.transcript_repr = Fr::ONE,
            |key| key.purpose = Purpose::Registration,
        ];
        for (index, edit) in edits.iter().enumerate() {
            let mut parts = KeyParts::clone(&key);
            edit(&mut parts);
            let valid = VerifyingKey::new(parts);
            // Without its purpose it is a key like another.
            assert_eq!(valid.is_ok(), index == 4, "{index}");
        }
    }
}
