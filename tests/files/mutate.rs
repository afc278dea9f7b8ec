//! Changes to good files, the same for the same number.

use std::ops::Range;

use super::{
    payload::values,
    seal::{HEADER, seal},
};

/// Numbers after `SplitMix64`.
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("less than a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A good file, and where the values of its payload begin.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Model {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let starts = values(&bytes[HEADER..]);
        let starts = starts.iter().map(|at| at + HEADER).collect();
        Self { bytes, starts }
    }

    /// Some value, without what is in it.
    fn value(&self, numbers: &mut Numbers) -> Range<usize> {
        let which = numbers.below(self.starts.len() - 1);
        self.starts[which]..self.starts[which + 1]
    }

    /// A few values after each other.
    fn values(&self, numbers: &mut Numbers) -> Range<usize> {
        let first = self.value(numbers);
        let last = (numbers.below(12) + 1 + self.starts.partition_point(|s| *s < first.start))
            .min(self.starts.len() - 1);
        first.start..self.starts[last]
    }
}

/// Numbers where things go wrong.
const FLOATS: [f64; 20] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
    f64::EPSILON,
    1.0 - f64::EPSILON,
    1e16,
    -1e16,
    3.4e38,
    -3.4e38,
    1e6,
    1e-12,
];
const WHOLES: [u64; 14] = [
    0,
    1,
    2,
    3,
    31,
    64,
    4096,
    65_535,
    1 << 20,
    1 << 31,
    (1 << 32) - 1,
    1 << 62,
    1 << 63,
    u64::MAX,
];
/// Markers of every sort: sizes are behind some of them.
const MARKERS: [u8; 24] = [
    0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc4, 0xc6, 0xc9, 0xca, 0xcb,
    0xcf, 0xd4, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xff,
];

/// A value to put in place of another.
fn new_value(numbers: &mut Numbers) -> Vec<u8> {
    match numbers.below(6) {
        0 | 1 => [&[0xcb][..], &numbers.pick(&FLOATS).to_be_bytes()].concat(),
        2 => [&[0xcf][..], &numbers.pick(&WHOLES).to_be_bytes()].concat(),
        3 => [&[0xcb][..], &numbers.next().to_be_bytes()].concat(),
        4 => {
            let length = [0_u32, 1, 20, 1 << 16, u32::MAX];
            let marker = numbers.pick(&[0xdd, 0xdf, 0xdb, 0xc6]);
            [&[marker][..], &numbers.pick(&length).to_be_bytes()].concat()
        }
        _ => vec![numbers.pick(&MARKERS)],
    }
}

/// One change that minds where values begin.
fn by_value(bytes: &mut Vec<u8>, (model, other): (&Model, &Model), numbers: &mut Numbers) {
    let place = model.value(numbers);
    match numbers.below(6) {
        0..=2 => drop(bytes.splice(place, new_value(numbers))),
        3 => drop(bytes.drain(model.values(numbers))),
        4 => {
            let copy = model.bytes[model.values(numbers)].to_vec();
            bytes.splice(place.start..place.start, copy);
        }
        _ => {
            let copy = other.bytes[other.values(numbers)].to_vec();
            bytes.splice(model.values(numbers), copy);
        }
    }
}

/// One change that does not.
fn by_byte(bytes: &mut Vec<u8>, other: &Model, numbers: &mut Numbers) {
    if bytes.is_empty() {
        return;
    }
    let at = numbers.below(bytes.len());
    match numbers.below(8) {
        0 | 1 => bytes[at] ^= 1 << numbers.below(8),
        2 => bytes[at] = numbers.byte(),
        3 => bytes[at] = numbers.pick(&MARKERS),
        4 => bytes.truncate(at),
        5 => {
            let more = numbers.below(40);
            bytes.extend((0..more).map(|_| numbers.byte()));
        }
        6 => {
            let from = numbers.below(other.bytes.len());
            bytes.truncate(at);
            bytes.extend(&other.bytes[from..]);
        }
        _ => {
            // A size of which a marker may stand before it.
            let end = (at + 4).min(bytes.len());
            bytes[at..end].fill(numbers.pick(&[0xff, 0x7f, 0x00]));
        }
    }
}

/// Mutation `number` of some of the models; most have a right checksum.
pub(crate) fn mutation(models: &[Model], number: u64) -> Vec<u8> {
    let mut numbers = Numbers(number.wrapping_mul(0xa076_1d64_78bd_642f));
    let model = &models[numbers.below(models.len())];
    let other = &models[numbers.below(models.len())];
    let mut bytes = model.bytes.clone();
    // Places of values are those of the untouched file, so there is one change of that sort.
    if numbers.below(3) > 0 {
        by_value(&mut bytes, (model, other), &mut numbers);
        // Also a second one, where the first has moved nothing.
        if bytes.len() == model.bytes.len() && numbers.below(2) == 0 {
            by_value(&mut bytes, (model, other), &mut numbers);
        }
    } else {
        for _ in 0..=numbers.below(3) {
            by_byte(&mut bytes, other, &mut numbers);
        }
    }
    if numbers.below(8) > 0 {
        seal(&mut bytes);
    }
    bytes
}
