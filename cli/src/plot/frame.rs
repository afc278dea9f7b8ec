//! A frame: two axes with their marks, and what is drawn between them.
//!
//! Data lie in an inner `svg` element, which cuts off what goes beyond the axes.

use thalweg::Method;

use super::mark::mark;
use super::picture::Picture;
use super::scale::Scale;
use super::{class, escape};

/// Height of a line of text, and about the width of a character.
const LINE: f64 = 15.0;
const CHARACTER: f64 = 6.7;

/// An axis: its scale, and what it shows.
#[derive(Debug)]
pub(super) struct Axis<'a> {
    pub(super) scale: Scale,
    pub(super) title: &'a str,
}

/// A picture in the making.
#[derive(Debug)]
pub(super) struct Frame {
    size: (f64, f64),
    left: f64,
    top: f64,
    /// of the space between the axes
    inner: (f64, f64),
    x: Scale,
    y: Scale,
    outside: String,
    inside: String,
}

/// An entry of the legend: the sample's classes and mark, and the name.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) classes: String,
    pub(super) mark: Option<Method>,
    pub(super) name: &'a str,
}

impl Frame {
    /// Axes on a canvas of this size, with a legend above them where there are entries.
    pub(super) fn new(size: (f64, f64), x: &Axis<'_>, y: &Axis<'_>, legend: &[Entry<'_>]) -> Self {
        let most = |length: f64, each: f64| (length / each).max(2.0).round();
        let y_ticks = y.scale.ticks(to_usize(most(size.1, 52.0)));
        let widest = y_ticks.iter().map(|(_, text)| text.chars().count()).max();
        let left = 10.0 + CHARACTER * widest.unwrap_or(0) as f64;
        let top = LINE + 9.0 + if legend.is_empty() { 0.0 } else { LINE + 3.0 };
        let inner = (size.0 - left - 14.0, size.1 - top - 2.0 * LINE - 8.0);
        let mut frame = Self {
            size,
            left,
            top,
            inner,
            x: x.scale,
            y: y.scale,
            outside: String::new(),
            inside: String::new(),
        };
        frame.legend(legend);
        let title_at = (left, top - 7.0);
        frame.text("head", title_at, "start", y.title);
        let x_title_at = (left + inner.0, size.1 - 5.0);
        frame.text("head", x_title_at, "end", x.title);
        let x_ticks = x.scale.ticks(to_usize(most(size.0, 80.0)));
        frame.axes(&x_ticks, &y_ticks);
        frame
    }

    fn axes(&mut self, x_ticks: &[(f64, String)], y_ticks: &[(f64, String)]) {
        let (left, top, (width, height)) = (self.left, self.top, self.inner);
        let mut mesh = String::new();
        for (value, text) in x_ticks {
            let x = left + width * self.x.at(*value);
            mesh += &format!("M{x:.1} {top:.1}v{height:.1}");
            self.text("tick", (x, top + height + LINE), "middle", text);
        }
        for (value, text) in y_ticks {
            let y = top + height * (1.0 - self.y.at(*value));
            mesh += &format!("M{left:.1} {y:.1}h{width:.1}");
            self.text("tick", (left - 5.0, y + 4.0), "end", text);
        }
        self.outside += &format!(
            "<path class=\"mesh\" d=\"{mesh}\"/>\n\
             <path class=\"axis\" d=\"M{left:.1} {top:.1}v{height:.1}h{width:.1}\"/>\n"
        );
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        // A number at the end of an axis must not leave the canvas.
        let half = 0.5 * CHARACTER * text.chars().count() as f64;
        let x = if anchor == "middle" {
            x.min(self.size.0 - half)
        } else {
            x
        };
        self.outside += &format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n",
            escape(text)
        );
    }

