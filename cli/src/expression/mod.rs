//! Arithmetic expressions in x0, x1, ... as integrands: `exp(-x0^2 - x1^2)`.
//!
//! Precedence, tightest first: `^` and `**` (right-associative, and before a sign on their left:
//! -x^2 = -(x^2), 2^-x^2 = 2^(-(x^2))), then signs, then `* / %`, `+ -`, one of `< <= > >= == !=`
//! (1 if it holds, else 0; they do not chain), `&&`, `||`. Parentheses, the constants pi, e and
//! inf, and the functions of `FUNCTIONS` as usual; `log` is natural, `%` has the sign of its left
//! side as in C, `round` moves halves away from zero, `sign(0)` is 0. A value other than 0 counts
//! as true. All parts of `if`, `&&` and `||` are evaluated. NaN passes through everything but
//! comparisons, a power of 0 and the branch of `if` not taken, so the integrator sees it.
//!
//! The grammar is our own, over pest's `PrattParser`, because the ready-made evaluators exmex 0.21
//! and fasteval 0.2.4 take -2^2 for 4, which silently turns exp(-x0^2) into exp(+x0^2); exmex also
//! refuses 1e-3.
//!
//! The text becomes a postfix program for a machine with one accumulator and a stack. Powers with
//! a constant whole exponent of 2 to 16 become products (`powi` may differ between platforms).
//! Weakness: one point at a time, some 3 ns for each step besides the functions themselves.

mod compile;
mod error;
mod program;
#[cfg(test)]
mod tests;

use pest::Parser as _;

use compile::{Compiler, check_size, explain, precedence};
use program::Code;

pub(crate) use error::ExpressionError;

use grammar::Rule;

/// The generated parser, apart from our items.
mod grammar {
    /// The parser of `grammar.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "expression/grammar.pest"]
    pub(super) struct Grammar;
}

/// The longest text in bytes, and the deepest nesting: parsing recurses by nesting.
const MAX_LENGTH: usize = 10_000;
const MAX_NESTING: usize = 200;

/// A compiled expression, a function of `dim` variables.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    text: String,
    code: Code,
}

impl Expression {
    /// Compiles `text`; its variables are x0 to x(`dim` - 1), and `x` is x0 when `dim` is 1.
    ///
    /// # Errors
    ///
    /// When the text is too long, nested too deeply or no expression, and when it has unknown
    /// names, variables beyond `dim` or functions with a wrong number of arguments.
    pub(crate) fn parse(text: &str, dim: usize) -> Result<Self, ExpressionError> {
        check_size(text)?;
        let pairs =
            grammar::Grammar::parse(Rule::program, text).map_err(|error| explain(text, &error))?;
        let compiler = Compiler {
            text,
            dim,
            pratt: precedence(),
        };
        let mut code = Code::default();
        for pair in pairs.filter(|pair| pair.as_rule() == Rule::expression) {
            code = compiler.expression(pair.into_inner(), 0)?;
        }
        Ok(Self {
            text: text.trim().to_owned(),
            code,
        })
    }

    /// The value at one point `x` `[dim]`; nothing is allocated.
    ///
    /// # Panics
    ///
    /// When `x` has fewer values than the expression has variables.
    pub(crate) fn eval(&self, x: &[f64]) -> f64 {
        self.code.run(x)
    }

    /// The text it was compiled from, without blanks around it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The least dimension that has all variables written in `text`, 0 without any.
///
/// Only names are looked at; whether the text is an expression is seen by [`Expression::parse`].
pub(crate) fn dimension_of(text: &str) -> usize {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter_map(|word| match word.strip_prefix('x')? {
            "" => Some(1),
            digits => digits.parse::<usize>().ok()?.checked_add(1),
        })
        .max()
        .unwrap_or(0)
}
