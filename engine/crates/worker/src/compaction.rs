//! How old a time can be read: one `since` for all collections and workers, held back by readers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// `since` trails what is computed by a lag, and never passes a hold. Workers compact to it, so whatever it has not
/// passed stays readable.
pub struct Compaction {
    since: AtomicU64,
    state: Mutex<State>,
}

struct State {
    lag: u64,
    computed: u64,
    holds: BTreeMap<u64, usize>,
}

/// A time that was asked for can't be read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOld {
    /// The oldest that can.
    pub oldest: u64,
}

impl Compaction {
    pub(crate) fn new(lag: u64) -> Arc<Self> {
        let state = State { lag, computed: 0, holds: BTreeMap::new() };
        Arc::new(Compaction { since: AtomicU64::new(0), state: Mutex::new(state) })
    }

    /// The oldest time that is sure to be readable in every collection that existed then.
    pub fn since(&self) -> u64 {
        self.since.load(Ordering::Acquire)
    }

    pub(crate) fn set_lag(&self, lag: u64) {
        let mut state = self.state.lock().expect("not poisoned");
        state.lag = lag;
        self.advance(&state);
    }

    pub(crate) fn computed(&self, time: u64) {
        let mut state = self.state.lock().expect("not poisoned");
        state.computed = state.computed.max(time);
        self.advance(&state);
    }

    fn advance(&self, state: &State) {
        let trailing = state.computed.saturating_sub(state.lag);
        let held = state.holds.keys().next().copied().unwrap_or(u64::MAX);
        self.since.fetch_max(trailing.min(held), Ordering::AcqRel);
    }

    /// Keeps everything readable at `time`.
    pub fn hold(self: &Arc<Self>, time: u64) -> Result<Hold, TooOld> {
        let mut state = self.state.lock().expect("not poisoned");
        let oldest = self.since();
        if time < oldest {
            return Err(TooOld { oldest });
        }
        Ok(self.held(&mut state, time))
    }

    /// Keeps everything readable at `time`, or at the oldest readable time after it.
    pub(crate) fn hold_at_least(self: &Arc<Self>, time: u64) -> Hold {
        let mut state = self.state.lock().expect("not poisoned");
        let time = time.max(self.since());
        self.held(&mut state, time)
    }

    /// `since` moves under the lock only.
    fn held(self: &Arc<Self>, state: &mut State, time: u64) -> Hold {
        *state.holds.entry(time).or_default() += 1;
        Hold { compaction: self.clone(), time }
    }
}

/// Keeps a time readable until it is dropped.
pub struct Hold {
    compaction: Arc<Compaction>,
    time: u64,
}

impl Hold {
    /// The time.
    pub fn time(&self) -> u64 {
        self.time
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Ok(mut state) = self.compaction.state.lock() else { return };
        if let Some(count) = state.holds.get_mut(&self.time) {
            *count -= 1;
            if *count == 0 {
                state.holds.remove(&self.time);
            }
        }
        self.compaction.advance(&state);
    }
}
