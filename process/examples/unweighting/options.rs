//! The command line of the example.

use std::env;
use std::error::Error;
use std::path::PathBuf;

use thalweg::flow::{FlowConfig, Masks};
use thalweg::train::{LossKind, TrainConfig};
use thalweg::{Method, Settings, Stop};

pub(crate) struct Options {
    pub(crate) library: PathBuf,
    pub(crate) file: PathBuf,
    pub(crate) methods: Vec<Method>,
    pub(crate) calls: u64,
    pub(crate) seeds: u64,
    pub(crate) first: u64,
    pub(crate) draws: u64,
    pub(crate) events: usize,
    flow: FlowConfig,
    train: TrainConfig,
}

const USAGE: &str =
    "usage: unweighting LIBRARY PROCESS.toml [--OPTION VALUE ..], see the head of its source";

impl Options {
    pub(crate) fn of_command_line() -> Result<Self, Box<dyn Error>> {
        let mut arguments = env::args().skip(1);
        let mut path = || arguments.next().map(PathBuf::from).ok_or(USAGE);
        let mut options = Self {
            library: path()?,
            file: path()?,
            methods: vec![Method::Vegas, Method::Flow],
            calls: 400_000,
            seeds: 4,
            first: 1,
            draws: 100_000,
            events: 10_000,
            flow: FlowConfig::default(),
            train: TrainConfig::default(),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            options.set(&name, &value)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Box<dyn Error>> {
        match name {
            "--methods" => self.methods = value.split(',').map(method).collect::<Result<_, _>>()?,
            "--calls" => self.calls = value.parse()?,
            "--seeds" => self.seeds = value.parse()?,
            "--first" => self.first = value.parse()?,
            "--draws" => self.draws = value.parse()?,
            "--events" => self.events = value.parse()?,
            "--hidden" => {
                self.flow.hidden = value
                    .split(',')
                    .map(str::parse::<usize>)
                    .collect::<Result<_, _>>()?;
            }
            "--bins" => self.flow.bins = value.parse()?,
            "--couplings" => {
                self.flow.masks = Masks::Random {
                    couplings: value.parse()?,
                }
            }
            "--reuse" => self.train.reuse = value.parse()?,
            "--loss" => {
                self.train.loss = LossKind::ALL
                    .into_iter()
                    .find(|kind| format!("{kind:?}").eq_ignore_ascii_case(value))
                    .ok_or_else(|| format!("no loss {value}"))?;
            }
            "--minibatch" => self.train.minibatch = value.parse()?,
            "--rate" => self.train.adam.learning_rate = value.parse()?,
            _ => return Err(format!("no option {name}; {USAGE}").into()),
        }
        Ok(())
    }

    /// A training with nothing after it: the budget is all there is to stop it.
    pub(crate) fn settings(&self, method: Method, seed: u64) -> Settings {
        Settings {
            method,
            seed,
            stop: Stop::calls(self.calls),
            flow: self.flow.clone(),
            train: self.train.clone(),
            ..Settings::default()
        }
    }
}

fn method(name: &str) -> Result<Method, Box<dyn Error>> {
    [Method::Plain, Method::Vegas, Method::Flow]
        .into_iter()
        .find(|method| method.name() == name)
        .ok_or_else(|| format!("no method {name}").into())
}
