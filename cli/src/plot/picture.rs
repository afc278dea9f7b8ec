//! A drawn picture.

use super::escape;

/// SVG elements on a canvas.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// what is to be seen, in words
    pub(crate) label: String,
    pub(crate) body: String,
}

impl Picture {
    /// The element for an HTML page.
    pub(crate) fn inline(&self) -> String {
        format!(
            "<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n",
            self.width,
            self.height,
            escape(&self.label),
            self.body
        )
    }
}
