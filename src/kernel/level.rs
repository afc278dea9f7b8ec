//! The instruction set that the kernels use, decided once for a process.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::{env, ffi::OsString};

use crate::error::{Error, Result};

/// A set of vector instructions.
///
/// The same seed gives the same bits on one level; different levels agree to rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Plain Rust that the compiler may vectorise for the target's baseline.
    Portable,
    /// AVX2 with fused multiply-add (x86-64).
    Avx2,
    /// AVX-512 F, DQ and VL (x86-64).
    Avx512,
}

/// The environment variable that lowers the level.
const VARIABLE: &str = "THALWEG_LEVEL";

/// 0: not decided yet; otherwise 1 + the level's number.
static ACTIVE: AtomicU8 = AtomicU8::new(0);

impl Level {
    /// The best level of this machine, or the one that the environment variable `THALWEG_LEVEL` names where
    /// that is lower: `portable`, `avx2` or `avx512`. Machines that are to give the same bits are given the
    /// level of the least of them.
    pub fn detect() -> Self {
        let asked = Self::asked().and_then(|name| name.to_str()?.parse().ok());
        Self::of_machine().min(asked.unwrap_or(Self::Avx512))
    }

    /// What the environment asks for; read once.
    fn asked() -> Option<&'static OsString> {
        static ASKED: OnceLock<Option<OsString>> = OnceLock::new();
        ASKED.get_or_init(|| env::var_os(VARIABLE)).as_ref()
    }

    /// Refuses an environment that names no level.
    ///
    /// # Errors
    /// [`Error::UnknownLevel`]
    pub fn check() -> Result<()> {
        let Some(name) = Self::asked() else {
            return Ok(());
        };
        let name = name.to_string_lossy();
        name.parse::<Self>().map(|_| ())
    }

    fn of_machine() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
            {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// The level in use: the detected one unless [`Level::force`] lowered it.
    pub fn active() -> Self {
        match ACTIVE.load(Ordering::Relaxed) {
            1 => Self::Portable,
            2 => Self::Avx2,
            3 => Self::Avx512,
            _ => {
                let level = Self::detect();
                ACTIVE.store(level as u8 + 1, Ordering::Relaxed);
                level
            }
        }
    }

    /// Uses `self`, or the best level of the machine where that is lower, from now on in
    /// the whole process; returns the level in force. Meant for tests and comparisons.
    #[must_use]
    pub fn force(self) -> Self {
        let level = self.min(Self::detect());
        ACTIVE.store(level as u8 + 1, Ordering::Relaxed);
        level
    }

    /// All levels that this machine can run, lowest first.
    pub fn available() -> Vec<Self> {
        let best = Self::detect();
        [Self::Portable, Self::Avx2, Self::Avx512]
            .into_iter()
            .filter(|l| *l <= best)
            .collect()
    }

    /// The name printed in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512]
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or_else(|| Error::UnknownLevel { name: name.into() })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
