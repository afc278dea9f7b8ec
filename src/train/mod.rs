//! Training a flow against a function of which only values are known.

mod adam;
mod by_hand;
mod config;
mod loss;
mod objective;
mod online;
mod parts;
mod polish;
mod replay;
mod temper;
mod trainer;
mod vector;

pub use adam::AdamConfig;
pub use config::TrainConfig;
pub use loss::{Exponential, Kl, Loss, LossKind, ReverseKl, Variance};
pub use online::OnlineReport;
pub use replay::Stored;
pub use trainer::{StageReport, Trainer};
pub(crate) use vector::Vector;
