//! Colour flows where there is only one: a line of quarks with at most one gluon, or two gluons.

/// The first colour line of an event record.
const FIRST: u32 = 501;

/// Colour and anticolour of particles with `ids` (`[n]`, the first two incoming) as event records have
/// them, where there is only one way; zeros without any colour.
pub fn only_flow(ids: &[i32]) -> Option<Vec<[u32; 2]>> {
    let (mut quarks, mut antiquarks, mut gluons) = (Vec::new(), Vec::new(), Vec::new());
    for (i, &id) in ids.iter().enumerate() {
        // An incoming quark is an outgoing antiquark.
        let outgoing = if i < 2 { -id } else { id };
        match (id, outgoing) {
            (21, _) => gluons.push(i),
            (_, 1..=6) => quarks.push(i),
            (_, -6..=-1) => antiquarks.push(i),
            _ => {}
        }
    }
    let mut flow = vec![[0, 0]; ids.len()];
    match (quarks[..].len(), antiquarks[..].len(), gluons[..].len()) {
        (0, 0, 0) => {}
        (1, 1, 0) => {
            flow[quarks[0]][0] = FIRST;
            flow[antiquarks[0]][1] = FIRST;
        }
        (1, 1, 1) => {
            flow[quarks[0]][0] = FIRST;
            flow[gluons[0]] = [FIRST + 1, FIRST];
            flow[antiquarks[0]][1] = FIRST + 1;
        }
        (0, 0, 2) => {
            flow[gluons[0]] = [FIRST, FIRST + 1];
            flow[gluons[1]] = [FIRST + 1, FIRST];
        }
        _ => return None,
    }
    for incoming in &mut flow[..2] {
        incoming.swap(0, 1);
    }
    Some(flow)
}

#[cfg(test)]
mod tests {
    use super::only_flow;

    #[test]
    fn lines_begin_and_end() {
        assert_eq!(only_flow(&[11, -11, 13, -13]).unwrap(), [[0, 0]; 4]);
        let drell_yan = only_flow(&[2, -2, 13, -13]).unwrap();
        assert_eq!(drell_yan, [[501, 0], [0, 501], [0, 0], [0, 0]]);
        let with_gluon = only_flow(&[-1, 1, 11, -11, 21]).unwrap();
        assert_eq!(with_gluon, [[0, 501], [502, 0], [0, 0], [0, 0], [502, 501]]);
        let compton = only_flow(&[21, 2, 11, -11, 2]).unwrap();
        assert_eq!(compton[0], [501, 502]);
        assert_eq!((compton[1], compton[4]), ([502, 0], [501, 0]));
        assert_eq!(
            only_flow(&[21, 21, 25]).unwrap(),
            [[502, 501], [501, 502], [0, 0]]
        );
        assert!(only_flow(&[21, 21, 1, -1]).is_none());
    }
}
