//! scratch
use thalweg::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let p = thalweg_integrands::problem(&a[1], a[2].parse().ok().filter(|d| *d > 0), &[]).unwrap();
    let method = match a[3].as_str() { "plain" => Method::Plain, "vegas" => Method::Vegas, "flow" => Method::Flow, _ => Method::Auto };
    let max: u64 = a[4].parse::<f64>().unwrap() as u64;
    let rel: Option<f64> = a.get(5).and_then(|s| s.parse().ok());
    let seed: u64 = a.get(6).and_then(|s| s.parse().ok()).unwrap_or(1);
    let threads: Option<usize> = a.get(7).and_then(|s| s.parse().ok());
    let lr: f64 = a.get(8).and_then(|s| s.parse().ok()).unwrap_or(1e-2);
    let mut settings = Settings { method, seed, threads, stop: Stop { max_calls: max, rel_error: rel, ..Stop::calls(max) }, domain: Some(Domain::new(&p.domain).unwrap()), ..Settings::default() };
    settings.train.adam.learning_rate = lr;
    if let Ok(a) = std::env::var("ALPHA") { settings.vegas.alpha = a.parse().unwrap(); }
    let q = p.clone();
    let f = from_fn(p.dim, move |y| q.eval(y));
    let r = Integrator::new(settings).unwrap().integrate(&f).unwrap();
    for i in &r.iterations { if i.phase.name() != "estimate" { println!("{:?} {} {:.6e} +- {:.2e} s={:.4} beta={:?}", i.phase, i.calls, i.value, i.error, i.rel_std, i.beta); } }
    println!("{r}\n{} {:?} pull {:?}", r.proposal, r.seconds, p.exact.map(|e| r.estimate.pull(e)));
}
