//! The one-loop scalar box integral of a heavy-quark loop with one massive leg.
//!
//! ```text
//! f(t) = F(s23, s12; 1,2,3,0)^-2 + F(s12, s23; 2,3,0,1)^-2
//!      + F(s23, s12; 3,0,1,2)^-2 + F(s12, s23; 0,1,2,3)^-2
//! F(s, s'; p) = (1 + t1 + t2 + t3) (m_p0 t1 + m_p1 t2 + m_p2 t3 + m_p3) - s t2 - s' t1 t3
//!             - M_p0 t1 - M_p1 t1 t2 - M_p2 t2 t3 - M_p3 t3
//! ```
//!
//! one sector of Feynman parameters per term, with the squares (in `GeV^2`) of the external masses
//! `M = (0, 0, 0, 125^2)`, of the internal masses `m = 175^2` each, and `s12 = 130^2`,
//! `s23 = -130^2 / 2`. Its integral over the unit cube is 1.936964023868e-10 `GeV^-4`.
//!
//! Gao, Isaacson, Krause 2020, arXiv:2001.05486. Smooth and nearly flat: a test of small spreads.

use crate::{BuildError, Dims, Family, Problem, settings::Settings};

const S12: f64 = 130.0 * 130.0;
const S23: f64 = -S12 / 2.0;
const EXTERNAL: [f64; 4] = [0.0, 0.0, 0.0, 125.0 * 125.0];
const INTERNAL: [f64; 4] = [175.0 * 175.0; 4];
const EXACT: f64 = 1.936_964_023_868e-10;

pub(crate) const FAMILY: Family = Family {
    name: "box",
    title: "one-loop scalar box integral, gg -> Hg through a heavy quark",
    formula: "sum over four sectors of 1/F(t)^2, F the second Symanzik polynomial",
    citation: "Gao, Isaacson, Krause 2020, arXiv:2001.05486",
    default_dim: 3,
    dims: Dims::Fixed(3),
    parameters: &[],
    build,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature is that of every family"
)]
fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let function = |t: &[f64]| {
        sector(S23, S12, t, [1, 2, 3, 0])
            + sector(S12, S23, t, [2, 3, 0, 1])
            + sector(S23, S12, t, [3, 0, 1, 2])
            + sector(S12, S23, t, [0, 1, 2, 3])
    };
    let problem = settings.problem(vec![(0.0, 1.0); 3], function);
    Ok(problem.with_exact(EXACT).with_unit("GeV^-4"))
}

/// `1/F^2` with the invariants `across` (`s`) and `along` (`s'`) and the order `p` of the lines.
fn sector(across: f64, along: f64, t: &[f64], p: [usize; 4]) -> f64 {
    let external = p.map(|line| EXTERNAL[line]);
    let internal = p.map(|line| INTERNAL[line]);
    let [t1, t2, t3] = [t[0], t[1], t[2]];
    let legs = external[0] * t1 + external[1] * t1 * t2 + external[2] * t2 * t3 + external[3] * t3;
    let lines = t1 * internal[0] + t2 * internal[1] + t3 * internal[2] + internal[3];
    let f = (1.0 + t1 + t2 + t3) * lines - across * t2 - along * t1 * t3 - legs;
    1.0 / (f * f)
}

#[cfg(test)]
mod tests {
    use crate::check::{assert_exact_by_monte_carlo, assert_exact_by_quadrature, build};

    #[test]
    fn exact_is_the_integral() {
        let problem = build("box", None, &[]);
        assert_exact_by_quadrature(&problem, 3, 1e-12);
        assert_exact_by_monte_carlo(&problem, 5);
    }
}
