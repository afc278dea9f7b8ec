//! Elementwise passes of recurrent conditioners, over whole tiles.

#![expect(
    clippy::inline_always,
    reason = "kernels must take on the features of their shell"
)]

use super::{
    dispatch::Kernel,
    lane::{Lane, Real, Simd},
    math::{constant, logistic, softplus},
};

#[inline(always)]
fn squash<V: Lane>(x: V) -> V {
    let (_, t) = softplus(x);
    logistic(x, t)
}

/// Replaces each x by 1/(1 + e^-x).
pub(crate) struct Logistic<'a, R>(pub(crate) &'a mut [R]);

impl<R: Real> Kernel for Logistic<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for row in self.0.chunks_exact_mut(<R::In<S>>::LANES) {
            squash(<R::In<S>>::load(row)).store(row);
        }
    }
}

/// Replaces each x by tanh x = 2/(1 + e^-2x) - 1, to an absolute error of one rounding of 1.
pub(crate) struct Tanh<'a, R>(pub(crate) &'a mut [R]);

impl<R: Real> Kernel for Tanh<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let one = constant!(R::In<S>, ONE);
        for row in self.0.chunks_exact_mut(<R::In<S>>::LANES) {
            let x = <R::In<S>>::load(row);
            let s = squash(x.add(x));
            s.add(s).sub(one).store(row);
        }
    }
}

/// to = a b
pub(crate) struct Times<'a, R> {
    pub(crate) a: &'a [R],
    pub(crate) b: &'a [R],
    pub(crate) to: &'a mut [R],
}

impl<R: Real> Kernel for Times<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let pairs = self.a.chunks_exact(lanes).zip(self.b.chunks_exact(lanes));
        for ((a, b), to) in pairs.zip(self.to.chunks_exact_mut(lanes)) {
            let (a, b) = (<R::In<S>>::load(a), <R::In<S>>::load(b));
            a.mul(b).store(to);
        }
    }
}

/// to = z h + (1 - z) n
pub(crate) struct Mix<'a, R> {
    pub(crate) z: &'a [R],
    pub(crate) h: &'a [R],
    pub(crate) n: &'a [R],
    pub(crate) to: &'a mut [R],
}

impl<R: Real> Kernel for Mix<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        for t in (0..self.to.len()).step_by(lanes) {
            let [z, h, n] = [self.z, self.h, self.n].map(|row| <R::In<S>>::load(&row[t..]));
            z.fma(h.sub(n), n).store(&mut self.to[t..]);
        }
    }
}

/// The backward pass of [`Mix`] and of the activations before it.
pub(crate) struct MixBackward<'a, R> {
    pub(crate) z: &'a [R],
    pub(crate) h: &'a [R],
    pub(crate) n: &'a [R],
    /// d/d of the argument of the logistic function that gave z
    pub(crate) to_z: &'a mut [R],
    /// d/d of the argument of the hyperbolic tangent that gave n
    pub(crate) to_n: &'a mut [R],
    /// d/d to, which becomes d/d h
    pub(crate) state: &'a mut [R],
}

impl<R: Real> Kernel for MixBackward<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let one = constant!(R::In<S>, ONE);
        for t in (0..self.state.len()).step_by(lanes) {
            let rows = [&*self.state, self.z, self.h, self.n];
            let [g, z, h, n] = rows.map(|row| <R::In<S>>::load(&row[t..]));
            let rest = one.sub(z);
            g.mul(z).store(&mut self.state[t..]);
            g.mul(h.sub(n)).mul(z.mul(rest)).store(&mut self.to_z[t..]);
            g.mul(rest)
                .mul(one.sub(n.mul(n)))
                .store(&mut self.to_n[t..]);
        }
    }
}

/// The backward pass of r h and of the logistic function before it: d/d of the argument of r, and d/d h,
/// which is added to.
pub(crate) struct ResetBackward<'a, R> {
    pub(crate) gradient: &'a [R],
    pub(crate) r: &'a [R],
    pub(crate) h: &'a [R],
    pub(crate) to_r: &'a mut [R],
    pub(crate) to_h: &'a mut [R],
}

