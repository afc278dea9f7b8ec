//! Samplers: files, draws, densities.

use std::ffi::c_char;

use thalweg::Sampler;

use crate::handles::SamplerHandle;
use crate::memory::{Out, Room, numbers, read};
use crate::pool::within;
use crate::status::{Failure, Result, Status, guard};
use crate::table::Stored as _;
use crate::text;

/// Points that are drawn together: memory of thalweg's own for so many.
const TOGETHER: usize = 1 << 16;

/// Refuses points whose indices no number has.
pub(crate) fn check_range(n: usize, first: u64) -> Result {
    match first.checked_add(n as u64) {
        Some(_) => Ok(()),
        None => Err(Failure::argument(format!(
            "first is {first}: no {n} points follow"
        ))),
    }
}

/// Divides `n` points into parts `(at, n)`.
pub(crate) fn parts(n: usize, together: usize) -> impl Iterator<Item = (usize, usize)> {
    let starts = (0..n).step_by(together);
    starts.map(move |at| (at, together.min(n - at)))
}

/// Reads a sampler from a file. It may come from a stranger.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_load(
    path: *const c_char,
    sampler: *mut SamplerHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let out = unsafe { Out::new(sampler, SamplerHandle::default(), "sampler") }?;
        // SAFETY: as above.
        let path = unsafe { text::read(path, "path") }?;
        let id = Sampler::load(path)?.insert()?;
        // SAFETY: as above.
        unsafe { out.set(SamplerHandle { id }) };
        Ok(())
    })
}

/// Writes a sampler to a file; one that is there is replaced once the new one is complete.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_save(
    sampler: SamplerHandle,
    path: *const c_char,
) -> Status {
    guard(|| {
        let sampler = Sampler::get(sampler.id)?;
        // SAFETY: the caller vouches for it.
        let path = unsafe { text::read(path, "path") }?;
        Ok(sampler.save(path)?)
    })
}

/// Makes a sampler of the `size` bytes of a model file, as those that another process sends. They may
/// come from a stranger.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_from_bytes(
    bytes: *const u8,
    size: usize,
    sampler: *mut SamplerHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let out = unsafe { Out::new(sampler, SamplerHandle::default(), "sampler") }?;
        numbers(size, 1)?;
        // SAFETY: as above.
        let bytes = unsafe { read(bytes, size, "bytes") }?;
        let id = Sampler::from_bytes(bytes)?.insert()?;
        // SAFETY: as above.
        unsafe { out.set(SamplerHandle { id }) };
        Ok(())
    })
}

/// Writes the bytes of a model file to `buffer` if they fit, and their number to `length`. A null
/// buffer of capacity 0 asks for the number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_bytes(
    sampler: SamplerHandle,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> Status {
    guard(|| {
        let bytes = Sampler::get(sampler.id)?.to_bytes()?;
        // SAFETY: the caller vouches for them.
        unsafe { text::write_bytes(&bytes, (buffer, capacity), length) }
    })
}

/// The number of coordinates of a point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_dim(sampler: SamplerHandle, dim: *mut usize) -> Status {
    guard(|| {
        let sampler = Sampler::get(sampler.id)?;
        // SAFETY: the caller vouches for it.
        unsafe { Out::new(dim, sampler.dim(), "dim") }?;
        Ok(())
    })
}

/// The box of the points, `low[dim]` and `high[dim]`, where `dim` is that of the sampler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_ranges(
    sampler: SamplerHandle,
    dim: usize,
    low: *mut f64,
    high: *mut f64,
) -> Status {
    guard(|| {
        let sampler = Sampler::get(sampler.id)?;
        check_dim(&sampler, dim)?;
        let (low, high) = (Room::new(low, dim, "low")?, Room::new(high, dim, "high")?);
        for (axis, range) in sampler.domain().ranges().iter().enumerate() {
            // SAFETY: the caller vouches for them.
            unsafe {
                low.write(axis, &[range.0]);
                high.write(axis, &[range.1]);
            }
        }
        Ok(())
    })
}

/// Writes one line that says what the proposal is; `length`, which may be null, is that of the text. A
/// null buffer of capacity 0 asks for the length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_describe(
    sampler: SamplerHandle,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    guard(|| {
        let line = Sampler::get(sampler.id)?.map().describe();
        // SAFETY: the caller vouches for them.
        unsafe { text::write(&line, (buffer, capacity), length) }
    })
}

/// Refuses a number of coordinates that is not the sampler's.
pub(crate) fn check_dim(sampler: &Sampler, dim: usize) -> Result {
    let found = sampler.dim();
    if found == dim {
        return Ok(());
    }
    let text = format!("dim is {dim}; points of the sampler have {found} coordinates");
    Err(Failure::argument(text))
}

/// Draws the points `first` to `first + n - 1` of a seed, `points[n * dim]`, and the logarithms of their
/// densities with respect to the volume of the box, `log_density[n]`, which may be null. A point of a
/// seed is the same however many are drawn.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_draw(
    sampler: SamplerHandle,
    n: usize,
    dim: usize,
    seed: u64,
    first: u64,
    points: *mut f64,
    log_density: *mut f64,
) -> Status {
    guard(|| {
        let sampler = Sampler::get(sampler.id)?;
        check_dim(&sampler, dim)?;
        check_range(n, first)?;
        let points = Room::new(points, numbers(n, dim)?, "points")?;
        let log_density = Room::optional(log_density, n, "log_density")?;
        for (at, n) in parts(n, TOGETHER) {
            let batch = within(|| sampler.draw(n, seed, first + at as u64))?;
            // SAFETY: the caller vouches for both.
            unsafe {
                points.write(at * dim, &batch.points);
                log_density.write(at, &batch.log_density);
            }
        }
        Ok(())
    })
}

/// The logarithms of the densities, `log_density[n]`, at `points[n * dim]` in the units of the box; minus
/// infinity outside of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_log_density(
    sampler: SamplerHandle,
    n: usize,
    dim: usize,
    points: *const f64,
    log_density: *mut f64,
) -> Status {
    guard(|| {
        let sampler = Sampler::get(sampler.id)?;
        check_dim(&sampler, dim)?;
        // SAFETY: the caller vouches for it.
        let points = unsafe { read(points, numbers(n, dim)?, "points") }?;
        let room = Room::new(log_density, n, "log_density")?;
        for (at, n) in parts(n, TOGETHER) {
            let points = &points[at * dim..(at + n) * dim];
            let found = within(|| sampler.log_density(points))?;
            // SAFETY: as above.
            unsafe { room.write(at, &found) };
        }
        Ok(())
    })
}
