//! From the pairs of the grammar to a program.

use std::f64::consts;

use pest::error::{Error as ParseError, ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op as Precedence, PrattParser};

use super::error::{syntax, variables, wrong_count};
use super::grammar::Rule;
use super::program::{Code, Step, equal, logic, number, sign};
use super::{ExpressionError, MAX_LENGTH, MAX_NESTING};
use crate::suggest;

/// A function by its number of arguments; `pow` compiles as the operator does.
#[derive(Clone, Copy)]
pub(super) enum Function {
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    Power,
    If,
}

/// Every function, by name.
pub(super) const FUNCTIONS: [(&str, Function); 27] = [
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

pub(super) const CONSTANTS: [(&str, f64); 3] =
    [("pi", consts::PI), ("e", consts::E), ("inf", f64::INFINITY)];

/// The operators by what binds loosest first.
pub(super) fn precedence() -> PrattParser<Rule> {
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
pub(super) struct Compiler<'a> {
    pub(super) text: &'a str,
    pub(super) dim: usize,
    pub(super) pratt: PrattParser<Rule>,
}

impl Compiler<'_> {
    /// An expression `level` levels deep.
    pub(super) fn expression(
        &self,
        pairs: Pairs<'_, Rule>,
        level: usize,
    ) -> Result<Code, ExpressionError> {
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

/// Refuses what the recursive parser should not see: no or too much text, deep or open
/// parentheses.
pub(super) fn check_size(text: &str) -> Result<(), ExpressionError> {
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
pub(super) fn explain(text: &str, error: &ParseError<Rule>) -> ExpressionError {
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
