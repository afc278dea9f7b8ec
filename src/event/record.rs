//! Event records: what a generator reads, in the terms of the Les Houches accord.
//!
//! J. Alwall et al., "A standard format for Les Houches event files" (hep-ph/0609017), and the
//! accord behind it, E. Boos et al. (hep-ph/0109068), whose names stand in brackets.

use serde::{Deserialize, Serialize};

use crate::integrand::{Integrand, IntegrandError};

/// One particle of an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Particle {
    /// kind in the numbering of the Particle Data Group (`IDUP`)
    pub id: i32,
    /// -1 incoming, 1 outgoing, 2 an intermediate resonance (`ISTUP`)
    pub status: i32,
    /// first and last mother, counted from 1; 0 for none (`MOTHUP`)
    pub mothers: [u32; 2],
    /// colour and anticolour line, numbered from 501; 0 for none (`ICOLUP`)
    pub colors: [u32; 2],
    /// (E, px, py, pz) in `GeV`
    pub momentum: [f64; 4],
    /// generated mass in `GeV`
    pub mass: f64,
    /// proper lifetime c tau in mm (`VTIMUP`)
    pub lifetime: f64,
    /// cosine between spin and momentum in the laboratory, 9 where unknown (`SPINUP`)
    pub spin: f64,
}

/// One scattering with its weight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// the subprocess (`IDPRUP`)
    pub process: i32,
    /// in pb: a sample's mean of it is the cross section; 1 up to a common factor where unweighted
    /// (`XWGTUP`)
    pub weight: f64,
    /// scale of the event in `GeV`, -1 where there is none (`SCALUP`)
    pub scale: f64,
    /// electromagnetic and strong coupling, -1 where unknown (`AQEDUP`, `AQCDUP`)
    pub couplings: [f64; 2],
    /// incoming ones first
    pub particles: Vec<Particle>,
    /// `weight` as it would be under each of [`Process::variations`]
    pub variations: Vec<f64>,
}

/// A colliding beam.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beam {
    /// kind in the numbering of the Particle Data Group (`IDBMUP`)
    pub id: i32,
    /// in `GeV` (`EBMUP`)
    pub energy: f64,
    /// number of the parton densities in LHAPDF's list; 0 for a beam without structure (`PDFSUP`)
    pub pdf: i32,
}

/// Another weight that events carry beside their own, for another scale or parton density.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variation {
    /// its name in the file
    pub id: String,
    /// what it is, such as `MUR=2.0 MUF=1.0`
    pub about: String,
}

/// An integrand whose points are scatterings: its value is d sigma/dy in pb.
pub trait Process: Integrand {
    /// The beams.
    fn beams(&self) -> [Beam; 2];

    /// The weights that its events carry beside their own.
    fn variations(&self) -> Vec<Variation> {
        Vec::new()
    }

    /// The scattering at `y` (`[dim]`, the user's domain).
    ///
    /// `choice` in [0, 1) decides what f is a sum over at this point: flavours, colour flows,
    /// helicities. The weight is 1, and those of the variations are relative to it. Where f is 0 the
    /// point is asked for too if weighted events are written: they count in the mean.
    ///
    /// # Errors
    /// What the matrix element reports.
    fn event(&self, y: &[f64], choice: f64) -> Result<Event, IntegrandError>;
}
