//! Which coordinates a coupling transforms (true) and which it conditions on (false).

use rand::{RngExt as _, seq::SliceRandom as _};
use rand_pcg::Pcg64Dxsm;
use serde::{Deserialize, Serialize};

/// How the couplings of a flow divide the coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Masks {
    /// For each bit of the coordinate's index a coupling and its complement:
    /// 2 ceil(log2 d) couplings, enough for every pair of coordinates to meet
    /// (Gao, Isaacson, Krause, "i-flow" (2020), arXiv:2001.05486, section III).
    Binary,
    /// Alternating halves (even and odd coordinates).
    Halves {
        /// number of couplings
        couplings: usize,
    },
    /// Random halves, each followed by its complement.
    Random {
        /// number of couplings
        couplings: usize,
    },
}

impl Masks {
    /// The masks for `dim` >= 2 coordinates, each `[dim]`, from the data end to the latent end.
    /// `rng` is used by random masks only.
    pub(crate) fn build(self, dim: usize, rng: &mut Pcg64Dxsm) -> Vec<Vec<bool>> {
        match self {
            Self::Binary => (0..usize::BITS - (dim - 1).leading_zeros())
                .flat_map(|bit| {
                    let mask: Vec<bool> = (0..dim).map(|i| i >> bit & 1 == 1).collect();
                    let complement = mask.iter().map(|m| !m).collect();
                    [mask, complement]
                })
                .collect(),
            Self::Halves { couplings } => (0..couplings)
                .map(|c| (0..dim).map(|i| i % 2 == c % 2).collect())
                .collect(),
            Self::Random { couplings } => {
                let mut masks = Vec::with_capacity(couplings);
                while masks.len() < couplings {
                    let mut order: Vec<usize> = (0..dim).collect();
                    order.shuffle(rng);
                    // For odd d the larger half is drawn, so that no coordinate is favoured.
                    let half = if rng.random::<bool>() {
                        dim / 2
                    } else {
                        dim.div_ceil(2)
                    };
                    let mut mask = vec![false; dim];
                    order[..half].iter().for_each(|i| mask[*i] = true);
                    let complement = mask.iter().map(|m| !m).collect();
                    masks.push(mask);
                    masks.push(complement);
                }
                masks.truncate(couplings);
                masks
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Streams};

    #[test]
    fn every_mask_divides_and_every_coordinate_is_transformed() {
        let mut rng = Streams::new(1).generator(Purpose::Initialise, 0, 0);
        let kinds = [
            Masks::Binary,
            Masks::Halves { couplings: 4 },
            Masks::Random { couplings: 6 },
        ];
        for dim in 2..20 {
            for kind in kinds {
                let masks = kind.build(dim, &mut rng);
                assert!(
                    masks
                        .iter()
                        .all(|m| m.iter().any(|b| *b) && m.iter().any(|b| !*b))
                );
                assert!((0..dim).all(|i| masks.iter().any(|m| m[i])));
            }
            let binary = Masks::Binary.build(dim, &mut rng);
            assert_eq!(binary.len(), 2 * dim.next_power_of_two().ilog2() as usize);
            for i in 0..dim {
                for j in 0..i {
                    assert!(binary.iter().any(|m| m[i] && !m[j]), "{i} never sees {j}");
                }
            }
        }
    }
}
