//! Indicators of thin sets: most points see nothing, and those that see something no slope.

use std::f64::consts::PI;

use super::{
    Nasty, distance2,
    exact::{ball, quadrature},
    indicator, on_cube,
};

pub(super) fn list() -> Vec<Nasty> {
    vec![
        shell("thin-shell-3", 3, 0.4, 1e-4, "a sphere's surface with no thickness to speak of"),
        shell("thin-shell-8", 8, 0.45, 1e-3, "a surface in eight dimensions, blind to any grid"),
        slabs(),
        annulus(),
        needle(),
        ordered(),
    ]
}
