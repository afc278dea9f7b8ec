//! Histograms of pulls beside the standard normal density, as an SVG picture.

use std::f64::consts::TAU;
use std::fmt::Write as _;

const BINS: usize = 40;
const LIMIT: f64 = 5.0;
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 200.0;

/// One panel for each group of pulls; what lies beyond 5 is counted in the end bins.
pub(crate) fn svg(groups: &[(&str, Vec<f64>)]) -> String {
    let groups: Vec<_> = groups
        .iter()
        .filter(|(_, pulls)| !pulls.is_empty())
        .collect();
    let total = WIDTH * groups.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"{}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        HEIGHT + 30.0
    );
    for (i, (name, pulls)) in groups.iter().enumerate() {
        panel(&mut svg, WIDTH * i as f64, name, pulls);
    }
    svg + "</svg>\n"
}

fn panel(svg: &mut String, left: f64, name: &str, pulls: &[f64]) {
    let width = 2.0 * LIMIT / BINS as f64;
    let mut counts = [0_u32; BINS];
    for pull in pulls {
        let past = (1..BINS)
            .filter(|b| *pull >= -LIMIT + width * *b as f64)
            .count();
        counts[past] += 1;
    }
    let density = |count: u32| f64::from(count) / pulls.len() as f64 / width;
    let x = |pull: f64| left + 10.0 + (pull + LIMIT) / (2.0 * LIMIT) * (WIDTH - 20.0);
    let y = |density: f64| HEIGHT - density / 0.5 * (HEIGHT - 30.0);
    for (b, count) in counts.iter().enumerate() {
        let (from, top) = (-LIMIT + width * b as f64, y(density(*count)));
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#56B4E9\"/>",
            x(from),
            x(from + width) - x(from) - 0.5,
            HEIGHT - top
        );
    }
    let points: Vec<String> = (0..=100)
        .map(|i| -LIMIT + 2.0 * LIMIT * f64::from(i) / 100.0)
        .map(|p| format!("{:.1},{:.1}", x(p), y((-0.5 * p * p).exp() / TAU.sqrt())))
        .collect();
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#D55E00\" stroke-width=\"1.5\"/>",
        points.join(" ")
    );
    for tick in [-4, -2, 0, 2, 4] {
        let at = x(f64::from(tick));
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            HEIGHT + 16.0
        );
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{HEIGHT}\" y2=\"{HEIGHT}\" stroke=\"black\"/>\n\
         <text x=\"{:.1}\" y=\"16\">{name}: {} pulls</text>",
        x(-LIMIT),
        x(LIMIT),
        x(-LIMIT),
        pulls.len()
    );
}
