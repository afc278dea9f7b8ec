//! Lists of files, read with no more memory than they have bytes there.
//!
//! A list's length is the number of values that are really there (`persist/skim`), but they may take
//! fewer bytes than an element should: room is made as elements come, half as much again each
//! time, so that a list that is no good costs what its good part does. Of lists of lists none may be
//! empty, which takes more room than its byte.

use std::fmt::{self, Formatter};

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

/// Most elements of a list of which none is as long as a run: nets, changes of size.
const FEW: usize = 256;

/// Adds to a list that will have at most `length` elements.
pub(crate) fn add<T>(list: &mut Vec<T>, element: T, length: usize) {
    if list.len() == list.capacity() {
        let room = list.len() + (list.len() / 2).max(4);
        // At least one, should the length have been too small.
        let more = room.min(length).saturating_sub(list.len());
        list.reserve_exact(more.max(1));
    }
    list.push(element);
}

/// Reads elements `T` into a list of `U`.
pub(crate) struct List<T, U> {
    pub(crate) convert: fn(T) -> U,
    pub(crate) fewest: usize,
    pub(crate) most: usize,
}

impl<T, U> List<T, U> {
    /// One that is not empty.
    pub(crate) fn some(convert: fn(T) -> U) -> Self {
        Self {
            convert,
            fewest: 1,
            most: usize::MAX,
        }
    }
}

impl<'de, T: Deserialize<'de>, U> Visitor<'de> for List<T, U> {
    type Value = Vec<U>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match (self.fewest, self.most) {
            (0, usize::MAX) => formatter.write_str("a list"),
            (0, most) => write!(formatter, "a list of at most {most}"),
            (_, _) => formatter.write_str("a list of one or more"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<U>, A::Error> {
        let length = seq.size_hint().unwrap_or(0);
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            if list.len() == self.most {
                return Err(A::Error::invalid_length(length, &self));
            }
            add(&mut list, (self.convert)(element), length);
        }
        if list.len() < self.fewest {
            return Err(A::Error::invalid_length(list.len(), &self));
        }
        Ok(list)
    }
}

/// A list that is not empty.
struct Filled<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Filled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        some(deserializer).map(Filled)
    }
}

/// One or more elements.
pub(crate) fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_seq(List::some(|element: T| element))
}

/// A few elements.
pub(crate) fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let list = List {
        convert: |element: T| element,
        fewest: 0,
        most: FEW,
    };
    from.deserialize_seq(list)
}

/// Lists, none of which is empty.
pub(crate) fn lists<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<Vec<T>>, D::Error> {
    let list = List {
        convert: |list: Filled<T>| list.0,
        fewest: 0,
        most: usize::MAX,
    };
    from.deserialize_seq(list)
}
