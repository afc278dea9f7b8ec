//! Weights, strategies, shards and faults.

use thalweg::event::{Event, EventFault, EventRun, Generation, Process, Shard, events};
use thalweg::{Error, MaxWeight};

use crate::processes::{Changed, SIGMA, muons, uniform, unweighted, weighted};

fn made(process: &dyn Process, what: &Generation) -> (Vec<Event>, EventRun) {
    let mut list = Vec::new();
    let run = events(&uniform(), process, what, &mut list).expect("events");
    (list, run)
}

fn mean(list: &[Event]) -> f64 {
    list.iter().map(|event| event.weight).sum::<f64>() / list.len() as f64
}

#[test]
fn unit_weights() {
    let (list, run) = made(&muons(), &unweighted(5000, MaxWeight::Max));
    assert_eq!((list.len(), run.strategy), (5000, 3));
    assert!(
        list.iter()
            .all(|event| event.weight.to_bits() == 1.0_f64.to_bits())
    );
    let [only] = run.processes[..] else {
        panic!("{:?}", run.processes)
    };
    assert_eq!(only.number, 1);
    assert!(
        (only.cross_section - SIGMA).abs() < 5.0 * only.error,
        "{only:?}"
    );
    // f is flat to a factor of two: its spread is known.
    assert!(only.error > 0.0 && only.error < 0.01 * SIGMA, "{only:?}");
    let forward = list
        .iter()
        .filter(|event| event.particles[2].momentum[3] > 0.0)
        .count();
    let asymmetry = 2.0 * forward as f64 / 5000.0 - 1.0;
    assert!(
        (asymmetry - 0.016675).abs() < 5.0 / 5000_f64.sqrt(),
        "{asymmetry}"
    );
}

#[test]
fn overweights_and_weighted_events_have_the_cross_section_as_mean() {
    let (list, run) = made(&muons(), &unweighted(5000, MaxWeight::Quantile(0.5)));
    let told = run
        .summary
        .unweighting
        .as_ref()
        .expect("they were unweighted");
    assert_eq!(run.strategy, 4);
    assert!(
        told.overweight_fraction > 0.1 && told.overweight_reach > 1.0,
        "{told:?}"
    );
    // Positive weights: exactly.
    assert!((mean(&list) / run.summary.cross_section - 1.0).abs() < 1e-12);
    assert!((mean(&list) - SIGMA).abs() < 5.0 * run.summary.error);
    let (list, run) = made(&muons(), &weighted(5000));
    assert_eq!(
        (list.len(), run.strategy, run.summary.draws),
        (5000, 4, 5000)
    );
    assert!((mean(&list) / run.summary.cross_section - 1.0).abs() < 1e-12);
    assert!((mean(&list) - SIGMA).abs() < 5.0 * run.summary.error);
}

#[test]
fn partial_unweighting_keeps_more() {
    let mut what = unweighted(5000, MaxWeight::Max);
    let (_, full) = made(&muons(), &what);
    what.unweighting.as_mut().expect("unweighted").partial = 0.5;
    let (list, half) = made(&muons(), &what);
    let efficiency = |run: &EventRun| run.summary.unweighting.as_ref().map(|u| u.efficiency);
    assert!(efficiency(&half) > efficiency(&full));
    let sizes: Vec<f64> = list.iter().map(|event| event.weight).collect();
    let least = sizes.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(
        sizes.iter().all(|w| *w < 2.0 * least * (1.0 + 1e-12)),
        "twice the least at most"
    );
    assert!((mean(&list) / half.summary.cross_section - 1.0).abs() < 1e-12);
    what.unweighting.as_mut().expect("unweighted").partial = 0.0;
    let error = events(&uniform(), &muons(), &what, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, Error::InvalidSetting { .. }), "{error}");
}

