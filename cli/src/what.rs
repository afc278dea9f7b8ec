//! WHAT is integrated: a built-in name, an expression, or a function or process of a shared library.

use std::path::Path;
use std::sync::Arc;

use thalweg::event::Process;
use thalweg::{Domain, Integrand, Sampler, from_fn};
use thalweg_integrands::{families, family};
use thalweg_process::open;

use crate::ee_mumu::EeMuMu;
use crate::error::Failure;
use crate::expression::{Expression, dimension_of};
use crate::library::Library;
use crate::model::{self, Stored};
use crate::options::WhatArgs;
use crate::parse::MAX_DIM;
use crate::suggest;

/// An integrand with all that is known of it.
pub(crate) struct Subject {
    pub(crate) integrand: Box<dyn Integrand>,
    pub(crate) domain: Domain,
    pub(crate) exact: Option<f64>,
    /// empty for a pure number
    pub(crate) unit: String,
    /// threads to run on unless the user says otherwise
    pub(crate) threads: Option<usize>,
    pub(crate) stored: Stored,
    /// the integrand once more, where its points are scatterings
    pub(crate) process: Option<Arc<dyn Process + Send>>,
}

impl Subject {
    pub(crate) fn dim(&self) -> usize {
        self.domain.dim()
    }

    /// A name for machines: `camel`, `camel(width=0.1)`, the expression, or the symbol.
    pub(crate) fn name(&self) -> String {
        match &self.stored {
            Stored::Builtin { name, set, .. } if set.is_empty() => name.clone(),
            Stored::Builtin { name, set, .. } => {
                let set: Vec<String> = set.iter().map(|(k, v)| format!("{k}={v}")).collect();
                format!("{name}({})", set.join(", "))
            }
            Stored::Expression { text, .. } => text.clone(),
            Stored::Library { symbol, .. } => symbol.clone(),
            Stored::Process { name, .. } => name.clone(),
        }
    }

    /// A name for people: what stands before `= value`.
    pub(crate) fn label(&self) -> String {
        label(&self.stored, &self.domain)
    }
}

/// What stands before `= value`.
pub(crate) fn label(stored: &Stored, domain: &Domain) -> String {
    match stored {
        Stored::Builtin { name, dim, set } => {
            let mut parts = vec![format!("d={dim}")];
            parts.extend(set.iter().map(|(k, v)| format!("{k}={v}")));
            format!("{name}({})", parts.join(", "))
        }
        Stored::Expression { text, .. } => {
            format!("integral of {text} over {}", describe(domain))
        }
        Stored::Library { symbol, .. } => {
            format!("integral of {symbol} over {}", describe(domain))
        }
        Stored::Process { name, .. } => format!("cross section of {name}"),
    }
}

/// `[0, 1]^4`, `[-1, 1] x [0, inf]`, or `[0, 1]^2 x {0, .., 9}`.
pub(crate) fn describe(domain: &Domain) -> String {
    let discrete = domain.discrete();
    let mut groups: Vec<(String, usize)> = Vec::new();
    for (axis, (low, high)) in domain.ranges().iter().enumerate() {
        let found = discrete.iter().find(|(place, _)| *place == axis);
        let range = match found {
            Some((_, count)) => format!("{{0, .., {}}}", count - 1),
            None => format!("[{low}, {high}]"),
        };
        match groups.last_mut() {
            Some((last, times)) if *last == range => *times += 1,
            _ => groups.push((range, 1)),
        }
    }
    let text = |(range, times): &(String, usize)| {
        let power = if *times > 1 {
            format!("^{times}")
        } else {
            String::new()
        };
        format!("{range}{power}")
    };
    groups.iter().map(text).collect::<Vec<_>>().join(" x ")
}

/// Finds what the options name; without a name, what `model` was made for.
///
/// Where the options leave them open, dimension, range and symbol are those of `model` too.
pub(crate) fn resolve(args: &WhatArgs, model: Option<&Sampler>) -> Result<Subject, Failure> {
    if let Some(file) = &args.process {
        return process(args, file, model);
    }
    match (&args.expr, &args.what) {
        (Some(text), _) => expression_of(args, text, model),
        (None, Some(what)) if is_path(what) => library(args, what, model),
        (None, Some(name)) => builtin(args, name),
        (None, None) => match model {
            Some(model) => of_model(args, model),
            None => Err(Failure::usage(
                "what shall be integrated? Give a name of `thalweg list`, --expr EXPRESSION, or \
                 the path of a shared library",
            )),
        },
    }
}

fn is_path(what: &str) -> bool {
    let extension = Path::new(what).extension();
    what.contains('/') || extension.is_some_and(|e| e == "so" || e == "dylib")
}

