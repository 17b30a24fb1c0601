//! How old a time can be read: one `since` for all collections and workers, held back by readers; a few collections may be
//! held back further.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// `since` trails what is computed by a lag, and never passes a hold. Workers compact to it, so whatever it has not
/// passed stays readable.
pub struct Compaction {
    since: AtomicU64,
    /// Whether some collections are held by themselves.
    held_apart: AtomicBool,
    state: Mutex<State>,
}

struct State {
    lag: u64,
    computed: u64,
    holds: BTreeMap<u64, usize>,
    /// Of single collections.
    apart: HashMap<u64, BTreeMap<u64, usize>>,
}

/// A time that was asked for can't be read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOld {
    /// The oldest that can.
    pub oldest: u64,
}

impl Compaction {
    pub(crate) fn new(lag: u64) -> Arc<Self> {
        let state = State { lag, computed: 0, holds: BTreeMap::new(), apart: HashMap::new() };
        let held_apart = AtomicBool::new(false);
        Arc::new(Compaction { since: AtomicU64::new(0), held_apart, state: Mutex::new(state) })
    }

    /// The oldest time that is sure to be readable in every collection that existed then.
    pub fn since(&self) -> u64 {
        self.since.load(Ordering::Acquire)
    }

    /// Up to where collections may be compacted: those that are held by themselves less far than the others.
    pub(crate) fn frontiers(&self) -> Frontiers {
        // Before the holds: one that is taken meanwhile is at this time or later, or follows another.
        let since = self.since();
        if !self.held_apart.load(Ordering::Acquire) {
            return Frontiers { since, apart: HashMap::new() };
        }
        let state = self.state.lock().expect("not poisoned");
        let first = |(id, times): (&u64, &BTreeMap<u64, usize>)| Some((*id, *times.keys().next()?));
        Frontiers { since, apart: state.apart.iter().filter_map(first).collect() }
    }

    /// Keeps these collections readable at `time`, and no others. It may be older than `since` where holds on each of them
    /// reach as far back.
    pub fn hold_apart(self: &Arc<Self>, ids: &[u64], time: u64) -> Result<HoldApart, TooOld> {
        let mut state = self.state.lock().expect("not poisoned");
        let since = self.since();
        let oldest_of = |id: &u64| {
            let held = state.apart.get(id).and_then(|times| times.keys().next());
            held.map_or(since, |held| since.min(*held))
        };
        let oldest = ids.iter().map(oldest_of).max().unwrap_or(since);
        if time < oldest {
            return Err(TooOld { oldest });
        }
        for id in ids {
            *state.apart.entry(*id).or_default().entry(time).or_default() += 1;
        }
        self.held_apart.store(!state.apart.is_empty(), Ordering::Release);
        Ok(HoldApart { compaction: self.clone(), ids: ids.into(), time })
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

/// Keeps what a dataflow reads readable while it is built.
#[allow(dead_code, reason = "they are held, not looked at")]
pub enum InputHold {
    /// Everything.
    All(Hold),
    /// The inputs, where everything is not readable any more.
    Apart(HoldApart),
}

/// Up to where collections may be compacted.
pub(crate) struct Frontiers {
    since: u64,
    apart: HashMap<u64, u64>,
}

impl Frontiers {
    pub(crate) fn of(&self, id: u64) -> u64 {
        self.apart.get(&id).map_or(self.since, |held| self.since.min(*held))
    }
}

/// Keeps some collections readable at a time until it is dropped; the time can move on.
pub struct HoldApart {
    compaction: Arc<Compaction>,
    ids: Box<[u64]>,
    time: u64,
}

impl HoldApart {
    /// The time.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Holds a later time in its place.
    pub fn advance(&mut self, time: u64) {
        if time <= self.time {
            return;
        }
        let Ok(mut state) = self.compaction.state.lock() else { return };
        for id in &self.ids {
            *state.apart.entry(*id).or_default().entry(time).or_default() += 1;
        }
        drop(state);
        self.let_go();
        self.time = time;
    }

    fn let_go(&self) {
        let Ok(mut state) = self.compaction.state.lock() else { return };
        for id in &self.ids {
            let Some(times) = state.apart.get_mut(id) else { continue };
            if let Some(count) = times.get_mut(&self.time) {
                *count -= 1;
                if *count == 0 {
                    times.remove(&self.time);
                }
            }
            if times.is_empty() {
                state.apart.remove(id);
            }
        }
        self.compaction.held_apart.store(!state.apart.is_empty(), Ordering::Release);
    }
}

impl Drop for HoldApart {
    fn drop(&mut self) {
        self.let_go();
    }
}
