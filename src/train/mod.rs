//! Training a flow against a function of which only values are known, or on samples.

mod adam;
mod by_hand;
mod config;
mod distill;
mod fit;
mod loss;
mod objective;
mod online;
mod parts;
mod polish;
mod replay;
mod temper;
mod trainer;
mod tree;
mod vector;

pub use adam::AdamConfig;
pub use config::TrainConfig;
pub use distill::distill;
pub(crate) use fit::fit_scaled;
pub use fit::{FitConfig, FitReport, fit};
pub use loss::{Exponential, Kl, Loss, LossKind, ReverseKl, Variance};
pub use online::OnlineReport;
pub use replay::Stored;
pub use trainer::{StageReport, Trainer};
pub(crate) use vector::Vector;