/// Refuses options that say nothing about this kind of integrand.
fn refuse(given: bool, message: impl FnOnce() -> String) -> Result<(), Failure> {
    if given {
        Err(Failure::usage(message()))
    } else {
        Ok(())
    }
}

fn builtin(args: &WhatArgs, name: &str) -> Result<Subject, Failure> {
    let Some(family) = family(name) else {
        return Err(unknown(name));
    };
    refuse(args.symbol.is_some(), || {
        format!("{name} is built in; --symbol names a function of a shared library")
    })?;
    let problem = family.problem(args.dim, &args.set)?;
    let domain = Domain::new(&problem.domain)?;
    refuse(!args.range.is_empty(), || {
        let own = describe(&domain);
        format!("{name} has its own domain {own}; --range is for expressions and shared libraries")
    })?;
    let set = args.set.iter().cloned().collect();
    let (exact, unit, dim) = (problem.exact, problem.unit.clone(), problem.dim);
    let process = EeMuMu::new(&problem);
    let process = process.map(|process| -> Arc<dyn Process + Send> { Arc::new(process) });
    Ok(Subject {
        integrand: Box::new(from_fn(dim, move |y| problem.eval(y))),
        process,
        domain,
        exact,
        unit,
        threads: None,
        stored: Stored::Builtin {
            name: name.to_owned(),
            dim,
            set,
        },
    })
}

pub(crate) fn unknown(name: &str) -> Failure {
    let near = suggest::nearest(name, families().iter().map(|family| family.name));
    let hint = if !near.is_empty() {
        format!("did you mean {}? ", near.join(" or "))
    } else if name.contains(|c: char| "()+*/^".contains(c)) {
        "an expression goes with --expr; ".to_owned()
    } else {
        String::new()
    };
    Failure::usage(format!(
        "unknown integrand `{name}`; {hint}`thalweg list` shows all"
    ))
}

fn expression_of(args: &WhatArgs, text: &str, model: Option<&Sampler>) -> Result<Subject, Failure> {
    refuse(!args.set.is_empty(), || {
        "--set sets parameters of built-in integrands; write numbers into the expression".to_owned()
    })?;
    refuse(args.symbol.is_some(), || {
        "--symbol names a function of a shared library; there is none beside --expr".to_owned()
    })?;
    let from_text = || dimension_of(text).max(args.range.len()).max(1);
    let dim = args
        .dim
        .or_else(|| Some(model?.dim()))
        .unwrap_or_else(from_text);
    refuse(dim > MAX_DIM, || {
        format!("the dimension is {dim}; it may be at most {MAX_DIM}")
    })?;
    let domain = domain(&args.range, dim, model)?;
    expression(text, domain)
}

fn expression(text: &str, domain: Domain) -> Result<Subject, Failure> {
    let dim = domain.dim();
    let expression = Expression::parse(text, dim)?;
    let (text, range) = (expression.text().to_owned(), model::stored_range(&domain));
    Ok(Subject {
        integrand: Box::new(from_fn(dim, move |y| expression.eval(y))),
        domain,
        exact: None,
        unit: String::new(),
        threads: None,
        process: None,
        stored: Stored::Expression { text, dim, range },
    })
}

fn library(args: &WhatArgs, path: &str, model: Option<&Sampler>) -> Result<Subject, Failure> {
    refuse(!args.set.is_empty(), || {
        "--set sets parameters of built-in integrands; a shared library has none".to_owned()
    })?;
    let known = model.map(model::stored).transpose()?.flatten();
    let symbol = args.symbol.clone().or(match known {
        Some(Stored::Library { symbol, .. }) => Some(symbol),
        Some(Stored::Builtin { .. } | Stored::Expression { .. } | Stored::Process { .. })
        | None => None,
    });
    let (Some(symbol), Some(dim)) = (symbol, args.dim.or_else(|| Some(model?.dim()))) else {
        return Err(Failure::usage(format!(
            "the library {path} needs --symbol NAME, the function, and --dim D, its dimension; or \
             --process FILE, if it gives matrix elements"
        )));
    };
    let domain = domain(&args.range, dim, model)?;
    let function = Library::open(Path::new(path), &symbol, dim)?;
    Ok(Subject {
        integrand: Box::new(from_fn(dim, move |y| function.eval(y))),
        domain,
        exact: None,
        unit: String::new(),
        threads: Some(1),
        process: None,
        stored: Stored::Library { symbol, dim },
    })
}

