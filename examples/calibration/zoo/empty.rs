//! Nothing to be seen, with reason and without.

use super::{Nasty, indicator, on_cube};

pub(super) fn list() -> Vec<Nasty> {
    let zero = on_cube("zero-4", 4, 0.0, |_| 0.0);
    let speck = on_cube("speck-3", 3, 1.0, |x| {
        indicator(x.iter().all(|x| (0.6181..0.6191).contains(x))) * 1e9
    });
    vec![
        Nasty::new(
            "zero-4",
            zero,
            None,
            "nothing: no error, no scale, no shape",
        ),
        Nasty::new(
            "speck-3",
            speck,
            1e-9,
            "all of the integral in a billionth of the cube, and 0 elsewhere",
        ),
    ]
}
