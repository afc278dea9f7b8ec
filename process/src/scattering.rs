//! A process as an integrand.
//!
//! ```text
//! d sigma/dy = (hbar c)^2 /(2 lambda^(1/2)(s)) |M|^2 d Phi/dy
//! ```
//!
//! in pb, with y in the unit cube, |M|^2 as its library averages it, and zero outside the cuts. Partons have
//! the factors f(x1) f(x2) d x1 d x2/dy as well, at the scale of the scattering. The value is the sum over all
//! subprocesses or, where these are sampled, that of the one whose number, from 0, is the last coordinate.

use thalweg::event::{Beam, Event, Particle, Process};
use thalweg::{Integrand, IntegrandError, Points};

use crate::colors::only_flow;
use crate::cuts::Cuts;
use crate::matrix_element::{Kinematics, MatrixElement};
use crate::pdf::Luminosity;
use crate::phase_space::{PhaseSpace, Point};
use crate::scale::Scale;
use crate::units::PB_PER_INVERSE_GEV2;

/// One assignment of kinds to the particles.
#[derive(Clone, Debug, PartialEq)]
pub struct Subprocess {
    /// kinds in the numbering of the Particle Data Group, incoming first (`[n]`)
    pub ids: Vec<i32>,
    /// the number its library has for it
    pub flavor: i32,
    /// whether the library's first incoming particle comes from the second beam; `ids` are in the order
    /// of the beams
    pub mirror: bool,
    /// colour and anticolour of each particle as event records have them (`[n]`); where there are none,
    /// they are found out if there is only one way
    pub colors: Vec<[u32; 2]>,
}

/// A process: |M|^2, phase space, cuts.
#[derive(Debug)]
pub struct Scattering {
    /// a name for people
    pub name: String,
    /// what collides
    pub beams: [Beam; 2],
    /// |M|^2
    pub matrix_element: Box<dyn MatrixElement>,
    /// where the particles go
    pub phase_space: PhaseSpace,
    /// kinds of the particles; their cross sections are added
    pub subprocesses: Vec<Subprocess>,
    /// whether each point has one of several subprocesses, in a discrete coordinate after the others, in place
    /// of all: a run learns how often each is worth it
    pub sampled: bool,
    /// zero outside
    pub cuts: Cuts,
    /// densities of the partons that come in, a pair for each of `subprocesses`; without, the beams
    /// themselves come in
    pub luminosity: Option<Luminosity>,
    /// the strong coupling, if one is given
    pub alpha_s: Option<f64>,
    /// the scale
    pub scale: Scale,
}

/// A point inside the cuts.
struct Accepted {
    /// which of the points asked for
    index: usize,
    point: Point,
    /// the only subprocess that is asked for, where they are sampled
    subprocess: Option<usize>,
}

impl Scattering {
    /// The point at `y` (`[dim]`) unless it is outside the cuts or there is none.
    fn accepted(&self, index: usize, y: &[f64]) -> Option<Accepted> {
        let point = self.phase_space.point(&y[..self.phase_space.dim()])?;
        self.inside(&point).then_some(Accepted {
            index,
            point,
            subprocess: self.sampled_at(y),
        })
    }

    /// The number of subprocesses, where they are sampled.
    fn sampled_count(&self) -> Option<usize> {
        let count = self.subprocesses.len();
        (self.sampled && count > 1).then_some(count)
    }

