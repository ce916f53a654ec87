//! Ways to change a receipt and its calldata.

use crate::common::{generator, About, Case};
use provenn_bn254::{Fr, G1Affine};
use provenn_verifier::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// Order of the scalars, and of the coordinates, big endian.
const R: [u8; 32] = [
    0x30, 0x64, 0x4e, 0x72, 0xe1, 0x31, 0xa0, 0x29, 0xb8, 0x50, 0x45, 0xb6, 0x81, 0x81, 0x58, 0x5d, 0x28, 0x33, 0xe8,
    0x48, 0x79, 0xb9, 0x70, 0x91, 0x43, 0xe1, 0xf5, 0x93, 0xf0, 0x00, 0x00, 0x01,
];
const Q: [u8; 32] = [
    0x30, 0x64, 0x4e, 0x72, 0xe1, 0x31, 0xa0, 0x29, 0xb8, 0x50, 0x45, 0xb6, 0x81, 0x81, 0x58, 0x5d, 0x97, 0x81, 0x6a,
    0x91, 0x68, 0x71, 0xca, 0x8d, 0x3c, 0x20, 0x8c, 0x16, 0xd8, 0x7c, 0xfd, 0x47,
];

pub struct Draw(ChaCha20Rng);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn word(&mut self) -> [u8; 32] {
        let mut out = [0; 32];
        self.0.fill_bytes(&mut out);
        out
    }
}

fn turned(mut word: [u8; 32]) -> [u8; 32] {
    word.reverse();
    word
}

/// The sum of big-endian numbers mod 2^256.
fn sum(a: &[u8], b: &[u8; 32]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut carry = 0u16;
    for at in (0..32).rev() {
        carry += u16::from(a[at]) + u16::from(b[at]);
        out[at] = carry as u8;
        carry >>= 8;
    }
    out
}

/// Where the words of the proof and of the link proof are.
fn words(case: &Case) -> Vec<usize> {
    let (start, length) = case.proof();
    let link = start + length;
    let responses = (link + 36..case.receipt.len()).step_by(32);
    (start..link).step_by(32).chain([link]).chain(responses).collect()
}

/// A receipt that differs from that of the case in one way, and the name of the way.
pub fn receipt(case: &Case, other: &Case, draw: &mut Draw) -> (&'static str, Vec<u8>) {
    let mut bytes = case.receipt.clone();
    let words = words(case);
    let (at, from) = (draw.pick(&words), draw.pick(&words));
    let claim = case.proof().0;
    let anywhere = match draw.below(2) {
        0 => draw.below(claim),
        _ => draw.below(bytes.len()),
    };
    let mut put = |word: [u8; 32]| bytes[at..at + 32].copy_from_slice(&word);
    let name = match draw.below(16) {
        0 | 1 => {
            bytes[anywhere] ^= 1 << draw.below(8);
            "a bit"
        }
        2 => {
            bytes[anywhere] = draw.word()[0];
            "a byte"
        }
        3 => {
            bytes.truncate(anywhere);
            "cut"
        }
        4 => {
            bytes.insert(anywhere, draw.word()[0]);
            "a byte more"
        }
        5 => {
            bytes.remove(anywhere);
            "a byte less"
        }
        6 => {
            let more = draw.below(64) + 1;
            bytes.extend(&draw.word()[..more.min(32)]);
            "longer"
        }
        7 => {
            put(Fr::from(draw.0.next_u64()).to_bytes());
            "a scalar"
        }
        8 => {
            let word = match draw.below(2) {
                0 => generator(),
                _ => other.receipt[other.proof().0..][..32].try_into().unwrap_or_default(),
            };
            put(word);
            "a point"
        }
        9 => {
            let mut identity = [0; 32];
            identity[31] = draw.pick(&[0, 0x40, 0x80, 0xc0]);
            let random = draw.word();
            put(draw.pick(&[identity, [0xff; 32], turned(R), turned(Q), random]));
            "a word that is none"
        }
        10 => {
            let word: [u8; 32] = bytes[at..at + 32].try_into().unwrap_or_default();
            let more = draw.pick(&[R, Q]);
            bytes[at..at + 32].copy_from_slice(&turned(sum(&turned(word), &more)));
            "the order more"
        }
        11 => {
            bytes[at + 31] ^= draw.pick(&[0x40, 0x80]);
            "a flag"
        }
        12 => {
            bytes.copy_within(from..from + 32, at);
            "a word repeated"
        }
        13 => {
            let word = bytes[at..at + 32].to_vec();
            bytes.copy_within(from..from + 32, at);
            bytes[from..from + 32].copy_from_slice(&word);
            "words exchanged"
        }
        14 => {
            bytes = match draw.below(2) {
                0 => other.receipt.clone(),
                _ => [&bytes[..claim], &other.receipt[other.proof().0..]].concat(),
            };
            "of another model"
        }
        _ => return ("another claim", edited(case, draw)),
    };
    (name, bytes)
}

