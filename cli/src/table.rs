//! Aligned columns of text; the same as an HTML table.

use crate::plot::escape;

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under headers; columns are as wide as their widest cell.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
    /// `(first, last, title)`: a title above several columns
    groups: Vec<(usize, usize, &'static str)>,
}

impl Table {
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Writes `title` above the columns from `first` to `last`; groups come from left to right.
    pub(crate) fn group(&mut self, first: usize, last: usize, title: &'static str) {
        self.groups.push((first, last, title));
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines of the table, each after `indent` blanks.
    pub(crate) fn lines(&self, indent: usize) -> Vec<String> {
        let widths = self.widths();
        let line = |cells: &[String]| {
            let padded: Vec<String> = cells
                .iter()
                .zip(&self.columns)
                .zip(&widths)
                .map(|((cell, (_, align)), width)| match align {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("{cell:>width$}"),
                })
                .collect();
            format!("{:indent$}{}", "", padded.join(GAP))
                .trim_end()
                .to_owned()
        };
        let mut lines = Vec::new();
        if !self.groups.is_empty() {
            lines.push(self.group_line(&widths, indent));
        }
        let headers: Vec<String> = self
            .columns
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if headers.iter().any(|h| !h.is_empty()) {
            lines.push(line(&headers));
        }
        lines.extend(self.rows.iter().map(|row| line(row)));
        lines
    }

    /// The table as an HTML element that scrolls where the page is too narrow for it.
    pub(crate) fn html(&self) -> String {
        let row = |cells: Vec<String>| format!("<tr>{}</tr>\n", cells.concat());
        let cell = |tag: &str, align: Align, text: &str| {
            let class = match align {
                Align::Left => "",
                Align::Right => " class=\"r\"",
            };
            format!("<{tag}{class}>{}</{tag}>", escape(text))
        };
        let headers = self.columns.iter().map(|(name, a)| cell("th", *a, name));
        let rows = self.rows.iter().map(|cells| {
            let cells = cells.iter().zip(&self.columns);
            row(cells.map(|(text, (_, a))| cell("td", *a, text)).collect())
        });
        format!(
            "<div class=\"wide\">\n<table>\n<thead>\n{}{}</thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
            self.group_row(),
            row(headers.collect()),
            rows.collect::<String>()
        )
    }

    /// The row of the titles above several columns, if there are any.
    fn group_row(&self) -> String {
        if self.groups.is_empty() {
            return String::new();
        }
        let (mut cells, mut next) = (String::new(), 0);
        let blanks = |columns: usize| "<td></td>".repeat(columns);
        for &(first, last, title) in &self.groups {
            let span = last + 1 - first;
            let title = escape(title);
            cells.extend([
                blanks(first - next),
                format!("<th class=\"group\" colspan=\"{span}\">{title}</th>"),
            ]);
            next = last + 1;
        }
        format!("<tr>{cells}{}</tr>\n", blanks(self.columns.len() - next))
    }

    fn widths(&self) -> Vec<usize> {
        let width = |text: &str| text.chars().count();
        let mut widths: Vec<usize> = self.columns.iter().map(|(name, _)| width(name)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        for &(first, last, title) in &self.groups {
            let inside: usize = widths[first..=last].iter().sum();
            let missing = width(title).saturating_sub(inside + GAP.len() * (last - first));
            widths[first] += missing;
        }
        widths
    }

    fn group_line(&self, widths: &[usize], indent: usize) -> String {
        let start =
            |column: usize| indent + widths[..column].iter().sum::<usize>() + GAP.len() * column;
        let mut line = String::new();
        for &(first, last, title) in &self.groups {
            let before = start(first).saturating_sub(line.chars().count());
            let width = start(last) + widths[last] - start(first);
            let padding = before + width.saturating_sub(title.chars().count());
            line += &" ".repeat(padding);
            line += title;
        }
        line
    }
}

const GAP: &str = "  ";

#[cfg(test)]
mod tests {
    use super::{Align, Table};

    #[test]
    fn columns_are_aligned_and_groups_stand_above_theirs() {
        let mut table = Table::new(&[
            ("name", Align::Left),
            ("a", Align::Right),
            ("b", Align::Right),
        ]);
        table.group(1, 2, "ratio over");
        table.row(vec!["plain".to_owned(), "1".to_owned(), "20".to_owned()]);
        table.row(vec!["x".to_owned(), "-3".to_owned(), String::new()]);
        assert_eq!(
            table.lines(1),
            [
                "        ratio over",
                " name        a   b",
                " plain       1  20",
                " x          -3",
            ]
        );
        let html = table.html();
        for part in [
            "<tr><td></td><th class=\"group\" colspan=\"2\">ratio over</th></tr>",
            "<tr><th>name</th><th class=\"r\">a</th><th class=\"r\">b</th></tr>",
            "<tr><td>x</td><td class=\"r\">-3</td><td class=\"r\"></td></tr>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
