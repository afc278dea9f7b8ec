//! Matrix elements from any library with the UMAMI interface, the one of MadGraph 7.
//!
//! Values are averaged over the spins and colours that come in, summed over those that go out, and have
//! the factor of identical particles. Momenta go over as `momenta[event + n (particle + particles
//! component)]`, components (E, px, py, pz). One handle serves one thread at a time. Weakness: the names
//! of symbols are all that tells what they are; a library that has them and means something else is not
//! noticed.

mod error;
mod handle;
mod keys;
mod library;

use std::f64::consts::PI;
use std::ffi::{CString, c_int};
use std::path::Path;
use std::sync::Arc;

pub use error::UmamiError;
use handle::{Input, Pool, Recipe, Values};
use keys::{ALPHA_S, FLAVOR_INDEX, G_STRONG, INPUTS, MOMENTA};
use library::Library;

use crate::matrix_element::{Kinematics, MatrixElement};

/// Masses may differ by so much: they come from files with few digits.
const MASS_TOLERANCE: f64 = 1e-6;

/// What a process file says of a library.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UmamiSettings {
    /// path of the file with the model's parameters, handed on as it is
    pub param_card: Option<String>,
    /// parameters that are set by name
    pub parameters: Vec<(String, f64)>,
    /// whether a strong coupling is given
    pub alpha_s: bool,
    /// whether a number of the flavours is given
    pub flavor: bool,
}

/// A loaded library.
#[derive(Debug)]
pub struct Umami {
    particles: usize,
    masses: Option<Vec<f64>>,
    alpha_s: bool,
    g_strong: bool,
    flavor: bool,
    pool: Pool,
}

impl Umami {
    /// Loads the library at `path` for `particles` external particles.
    ///
    /// # Errors
    /// Where there is no such library, where it is of another version, device or number of particles,
    /// and where it needs or lacks an input.
    pub fn open(
        path: &Path,
        particles: usize,
        settings: &UmamiSettings,
    ) -> Result<Self, UmamiError> {
        let library = Arc::new(Library::open(path)?);
        library.check()?;
        if let Some(found) = library.particles()
            && usize::try_from(found) != Ok(particles)
        {
            return Err(UmamiError::Particles {
                found,
                expected: particles,
            });
        }
        let [alpha_s, g_strong, flavor] = inputs(&library, settings)?;
        let text =
            |text: &str| CString::new(text).map_err(|_| UmamiError::ZeroByte(text.to_owned()));
        let recipe = Recipe {
            param_card: text(settings.param_card.as_deref().unwrap_or(""))?,
            parameters: settings
                .parameters
                .iter()
                .map(|(name, value)| Ok((text(name)?, *value)))
                .collect::<Result<_, UmamiError>>()?,
        };
        let pool = Pool::new(Arc::clone(&library), recipe)?;
        // As many as were counted: a library that does not count its particles may write more.
        let masses = library.particles().and_then(|_| library.masses(particles));
        Ok(Self {
            particles,
            masses,
            alpha_s,
            g_strong,
            flavor,
            pool,
        })
    }

    /// Masses of the particles in `GeV` (`[particles]`), if the library tells.
    pub fn masses(&self) -> Option<&[f64]> {
        self.masses.as_deref()
    }

    /// Compares the library's masses with `masses` (`[particles]`).
    ///
    /// # Errors
    /// Where one is another.
    pub fn check_masses(&self, masses: &[f64]) -> Result<(), UmamiError> {
        let own = self.masses.as_deref().unwrap_or(masses);
        for (i, (found, expected)) in own.iter().zip(masses).enumerate() {
            if (found - expected).abs() > MASS_TOLERANCE * expected.abs() {
                return Err(UmamiError::Mass {
                    particle: i + 1,
                    found: *found,
                    expected: *expected,
                });
            }
        }
        Ok(())
    }
}

/// Whether the library is given `ALPHA_S`, `G_STRONG` and `FLAVOR_INDEX`.
fn inputs(library: &Library, settings: &UmamiSettings) -> Result<[bool; 3], UmamiError> {
    // A library that does not tell takes what the process file sets.
    let supported = library.supported()?;
    let takes = |key: usize| supported.is_none_or(|flags| flags[key]);
    let alpha_s = settings.alpha_s && takes(ALPHA_S);
    let g_strong = settings.alpha_s && !alpha_s && takes(G_STRONG);
    let flavor = settings.flavor && takes(FLAVOR_INDEX);
    if settings.flavor && !flavor {
        return Err(UmamiError::Takes {
            what: "FLAVOR_INDEX",
            key: "`flavor`",
        });
    }
    for (key, needed) in library.required()?.unwrap_or_default().iter().enumerate() {
        let given = match key {
            MOMENTA => true,
            ALPHA_S => alpha_s,
            G_STRONG => g_strong,
            FLAVOR_INDEX => flavor,
            _ => false,
        };
        if *needed && !given {
            return Err(UmamiError::Needs {
                name: INPUTS[key].to_owned(),
                advice: match key {
                    ALPHA_S | G_STRONG => "; `alpha_s` in the process file gives it",
                    FLAVOR_INDEX => "; `flavor` in the process file's [[subprocess]] gives it",
                    _ => "",
                },
            });
        }
    }
    Ok([alpha_s, g_strong, flavor])
}

impl MatrixElement for Umami {
    fn evaluate(&self, events: &Kinematics<'_>, values: &mut [f64]) -> Result<(), UmamiError> {
        let n = values.len();
        assert_eq!(
            events.momenta.len(),
            4 * n * self.particles,
            "4 components a particle"
        );
        assert_eq!(events.alpha_s.len(), n, "a coupling an event");
        let doubles = |key, values| Input {
            key,
            values: Values::Doubles(values),
        };
        let mut list = vec![doubles(MOMENTA, events.momenta)];
        if self.alpha_s {
            list.push(doubles(ALPHA_S, events.alpha_s));
        }
        let g_strong: Vec<f64>;
        if self.g_strong {
            g_strong = events
                .alpha_s
                .iter()
                .map(|a| (4.0 * PI * a).sqrt())
                .collect();
            list.push(doubles(G_STRONG, &g_strong));
        }
        let flavors: Vec<c_int>;
        if self.flavor {
            flavors = vec![events.flavor; n];
            list.push(Input {
                key: FLAVOR_INDEX,
                values: Values::Ints(&flavors),
            });
        }
        self.pool.with(|handle| handle.evaluate(&list, values))
    }
}
