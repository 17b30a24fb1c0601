//! The hash operator for functions of a group that add up: distinct, accumulable aggregates, threshold, guard.
//!
//! Times are totally ordered, so one state a group is enough: updates are stashed until the frontier passes their
//! time, then a time's updates are applied as a whole and each touched group is judged once, at the end of it. What a
//! group shows is a function of its state alone, so the output is consolidated and retractions restore everything.
//!
//! The states are in a hash table. While a view hydrates elsewhere they are an arrangement too, so that the maintained dataflow
//! can start from them: it fetches a group when that is first touched, so that to start costs nothing.

use super::table::GroupTable;
use crate::kept_groups::{Groups, kept_groups, kept_groups_arranged};
use tidewire_arrange::{Arr, Backing, Flow, Gauge, RowStream, Updates, hash_row, reclaim};
use tidewire_row::work::checkpoint;
use timely::dataflow::operators::generic::OperatorInfo;
use timely::scheduling::Activator;

/// What a group shows for its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// Its key with the value that was written, this often.
    Row(i64),
    /// The error row that was written, once.
    Error,
}

/// A function of groups whose state adds up. It must not depend on the order of additions.
pub trait Grouping: 'static {
    /// The state of one group; the default is that of the empty group.
    type State: Default + Send + 'static;

    /// Adds a value `diff` times.
    fn add(&mut self, state: &mut Self::State, value: &[u8], diff: i64);

    /// Whether the state is that of the empty group and may be forgotten.
    fn is_empty(&self, state: &Self::State) -> bool;

    /// Appends a state that is not empty as bytes.
    fn encode(&self, state: &Self::State, out: &mut Vec<u8>);

    /// The state that [`encode`](Grouping::encode) wrote; encoded again it gives the same bytes.
    fn decode(&self, bytes: &[u8]) -> Self::State;

    /// What a state takes besides itself, about.
    fn state_byte_count(&self) -> usize {
        0
    }

    /// What the group shows: appends the value row or the error row to `out`.
    fn present(&mut self, state: &Self::State, out: &mut Vec<u8>) -> Presence;
}

struct Marked<S> {
    /// The round in which it was last touched.
    round: u64,
    state: S,
}

impl<S: Default> Default for Marked<S> {
    fn default() -> Self {
        Marked { round: 0, state: S::default() }
    }
}

/// All groups of one worker.
struct HashGroups<G: Grouping> {
    grouping: G,
    shape: Shape,
    table: GroupTable<Marked<G::State>>,
    round: u64,
    /// Groups touched in this round.
    touched: Vec<Touched>,
    /// What the touched groups showed before this round, one after the other.
    shown: Vec<u8>,
    /// The states of the touched groups before this round, encoded, one after the other.
    states: Vec<u8>,
    fresh: Vec<u8>,
    backing: Backing,
    /// What is new since the backing was last advanced, if it is written.
    changes: Updates,
    gauge: Gauge,
}

impl<G: Grouping> Drop for HashGroups<G> {
    fn drop(&mut self) {
        reclaim(std::mem::take(&mut self.table));
    }
}

/// A group touched in a round, as it was before.
struct Touched {
    slot: u32,
    presence: Presence,
    /// Where what it showed ends.
    shown_end: usize,
    /// Where its encoded state ends; empty for a group that was not there.
    state_end: usize,
}

/// How a group's row is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Key and value.
    Keyed,
    /// The key is the whole row.
    KeyIsRow,
}

impl<G: Grouping> HashGroups<G> {
    fn new(grouping: G, shape: Shape, backing: Backing, gauge: Gauge) -> Self {
        HashGroups {
            grouping,
            shape,
            table: GroupTable::default(),
            round: 0,
            touched: Vec::new(),
            shown: Vec::new(),
            states: Vec::new(),
            fresh: Vec::new(),
            backing,
            changes: Updates::new(),
            gauge,
        }
    }

    /// A seed of which all groups were taken goes, and with it the empty groups that only said so.
    fn forget_spent_seed(&mut self) {
        if matches!(&self.backing, Backing::Seed(seed) if seed.is_spent()) {
            self.backing = Backing::Nothing;
            let grouping = &self.grouping;
            self.table.retain(|marked| !grouping.is_empty(&marked.state));
        }
    }
}

impl<G: Grouping> Groups for HashGroups<G> {
    fn advance(&mut self, time: u64) {
        if let Backing::Written(kept) = &mut self.backing {
            kept.advance(&self.changes, time);
            self.changes.clear();
        }
        self.gauge.show(self.table.byte_count(self.grouping.state_byte_count()));
    }

