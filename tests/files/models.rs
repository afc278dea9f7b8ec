//! Small models of every kind that can be saved.

use thalweg::{
    Domain, Estimate, Flow, FlowConfig, Map, Result, Sampler,
    flow::{Activation, Family, Masks, Precision, SplineKind, Stack},
    map::{Chain, Grid, Identity, LogLinear, Permutation, ProductMixture, Rotation},
};

fn flow(dim: usize, config: &FlowConfig) -> Result<Flow> {
    let mut flow = Flow::new(dim, config, 5)?;
    flow.randomise(5, 1.0);
    Ok(flow)
}

/// Flows of each spline, mask, activation and precision.
fn flows() -> Result<Vec<Flow>> {
    let small = FlowConfig {
        bins: 3,
        hidden: vec![3],
        ..FlowConfig::default()
    };
    let linear = FlowConfig {
        spline: SplineKind::Linear,
        masks: Masks::Halves { couplings: 2 },
        activation: Activation::Relu,
        elementwise_bins: 2,
        ..small.clone()
    };
    let quadratic = FlowConfig {
        spline: SplineKind::Quadratic,
        masks: Masks::Random { couplings: 3 },
        precision: Precision::F64,
        hidden: vec![2, 2],
        ..small.clone()
    };
    let rational = FlowConfig {
        precision: Precision::F64,
        hidden: Vec::new(),
        ..small.clone()
    };
    let mut flows = vec![flow(1, &small)?];
    for config in [small, linear, quadratic, rational] {
        flows.push(flow(2, &config)?);
    }
    for family in [
        Family::Glow,
        Family::Planar,
        Family::Maf,
        Family::SplineIaf,
        Family::RecurrentMaf,
    ] {
        let stack = Stack {
            hidden: vec![3],
            ..family.stack(1)
        };
        let mut flow = Flow::of(2, stack.into(), 5)?;
        flow.randomise(5, 0.3);
        flows.push(flow);
    }
    Ok(flows)
}

fn mixture() -> Result<ProductMixture> {
    let axis = |a: f64| LogLinear::new(vec![0.0, 0.3, 0.7, 1.0], vec![a, 0.1, -2.0 * a, 0.7]);
    ProductMixture::new(vec![
        (0.3, vec![axis(1.0)?, axis(0.2)?]),
        (0.9, vec![axis(-3.0)?, axis(0.4)?]),
    ])
}

fn chain(maps: Vec<Box<dyn Map>>) -> Result<Box<dyn Map>> {
    Ok(Box::new(Chain::new(maps)?))
}

/// A sampler of each kind, some with notes and an estimate.
pub(crate) fn samplers() -> Result<Vec<Sampler>> {
    let grid = || Grid::from_edges(2, [0.0, 0.1, 0.15, 0.7, 1.0].repeat(2));
    let rotation = || Rotation::new(2, vec![0.6, 0.8, -0.8, 0.6]);
    let permutation = || Permutation::new(vec![1, 0]);
    let mut maps: Vec<Box<dyn Map>> = vec![
        Box::new(Identity::new(2)),
        Box::new(grid()?),
        Box::new(permutation()?),
        Box::new(rotation()?),
        Box::new(mixture()?),
        chain(vec![Box::new(grid()?), Box::new(rotation()?)])?,
    ];
    for flow in flows()? {
        maps.push(Box::new(flow));
    }
    let inner = chain(vec![Box::new(mixture()?), Box::new(permutation()?)])?;
    maps.push(chain(vec![Box::new(grid()?), inner])?);
    let infinite = [(-1.0, 3.0), (0.5, f64::INFINITY)];
    let estimate = Estimate {
        value: 1.25,
        error: 0.01,
        calls: 70_000,
        dof: Some(7.0),
    };
    let sampler = |(i, map): (usize, Box<dyn Map>)| {
        let mut domain = Domain::new(&infinite[..map.dim()])?;
        if i == 1 || i == 3 {
            domain = domain.with_discrete(i / 2, 3)?;
        }
        if i == 3 {
            domain = domain.with_probabilities(1, &[0.25, 0.5, 0.25])?;
        }
        let mut sampler = Sampler::new(map, domain)?;
        if i % 2 == 0 {
            sampler = sampler.with_estimate(Some(estimate));
            let note = ("note".to_owned(), "äöü".to_owned());
            sampler.metadata_mut().extend([note]);
        }
        Ok(sampler)
    };
    maps.into_iter().enumerate().map(sampler).collect()
}
