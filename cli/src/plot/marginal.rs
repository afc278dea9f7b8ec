//! The density of a VEGAS grid along each axis, as multiples of the uniform one.

use thalweg::Domain;
use thalweg::map::Grid;

use super::frame::{Axis, Frame};
use super::grid::Place;
use super::picture::Picture;
use super::scale::Scale;
use crate::number::significant;

/// Axes that are drawn.
const MOST: usize = 16;
/// Bins narrower than this share of the axis, about a pixel, are drawn together.
const NARROW: f64 = 1.0 / 400.0;
/// Ratio of the densities from which the axis is logarithmic.
const WIDE: f64 = 30.0;

/// Edges (`[n + 1]`) and densities (`[n]`).
type Steps = (Vec<f64>, Vec<f64>);

/// One picture for each of the first 16 axes, all with the same height.
pub(crate) fn marginals(grid: &Grid, domain: &Domain) -> Vec<Picture> {
    let axes = domain.dim().min(MOST);
    let all: Vec<Steps> = (0..axes).map(|axis| merged(grid, axis)).collect();
    let densities = || all.iter().flat_map(|(_, density)| density.iter().copied());
    let (low, high) = densities().fold((1.0, 1.0), |(low, high): (f64, f64), q| {
        (low.min(q), high.max(q))
    });
    let scale = if high > WIDE * low {
        Scale::Log(low / 1.5, high * 1.5)
    } else {
        Scale::Linear(0.0, 1.08 * high)
    };
    let pictures = all.iter().enumerate().filter_map(|(axis, steps)| {
        let place = Place::of(domain, axis)?;
        Some(marginal(axis, steps, &place, scale))
    });
    pictures.collect()
}

fn marginal(axis: usize, (edges, density): &Steps, place: &Place, scale: Scale) -> Picture {
    let x = Axis {
        scale: place.scale,
        title: &place.title,
    };
    let y = Axis {
        scale,
        title: "density / uniform",
    };
    let mut frame = Frame::new((290.0, 210.0), &x, &y, &[]);
    frame.rules("thin dash ref", &[], &[1.0]);
    let edges: Vec<f64> = edges.iter().map(|edge| place.scaled(*edge)).collect();
    frame.steps("area vegas", &edges, density);
    frame.steps("thin vegas", &edges, density);
    let largest = density.iter().copied().fold(0.0, f64::max);
    frame.finish(format!(
        "Density of the grid along axis {axis}: at most {} times the uniform one",
        significant(largest, 3)
    ))
}

/// The density of an axis without bins that are too narrow to be seen.
fn merged(grid: &Grid, axis: usize) -> Steps {
    let (edges, density) = (grid.axis_edges(axis), grid.axis_density(axis));
    let (mut kept, mut heights) = (vec![0.0], Vec::new());
    let (mut from, mut mass) = (0.0, 0.0);
    for (bin, height) in edges.windows(2).zip(&density) {
        mass += height * (bin[1] - bin[0]);
        let width = bin[1] - from;
        if width >= NARROW || bin[1] >= 1.0 {
            kept.push(bin[1]);
            heights.push(mass / width);
            (from, mass) = (bin[1], 0.0);
        }
    }
    (kept, heights)
}

#[cfg(test)]
mod tests {
    use thalweg::map::Grid;

    use super::merged;

    #[test]
    fn narrow_bins_keep_their_mass() {
        let edges = vec![0.0, 0.5, 0.5001, 0.5002, 0.6, 1.0];
        let grid = Grid::from_edges(1, edges).unwrap();
        let (edges, density) = merged(&grid, 0);
        assert_eq!(edges, [0.0, 0.5, 0.6, 1.0]);
        let mass = edges
            .windows(2)
            .zip(&density)
            .map(|(e, q)| (e[1] - e[0]) * q);
        assert!((mass.sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((density[1] - 6.0).abs() < 1e-9, "{density:?}");
    }
}
