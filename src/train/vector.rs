//! Vectors that the solvers of argmin calculate with.
//!
//! `argmin-math` has these operations for `Vec<f64>`, but only together with a second version
//! of `rand`. Sums run from the first element to the last, so that no bit depends on anything
//! else.

use argmin_math::{
    ArgminAdd, ArgminDot, ArgminL1Norm, ArgminL2Norm, ArgminMinMax, ArgminMul, ArgminScaledAdd,
    ArgminSignum, ArgminSub, ArgminZeroLike,
};

/// A vector of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vector(pub(crate) Vec<f64>);

impl Vector {
    fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self(self.0.iter().map(|a| f(*a)).collect())
    }

    fn zip(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(a, b)| f(*a, *b)).collect())
    }
}

/// An operation of two vectors, and of a vector and a number, element by element.
macro_rules! elementwise {
    ($operation:ident, $method:ident, $op:tt) => {
        impl $operation<Self, Self> for Vector {
            fn $method(&self, other: &Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
        impl $operation<f64, Self> for Vector {
            fn $method(&self, other: &f64) -> Self {
                self.map(|a| a $op other)
            }
        }
    };
}

elementwise!(ArgminAdd, add, +);
elementwise!(ArgminSub, sub, -);
elementwise!(ArgminMul, mul, *);

impl ArgminScaledAdd<Self, f64, Self> for Vector {
    fn scaled_add(&self, factor: &f64, vec: &Self) -> Self {
        self.zip(vec, |a, b| a + factor * b)
    }
}

impl ArgminDot<Self, f64> for Vector {
    fn dot(&self, other: &Self) -> f64 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }
}

impl ArgminL1Norm<f64> for Vector {
    fn l1_norm(&self) -> f64 {
        self.0.iter().map(|a| a.abs()).sum()
    }
}

impl ArgminL2Norm<f64> for Vector {
    fn l2_norm(&self) -> f64 {
        self.dot(self).sqrt()
    }
}

impl ArgminZeroLike for Vector {
    fn zero_like(&self) -> Self {
        self.map(|_| 0.0)
    }
}

impl ArgminSignum for Vector {
    fn signum(self) -> Self {
        self.map(f64::signum)
    }
}

impl ArgminMinMax for Vector {
    fn min(x: &Self, y: &Self) -> Self {
        x.zip(y, f64::min)
    }
    fn max(x: &Self, y: &Self) -> Self {
        x.zip(y, f64::max)
    }
}
