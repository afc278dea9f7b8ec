//! The objects that C has handles of.
//!
//! A handle is a number: the place of the object in a list, plus one, in the lower 32 bits, and how
//! often that place was given away in the upper ones. No place is given away more than 2^32 - 1 times, so
//! that no number ever stands for two objects.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use thalweg::{Report, Sampler, Settings};

use crate::run::Asking;
use crate::status::{Failure, Result, Status};
use crate::vegas_plus::ByHand;

/// Any object.
#[derive(Clone)]
enum Object {
    Settings(Arc<Mutex<Settings>>),
    Report(Arc<Report>),
    Sampler(Arc<Sampler>),
    Run(Arc<Mutex<Asking>>),
    Vegas(Arc<Mutex<ByHand>>),
}

/// Objects of one kind.
pub(crate) trait Kind: Sized {
    /// What it is called in messages.
    const NAME: &'static str;
}

/// The way into [`Object`] and out again.
pub(crate) trait Stored: Kind {
    /// Puts an object into the table and returns its number.
    fn insert(self) -> Result<u64>;

    /// The object of a number.
    fn get(id: u64) -> Result<Arc<Self>>;

    /// Takes the object of a number out of the table; nothing for 0.
    fn remove(id: u64) -> Result<Option<Arc<Self>>>;
}

macro_rules! kind {
    ($type:ty, $variant:ident, $name:literal) => {
        impl Kind for $type {
            const NAME: &'static str = $name;
        }

        impl Stored for $type {
            fn insert(self) -> Result<u64> {
                insert(Object::$variant(Arc::new(self)))
            }

            fn get(id: u64) -> Result<Arc<Self>> {
                match find(id, Self::NAME)? {
                    Object::$variant(object) => Ok(object),
                    other => Err(wrong(&other, Self::NAME)),
                }
            }

            fn remove(id: u64) -> Result<Option<Arc<Self>>> {
                if id == 0 {
                    return Ok(None);
                }
                let object = Self::get(id)?;
                // Another thread may have been faster.
                take(id, Self::NAME)?;
                Ok(Some(object))
            }
        }
    };
}
kind!(Mutex<Settings>, Settings, "settings");
kind!(Report, Report, "report");
kind!(Sampler, Sampler, "sampler");
kind!(Mutex<Asking>, Run, "run");
kind!(Mutex<ByHand>, Vegas, "vegas");

impl Object {
    fn name(&self) -> &'static str {
        match self {
            Self::Settings(_) => <Mutex<Settings>>::NAME,
            Self::Report(_) => Report::NAME,
            Self::Sampler(_) => Sampler::NAME,
            Self::Run(_) => <Mutex<Asking>>::NAME,
            Self::Vegas(_) => <Mutex<ByHand>>::NAME,
        }
    }
}

/// A place of the list.
struct Place {
    /// how often it was given away
    times: u32,
    object: Option<Object>,
}

struct Table {
    places: Vec<Place>,
    free: Vec<u32>,
}

static TABLE: Mutex<Table> = Mutex::new(Table {
    places: Vec::new(),
    free: Vec::new(),
});

/// The table; nothing that can panic is done while it is held.
fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn insert(object: Object) -> Result<u64> {
    let mut table = table();
    let index = if let Some(index) = table.free.pop() {
        index
    } else {
        let full = |_| Failure::new(Status::TooLarge, "there are 2^32 objects already");
        let index = u32::try_from(table.places.len() + 1).map_err(full)? - 1;
        table.places.push(Place {
            times: 0,
            object: None,
        });
        index
    };
    let place = &mut table.places[index as usize];
    place.times += 1;
    place.object = Some(object);
    Ok(u64::from(place.times) << 32 | (u64::from(index) + 1))
}

impl Table {
    /// The place that a number names, where an object of that number is there.
    fn place(&mut self, id: u64, name: &str) -> Result<(usize, &mut Place)> {
        let refuse = |text: String| Failure::new(Status::InvalidHandle, text);
        let (low, times) = (id & u64::from(u32::MAX), id >> 32);
        let index = usize::try_from(low).unwrap_or(0).wrapping_sub(1);
        let none = || {
            refuse(format!(
                "the handle {id:#x} is none that thalweg gave; a {name} is needed"
            ))
        };
        let place = self.places.get_mut(index).ok_or_else(none)?;
        let given = u64::from(place.times);
        if times == given && place.object.is_some() {
            return Ok((index, place));
        }
        if (1..=given).contains(&times) {
            return Err(refuse(format!(
                "the handle {id:#x} was freed; a {name} is needed"
            )));
        }
        Err(none())
    }
}

fn find(id: u64, name: &str) -> Result<Object> {
    if id == 0 {
        let text = format!("the handle is 0; a {name} is needed");
        return Err(Failure::new(Status::InvalidHandle, text));
    }
    let mut table = table();
    let (_, place) = table.place(id, name)?;
    let gone = || Failure::new(Status::InvalidHandle, "the handle was freed");
    place.object.clone().ok_or_else(gone)
}

fn take(id: u64, name: &str) -> Result {
    let mut table = table();
    let (index, place) = table.place(id, name)?;
    let object = place.object.take();
    if place.times < u32::MAX {
        table.free.push(u32::try_from(index).unwrap_or(u32::MAX));
    }
    // The end of an object may wait for threads.
    drop(table);
    drop(object);
    Ok(())
}

fn wrong(object: &Object, name: &str) -> Failure {
    let found = object.name();
    let text = format!("the handle is that of a {found}; a {name} is needed");
    Failure::new(Status::WrongKind, text)
}

/// Holds an object that only one thread can use at a time.
pub(crate) fn hold<T>(object: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    match object.try_lock() {
        Ok(object) => Ok(object),
        Err(TryLockError::Poisoned(object)) => Ok(object.into_inner()),
        Err(TryLockError::WouldBlock) => {
            let text = "another thread is using the object";
            Err(Failure::new(Status::Busy, text))
        }
    }
}
