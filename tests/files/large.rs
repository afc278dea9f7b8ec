//! Files of megabytes that ask for much more memory than they have bytes.

use std::{env, fs, process};

use thalweg::{Domain, Flow, FlowConfig, Sampler, flow::Precision};

use super::{FACTOR, MORE, Read, check, memory::peak_of, payload::Payload};

/// Elements of the lists: enough for the fixed allowance not to hide anything.
const MANY: u32 = 8 << 20;

/// A map of so many entries after its kind.
fn kind(kind: &str, fields: u32) -> Payload {
    Payload::model(&[(0.0, 1.0)])
        .map(1 + fields)
        .text("kind")
        .text(kind)
}

fn refused(payload: Payload) {
    assert_eq!(check(&payload.end().sealed()), Ok(Read::Refused));
}

#[test]
fn short_numbers_are_not_blown_up() {
    let zeros = vec![0; MANY as usize];
    let grid = || {
        kind("grid", 2)
            .text("dim")
            .whole(1)
            .text("edges")
            .list(MANY)
    };
    refused(grid().raw(&zeros));
    // Good at first, so that room is made.
    let half = MANY / 9 / 2;
    let start = (0..half).fold(grid(), |p, _| p.float(0.5));
    refused(start.raw(&zeros[half as usize..]));
    refused(kind("permutation", 1).text("order").list(MANY).raw(&zeros));
    let ranges = Payload::default().map(5).text("library").text("0.1.0");
    let ranges = ranges.text("domain").map(1).text("ranges").list(MANY);
    refused(ranges.raw(&b"\x92\xc0\xc0".repeat(MANY as usize)));
}

#[test]
fn distinct_indices_are_not_blown_up() {
    let n = MANY / 4;
    let order = |p: Payload, i: u32| p.raw(&[0xce]).raw(&i.to_be_bytes());
    let order = (0..n).fold(kind("permutation", 1).text("order").list(2 * n), order);
    refused(order.raw(&vec![0; n as usize]));
}

#[test]
fn architectures_do_not_ask_for_more_than_their_parameters() {
    let config = |hidden: &[u8]| {
        let config = kind("flow", 4)
            .text("dim")
            .whole(4096)
            .text("seed")
            .whole(1);
        config
            .raw(b"\xa6config\x87\xa6spline\xa6linear\xa4bins\x01")
            .raw(b"\xa5masks\x81\xa6random\x81\xa9couplings\xcd\x01\x00\xa6hidden")
            .raw(hidden)
            .raw(b"\xaaactivation\xa4relu\xa9precision\xa3f32\xb0elementwise_bins\x00")
            .text("parameters")
    };
    refused(config(b"\x90").list(1).float(0.0));
    refused(config(&[0x9f; 1]).raw(&[1; 15]).list(1).float(0.0));
    let many = Payload::default().list(MANY).raw(&vec![1; MANY as usize]);
    refused(config(&many.0).list(1).float(0.0));
}

#[test]
fn small_tables_are_not_blown_up() {
    let mixture = |n| kind("product_mixture", 1).text("components").list(n);
    let empty = b"\x82\xa5share\x01\xa4axes\x90";
    refused(mixture(MANY / 8).raw(&empty.repeat(MANY as usize / 8)));
    let component = mixture(1).raw(b"\x82\xa5share\x01\xa4axes").list(MANY / 8);
    let axis = b"\x82\xa5knots\x90\xa6values\x90";
    refused(component.clone().raw(&axis.repeat(MANY as usize / 8)));
    let one = &[0; 8];
    let axis = [
        &b"\x82\xa5knots\x91\xcb"[..],
        one,
        b"\xa6values\x91\xcb",
        one,
    ]
    .concat();
    refused(component.clone().raw(&axis.repeat(MANY as usize / 8)));
    let (zero, one) = (0.0_f64.to_be_bytes(), 1.0_f64.to_be_bytes());
    let knots = [b"\x82\xa5knots\x92\xcb", &zero[..], b"\xcb", &one].concat();
    let axis = [&knots, &b"\xa6values\x92\xcb"[..], &zero, b"\xcb", &zero].concat();
    refused(component.raw(&axis.repeat(MANY as usize / 8)));
    let link = b"\x82\xa4kind\xa8identity\xa3dim\x01";
    refused(
        kind("chain", 1)
            .text("maps")
            .list(MANY / 8)
            .raw(&link.repeat(MANY as usize / 8)),
    );
}

#[test]
fn texts_are_not_blown_up() {
    // A message that quotes them would take five letters for each.
    let text = "\u{1}".repeat(MANY as usize);
    refused(
        kind("grid", 2)
            .text("dim")
            .text(&text)
            .text("edges")
            .whole(1),
    );
    refused(kind(&text[..1 << 18], 0));
    refused(
        kind("grid", 2)
            .text("dim")
            .text(&text[..1 << 18])
            .text("edges")
            .whole(1),
    );
    let notes = kind("identity", 1)
        .text("dim")
        .whole(1)
        .raw(b"\xa8estimate\xc0\xa8metadata");
    let note = |p: Payload, i: u32| {
        p.raw(&[0xa3])
            .raw(&(i | 0x0040_4040).to_be_bytes()[1..])
            .raw(&[0xa0])
    };
    let notes = (0..MANY / 8).fold(notes.map(MANY / 8), note);
    assert_eq!(check(&notes.sealed()), Ok(Read::Refused));
}

#[test]
fn what_is_unknown_is_not_kept() {
    let unknown = kind("identity", 2)
        .text("what")
        .list(MANY)
        .raw(&vec![0x90; MANY as usize]);
    let file = unknown.text("dim").whole(1).end().sealed();
    assert_eq!(check(&file), Ok(Read::Drawn));
    refused(Payload::default().raw(&vec![0x91; MANY as usize]));
    refused(Payload::default().raw(&vec![0x81; MANY as usize]));
}

/// Also a good file, and with its bytes: through the disk.
#[test]
fn a_large_flow_takes_a_few_times_its_size() {
    let config = FlowConfig {
        hidden: vec![512],
        precision: Precision::F64,
        ..FlowConfig::default()
    };
    let flow = Flow::new(64, &config, 1).unwrap();
    let sampler = Sampler::new(Box::new(flow), Domain::unit(64)).unwrap();
    let path = env::temp_dir().join(format!("thalweg-{}-large", process::id()));
    sampler.save(&path).unwrap();
    let size = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    assert!(size > 30 << 20, "{size} bytes");
    let (read, peak) = peak_of(|| Sampler::load(&path));
    fs::remove_file(&path).unwrap();
    assert_eq!(read.unwrap().dim(), 64);
    assert!(peak <= FACTOR * size + MORE, "{peak} bytes for {size}");
}
