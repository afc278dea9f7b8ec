//! Memory of the caller's. All of it is checked as far as it can be: for null, for alignment and for
//! sizes that no memory has.

use std::ptr::copy_nonoverlapping;
use std::slice::from_raw_parts;

use crate::status::{Failure, Result, Status};

/// Most numbers that a call hands over, 32 GiB.
pub(crate) const MOST: usize = 1 << 32;
/// Most coordinates of a point, and most values.
pub(crate) const MOST_AXES: usize = 1 << 16;

/// The number of numbers of `n` rows of `width`.
pub(crate) fn numbers(n: usize, width: usize) -> Result<usize> {
    let many = n.checked_mul(width).filter(|many| *many <= MOST);
    let text = || format!("{n} times {width} numbers are more than the 2^32 of a call");
    many.ok_or_else(|| Failure::new(Status::TooLarge, text()))
}

fn check<T>(p: *const T, what: &str) -> Result {
    if p.is_null() {
        let text = format!("{what} is a null pointer");
        return Err(Failure::new(Status::NullPointer, text));
    }
    if !p.is_aligned() {
        return Err(Failure::argument(format!("{what} is not aligned")));
    }
    Ok(())
}

/// `n` values to be read; none may be anywhere.
///
/// # Safety
/// Unless it is null, `n` values that nobody changes for as long as `'a` are at `p`.
pub(crate) unsafe fn read<'a, T>(p: *const T, n: usize, what: &str) -> Result<&'a [T]> {
    if n == 0 {
        return Ok(&[]);
    }
    check(p, what)?;
    // SAFETY: it is not null and aligned; the rest is what the caller vouches for. The size is at most
    // that of 2^32 numbers.
    Ok(unsafe { from_raw_parts(p, n.min(MOST)) })
}

/// One value to be read.
///
/// # Safety
/// Unless it is null, a value that nobody changes for as long as `'a` is at `p`.
pub(crate) unsafe fn value<'a, T>(p: *const T, what: &str) -> Result<&'a T> {
    check(p, what)?;
    // SAFETY: it is not null and aligned; the rest is what the caller vouches for.
    Ok(unsafe { &*p })
}

/// Room of the caller's for values: they are written to it, and it is never read.
#[derive(Debug)]
pub(crate) struct Room<T> {
    p: *mut T,
    n: usize,
}

impl<T: Copy> Room<T> {
    /// Room for `n` values, which must be there unless `n` is 0.
    pub(crate) fn new(p: *mut T, n: usize, what: &str) -> Result<Self> {
        if n > 0 {
            check(p.cast_const(), what)?;
        }
        Ok(Self { p, n })
    }

    /// Room for `n` values, or none where it is null.
    pub(crate) fn optional(p: *mut T, n: usize, what: &str) -> Result<Self> {
        let n = if p.is_null() { 0 } else { n };
        Self::new(p, n, what)
    }

    /// Writes `values` from place `at` on, as far as there is room.
    ///
    /// # Safety
    /// The `n` values at `p` may be written to, and `values` is not among them.
    pub(crate) unsafe fn write(&self, at: usize, values: &[T]) {
        let n = values.len().min(self.n.saturating_sub(at));
        if n > 0 {
            // SAFETY: `at + n` is no more than what there is room for, as the caller vouches.
            unsafe { copy_nonoverlapping(values.as_ptr(), self.p.add(at), n) };
        }
    }
}

/// A place for one result.
#[derive(Debug)]
pub(crate) struct Out<T>(Room<T>);

impl<T: Copy> Out<T> {
    /// A place that must be there; it holds `empty` until there is a result.
    ///
    /// # Safety
    /// Unless it is null, the value at `p` may be written to.
    pub(crate) unsafe fn new(p: *mut T, empty: T, what: &str) -> Result<Self> {
        let out = Self(Room::new(p, 1, what)?);
        // SAFETY: as the caller vouches.
        unsafe { out.set(empty) };
        Ok(out)
    }

    /// As [`Self::new`], or nowhere where it is null.
    ///
    /// # Safety
    /// As of [`Self::new`].
    pub(crate) unsafe fn optional(p: *mut T, empty: T, what: &str) -> Result<Self> {
        let out = Self(Room::optional(p, 1, what)?);
        // SAFETY: as the caller vouches.
        unsafe { out.set(empty) };
        Ok(out)
    }

    /// Whether anybody wants the result.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.n > 0
    }

    /// Writes the result.
    ///
    /// # Safety
    /// As of [`Self::new`].
    pub(crate) unsafe fn set(&self, value: T) {
        // SAFETY: as the caller vouches.
        unsafe { self.0.write(0, &[value]) };
    }
}
