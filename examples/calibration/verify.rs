//! The exact values, each found anew in another way.

use thalweg::Method;
use thalweg_integrands::Problem;

use crate::check::Check;
use crate::{named, recipes, zoo};

/// The name, dimension and exact value, and how far from it the check is: in its statistical
/// errors, or as a relative difference of two deterministic values.
fn line(name: &str, problem: &Problem, check: &Check) -> String {
    let exact = problem.exact.expect("an exact value");
    let found = check.find(problem);
    let difference = found.value - exact;
    let verdict = if found.error > 0.0 {
        let pull = difference / found.error;
        let relative = found.error / if exact.abs() > 0.0 { exact.abs() } else { 1.0 };
        format!("pull {pull:+.2} at {relative:.1e}")
    } else if exact.abs() > 0.0 {
        format!("differs by {:.0e}", (found.value / exact - 1.0).abs())
    } else {
        format!("differs by {:.0e}", difference.abs())
    };
    format!(
        "{name:<22} {:>4}  {exact:>23.15e}  {verdict:<28}",
        problem.dim
    )
}

/// One line for each of `names`, or for all.
#[expect(clippy::print_stdout, reason = "an example shows its result")]
pub(crate) fn list(names: &[String]) {
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    for entry in named::named() {
        if !wanted(&entry.name) {
            continue;
        }
        let check = recipes::of_named(&entry.name, &entry.problem);
        let methods: Vec<&str> = entry.methods.iter().copied().map(Method::name).collect();
        println!(
            "{} {} {}",
            line(&entry.name, &entry.problem, &check),
            entry.budget,
            methods.join(" ")
        );
    }
    for entry in zoo::zoo() {
        if !wanted(entry.name) {
            continue;
        }
        let check = recipes::of_zoo(entry.name, &entry.problem);
        let feature = entry
            .feature
            .map_or_else(String::new, |v| format!("{v:.1e}"));
        println!(
            "{} {feature:>8} {}: {}",
            line(entry.name, &entry.problem, &check),
            entry.class,
            entry.why
        );
    }
}
