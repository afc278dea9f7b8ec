#![expect(clippy::float_cmp, reason = "the values compared are exact")]

use std::f64::consts::{E, PI};

use proptest::prelude::*;

use super::compile::{CONSTANTS, FUNCTIONS, Function};
use super::program::{Step, whole_power};
use super::{Expression, ExpressionError, MAX_LENGTH, MAX_NESTING, dimension_of};

const X: [f64; 4] = [3.0, 0.5, -2.0, 7.0];

fn value(text: &str) -> f64 {
    Expression::parse(text, 4).map_or_else(|error| panic!("{text}: {error}"), |e| e.eval(&X))
}

fn fault(text: &str, dim: usize) -> String {
    Expression::parse(text, dim).map_or_else(|error| error.to_string(), |_| "none".into())
}

#[test]
fn the_dimension_is_that_of_the_highest_variable() {
    let table = [
        ("1+pi", 0),
        ("x^2", 1),
        ("exp(-x0^2)", 1),
        ("max(x2,x10)", 11),
        ("exp(2e3)*x1", 2),
    ];
    for (text, dim) in table {
        assert_eq!(dimension_of(text), dim, "{text}");
    }
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
            Self::Infix(place, left, right) => OPERATORS[*place].2(left.direct(x), right.direct(x)),
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
