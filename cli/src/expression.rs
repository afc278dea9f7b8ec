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

use std::f64::consts;

use pest::Parser as _;
use pest::error::{Error as ParseError, ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op as Precedence, PrattParser};
use thiserror::Error;

use crate::suggest;
use grammar::Rule;

/// The generated parser, apart from our items.
mod grammar {
    /// The parser of `expression.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "expression.pest"]
    pub(super) struct Grammar;
}

/// The longest text in bytes, and the deepest nesting: parsing recurses by nesting.
const MAX_LENGTH: usize = 10_000;
const MAX_NESTING: usize = 200;
/// Values on the stack: most programs fit the first, none may need more than the second.
const SHALLOW: usize = 8;
const DEEP: usize = 256;
/// The largest constant exponent that becomes products.
const MAX_PRODUCT_POWER: u32 = 16;

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum ExpressionError {
    /// The text does not follow the grammar.
    #[error("column {column}: {fault}\n  {excerpt}")]
    Syntax {
        /// Where, in characters from 1.
        column: usize,
        /// What is wrong there.
        fault: &'static str,
        /// The text around it, and a second line with a caret below the place.
        excerpt: String,
    },
    /// A name that is no variable, constant or function.
    #[error("unknown name `{name}`; {hint}")]
    UnknownName {
        /// The name.
        name: String,
        /// The nearest known names, or the variables if none is near.
        hint: String,
    },
    /// A variable beyond the dimension.
    #[error("{name} is used but --dim is {dim}: {}", variables(*dim))]
    VariableRange {
        /// The variable as written.
        name: String,
        /// The dimension.
        dim: usize,
    },
    /// A function with too few or too many arguments, or a variable or constant with some.
    #[error("{name} takes {expected} argument(s), not {given}")]
    ArgumentCount {
        /// The function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many are written.
        given: usize,
    },
    /// More text than [`Expression::parse`] reads.
    #[error("the expression is {length} bytes long, at most {MAX_LENGTH} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Parentheses, signs and powers within each other, or operators waiting for their right side.
    #[error("the expression is nested too deeply (at most {MAX_NESTING} levels)")]
    TooDeep,
}

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
        if self.code.depth <= SHALLOW {
            run::<SHALLOW>(&self.code.steps, x)
        } else {
            run::<DEEP>(&self.code.steps, x)
        }
    }

    /// The text it was compiled from, without blanks around it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// One step of a program. Operators take their last operand from the accumulator, those before it
/// from the stack, and leave the result in the accumulator.
#[derive(Clone, Copy, Debug)]
enum Step {
    Constant(f64),
    Variable(usize),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power(u32),
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    Select,
}

/// A program and the stack it needs.
#[derive(Clone, Debug, Default)]
struct Code {
    steps: Vec<Step>,
    depth: usize,
}

/// Runs a program that needs no more than `N` values on the stack.
fn run<const N: usize>(steps: &[Step], x: &[f64]) -> f64 {
    let mut stack = [0.0; N];
    let mut height = 0;
    let mut value = 0.0;
    for step in steps {
        match *step {
            Step::Constant(_) | Step::Variable(_) => {
                stack[height] = value;
                height += 1;
            }
            Step::Add | Step::Subtract | Step::Multiply | Step::Divide | Step::Two(_) => {
                height -= 1;
            }
            Step::Select => height -= 2,
            Step::Negate | Step::Power(_) | Step::One(_) => {}
        }
        value = match *step {
            Step::Constant(constant) => constant,
            Step::Variable(index) => x[index],
            Step::Negate => -value,
            Step::Add => stack[height] + value,
            Step::Subtract => stack[height] - value,
            Step::Multiply => stack[height] * value,
            Step::Divide => stack[height] / value,
            Step::Power(n) => whole_power(value, n),
            Step::One(function) => function(value),
            Step::Two(function) => function(stack[height], value),
            Step::Select => select(stack[height], stack[height + 1], value),
        };
    }
    value
}

impl Code {
    /// A program of one step without operands.
    fn leaf(step: Step) -> Self {
        Self {
            steps: vec![step],
            depth: 1,
        }
    }