    /// The subprocess of the point `y` (`[dim]`), where they are sampled.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number of a subprocess, kept within range by min"
    )]
    fn sampled_at(&self, y: &[f64]) -> Option<usize> {
        let count = self.sampled_count()?;
        Some((y[self.phase_space.dim()] as usize).min(count - 1))
    }

    fn inside(&self, point: &Point) -> bool {
        self.cuts.0.is_empty() || self.cuts.pass(&point.laboratory()[2..])
    }

    /// |M|^2 at all `points` (`[n]`) for the subprocesses with one flavour and direction.
    fn matrix_elements(
        &self,
        points: &[&Accepted],
        (flavor, mirror): (i32, bool),
    ) -> Result<Vec<f64>, IntegrandError> {
        let (n, particles) = (points.len(), self.phase_space.masses.len());
        let mut momenta = vec![0.0; 4 * particles * n];
        for (event, accepted) in points.iter().enumerate() {
            for (i, momentum) in accepted.point.momenta.iter().enumerate() {
                let particle = if mirror && i < 2 { 1 - i } else { i };
                for (component, value) in momentum.iter().enumerate() {
                    momenta[event + n * (particle + particles * component)] = *value;
                }
            }
        }
        let events = Kinematics {
            momenta: &momenta,
            alpha_s: &vec![self.alpha_s.unwrap_or(f64::NAN); n],
            flavor,
        };
        let mut values = vec![0.0; n];
        let evaluated = self.matrix_element.evaluate(&events, &mut values);
        evaluated.map_err(|e| failed(e.to_string()))?;
        Ok(values)
    }

    /// Of each subprocess, |M|^2 times the densities of its partons at all `points`.
    fn contributions(&self, points: &[Accepted]) -> Result<Vec<Vec<f64>>, IntegrandError> {
        let references: Vec<&Accepted> = points.iter().collect();
        // Those that only differ in what the beams make of them are asked for once.
        let mut known: Vec<((i32, bool), Vec<f64>)> = Vec::new();
        let mut all = Vec::with_capacity(self.subprocesses.len());
        for subprocess in &self.subprocesses {
            let key = (subprocess.flavor, subprocess.mirror);
            let values = if let Some((_, values)) = known.iter().find(|(k, _)| *k == key) {
                values.clone()
            } else {
                let values = self.matrix_elements(&references, key)?;
                known.push((key, values.clone()));
                values
            };
            all.push(values);
        }
        if let Some(luminosity) = &self.luminosity {
            let mut densities = vec![0.0; all.len()];
            for (event, Accepted { point, .. }) in points.iter().enumerate() {
                self.densities(luminosity, point, &mut densities)?;
                for (values, density) in all.iter_mut().zip(&densities) {
                    values[event] *= density;
                }
            }
        }
        Ok(all)
    }

    /// As [`Self::contributions`], of the sampled subprocess of each of the `points` (`[n]`).
    fn sampled_contributions(&self, points: &[Accepted]) -> Result<Vec<f64>, IntegrandError> {
        let key = |k: usize| (self.subprocesses[k].flavor, self.subprocesses[k].mirror);
        let mut keys: Vec<_> = (0..self.subprocesses.len()).map(key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut all = vec![0.0; points.len()];
        for wanted in keys {
            let own: Vec<usize> = (0..points.len())
                .filter(|i| points[*i].subprocess.map(key) == Some(wanted))
                .collect();
            if own.is_empty() {
                continue;
            }
            let some: Vec<&Accepted> = own.iter().map(|i| &points[*i]).collect();
            for (i, value) in own.into_iter().zip(self.matrix_elements(&some, wanted)?) {
                all[i] = value;
            }
        }
        if let Some(luminosity) = &self.luminosity {
            let mut densities = vec![0.0; self.subprocesses.len()];
            for (value, accepted) in all.iter_mut().zip(points) {
                self.densities(luminosity, &accepted.point, &mut densities)?;
                *value *= accepted.subprocess.map_or(0.0, |k| densities[k]);
            }
        }
        Ok(all)
    }

    /// The densities of the partons of each subprocess (`[subprocesses]`) at a point.
    fn densities(
        &self,
        luminosity: &Luminosity,
        point: &Point,
        densities: &mut [f64],
    ) -> Result<(), IntegrandError> {
        let scale = self.scale(point);
        let found = luminosity.eval(point.collision.x, scale * scale, densities);
        found.map_err(|e| failed(e.to_string()))
    }

    fn scale(&self, point: &Point) -> f64 {
        self.scale.of(&point.momenta[2..], point.collision.mass)
    }

    /// The one of the subprocesses that `choice` in [0, 1) falls on, in proportion to `shares`.
    fn chosen(&self, shares: &[f64], choice: f64) -> (usize, &Subprocess) {
        let total: f64 = shares.iter().map(|share| share.abs()).sum();
        let mut left = choice * total;
        let last = shares.len() - 1;
        let index = shares[..last].iter().position(|share| {
            left -= share.abs();
            left < 0.0
        });
        let index = index.unwrap_or(last);
        (index, &self.subprocesses[index])
    }

    fn particles(&self, point: &Point, subprocess: &Subprocess) -> Result<Vec<Particle>, String> {
        let ids = &subprocess.ids;
        let colors = if subprocess.colors.is_empty() {
            only_flow(ids).ok_or_else(|| {
                format!(
                    "the colour flow of {ids:?} is not known; `colors` in the process file's \
                     [[subprocess]] gives it"
                )
            })?
        } else {
            subprocess.colors.clone()
        };
        let particle = |(i, momentum): (usize, &[f64; 4])| Particle {
            id: ids[i],
            status: if i < 2 { -1 } else { 1 },
            mothers: if i < 2 { [0, 0] } else { [1, 2] },
            colors: colors[i],
            momentum: *momentum,
            mass: self.phase_space.masses[i],
            lifetime: 0.0,
            spin: 9.0,
        };
        Ok(point
            .laboratory()
            .iter()
            .enumerate()
            .map(particle)
            .collect())
    }
}

