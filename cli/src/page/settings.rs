//! All settings of the runs, by their names in the library.

use std::iter::once;

use serde_json::Value;
use thalweg::Settings;

use super::Page;
use crate::plot::escape;
use crate::what::describe;

impl Page<'_> {
    pub(super) fn all_settings(&self) -> String {
        let subject = self.comparison.subject;
        let methods: Vec<&str> = self.settings.iter().map(|s| s.method.name()).collect();
        let seeds: Vec<String> = self.comparison.seeds().iter().map(u64::to_string).collect();
        let mut rows = vec![
            ("command".to_owned(), self.command.clone()),
            ("integrand".to_owned(), subject.name()),
            ("domain".to_owned(), describe(&subject.domain)),
            ("methods".to_owned(), methods.join(", ")),
            ("seeds".to_owned(), seeds.join(", ")),
        ];
        if let Some(settings) = self.settings.first() {
            rows.extend(flat(settings));
        }
        let rows = rows.iter().map(|(name, value)| {
            let (name, value) = (escape(name), escape(value));
            format!("<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>\n")
        });
        format!(
            "<div class=\"wide\">\n<table class=\"pairs\">\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
            rows.collect::<String>()
        )
    }
}

/// The settings that all runs have in common, as `stop.max_calls` and its value.
fn flat(settings: &Settings) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if let Ok(value) = serde_json::to_value(settings) {
        flatten("", &value, &mut rows);
    }
    let elsewhere = ["domain", "method", "seed"];
    rows.retain(|(name, _)| {
        let first = name.split('.').next().unwrap_or_default();
        !elsewhere.contains(&first)
    });
    rows
}

fn flatten(name: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let parts = once(name).chain(once(field.as_str()));
                let path: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
                flatten(&path.join("."), value, rows);
            }
        }
        Value::Null => rows.push((name.to_owned(), "not set".to_owned())),
        Value::Bool(true) => rows.push((name.to_owned(), "yes".to_owned())),
        Value::Bool(false) => rows.push((name.to_owned(), "no".to_owned())),
        Value::String(text) => rows.push((name.to_owned(), text.clone())),
        Value::Number(_) | Value::Array(_) => rows.push((name.to_owned(), value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use thalweg::Settings;

    use super::flat;

    #[test]
    fn nested_settings_have_dotted_names() {
        let rows = flat(&Settings::default());
        let has = |name: &str, value: &str| {
            assert!(
                rows.iter().any(|(n, v)| n == name && v == value),
                "{name}: {rows:?}"
            );
        };
        has("stop.max_calls", "10000000");
        has("stop.max_seconds", "not set");
        has("vegas.max_bins", "1000");
        has("non_finite", "fail");
        assert!(!rows.iter().any(|(name, _)| name.starts_with("domain")));
    }
}