    /// The program that evaluates `operands` in order and then does `step`, evaluated at once if
    /// all of them are constants.
    fn apply<const K: usize>(operands: [Self; K], step: Step) -> Result<Self, ExpressionError> {
        let fold = operands
            .iter()
            .all(|code| matches!(code.steps[..], [Step::Constant(_)]));
        let mut code = Self::default();
        for (waiting, operand) in operands.into_iter().enumerate() {
            code.depth = code.depth.max(waiting + operand.depth);
            if waiting == 0 {
                code.steps = operand.steps;
            } else {
                code.steps.extend(operand.steps);
            }
        }
        code.steps.push(step);
        if code.depth > DEEP {
            return Err(ExpressionError::TooDeep);
        }
        Ok(if fold {
            Self::leaf(Step::Constant(run::<SHALLOW>(&code.steps, &[])))
        } else {
            code
        })
    }

    /// base ^ exponent, by products where the exponent is a small whole constant.
    fn power(base: Self, exponent: Self) -> Result<Self, ExpressionError> {
        if let [Step::Constant(constant)] = exponent.steps[..]
            && let Some(n) =
                (2..=MAX_PRODUCT_POWER).find(|&n| f64::from(n).total_cmp(&constant).is_eq())
        {
            return Self::apply([base], Step::Power(n));
        }
        Self::apply([base, exponent], Step::Two(f64::powf))
    }
}

/// A function by its number of arguments; `pow` compiles as the operator does.
#[derive(Clone, Copy)]
enum Function {
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    Power,
    If,
}

/// Every function, by name.
const FUNCTIONS: [(&str, Function); 27] = [
    ("sin", Function::One(f64::sin)),
    ("cos", Function::One(f64::cos)),
    ("tan", Function::One(f64::tan)),
    ("asin", Function::One(f64::asin)),
    ("acos", Function::One(f64::acos)),
    ("atan", Function::One(f64::atan)),
    ("sinh", Function::One(f64::sinh)),
    ("cosh", Function::One(f64::cosh)),
    ("tanh", Function::One(f64::tanh)),
    ("exp", Function::One(f64::exp)),
    ("ln", Function::One(f64::ln)),
    ("log", Function::One(f64::ln)),
    ("log10", Function::One(f64::log10)),
    ("log2", Function::One(f64::log2)),
    ("sqrt", Function::One(f64::sqrt)),
    ("cbrt", Function::One(f64::cbrt)),
    ("abs", Function::One(f64::abs)),
    ("sign", Function::One(sign)),
    ("floor", Function::One(f64::floor)),
    ("ceil", Function::One(f64::ceil)),
    ("round", Function::One(f64::round)),
    (
        "min",
        Function::Two(|a, b| if a < b || a.is_nan() { a } else { b }),
    ),
    (
        "max",
        Function::Two(|a, b| if a > b || a.is_nan() { a } else { b }),
    ),
    ("atan2", Function::Two(f64::atan2)),
    ("hypot", Function::Two(f64::hypot)),
    ("pow", Function::Power),
    ("if", Function::If),
];

const CONSTANTS: [(&str, f64); 3] = [("pi", consts::PI), ("e", consts::E), ("inf", f64::INFINITY)];

/// The operators by what binds loosest first.
fn precedence() -> PrattParser<Rule> {
    PrattParser::new()
        .op(Precedence::infix(Rule::or, Assoc::Left))
        .op(Precedence::infix(Rule::and, Assoc::Left))
        .op(Precedence::infix(Rule::comparison, Assoc::Left))
        .op(Precedence::infix(Rule::sum, Assoc::Left))
        .op(Precedence::infix(Rule::product, Assoc::Left))
        .op(Precedence::prefix(Rule::sign))
        .op(Precedence::infix(Rule::power, Assoc::Right))
}

/// Turns the pairs of the grammar into programs.
struct Compiler<'a> {
    text: &'a str,
    dim: usize,
    pratt: PrattParser<Rule>,
}

