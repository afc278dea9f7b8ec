//! Magic, version, checksum and length around a payload, for every kind of file.

use thiserror::Error as ThisError;

/// Bytes before the payload.
pub(super) const HEADER: usize = 24;

/// A kind of file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// what it is called in messages
    pub(super) name: &'static str,
    /// its first bytes
    pub(super) magic: &'static [u8; 8],
    /// the format that this version writes, and the newest that it reads
    pub(super) format: u32,
}

/// Why bytes are no envelope.
#[derive(Debug, PartialEq, Eq, ThisError)]
pub(super) enum Fault {
    #[error("it is empty")]
    Empty,
    #[error("it does not begin as a thalweg {kind} does")]
    Magic { kind: &'static str },
    #[error("it is cut off: {found} of {expected} bytes are there")]
    Truncated { found: u64, expected: u64 },
    #[error("it goes on after the {expected} bytes that it should have")]
    TooLong { expected: u64 },
    #[error("it has format version 0, which does not exist")]
    NoVersion,
    #[error("format {found} is newer than {known}")]
    Newer { found: u32, known: u32 },
    #[error("its checksum is {found:08x} instead of {expected:08x}: the file is damaged")]
    Checksum { found: u32, expected: u32 },
}

/// An envelope around the payload that `write` appends.
pub(super) fn wrap<E>(
    kind: Kind,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let mut bytes = vec![0; HEADER];
    write(&mut bytes)?;
    let (header, payload) = bytes.split_at_mut(HEADER);
    header[..8].copy_from_slice(kind.magic);
    header[8..12].copy_from_slice(&kind.format.to_le_bytes());
    header[12..16].copy_from_slice(&checksum(kind.format, payload).to_le_bytes());
    header[16..].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    Ok(bytes)
}

/// Bytes that a file should have of which `header` is the beginning; `Err` if that is no header
/// of the kind. Nothing of the payload is needed, so that a file can be refused before it is read.
pub(super) fn expected(kind: Kind, header: &[u8]) -> Result<u64, Fault> {
    if header.is_empty() {
        return Err(Fault::Empty);
    }
    let seen = header.len().min(kind.magic.len());
    if header[..seen] != kind.magic[..seen] {
        return Err(Fault::Magic { kind: kind.name });
    }
    if header.len() < HEADER {
        return Err(Fault::Truncated {
            found: header.len() as u64,
            expected: HEADER as u64,
        });
    }
    match word(header, 8) {
        0 => Err(Fault::NoVersion),
        found if found > kind.format => Err(Fault::Newer {
            found,
            known: kind.format,
        }),
        _ => {
            let length = u64::from(word(header, 16)) | u64::from(word(header, 20)) << 32;
            Ok(length.saturating_add(HEADER as u64))
        }
    }
}

pub(super) fn unwrap(kind: Kind, bytes: &[u8]) -> Result<&[u8], Fault> {
    let expected = expected(kind, bytes)?;
    let found = bytes.len() as u64;
    if found < expected {
        return Err(Fault::Truncated { found, expected });
    }
    if found > expected {
        return Err(Fault::TooLong { expected });
    }
    let payload = &bytes[HEADER..];
    let (found, expected) = (checksum(word(bytes, 8), payload), word(bytes, 12));
    if found == expected {
        Ok(payload)
    } else {
        Err(Fault::Checksum { found, expected })
    }
}

/// The number at byte `at` of a header.
fn word(header: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i]))
}

/// CRC-32 of the version and the payload.
fn checksum(format: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&format.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn wrap(kind: Kind, payload: &[u8]) -> Vec<u8> {
        let write = |bytes: &mut Vec<u8>| {
            bytes.extend(payload);
            Ok::<(), Infallible>(())
        };
        super::wrap(kind, write).unwrap()
    }

    const THING: Kind = Kind {
        name: "thing",
        magic: b"THINGS!\n",
        format: 3,
    };

    #[test]
    fn round_trip() {
        for payload in [&b"payload"[..], b""] {
            assert_eq!(unwrap(THING, &wrap(THING, payload)), Ok(payload));
        }
    }

    #[test]
    fn kinds_and_formats_are_told_apart() {
        let wrapped = |kind| wrap(kind, b"payload");
        let other = Kind {
            magic: b"STRINGS\n",
            ..THING
        };
        let magic = Fault::Magic { kind: "thing" };
        assert_eq!(unwrap(THING, &wrapped(other)), Err(magic));
        let newer = Kind { format: 4, ..THING };
        let fault = Fault::Newer { found: 4, known: 3 };
        assert_eq!(unwrap(THING, &wrapped(newer)), Err(fault));
        let older = Kind { format: 2, ..THING };
        assert!(unwrap(THING, &wrapped(older)).is_ok());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let good = wrap(THING, b"some payload");
        for at in 0..good.len() {
            assert!(unwrap(THING, &good[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(unwrap(THING, &bad).is_err(), "byte {at}, bit {bit}");
            }
        }
        let mut long = good.clone();
        long.push(0);
        let expected = good.len() as u64;
        assert_eq!(unwrap(THING, &long), Err(Fault::TooLong { expected }));
    }
}
