//! The postfix program that an expression becomes, and the machine that runs it.

use super::ExpressionError;

/// Values on the stack: most programs fit the first, none may need more than the second.
const SHALLOW: usize = 8;
const DEEP: usize = 256;
/// The largest constant exponent that becomes products.
const MAX_PRODUCT_POWER: u32 = 16;

/// One step of a program. Operators take their last operand from the accumulator, those before it
/// from the stack, and leave the result in the accumulator.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
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
pub(super) struct Code {
    pub(super) steps: Vec<Step>,
    pub(super) depth: usize,
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
    /// The value at `x` `[dim]`.
    pub(super) fn run(&self, x: &[f64]) -> f64 {
        if self.depth <= SHALLOW {
            run::<SHALLOW>(&self.steps, x)
        } else {
            run::<DEEP>(&self.steps, x)
        }
    }

    /// A program of one step without operands.
    pub(super) fn leaf(step: Step) -> Self {
        Self {
            steps: vec![step],
            depth: 1,
        }
    }

    /// The program that evaluates `operands` in order and then does `step`, evaluated at once if
    /// all of them are constants.
    pub(super) fn apply<const K: usize>(
        operands: [Self; K],
        step: Step,
    ) -> Result<Self, ExpressionError> {
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
    pub(super) fn power(base: Self, exponent: Self) -> Result<Self, ExpressionError> {
        if let [Step::Constant(constant)] = exponent.steps[..]
            && let Some(n) =
                (2..=MAX_PRODUCT_POWER).find(|&n| f64::from(n).total_cmp(&constant).is_eq())
        {
            return Self::apply([base], Step::Power(n));
        }
        Self::apply([base, exponent], Step::Two(f64::powf))
    }
}

pub(super) fn number(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

#[expect(
    clippy::float_cmp,
    reason = "the user asked whether the values are equal"
)]
pub(super) fn equal(a: f64, b: f64) -> f64 {
    number(a == b)
}

pub(super) fn logic(a: f64, b: f64, truth: fn(bool, bool) -> bool) -> f64 {
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

pub(super) fn sign(a: f64) -> f64 {
    if a == 0.0 { a } else { a.signum() }
}

/// base^n for n > 0 by repeated squaring.
pub(super) fn whole_power(base: f64, n: u32) -> f64 {
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