fn failed(message: String) -> IntegrandError {
    IntegrandError::Failed { message }
}

impl Integrand for Scattering {
    fn dim(&self) -> usize {
        self.phase_space.dim() + usize::from(self.sampled_count().is_some())
    }

    fn discrete(&self) -> Vec<(usize, usize)> {
        let count = self.sampled_count();
        count
            .map(|k| (self.phase_space.dim(), k))
            .into_iter()
            .collect()
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        values.fill(0.0);
        let accepted: Vec<Accepted> = points
            .iter()
            .enumerate()
            .filter_map(|(i, y)| self.accepted(i, y))
            .collect();
        if accepted.is_empty() {
            return Ok(());
        }
        let contributions = if self.sampled_count().is_some() {
            vec![self.sampled_contributions(&accepted)?]
        } else {
            self.contributions(&accepted)?
        };
        for contribution in contributions {
            for (accepted, squared) in accepted.iter().zip(contribution) {
                values[accepted.index] += PB_PER_INVERSE_GEV2 * accepted.point.weight * squared;
            }
        }
        Ok(())
    }
}

impl Process for Scattering {
    fn beams(&self) -> [Beam; 2] {
        self.beams
    }

    fn event(&self, y: &[f64], choice: f64) -> Result<Event, IntegrandError> {
        let Some(point) = self.phase_space.point(&y[..self.phase_space.dim()]) else {
            return Err(failed("there is no scattering at this point".to_owned()));
        };
        // Outside the cuts f is 0, and |M|^2 may have no value.
        let mut shares = vec![1.0; self.subprocesses.len()];
        let subprocess = self.sampled_at(y);
        let only = [Accepted {
            index: 0,
            point,
            subprocess,
        }];
        let point = &only[0].point;
        if let Some(k) = subprocess {
            shares.fill(0.0);
            shares[k] = 1.0;
        } else if shares.len() > 1 && self.inside(point) {
            let all = self.contributions(&only)?;
            shares = all.iter().map(|squared| squared[0]).collect();
        }
        let (index, subprocess) = self.chosen(&shares, choice);
        Ok(Event {
            process: i32::try_from(index + 1).unwrap_or(i32::MAX),
            weight: 1.0,
            scale: self.scale(point),
            couplings: [-1.0, self.alpha_s.unwrap_or(-1.0)],
            particles: self.particles(point, subprocess).map_err(failed)?,
            variations: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use thalweg::event::{Beam, Process as _};
    use thalweg::{Integrand as _, Points};

    use super::{Scattering, Subprocess};
    use crate::cuts::{Cut, Cuts, Quantity};
    use crate::matrix_element::{Kinematics, MatrixElement};
    use crate::phase_space::testing::{Numbers, assert_makes_up, assert_mean};
    use crate::phase_space::{Decay, Initial, PhaseSpace};
    use crate::scale::Scale;
    use crate::umami::UmamiError;
    use crate::units::PB_PER_INVERSE_GEV2;

    /// `e+ e- -> mu+ mu-` by a photon, with e = 1: `2 (t^2 + u^2)/s^2`, times a factor per flavour.
    #[derive(Debug)]
    struct Photon;

    impl MatrixElement for Photon {
        fn evaluate(&self, events: &Kinematics<'_>, values: &mut [f64]) -> Result<(), UmamiError> {
            let n = values.len();
            for (event, value) in values.iter_mut().enumerate() {
                let p = |particle: usize, component: usize| {
                    events.momenta[event + n * (particle + 4 * component)]
                };
                let dot = |i: usize, j: usize| {
                    p(i, 0) * p(j, 0) - (1..4).map(|k| p(i, k) * p(j, k)).sum::<f64>()
                };
                let (s, t, u) = (dot(0, 1), dot(0, 2), dot(0, 3));
                *value = f64::from(events.flavor) * 2.0 * (t * t + u * u) / (s * s);
            }
            Ok(())
        }
    }

    fn scattering(cuts: Vec<Cut>) -> Scattering {
        let subprocess = |flavor, mirror| Subprocess {
            ids: vec![11, -11, 13, -13],
            flavor,
            mirror,
            colors: Vec::new(),
        };
        let beam = |id, energy| Beam { id, energy, pdf: 0 };
        Scattering {
            name: "e- e+ -> mu- mu+".to_owned(),
            beams: [beam(11, 5.0), beam(-11, 20.0)],
            matrix_element: Box::new(Photon),
            phase_space: PhaseSpace {
                initial: Initial::beams([5.0, 20.0], [0.0; 2]),
                masses: vec![0.0; 4],
                channel: Decay::flat(2),
            },
            subprocesses: vec![subprocess(1, false), subprocess(3, true)],
            sampled: false,
            cuts: Cuts(cuts),
            luminosity: None,
            alpha_s: None,
            scale: Scale::Mass,
        }
    }

    #[test]
    fn the_cross_section_by_a_photon_is_the_known_one() {
        // sigma = 4 pi alpha^2/(3 s), alpha = 1/(4 pi); the flavours add up to 1 + 3.
        let expected = 4.0 * PB_PER_INVERSE_GEV2 / (12.0 * PI * 400.0);
        let scattering = scattering(Vec::new());
        let mut numbers = Numbers::new(10);
        assert_mean(20_000, expected, || {
            let mut value = [0.0];
            let y = numbers.take(2);
            scattering.eval(&Points::new(&y, 2), &mut value).unwrap();
            value[0]
        });
    }

    #[test]
    fn the_value_is_zero_outside_the_cuts_which_hold_in_the_laboratory() {
        let scattering = scattering(vec![Cut {
            quantity: Quantity::Rapidity,
            particles: vec![0],
            from: Vec::new(),
            min: -f64::INFINITY,
            max: 0.5 * (5.0_f64 / 20.0).ln(),
        }]);
        // The rest frame has that rapidity: the muon has to fly forwards less than backwards.
        let mut values = [1.0; 2];
        let y = [0.3, 0.2, 0.7, 0.2];
        scattering.eval(&Points::new(&y, 2), &mut values).unwrap();
        let outside: Vec<bool> = values.iter().map(|value| *value <= 0.0).collect();
        assert!(outside[0] != outside[1], "{values:?}");
        for y in y.chunks_exact(2) {
            assert_eq!(scattering.event(y, 0.5).unwrap().particles.len(), 4);
        }
    }

    #[test]
    fn sampled_subprocesses_are_the_terms_of_the_sum() {
        let sum = scattering(Vec::new());
        let sampled = Scattering {
            sampled: true,
            ..scattering(Vec::new())
        };
        assert_eq!((sampled.dim(), sampled.discrete()), (3, vec![(2, 2)]));
        assert_eq!((sum.dim(), sum.discrete()), (2, Vec::new()));
        let (mut total, mut terms) = ([0.0], [0.0; 4]);
        // Terms of points of one call may be of different subprocesses.
        let y = [0.3, 0.2, 1.0, 0.6, 0.9, 0.0, 0.3, 0.2, 0.0, 0.6, 0.9, 1.0];
        sampled.eval(&Points::new(&y, 3), &mut terms).unwrap();
        for (point, pair) in [([0.3, 0.2], [0, 2]), ([0.6, 0.9], [1, 3])] {
            sum.eval(&Points::new(&point, 2), &mut total).unwrap();
            let both = terms[pair[0]] + terms[pair[1]];
            assert!(
                (both / total[0] - 1.0).abs() < 1e-14,
                "{both} and {total:?}"
            );
        }
        assert!((terms[0] / terms[2] - 3.0).abs() < 1e-12, "{terms:?}");
        for (k, process) in [(0.0, 1), (1.0, 2)] {
            let event = sampled.event(&[0.3, 0.2, k], 0.9).unwrap();
            assert_eq!(event.process, process);
        }
        // One alone is no choice.
        let mut one = scattering(Vec::new());
        one.sampled = true;
        one.subprocesses.truncate(1);
        assert_eq!((one.dim(), one.discrete()), (2, Vec::new()));
    }

    #[test]
    fn events_are_in_the_laboratory() {
        let scattering = scattering(Vec::new());
        let event = scattering.event(&[0.3, 0.2], 0.2).unwrap();
        assert_eq!((event.process, event.particles.len()), (1, 4));
        assert_eq!(scattering.event(&[0.3, 0.2], 0.3).unwrap().process, 2);
        let momenta: Vec<_> = event.particles.iter().map(|p| p.momentum).collect();
        assert!((momenta[0][0] - 5.0).abs() < 1e-12 && (momenta[1][0] - 20.0).abs() < 1e-12);
        assert_makes_up(&momenta[2..], [25.0, 0.0, 0.0, -15.0], &[0.0; 2]);
        assert!((event.scale - 20.0).abs() < 1e-12);
    }
}
