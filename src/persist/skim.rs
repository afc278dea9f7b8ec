//! A look through a `MessagePack` payload before anything is made of it.
//!
//! Whoever writes a file can also write its checksum, so that nothing in a payload is to be
//! believed: this walks over it, without recursion and without memory, and makes sure that it is
//! exactly one value whose lists and texts have what their headers promise, not nested deeper and
//! with no longer texts than any model. Readers may then take those numbers for true. Binary
//! and extension types are refused: no file has them.

use thiserror::Error as ThisError;

/// Lists and maps within each other: a mixture in 8 chains has 23.
pub(super) const MAX_DEPTH: usize = 32;
/// Bytes of a text. Messages about values that are out of place quote them.
pub(super) const MAX_TEXT: usize = 1 << 18;

/// What is wrong with a payload.
#[derive(Debug, PartialEq, Eq, ThisError)]
pub(super) enum Fault {
    #[error("byte {at} of its data begins something that goes on beyond the end")]
    Beyond { at: usize },
    #[error("byte {at} of its data, {byte:#04x}, is nothing that a file has")]
    Unknown { at: usize, byte: u8 },
    #[error("its data are nested deeper than {MAX_DEPTH} at byte {at}")]
    Deep { at: usize },
    #[error("the text at byte {at} of its data has {length} bytes; at most {MAX_TEXT} are allowed")]
    Text { at: usize, length: usize },
    #[error("its data end at byte {at}, but {extra} bytes follow")]
    Extra { at: usize, extra: usize },
}

/// What one marker begins.
enum Item {
    /// a number, a truth value or nil, of that many bytes after the marker
    Plain(usize),
    Text(Size),
    /// so many values for each element of a list or map
    List(usize, Size),
}

/// Bytes of a text, elements of a list.
#[derive(Clone, Copy)]
enum Size {
    /// as the marker says itself
    Is(usize),
    /// as the next bytes say, of which there are so many
    In(usize),
}

fn item(byte: u8) -> Option<Item> {
    let low = |mask: u8| Size::Is(usize::from(byte & mask));
    Some(match byte {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Item::Plain(0),
        0xcc | 0xd0 => Item::Plain(1),
        0xcd | 0xd1 => Item::Plain(2),
        0xca | 0xce | 0xd2 => Item::Plain(4),
        0xcb | 0xcf | 0xd3 => Item::Plain(8),
        0xa0..=0xbf => Item::Text(low(0x1f)),
        0xd9 => Item::Text(Size::In(1)),
        0xda => Item::Text(Size::In(2)),
        0xdb => Item::Text(Size::In(4)),
        0x90..=0x9f => Item::List(1, low(0x0f)),
        0xdc => Item::List(1, Size::In(2)),
        0xdd => Item::List(1, Size::In(4)),
        0x80..=0x8f => Item::List(2, low(0x0f)),
        0xde => Item::List(2, Size::In(2)),
        0xdf => Item::List(2, Size::In(4)),
        _ => return None,
    })
}

/// Checks a payload.
pub(super) fn skim(payload: &[u8]) -> Result<(), Fault> {
    // How many values are still to come at each level of nesting.
    let mut missing = [0_usize; MAX_DEPTH + 1];
    missing[0] = 1;
    let (mut depth, mut at) = (0, 0);
    loop {
        while missing[depth] == 0 {
            if depth == 0 {
                let extra = payload.len() - at;
                return if extra == 0 {
                    Ok(())
                } else {
                    Err(Fault::Extra { at, extra })
                };
            }
            depth -= 1;
        }
        missing[depth] -= 1;
        let beyond = Fault::Beyond { at };
        let Some(&byte) = payload.get(at) else {
            return Err(beyond);
        };
        let (start, mut rest) = (at, &payload[at + 1..]);
        match item(byte).ok_or(Fault::Unknown { at, byte })? {
            Item::Plain(bytes) => rest = rest.get(bytes..).ok_or(beyond)?,
            Item::Text(length) => {
                let length = count(length, &mut rest).ok_or(beyond)?;
                rest = rest.get(length..).ok_or(Fault::Beyond { at: start })?;
                if length > MAX_TEXT {
                    return Err(Fault::Text { at, length });
                }
            }
            Item::List(each, elements) => {
                let elements = count(elements, &mut rest).ok_or(beyond)?;
                let values = elements.checked_mul(each).filter(|n| *n <= rest.len());
                if depth == MAX_DEPTH {
                    return Err(Fault::Deep { at });
                }
                depth += 1;
                missing[depth] = values.ok_or(Fault::Beyond { at: start })?;
            }
        }
        at = payload.len() - rest.len();
    }
}

/// A size, of which the bytes that it stands in are taken off.
fn count(size: Size, rest: &mut &[u8]) -> Option<usize> {
    match size {
        Size::Is(count) => Some(count),
        Size::In(bytes) => {
            let (number, after) = rest.split_at_checked(bytes)?;
            *rest = after;
            Some(number.iter().fold(0, |n, b| n << 8 | usize::from(*b)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_passes() {
        let value = (
            vec![1.5, f64::NAN],
            "text",
            vec![("x".repeat(40), Some(7_u64)), (String::new(), None)],
            (i64::MIN, u64::MAX, -3, 200, 70_000, true, 1.0_f32),
            vec![0_u16; 70_000],
            "y".repeat(70_000),
        );
        skim(&rmp_serde::to_vec_named(&value).unwrap()).unwrap();
    }

    #[test]
    fn promises_are_kept_or_found_out() {
        let beyond = |at| Err(Fault::Beyond { at });
        assert_eq!(skim(&[]), beyond(0));
        assert_eq!(skim(&[0xcb, 0, 0]), beyond(0));
        assert_eq!(skim(&[0xdd, 0xff, 0xff, 0xff, 0xff, 0]), beyond(0));
        assert_eq!(skim(&[0xdf, 0, 0, 0, 2, 0, 0, 0]), beyond(0));
        assert_eq!(skim(&[0x92, 0, 0xa3, b'a']), beyond(2));
        assert_eq!(skim(&[0x92, 0, 0x91]), beyond(2));
        assert_eq!(skim(&[0xdb, 0xff]), beyond(0));
        assert_eq!(skim(&[0x92, 0x91, 0]), beyond(3));
        assert_eq!(skim(&[0, 0]), Err(Fault::Extra { at: 1, extra: 1 }));
        let unknown = Err(Fault::Unknown { at: 1, byte: 0xc6 });
        assert_eq!(skim(&[0x91, 0xc6, 0xff, 0xff, 0xff, 0xff]), unknown);
    }

    #[test]
    fn depth_and_texts_are_bounded() {
        let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
        assert_eq!(skim(&nested(MAX_DEPTH)), Ok(()));
        let deep = Err(Fault::Deep { at: MAX_DEPTH });
        assert_eq!(skim(&nested(1 << 20)), deep);
        let length = MAX_TEXT + 1;
        let long = rmp_serde::to_vec(&"z".repeat(length)).unwrap();
        assert_eq!(skim(&long), Err(Fault::Text { at: 0, length }));
        assert_eq!(
            skim(&rmp_serde::to_vec(&"z".repeat(length - 1)).unwrap()),
            Ok(())
        );
    }
}
