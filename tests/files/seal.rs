//! The header of a file, so that bytes get past the first checks; the fuzz targets use it, too.

/// Bytes before the payload.
pub(crate) const HEADER: usize = 24;

/// Makes length and checksum right.
pub(crate) fn seal(bytes: &mut [u8]) {
    let Some((header, payload)) = bytes.split_at_mut_checked(HEADER) else {
        return;
    };
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[8..12]);
    hasher.update(payload);
    header[12..16].copy_from_slice(&hasher.finalize().to_le_bytes());
    header[16..].copy_from_slice(&(payload.len() as u64).to_le_bytes());
}
