//! Checkpoints of megabytes that ask for much more memory than they have bytes.

use thalweg::integrate::Checkpoint;

use super::{Read, checkpoints::check, payload::Payload, seal::seal};

/// Elements of the lists: enough for the fixed allowance not to hide anything.
const MANY: u32 = 4 << 20;
/// An empty summary of weights, its `largest` left out.
const WEIGHTS: &[u8] = b"\x8b\xa5calls\x00\xa7nonzero\x00\xaenonzero_shares\x00\
    \xa8positive\x82\xa3sum\x00\xa4lost\x00\xa8negative\x82\xa3sum\x00\xa4lost\x00\
    \xa7squares\x82\xa3sum\x00\xa4lost\x00\xa7max_abs\x00\xa7min_abs\xc0\xa8max_term\x00\
    \xa5floor\x00\xa7largest";

/// A checkpoint with one of its fields as given.
fn checkpoint(field: &str, value: &[u8]) -> Vec<u8> {
    let fields: [(&str, &[u8]); 7] = [
        ("fingerprint", b"\x00"),
        ("library", b"\xa50.1.0"),
        ("cost", b"\xc0"),
        ("probe", b"\x92\x90\x90"),
        ("prepared", b"\x80"),
        ("estimate", b"\x80"),
        ("saved", b"\xc0"),
    ];
    let payload = fields
        .iter()
        .fold(Payload::default().map(7), |p, (name, usual)| {
            p.text(name).raw(if *name == field { value } else { usual })
        });
    let mut bytes = [&b"THALWGC\n\x01\0\0\0"[..], &[0; 12], &payload.0].concat();
    seal(&mut bytes);
    bytes
}

/// One whose estimate has got so far.
fn saved(progress: &str, sums: &[u8]) -> Vec<u8> {
    let saved = Payload::default().map(6).text("progress").map(1);
    let saved = saved.text(progress).raw(sums);
    let saved = saved
        .raw(b"\xa8proposal\x00\xa5calls\x00\xaaiterations\x90\xa9all_calls\x00\xaanon_finite\x00");
    checkpoint("saved", &saved.0)
}

/// A list of so many times the same.
fn many(what: &[u8], n: u32) -> Vec<u8> {
    Payload::default().list(n).raw(&what.repeat(n as usize)).0
}

/// Sums of independent points with one of their fields as given.
fn random(field: &str, value: &[u8]) -> Vec<u8> {
    let fields: [(&str, &[u8]); 4] = [
        ("batches", b"\x90"),
        ("weights", b"\x90"),
        ("covariance", b"\xc0"),
        ("tally", b"\x81\xa5slots\x90"),
    ];
    let sums = fields
        .iter()
        .fold(Payload::default().map(4), |p, (name, usual)| {
            p.text(name).raw(if *name == field { value } else { usual })
        });
    saved("Random", &[&b"\x92"[..], &sums.0, b"\x00"].concat())
}

fn bounded(what: &str, bytes: &[u8]) {
    let checked = check(bytes, &[]);
    assert_eq!(checked, Ok(Read::Refused), "{what}, {} bytes", bytes.len());
}

#[test]
fn remembered_chunks_are_not_blown_up() {
    for field in ["prepared", "estimate"] {
        let memory = |value: &[u8]| {
            let entry = |p: Payload, i: u32| {
                let key = p.raw(b"\x92\x00\xce").raw(&i.to_be_bytes());
                key.raw(value)
            };
            let entries = (0..MANY).fold(Payload::default().map(MANY), entry);
            checkpoint(field, &entries.0)
        };
        bounded("chunks without values", &memory(b"\x90"));
        let one = [&b"\x91\xcb"[..], &[0; 8]].concat();
        bounded("chunks of one value", &memory(&one));
        let whole = [&b"\x81\x92\x00\x00"[..], &many(&[0], 4 * MANY)].concat();
        bounded("values of one byte", &checkpoint(field, &whole));
        let single = many(b"\xca\x00\x00\x00\x00", MANY / 4 * 5);
        let single = [&b"\x81\x92\x00\x00"[..], &single].concat();
        bounded("values of 32 bits", &checkpoint(field, &single));
        let double = [
            &b"\x81\x92\x00\x00"[..],
            &many(&[&[0xcb][..], &[0; 8]].concat(), MANY),
        ];
        bounded("good values", &checkpoint(field, &double.concat()));
    }
    let probe = [&b"\x92"[..], &many(&[0], 4 * MANY), b"\x90"].concat();
    bounded("a probe of bytes", &checkpoint("probe", &probe));
}

