//! Runs a kernel at the active level: one `target_feature` shell per level for all.

#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512};
use super::{
    array::{Portable, Scalar},
    lane::Simd,
    level::Level,
};

/// A kernel with its arguments, waiting for a level.
pub(crate) trait Kernel {
    type Output;
    /// The body; must be `#[inline(always)]` so that it takes on the shell's features.
    fn run<S: Simd>(self) -> Self::Output;
}

/// Runs `kernel` at the active level.
#[inline]
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    // The active level is never above the detected one: see `Level`.
    run_detected(Level::active(), kernel)
}

/// Runs `kernel` at `level`, or at the best of this machine where that is lower.
pub(crate) fn run_at<K: Kernel>(level: Level, kernel: K) -> K::Output {
    run_detected(level.min(Level::detect()), kernel)
}

/// Runs `kernel` one lane at a time, without fused multiply-adds.
pub(crate) fn run_scalar<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Scalar<false>>()
}

#[inline]
fn run_detected<K: Kernel>(level: Level, kernel: K) -> K::Output {
    match level {
        Level::Portable => kernel.run::<Portable>(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the level is at most the one detected on this machine.
        Level::Avx2 => unsafe { avx2(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the level is at most the one detected on this machine.
        Level::Avx512 => unsafe { avx512(kernel) },
        #[cfg(not(target_arch = "x86_64"))]
        Level::Avx2 | Level::Avx512 => kernel.run::<Portable>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx512>()
}
