//! Integrands, ranges and settings at their edges: each case with every method.
//!
//! A run gives a typed error or a report that holds together (`harness`); it neither panics nor
//! hangs, and what it is not sure of it does not call good.
//!
//! The fast part takes seconds; all scales are tried by
//! `cargo test --release --test edges -- --ignored`.

mod faults;
mod harness;
mod hidden;
mod inside;
mod limits;
mod ranges;
mod scaling;
mod shapes;
mod values;

use std::{
    sync::mpsc::{RecvTimeoutError, channel},
    thread::spawn,
    time::Duration,
};

use harness::{Case, METHODS};
use thalweg::Method;

/// Every case has a name, and does with a method what it is about; it says what is wrong.
const CASES: [&[(&str, Case)]; 5] = [
    &values::CASES,
    &shapes::CASES,
    &ranges::CASES,
    &faults::CASES,
    &limits::CASES,
];

/// Longer than any case takes by far, on a busy machine, too.
const HANGS: Duration = Duration::from_secs(120);

/// What is wrong with a case; a case that hangs is left to itself.
fn complaint(case: Case, method: Method) -> Option<String> {
    let (sender, receiver) = channel();
    spawn(move || sender.send(case(method)));
    match receiver.recv_timeout(HANGS) {
        Ok(result) => result.err(),
        Err(RecvTimeoutError::Timeout) => Some(format!("not finished within {HANGS:?}")),
        Err(RecvTimeoutError::Disconnected) => Some("panicked".to_owned()),
    }
}

#[test]
fn every_case_with_every_method() {
    let cases: Vec<_> = CASES.into_iter().flatten().collect();
    assert_eq!(cases.len(), 48);
    let complaints: Vec<String> = cases
        .iter()
        .flat_map(|(name, case)| METHODS.map(|method| (name, case, method)))
        .filter_map(|(name, case, method)| {
            let complaint = complaint(*case, method)?;
            Some(format!("{name}, method {}: {complaint}", method.name()))
        })
        .collect();
    assert!(
        complaints.is_empty(),
        "{} complaints\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}
