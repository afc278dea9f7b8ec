//! Distillation: a student flow learns what a teacher draws.
//!
//! The teacher (a MAF, say, whose density is cheap but whose draws take d passes) draws samples once; the
//! student (an IAF, whose draws take one pass) is trained on them by maximum likelihood, which minimises the
//! divergence KL(teacher || student), known here because the teacher knows its own density. After A. van den
//! Oord et al., "Parallel `WaveNet`" (2017), arXiv:1711.10433, who minimise KL(student || teacher) instead:
//! that needs no draws of the teacher but lets the student leave out some of its modes.

use super::fit::{FitConfig, FitReport, fit_scaled};
use crate::error::Result;
use crate::flow::Flow;
use crate::kernel::TILE;
use crate::map::Map;
use crate::rng::{Purpose, Streams};

/// Trains `student` on `n` draws of `teacher`, its diagonal layers started from them. In the report stand
/// means of ln(student/teacher): minus the divergence in nats, with the samples trained on and held out.
///
/// # Errors
/// As [`fit`](super::fit).
pub fn distill(
    teacher: &dyn Map,
    student: &mut Flow,
    n: usize,
    config: &FitConfig,
    seed: u64,
) -> Result<FitReport> {
    let dim = teacher.dim();
    let (mut z, mut x, mut log_jac) = (vec![0.0; n * dim], vec![0.0; n * dim], vec![0.0; n]);
    Streams::new(seed).fill_points(Purpose::Online, 0, 0, dim, &mut z);
    let tiles = z.chunks(TILE * dim).zip(x.chunks_mut(TILE * dim));
    for ((z, x), log_jac) in tiles.zip(log_jac.chunks_mut(TILE)) {
        teacher.forward(z, x, log_jac);
    }
    student.start_from(&x);
    // ln(student/teacher) = log q_student + log_jac of the teacher
    for l in &mut log_jac {
        *l = -*l;
    }
    fit_scaled(student, &x, &log_jac, config, seed)
}
