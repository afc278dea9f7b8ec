//! One layer of a flow, on tiles.
//!
//! The density direction (x -> z) is the one that training differentiates; sampling
//! (z -> x) uses the splines' inverse. Both add log|dz/dx| to the tile's log q, and both
//! can record what the backward pass needs: it is the same for either.

use rand_pcg::Pcg64Dxsm;

use super::{aligned::Aligned, tile::Tile};
use crate::kernel::{TILE, lane::Real, spline::Direction};

/// What a layer works in, and what it keeps of one tile for its backward pass.
#[derive(Debug, Default)]
pub(crate) struct Record<R: Copy + Default> {
    /// whether there is room for what the backward pass needs, and it is to be kept
    pub(crate) keep: bool,
    /// `[transformed * TILE]`: coordinates at the data end; empty where nothing is kept
    pub(crate) x: Aligned<f64>,
    /// per layer of the conditioner but the last, inputs first: `[features * TILE]`, features
    /// padded with rows that are zero in a record that keeps
    pub(crate) activations: Vec<Aligned<R>>,
    /// parameters of the splines, `[transformed * parameters * TILE]`, or of one at a time
    /// where nothing is kept
    pub(crate) raw: Aligned<R>,
}

/// Gradients of one tile on their way back through a conditioner.
#[derive(Debug, Default)]
pub(crate) struct Work<R: Copy + Default> {
    /// d loss / d activations, laid out as [`Record::activations`] without the padding
    pub(crate) gradients: Vec<Aligned<R>>,
    /// `[TILE * padded features]`: activations of one layer, point by point
    pub(crate) points: Aligned<R>,
    /// `[parameters * TILE]`: d loss / d parameters of one spline
    pub(crate) raw_gradient: Aligned<R>,
}

fn grow<T: Copy + Default>(buffer: &mut Aligned<T>, other: &Aligned<T>) {
    if buffer.len() < other.len() {
        *buffer = Aligned::new(other.len());
    }
}

fn grow_all<T: Copy + Default>(buffers: &mut Vec<Aligned<T>>, others: &[Aligned<T>]) {
    buffers.resize_with(buffers.len().max(others.len()), Aligned::default);
    for (buffer, other) in buffers.iter_mut().zip(others) {
        grow(buffer, other);
    }
}

impl<R: Real> Record<R> {
    /// With room for the first `rows` coordinates alone, where they are to be kept.
    pub(crate) fn of_rows(keep: bool, rows: usize) -> Self {
        Self {
            keep,
            x: Aligned::new(if keep { rows * TILE } else { 0 }),
            ..Self::default()
        }
    }

    /// Keeps as many of a tile's first coordinates as there is room for.
    pub(crate) fn keep_rows(&mut self, tile: &Tile) {
        let n = self.x.len();
        self.x.copy_from_slice(&tile.x[..n]);
    }

    /// Makes room for what `other` has room for.
    pub(crate) fn grow(&mut self, other: &Self) {
        grow(&mut self.x, &other.x);
        grow_all(&mut self.activations, &other.activations);
        grow(&mut self.raw, &other.raw);
    }
}

impl<R: Real> Work<R> {
    /// Makes room for what `other` has room for.
    pub(crate) fn grow(&mut self, other: &Self) {
        grow_all(&mut self.gradients, &other.gradients);
        grow(&mut self.points, &other.points);
        grow(&mut self.raw_gradient, &other.raw_gradient);
    }
}

/// Adds a sum that was made in f64 to the gradient of one parameter.
pub(crate) fn add_sum<R: Real>(parameter: &mut R, sum: f64) {
    *parameter = R::from_f64(parameter.to_f64() + sum);
}

/// Gradients of a loss on their way back, from the latent end to the data end.
#[derive(Debug)]
pub(crate) struct TileGradient<R: Copy + Default> {
    /// `[dim * TILE]`: d loss / d coordinates
    pub(crate) x: Aligned<R>,
    /// `[TILE]`: d loss / d log q
    pub(crate) log_q: Aligned<R>,
}

impl<R: Real> TileGradient<R> {
    pub(crate) fn new(dim: usize) -> Self {
        Self {
            x: Aligned::new(dim * TILE),
            log_q: Aligned::new(TILE),
        }
    }
}

/// A trainable invertible layer. Parameters are a slice of the flow's flat vector.
pub(crate) trait Layer {
    fn parameter_count(&self) -> usize;
    /// How often each parameter is used for one point in a `direction`, from data to latent or back.
    fn passes(&self, _direction: Direction) -> usize {
        1
    }
    /// Random start; `spread` 0 makes the layer the identity, if it can be.
    fn initialise(&self, _spread: f64, _parameters: &mut [f64], _rng: &mut Pcg64Dxsm) {}
    /// Parameters that are zero whatever happens, such as masked weights.
    fn fixed(&self) -> Vec<usize> {
        Vec::new()
    }
    /// Buffers for one tile: with room for what [`Layer::backward`] needs where `keep`.
    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        Record {
            keep,
            ..Record::default()
        }
    }
    /// Buffers for [`Layer::backward`].
    fn work<R: Real>(&self) -> Work<R> {
        Work::default()
    }
    /// x -> z in place, recorded if `record` was made to keep.
    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>);
    /// z -> x in place, recorded if `record` was made to keep.
    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>);
    /// Turns the gradient with respect to z into that with respect to x, and adds to the
    /// gradient of the parameters.
    fn backward<R: Real>(
        &self,
        values: &[R],
        record: &Record<R>,
        work: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        parameters: &mut [R],
    );
}
