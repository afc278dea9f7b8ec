//! The `[[cuts]]` of a process file.

use serde::Deserialize;

use super::ProcessError;
use super::channel::particle;
use crate::cuts::{Cut, Quantity};

/// Outgoing particles: by numbers, or by kinds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutTable {
    quantity: Quantity,
    particles: Option<Vec<u64>>,
    ids: Option<Vec<i32>>,
    from: Option<Vec<u64>>,
    from_ids: Option<Vec<i32>>,
    min: Option<f64>,
    max: Option<f64>,
}

impl CutTable {
    /// The cut, where `ids` (`[n]`) are the kinds of what goes out.
    pub(super) fn cut(&self, ids: &[i32]) -> Result<Cut, ProcessError> {
        let wrong = |message: &str| Err(ProcessError::value("cuts", message.to_owned()));
        let quantity = self.quantity;
        let particles = group(self.particles.as_deref(), self.ids.as_deref(), ids)?;
        let from = group(self.from.as_deref(), self.from_ids.as_deref(), ids)?;
        if particles.is_empty() {
            return wrong("a cut names `particles`, as numbers from 3, or `ids`");
        }
        let pairs = quantity == Quantity::DeltaR;
        if !from.is_empty() && !pairs {
            return wrong("`from` is for delta_r only");
        }
        if pairs && from.is_empty() && particles.len() < 2 {
            return wrong("delta_r needs two particles, or others with `from`");
        }
        let (min, max) = (
            self.min.unwrap_or(f64::NEG_INFINITY),
            self.max.unwrap_or(f64::INFINITY),
        );
        if self.min.is_none() && self.max.is_none() {
            return wrong("a cut has `min`, `max` or both");
        }
        // Not the other way round: it is false for NaN too.
        if min < max {
            Ok(Cut {
                quantity,
                particles,
                from,
                min,
                max,
            })
        } else {
            Err(ProcessError::value(
                "cuts",
                format!("`min` is {min}, it has to be below `max`, {max}"),
            ))
        }
    }
}

/// Outgoing particles by numbers and kinds, counted from 0.
fn group(
    numbers: Option<&[u64]>,
    kinds: Option<&[i32]>,
    ids: &[i32],
) -> Result<Vec<usize>, ProcessError> {
    let mut all = Vec::new();
    for number in numbers.unwrap_or_default() {
        all.push(particle(*number, ids.len())?);
    }
    for kind in kinds.unwrap_or_default() {
        let found = ids.iter().enumerate().filter(|(_, id)| *id == kind);
        let before = all.len();
        all.extend(found.map(|(i, _)| i));
        if all.len() == before {
            return Err(ProcessError::value(
                "cuts",
                format!("no outgoing particle has the id {kind}; there are {ids:?}"),
            ));
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