/// The receipt with a field of its claim changed, well-formed.
fn edited(case: &Case, draw: &mut Draw) -> Vec<u8> {
    let mut receipt = Receipt::from_bytes(&case.receipt).unwrap();
    let claim = &mut receipt.claim;
    let field = draw.below(9);
    if let Some(body) = claim.body.inference_mut() {
        match field {
            0 => body.model_id[draw.below(32)] ^= 1,
            1 => body.quantization[draw.below(32)] ^= 1,
            2 => {
                body.policy = match draw.below(2) {
                    0 => policy::Label.into(),
                    _ => policy::Margin { margin: 1 }.into(),
                }
            }
            3 => body.items[0].answer = Answer::Label(draw.below(12) as u32),
            4 => match &mut body.items[0].inputs[0] {
                InputBinding::Public { values } => {
                    let at = draw.below(values.len());
                    values[at] = values[at].wrapping_add(draw.pick(&[1, -1, 1 << 20, i64::MIN]));
                }
                InputBinding::Committed { points } => {
                    let at = draw.below(points.len());
                    points[at] = G1Affine::GENERATOR.to_bytes();
                }
            },
            5 => match &mut body.items[0].answer {
                Answer::Scores(scores) => {
                    let at = draw.below(scores.len());
                    scores[at] ^= 1 << draw.below(20);
                }
                Answer::Bit(bit) => *bit ^= true,
                Answer::Label(label) => *label ^= 1,
                _ => {}
            },
            _ => {}
        }
    }
    if let Statement::Colouring(body) = &mut claim.body {
        match field {
            0 => body.graph[draw.below(32)] ^= 1,
            1 => body.colours = 2 + draw.below(16) as u32,
            2 => body.vertices = body.vertices.wrapping_add(draw.pick(&[1, 2, u32::MAX])),
            3 => body.edges = body.edges.wrapping_add(draw.pick(&[1, 2, u32::MAX])),
            4 => (body.vertices, body.edges) = (body.edges, body.vertices),
            _ => {}
        }
    }
    match field {
        6 => claim.context.nonce[draw.below(32)] ^= 1,
        7 => claim.context.not_after ^= 1 << draw.below(64),
        8 => claim.context.audience.push('x'),
        _ => {}
    }
    receipt.to_bytes()
}

/// Calldata that differs in one way.
pub fn calldata(honest: &[u8], case: &Case, other: &Case, draw: &mut Draw) -> (&'static str, Vec<u8>) {
    let mut data = honest.to_vec();
    let ys = case.calldata(&case.receipt).ys.len();
    // Behind the arguments' words, of which there is one more where there is a graph.
    let head = match case.about {
        About::Model(_) => 96,
        About::Graph(..) => 128,
    };
    let first = 4 + head + 32 + case.receipt.len().next_multiple_of(32) + 32;
    let y = first + 32 * draw.below(ys);
    let anywhere = match draw.below(2) {
        0 => draw.below(132),
        _ => draw.below(data.len()),
    };
    // Address, offsets, lengths.
    let word = draw.pick(&[4, 36, 68, head - 28, head + 4, first - 32]);
    let name = match draw.below(12) {
        0 => {
            data[anywhere] ^= 1 << draw.below(8);
            "calldata: a bit"
        }
        1 => {
            data.truncate(anywhere);
            "calldata: cut"
        }
        2 => {
            let more = draw.below(96) + 1;
            data.extend(vec![draw.pick(&[0, 1, 0xff]); more]);
            "calldata: longer"
        }
        3 => {
            let by = draw.pick(&[1i32, -1, 32, -32, 4, 1 << 16, i32::MIN]);
            let mut more = [if by < 0 { 0xff } else { 0 }; 32];
            more[28..].copy_from_slice(&by.to_be_bytes());
            let moved = sum(&data[word..word + 32], &more);
            data[word..word + 32].copy_from_slice(&moved);
            "calldata: an offset or length"
        }
        4 => {
            data[word + draw.below(28)] = draw.pick(&[1, 0x80, 0xff]);
            "calldata: a wide word"
        }
        5 => {
            let q = sum(&data[y..y + 32], &Q);
            data[y..y + 32].copy_from_slice(&q);
            "calldata: y + q"
        }
        6 => {
            let mut not: [u8; 32] = data[y..y + 32].try_into().unwrap_or_default();
            not.iter_mut().for_each(|byte| *byte = !*byte);
            let mut one = [0; 32];
            one[31] = 1;
            let negative = sum(&sum(&not, &one), &Q);
            data[y..y + 32].copy_from_slice(&negative);
            "calldata: the other sign"
        }
        7 => {
            let random = draw.word();
            data[y..y + 32].copy_from_slice(&draw.pick(&[[0; 32], [0xff; 32], R, Q, random]));
            "calldata: another y"
        }
        8 => {
            let from = first + 32 * draw.below(ys);
            data.copy_within(from..from + 32, y);
            "calldata: a y repeated"
        }
        9 => {
            data[draw.below(4)] ^= 1 << draw.below(8);
            "calldata: another function"
        }
        10 => {
            let (words, tail) = data[4..].split_at(head);
            let (receipt, tail) = tail.split_at(first - 32 - 4 - head);
            let (ys, graph) = tail.split_at(32 + 32 * ys);
            let mut words = words.to_vec();
            words[32..64].copy_from_slice(&number(head + ys.len()));
            words[64..96].copy_from_slice(&number(head));
            data = [&honest[..4], &words, ys, receipt, graph].concat();
            "calldata: arguments exchanged"
        }
        _ => {
            data = other.calldata(&other.receipt).encode(case.key.into_array());
            "calldata: of another model"
        }
    };
    (name, data)
}

fn number(value: usize) -> [u8; 32] {
    let mut out = [0; 32];
    out[24..].copy_from_slice(&(value as u64).to_be_bytes());
    out
}