impl<R: Real> Kernel for ResetBackward<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let one = constant!(R::In<S>, ONE);
        for t in (0..self.gradient.len()).step_by(lanes) {
            let rows = [self.gradient, self.r, self.h];
            let [g, r, h] = rows.map(|row| <R::In<S>>::load(&row[t..]));
            let to_h = g.fma(r, <R::In<S>>::load(&self.to_h[t..]));
            to_h.store(&mut self.to_h[t..]);
            g.mul(h).mul(r.mul(one.sub(r))).store(&mut self.to_r[t..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter::zip;

    use super::*;
    use crate::kernel::{Level, TILE, dispatch::run_at};

    /// Rows of numbers from -12 to 12, each in another order.
    fn rows<R: Real>(count: usize) -> Vec<Vec<R>> {
        let value = |row: usize, t: usize| ((t * (2 * row + 1)) % TILE) as f64 / 2.6 - 12.0;
        (0..count)
            .map(|row| (0..TILE).map(|t| R::from_f64(value(row, t))).collect())
            .collect()
    }

    fn compare<R: Real>(name: &str, found: &[R], expected: impl Fn(usize) -> f64, tolerance: f64) {
        for (t, found) in found.iter().enumerate() {
            let (found, expected) = (found.to_f64(), expected(t));
            let error = (found - expected).abs();
            assert!(
                error <= tolerance * expected.abs().max(1.0),
                "{name} {t}: {found} {expected}"
            );
        }
    }

    fn check<R: Real>(level: Level, tolerance: f64) {
        let all = rows::<R>(4);
        let at = |row: usize, t: usize| all[row][t].to_f64();
        let mut found = all[0].clone();
        run_at(level, Logistic(&mut found));
        let logistic = |t: usize| 1.0 / (1.0 + (-at(0, t)).exp());
        compare("logistic", &found, logistic, tolerance);
        let mut found = all[0].clone();
        run_at(level, Tanh(&mut found));
        compare("tanh", &found, |t| at(0, t).tanh(), tolerance);
        let mut to = vec![R::ZERO; TILE];
        run_at(
            level,
            Times {
                a: &all[0],
                b: &all[1],
                to: &mut to,
            },
        );
        compare("times", &to, |t| at(0, t) * at(1, t), tolerance);
        let (z, h, n) = (&all[0], &all[1], &all[2]);
        run_at(
            level,
            Mix {
                z,
                h,
                n,
                to: &mut to,
            },
        );
        let mixed = |t: usize| at(0, t) * at(1, t) + (1.0 - at(0, t)) * at(2, t);
        compare("mix", &to, mixed, 100.0 * tolerance);
        let (mut to_z, mut to_n, mut state) = (to.clone(), to.clone(), all[3].clone());
        run_at(
            level,
            MixBackward {
                z,
                h,
                n,
                to_z: &mut to_z,
                to_n: &mut to_n,
                state: &mut state,
            },
        );
        let of = |t: usize| (at(3, t), at(0, t), at(1, t), at(2, t));
        let expected = |t: usize| {
            let (g, z, h, n) = of(t);
            [
                g * z,
                g * (h - n) * z * (1.0 - z),
                g * (1.0 - z) * (1.0 - n * n),
            ]
        };
        for (part, found) in [&state, &to_z, &to_n].into_iter().enumerate() {
            compare(
                "mix backward",
                found,
                |t| expected(t)[part],
                10.0 * tolerance,
            );
        }
        let mut to_h = all[3].clone();
        run_at(
            level,
            ResetBackward {
                gradient: &all[2],
                r: z,
                h,
                to_r: &mut to_z,
                to_h: &mut to_h,
            },
        );
        let argument = |t: usize| at(2, t) * at(1, t) * at(0, t) * (1.0 - at(0, t));
        compare("reset, argument", &to_z, argument, 10.0 * tolerance);
        let state = |t: usize| at(3, t) + at(2, t) * at(0, t);
        compare("reset, state", &to_h, state, 100.0 * tolerance);
    }

    #[test]
    fn passes_are_their_formulas_on_every_level() {
        for level in Level::available() {
            check::<f32>(level, 1e-6);
            check::<f64>(level, 1e-14);
        }
    }

    /// The unit's state must not leave (-1, 1) where its gates are closed.
    #[test]
    fn ends_are_kept() {
        for level in Level::available() {
            let ends = [f32::MAX, -f32::MAX, 200.0, -200.0].repeat(TILE / 4);
            let (mut gate, mut tanh) = (ends.clone(), ends.clone());
            run_at(level, Logistic(&mut gate));
            run_at(level, Tanh(&mut tanh));
            for (end, (gate, tanh)) in zip(&ends, zip(&gate, &tanh)) {
                let (low, high) = if *end > 0.0 { (1.0, 1.0) } else { (0.0, -1.0) };
                assert!((gate - low).abs() < 1e-30, "{level} {end}: {gate}");
                assert_eq!(tanh.to_bits(), f32::to_bits(high), "{level} {end}");
            }
        }
    }
}
