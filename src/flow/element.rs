//! What happens to one coordinate: a family of monotone functions, its parameters given.

use serde::{Deserialize, Serialize};

use super::{Spline, tile::Tile};
use crate::error::Result;
use crate::kernel::{
    TILE,
    lane::Real,
    spline::{AnyKind, Backward, Direction, Evaluate, backward, evaluate},
};
use crate::map::inside;

/// The function that couplings and autoregressive layers apply to a coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// z = x + t (Dinh, Krueger, Bengio, "NICE" (2014), arXiv:1410.8516)
    Additive,
    /// z = x e^s + t, |s| < 5 (Dinh, Sohl-Dickstein, Bengio, "Real NVP" (2017), arXiv:1605.08803)
    Affine,
    /// a spline, on the unit cube
    Spline(Spline),
}

/// A [`Transform`], checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Element {
    kind: AnyKind,
    bins: usize,
    /// whether the ends of the unit interval are one point: raw parameters end with a shift
    circular: bool,
}

impl From<Spline> for Element {
    fn from(spline: Spline) -> Self {
        Self {
            kind: spline.any(),
            bins: spline.bins,
            circular: false,
        }
    }
}

impl Element {
    /// The element of a transform.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) for a number of bins that there is not.
    pub(crate) fn new(transform: Transform) -> Result<Self> {
        let of = |kind| Self {
            kind,
            bins: 1,
            circular: false,
        };
        Ok(match transform {
            Transform::Additive => of(AnyKind::Additive),
            Transform::Affine => of(AnyKind::Affine),
            Transform::Spline(spline) => Spline::new(spline.kind, spline.bins)?.into(),
        })
    }

    /// The same on a circle: a rational-quadratic spline whose slope is the same at both ends,
    /// followed by a shift modulo 1. D. J. Rezende et al., "Normalizing flows on tori and spheres"
    /// (2020), arXiv:2002.02428, section 2.1.3.
    pub(crate) fn circular(self) -> Self {
        Self {
            circular: true,
            ..self
        }
    }

    pub(crate) fn is_circular(&self) -> bool {
        self.circular
    }

    /// Raw parameters of one coordinate.
    pub(crate) fn parameters(&self) -> usize {
        self.kind.parameters(self.bins)
    }

    /// Takes coordinate `i` of a tile through, with `raw` (`[parameters * TILE]`), which becomes what
    /// [`Element::backward`] takes.
    pub(crate) fn evaluate<R: Real>(
        &self,
        direction: Direction,
        raw: &mut [R],
        tile: &mut Tile,
        i: usize,
    ) {
        let values = &mut tile.x[i * TILE..(i + 1) * TILE];
        // In place of the slope at the far end, which is that at the near one, there is the shift.
        let shift = self.circular.then(|| {
            let far = raw.len() - TILE;
            let mut shift = [0.0; TILE];
            for (s, r) in shift.iter_mut().zip(&raw[far..]) {
                *s = turn(r.to_f64());
            }
            raw.copy_within(2 * self.bins * TILE..(2 * self.bins + 1) * TILE, far);
            shift
        });
        if let (Some(shift), Direction::Inverse) = (&shift, direction) {
            for (v, s) in values.iter_mut().zip(shift) {
                *v = wrap(*v - s);
            }
        }
        evaluate(Evaluate {
            kind: self.kind,
            bins: self.bins,
            direction,
            raw,
            values,
            slope: &mut tile.slope,
        });
        if let (Some(shift), Direction::Forward) = (&shift, direction) {
            for (v, s) in values.iter_mut().zip(shift) {
                *v = wrap(*v + s);
            }
        }
        tile.count_factor();
    }

    /// Given d loss / d z in `gradient` and d loss / d log q, writes d loss / d raw into `raw_gradient`
    /// and d loss / d x into `gradient`.
    pub(crate) fn backward<R: Real>(
        &self,
        raw: &[R],
        x: &[f64],
        gradient: &mut [R],
        log_q: &[R],
        raw_gradient: &mut [R],
    ) {
        let raw_gradient = &mut raw_gradient[..self.parameters() * TILE];
        let mut at_z = [R::ZERO; TILE];
        if self.circular {
            at_z.copy_from_slice(gradient);
        }
        backward(Backward {
            kind: self.kind,
            bins: self.bins,
            raw,
            x,
            gradient,
            log_slope_gradient: log_q,
            raw_gradient: &mut *raw_gradient,
        });
        if self.circular {
            let (rest, far) = raw_gradient.split_at_mut(raw.len() - TILE);
            let near = &mut rest[2 * self.bins * TILE..(2 * self.bins + 1) * TILE];
            for ((near, far), at_z) in near.iter_mut().zip(far).zip(at_z) {
                *near = near.plus(*far);
                *far = at_z;
            }
        }
    }
}

/// A shift as a part of a turn, from any real: the raw parameter counts turns.
fn turn(raw: f64) -> f64 {
    if raw.is_finite() {
        raw.rem_euclid(1.0)
    } else {
        0.0
    }
}

/// A number of (-1, 2) brought into (0, 1).
fn wrap(x: f64) -> f64 {
    let x = if x >= 1.0 {
        x - 1.0
    } else if x <= 0.0 {
        x + 1.0
    } else {
        x
    };
    inside(x)
}