#[test]
fn signs_and_variations_go_through() {
    let process = Changed {
        signed: true,
        varied: true,
        ..Changed::spoilt(|_| ())
    };
    let (list, run) = made(&process, &unweighted(8000, MaxWeight::Max));
    assert_eq!(run.strategy, -3);
    assert_eq!(
        run.processes.iter().map(|p| p.number).collect::<Vec<_>>(),
        [7, 9]
    );
    let sum: f64 = run.processes.iter().map(|p| p.cross_section).sum();
    assert!((sum / run.summary.cross_section - 1.0).abs() < 1e-12);
    let part = run.processes[0].cross_section / sum;
    assert!((part - 0.25).abs() < 0.05, "{part}");
    let negative = list.iter().filter(|event| event.weight < 0.0).count() as f64 / 8000.0;
    let told = run.summary.unweighting.as_ref().expect("unweighted");
    assert!((negative - told.negative_fraction).abs() < 0.02);
    let worth = (1.0 - 2.0 * told.negative_fraction).powi(2);
    assert!((told.negative_efficiency - worth).abs() < 1e-12);
    for event in &list {
        let cos = event.particles[2].momentum[3] / event.particles[2].momentum[0];
        assert!((event.weight < 0.0) == (cos < -0.5));
        assert!((event.variations[0] - event.weight * (1.0 + 0.5 * cos)).abs() < 1e-12);
        assert!((event.variations[1] - event.weight * 2.0).abs() < 1e-12);
    }
}

#[test]
fn shards_are_disjoint_and_weighted_ones_the_whole() {
    let process = Changed::spoilt(|_| ());
    let (whole, _) = made(&process, &weighted(1000));
    let mut parts = Vec::new();
    let mut momenta = Vec::new();
    for index in 1..=3 {
        let shard = Shard::new(index, 3).expect("a part");
        parts.extend(
            made(
                &process,
                &Generation {
                    shard,
                    ..weighted(1000)
                },
            )
            .0,
        );
        let what = Generation {
            shard,
            ..unweighted(1000, MaxWeight::Max)
        };
        let (list, run) = made(&process, &what);
        assert_eq!(run.summary.shard, shard.to_string());
        momenta.extend(
            list.iter()
                .map(|event| event.particles[2].momentum[1].to_bits()),
        );
    }
    assert_eq!(parts, whole);
    assert_eq!(momenta.len(), 1000);
    momenta.sort_unstable();
    momenta.dedup();
    assert_eq!(momenta.len(), 1000);
}

fn fault(spoil: fn(&mut Event)) -> EventFault {
    let what = unweighted(50, MaxWeight::Max);
    let made = events(&uniform(), &Changed::spoilt(spoil), &what, &mut Vec::new());
    let Err(Error::InvalidEvent { number: 1.., fault }) = made else {
        panic!("{made:?}")
    };
    fault
}

#[test]
fn unfit_events_are_refused() {
    let nan = fault(|event| event.particles[3].momentum[1] = f64::NAN);
    assert_eq!(nan.to_string(), "its px of particle 4 is NaN");
    let quark = fault(|event| event.particles[2].id = 2);
    assert!(
        matches!(
            quark,
            EventFault::Color {
                particle: 3,
                id: 2,
                ..
            }
        ),
        "{quark}"
    );
    let gluon = fault(|event| {
        event.particles[3].id = 21;
        event.particles[3].colors = [501, 0];
    });
    assert!(gluon.to_string().contains("a gluon has both"), "{gluon}");
    let lepton = fault(|event| event.particles[0].colors = [501, 0]);
    assert!(lepton.to_string().contains("it has no colour"), "{lepton}");
    let mother = fault(|event| event.particles[2].mothers = [1, 5]);
    assert!(
        matches!(mother, EventFault::Mother { mother: 5, .. }),
        "{mother}"
    );
    let lost = fault(|event| event.particles[2].momentum[3] += 0.01);
    assert!(
        matches!(lost, EventFault::Momentum { component: 3, .. }),
        "{lost}"
    );
    assert_eq!(fault(|event| event.particles.clear()), EventFault::Empty);
    let more = fault(|event| event.variations.push(1.0));
    assert_eq!(
        more,
        EventFault::Variations {
            found: 1,
            expected: 0
        }
    );
    assert!(matches!(
        fault(|e| e.scale = f64::INFINITY),
        EventFault::NonFinite { .. }
    ));
}

#[test]
fn no_events_are_refused() {
    for n in [0, 2] {
        let shard = Shard::new(1, 3).expect("a part");
        let what = Generation {
            shard,
            ..weighted(n)
        };
        let error = events(&uniform(), &muons(), &what, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, Error::InvalidSetting { .. }), "{error}");
    }
}
