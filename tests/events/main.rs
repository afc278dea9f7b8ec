//! Events of a process: records, shards, files, and what is refused.

#[path = "../../cli/src/ee_mumu.rs"]
mod ee_mumu;
mod files;
mod processes;
mod records;
