//! Elementwise passes of recurrent and residual conditioners, over whole tiles.

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
fn sigmoid<V: Lane>(x: V) -> V {
    let (_, t) = softplus(x);
    logistic(x, t)
}

/// Replaces each x by 1/(1 + e^-x).
pub(crate) struct Sigmoid<'a, R>(pub(crate) &'a mut [R]);

impl<R: Real> Kernel for Sigmoid<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        for row in self.0.chunks_exact_mut(<R::In<S>>::LANES) {
            sigmoid(<R::In<S>>::load(row)).store(row);
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
            let s = sigmoid(x.add(x));
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

/// The backward pass of [`Mix`] and of the activations before it: from d/d to, to d/d of the arguments of
/// the logistic function (z) and of the hyperbolic tangent (n), and to d/d h, which is added to.
pub(crate) struct MixBackward<'a, R> {
    pub(crate) gradient: &'a [R],
    pub(crate) z: &'a [R],
    pub(crate) h: &'a [R],
    pub(crate) n: &'a [R],
    pub(crate) to_z: &'a mut [R],
    pub(crate) to_n: &'a mut [R],
    pub(crate) to_h: &'a mut [R],
}

impl<R: Real> Kernel for MixBackward<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let one = constant!(R::In<S>, ONE);
        for t in (0..self.gradient.len()).step_by(lanes) {
            let rows = [self.gradient, self.z, self.h, self.n];
            let [g, z, h, n] = rows.map(|row| <R::In<S>>::load(&row[t..]));
            let rest = one.sub(z);
            let to_h = g.fma(z, <R::In<S>>::load(&self.to_h[t..]));
            to_h.store(&mut self.to_h[t..]);
            g.mul(h.sub(n)).mul(z.mul(rest)).store(&mut self.to_z[t..]);
            g.mul(rest).mul(one.sub(n.mul(n))).store(&mut self.to_n[t..]);
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

/// to = gradient where the value is positive, slope times it elsewhere
pub(crate) struct LeakyBackward<'a, R> {
    pub(crate) slope: R,
    pub(crate) gradient: &'a [R],
    pub(crate) values: &'a [R],
    pub(crate) to: &'a mut [R],
}

impl<R: Real> Kernel for LeakyBackward<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let slope = <R::In<S>>::splat(self.slope);
        for t in (0..self.to.len()).step_by(lanes) {
            let [g, v] = [self.gradient, self.values].map(|row| <R::In<S>>::load(&row[t..]));
            <R::In<S>>::select(v.positive(), g, g.mul(slope)).store(&mut self.to[t..]);
        }
    }
}
