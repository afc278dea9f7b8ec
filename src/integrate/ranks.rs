//! What the processes of a run tell each other ([`crate::team`]).

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    checkpoint::{Keeper, Noted},
    run::Run,
};
use crate::error::Result;
use crate::team::Crew;

/// What a process has to tell.
#[derive(Serialize, Deserialize)]
struct Message<R> {
    /// calls, and points that were not finite
    counts: [u64; 2],
    /// values to be remembered
    noted: Noted,
    results: R,
}

impl Run<'_> {
    /// Gives the results of this process's jobs to all: those of all jobs, in order.
    pub(crate) fn exchange<T: Serialize + DeserializeOwned>(&self, mine: Vec<T>) -> Result<Vec<T>> {
        let crew = self.watch.crew();
        if crew.is_alone() {
            return Ok(mine);
        }
        // So that rank 0's word is as new as can be.
        self.watch.agreed();
        let keeper = self.keeper.filter(|_| crew.rank() > 0);
        let message = Message {
            counts: self.evaluator.own_counts(),
            noted: keeper.map_or_else(Noted::default, Keeper::take_noted),
            results: &mine,
        };
        let all = crew.share::<Message<Vec<T>>>(&message)?;
        let mut mine = Some(mine);
        let mut elsewhere = [0; 2];
        let mut lists = Vec::with_capacity(all.len());
        for other in all {
            let Some(message) = other else {
                lists.extend(mine.take());
                continue;
            };
            for (sum, count) in elsewhere.iter_mut().zip(message.counts) {
                *sum += count;
            }
            if let Some(keeper) = self.keeper.filter(|_| crew.rank() == 0) {
                keeper.note(message.noted);
            }
            lists.push(message.results);
        }
        self.evaluator.set_elsewhere(elsewhere);
        Ok(Crew::in_order(lists))
    }

    /// Asks rank 0 whether to go on; where the answer does not come, the next exchange tells why.
    pub(crate) fn ask_all(&self) {
        let _ = self.exchange::<()>(Vec::new());
    }
}
