//! Lists and numbers of a model, read with no more memory than they have bytes there (`crate::list`).
//!
//! Numbers with a point are taken as 64 bits only, which is how they are written: 9 bytes for 8.

use std::collections::{BTreeMap, btree_map::Entry};
use std::fmt::{self, Formatter};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

pub(super) use crate::list::some;
use crate::list::{List, add};

/// Most notes of a user's: each takes ten times the room that it has in a file if it is short.
pub(super) const MAX_NOTES: usize = 1 << 14;

/// A number of 64 bits.
pub(super) struct Float(f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bits;
        impl Visitor<'_> for Bits {
            type Value = Float;
            fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
                formatter.write_str("a floating-point number of 64 bits")
            }
            fn visit_f64<E>(self, v: f64) -> Result<Float, E> {
                Ok(Float(v))
            }
            /// Serde's own would make one of 64 bits of it.
            fn visit_f32<E: Error>(self, v: f32) -> Result<Float, E> {
                Err(E::invalid_type(Unexpected::Float(v.into()), &self))
            }
        }
        deserializer.deserialize_f64(Bits)
    }
}

/// One or more numbers.
pub(super) fn numbers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    from.deserialize_seq(List::some(|x: Float| x.0))
}

/// `(low, high)` for one or more axes.
pub(super) fn ranges<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(f64, f64)>, D::Error> {
    from.deserialize_seq(List::some(|(low, high): (Float, Float)| (low.0, high.0)))
}

/// Each of 0..n once, in any order: their bytes are few only where n is small.
pub(super) fn order<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<usize>, D::Error> {
    struct Order;
    impl<'de> Visitor<'de> for Order {
        type Value = Vec<usize>;

        fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
            formatter.write_str("each index below the dimension exactly once")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<usize>, A::Error> {
            let length = seq.size_hint().unwrap_or(0);
            let mut seen = vec![0_u8; length.div_ceil(8)];
            let mut list = Vec::new();
            while let Some(index) = seq.next_element::<usize>()? {
                let bit = 1 << (index % 8);
                match seen.get_mut(index / 8) {
                    Some(byte) if index < length && *byte & bit == 0 => *byte |= bit,
                    _ => {
                        return Err(A::Error::custom(format_args!(
                            "index {index} of the order is used twice or not below the dimension, {length}"
                        )));
                    }
                }
                add(&mut list, index, length);
            }
            Ok(list)
        }
    }
    from.deserialize_seq(Order)
}

/// Notes, each name once.
pub(super) fn notes<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct Notes;
    impl<'de> Visitor<'de> for Notes {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
            write!(formatter, "a map of at most {MAX_NOTES} texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let length = map.size_hint().unwrap_or(0);
            if length > MAX_NOTES {
                return Err(A::Error::invalid_length(length, &self));
            }
            let mut notes = BTreeMap::new();
            while let Some((name, note)) = map.next_entry()? {
                match notes.entry(name) {
                    Entry::Vacant(place) => {
                        place.insert(note);
                    }
                    Entry::Occupied(place) => {
                        let name: &String = place.key();
                        return Err(A::Error::custom(format_args!(
                            "note {name:?} is there twice"
                        )));
                    }
                }
            }
            Ok(notes)
        }
    }
    from.deserialize_map(Notes)
}