/// The process of `file`, with matrix elements of the shared library.
fn process(args: &WhatArgs, file: &Path, model: Option<&Sampler>) -> Result<Subject, Failure> {
    let Some(path) = &args.what else {
        return Err(Failure::usage(
            "--process goes with the shared library that gives the matrix elements: name its path",
        ));
    };
    refuse(!is_path(path), || {
        format!("{path} is no path of a shared library, which --process FILE needs; write ./{path}")
    })?;
    let extra = args.dim.is_some() || !args.range.is_empty() || !args.set.is_empty();
    refuse(extra, || {
        "--dim, --range and --set say nothing of a process; its file says all".to_owned()
    })?;
    let scattering = Arc::new(open(Path::new(path), file)?);
    let (name, dim) = (scattering.name.clone(), scattering.dim());
    let mut domain = Domain::unit(dim);
    for (axis, count) in scattering.discrete() {
        domain = domain.with_discrete(axis, count)?;
    }
    if let Some(model) = model.filter(|model| domain.is_same_box(model.domain())) {
        // What was learned of the subprocesses belongs to the model's map.
        domain = model.domain().clone();
    }
    Ok(Subject {
        process: Some(Arc::clone(&scattering) as Arc<dyn Process + Send>),
        integrand: Box::new(scattering),
        domain,
        exact: None,
        unit: "pb".to_owned(),
        threads: None,
        stored: Stored::Process { name, dim },
    })
}

/// The box of `--range`: given once, once per axis, or taken from the model or the unit cube.
fn domain(ranges: &[(f64, f64)], dim: usize, model: Option<&Sampler>) -> Result<Domain, Failure> {
    match (ranges, model) {
        ([], Some(model)) if model.dim() == dim => Ok(model.domain().clone()),
        ([], _) => Ok(Domain::unit(dim)),
        ([range], _) => Ok(Domain::new(&vec![*range; dim])?),
        (ranges, _) if ranges.len() == dim => Ok(Domain::new(ranges)?),
        (ranges, _) => Err(Failure::usage(format!(
            "--range is given {} times for {dim} dimensions; give it once for all, or once each",
            ranges.len()
        ))),
    }
}

/// What `stored` names, to speak of it only: but for built-in ones, there is nothing to call.
pub(crate) fn absent(stored: Stored, domain: Domain, unit: &str) -> Result<Subject, Failure> {
    if let Stored::Builtin { name, dim, set } = stored {
        return builtin_of(&name, dim, set.into_iter().collect());
    }
    Ok(Subject {
        integrand: Box::new(from_fn(domain.dim(), |_| f64::NAN)),
        domain,
        exact: None,
        unit: unit.to_owned(),
        threads: None,
        process: None,
        stored,
    })
}

/// The built-in integrand that a file names.
fn builtin_of(name: &str, dim: usize, set: Vec<(String, f64)>) -> Result<Subject, Failure> {
    let args = WhatArgs {
        what: None,
        expr: None,
        dim: Some(dim),
        range: Vec::new(),
        set,
        symbol: None,
        process: None,
    };
    builtin(&args, name)
}

/// The integrand that `model` was made for.
fn of_model(args: &WhatArgs, model: &Sampler) -> Result<Subject, Failure> {
    let extra = args.dim.is_some()
        || args.symbol.is_some()
        || !args.range.is_empty()
        || !args.set.is_empty();
    refuse(extra, || {
        "--dim, --range, --set and --symbol describe an integrand; name it too".to_owned()
    })?;
    let again = "name it: WHAT, --expr EXPRESSION, or the path of the shared library";
    match model::stored(model)? {
        Some(Stored::Builtin { dim, .. }) if dim != model.dim() => Err(Failure::usage(format!(
            "the model has dimension {}, but says that its integrand has {dim}",
            model.dim()
        ))),
        Some(Stored::Builtin { name, dim, set }) => {
            builtin_of(&name, dim, set.into_iter().collect())
        }
        Some(Stored::Expression { text, range, .. }) => {
            expression(&text, Domain::new(&model::ranges(&range))?)
        }
        Some(Stored::Library { symbol, .. }) => Err(Failure::usage(format!(
            "the model was made for the function {symbol} of a shared library; {again}"
        ))),
        Some(Stored::Process { name, .. }) => Err(Failure::usage(format!(
            "the model was made for the process {name}; name it again: the path of the shared \
             library and --process FILE"
        ))),
        None => Err(Failure::usage(format!(
            "the model does not say what it was made for; {again}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use thalweg::Domain;

    use super::{describe, is_path};

    #[test]
    fn equal_ranges_become_powers() {
        let inf = f64::INFINITY;
        let domain = |ranges: &[(f64, f64)]| describe(&Domain::new(ranges).unwrap());
        assert_eq!(domain(&[(0.0, 1.0); 4]), "[0, 1]^4");
        assert_eq!(
            domain(&[(-inf, inf), (-inf, inf), (0.5, 2.0)]),
            "[-inf, inf]^2 x [0.5, 2]"
        );
    }

    #[test]
    fn paths_are_told_from_names() {
        assert!(is_path("./camel") && is_path("libf.so") && is_path("lib/f.dylib"));
        assert!(!is_path("camel") && !is_path("genz-corner-peak"));
    }
}
