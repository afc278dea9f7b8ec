//! Numbers only: slices in, slices out.
//!
//! Every kernel is written once over the [`lane::Lane`] trait and run through
//! [`dispatch::run`] at the [`Level`] of the machine. The instantiation with one
//! lane ([`array::Array`] of length 1) is the scalar twin that the tests hold the
//! others against. No allocation, random numbers, threads or input and output here.
//!
//! Helpers of any size are functions marked `#[inline(always)]`, not closures: a closure that is
//! not inlined runs without the shell's instructions, many times slower.
//!
//! Weakness: results of different levels agree to rounding only, because the
//! vector levels fuse multiplications with additions.

pub(crate) mod adam;
mod array;
pub(crate) mod dense;
pub(crate) mod dispatch;
pub(crate) mod exp;
pub(crate) mod gates;
pub(crate) mod lane;
pub(crate) mod level;
pub(crate) mod math;
pub(crate) mod normal;
pub(crate) mod peak;
pub(crate) mod rows;
pub(crate) mod spline;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use level::Level;

/// Points in one tile: every kernel works on `[row][TILE]` arrays.
pub(crate) const TILE: usize = 64;
