//! Samples and draws side by side.

use std::error::Error;
use std::fs::create_dir_all;

use plotters::prelude::*;

/// Points of a panel.
const SHOWN: usize = 250;
/// Panels of a row: the samples, and draws of each flow.
const COLUMNS: usize = 7;

/// Writes `docs/density.svg`: the first two coordinates of each panel's points (`[n * dim]`).
pub(crate) fn draw(panels: &[(String, Vec<f64>, usize)]) -> Result<(), Box<dyn Error>> {
    create_dir_all("docs")?;
    let rows = panels.len().div_ceil(COLUMNS);
    let root = SVGBackend::new("docs/density.svg", (1470, 225 * 3)).into_drawing_area();
    root.fill(&WHITE)?;
    for ((title, points, dim), area) in panels.iter().zip(root.split_evenly((rows, COLUMNS))) {
        // The same frame for all panels of a row: that of the samples.
        let row = panels
            .iter()
            .find(|(other, _, _)| other.split(':').next() == title.split(':').next());
        let (_, samples, _) = row.ok_or("no samples")?;
        let range = |axis: usize| {
            let values = samples.iter().skip(axis).step_by(*dim);
            let ends = values.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            ends.0 - 0.1 * (ends.1 - ends.0)..ends.1 + 0.1 * (ends.1 - ends.0)
        };
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 14))
            .margin(6)
            .build_cartesian_2d(range(0), range(1))?;
        let shown = points.chunks_exact(*dim).take(SHOWN);
        let marks = shown.map(|p| Circle::new((p[0], p[1]), 1, BLUE.mix(0.5).filled()));
        chart.draw_series(marks)?;
    }
    root.present()?;
    Ok(())
}