    fn legend(&mut self, entries: &[Entry<'_>]) {
        let mut x = self.left;
        for Entry {
            classes,
            mark: shape,
            name,
        } in entries
        {
            let y = LINE - 4.0;
            self.outside += &format!("<path class=\"{classes}\" d=\"M{x:.1} {y}h18\"/>\n");
            if let Some(method) = shape {
                self.outside += &format!(
                    "<path class=\"dot {}\" d=\"{}\"/>\n",
                    class(*method),
                    mark(*method, x + 9.0, y)
                );
            }
            self.text("key", (x + 22.0, y + 4.0), "start", name);
            x += 22.0 + CHARACTER * name.chars().count() as f64 + 9.0;
        }
    }

    /// A place between the axes; what lies far beyond them is brought near.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let near = |at: f64, length: f64| (at.clamp(-4.0, 5.0) * length * 10.0).round() / 10.0;
        (
            near(self.x.at(x), self.inner.0),
            near(1.0 - self.y.at(y), self.inner.1),
        )
    }

    fn polyline(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for point in points {
            if point.0.is_nan() || point.1.is_nan() {
                continue;
            }
            let (x, y) = self.place(point);
            path += &format!("{}{x} {y}", if path.is_empty() { "M" } else { "L" });
        }
        path
    }

    fn draw(&mut self, classes: &str, path: &str) {
        if !path.is_empty() {
            self.inside += &format!("<path class=\"{classes}\" d=\"{path}\"/>\n");
        }
    }

    pub(super) fn line(&mut self, classes: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        let path = self.polyline(points);
        self.draw(classes, &path);
    }

    /// The area between the low and the high ends, given as `(x, low, high)`.
    pub(super) fn band(&mut self, classes: &str, ends: &[(f64, f64, f64)]) {
        let there = ends.iter().map(|(x, low, _)| (*x, *low));
        let back = ends.iter().rev().map(|(x, _, high)| (*x, *high));
        let path = self.polyline(there.chain(back));
        if ends.len() > 1 {
            self.draw(classes, &format!("{path}z"));
        }
    }

    /// Points with the mark of a method.
    pub(super) fn marks(
        &mut self,
        classes: &str,
        method: Method,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) {
        let shapes = points.into_iter().filter(|p| p.1.is_finite()).map(|p| {
            let (x, y) = self.place(p);
            mark(method, x, y)
        });
        let path: String = shapes.collect();
        self.draw(classes, &path);
    }

    /// Vertical bars from low to high ends, given as `(x, low, high)`.
    pub(super) fn bars(&mut self, classes: &str, ends: impl IntoIterator<Item = (f64, f64, f64)>) {
        let bars = ends.into_iter().map(|(x, low, high)| {
            let ((x, low), (_, high)) = (self.place((x, low)), self.place((x, high)));
            format!("M{x} {low}V{high}")
        });
        let path: String = bars.collect();
        self.draw(classes, &path);
    }

    /// A staircase: `heights` (`[n]`) between `edges` (`[n + 1]`), closed at the bottom.
    pub(super) fn steps(&mut self, classes: &str, edges: &[f64], heights: &[f64]) {
        let floor = self.inner.1;
        let Some(first) = edges.first() else { return };
        let mut path = format!("M{} {floor}", self.place((*first, 0.0)).0);
        for (end, height) in edges.iter().skip(1).zip(heights) {
            let (x, y) = self.place((*end, *height));
            path += &format!("V{}H{x}", y.min(floor));
        }
        path += &format!("V{floor}");
        self.draw(classes, &path);
    }

    /// Lines across at `ys` and down at `xs`.
    pub(super) fn rules(&mut self, classes: &str, xs: &[f64], ys: &[f64]) {
        let (width, height) = self.inner;
        let low = match (self.x, self.y) {
            (Scale::Linear(x, _) | Scale::Log(x, _), Scale::Linear(y, _) | Scale::Log(y, _)) => {
                (x, y)
            }
        };
        let down = xs
            .iter()
            .map(|x| format!("M{} 0v{height:.1}", self.place((*x, low.1)).0));
        let across = ys
            .iter()
            .map(|y| format!("M0 {}h{width:.1}", self.place((low.0, *y)).1));
        let path: String = down.chain(across).collect();
        self.draw(classes, &path);
    }

    /// The picture, which shows what `label` says.
    pub(super) fn finish(self, label: String) -> Picture {
        let (width, height) = self.inner;
        let body = format!(
            "{}<svg x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">\n{}</svg>\n",
            self.outside, self.left, self.top, self.inside
        );
        Picture {
            width: self.size.0,
            height: self.size.1,
            label,
            body,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number of marks"
)]
fn to_usize(marks: f64) -> usize {
    marks as usize
}
