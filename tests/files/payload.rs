//! `MessagePack`, as much of it as models have, and the envelope around it.

use super::seal::seal;

/// A payload while it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payload(pub(crate) Vec<u8>);

impl Payload {
    pub(crate) fn map(mut self, entries: u32) -> Self {
        self.0.push(0xdf);
        self.0.extend(entries.to_be_bytes());
        self
    }

    pub(crate) fn list(mut self, elements: u32) -> Self {
        self.0.push(0xdd);
        self.0.extend(elements.to_be_bytes());
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.push(0xdb);
        let length = u32::try_from(text.len()).expect("a short text");
        self.0.extend(length.to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    pub(crate) fn float(mut self, x: f64) -> Self {
        self.0.push(0xcb);
        self.0.extend(x.to_be_bytes());
        self
    }

    pub(crate) fn whole(mut self, n: u64) -> Self {
        self.0.push(0xcf);
        self.0.extend(n.to_be_bytes());
        self
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// The beginning of a model up to its map.
    pub(crate) fn model(ranges: &[(f64, f64)]) -> Self {
        let dim = u32::try_from(ranges.len()).expect("few ranges");
        let start = Self::default().map(5).text("library").text("0.1.0");
        let start = start.text("domain").map(1).text("ranges").list(dim);
        let pair = |p: Self, (low, high): &(f64, f64)| p.list(2).float(*low).float(*high);
        ranges.iter().fold(start, pair).text("map")
    }

    /// The end of a model after its map.
    pub(crate) fn end(self) -> Self {
        self.raw(b"\xa8estimate\xc0\xa8metadata\x80")
    }

    /// The model file.
    pub(crate) fn sealed(self) -> Vec<u8> {
        let mut bytes = [&b"THALWEG\n\x01\0\0\0"[..], &[0; 12], &self.0].concat();
        seal(&mut bytes);
        bytes
    }
}

/// Where the values of a good payload begin, and its end.
pub(crate) fn values(payload: &[u8]) -> Vec<usize> {
    let (mut starts, mut at) = (Vec::new(), 0);
    let number = |at: usize, bytes: usize| {
        let bytes = &payload[at + 1..=at + bytes];
        bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b))
    };
    while at < payload.len() {
        starts.push(at);
        at += match payload[at] {
            byte @ 0xa0..=0xbf => 1 + usize::from(byte & 0x1f),
            0xd9 => 2 + number(at, 1),
            0xda => 3 + number(at, 2),
            0xcc | 0xd0 => 2,
            0xcd | 0xd1 | 0xdc | 0xde => 3,
            0xca | 0xce | 0xd2 | 0xdd | 0xdf => 5,
            0xcb | 0xcf | 0xd3 => 9,
            _ => 1,
        };
    }
    starts.push(at);
    starts
}
