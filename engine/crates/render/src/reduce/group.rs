//! The hash operator for functions of a group that add up: distinct, accumulable aggregates, threshold, guard.
//!
//! Times are totally ordered, so one state a group is enough: updates are stashed until the frontier passes their
//! time, then a time's updates are applied as a whole and each touched group is judged once, at the end of it. What a
//! group shows is a function of its state alone, so the output is consolidated and retractions restore everything.

use super::table::GroupTable;
use crate::stash::Stash;
use tidewire_arrange::{RowStream, UpdateRef, Updates, hash_row};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::ExchangeCore;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

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
    type State: Default + 'static;

    /// Adds a value `diff` times.
    fn add(&mut self, state: &mut Self::State, value: &[u8], diff: i64);

    /// Whether the state is that of the empty group and may be forgotten.
    fn is_empty(&self, state: &Self::State) -> bool;

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
struct Groups<G: Grouping> {
    grouping: G,
    table: GroupTable<Marked<G::State>>,
    round: u64,
    /// Groups touched in this round, with what they showed before it: presence and where it ends in `shown`.
    touched: Vec<(u32, Presence, usize)>,
    shown: Vec<u8>,
    fresh: Vec<u8>,
}

/// How a group's row is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Key and value.
    Keyed,
    /// The key is the whole row.
    KeyIsRow,
}

impl<G: Grouping> Groups<G> {
    fn new(grouping: G) -> Self {
        Groups {
            grouping,
            table: GroupTable::default(),
            round: 0,
            touched: Vec::new(),
            shown: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// Applies the updates of one time and writes the differences that they make.
    fn apply(&mut self, time: u64, updates: &Updates, shape: Shape, ok: &mut Updates, err: &mut Updates) {
        let push = |ok: &mut Updates, key: &[u8], value: &[u8], diff: i64| match shape {
            Shape::Keyed => ok.push(key, value, time, diff),
            Shape::KeyIsRow => ok.push_row(key, time, diff),
        };
        self.round += 1;
        for update in updates.iter() {
            let slot = self.table.slot_of(hash_row(update.key), update.key, Marked::default);
            let marked = self.table.state_mut(slot);
            if marked.round != self.round {
                marked.round = self.round;
                let presence = match self.grouping.is_empty(&marked.state) {
                    true => Presence::Absent,
                    false => self.grouping.present(&marked.state, &mut self.shown),
                };
                self.touched.push((slot, presence, self.shown.len()));
            }
            self.grouping.add(&mut marked.state, update.val, update.diff);
        }
        let mut start = 0;
        for (slot, before, end) in self.touched.drain(..) {
            let (was, state) = (&self.shown[start..end], &self.table.state(slot).state);
            start = end;
            self.fresh.clear();
            let empty = self.grouping.is_empty(state);
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
                self.table.remove(slot);
            }
        }
        self.shown.clear();
        if self.shown.capacity() > 1 << 20 {
            self.shown.shrink_to(1 << 16);
        }
    }
}

/// Groups a keyed stream. Gives `(key, value)` rows, consolidated at each time, and errors.
pub fn group<'s, G: Grouping>(
    input: RowStream<'s>,
    name: &str,
    shape: Shape,
    grouping: G,
) -> (RowStream<'s>, RowStream<'s>) {
    type Builder = CapacityContainerBuilder<Updates>;
    let mut operator = OperatorBuilder::new(name.to_owned(), input.scope());
    let pact = ExchangeCore::<Builder, _>::new_core(|update: &UpdateRef<'_>| hash_row(update.key));
    let mut input = operator.new_input(input, pact);
    let (ok_output, ok) = operator.new_output();
    let (err_output, err) = operator.new_output();
    let mut ok_output = OutputBuilder::<u64, Builder>::from(ok_output);
    let mut err_output = OutputBuilder::<u64, Builder>::from(err_output);
    operator.build(move |_capabilities| {
        let mut groups = Groups::new(grouping);
        let mut stash = Stash::<2>::new();
        let (mut made, mut failed) = (Updates::new(), Updates::new());
        move |frontiers| {
            input.for_each(|capability, updates| stash.push(&capability, updates));
            let (mut ok_output, mut err_output) = (ok_output.activate(), err_output.activate());
            stash.release(&frontiers[0], |time, updates, capabilities| {
                groups.apply(time, &updates, shape, &mut made, &mut failed);
                if !made.is_empty() {
                    ok_output.session(&capabilities[0].delayed(&time)).give_container(&mut made);
                    made.clear();
                }
                if !failed.is_empty() {
                    err_output.session(&capabilities[1].delayed(&time)).give_container(&mut failed);
                    failed.clear();
                }
            });
        }
    });
    (ok, err)
}
