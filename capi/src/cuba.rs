//! Entry points with the arguments of Cuba's Vegas, so that a program is ported by renaming.

use std::ffi::{c_char, c_int, c_longlong, c_void};
use std::mem::transmute;

use crate::cuba_run::{Found, Function, MOST, Task, Whole, vegas};
use crate::memory::Out;

/// An integrand as Cuba's: `f[ncomp * nvec]` at `x[ndim * nvec]` in the unit cube. The value -999 ends
/// the run, all others are taken for 0. It is called with two more arguments, `const int *nvec` and
/// `const int *core` (-1), which functions that have them may read: they are cast to this type. Those
/// that Cuba's Vegas hands over after these, weight and iteration, are not there.
pub type CubaIntegrand = Option<
    unsafe extern "C-unwind" fn(
        ndim: *const c_int,
        x: *const f64,
        ncomp: *const c_int,
        f: *mut f64,
        userdata: *mut c_void,
    ) -> c_int,
>;

/// The same function, to be called with all arguments.
fn whole(
    integrand: unsafe extern "C-unwind" fn(
        *const c_int,
        *const f64,
        *const c_int,
        *mut f64,
        *mut c_void,
    ) -> c_int,
) -> Whole {
    // SAFETY: both are pointers to functions. In the calling conventions of C for the machines that
    // this is built for, the caller makes and removes the arguments, and a function does not see those
    // that it has no names for: Cuba itself relies on it.
    unsafe { transmute::<*const (), Whole>(integrand as *const ()) }
}

/// `ndim` and `ncomp`, 0 where they make no sense.
fn sizes(ndim: c_int, ncomp: c_int) -> (usize, usize, usize) {
    let size = |n: c_int| usize::try_from(n.min(MOST)).unwrap_or(0);
    (size(ndim), size(ncomp), 1)
}

/// Integrates over the unit cube with the arguments of Cuba's Vegas. `flags`, `mineval`, `nstart`,
/// `nincrease`, `nbatch`, `gridno`, `statefile` and `spin` are not used; at least 512 calls are made. `fail`
/// is 0 where all components are as precise as asked for and nothing speaks against the result, 1
/// where not, -1 for a wrong `ndim`, -2 for a wrong `ncomp`, -99 where the integrand returned -999, and -3
/// for all else, which `thalweg_last_error` names. `prob` is 1 - p, where p is the probability of a
/// larger chi squared, and -1 where it is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_cuba_vegas(
    ndim: c_int,
    ncomp: c_int,
    integrand: CubaIntegrand,
    userdata: *mut c_void,
    nvec: c_int,
    epsrel: f64,
    epsabs: f64,
    flags: c_int,
    seed: c_int,
    mineval: c_int,
    maxeval: c_int,
    nstart: c_int,
    nincrease: c_int,
    nbatch: c_int,
    gridno: c_int,
    statefile: *const c_char,
    spin: *mut c_void,
    neval: *mut c_int,
    fail: *mut c_int,
    integral: *mut f64,
    error: *mut f64,
    prob: *mut f64,
) {
    let mut calls = 0;
    // SAFETY: the caller vouches for all pointers, and there is room for the calls.
    unsafe {
        thalweg_cuba_llvegas(
            ndim,
            ncomp,
            integrand,
            userdata,
            nvec.into(),
            epsrel,
            epsabs,
            flags,
            seed,
            mineval.into(),
            maxeval.into(),
            nstart.into(),
            nincrease.into(),
            nbatch.into(),
            gridno,
            statefile,
            spin,
            &raw mut calls,
            fail,
            integral,
            error,
            prob,
        );
    }
    let calls = c_int::try_from(calls).unwrap_or(c_int::MAX);
    // SAFETY: as above.
    let _ = unsafe { Out::optional(neval, calls, "neval") };
}

/// As `thalweg_cuba_vegas`, with the wide integers of Cuba's llVegas.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_cuba_llvegas(
    ndim: c_int,
    ncomp: c_int,
    integrand: CubaIntegrand,
    userdata: *mut c_void,
    nvec: c_longlong,
    epsrel: f64,
    epsabs: f64,
    flags: c_int,
    seed: c_int,
    mineval: c_longlong,
    maxeval: c_longlong,
    nstart: c_longlong,
    nincrease: c_longlong,
    nbatch: c_longlong,
    gridno: c_int,
    statefile: *const c_char,
    spin: *mut c_void,
    neval: *mut c_longlong,
    fail: *mut c_int,
    integral: *mut f64,
    error: *mut f64,
    prob: *mut f64,
) {
    let _ = (
        flags, mineval, nstart, nincrease, nbatch, gridno, statefile, spin,
    );
    let task = Task {
        function: Function {
            integrand: integrand.map(whole),
            userdata,
            ndim,
            ncomp,
            sizes: sizes(ndim, ncomp),
        },
        nvec,
        epsrel,
        epsabs,
        seed,
        maxeval,
    };
    let found = Found {
        fail,
        integral,
        error,
        prob,
    };
    // SAFETY: the caller vouches for all pointers.
    let calls = unsafe { vegas(task, found) };
    // SAFETY: as above.
    let _ = unsafe { Out::optional(neval, calls, "neval") };
}
