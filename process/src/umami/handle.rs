//! What a library keeps for one thread, and a store of them.
#![expect(unsafe_code, reason = "a foreign interface")]

use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use super::UmamiError;
use super::keys::MATRIX_ELEMENT;
use super::library::{Library, Raw};

/// How handles are made.
#[derive(Debug)]
pub(super) struct Recipe {
    /// an empty string where the process file names none
    pub(super) param_card: CString,
    pub(super) parameters: Vec<(CString, f64)>,
}

/// One handle, freed in the end.
#[derive(Debug)]
pub(super) struct Handle {
    library: Arc<Library>,
    raw: Raw,
}

// SAFETY: a handle holds all that the library changes in a call, so that it may move to another thread
// as long as one thread uses it at a time; it is not `Sync`.
unsafe impl Send for Handle {}

/// One kind of input of a call.
pub(super) struct Input<'a> {
    pub(super) key: usize,
    pub(super) values: Values<'a>,
}

pub(super) enum Values<'a> {
    Doubles(&'a [f64]),
    Ints(&'a [c_int]),
}

impl Values<'_> {
    fn pointer(&self) -> *const c_void {
        match self {
            Self::Doubles(values) => values.as_ptr().cast(),
            Self::Ints(values) => values.as_ptr().cast(),
        }
    }
}

impl Handle {
    fn new(library: &Arc<Library>, recipe: &Recipe) -> Result<Self, UmamiError> {
        let failed = |function, status, about| UmamiError::Status {
            function,
            status,
            about,
        };
        let mut raw = ptr::null_mut();
        let card = &recipe.param_card;
        // SAFETY: `raw` is a place for the handle, and the path ends with a zero byte.
        let status = unsafe { (library.initialize)(&raw mut raw, card.as_ptr()) };
        if status != 0 {
            let about = if card.is_empty() {
                " (without a param_card)".to_owned()
            } else {
                format!(" for the param_card {}", card.to_string_lossy())
            };
            return Err(failed("umami_initialize", status, about));
        }
        let handle = Self {
            library: Arc::clone(library),
            raw,
        };
        for (name, value) in &recipe.parameters {
            let Some(set) = library.set_parameter else {
                return Err(UmamiError::Takes {
                    what: "parameters (it has no umami_set_parameter)",
                    key: "`parameters`",
                });
            };
            // SAFETY: the handle lives, and the name ends with a zero byte.
            let status = unsafe { set(handle.raw, name.as_ptr(), *value, 0.0) };
            if status != 0 {
                let about = format!(" for {} = {value}", name.to_string_lossy());
                return Err(failed("umami_set_parameter", status, about));
            }
        }
        Ok(handle)
    }

    /// Squared matrix elements of as many events as there are `values`, each input having as many
    /// values per particle and component as there are events.
    pub(super) fn evaluate(
        &mut self,
        inputs: &[Input<'_>],
        values: &mut [f64],
    ) -> Result<(), UmamiError> {
        // The numbers are below ten.
        let keys: Vec<c_int> = inputs
            .iter()
            .map(|input| c_int::try_from(input.key).unwrap_or(c_int::MAX))
            .collect();
        let pointers: Vec<*const c_void> = inputs.iter().map(|i| i.values.pointer()).collect();
        let (out_keys, out) = ([MATRIX_ELEMENT], [values.as_mut_ptr().cast::<c_void>()]);
        let n = values.len();
        // SAFETY: the handle lives and is ours alone; all inputs hold `n` events at stride `n`, as those
        // who made them have checked, and so does the output.
        let status = unsafe {
            (self.library.evaluate)(
                self.raw,
                n,
                n,
                0,
                keys.len(),
                keys.as_ptr(),
                pointers.as_ptr(),
                out_keys.len(),
                out_keys.as_ptr(),
                out.as_ptr(),
            )
        };
        if status == 0 {
            Ok(())
        } else {
            Err(UmamiError::Status {
                function: "umami_matrix_element",
                status,
                about: String::new(),
            })
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle was made by this library and is not used again. A failure to free it is
        // nothing that anybody could act on.
        let _ = unsafe { (self.library.free)(self.raw) };
    }
}

/// Handles that no thread uses just now; as many are made as threads ask at the same time.
#[derive(Debug)]
pub(super) struct Pool {
    library: Arc<Library>,
    recipe: Recipe,
    idle: Mutex<Vec<Handle>>,
}

impl Pool {
    /// A pool with a first handle, so that a library that makes none is found out.
    pub(super) fn new(library: Arc<Library>, recipe: Recipe) -> Result<Self, UmamiError> {
        let first = Handle::new(&library, &recipe)?;
        Ok(Self {
            library,
            recipe,
            idle: Mutex::new(vec![first]),
        })
    }

    /// Lends a handle to `work`.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut Handle) -> Result<T, UmamiError>,
    ) -> Result<T, UmamiError> {
        let idle = self.lock(Vec::pop);
        let mut handle = idle.map_or_else(|| Handle::new(&self.library, &self.recipe), Ok)?;
        let result = work(&mut handle);
        self.lock(|idle| idle.push(handle));
        result
    }

    fn lock<T>(&self, work: impl FnOnce(&mut Vec<Handle>) -> T) -> T {
        // Whoever panicked has left the list whole.
        work(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
