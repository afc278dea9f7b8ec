//! Buffers whose first element stands at the start of a cache line.
//!
//! Vectors of 512 bits that straddle two cache lines cost twice the loads.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the longest vector.
const LINE: usize = 64;

/// A slice of fixed length on the heap, aligned to cache lines.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    /// longer than needed by up to a cache line
    buffer: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// `len` default values.
    pub(crate) fn new(len: usize) -> Self {
        let buffer = vec![T::default(); len + LINE / size_of::<T>()];
        let start = buffer.as_ptr().align_offset(LINE);
        // An allocator may place elements so that no offset aligns them; that is only slow.
        let start = if start <= buffer.len() - len {
            start
        } else {
            0
        };
        Self { buffer, start, len }
    }
}

impl<T: Copy + Default> Default for Aligned<T> {
    fn default() -> Self {
        Self::new(0)
    }
}

impl<T: Copy + Default> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.buffer[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.buffer[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_and_their_copies_start_at_a_cache_line() {
        for len in [0, 1, 63, 1000] {
            let buffer = Aligned::<f32>::new(len);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr().align_offset(LINE), 0);
            assert_eq!(buffer.clone().as_ptr().align_offset(LINE), 0);
        }
    }
}