impl Compiler<'_> {
    /// An expression `level` levels deep.
    fn expression(&self, pairs: Pairs<'_, Rule>, level: usize) -> Result<Code, ExpressionError> {
        let level = level + 1 + self.chain(pairs.clone())?;
        if level > MAX_NESTING {
            return Err(ExpressionError::TooDeep);
        }
        self.pratt
            .map_primary(|pair| self.operand(pair, level))
            .map_prefix(|sign, operand| match sign.as_str() {
                "-" => Code::apply([operand?], Step::Negate),
                _ => operand,
            })
            .map_infix(|left, operator, right| infix(left?, operator.as_str(), right?))
            .parse(pairs)
    }

    /// The longest run of signs and powers, each of which is a level of its own; refuses
    /// comparisons of comparisons, which would not mean what they mean on paper.
    fn chain(&self, pairs: Pairs<'_, Rule>) -> Result<usize, ExpressionError> {
        let (mut run, mut longest, mut compared) = (0, 0, false);
        for pair in pairs {
            let rule = pair.as_rule();
            if rule == Rule::sign || rule == Rule::power {
                run += 1;
            } else if rule == Rule::sum || rule == Rule::product {
                run = 0;
            } else if rule == Rule::comparison {
                if compared {
                    let fault = "comparisons do not chain: write a < b && b < c, or parentheses";
                    return Err(syntax(self.text, pair.as_span().start(), fault));
                }
                (run, compared) = (0, true);
            } else if rule == Rule::and || rule == Rule::or {
                (run, compared) = (0, false);
            }
            longest = longest.max(run);
        }
        Ok(longest)
    }

    fn operand(&self, pair: Pair<'_, Rule>, level: usize) -> Result<Code, ExpressionError> {
        let rule = pair.as_rule();
        if rule == Rule::number {
            match pair.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Code::leaf(Step::Constant(number))),
                _ => Err(syntax(
                    self.text,
                    pair.as_span().start(),
                    "this number is too large",
                )),
            }
        } else if rule == Rule::named {
            self.named(pair, level)
        } else {
            self.expression(pair.into_inner(), level)
        }
    }

    /// A variable, a constant or a call.
    fn named(&self, pair: Pair<'_, Rule>, level: usize) -> Result<Code, ExpressionError> {
        let mut inner = pair.into_inner();
        let name = inner.next().map_or("", |name| name.as_str());
        let arguments = inner
            .next()
            .map(|arguments| {
                let each = arguments.into_inner();
                each.map(|one| self.expression(one.into_inner(), level))
                    .collect()
            })
            .transpose()?;
        let leaf = match self.leaf(name) {
            None => return self.call(name, arguments.unwrap_or_default()),
            Some(leaf) => leaf?,
        };
        match arguments {
            None => Ok(Code::leaf(leaf)),
            Some(given) => Err(wrong_count(name, 0, given.len())),
        }
    }

    /// A constant or a variable; `None` if the name is neither.
    fn leaf(&self, name: &str) -> Option<Result<Step, ExpressionError>> {
        if let Some((_, value)) = CONSTANTS.iter().find(|(known, _)| *known == name) {
            return Some(Ok(Step::Constant(*value)));
        }
        let digits = name.strip_prefix('x')?;
        if digits.is_empty() && self.dim == 1 {
            return Some(Ok(Step::Variable(0)));
        }
        let canonical = digits == "0" || !digits.starts_with('0');
        if digits.is_empty() || !canonical || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let index = digits.parse().ok().filter(|&index| index < self.dim);
        Some(
            index
                .map(Step::Variable)
                .ok_or_else(|| ExpressionError::VariableRange {
                    name: name.to_owned(),
                    dim: self.dim,
                }),
        )
    }

    fn call(&self, name: &str, arguments: Vec<Code>) -> Result<Code, ExpressionError> {
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            return Err(self.unknown(name));
        };
        let given = arguments.len();
        let wrong = |expected| wrong_count(name, expected, given);
        match *function {
            Function::One(function) => {
                let operands = <[Code; 1]>::try_from(arguments).map_err(|_| wrong(1))?;
                Code::apply(operands, Step::One(function))
            }
            Function::Two(function) => {
                let operands = <[Code; 2]>::try_from(arguments).map_err(|_| wrong(2))?;
                Code::apply(operands, Step::Two(function))
            }
            Function::Power => {
                let [base, exponent] = arguments.try_into().map_err(|_| wrong(2))?;
                Code::power(base, exponent)
            }
            Function::If => {
                let operands = <[Code; 3]>::try_from(arguments).map_err(|_| wrong(3))?;
                Code::apply(operands, Step::Select)
            }
        }
    }

    fn unknown(&self, name: &str) -> ExpressionError {
        let functions = FUNCTIONS.iter().map(|(known, _)| *known);
        let known = functions.chain(CONSTANTS.iter().map(|(known, _)| *known));
        let near = suggest::nearest(name, known);
        let hint = if near.is_empty() {
            variables(self.dim)
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        ExpressionError::UnknownName {
            name: name.to_owned(),
            hint,
        }
    }
}

