//! A grid in an SVG file of its own: the plane of its first two axes beside the densities.

use thalweg::Domain;
use thalweg::map::Grid;

use super::picture::Picture;
use super::{STYLE, escape, marginals, projection};

const MARGIN: f64 = 16.0;
const TITLE: f64 = 28.0;
/// Densities in a row below the plane.
const COLUMNS: usize = 3;

/// A picture with the place of its upper left corner.
type Placed = ((f64, f64), Picture);

/// The file, under a title.
pub(crate) fn grid_sheet(title: &str, grid: &Grid, domain: &Domain) -> String {
    let pictures = arranged(projection(grid, domain), marginals(grid, domain));
    let far = |end: fn(&Placed) -> f64| pictures.iter().map(end).fold(0.0, f64::max);
    let width = far(|((left, _), p)| left + p.width) + 2.0 * MARGIN;
    let height = far(|((_, top), p)| top + p.height) + 2.0 * MARGIN + TITLE;
    let title = escape(title);
    let labels: Vec<String> = pictures.iter().map(|(_, p)| escape(&p.label)).collect();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"{title}\">\n<title>{title}</title>\n<desc>{}</desc>\n\
         <style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
         <text class=\"head\" x=\"{MARGIN}\" y=\"{TITLE}\">{title}</text>\n",
        labels.join("; ")
    );
    for ((left, top), picture) in pictures {
        let (left, top) = (left + MARGIN, top + MARGIN + TITLE);
        text += &format!(
            "<g transform=\"translate({left} {top})\">\n{}</g>\n",
            picture.body
        );
    }
    text + "</svg>\n"
}

/// The plane with up to four densities to its right, the others in rows below.
fn arranged(plane: Option<Picture>, densities: Vec<Picture>) -> Vec<Placed> {
    let (right, below) = plane.as_ref().map_or((0.0, 0.0), |p| (p.width, p.height));
    let beside = if plane.is_some() { 4 } else { 0 };
    let mut placed: Vec<Placed> = plane.into_iter().map(|p| ((0.0, 0.0), p)).collect();
    for (i, picture) in densities.into_iter().enumerate() {
        let (width, height) = (picture.width, picture.height);
        let at = if i < beside {
            let (row, column) = (i / 2, i % 2);
            (right + width * column as f64, height * row as f64)
        } else {
            let (row, column) = ((i - beside) / COLUMNS, (i - beside) % COLUMNS);
            (width * column as f64, below + height * row as f64)
        };
        placed.push((at, picture));
    }
    placed
}
