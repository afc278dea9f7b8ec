//! Conversion between units.

/// `(hbar c)^2`: a cross section of 1 `GeV^-2` in pb.
pub const PB_PER_INVERSE_GEV2: f64 = 0.389_379_372_1e9;