/// left operator right
fn infix(left: Code, operator: &str, right: Code) -> Result<Code, ExpressionError> {
    let step = match operator {
        "+" => Step::Add,
        "-" => Step::Subtract,
        "*" => Step::Multiply,
        "/" => Step::Divide,
        "%" => Step::Two(|a, b| a % b),
        "<" => Step::Two(|a, b| number(a < b)),
        "<=" => Step::Two(|a, b| number(a <= b)),
        ">" => Step::Two(|a, b| number(a > b)),
        ">=" => Step::Two(|a, b| number(a >= b)),
        "==" => Step::Two(equal),
        "!=" => Step::Two(|a, b| 1.0 - equal(a, b)),
        "&&" => Step::Two(|a, b| logic(a, b, |a, b| a && b)),
        "||" => Step::Two(|a, b| logic(a, b, |a, b| a || b)),
        _ => return Code::power(left, right),
    };
    Code::apply([left, right], step)
}

fn number(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

#[expect(
    clippy::float_cmp,
    reason = "the user asked whether the values are equal"
)]
fn equal(a: f64, b: f64) -> f64 {
    number(a == b)
}

fn logic(a: f64, b: f64, truth: fn(bool, bool) -> bool) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        number(truth(a != 0.0, b != 0.0))
    }
}

fn select(condition: f64, then: f64, otherwise: f64) -> f64 {
    if condition.is_nan() {
        f64::NAN
    } else if condition != 0.0 {
        then
    } else {
        otherwise
    }
}

fn sign(a: f64) -> f64 {
    if a == 0.0 { a } else { a.signum() }
}

/// base^n for n > 0 by repeated squaring.
fn whole_power(base: f64, n: u32) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, n);
    while rest > 1 {
        if rest % 2 == 1 {
            result *= square;
        }
        square *= square;
        rest /= 2;
    }
    result * square
}

/// Which variables there are, for messages.
fn variables(dim: usize) -> String {
    match dim {
        0 => "there are no variables".into(),
        1 => "the only variable is x0 (or x)".into(),
        _ => format!("variables are x0 to x{}", dim - 1),
    }
}

fn wrong_count(name: &str, expected: usize, given: usize) -> ExpressionError {
    ExpressionError::ArgumentCount {
        name: name.to_owned(),
        expected,
        given,
    }
}

/// Refuses what the recursive parser should not see: no or too much text, deep or open
/// parentheses.
fn check_size(text: &str) -> Result<(), ExpressionError> {
    if text.len() > MAX_LENGTH {
        return Err(ExpressionError::TooLong { length: text.len() });
    }
    if text.trim().is_empty() {
        return Err(syntax(text, 0, "the expression is empty"));
    }
    let mut open = Vec::new();
    for (at, character) in text.char_indices() {
        if character == '(' {
            open.push(at);
        } else if character == ')' && open.pop().is_none() {
            return Err(syntax(text, at, "this parenthesis closes none"));
        }
        if open.len() > MAX_NESTING {
            return Err(ExpressionError::TooDeep);
        }
    }
    open.last().map_or(Ok(()), |&at| {
        Err(syntax(text, at, "this parenthesis is never closed"))
    })
}

/// What the parser found wrong, in few words.
fn explain(text: &str, error: &ParseError<Rule>) -> ExpressionError {
    let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
    let operator = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.contains(&Rule::sum),
        ErrorVariant::CustomError { .. } => false,
    };
    let product = text[at..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '(');
    let fault = match (operator, product) {
        (true, true) => "an operator is missing (a product needs its *)",
        (true, false) => "expected an operator or the end",
        (false, _) => "expected a number, a name or a parenthesis",
    };
    syntax(text, at, fault)
}

