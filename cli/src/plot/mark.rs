//! Marks for single points, one shape for each method.

use thalweg::Method;

/// The path of the mark of `method` around a point of the canvas.
pub(super) fn mark(method: Method, x: f64, y: f64) -> String {
    match method {
        Method::Plain => format!(
            "M{:.1} {y:.1}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z",
            x - 3.2
        ),
        Method::Vegas => format!("M{:.1} {:.1}h5.6v5.6h-5.6z", x - 2.8, y - 2.8),
        Method::Flow => format!("M{x:.1} {:.1}l3.9 6.8h-7.8z", y - 4.4),
        Method::Auto => format!("M{x:.1} {:.1}l4 4l-4 4l-4-4z", y - 4.0),
    }
}
