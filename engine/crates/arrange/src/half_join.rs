//! Half of a join: updates look up an arrangement, and are not kept. A delta join is made of these.
//!
//! Of the rows that inputs have in common, each is made by the path of the input that changed last; of inputs that changed at
//! the same time, by that of the greatest rank. So a path that looks up an input of a lesser rank sees what that holds *through*
//! the update's time, and what one of a greater rank holds *before* it. (dogsdogsdogs calls these alt and neu.)
//!
//! Laws:
//!
//! - An update waits until the arrangement is complete through its time; its result has that time.
//! - The arrangement may forget the difference between times only below the time before the next update that can come: at an
//!   update's own time, what was there before must be told apart.

use crate::{Arr, KeySeeker, OkErr, ReadBatch, RowStream, RowTrace, UpdateRef, Updates, hash_row, time_of};
use crate::{CLOSED, frontier_at, sorted_by_bytes};
use differential_dataflow::trace::TraceReader;
use std::collections::VecDeque;
use tidewire_row::work::checkpoint;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{ExchangeCore, Pipeline};
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::operate::FrontierInterest;

type Builder = CapacityContainerBuilder<Updates>;

/// What an update of a path sees of the arrangement that it looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// What is there before the update's time: the arrangement's input has the greater rank.
    Before,
    /// What is there through the update's time.
    Through,
}

/// After so many rows other operators have their turn.
const FUEL: usize = 1 << 18;

/// Looks up the keys of `stream`'s updates. `logic(row, key, value, time, diff, output)` runs for each match of an update whose
/// value is `row`, and writes rows (keyed or whole) and errors.
pub fn half_join<'s, L>(
    stream: RowStream<'s>,
    arrangement: Arr<'s>,
    name: &str,
    sees: Sees,
    mut logic: L,
) -> (RowStream<'s>, RowStream<'s>)
where
    L: FnMut(&[u8], &[u8], &[u8], u64, i64, &mut OkErr) + 'static,
{
    let scope = stream.scope();
    let mut operator = OperatorBuilder::new(name.to_owned(), scope);
    let activator = scope.activator_for(operator.operator_info().address);
    let pact = ExchangeCore::<Builder, _>::new_core(|update: &UpdateRef<'_>| hash_row(update.key));
    let mut input = operator.new_input(stream, pact);
    let mut changes = operator.new_input(arrangement.stream, Pipeline);
    operator.set_notify_for(1, FrontierInterest::IfCapability);
    let (ok_output, ok) = operator.new_output();
    let (err_output, err) = operator.new_output();
    let mut ok_output = OutputBuilder::<u64, Builder>::from(ok_output);
    let mut err_output = OutputBuilder::<u64, Builder>::from(err_output);
    let mut trace = Some(arrangement.trace);
    operator.build(move |_capabilities| {
        let mut waiting: VecDeque<Waiting> = VecDeque::new();
        move |frontiers| {
            let mut outputs = (ok_output.activate(), err_output.activate());
            // The trace has them.
            changes.for_each(|_, batches| batches.clear());
            input.for_each(|capability, updates| {
                let (ok, err) = (capability.retain(0), capability.retain(1));
                waiting.push_back(Waiting { ok, err, updates: std::mem::take(updates) });
            });
            let complete = time_of(frontiers[1].frontier());
            let mut fuel = FUEL;
            if let Some(trace) = trace.as_mut().filter(|_| waiting.iter().any(|part| part.least() < complete))
            {
                let batches = trace.batches();
                for _ in 0..waiting.len() {
                    let Some(mut part) = waiting.pop_front() else { break };
                    if fuel == 0 {
                        activator.activate();
                        waiting.push_front(part);
                        break;
                    }
                    if part.least() < complete {
                        let due = part.updates.take_before(complete);
                        let mut made = OkErr::default();
                        let mut ship = |made: &mut OkErr| {
                            fuel = fuel.saturating_sub(made.ok.len() + made.err.len());
                            if !made.ok.is_empty() {
                                outputs.0.session(&part.ok).give_container(&mut made.ok);
                                made.ok.clear();
                            }
                            if !made.err.is_empty() {
                                outputs.1.session(&part.err).give_container(&mut made.err);
                                made.err.clear();
                            }
                        };
                        look_up(&due, &batches, sees, |row, key, value, time, diff| {
                            checkpoint();
                            logic(row, key, value, time, diff, &mut made);
                            if made.ok.is_full() || made.err.is_full() {
                                ship(&mut made);
                            }
                        });
                        ship(&mut made);
                    }
                    if !part.updates.is_empty() {
                        part.wait();
                        waiting.push_back(part);
                    }
                }
            }
            let next = waiting.iter().map(Waiting::least).fold(time_of(frontiers[0].frontier()), u64::min);
            match next {
                CLOSED => trace = None,
                _ => trace.iter_mut().for_each(|trace| release(trace, next)),
            }
        }
    });
    (ok, err)
}

/// No update before `next` will look it up.
fn release(trace: &mut RowTrace, next: u64) {
    trace.set_logical_compaction(frontier_at(next.saturating_sub(1)).borrow());
    let upper = trace.shared().upper();
    trace.set_physical_compaction(frontier_at(upper).borrow());
}

/// Updates that the arrangement is not complete for.
struct Waiting {
    ok: Capability<u64>,
    err: Capability<u64>,
    updates: Updates,
}

impl Waiting {
    fn least(&self) -> u64 {
        self.updates.time_bounds().map_or(CLOSED, |(least, _)| least)
    }

    /// Holds no more time than it has to.
    fn wait(&mut self) {
        let least = self.least();
        self.ok.downgrade(&least);
        self.err.downgrade(&least);
    }
}

/// Calls `each(row, key, value, time, diff)` for every match.
fn look_up(
    updates: &Updates,
    batches: &[ReadBatch],
    sees: Sees,
    mut each: impl FnMut(&[u8], &[u8], &[u8], u64, i64),
) {
    let key = |index: usize| updates.get(index).key;
    let order = sorted_by_bytes(updates.len(), key, |a, b| key(a).cmp(key(b)));
    let mut seeker = KeySeeker::new(batches.len());
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    let mut of: Option<&[u8]> = None;
    for index in order {
        let update = updates.get(index as usize);
        if of != Some(update.key) {
            runs.clear();
            let rows = batches.iter().map(ReadBatch::rows);
            seeker.seek(rows, update.key, |batch, low, high| runs.push((batch, low, high)));
            of = Some(update.key);
        }
        for (batch, low, high) in &runs {
            let batch = &batches[*batch];
            for position in *low..*high {
                let mut count = 0i64;
                batch.updates(position, |time, diff| {
                    if time < update.time || (time == update.time && sees == Sees::Through) {
                        count = count.wrapping_add(diff);
                    }
                });
                if count != 0 {
                    let diff = update.diff.wrapping_mul(count);
                    each(update.val, update.key, batch.rows().value(position), update.time, diff);
                }
            }
        }
    }
}
