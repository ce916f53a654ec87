use super::*;

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(header.len()).unwrap();
    [
        b"\x93NUMPY\x01\x00".as_slice(),
        &len.to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

#[test]
fn reads_what_numpy_writes() {
    let data: Vec<u8> = [1f32, 2.0, 3.0, 4.5].iter().flat_map(|v| v.to_le_bytes()).collect();
    let rows = parse(&file(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }  \n",
        &data,
    ))
    .unwrap();
    assert_eq!(
        rows,
        Rows {
            shapes: vec![Some(vec![2])],
            rows: vec![vec![vec![1.0, 2.0]], vec![vec![3.0, 4.5]]]
        }
    );
    let ints = parse(&file(
        "{'shape': (1,), 'descr': '<i8', 'fortran_order': False}",
        &7i64.to_le_bytes(),
    ))
    .unwrap();
    assert_eq!(ints.rows, vec![vec![vec![7.0]]]);
    let doubles = parse(&file(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}",
        &0.5f64.to_le_bytes(),
    ))
    .unwrap();
    assert_eq!(doubles.rows, vec![vec![vec![0.5]]]);
}

#[test]
fn refuses_everything_else() {
    let headers = [
        "",
        "{}",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 0), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,) 'x': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
    ];
    for header in headers {
        assert!(parse(&file(header, &[0; 4])).is_err(), "{header}");
    }
    let whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", &[0; 4]);
    for end in 0..whole.len() {
        assert!(parse(&whole[..end]).is_err(), "{end}");
    }
    assert!(parse(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").is_err());
    assert!(parse(b"\x93NUMPY\x03\x00\x00\x00").is_err());
}
