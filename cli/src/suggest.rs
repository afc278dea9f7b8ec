//! The known names nearest to a misspelt one, for messages of the kind "did you mean ...?".
//!
//! Two measures from [`strsim`], both 1 for equal strings and blind to case here: the normalised
//! Damerau-Levenshtein similarity sees slips of single letters and swapped neighbours ("camle"),
//! Jaro-Winkler sees a common beginning ("gauss"). A name is near if either says so; their mean
//! gives the order. Weakness: names of one or two letters have hardly anything to compare, so
//! "y" has no neighbour.

use strsim::{jaro_winkler, normalized_damerau_levenshtein};

const MOST: usize = 3;
const NEAR_EDITS: f64 = 0.6;
const NEAR_BEGINNING: f64 = 0.88;

/// Up to three of the `known` names that lie nearest to `name`, best first and ties in the order
/// given; empty when nothing is near.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let name = name.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .filter_map(|candidate| Some((similarity(&name, &candidate.to_lowercase())?, candidate)))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.truncate(MOST);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The mean of both measures, `None` when neither finds the names near.
fn similarity(name: &str, candidate: &str) -> Option<f64> {
    let edits = normalized_damerau_levenshtein(name, candidate);
    let beginning = jaro_winkler(name, candidate);
    (edits >= NEAR_EDITS || beginning >= NEAR_BEGINNING).then(|| f64::midpoint(edits, beginning))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const INTEGRANDS: [&str; 7] = [
        "camel",
        "gaussian",
        "ring",
        "polynomial",
        "camels",
        "genz-gaussian",
        "vegas",
    ];

    #[test]
    fn a_slip_finds_the_name_first() {
        for (typed, meant) in [
            ("camle", "camel"),
            ("gausian", "gaussian"),
            ("vegass", "vegas"),
            ("Vegas", "vegas"),
            ("gauss", "gaussian"),
            ("polynomal", "polynomial"),
            ("rings", "ring"),
            ("gaussian", "gaussian"),
        ] {
            assert_eq!(nearest(typed, INTEGRANDS).first(), Some(&meant), "{typed}");
        }
    }

    #[test]
    fn nothing_is_near_to_a_stranger() {
        for typed in ["", "y", "hypercube", "42", "äöü"] {
            assert!(nearest(typed, INTEGRANDS).is_empty(), "{typed}");
        }
        assert!(nearest("camel", []).is_empty());
    }

    #[test]
    fn at_most_three_are_named_and_ties_keep_their_order() {
        assert_eq!(
            nearest("x9", ["x90", "x91", "x92", "x93"]),
            ["x90", "x91", "x92"]
        );
    }
}
