//! The page of `thalweg compare --report`: one HTML file without scripts or anything from outside.

mod pictures;
mod runs;
mod settings;
mod specimen;

use thalweg::{Report, Settings};

use crate::comparison::{Comparison, GAIN};
use crate::plot::{self, escape};

pub(crate) use specimen::Specimen;

const STYLE: &str = include_str!("style.css");

/// Everything that the page shows.
pub(crate) struct Page<'a> {
    pub(crate) comparison: &'a Comparison<'a>,
    /// of the first seed of each method
    pub(crate) settings: Vec<&'a Settings>,
    /// of the first seed of each method
    pub(crate) specimens: &'a [Specimen],
    /// the command line
    pub(crate) command: String,
}

impl Page<'_> {
    pub(crate) fn html(&self) -> String {
        let label = escape(&self.comparison.subject.label());
        let sections = [
            section("results", "Results", &self.results()),
            section("convergence", "Convergence", &self.convergence()),
            section("weights", "Weights", &self.weights()),
            section("grids", "Grids", &self.grids()),
            section("runs", "Runs", &self.runs()),
            section("remarks", "Reasons and warnings", &self.remarks()),
            section("settings", "Settings", &self.all_settings()),
        ];
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n\
             <title>{label}: comparison of methods</title>\n\
             <style>\n{}{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{label}</h1>\n\
             <p>{}</p>\n</header>\n<main>\n{}</main>\n{}</body>\n</html>\n",
            plot::STYLE,
            escape(&self.comparison.facts().join(", ")),
            sections.concat(),
            self.footer()
        )
    }

    fn results(&self) -> String {
        let remarks = self.comparison.remarks().len();
        let hint = match remarks {
            0 => String::new(),
            1 => "<p><a href=\"#remarks\">1 remark</a> on these results.</p>\n".to_owned(),
            n => format!("<p><a href=\"#remarks\">{n} remarks</a> on these results.</p>\n"),
        };
        format!(
            "{}<p class=\"note\">{}</p>\n{hint}",
            self.comparison.table().html(),
            escape(GAIN)
        )
    }

    fn remarks(&self) -> String {
        let remarks = self.comparison.remarks();
        if remarks.is_empty() {
            return "<p>None: nothing speaks against these results.</p>\n".to_owned();
        }
        let items = remarks
            .iter()
            .map(|remark| format!("<li>{}</li>\n", escape(remark)));
        format!("<ul>\n{}</ul>\n", items.collect::<String>())
    }

    fn footer(&self) -> String {
        let report = self.reports().next();
        let by = report.map_or_else(String::new, |report| {
            format!(
                "thalweg {}, vector instructions {}, threads {}",
                report.version, report.level, report.threads
            )
        });
        format!("<footer>\n<p>{}</p>\n</footer>\n", escape(&by))
    }

    fn reports(&self) -> impl Iterator<Item = &Report> {
        let all = self.comparison.all.iter();
        all.flat_map(|runs| &runs.reports)
    }
}

fn section(id: &str, title: &str, content: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{content}</section>\n")
}

/// A picture, or the reason why there is none, over its caption, which is text and may be empty.
fn figure(picture: Result<String, &str>, caption: &str) -> String {
    let content = picture.unwrap_or_else(|why| format!("<p class=\"none\">{}</p>\n", escape(why)));
    let caption = if caption.is_empty() {
        String::new()
    } else {
        format!("<figcaption>{}</figcaption>\n", escape(caption))
    };
    format!("<figure>\n{content}{caption}</figure>\n")
}
