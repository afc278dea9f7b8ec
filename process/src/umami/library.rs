//! The functions of a UMAMI library.
#![expect(unsafe_code, reason = "a foreign interface")]

use std::ffi::{c_char, c_int, c_void};
use std::path::Path;
use std::{ptr, slice};

use super::UmamiError;
use super::keys::{ABI_MAJOR, CPU, INPUTS, meta};
use crate::load::{LoadError, load};

/// What a library keeps for one thread.
pub(super) type Raw = *mut c_void;

type GetMeta = unsafe extern "C" fn(c_int, *mut c_void) -> c_int;
type Inputs = unsafe extern "C" fn(*mut *const bool, *mut c_int) -> c_int;
type Initialize = unsafe extern "C" fn(*mut Raw, *const c_char) -> c_int;
type Free = unsafe extern "C" fn(Raw) -> c_int;
type SetParameter = unsafe extern "C" fn(Raw, *const c_char, f64, f64) -> c_int;
type Evaluate = unsafe extern "C" fn(
    Raw,
    usize,
    usize,
    usize,
    usize,
    *const c_int,
    *const *const c_void,
    usize,
    *const c_int,
    *const *mut c_void,
) -> c_int;

/// A loaded library. Its functions belong to the whole process; what one thread must not share with
/// another is in the handles.
#[derive(Debug)]
pub(super) struct Library {
    get_meta: GetMeta,
    supported_inputs: Option<Inputs>,
    required_inputs: Option<Inputs>,
    pub(super) initialize: Initialize,
    pub(super) free: Free,
    pub(super) set_parameter: Option<SetParameter>,
    pub(super) evaluate: Evaluate,
    /// keeps the code mapped for as long as its functions can be called
    _code: libloading::Library,
}

impl Library {
    /// Loads `path`, which starts at the current folder where it is relative.
    pub(super) fn open(path: &Path) -> Result<Self, UmamiError> {
        let code = load(path).map_err(|error| match error {
            LoadError::Missing => UmamiError::Missing { path: path.into() },
            LoadError::Refused(reason) => UmamiError::Load {
                path: path.into(),
                reason,
            },
        })?;
        let missing = |symbol| UmamiError::NotUmami {
            path: path.into(),
            symbol,
        };
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: a library with this name has the documented signature behind it.
                unsafe { code.get($name) }.map(|symbol| *symbol)
            };
        }
        Ok(Self {
            get_meta: function!("umami_get_meta").map_err(|_| missing("umami_get_meta"))?,
            initialize: function!("umami_initialize").map_err(|_| missing("umami_initialize"))?,
            free: function!("umami_free").map_err(|_| missing("umami_free"))?,
            evaluate: function!("umami_matrix_element")
                .map_err(|_| missing("umami_matrix_element"))?,
            supported_inputs: function!("umami_supported_inputs").ok(),
            required_inputs: function!("umami_required_inputs").ok(),
            set_parameter: function!("umami_set_parameter").ok(),
            _code: code,
        })
    }

    /// A whole number that the library tells of itself, if it does.
    fn number(&self, key: c_int) -> Option<i32> {
        // Room for a wider number too: on little-endian machines its low half is the number.
        let mut room = [0 as c_int; 4];
        // SAFETY: `room` is aligned and large enough for the int that belongs to `key`.
        let status = unsafe { (self.get_meta)(key, room.as_mut_ptr().cast()) };
        (status == 0).then_some(room[0])
    }

    /// Refuses what is not of this version or device.
    pub(super) fn check(&self) -> Result<(), UmamiError> {
        match self.number(meta::ABI_MAJOR) {
            Some(major) if major != ABI_MAJOR => {
                return Err(UmamiError::Version {
                    major,
                    minor: self.number(meta::ABI_MINOR).unwrap_or(0),
                });
            }
            Some(_) | None => {}
        }
        match self.number(meta::DEVICE) {
            Some(device) if device != CPU => Err(UmamiError::Device { device }),
            Some(_) | None => Ok(()),
        }
    }

    /// Number of external particles, if the library tells.
    pub(super) fn particles(&self) -> Option<i32> {
        self.number(meta::PARTICLE_COUNT)
    }

    /// Masses of `n` external particles, if the library tells; some do only once there is a handle.
    pub(super) fn masses(&self, n: usize) -> Option<Vec<f64>> {
        let mut masses = vec![f64::NAN; n];
        // SAFETY: the library writes as many doubles as it has particles, which were counted before.
        let status = unsafe { (self.get_meta)(meta::MASSES, masses.as_mut_ptr().cast()) };
        (status == 0 && masses.iter().all(|mass| mass.is_finite())).then_some(masses)
    }

    /// Which inputs the library takes, if it tells.
    pub(super) fn supported(&self) -> Result<Option<[bool; INPUTS.len()]>, UmamiError> {
        let function = self.supported_inputs;
        function
            .map(|f| flags(f, "umami_supported_inputs"))
            .transpose()
    }

    /// Which inputs the library cannot do without, if it tells.
    pub(super) fn required(&self) -> Result<Option<[bool; INPUTS.len()]>, UmamiError> {
        let function = self.required_inputs;
        function
            .map(|f| flags(f, "umami_required_inputs"))
            .transpose()
    }
}

/// A list of flags that the library owns.
fn flags(function: Inputs, name: &'static str) -> Result<[bool; INPUTS.len()], UmamiError> {
    let (mut list, mut count) = (ptr::null(), 0);
    // SAFETY: both are places for what the function writes.
    let status = unsafe { function(&raw mut list, &raw mut count) };
    if status != 0 {
        return Err(UmamiError::Status {
            function: name,
            status,
            about: String::new(),
        });
    }
    let mut all = [false; INPUTS.len()];
    let count = usize::try_from(count).unwrap_or(0).min(all.len());
    if !list.is_null() {
        // Read as bytes: a bool of C that is neither 0 nor 1 must not become one of Rust.
        // SAFETY: the library says that its list has at least so many entries.
        let given = unsafe { slice::from_raw_parts(list.cast::<u8>(), count) };
        for (flag, given) in all.iter_mut().zip(given) {
            *flag = *given != 0;
        }
    }
    Ok(all)
}
