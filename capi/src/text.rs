//! Texts and bytes on their way in and out.

use std::ffi::{CStr, c_char};

use crate::memory::{Out, Room};
use crate::status::{Failure, Result, Status};

/// A text of the caller's.
///
/// # Safety
/// Unless it is null, a text that ends with a zero byte is at `p`, and nobody changes it for as long
/// as `'a`.
pub(crate) unsafe fn read<'a>(p: *const c_char, what: &str) -> Result<&'a str> {
    if p.is_null() {
        let text = format!("{what} is a null pointer");
        return Err(Failure::new(Status::NullPointer, text));
    }
    // SAFETY: it is not null; the rest is what the caller vouches for.
    let text = unsafe { CStr::from_ptr(p) };
    let invalid = |_| Failure::new(Status::InvalidText, format!("{what} is not UTF-8"));
    text.to_str().map_err(invalid)
}

/// Writes `text` and a zero byte to the `capacity` bytes at `buffer`, and the length of the text
/// without that byte to `length`, which may be null. Where the text does not fit its beginning is
/// written. A null buffer of no bytes asks for the length.
///
/// # Safety
/// What is not null may be written to.
pub(crate) unsafe fn write(
    text: &str,
    (buffer, capacity): (*mut c_char, usize),
    length: *mut usize,
) -> Result {
    // SAFETY: as the caller vouches.
    let length = unsafe { Out::optional(length, text.len(), "length") }?;
    if buffer.is_null() && capacity == 0 && length.is_wanted() {
        return Ok(());
    }
    let room = Room::new(buffer.cast::<u8>(), capacity.max(1), "buffer")?;
    let mut end = text.len().min(capacity.saturating_sub(1));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if capacity > 0 {
        // SAFETY: as the caller vouches; `end` is less than the capacity.
        unsafe {
            room.write(0, &text.as_bytes()[..end]);
            room.write(end, &[0]);
        }
    }
    fits(text.len() + 1, capacity)
}

/// Writes `bytes` to `buffer` if they fit, and their number to `length`, which must not be null. A null
/// buffer of no bytes asks for the number.
///
/// # Safety
/// What is not null may be written to.
pub(crate) unsafe fn write_bytes(
    bytes: &[u8],
    (buffer, capacity): (*mut u8, usize),
    length: *mut usize,
) -> Result {
    // SAFETY: as the caller vouches.
    unsafe { Out::new(length, bytes.len(), "length") }?;
    if buffer.is_null() && capacity == 0 {
        return Ok(());
    }
    fits(bytes.len(), capacity)?;
    let room = Room::new(buffer, capacity, "buffer")?;
    // SAFETY: as the caller vouches; they fit.
    unsafe { room.write(0, bytes) };
    Ok(())
}

fn fits(needed: usize, capacity: usize) -> Result {
    if needed <= capacity {
        return Ok(());
    }
    let text = format!("the buffer holds {capacity} bytes; {needed} are needed");
    Err(Failure::new(Status::BufferTooSmall, text))
}
