//! thalweg for C, and for whatever calls C.
//!
//! The functions here are those of `include/thalweg.h`, which cbindgen makes of this crate; its
//! preface (`cbindgen.toml`) says what holds for all of them. How they are used is told in `docs/c.md`.
//!
//! Objects live in a table (`table`); what C holds are numbers that name a place of it and how often
//! the place was given away, so that a handle that was freed is refused and never followed. Every
//! function catches panics and returns a [`Status`]; the text of the last failure is kept for each
//! thread (`status`). Functions of the user are called by the thread that called thalweg, unless they
//! allow more: the run has threads of its own, and sends what it wants to know (`bridge`).
#![expect(
    clippy::missing_safety_doc,
    reason = "the preface of the header says what all pointers must be"
)]

mod bridge;
mod callback;
mod cuba;
mod cuba_run;
mod handles;
mod integrate;
mod memory;
mod pool;
mod report;
mod run;
mod sampler;
mod settings;
mod status;
mod table;
mod text;
mod vegas_plus;
mod weighing;

pub use callback::{END_RUN, EvaluateFn, IntegrandDescription, Observer, Progress, ProgressFn};
pub use cuba::{CubaIntegrand, thalweg_cuba_llvegas, thalweg_cuba_vegas};
pub use handles::{
    ReportHandle, RunHandle, SamplerHandle, SettingsHandle, VegasHandle, thalweg_report_free,
    thalweg_run_free, thalweg_sampler_free, thalweg_settings_free, thalweg_vegas_free,
};
pub use integrate::{thalweg_estimate, thalweg_integrate, thalweg_train};
pub use pool::thalweg_set_threads;
pub use report::{
    OutputSummary, Summary, TextKind, Verdict, thalweg_report_covariance, thalweg_report_output,
    thalweg_report_summary, thalweg_report_text,
};
pub use run::{
    thalweg_run_ask, thalweg_run_finish, thalweg_run_start, thalweg_run_stop, thalweg_run_tell,
    thalweg_run_train,
};
pub use sampler::{
    thalweg_sampler_bytes, thalweg_sampler_describe, thalweg_sampler_dim, thalweg_sampler_draw,
    thalweg_sampler_from_bytes, thalweg_sampler_load, thalweg_sampler_log_density,
    thalweg_sampler_ranges, thalweg_sampler_save,
};
pub use settings::{
    Cost, Method, Placement, thalweg_settings_json, thalweg_settings_merge_json,
    thalweg_settings_new, thalweg_settings_set_abs_error, thalweg_settings_set_cost,
    thalweg_settings_set_covariance, thalweg_settings_set_max_calls,
    thalweg_settings_set_max_seconds, thalweg_settings_set_method,
    thalweg_settings_set_non_finite_share, thalweg_settings_set_placement,
    thalweg_settings_set_ranges, thalweg_settings_set_rel_error, thalweg_settings_set_seed,
    thalweg_settings_set_threads,
};
pub use status::{Status, thalweg_last_error, thalweg_status_name, thalweg_version};
pub use vegas_plus::{
    thalweg_vegas_ask, thalweg_vegas_begin, thalweg_vegas_end, thalweg_vegas_new,
    thalweg_vegas_sampler, thalweg_vegas_tell,
};
pub use weighing::{
    Unweighting, UnweightingResult, thalweg_sampler_unweighted, thalweg_sampler_weighted,
};
