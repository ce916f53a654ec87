use super::*;

const LISTS: [&[i64]; 7] = [
    &[],
    &[0, 1, -1],
    &[i16::MAX as i64, i16::MIN as i64],
    &[5, i16::MAX as i64 + 1, -3],
    &[7, 8, 9, i16::MIN as i64 - 1],
    &[1 << 53, -(1 << 53)],
    &[i64::MIN, 0, i64::MAX],
];

#[test]
fn they_are_what_they_are_made_of() {
    for list in LISTS {
        let weights = Weights::from(list.to_vec());
        assert_eq!((weights.len(), weights.is_empty()), (list.len(), list.is_empty()));
        assert!(weights.iter().eq(list.iter().copied()), "{list:?}");
        let mut back = vec![];
        weights.each((0..list.len()).rev(), |weight| back.push(weight));
        assert!(back.iter().eq(list.iter().rev()), "{list:?}");
        let largest = list.iter().map(|weight| weight.unsigned_abs()).max();
        assert_eq!(weights.largest(), largest.unwrap_or(0));
        for first in 0..=list.len() {
            assert_eq!(weights.copied(first..list.len()), list[first..]);
        }
        let short = list.iter().all(|weight| i16::try_from(*weight).is_ok());
        assert_eq!(weights.bytes(), list.len() * if short { 2 } else { 8 }, "{list:?}");
    }
}

#[test]
fn files_hold_them_as_a_list_of_integers() {
    for list in LISTS {
        let weights = Weights::from(list.to_vec());
        let bytes = postcard::to_allocvec(&weights).expect("bytes");
        assert_eq!(bytes, postcard::to_allocvec(list).expect("bytes"), "{list:?}");
        // Equal lists are kept alike, however they came about.
        assert_eq!(postcard::from_bytes::<Weights>(&bytes).expect("a list"), weights);
        assert!(postcard::from_bytes::<Weights>(&bytes[..bytes.len() - 1]).is_err());
    }
}

#[test]
fn changes_may_make_them_longer_and_shorter() {
    let mut weights = Weights::from(vec![1, 2]);
    weights.edit(|list| list[1] = 1 << 40);
    assert_eq!(weights, vec![1, 1 << 40].into());
    weights.edit(|list| list.truncate(1));
    assert_eq!(weights, vec![1].into());
}
