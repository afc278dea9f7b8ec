//! The scripts of a gridpack, from templates: `@KEY@` stands for a value.

use std::env::consts::ARCH;

use thalweg::Level;

use super::error::GridpackError;
use super::folder::Folder;

/// What is filled in.
pub(super) struct Scripts<'a> {
    /// of the folder
    pub(super) name: &'a str,
    /// of what the events are
    pub(super) label: &'a str,
    /// the ending of a run's file
    pub(super) format: &'a str,
    /// of `thalweg sample`, for the shell, with `$here` as the folder
    pub(super) arguments: &'a str,
    /// library and process file, for the shell, with `$here` as the folder
    pub(super) integrand: &'a str,
    pub(super) level: Level,
    /// events of a job
    pub(super) events: u64,
    pub(super) jobs: u64,
    pub(super) kind: Kind,
}

/// What a run writes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// with momenta
    Events,
    /// with weights f/q
    Points,
    Unweighted,
}

impl Kind {
    fn together(self) -> &'static str {
        match self {
            Self::Events => include_str!("together_events.txt"),
            Self::Points => include_str!("together_points.txt"),
            Self::Unweighted => include_str!("together_unweighted.txt"),
        }
    }
}

/// Variables that change last digits, as they have to be at `level`.
///
/// exp, cos and others of glibc have versions for processors with fused multiply-add, which round
/// otherwise. All processors of the level `avx2` have it; of the portable level, no version may use it.
fn variables(level: Level) -> &'static str {
    match level {
        Level::Portable if cfg!(target_arch = "x86_64") => {
            "unset THALWEG_LEVEL\n\
             GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX,-FMA_Usable,-FMA4_Usable,-AVX2_Usable,-AVX_Usable\n\
             export GLIBC_TUNABLES"
        }
        Level::Portable | Level::Avx2 | Level::Avx512 => "unset THALWEG_LEVEL GLIBC_TUNABLES",
    }
}

impl Scripts<'_> {
    /// Writes all of them into `folder`.
    pub(super) fn write(&self, folder: &mut Folder) -> Result<(), GridpackError> {
        folder.write_script("run.sh", &self.fill(include_str!("run.sh")))?;
        folder.write_script("slurm.sh", &self.fill(include_str!("slurm.sh")))?;
        folder.write_script("condor.sh", &self.fill(include_str!("condor.sh")))?;
        folder.write(
            "condor.sub",
            self.fill(include_str!("condor.sub")).as_bytes(),
        )?;
        folder.write("README", self.fill(include_str!("README.txt")).as_bytes())
    }

    fn fill(&self, template: &str) -> String {
        let there = self.integrand.replace("$here", self.name).replace('"', "");
        // The label may hold anything, so it comes last.
        let values: [(&str, &str); 13] = [
            ("@TOGETHER@", self.kind.together().trim_end()),
            ("@ARGUMENTS@", self.arguments),
            ("@INTEGRAND@", &there),
            ("@VARIABLES@", variables(self.level)),
            ("@LEVEL@", self.level.name()),
            ("@ARCH@", ARCH),
            ("@VERSION@", env!("CARGO_PKG_VERSION")),
            ("@EVENTS@", &self.events.to_string()),
            ("@JOBS@", &self.jobs.to_string()),
            ("@LAST@", &(self.jobs - 1).to_string()),
            ("@FORMAT@", self.format),
            ("@NAME@", self.name),
            ("@LABEL@", self.label),
        ];
        let mut text = template.to_owned();
        for (key, value) in values {
            text = text.replace(key, value);
        }
        text
    }
}
