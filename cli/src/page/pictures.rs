//! The sections with pictures.

use thalweg::map::Grid;
use thalweg::{Method, Report};

use super::{Page, Specimen, figure};
use crate::number::{percent, significant};
use crate::plot::{
    Curve, History, Picture, Tail, distributions, marginals, projection, relative_error, value,
};

const NO_STEPS: &str = "Nothing to draw: no step gave such a number.";

impl Page<'_> {
    pub(super) fn convergence(&self) -> String {
        let curves = self.curves();
        let exact = self.comparison.subject.exact;
        let further = if self.comparison.several_seeds() {
            " Lines of further seeds are thin."
        } else {
            ""
        };
        let inline = |picture: Option<Picture>| {
            let picture = picture.as_ref().map(Picture::inline);
            picture.ok_or(NO_STEPS)
        };
        let of_value = format!(
            "The value. Lines: the mean of all points of the estimate so far, in a band of one \
             standard error. Faint marks: steps that explore, adapt or train, each by itself; \
             they do not enter the estimate, and those beyond the frame are left out.{further}"
        );
        let of_error = format!(
            "The relative error, on logarithmic axes; marks as before. A method that draws from a \
             fixed proposal falls along the oblique lines, which are as steep as one over the \
             square root of the calls.{further}"
        );
        format!(
            "<div class=\"two\">\n{}{}</div>\n",
            figure(inline(value(&curves, exact)), &of_value),
            figure(
                inline(relative_error(&curves, self.comparison.stop.rel_error)),
                &of_error
            )
        )
    }

    fn curves(&self) -> Vec<Curve> {
        let of_method = |method: Method, reports: &[Report]| -> Vec<Curve> {
            let curve = |(i, report)| Curve {
                method,
                first: i == 0,
                history: History::of(report),
            };
            reports.iter().enumerate().map(curve).collect()
        };
        let all = self.comparison.all.iter();
        all.flat_map(|runs| of_method(runs.method, &runs.reports))
            .collect()
    }

    pub(super) fn weights(&self) -> String {
        let tails: Vec<&Tail> = self
            .specimens
            .iter()
            .filter_map(|specimen| specimen.tail.as_ref().ok())
            .collect();
        let mut pictures = distributions(&tails).into_iter();
        let figures = self.specimens.iter().map(|specimen| {
            let drawn = match &specimen.tail {
                Err(why) => Err(format!("No weights: {why}.")),
                Ok(_) => match pictures.next().flatten() {
                    Some(picture) => Ok(picture.inline()),
                    None => Err("All weights are zero.".to_owned()),
                },
            };
            figure(
                drawn.as_ref().cloned().map_err(String::as_str),
                &self.of_weights(specimen),
            )
        });
        let figures: String = figures.collect();
        format!(
            "<p>Weights w = f/q of fresh points from each frozen proposal (first seed only): at \
             most 65536 points, and not more than the run itself took. They were drawn for these \
             pictures after the run, so their calls are not among those of the method. Equal \
             weights would stand in one bar at the dashed line; what reaches far to its right \
             are rare points that carry much of the integral.</p>\n\
             <div class=\"three\">\n{figures}</div>\n"
        )
    }

    /// What the picture of the weights of a method shows, in numbers.
    fn of_weights(&self, specimen: &Specimen) -> String {
        let mut parts = Vec::new();
        if let Ok(tail) = &specimen.tail {
            let share = |n: usize| percent(n as f64 / tail.points() as f64);
            parts.push(format!("{} points", tail.points()));
            if let Some(largest) = tail.largest() {
                parts.push(format!("largest {} × mean", significant(largest, 3)));
            }
            if tail.zeros > 0 {
                parts.push(format!("{} zero", share(tail.zeros)));
            }
            if tail.hidden() > 0 {
                let hidden = share(tail.hidden());
                parts.push(format!("{hidden} too small to be shown"));
            }
            if tail.negative() > 0 {
                let negative = share(tail.negative());
                parts.push(format!("{negative} negative (dashed)"));
            }
        }
        let report = self
            .reports()
            .find(|r| r.method == specimen.method && r.seed == specimen.seed);
        if let Some(khat) = report.and_then(|report| report.weights.khat) {
            parts.push(format!("k-hat {khat:.2} in the estimate"));
        }
        let name = specimen.method.name();
        if parts.is_empty() {
            name.to_owned()
        } else {
            format!("{name}: {}", parts.join(", "))
        }
    }

    pub(super) fn grids(&self) -> String {
        let with_grid = self
            .specimens
            .iter()
            .filter_map(|specimen| Some((specimen, specimen.grid.as_ref()?)));
        let text: String = with_grid.map(|(s, grid)| of_grid(s, grid)).collect();
        if text.is_empty() {
            return "<p>None of the proposals has a VEGAS grid.</p>\n".to_owned();
        }
        text
    }
}

fn of_grid(specimen: &Specimen, grid: &Grid) -> String {
    let name = specimen.method.name();
    let plane = projection(grid, &specimen.domain).map_or_else(String::new, |picture| {
        let caption = format!("{}.", picture.label);
        figure(Ok(picture.inline()), &caption)
    });
    let marginals: String = marginals(grid, &specimen.domain)
        .iter()
        .map(|picture| figure(Ok(picture.inline()), ""))
        .collect();
    format!(
        "<h3>{name}, seed {}</h3>\n\
         <p>Each bin is hit equally often, so points are dense where lines are. The density \
         along each axis is given in multiples of the uniform one; that of the grid is the \
         product over the axes.</p>\n\
         <div class=\"plane\">\n{plane}<div class=\"small\">\n{marginals}</div>\n</div>\n",
        specimen.seed
    )
}
