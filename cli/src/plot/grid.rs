//! The bins of a VEGAS grid on the plane of its first two axes.

use thalweg::Domain;
use thalweg::map::Grid;

use super::frame::{Axis, Frame};
use super::picture::Picture;
use super::scale::Scale;

/// Lines per axis beyond which some are left out.
const MOST: usize = 64;

/// Canvas of the plane.
const SIZE: (f64, f64) = (430.0, 430.0);

/// The plane of the first two axes; `None` for one axis only.
pub(crate) fn projection(grid: &Grid, domain: &Domain) -> Option<Picture> {
    let [first, second] = [0, 1].map(|axis| Place::of(domain, axis));
    let (first, second) = (first?, second?);
    let x = Axis {
        scale: first.scale,
        title: &first.title,
    };
    let y = Axis {
        scale: second.scale,
        title: &second.title,
    };
    let mut frame = Frame::new(SIZE, &x, &y, &[]);
    let stride = stride(grid);
    let lines = |axis: usize, place: &Place| -> Vec<f64> {
        let edges = grid.axis_edges(axis).iter();
        let shown = edges.step_by(stride).chain([&1.0]);
        shown.map(|edge| place.scaled(*edge)).collect()
    };
    frame.rules("hair vegas", &lines(0, &first), &lines(1, &second));
    Some(frame.finish(format!(
        "Bins of the grid on the plane of the first two axes, {}",
        lines_shown(grid)
    )))
}

/// Of how many lines one is drawn.
fn stride(grid: &Grid) -> usize {
    grid.bins().div_ceil(MOST)
}

/// How many lines of how many bins are drawn.
pub(super) fn lines_shown(grid: &Grid) -> String {
    match (stride(grid), grid.bins()) {
        (1, bins) => format!("all edges of {bins} bins"),
        (stride, bins) => format!("one of {stride} edges of {bins} bins"),
    }
}

/// Where an axis of the grid is drawn: in the user's coordinate if its range is finite, else in
/// the coordinate of the unit cube that it is reached from.
pub(super) struct Place {
    pub(super) scale: Scale,
    pub(super) title: String,
    low: f64,
    length: f64,
}

impl Place {
    pub(super) fn of(domain: &Domain, axis: usize) -> Option<Self> {
        let (low, high) = *domain.ranges().get(axis)?;
        Some(if low.is_finite() && high.is_finite() {
            Self {
                scale: Scale::Linear(low, high),
                title: format!("x{axis}"),
                low,
                length: high - low,
            }
        } else {
            Self {
                scale: Scale::Linear(0.0, 1.0),
                title: format!("x{axis}, mapped to [0, 1]"),
                low: 0.0,
                length: 1.0,
            }
        })
    }

    /// The drawn coordinate of a place in the unit interval.
    pub(super) fn scaled(&self, unit: f64) -> f64 {
        self.low + self.length * unit
    }
}
