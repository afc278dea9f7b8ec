//! Parts of an estimate from strangers: reading and merging them gives an error or a report.

use std::panic::{AssertUnwindSafe, catch_unwind};

use thalweg::{
    Error, Integrator, Map, NonFinite, Observable, Partial, Settings, from_fn,
    integrate::{Shard, Silent},
    map::{Grid, Identity},
};

use super::{
    FACTOR, MORE, Read,
    memory::peak_of,
    mutate::{Model, mutation},
};

fn f(x: &[f64]) -> f64 {
    if x[0] < 0.01 {
        f64::NAN
    } else {
        (-8.0 * x[0]).exp() - x[1]
    }
}

/// Parts with and without histograms.
fn parts() -> Vec<Partial> {
    let settings = Settings {
        non_finite: NonFinite::CountAsZero { max_share: 0.1 },
        threads: Some(1),
        ..Settings::default()
    };
    let grid = Grid::from_edges(2, vec![0.0, 0.3, 1.0, 0.0, 0.5, 1.0]).expect("good edges");
    let maps: [Box<dyn Map>; 2] = [Box::new(grid), Box::new(Identity::new(2))];
    let axis = Observable::new("x", 3, 0.0, 1.0, |y| y[0]).expect("good bins");
    let both = Observable::joint("both", axis.clone(), axis.clone()).expect("good bins");
    let plain = Integrator::new(settings).expect("good settings");
    let integrators = [plain.clone(), plain.observing(vec![axis, both])];
    let mut parts = Vec::new();
    for (integrator, map) in integrators.iter().zip(&maps) {
        for i in [1, 3] {
            let shard = Shard::new(i, 3).expect("1 to 3");
            let what = (2000, shard);
            let part = integrator.estimate_shard(&from_fn(2, f), map.as_ref(), what, &mut Silent);
            parts.push(part.expect("a good run"));
        }
    }
    parts
}

/// Reads, reports, merges what was read with `others`, and reads what it writes.
fn check(bytes: &[u8], others: &[Partial]) -> Result<Read, String> {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let (read, peak) = peak_of(|| Partial::from_bytes(bytes));
        let limit = FACTOR * bytes.len() + MORE;
        if peak > limit {
            return Err(format!("{peak} bytes taken; at most {limit} are allowed"));
        }
        let part = match read {
            Ok(part) => part,
            Err(Error::InvalidPartial { .. }) => return Ok(Read::Refused),
            Err(error) => return Err(format!("an error of the wrong sort: {error}")),
        };
        let report = part.report();
        if report.estimate.value.is_nan() && report.status.is_good() {
            return Err(format!("a good status: {report}"));
        }
        let written = part.to_bytes().map_err(|e| e.to_string())?;
        Partial::from_bytes(&written).map_err(|e| format!("read again: {e}"))?;
        for other in others {
            let mut both = other.clone();
            match both.merge_from(&part) {
                Ok(()) => drop(both.report()),
                Err(Error::OtherPart { .. } | Error::SamePoints { .. }) => {}
                Err(error) => return Err(format!("an error of the wrong sort: {error}")),
            }
        }
        Ok(Read::Drawn)
    }));
    caught.unwrap_or_else(|_| Err("a panic".to_owned()))
}

fn check_mutations(count: u64) {
    let parts = parts();
    let bytes = parts.iter().map(|p| p.to_bytes().expect("bytes"));
    let models: Vec<Model> = bytes.map(Model::new).collect();
    let mut read = 0_u64;
    for number in 0..count {
        match check(&mutation(&models, number), &parts) {
            Ok(Read::Drawn) => read += 1,
            Ok(Read::Refused) => {}
            Err(fault) => panic!("mutation {number}: {fault}"),
        }
    }
    let share = read as f64 / count as f64;
    assert!((0.01..0.9).contains(&share), "{share} of all can be read");
}

#[test]
fn good_parts_are_read() {
    let parts = parts();
    for part in &parts {
        let bytes = part.to_bytes().unwrap();
        assert_eq!(check(&bytes, &parts), Ok(Read::Drawn));
    }
}

#[test]
fn mutated_parts_are_refused_or_reported() {
    check_mutations(if cfg!(debug_assertions) { 300 } else { 3000 });
}

#[test]
#[ignore = "for changes to parts of an estimate"]
fn many_mutated_parts_are_refused_or_reported() {
    check_mutations(200_000);
}

#[test]
fn small_histograms_take_little_memory() {
    let bins = (1 << 16) - 2;
    let axis = Observable::new("x", bins, 0.0, 1.0, |y| y[0]).unwrap();
    let own = Integrator::new(Settings::default()).unwrap();
    let own = own.observing(vec![axis]);
    let f = from_fn(2, |x| x[0]);
    let what = (128, Shard::default());
    let part = own.estimate_shard(&f, &Identity::new(2), what, &mut Silent);
    let part = part.unwrap();
    assert_eq!(check(&part.to_bytes().unwrap(), &[]), Ok(Read::Drawn));
    let narrow = Observable::new("x", 2, 0.0, 1.0, |y| y[0]).unwrap();
    let wide = Observable::new("y", (1 << 14) - 2, 0.0, 1.0, |y| y[1]).unwrap();
    let both = Observable::joint("both", narrow, wide).unwrap();
    let part = own.clone().observing(vec![both]);
    let part = part.estimate_shard(&f, &Identity::new(2), what, &mut Silent);
    let part = part.unwrap();
    assert_eq!(check(&part.to_bytes().unwrap(), &[]), Ok(Read::Drawn));
    let axis = Observable::new("x", bins + 1, 0.0, 1.0, |y| y[0]).unwrap();
    let more = own.observing(vec![axis]);
    let refused = more.estimate_shard(&f, &Identity::new(2), what, &mut Silent);
    assert!(matches!(refused, Err(Error::InvalidSetting { .. })));
}