    fn apply(&mut self, time: u64, updates: &Updates, ok: &mut Updates, err: &mut Updates) {
        let shape = self.shape;
        let push = |ok: &mut Updates, key: &[u8], value: &[u8], diff: i64| match shape {
            Shape::Keyed => ok.push(key, value, time, diff),
            Shape::KeyIsRow => ok.push_row(key, time, diff),
        };
        self.round += 1;
        let written = matches!(self.backing, Backing::Written(_));
        for update in updates.iter() {
            checkpoint();
            let (grouping, backing) = (&self.grouping, &mut self.backing);
            let fetch = || {
                let seeded = match backing {
                    Backing::Seed(seed) => seed.take(update.key).map(|bytes| grouping.decode(bytes)),
                    Backing::Nothing | Backing::Written(_) => None,
                };
                Marked { round: 0, state: seeded.unwrap_or_default() }
            };
            let slot = self.table.slot_of(hash_row(update.key), update.key, fetch);
            let marked = self.table.state_mut(slot);
            if marked.round != self.round {
                marked.round = self.round;
                let presence = match self.grouping.is_empty(&marked.state) {
                    true => Presence::Absent,
                    false => {
                        if written {
                            self.grouping.encode(&marked.state, &mut self.states);
                        }
                        self.grouping.present(&marked.state, &mut self.shown)
                    }
                };
                let (shown_end, state_end) = (self.shown.len(), self.states.len());
                self.touched.push(Touched { slot, presence, shown_end, state_end });
            }
            self.grouping.add(&mut marked.state, update.val, update.diff);
        }
        let (mut shown_start, mut state_start) = (0, 0);
        for Touched { slot, presence: before, shown_end, state_end } in self.touched.drain(..) {
            let (was, state) = (&self.shown[shown_start..shown_end], &self.table.state(slot).state);
            let old = &self.states[state_start..state_end];
            (shown_start, state_start) = (shown_end, state_end);
            let empty = self.grouping.is_empty(state);
            if written {
                self.fresh.clear();
                if !empty {
                    self.grouping.encode(state, &mut self.fresh);
                }
                if *old != *self.fresh {
                    for (bytes, diff) in [(old, -1), (&self.fresh[..], 1)] {
                        if !bytes.is_empty() {
                            self.changes.push(self.table.key(slot), bytes, time, diff);
                        }
                    }
                }
            }
            self.fresh.clear();
            let now = match empty {
                true => Presence::Absent,
                false => self.grouping.present(state, &mut self.fresh),
            };
            let key = self.table.key(slot);
            match (before, now) {
                (Presence::Row(old), Presence::Row(new)) if *was == *self.fresh => {
                    if new != old {
                        push(ok, key, was, new.wrapping_sub(old));
                    }
                }
                (Presence::Error, Presence::Error) if *was == *self.fresh => {}
                (before, now) => {
                    match before {
                        Presence::Absent => {}
                        Presence::Row(count) => push(ok, key, was, count.wrapping_neg()),
                        Presence::Error => err.push_row(was, time, -1),
                    }
                    match now {
                        Presence::Absent => {}
                        Presence::Row(count) => push(ok, key, &self.fresh, count),
                        Presence::Error => err.push_row(&self.fresh, time, 1),
                    }
                }
            }
            if empty {
                match &self.backing {
                    // It must not be found there again.
                    Backing::Seed(seed) if seed.has(key) => {
                        self.table.state_mut(slot).state = G::State::default();
                    }
                    _ => self.table.remove(slot),
                }
            }
        }
        for buffer in [&mut self.shown, &mut self.states] {
            buffer.clear();
            if buffer.capacity() > 1 << 20 {
                buffer.shrink_to(1 << 16);
            }
        }
        self.forget_spent_seed();
    }
}

fn hash_groups<G: Grouping>(
    flow: &Flow,
    info: &OperatorInfo,
    activator: Activator,
    shape: Shape,
    grouping: G,
) -> (HashGroups<G>, u64) {
    let backing = Backing::new(flow, info, activator);
    let floor = backing.floor();
    (HashGroups::new(grouping, shape, backing, Gauge::of(flow.meter())), floor)
}

/// Groups a keyed stream. Gives `(key, value)` rows, consolidated at each time, and errors.
pub fn group<'s, G: Grouping>(
    flow: &Flow,
    input: RowStream<'s>,
    name: &str,
    shape: Shape,
    grouping: G,
) -> (RowStream<'s>, RowStream<'s>) {
    kept_groups(input, name, |info, activator| hash_groups(flow, info, activator, shape, grouping))
}

/// [`group`] whose rows are keyed by their groups, as an arrangement.
pub fn group_arranged<'s, G: Grouping>(
    flow: &Flow,
    input: RowStream<'s>,
    name: &str,
    grouping: G,
) -> (Arr<'s>, RowStream<'s>) {
    kept_groups_arranged(flow, input, name, |info, activator| {
        hash_groups(flow, info, activator, Shape::Keyed, grouping)
    })
}
