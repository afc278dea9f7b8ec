//! Small runs, and what every report has to fulfil.

use thalweg::{
    CostClass, Domain, Error, FlowConfig, Integrand, Integrator, Method, Report, Settings, Status,
    Stop, flow::Masks,
};

/// What a case does with a method; the error says what is wrong.
pub(crate) type Case = fn(Method) -> Result<(), String>;

pub(crate) const METHODS: [Method; 4] = [Method::Auto, Method::Plain, Method::Vegas, Method::Flow];

/// A budget that every method can do something with.
pub(crate) const CALLS: u64 = 10_000;

/// Settings that spend `calls`, with a flow that is small enough to be trained in no time.
pub(crate) fn small(method: Method, calls: u64) -> Settings {
    let mut settings = Settings {
        method,
        stop: Stop::calls(calls),
        cost_class: Some(CostClass::Cheap),
        flow: FlowConfig {
            bins: 4,
            hidden: vec![8],
            masks: Masks::Halves { couplings: 2 },
            ..FlowConfig::default()
        },
        ..Settings::default()
    };
    settings.train.reuse = 2.0;
    settings
}

/// [`small`] over a box with the same range on each axis.
pub(crate) fn over(method: Method, range: (f64, f64), dim: usize) -> Settings {
    Settings {
        domain: Some(Domain::new(&vec![range; dim]).expect("a range")),
        ..small(method, CALLS)
    }
}

/// A complaint unless `ok`.
pub(crate) fn ensure(ok: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if ok { Ok(()) } else { Err(what()) }
}

/// Runs and checks the report of an integrand that is not constant.
pub(crate) fn report(settings: Settings, f: &dyn Integrand) -> Result<Report, String> {
    let report = constant(settings, f)?;
    let sure = report.outputs.iter().all(|o| o.estimate.error > 0.0);
    ensure(sure || !report.status.is_good(), || {
        format!("an error of 0 with a good status: {report}")
    })?;
    Ok(report)
}

/// As [`report`], of an integrand whose error may be 0.
pub(crate) fn constant(settings: Settings, f: &dyn Integrand) -> Result<Report, String> {
    let max_calls = settings.stop.max_calls;
    let report = run(settings, f).map_err(|e| format!("an error: {e}"))?;
    holds_together(&report, max_calls)?;
    Ok(report)
}

/// The error of a run that has to fail.
pub(crate) fn failure(settings: Settings, f: &dyn Integrand) -> Result<Error, String> {
    match run(settings, f) {
        Ok(report) => Err(format!("a report instead of an error: {report}")),
        Err(error) => Ok(error),
    }
}

/// The complaint about an error of the wrong kind.
pub(crate) fn wrong<T>(error: &Error) -> Result<T, String> {
    Err(format!("another error: {error}"))
}

fn run(settings: Settings, f: &dyn Integrand) -> Result<Report, Error> {
    Integrator::new(settings)?.integrate(f)
}

/// What no report may break, whatever the integrand.
pub(crate) fn holds_together(report: &Report, max_calls: u64) -> Result<(), String> {
    let usable = |value: f64, error: f64| value.is_finite() && error.is_finite() && error >= 0.0;
    for (o, output) in report.outputs.iter().enumerate() {
        let e = output.estimate;
        ensure(!(e.value.is_nan() || e.error.is_nan()), || {
            format!("output {o} is {} +- {}: {report}", e.value, e.error)
        })?;
        let good = report.status.is_good();
        ensure(usable(e.value, e.error) || !good, || {
            format!(
                "output {o} is {} +- {}, called good: {report}",
                e.value, e.error
            )
        })?;
        let w = output.weights;
        let numbers = [
            w.rel_std,
            w.ess_fraction,
            w.max_share,
            w.unweighting_efficiency,
            w.cancellation,
            w.nonzero_fraction,
        ];
        ensure(numbers.iter().all(|w| !w.is_nan()), || {
            format!("weights of output {o}: {w:?}")
        })?;
    }
    for i in &report.iterations {
        let nan = [i.value, i.error, i.rel_std].iter().any(|v| v.is_nan());
        ensure(!nan, || format!("a step {i:?}"))?;
    }
    let (first, same) = (report.estimate, report.outputs[0].estimate);
    ensure(first == same, || format!("{first:?} and {same:?}"))?;
    let calls = report.calls.total();
    ensure(calls <= max_calls, || {
        format!("{calls} of {max_calls} calls")
    })?;
    let text = report.to_string();
    ensure(!text.contains("NaN"), || text.clone())?;
    let (bad, reasons) = (report.status == Status::Unreliable, &report.reasons);
    ensure(!bad || !reasons.is_empty(), || {
        format!("no reasons: {report}")
    })?;
    let zero = first.value == 0.0 && first.error == 0.0;
    ensure(report.status != Status::NoSignal || zero, || {
        format!("no signal, but a value: {report}")
    })
}

/// Asserts a value within six errors (and roundings), unless the report calls itself no good.
pub(crate) fn near(report: &Report, output: usize, exact: f64) -> Result<(), String> {
    let e = report.outputs[output].estimate;
    let off = (e.value - exact).abs();
    let most = 6.0 * e.error + 1e-12 * exact.abs();
    ensure(off <= most || !report.status.is_good(), || {
        format!("output {output}: {e:?} instead of {exact:e}: {report}")
    })
}

/// Asserts a good status.
pub(crate) fn good(report: &Report) -> Result<(), String> {
    ensure(report.status.is_good(), || format!("not good: {report}"))
}

/// Asserts a status.
pub(crate) fn status(report: &Report, status: Status) -> Result<(), String> {
    ensure(report.status == status, || {
        format!("not {}: {report}", status.name())
    })
}
