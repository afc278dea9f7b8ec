//! From the wanted width of the bins at each place to edges, with widths that change gradually.
//!
//! Let h(x) be the wanted width of a bin at x, constant within each old bin and infinite where
//! nothing was seen. It is lowered to h'(x) = min over y of h(y) + [`SLOPE`] |x - y|, so that
//! neighbouring bins differ by a factor of exp([`SLOPE`]) at most, and the edges split the
//! integral of 1/h' equally; h' is piecewise linear, so both are elementary. (Gradation of
//! element sizes as in mesh generation: H. Borouchaki, F. Hecht, P. J. Frey, Int. J. Numer. Meth.
//! Eng. 43 (1998) 1143.)
//!
//! Why: beside an edge of f a sliver of its support may share a bin with a wide void. The sliver
//! is then hardly ever hit, with an enormous weight: results drift low with too small errors.
//! With graded widths its density is at most a few times below that of its neighbour, at the
//! cost of about ln(K) of the K bins for each edge.

/// Largest |dh/dx|: neighbouring bins have widths within a factor of about two.
const SLOPE: f64 = 0.7;

/// A piece of h': from `start` to `end` its value goes linearly from `low` to `high`.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: f64,
    end: f64,
    first: f64,
    last: f64,
}

impl Piece {
    /// dh/dx, 0 where rounding would hide it.
    fn slope(&self) -> f64 {
        let rise = self.last - self.first;
        if rise.abs() < 1e-9 * self.first {
            0.0
        } else {
            rise / (self.end - self.start)
        }
    }

    /// Number of bins in the piece: the integral of 1/h.
    fn bins(&self) -> f64 {
        let slope = self.slope();
        if slope == 0.0 {
            (self.end - self.start) / self.first
        } else {
            (self.last / self.first).ln() / slope
        }
    }

    /// Where `bins` bins from the start end.
    fn after(&self, bins: f64) -> f64 {
        let slope = self.slope();
        let distance = if slope == 0.0 {
            self.first * bins
        } else {
            self.first * (slope * bins).exp_m1() / slope
        };
        (self.start + distance).clamp(self.start, self.end)
    }
}

/// Appends the edges of as many bins as there were, for the wanted `widths` within the bins of
/// `axis`; infinite where any will do, finite somewhere.
pub(super) fn regrade(axis: &[f64], widths: &[f64], edges: &mut Vec<f64>) {
    let pieces = pieces(axis, widths, &limits(axis, widths));
    let bins = widths.len();
    let share = pieces.iter().map(Piece::bins).sum::<f64>() / bins as f64;
    edges.push(axis[0]);
    let (mut at, mut passed) = (0, 0.0);
    let mut here = pieces[0].bins();
    for k in 1..bins {
        let wanted = share * k as f64;
        while passed + here < wanted && at + 1 < pieces.len() {
            passed += here;
            at += 1;
            here = pieces[at].bins();
        }
        edges.push(pieces[at].after(wanted - passed));
    }
    edges.push(axis[bins]);
}

/// h' at the edges of `axis`: a sweep in each direction.
fn limits(axis: &[f64], widths: &[f64]) -> Vec<f64> {
    let n = widths.len();
    let mut limit = vec![f64::INFINITY; n + 1];
    for (k, h) in widths.iter().enumerate() {
        limit[k] = limit[k].min(*h);
        limit[k + 1] = (limit[k] + SLOPE * (axis[k + 1] - axis[k])).min(*h);
    }
    for (k, h) in widths.iter().enumerate().rev() {
        limit[k] = limit[k]
            .min(limit[k + 1] + SLOPE * (axis[k + 1] - axis[k]))
            .min(*h);
    }
    limit
}

/// h' within each bin: it rises from the left edge, stays at h, and falls to the right edge.
fn pieces(axis: &[f64], widths: &[f64], limit: &[f64]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(3 * widths.len());
    let mut push = |start: f64, end: f64, first: f64, last: f64| {
        if end > start {
            pieces.push(Piece {
                start,
                end,
                first,
                last,
            });
        }
    };
    for (k, h) in widths.iter().enumerate() {
        let (start, end) = (axis[k], axis[k + 1]);
        let (left, right) = (limit[k], limit[k + 1]);
        let (up, down) = ((h - left) / SLOPE, (h - right) / SLOPE);
        if up + down < end - start {
            push(start, start + up, left, *h);
            push(start + up, end - down, *h, *h);
            push(end - down, end, *h, right);
        } else {
            let peak = 0.5 * (left + right + SLOPE * (end - start));
            let top = (start + (peak - left) / SLOPE).clamp(start, end);
            push(start, top, left, peak);
            push(top, end, peak, right);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_widths_change_nothing() {
        let axis: Vec<f64> = (0..=10).map(|k| f64::from(k) / 10.0).collect();
        let mut edges = Vec::new();
        regrade(&axis, &[0.1; 10], &mut edges);
        for (a, b) in axis.iter().zip(&edges) {
            assert!((a - b).abs() < 1e-15, "{edges:?}");
        }
    }

    #[test]
    fn widths_beside_a_void_grow_by_steps() {
        let axis: Vec<f64> = (0..=100).map(|k| f64::from(k) / 100.0).collect();
        // Nothing was seen beyond 0.3.
        let widths: Vec<f64> = (0..100)
            .map(|k| if k < 30 { 0.003 } else { f64::INFINITY })
            .collect();
        let mut edges = Vec::new();
        regrade(&axis, &widths, &mut edges);
        assert_eq!(edges.len(), 101);
        let widths: Vec<f64> = edges.windows(2).map(|e| e[1] - e[0]).collect();
        for pair in widths.windows(2) {
            assert!(
                pair[1] / pair[0] < 2.3 && pair[0] / pair[1] < 2.3,
                "{pair:?}"
            );
        }
        let in_void = edges.iter().filter(|e| **e > 0.3).count();
        assert!((5..12).contains(&in_void), "{in_void}");
    }

    #[test]
    fn a_narrow_bin_between_voids() {
        let axis = [0.0, 0.4, 0.41, 1.0];
        let mut edges = Vec::new();
        regrade(&axis, &[f64::INFINITY, 0.001, f64::INFINITY], &mut edges);
        assert!(edges.windows(2).all(|e| e[1] > e[0]), "{edges:?}");
        assert!(edges[1] > 0.3 && edges[2] < 0.5, "{edges:?}");
    }
}