/// The error `fault` at byte `at`, with the text around it and a caret.
fn syntax(text: &str, at: usize, fault: &'static str) -> ExpressionError {
    let column = text[..at].chars().count();
    let first = column.saturating_sub(40);
    let around = text.chars().skip(first).take(60);
    let line: String = around
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let excerpt = format!(
        "{}\n  {:>width$}",
        line.trim_end(),
        '^',
        width = column - first + 1
    );
    ExpressionError::Syntax {
        column: column + 1,
        fault,
        excerpt,
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values compared are exact")]
mod tests {
    use std::f64::consts::{E, PI};

    use proptest::prelude::*;

    use super::{
        CONSTANTS, Expression, ExpressionError, FUNCTIONS, Function, MAX_LENGTH, MAX_NESTING, Step,
        whole_power,
    };

    const X: [f64; 4] = [3.0, 0.5, -2.0, 7.0];

    fn value(text: &str) -> f64 {
        Expression::parse(text, 4).map_or_else(|error| panic!("{text}: {error}"), |e| e.eval(&X))
    }

    fn fault(text: &str, dim: usize) -> String {
        Expression::parse(text, dim).map_or_else(|error| error.to_string(), |_| "none".into())
    }

    #[test]
    fn values_follow_the_precedence_of_paper() {
        let table = [
            ("-2^2", -4.0),
            ("(-2)^2", 4.0),
            ("-x0^2", -9.0),
            ("exp(-x0^2)", (-9.0_f64).exp()),
            ("-x0**2", -9.0),
            ("2^-1", 0.5),
            ("2**-1", 0.5),
            ("2^-x0^2", 2.0_f64.powi(-9)),
            ("2^3^2", 512.0),
            ("(2^3)^2", 64.0),
            ("2^-1^2", 0.5),
            ("2^-2*3", 0.75),
            ("-2^-2", -0.25),
            ("2*x0^2", 18.0),
            ("-2*-3", 6.0),
            ("1 - -2", 3.0),
            ("1--2", 3.0),
            ("1-+-2", 3.0),
            ("--2", 2.0),
            ("-+2", -2.0),
            ("+x2", -2.0),
            ("1 - 2 - 3", -4.0),
            ("8/4/2", 1.0),
            ("8/4*2", 4.0),
            ("2+3*4", 14.0),
            ("(2+3)*4", 20.0),
            ("7 % 4 * 2", 6.0),
            ("-7 % 4", -3.0),
            ("1 + 2 < 4", 1.0),
            ("1 < 2 + 3 * 4", 1.0),
            ("2 <= 2", 1.0),
            ("2 >= 3", 0.0),
            ("2 > 1", 1.0),
            ("x0 == 3", 1.0),
            ("x0 != 3", 0.0),
            ("(1 < 2) + (1 < 2)", 2.0),
            ("(2 < 1) < 1", 1.0),
            ("1 || 0 && 0", 1.0),
            ("(1 || 0) && 0", 0.0),
            ("0 < x1 && x1 < 1", 1.0),
            ("x1 < 0 || 2 && -1", 1.0),
            ("0 == 1 || 1 == 1", 1.0),
        ];
        for (text, expected) in table {
            assert_eq!(
                value(text).to_bits(),
                expected.to_bits(),
                "{text} = {}",
                value(text)
            );
        }
    }

    #[test]
    fn values_of_numbers_names_and_functions() {
        let table = [
            ("1", 1.0),
            (".5", 0.5),
            ("1.", 1.0),
            ("1e-3", 1e-3),
            ("2.5E+6", 2.5e6),
            ("1e3-1", 999.0),
            ("1.e2", 100.0),
            ("pi", PI),
            ("e", E),
            ("-inf", f64::NEG_INFINITY),
            (" x0\t*\n( x1 ) ", 1.5),
            ("sin(x1)", 0.5_f64.sin()),
            ("cos(x1)", 0.5_f64.cos()),
            ("tan(x1)", 0.5_f64.tan()),
            ("asin(x1)", 0.5_f64.asin()),
            ("acos(x1)", 0.5_f64.acos()),
            ("atan(x1)", 0.5_f64.atan()),
            ("sinh(x1)", 0.5_f64.sinh()),
            ("cosh(x1)", 0.5_f64.cosh()),
            ("tanh(x1)", 0.5_f64.tanh()),
            ("exp(x1)", 0.5_f64.exp()),
            ("ln(x1)", 0.5_f64.ln()),
            ("log(x1)", 0.5_f64.ln()),
            ("log10(1000)", 3.0),
            ("log2(8)", 3.0),
            ("sqrt(16)", 4.0),
            ("cbrt(-27)", -3.0),
            ("abs(x2)", 2.0),
            ("sign(x2) + sign(x0) + 10*sign(0)", 0.0),
            ("floor(-1.5)", -2.0),
            ("ceil(-1.5)", -1.0),
            ("round(2.5)", 3.0),
            ("min(x0, x1)", 0.5),
            ("max(x0, x1)", 3.0),
            ("atan2(x0, x1)", 3.0_f64.atan2(0.5)),
            ("pow(x0, 2)", 9.0),
            ("pow(x0, x1)", 3.0_f64.sqrt()),
            ("hypot(3, 4)", 5.0),
            ("if(x0 > 2, x3, sqrt(x2))", 7.0),
            ("if(0, x3, x1)", 0.5),
        ];
        for (text, expected) in table {
            let value = value(text);
            assert!(
                (value - expected).abs() < 1e-15 || value == expected,
                "{text} = {value}"
            );
        }
    }

    #[test]
    fn nan_is_passed_on_and_compares_false() {
        for text in [
            "min(0/0, 1)",
            "min(1, 0/0)",
            "max(0/0, 1)",
            "max(1, sqrt(x2))",
            "sign(0/0)",
            "0/0 && 0",
            "1 || 0/0",
            "if(0/0, 1, 2)",
            "if(1, 0/0, 2)",
        ] {
            assert!(value(text).is_nan(), "{text}");
        }
        assert_eq!(
            [value("0/0 == 0/0"), value("0/0 < 1"), value("0/0 != 0/0")],
            [0.0, 0.0, 1.0]
        );
    }

    #[test]
    fn threads_may_share_an_expression() {
        fn shared<T: Clone + Send + Sync>() {}
        shared::<Expression>();
    }

    #[test]
    fn the_only_variable_may_drop_its_number() {
        let expression = Expression::parse(" x^2 + x0 ", 1).unwrap();
        assert_eq!(expression.eval(&[3.0]), 12.0);
        assert_eq!(expression.text(), "x^2 + x0");
        assert_eq!(fault("x", 2), "unknown name `x`; variables are x0 to x1");
    }

    #[test]
    fn constants_are_folded_and_small_powers_multiply() {
        let steps = |text: &str| Expression::parse(text, 4).unwrap().code.steps;
        assert_eq!(steps("-2^2 * sin(pi/4) + if(1 < 2, 3, e)").len(), 1);
        assert!(matches!(
            steps("x0^(1+1)")[..],
            [Step::Variable(0), Step::Power(2)]
        ));
        assert_eq!(steps("x0^17").len(), 3);
        for n in 2..=16 {
            let exact = 1.1_f64.powf(f64::from(n));
            assert!((whole_power(1.1, n) / exact - 1.0).abs() < 1e-14, "{n}");
        }
    }

    #[test]
    fn faults_are_named() {
        let table = [
            ("x4", "x4 is used but --dim is 4: variables are x0 to x3"),
            (
                "x99999999999999999999",
                "x99999999999999999999 is used but --dim is 4",
            ),
            ("x01", "unknown name `x01`"),
            ("sine(x0)", "unknown name `sine`; did you mean sin"),
            ("Exp(x0)", "unknown name `Exp`; did you mean exp"),
            ("y", "unknown name `y`; variables are x0 to x3"),
            ("sin", "sin takes 1 argument(s), not 0"),
            ("sin()", "sin takes 1 argument(s), not 0"),
            ("max(1)", "max takes 2 argument(s), not 1"),
            ("pow(1)", "pow takes 2 argument(s), not 1"),
            ("if(1, 2)", "if takes 3 argument(s), not 2"),
            ("pi(2)", "pi takes 0 argument(s), not 1"),
            ("x0(2)", "x0 takes 0 argument(s), not 1"),
            ("", "column 1: the expression is empty"),
            ("2x0", "column 2: an operator is missing"),
            ("x0 x1", "column 4: an operator is missing"),
            ("(x0)(x1)", "column 5: an operator is missing"),
            ("x0 = 1", "column 4: expected an operator"),
            ("x0 +", "column 5: expected a number"),
            ("* x0", "column 1: expected a number"),
            ("x0 * * x1", "column 6: expected a number"),
            ("sin(x0,)", "column 8: expected a number"),
            ("(x0", "column 1: this parenthesis is never closed"),
            ("x0)", "column 3: this parenthesis closes none"),
            ("0 < x0 < 1", "column 8: comparisons do not chain"),
            ("1e999", "column 1: this number is too large"),
        ];
        for (text, expected) in table {
            let fault = fault(text, 4);
            assert!(fault.starts_with(expected), "{text}: {fault}");
        }
        assert_eq!(
            fault("x1", 1),
            "x1 is used but --dim is 1: the only variable is x0 (or x)"
        );
    }

    #[test]
    fn a_caret_marks_the_place_also_in_a_long_text() {
        assert!(fault("1 + $", 1).ends_with("\n  1 + $\n      ^"));
        let long = format!("{}$ + 1", "x0 +\n".repeat(100));
        let shown = fault(&long, 1);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            (lines.len(), lines[1].chars().nth(lines[2].len() - 1)),
            (3, Some('$'))
        );
        assert!(lines[1].len() < 70, "{shown}");
    }

    #[test]
    fn hostile_nesting_is_refused() {
        let many = |part: &str| part.repeat(MAX_LENGTH / part.len() / 2 - 1);
        for text in [
            many("("),
            many("(") + "1" + &many(")"),
            many("-") + "1",
            many("x0^") + "1",
            many("2**-") + "1",
            many("1e-3^") + "1",
            "(1^1^1^1^1^".repeat(100) + "1" + &")".repeat(100),
        ] {
            let error = Expression::parse(&text, 1).unwrap_err();
            assert!(
                matches!(
                    error,
                    ExpressionError::TooDeep | ExpressionError::Syntax { .. }
                ),
                "{error}"
            );
        }
        let error = Expression::parse(&"1".repeat(MAX_LENGTH + 1), 1).unwrap_err();
        assert_eq!(
            error,
            ExpressionError::TooLong {
                length: MAX_LENGTH + 1
            }
        );
    }

    #[test]
    fn the_deepest_text_allowed_is_read() {
        let nested = |open: &str, levels: usize| open.repeat(levels) + "x0" + &")".repeat(levels);
        let deepest = MAX_NESTING - 1;
        assert_eq!(
            Expression::parse(&nested("(", deepest), 1)
                .unwrap()
                .eval(&[2.0]),
            2.0
        );
        assert_eq!(
            Expression::parse(&nested("abs(", deepest), 1)
                .unwrap()
                .eval(&[2.0]),
            2.0
        );
        let sum = Expression::parse(&nested("1+(", deepest), 1).unwrap();
        assert_eq!(sum.eval(&[2.0]), 201.0);
        // Every operator at every level: the deepest recursion, then more stack than there is.
        let all = nested("1||x0&&1<x0+x0*(", deepest);
        assert_eq!(
            Expression::parse(&all, 1).unwrap_err(),
            ExpressionError::TooDeep
        );
        let terms = "x0^2+".repeat(1999) + "1";
        assert_eq!(Expression::parse(&terms, 1).unwrap().eval(&[2.0]), 7997.0);
    }

    #[derive(Clone, Debug)]
    enum Tree {
        Number(f64),
        Variable(usize),
        Constant(usize),
        Negate(Box<Tree>),
        /// An operator by its place in `OPERATORS`.
        Infix(usize, Box<Tree>, Box<Tree>),
        /// A power with a whole number as exponent.
        Whole(Box<Tree>, u32),
        /// A function by its place in `FUNCTIONS`.
        Call(usize, Box<[Tree; 3]>),
    }

    type Direct = fn(f64, f64) -> f64;

    /// Operators with how tightly they bind, as the printer below understands it.
    const OPERATORS: [(&str, u8, Direct); 14] = [
        ("||", 1, |a, b| unless_nan(a, b, a != 0.0 || b != 0.0)),
        ("&&", 2, |a, b| unless_nan(a, b, a != 0.0 && b != 0.0)),
        ("<", 3, |a, b| bit(a < b)),
        ("<=", 3, |a, b| bit(a <= b)),
        (">", 3, |a, b| bit(a > b)),
        (">=", 3, |a, b| bit(a >= b)),
        ("==", 3, |a, b| bit(a == b)),
        ("!=", 3, |a, b| bit(a != b)),
        ("+", 4, |a, b| a + b),
        ("-", 4, |a, b| a - b),
        ("*", 5, |a, b| a * b),
        ("/", 5, |a, b| a / b),
        ("%", 5, |a, b| a % b),
        ("^", 7, f64::powf),
    ];
    const SIGN: u8 = 6;
    const POWER: u8 = 7;
    const ATOM: u8 = 8;

    fn bit(truth: bool) -> f64 {
        if truth { 1.0 } else { 0.0 }
    }

    fn unless_nan(a: f64, b: f64, truth: bool) -> f64 {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            bit(truth)
        }
    }

    impl Tree {
        fn direct(&self, x: &[f64]) -> f64 {
            match self {
                Self::Number(number) => *number,
                Self::Variable(index) => x[*index],
                Self::Constant(place) => CONSTANTS[*place].1,
                Self::Negate(operand) => -operand.direct(x),
                Self::Infix(place, left, right) => {
                    OPERATORS[*place].2(left.direct(x), right.direct(x))
                }
                Self::Whole(base, n) => whole_power(base.direct(x), *n),
                Self::Call(place, arguments) => {
                    let [a, b, c] = arguments.each_ref().map(|argument| argument.direct(x));
                    match FUNCTIONS[*place].1 {
                        Function::One(function) => function(a),
                        Function::Two(function) => function(a, b),
                        Function::Power => a.powf(b),
                        Function::If if a.is_nan() => f64::NAN,
                        Function::If => {
                            if a == 0.0 {
                                c
                            } else {
                                b
                            }
                        }
                    }
                }
            }
        }

        /// The text, with parentheses around every operation or only where precedence, at least
        /// `outer` here, asks for them.
        fn print(&self, outer: u8, minimal: bool) -> String {
            let (own, text) = match self {
                Self::Number(number) => (ATOM, format!("{number:?}")),
                Self::Variable(index) => (ATOM, format!("x{index}")),
                Self::Constant(place) => (ATOM, CONSTANTS[*place].0.to_owned()),
                Self::Negate(operand) => (SIGN, format!("-{}", operand.print(SIGN, minimal))),
                Self::Whole(base, n) => (POWER, format!("{} ** {n}", base.print(ATOM, minimal))),
                Self::Infix(place, left, right) => {
                    let (operator, own, _) = OPERATORS[*place];
                    let (first, second) = match own {
                        3 => (4, 4),
                        POWER => (ATOM, SIGN),
                        _ => (own, own + 1),
                    };
                    let (left, right) = (left.print(first, minimal), right.print(second, minimal));
                    (own, format!("{left} {operator}{right}"))
                }
                Self::Call(place, arguments) => {
                    let (name, function) = FUNCTIONS[*place];
                    let count = match function {
                        Function::One(_) => 1,
                        Function::Two(_) | Function::Power => 2,
                        Function::If => 3,
                    };
                    let texts = arguments
                        .each_ref()
                        .map(|argument| argument.print(0, minimal));
                    (ATOM, format!("{name}({})", texts[..count].join(",")))
                }
            };
            if own < outer || (own < ATOM && !minimal) {
                format!("({text})")
            } else {
                text
            }
        }

        /// The same value, but no constant the compiler could take for a whole exponent.
        fn varying(self) -> Self {
            let zero = Self::Infix(10, Self::Number(0.0).into(), Self::Variable(0).into());
            Self::Infix(8, self.into(), zero.into())
        }
    }

    fn trees() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            (0_u32..5).prop_map(|n| Tree::Number(f64::from(n))),
            (0.0..10.0).prop_map(Tree::Number),
            prop::num::f64::POSITIVE.prop_map(Tree::Number),
            (0..X.len()).prop_map(Tree::Variable),
            (0..CONSTANTS.len()).prop_map(Tree::Constant),
        ];
        leaf.prop_recursive(6, 48, 3, |inner| {
            let three = [inner.clone(), inner.clone(), inner.clone()];
            prop_oneof![
                1 => inner.clone().prop_map(|operand| Tree::Negate(operand.into())),
                1 => (inner.clone(), 2_u32..17).prop_map(|(base, n)| Tree::Whole(base.into(), n)),
                4 => (0..OPERATORS.len(), inner.clone(), inner).prop_map(|(place, left, right)| {
                    let power = OPERATORS[place].1 == POWER;
                    let right = if power { right.varying() } else { right };
                    Tree::Infix(place, left.into(), right.into())
                }),
                1 => (0..FUNCTIONS.len(), three).prop_map(|(place, [a, b, c])| {
                    let power = matches!(FUNCTIONS[place].1, Function::Power);
                    let b = if power { b.varying() } else { b };
                    Tree::Call(place, [a, b, c].into())
                }),
            ]
        })
    }

    fn same(a: f64, b: f64) -> bool {
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}", dim in 0_usize..4) {
            let _ = Expression::parse(&text, dim);
        }

        #[test]
        fn any_text_of_our_signs_is_read_or_refused(
            text in "([-+*/%^<>=!&|(),.x0-9e \\n]|sin|if|max|x0|1e|\\*\\*|&&){0,60}",
        ) {
            match Expression::parse(&text, 2) {
                Ok(expression) => { expression.eval(&X); }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }

        #[test]
        fn printed_trees_have_the_value_of_the_tree(
            tree in trees(),
            x in [-9.0..9.0, -9.0..9.0, -1.0..1.0, 0.0..1e9],
        ) {
            let direct = tree.direct(&x);
            for minimal in [false, true] {
                let text = tree.print(0, minimal);
                let parsed = Expression::parse(&text, X.len());
                let value = parsed.map(|expression| expression.eval(&x));
                let right = value.as_ref().is_ok_and(|&value| same(value, direct));
                prop_assert!(right, "{text}: {value:?} for {direct}");
            }
        }
    }
}
