//! Pictures in `.png` files, with the numbers that their pixels stand for.

use crate::error::CliError;
use png::{ColorType, Decoder, Limits, Transformations};
use std::io::Cursor;
use std::str::FromStr;

/// First bytes of a file.
pub const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Largest width and height.
const MAX_EXTENT: u32 = 1 << 14;
/// Bytes that the decoder may take beside the picture.
const MAX_MEMORY: usize = 64 << 20;

/// The numbers that black and white stand for: one of each, or one for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    black: Vec<f64>,
    white: Vec<f64>,
}

impl FromStr for Pixels {
    type Err = ();

    /// `BLACK..WHITE`, as in `0..1`, or with three numbers each, as in `-2.1,-2,-1.8..2.2,2.4,2.6`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers = |text: &str| {
            let all = text.split(',').map(|number| number.parse().map_err(drop));
            all.collect::<Result<Vec<f64>, ()>>()
        };
        let (black, white) = text.split_once("..").ok_or(())?;
        let pixels = Self {
            black: numbers(black)?,
            white: numbers(white)?,
        };
        let is_finite = pixels
            .black
            .iter()
            .chain(&pixels.white)
            .all(|number| number.is_finite());
        match is_finite && pixels.black.len() == pixels.white.len() {
            true => Ok(pixels),
            false => Err(()),
        }
    }
}

impl Pixels {
    /// The number that a share of white from 0 to 1 stands for.
    fn number(&self, channel: usize, share: f64) -> f64 {
        let of = |numbers: &[f64]| numbers.get(channel).or(numbers.first()).copied().unwrap_or_default();
        of(&self.black) + share * (of(&self.white) - of(&self.black))
    }
}

/// The elements of a picture as an input of this shape takes it: with its channels first, last, or without them.
pub fn read(bytes: &[u8], pixels: Option<&Pixels>, expected: &[usize]) -> Result<Vec<f64>, CliError> {
    let pixels = pixels.ok_or_else(|| {
        CliError::usage(
            "png",
            "a picture does not say which numbers its pixels stand for",
            "say what black and white are, as the model was trained: picture.png@0..1, or with a number for each channel",
        )
    })?;
    let picture = Picture::decode(bytes)?;
    let Picture {
        extents: [height, width],
        channels,
        ..
    } = picture;
    let is_first = match *expected {
        [c, h, w] if [c, h, w] == [channels, height, width] => true,
        [h, w, c] if [h, w, c] == [height, width, channels] => false,
        [h, w] if [1, h, w] == [channels, height, width] => true,
        [n] if channels == 1 && n == height * width => true,
        _ => {
            let kind = if channels == 1 { "grey" } else { "coloured" };
            return Err(bad(format!(
                "it is {kind}, {width} wide and {height} high; the model takes the shape {expected:?}"
            )));
        }
    };
    if ![1, channels].contains(&pixels.black.len()) {
        let given = pixels.black.len();
        return Err(bad(format!(
            "it has {channels} channels, and black and white are given for {given}"
        )));
    }
    let at = |channel: usize, pixel: usize| pixels.number(channel, picture.share(pixel * channels + channel));
    let positions = height * width;
    Ok(match is_first {
        true => (0..channels)
            .flat_map(|c| (0..positions).map(move |p| (c, p)))
            .map(|(c, p)| at(c, p))
            .collect(),
        false => (0..positions)
            .flat_map(|p| (0..channels).map(move |c| (c, p)))
            .map(|(c, p)| at(c, p))
            .collect(),
    })
}

/// Grey or red, green and blue, pixel by pixel.
struct Picture {
    extents: [usize; 2],
    channels: usize,
    /// Bytes of a sample, the most significant first.
    depth: usize,
    data: Vec<u8>,
}

impl Picture {
    fn decode(bytes: &[u8]) -> Result<Self, CliError> {
        let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MAX_MEMORY });
        decoder.set_transformations(Transformations::EXPAND);
        let mut reader = decoder.read_info().map_err(|e| bad(e.to_string()))?;
        let (width, height) = reader.info().size();
        if width.max(height) > MAX_EXTENT {
            return Err(bad(format!(
                "it is {width} wide and {height} high, at most {MAX_EXTENT} are read"
            )));
        }
        let (colour, depth) = reader.output_color_type();
        let channels = match colour {
            ColorType::Grayscale => 1,
            ColorType::Rgb => 3,
            _ => {
                return Err(bad(
                    "it has transparent parts, of which nobody said what they stand for".into(),
                ))
            }
        };
        let size = reader.output_buffer_size().unwrap_or_default();
        let mut data = vec![0; size];
        reader.next_frame(&mut data).map_err(|e| bad(e.to_string()))?;
        Ok(Self {
            extents: [height as usize, width as usize],
            channels,
            depth: if depth as u8 == 16 { 2 } else { 1 },
            data,
        })
    }

    /// A sample as a share of white.
    fn share(&self, index: usize) -> f64 {
        let sample = self
            .data
            .get(index * self.depth..(index + 1) * self.depth)
            .unwrap_or_default();
        match *sample {
            [high, low] => f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX),
            [byte] => f64::from(byte) / f64::from(u8::MAX),
            _ => 0.0,
        }
    }
}

fn bad(found: String) -> CliError {
    CliError::usage(
        "png",
        format!("not a usable picture: {found}"),
        "give a grey or coloured .png of the size that the model takes, or the numbers themselves as .npy",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
