//! Progress on stderr, if that is a terminal, and the news of Ctrl-C for the run.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use thalweg::stats::Estimate;
use thalweg::{Control, Observer, Progress, Stop};

use crate::interrupt;
use crate::number::significant;
use crate::output::note;

/// Without a target the run ends with its budget; with one, how far it is nobody knows.
const WITH_BUDGET: &str = "{prefix} [{bar:20}] {percent:>3} %  {elapsed}  {wide_msg}";
const WITH_TARGET: &str = "{prefix} {spinner} {elapsed}  {wide_msg}";

/// Characters of the label that are shown: expressions may be long.
const LABEL: usize = 24;

/// Shows the steps of a run.
#[derive(Debug)]
pub(crate) struct Watcher {
    bar: ProgressBar,
}

impl Watcher {
    /// Watches the run called `label` that goes on until `stop`.
    pub(crate) fn new(label: &str, stop: &Stop) -> Self {
        if !io::stderr().is_terminal() {
            return Self {
                bar: ProgressBar::hidden(),
            };
        }
        let has_target = stop.rel_error.is_some() || stop.abs_error.is_some();
        let template = if has_target { WITH_TARGET } else { WITH_BUDGET };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(stop.max_calls).with_style(style);
        bar.set_prefix(label.chars().take(LABEL).collect::<String>());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// Says something on stderr without spoiling what is shown there.
    pub(crate) fn teller(&self) -> impl Fn(&str) + Send + use<> {
        let bar = self.bar.clone();
        move |message| bar.suspend(|| note(message))
    }
}

impl Observer for Watcher {
    fn step(&mut self, progress: &Progress<'_>) -> Control {
        let step = progress.iteration;
        let preview = Estimate {
            value: step.value,
            error: step.error,
            calls: step.calls,
            dof: None,
        };
        self.bar.set_position(progress.calls.total());
        self.bar.set_message(format!(
            "{:<8} {} calls  spread {}  {preview}",
            step.phase.name(),
            progress.calls.total(),
            significant(step.rel_std, 3),
        ));
        if interrupt::seen() {
            Control::Stop
        } else {
            Control::Continue
        }
    }

    fn interrupted(&self) -> bool {
        interrupt::seen()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
