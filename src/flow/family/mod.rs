//! The families of the literature, each as a [`Stack`] of layers.

mod affine;
mod glow;
mod iaf;
mod maf;
mod multi_scale;
mod nice;
mod planar;
mod real_nvp;
mod recurrent_maf;
mod spline_coupling;
mod spline_iaf;
mod spline_maf;
mod triangular;

use serde::{Deserialize, Serialize};

use super::{LayerConfig, Stack};

/// A family of flows. All but the three of splines live between the quantiles of normal distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// a Gaussian by its Cholesky factor
    Triangular,
    /// a Gaussian by L U
    Affine,
    /// planar flow
    Planar,
    /// NICE
    Nice,
    /// `RealNVP`
    RealNvp,
    /// `RealNVP` with factoring-out
    MultiScale,
    /// Glow
    Glow,
    /// masked autoregressive flow
    Maf,
    /// inverse autoregressive flow
    Iaf,
    /// couplings of rational-quadratic splines
    SplineCoupling,
    /// masked autoregressive flow of rational-quadratic splines
    SplineMaf,
    /// inverse autoregressive flow of rational-quadratic splines
    SplineIaf,
    /// masked autoregressive flow whose conditioner is a gated recurrent unit
    RecurrentMaf,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Triangular,
        Self::Affine,
        Self::Planar,
        Self::Nice,
        Self::RealNvp,
        Self::MultiScale,
        Self::Glow,
        Self::Maf,
        Self::Iaf,
        Self::SplineCoupling,
        Self::SplineMaf,
        Self::SplineIaf,
        Self::RecurrentMaf,
    ];

    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Triangular => "triangular",
            Self::Affine => "affine",
            Self::Planar => "planar",
            Self::Nice => "nice",
            Self::RealNvp => "real_nvp",
            Self::MultiScale => "multi_scale",
            Self::Glow => "glow",
            Self::Maf => "maf",
            Self::Iaf => "iaf",
            Self::SplineCoupling => "spline_coupling",
            Self::SplineMaf => "spline_maf",
            Self::SplineIaf => "spline_iaf",
            Self::RecurrentMaf => "recurrent_maf",
        }
    }

    /// A flow of this family with `depth` steps of its kind of layers.
    pub fn stack(self, depth: usize) -> Stack {
        let layers: fn(usize) -> Vec<LayerConfig> = match self {
            Self::Triangular => triangular::layers,
            Self::Affine => affine::layers,
            Self::Planar => planar::layers,
            Self::Nice => nice::layers,
            Self::RealNvp => real_nvp::layers,
            Self::MultiScale => multi_scale::layers,
            Self::Glow => glow::layers,
            Self::Maf => maf::layers,
            Self::Iaf => iaf::layers,
            Self::SplineCoupling => spline_coupling::layers,
            Self::SplineMaf => spline_maf::layers,
            Self::SplineIaf => spline_iaf::layers,
            Self::RecurrentMaf => recurrent_maf::layers,
        };
        let mut stack = Stack {
            layers: layers(depth),
            ..Stack::default()
        };
        if self == Self::RecurrentMaf {
            stack.hidden = vec![16];
        }
        stack
    }

    /// The fewest coordinates that it takes.
    pub fn least_dim(self) -> usize {
        match self {
            Self::MultiScale => 3,
            Self::Nice | Self::RealNvp | Self::Glow | Self::SplineCoupling => 2,
            Self::Triangular
            | Self::Affine
            | Self::Planar
            | Self::Maf
            | Self::Iaf
            | Self::SplineMaf
            | Self::SplineIaf
            | Self::RecurrentMaf => 1,
        }
    }
}
