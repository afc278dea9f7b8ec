//! Statistics: means, weights, errors and the tests of whether to believe them.
//!
//! Every summary of a sample ([`Moments`], [`WeightStats`], [`Covariance`], [`Histogram`]) merges:
//! summaries of fixed chunks folded in index order give the same bits however many threads made
//! them. Nothing here draws random numbers or knows an integrand.
//!
//! | question | item |
//! |---|---|
//! | mean and its error | [`Moments`], [`Estimate`] |
//! | do equal batches agree? | [`consistency`] |
//! | are the weights tame enough for the error to mean anything? | [`WeightStats`] |
//! | several outputs of the same calls | [`Covariance`] |
//! | unweighting against which maximum? | [`MaxWeight`] |
//! | and how well does it go? | [`Efficiencies`], [`Overweights`] |
//! | is a set of pulls normal? | [`ks_normal`] |
//! | differential distributions | [`Histogram`] |

pub mod axis;
pub mod batches;
pub mod covariance;
pub mod estimate;
pub(crate) mod exact;
pub(crate) mod exact_weights;
pub mod histogram;
pub mod moments;
pub mod normal;
pub mod notation;
pub mod pareto;
pub mod quantile;
pub mod sum;
pub mod unweighting;
pub mod weights;

pub use axis::{Axes, Axis, HistogramError};
pub use batches::{Consistency, consistency, p_value_chi2, two_sided_p_value};
pub use covariance::Covariance;
pub use estimate::Estimate;
pub use histogram::Histogram;
pub use moments::Moments;
pub use normal::{ks_normal, normal_cdf, normal_quantile, normal_score_of_t};
pub use notation::parenthesis;
pub use pareto::{ParetoTail, pareto_shape, pareto_tail};
pub use quantile::{MaxWeight, ParseMaxWeightError, overweight_share};
pub use sum::CompensatedSum;
pub use unweighting::{Efficiencies, Overweights, negative_efficiency};
pub use weights::WeightStats;

#[cfg(test)]
mod testing;
