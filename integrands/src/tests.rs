//! Tests that every family has to pass, and those of the registry.

use crate::{
    BuildError, Dims, Family, Problem, check::build, families, family, random::SplitMix64,
};

/// The family's problem with all defaults.
fn default_problem(family: &Family) -> Problem {
    build(family.name, None, &[])
}

#[test]
fn every_family_builds_with_its_defaults() {
    for family in families() {
        let problem = default_problem(family);
        assert_eq!(problem.name, family.name);
        assert_eq!(problem.dim, family.default_dim, "{}", family.name);
        assert_eq!(problem.domain.len(), problem.dim, "{}", family.name);
        assert!(
            problem.domain.iter().all(|(lower, upper)| lower < upper),
            "{}",
            family.name
        );
        assert!(problem.exact.is_some(), "{}", family.name);
        let defaults: Vec<_> = family
            .parameters
            .iter()
            .map(|p| (p.name.to_owned(), p.default))
            .collect();
        assert_eq!(problem.parameters, defaults);
        assert!(!family.title.contains('\n') && !family.formula.contains('\n'));
        assert!(!family.citation.is_empty());
    }
}

#[test]
fn every_function_is_finite_inside_its_domain() {
    let mut rng = SplitMix64::new(0);
    for family in families() {
        let problem = default_problem(family);
        for _ in 0..1000 {
            let y: Vec<_> = problem
                .domain
                .iter()
                .map(|&(a, b)| rng.uniform(a, b))
                .collect();
            assert!(problem.eval(&y).is_finite(), "{} at {y:?}", family.name);
        }
    }
}

#[test]
fn names_are_unique_and_found() {
    for (i, listed) in families().iter().enumerate() {
        assert!(
            families()[..i]
                .iter()
                .all(|other| other.name != listed.name)
        );
        assert_eq!(family(listed.name).unwrap().title, listed.title);
    }
    assert!(family("Camel").is_none());
}

#[test]
fn dimensions_are_checked() {
    for family in families() {
        let zero = family.problem(Some(0), &[]).unwrap_err();
        match family.dims {
            Dims::Any | Dims::AtLeast(_) => {
                assert!(matches!(
                    zero,
                    BuildError::DimensionTooSmall { asked: 0, .. }
                ));
                assert_eq!(family.problem(Some(7), &[]).unwrap().dim, 7);
            }
            Dims::Fixed(fixed) => {
                assert_eq!(fixed, family.default_dim);
                let name = family.name;
                assert_eq!(
                    zero,
                    BuildError::DimensionFixed {
                        family: name,
                        fixed,
                        asked: 0
                    }
                );
                assert_eq!(family.problem(Some(fixed), &[]).unwrap().dim, fixed);
            }
            Dims::Derived => assert!(matches!(zero, BuildError::DimensionFixed { asked: 0, .. })),
        }
    }
}

#[test]
fn wrong_settings_are_refused() {
    for family in families() {
        let unknown = family
            .problem(None, &[("widht".to_owned(), 1.0)])
            .unwrap_err();
        assert!(
            matches!(unknown, BuildError::UnknownParameter { .. }),
            "{unknown}"
        );
        for parameter in family.parameters {
            for value in [f64::NAN, f64::INFINITY, -1.0] {
                let settings = [(parameter.name.to_owned(), value)];
                let refused = family.problem(None, &settings).unwrap_err();
                assert!(
                    matches!(refused, BuildError::ParameterOutOfRange { .. }),
                    "{refused}"
                );
            }
        }
    }
}

#[test]
#[should_panic(expected = "wrong number of coordinates")]
fn a_point_of_the_wrong_dimension_panics() {
    build("camel", Some(3), &[]).eval(&[0.5; 2]);
}

#[test]
fn problems_can_be_shared_between_threads() {
    fn assert_shareable<T: Send + Sync + Clone>() {}
    assert_shareable::<Problem>();
    assert_shareable::<Family>();
    assert_shareable::<BuildError>();
}