#[test]
fn small_sums_are_not_blown_up() {
    let one = |list: Vec<u8>| [&b"\x91"[..], &list].concat();
    bounded(
        "no batches of many outputs",
        &random("batches", &many(b"\x90", 2 * MANY)),
    );
    bounded(
        "batches as lists",
        &random("batches", &one(many(b"\x93\x00\x00\x00", MANY))),
    );
    let zero = [0; 8];
    let floats = [&b"\x93\x00\xcb"[..], &zero, b"\xcb", &zero].concat();
    bounded(
        "batches as lists of floats",
        &random("batches", &one(many(&floats, MANY))),
    );
    let table = b"\x83\xa5calls\x00\xa4mean\x00\xa2m2\x00";
    bounded(
        "batches of bytes",
        &random("batches", &one(many(table, MANY))),
    );
    let good = [
        &b"\x83\xa5calls\x00\xa4mean\xcb"[..],
        &zero,
        b"\xa2m2\xcb",
        &zero,
    ]
    .concat();
    bounded("good batches", &random("batches", &one(many(&good, MANY))));
    bounded("good outputs", &random("batches", &many(&one(good), MANY)));
    let weights = [WEIGHTS, b"\x90"].concat();
    bounded("weights", &random("weights", &many(&weights, MANY / 16)));
    let list = [
        &b"\x9b\x00\x00\x00\x92\x00\x00\x92\x00\x00\x92\x00\x00\x00\xc0\x00"[..],
        b"\x90\x00",
    ];
    bounded(
        "weights as lists",
        &random("weights", &many(&list.concat(), MANY / 4)),
    );
    let largest = [&b"\x91"[..], WEIGHTS, &many(&[0], 4 * MANY)].concat();
    bounded("largest weights", &random("weights", &largest));
    let covariance = [&b"\x83\xa5calls\x00\xa4mean"[..], &many(&[0], 4 * MANY)].concat();
    let covariance = [&covariance[..], b"\xa9comoments\x90"].concat();
    bounded("a covariance", &random("covariance", &covariance));
}

#[test]
fn small_histograms_are_not_blown_up() {
    let tally = |slots: Vec<u8>| [&b"\x81\xa5slots"[..], &slots].concat();
    let of = |slots| random("tally", &tally(slots));
    bounded("histograms without slots", &of(many(b"\x90", 2 * MANY)));
    let zero = [0; 8];
    let slot = [&b"\x92\xcb"[..], &zero, b"\xcb", &zero].concat();
    bounded(
        "histograms of one slot",
        &of(many(&[b"\x91", &slot[..]].concat(), MANY)),
    );
    bounded(
        "slots of bytes",
        &of([&b"\x91"[..], &many(b"\x92\x00\x00", MANY)].concat()),
    );
    bounded(
        "good slots",
        &of([&b"\x91"[..], &many(&slot, MANY)].concat()),
    );
}

#[test]
fn nets_strata_and_steps_are_not_blown_up() {
    let kept = |each: &[u8]| {
        let nets = Payload::default().map(5).text("each").raw(each);
        let nets = nets.raw(b"\xa7weights\x90\xa5units\x01\xa4goal\x01\xa4look\x92\x00\x01");
        saved("Nets", &nets.0)
    };
    bounded("nets", &kept(&many(b"\x92\x90\x81\xa5slots\x90", MANY / 2)));
    bounded("nets as lists", &kept(&many(b"\x92\x90\x91\x90", MANY)));
    let strata = |name: &str, list: &[u8]| {
        let sums = b"\x89\xa5value\x90\xa8variance\x90\xa4chi2\x90\xa5calls\x00\xa5count\x00\
            \xa7weights\x90\xaacovariance\xc0\xa5tally\x81\xa5slots\x90\xa8constant\xc0";
        let sizes: &[u8] = if name == "sizes" { list } else { b"\x90" };
        let mut sums = sums.to_vec();
        if name == "value" {
            drop(sums.splice(7..8, list.iter().copied()));
        }
        let kept = Payload::default().map(3).text("sums").raw(&sums);
        saved(
            "Strata",
            &kept.text("sizes").raw(sizes).raw(b"\xa4left\x01").0,
        )
    };
    bounded("sizes", &strata("sizes", &many(&[0], 4 * MANY)));
    bounded("values of outputs", &strata("value", &many(&[0], 4 * MANY)));
    let steps = |step: &[u8], n| {
        let saved = Payload::default().map(6).text("progress").map(1);
        let sums = b"\x92\x84\xa7batches\x90\xa7weights\x90\xaacovariance\xc0\xa5tally\x81\xa5slots\x90\x00";
        let saved = saved
            .text("Random")
            .raw(sums)
            .raw(b"\xa8proposal\x00\xa5calls\x00");
        let saved = saved.text("iterations").raw(&many(step, n));
        checkpoint(
            "saved",
            &saved.raw(b"\xa9all_calls\x00\xaanon_finite\x00").0,
        )
    };
    bounded(
        "steps as lists",
        &steps(b"\x96\xa5adapt\x00\x00\x00\x00\xc0", MANY),
    );
    let step =
        b"\x86\xa5phase\xa5adapt\xa5calls\x00\xa5value\x00\xa5error\x00\xa7rel_std\x00\xa4beta\xc0";
    bounded("steps", &steps(step, MANY / 2));
    bounded("what is unknown", &checkpoint("what", &many(b"\x90", MANY)));
}

#[test]
fn a_crafted_checkpoint_would_be_read() {
    // Otherwise what is refused elsewhere might be so for its frame.
    let float = [&[0xcb][..], &[0; 8]].concat();
    assert!(Checkpoint::from_bytes(&random("batches", b"\x90")).is_ok());
    let memory = [&b"\x81\x92\x00\x00"[..], &many(&float, 3)].concat();
    let bytes = checkpoint("prepared", &memory);
    assert!(Checkpoint::from_bytes(&bytes).is_ok());
}
