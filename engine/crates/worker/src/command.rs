//! What the runtime's handle asks of all workers, in one order.

use crate::SharedBuild;
use crate::compaction::InputHold;
use crate::hydrate::Hydration;
use crate::subscription::Subscription;
use crate::write_set::Partitioned;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tidewire_arrange::{Meter, Slot};

/// One command, sent to each worker in the same order, so that dataflows are built in one order everywhere.
#[derive(Clone)]
pub(crate) enum Command {
    Create {
        id: u64,
        slots: Arc<Vec<(Slot, Slot)>>,
    },
    Install(Arc<Installation>),
    /// Hand the hydration what its inputs have got. Obeyed when everything announced before is complete.
    Feed {
        hydration: Arc<Hydration>,
        first: bool,
        finish: bool,
    },
    /// The hydration has handed its state over, or failed.
    HandOver(Arc<Hydration>),
    Drop(u64),
    Announce(Arc<Announcement>),
    Tick(u64),
    Stop,
}

/// A commit.
pub(crate) struct Announcement {
    pub(crate) time: u64,
    pub(crate) writes: Vec<(u64, Partitioned)>,
}

/// What an installed dataflow is for.
pub(crate) enum InstallOutput {
    Collection { slots: Arc<Vec<(Slot, Slot)>> },
    Subscription(Arc<Subscription>),
}

/// Told once: readable on all workers, or why not.
pub(crate) type Done = Box<dyn FnOnce(Result<(), String>) + Send>;

/// An installation on its way through the workers.
pub(crate) struct Installation {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) as_of: u64,
    pub(crate) build: SharedBuild,
    /// The inputs whose errors are left out.
    pub(crate) silenced: HashSet<u64>,
    pub(crate) output: InstallOutput,
    /// Of the dataflow's arrangements.
    pub(crate) meter: Meter,
    state: Mutex<State>,
}

struct State {
    to_build: usize,
    to_hydrate: usize,
    /// Keeps the inputs readable at the as-of until all workers have built.
    hold: Option<InputHold>,
    done: Option<Done>,
}

impl Installation {
    pub(crate) fn new(
        (id, name, as_of): (u64, String, u64),
        build: SharedBuild,
        silenced: HashSet<u64>,
        output: InstallOutput,
        workers: usize,
        hold: InputHold,
        done: Done,
    ) -> Arc<Self> {
        let state = State { to_build: workers, to_hydrate: workers, hold: Some(hold), done: Some(done) };
        let meter = Meter::default();
        Arc::new(Installation { id, name, as_of, build, silenced, output, meter, state: Mutex::new(state) })
    }

    pub(crate) fn built(&self, _worker: usize) {
        let mut state = self.state.lock().expect("not poisoned");
        state.to_build -= 1;
        if state.to_build == 0 {
            state.hold = None;
        }
    }

    pub(crate) fn hydrated(&self, _worker: usize) {
        let mut state = self.state.lock().expect("not poisoned");
        state.to_hydrate -= 1;
        if state.to_hydrate == 0
            && let Some(done) = state.done.take()
        {
            drop(state);
            done(Ok(()));
        }
    }

    pub(crate) fn failed(&self, error: String) {
        let mut state = self.state.lock().expect("not poisoned");
        state.hold = None;
        if let Some(done) = state.done.take() {
            drop(state);
            done(Err(error));
        }
    }
}
