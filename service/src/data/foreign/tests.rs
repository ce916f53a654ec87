use super::*;

#[test]
fn files_of_other_tools_are_known_by_their_fields() {
    let ezkl = br#"{"input_data": [[1, 2.5], [[3], [4]]], "output_data": [[0.5]]}"#;
    match read(ezkl).unwrap().unwrap() {
        Foreign::Flat(inputs) => assert_eq!(inputs, [[1.0, 2.5], [3.0, 4.0]]),
        _ => panic!("flat"),
    }
    let single = [
        &br#"{"inputs": [[1, 2], [3, 4]]}"#[..],
        br#"{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}"#,
    ];
    for file in single {
        match read(file).unwrap().unwrap() {
            Foreign::Single(shape, values) => assert_eq!((shape, values), (vec![2, 2], vec![1., 2., 3., 4.])),
            _ => panic!("one input"),
        }
    }
    match read(br#"{"inputs": {"x": [true], "y": [[2]]}}"#).unwrap().unwrap() {
        Foreign::Named(inputs) => {
            assert_eq!(inputs["x"], (vec![1], vec![1.0]));
            assert_eq!(inputs["y"], (vec![1, 1], vec![2.0]));
        }
        _ => panic!("named"),
    }
    for bad in [
        &br#"{"input_data": [["1"]]}"#[..],
        br#"{"inputs": [[1], [2, 3]]}"#,
        br#"{"input_data": 1}"#,
    ] {
        assert!(read(bad).unwrap().is_err());
    }
    assert!(read(br#"{"shape": [1], "values": [1]}"#).is_none());
}
