use super::*;
use png::{BitDepth, Encoder};

fn png(extents: [u32; 2], colour: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
    let mut file = vec![];
    let mut encoder = Encoder::new(&mut file, extents[1], extents[0]);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette(vec![255, 0, 0, 0, 0, 255]);
    }
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    file
}

fn pixels(text: &str) -> Pixels {
    text.parse().unwrap()
}

#[test]
fn grey_pictures_have_no_channels_or_one() {
    let file = png(
        [2, 3],
        ColorType::Grayscale,
        BitDepth::Eight,
        &[0, 51, 102, 153, 204, 255],
    );
    for shape in [&[2, 3][..], &[1, 2, 3], &[2, 3, 1], &[6]] {
        let read = read(&file, Some(&pixels("0..10")), shape).unwrap();
        assert_eq!(read, [0., 2., 4., 6., 8., 10.], "{shape:?}");
    }
    for shape in [&[3, 2][..], &[5], &[3, 2, 3], &[1, 1, 2, 3]] {
        assert!(read(&file, Some(&pixels("0..1")), shape).is_err(), "{shape:?}");
    }
    assert!(read(&file, None, &[2, 3]).is_err());
    let deep = png([1, 2], ColorType::Grayscale, BitDepth::Sixteen, &[0x80, 0, 0xff, 0xff]);
    let half = f64::from(0x8000) / 65535.0;
    assert_eq!(
        read(&deep, Some(&pixels("-1..1")), &[2]).unwrap(),
        [2.0 * half - 1.0, 1.0]
    );
}

#[test]
fn coloured_pictures_have_their_channels_first_or_last() {
    let file = png([1, 2], ColorType::Rgb, BitDepth::Eight, &[255, 0, 0, 0, 0, 255]);
    let indexed = png([1, 2], ColorType::Indexed, BitDepth::Eight, &[0, 1]);
    for file in [file, indexed] {
        let all = |shape: &[usize], numbers: &str| read(&file, Some(&pixels(numbers)), shape).unwrap();
        assert_eq!(all(&[3, 1, 2], "0..1"), [1., 0., 0., 0., 0., 1.]);
        assert_eq!(all(&[1, 2, 3], "0..1"), [1., 0., 0., 0., 0., 1.]);
        assert_eq!(all(&[3, 1, 2], "0,1,2..5,6,7"), [5., 0., 1., 1., 2., 7.]);
        assert!(read(&file, Some(&pixels("0..1")), &[6]).is_err());
        assert!(read(&file, Some(&pixels("0,1..2,3")), &[3, 1, 2]).is_err());
    }
    let clear = png([1, 1], ColorType::Rgba, BitDepth::Eight, &[1, 2, 3, 4]);
    assert!(read(&clear, Some(&pixels("0..1")), &[3, 1, 1]).is_err());
}

#[test]
fn damaged_pictures_are_refused() {
    let file = png([4, 4], ColorType::Rgb, BitDepth::Eight, &[7; 48]);
    for len in 0..file.len() - 12 {
        assert!(read(&file[..len], Some(&pixels("0..1")), &[3, 4, 4]).is_err(), "{len}");
    }
    let wide = png([1, 1 << 15], ColorType::Grayscale, BitDepth::Eight, &vec![0; 1 << 15]);
    assert!(read(&wide, Some(&pixels("0..1")), &[1 << 15]).is_err());
}

#[test]
fn what_pixels_stand_for_is_a_range() {
    for bad in ["", "1", "0..", "..1", "0..x", "0,1..2", "nan..1", "0..inf"] {
        assert!(bad.parse::<Pixels>().is_err(), "{bad}");
    }
}
