//! Pictures as SVG: a frame with axes, and one file for each thing that is drawn.
//!
//! Colours are those of M. Okabe and K. Ito ("Color Universal Design", 2008), which the
//! colour-blind tell apart; each method also has a mark of its own. They are set by classes, so
//! that a page can turn them for a dark screen. Nothing in a picture has an id, so that any
//! number of them can stand on one page.
#![expect(
    clippy::format_push_string,
    reason = "a picture is written once; what it looks like should be easy to read"
)]

mod frame;
mod grid;
mod history;
mod marginal;
mod mark;
mod picture;
mod rel_error;
mod scale;
mod sheet;
mod value;
mod weights;

use thalweg::Method;

pub(crate) use grid::projection;
pub(crate) use history::{Curve, History};
pub(crate) use marginal::marginals;
pub(crate) use picture::Picture;
pub(crate) use rel_error::relative_error;
pub(crate) use sheet::grid_sheet;
pub(crate) use value::value;
pub(crate) use weights::{Tail, distributions};

/// The classes that pictures use, as CSS.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The class of a method: its colour.
fn class(method: Method) -> &'static str {
    method.name()
}

/// `text` as the content of an element or of an attribute in double quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            // No document may hold these.
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escape("a<b && c>'d' \"e\"\u{1b}"),
            "a&lt;b &amp;&amp; c&gt;&#39;d&#39; &quot;e&quot;\u{fffd}"
        );
    }
}
