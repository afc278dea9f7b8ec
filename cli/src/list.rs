//! `thalweg list`: the built-in integrands.

use clap::Args;
use thalweg_integrands::{Dims, Family, families, family};

use crate::error::Failure;
use crate::exit::Exit;
use crate::number::significant;
use crate::output::{entry, print};
use crate::table::{Align, Table};
use crate::what::unknown;

/// List the built-in integrands.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Show formula, parameters and source of one of them
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(crate) fn run(args: &ListArgs) -> Result<Exit, Failure> {
    let text = match &args.name {
        None => all(),
        Some(name) => one(family(name).ok_or_else(|| unknown(name))?)?,
    };
    print(&text)?;
    Ok(Exit::Good)
}

fn all() -> String {
    let mut table = Table::new(&[
        ("name", Align::Left),
        ("dim", Align::Left),
        ("what", Align::Left),
    ]);
    for family in families() {
        table.row(vec![
            family.name.to_owned(),
            dims(family),
            family.title.to_owned(),
        ]);
    }
    let mut lines = table.lines(0);
    lines.push(String::new());
    lines.push("thalweg list NAME shows formula, parameters and source.".to_owned());
    lines.join("\n")
}

fn dims(family: &Family) -> String {
    match family.dims {
        Dims::Fixed(dim) => dim.to_string(),
        Dims::Any => "any".to_owned(),
        Dims::AtLeast(least) => format!("{least}+"),
        Dims::Derived => "derived".to_owned(),
    }
}

fn one(family: &Family) -> Result<String, Failure> {
    let problem = family.problem(None, &[])?;
    let dim = match family.dims {
        Dims::Fixed(dim) => dim.to_string(),
        Dims::Any => format!("any, {} by default", family.default_dim),
        Dims::AtLeast(least) => format!("{least} or more, {} by default", family.default_dim),
        Dims::Derived => format!("follows from the parameters, {} by default", problem.dim),
    };
    let mut lines = vec![format!("{}: {}", family.name, family.title)];
    let mut add = |name: &str, text: &str| lines.push(entry(name, 14, text));
    add("f", family.formula);
    add("dimension", &dim);
    for parameter in family.parameters {
        add(
            parameter.name,
            &format!("{} ({})", parameter.default, parameter.about),
        );
    }
    if let Some(exact) = problem.exact {
        let unit = &problem.unit;
        let text = format!("{} {unit} with the defaults", significant(exact, 10));
        add("exact", &text.replace("  ", " "));
    }
    add("source", family.citation);
    Ok(lines.join("\n"))
}
