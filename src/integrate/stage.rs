//! The points of one stage of training.

use serde::{Deserialize, Serialize};

use super::{
    around::Around,
    evaluator::{CHUNK, Evaluated, Evaluator},
    explore::Explored,
    layers::Layers,
    peaks::{self, Peak},
    pilot::{self, Pass},
    report::Phase,
    run::Run,
};
use crate::error::Result;
use crate::flow::Flow;
use crate::map::Map;
use crate::rng::Purpose;
use crate::stats::Moments;

/// What one stage drew, as the flow sees it: before the maps under it, whose Jacobian belongs to f.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) x: Vec<f64>,
    pub(crate) log_f: Vec<f64>,
    pub(crate) log_q: Vec<f64>,
    pub(crate) moments: Moments,
    /// what it says of nets, where it was drawn in some
    #[serde(skip)]
    pub(crate) pass: Option<Pass>,
}

impl Stage {
    /// Draws and evaluates stage number `stage`, of `calls` points at most. Nets train as well as
    /// independent points, and tell what nets of the estimate would need.
    pub(crate) fn draw(
        run: &mut Run<'_>,
        flow: &Flow,
        (base, under): (&Layers, &dyn Map),
        (stage, calls): (u64, u64),
        nets: bool,
    ) -> Result<Self> {
        let mut all = Self::default();
        let map = base.under(Box::new(flow.clone()))?;
        if nets && calls >= pilot::FEWEST {
            let seen = |z: Vec<f64>, w: Vec<f64>| all.weighed(flow, &z, &w);
            if let Some(nets) = pilot::draw(run, map.as_ref(), calls, Phase::Train, seen)? {
                all.moments = nets.all(0);
                all.pass = Some(nets.pass());
            }
            return Ok(all);
        }
        run.points(
            Phase::Train,
            map.as_ref(),
            (Purpose::Train, stage),
            (0, calls, CHUNK),
            |e: Evaluated| Self::new(&e, under),
            |s: Self| all.append(&s),
        )?;
        Ok(all)
    }

    /// Evaluates `calls` points of a mixture around the `known` peaks, and others if they are to be
    /// looked for.
    pub(crate) fn around_peaks(
        run: &mut Run<'_>,
        explored: &Explored,
        known: &[Peak],
        calls: u64,
    ) -> Result<Option<Self>> {
        let mut peaks = known.to_vec();
        if run.settings.find_peaks {
            peaks.extend(peaks::find(run, explored)?);
        }
        if peaks.is_empty() || run.stopped.is_some() {
            return Ok(None);
        }
        let dim = run.evaluator.dim();
        let mixture = Around::new(dim, &peaks);
        let chunks = (0..calls.div_ceil(CHUNK)).map(|c| (c * CHUNK, CHUNK.min(calls - c * CHUNK)));
        let mut all = Self::default();
        run.jobs(
            Phase::Train,
            chunks,
            |(_, n)| *n,
            |evaluator, (first, n)| around(evaluator, &mixture, (*first, *n)),
            |evaluator, _, e| Ok(Self::of_mixture(e, evaluator.outputs())),
            |_, s: Self| all.append(&s),
        )?;
        Ok((all.moments.calls > 0).then_some(all))
    }

    /// Adds latent points `z` (`[n * dim]`) of `flow` with their weights `w` (`[n]`).
    fn weighed(&mut self, flow: &Flow, z: &[f64], w: &[f64]) {
        let (mut x, mut log_jac) = (vec![0.0; z.len()], vec![0.0; w.len()]);
        flow.forward(z, &mut x, &mut log_jac);
        self.x.extend(x);
        for (w, l) in w.iter().zip(&log_jac) {
            self.log_f.push(w.abs().ln() - l);
            self.log_q.push(-l);
        }
    }

    fn append(&mut self, other: &Self) {
        self.x.extend_from_slice(&other.x);
        self.log_f.extend_from_slice(&other.log_f);
        self.log_q.extend_from_slice(&other.log_q);
        self.moments.merge_from(&other.moments);
    }

    /// Points of a mixture, with the values of `outputs` outputs.
    fn of_mixture(e: Evaluated, outputs: usize) -> Self {
        let log_q: Vec<f64> = e.log_jac.iter().map(|l| -l).collect();
        let f: Vec<f64> = e.f.into_iter().step_by(outputs).collect();
        let weights: Vec<f64> = f.iter().zip(&log_q).map(|(f, l)| f * (-l).exp()).collect();
        Self {
            x: e.x,
            log_f: f.iter().map(|f| f.abs().ln()).collect(),
            log_q,
            moments: Moments::from_slice(&weights),
            pass: None,
        }
    }

    /// The points as the flow sees them: before the maps under it, whose Jacobian belongs to f.
    fn new(e: &Evaluated, under: &dyn Map) -> Self {
        let moments = Moments::from_slice(&e.weights(0));
        let log_f = e.log_abs_f();
        let mut x = vec![0.0; e.x.len()];
        let mut log_jac = vec![0.0; e.log_jac.len()];
        under.inverse(&e.x, &mut x, &mut log_jac);
        let log_f = log_f.iter().zip(&log_jac).map(|(f, l)| f + l).collect();
        let log_q = e
            .log_jac
            .iter()
            .zip(&log_jac)
            .map(|(all, l)| l - all)
            .collect();
        Self {
            x,
            log_f,
            log_q,
            moments,
            pass: None,
        }
    }
}

/// Points `first..first + n` of a mixture.
fn around(evaluator: &Evaluator<'_>, mixture: &Around, (first, n): (u64, u64)) -> Evaluated {
    let (dim, numbers) = (evaluator.dim(), mixture.numbers());
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let mut u = vec![0.0; n * numbers];
    let streams = evaluator.streams();
    streams.fill_points(Purpose::Peaks, 0, first, numbers, &mut u);
    let mut x = vec![0.0; n * dim];
    for (u, x) in u.chunks_exact(numbers).zip(x.chunks_exact_mut(dim)) {
        mixture.draw(u, x);
    }
    let points = x.chunks_exact(dim);
    Evaluated {
        log_jac: points.map(|x| -mixture.log_density(x)).collect(),
        z: Vec::new(),
        x,
        f: Vec::new(),
        control: Vec::new(),
        places: Vec::new(),
        not_finite: [0; 2],
    }
}
