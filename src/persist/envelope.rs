//! Magic, version, checksum and length around a payload.

use thiserror::Error as ThisError;

const MAGIC: &[u8; 8] = b"THALWEG\n";
/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;
const HEADER: usize = 24;

/// Why bytes are no envelope.
#[derive(Debug, PartialEq, Eq, ThisError)]
pub(super) enum Fault {
    #[error("it is empty")]
    Empty,
    #[error("it does not begin as a thalweg model does")]
    Magic,
    #[error("it is cut off: {found} of {expected} bytes are there")]
    Truncated { found: u64, expected: u64 },
    #[error("it has {extra} bytes too many")]
    TooLong { extra: u64 },
    #[error("it has format version 0, which does not exist")]
    NoVersion,
    #[error("format {found} is newer than {known}")]
    Newer { found: u32, known: u32 },
    #[error("its checksum is {found:08x} instead of {expected:08x}: the file is damaged")]
    Checksum { found: u32, expected: u32 },
}

pub(super) fn wrap(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&checksum(FORMAT, payload).to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

pub(super) fn unwrap(bytes: &[u8]) -> Result<&[u8], Fault> {
    if bytes.is_empty() {
        return Err(Fault::Empty);
    }
    let seen = bytes.len().min(MAGIC.len());
    if bytes[..seen] != MAGIC[..seen] {
        return Err(Fault::Magic);
    }
    let found = bytes.len() as u64;
    let Some((header, payload)) = bytes.split_at_checked(HEADER) else {
        return Err(Fault::Truncated {
            found,
            expected: HEADER as u64,
        });
    };
    let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i]));
    let format = word(8);
    if format == 0 {
        return Err(Fault::NoVersion);
    }
    if format > FORMAT {
        return Err(Fault::Newer {
            found: format,
            known: FORMAT,
        });
    }
    let length = u64::from(word(16)) | u64::from(word(20)) << 32;
    let expected = length.saturating_add(HEADER as u64);
    if found < expected {
        return Err(Fault::Truncated { found, expected });
    }
    if found > expected {
        return Err(Fault::TooLong {
            extra: found - expected,
        });
    }
    let (found, expected) = (checksum(format, payload), word(12));
    if found == expected {
        Ok(payload)
    } else {
        Err(Fault::Checksum { found, expected })
    }
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
    use super::*;

    #[test]
    fn round_trip() {
        assert_eq!(unwrap(&wrap(b"payload")), Ok(&b"payload"[..]));
        assert_eq!(unwrap(&wrap(b"")), Ok(&b""[..]));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let good = wrap(b"some payload");
        for at in 0..good.len() {
            assert!(unwrap(&good[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(unwrap(&bad).is_err(), "byte {at}, bit {bit}");
            }
        }
        let mut long = good.clone();
        long.push(0);
        assert_eq!(unwrap(&long), Err(Fault::TooLong { extra: 1 }));
    }
}
