//! Joining two arrangements on their whole keys.
//!
//! As in differential dataflow's driver, each batch that comes is matched with what the other side held when it came: batches
//! are accepted one after the other, so of two that match one sees the other. What times mean is simpler here, where they are
//! totally ordered: a match is there from the later of the two on.

use crate::{Arr, CLOSED, OkErr, Raises, ReadBatch, RowStream, RowTrace, Updates, frontier_at, time_of};
use differential_dataflow::trace::{BatchReader, TraceReader};
use std::collections::VecDeque;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::generic::{OutputBuilder, OutputBuilderSession};

type Builder = CapacityContainerBuilder<Updates>;

/// After so many matches of what one side brought other operators have their turn.
const FUEL: usize = 1_000_000;

/// A matched pair's time and multiplicity, and where what is made of it goes.
pub struct JoinOutput<'a> {
    made: &'a mut OkErr,
    time: u64,
    diff: i64,
}

impl JoinOutput<'_> {
    /// A whole row.
    pub fn ok(&mut self, row: &[u8]) {
        self.made.ok.push_row(row, self.time, self.diff);
    }

    /// A packed error row.
    pub fn err(&mut self, error: &[u8]) {
        self.made.err.push_row(error, self.time, self.diff);
    }

    /// The time of the matched pair.
    pub fn time(&self) -> u64 {
        self.time
    }
}

/// Joins two arrangements on their whole keys. `logic(key, left value, right value, output)` runs for each matched pair
/// and writes rows and errors. Gives the rows and the errors.
pub fn join<'s, L>(
    left: Arr<'s>,
    right: Arr<'s>,
    raises: Raises,
    mut logic: L,
) -> (RowStream<'s>, Option<RowStream<'s>>)
where
    L: FnMut(&[u8], &[u8], &[u8], &mut JoinOutput<'_>) + 'static,
{
    let scope = left.stream.scope();
    let mut operator = OperatorBuilder::new("Join".to_owned(), scope);
    let activator = scope.activator_for(operator.operator_info().address);
    let mut left_input = operator.new_input(left.stream, Pipeline);
    let mut right_input = operator.new_input(right.stream, Pipeline);
    let (ok_output, ok) = operator.new_output();
    let mut ok_output = OutputBuilder::<u64, Builder>::from(ok_output);
    let (mut err_output, err) = match raises {
        Raises::Never => (None, None),
        Raises::Perhaps => {
            let (output, stream) = operator.new_output();
            (Some(OutputBuilder::<u64, Builder>::from(output)), Some(stream))
        }
    };
    operator.build(move |mut capabilities| {
        let (mut left, mut right) = (Side::new(left.trace), Side::new(right.trace));
        // What is there already: all of the right side's batches see all of the left one's.
        let err = (raises == Raises::Perhaps).then(|| capabilities.remove(1));
        let start = Capabilities { ok: capabilities.remove(0), err };
        let there = right.there();
        if !there.is_empty() {
            let others = left.accepted();
            for batch in there {
                right.todo.push_back(Work::new(start.clone(), batch, others.clone()));
            }
            activator.activate();
        }
        drop(start);
        let mut made = OkErr::default();
        move |frontiers| {
            left_input.for_each(|capability, batches| {
                let held = Capabilities {
                    ok: capability.retain(0),
                    err: (raises == Raises::Perhaps).then(|| capability.retain(1)),
                };
                left.receive(&mut right, &held, batches);
            });
            right_input.for_each(|capability, batches| {
                let held = Capabilities {
                    ok: capability.retain(0),
                    err: (raises == Raises::Perhaps).then(|| capability.retain(1)),
                };
                right.receive(&mut left, &held, batches);
            });
            left.advance();
            right.advance();
            let mut outputs =
                Outputs { ok: ok_output.activate(), err: err_output.as_mut().map(|err| err.activate()) };
            left.work(&mut made, &mut outputs, |key, mine, other, out| logic(key, mine, other, out));
            right.work(&mut made, &mut outputs, |key, mine, other, out| logic(key, other, mine, out));
            if !left.todo.is_empty() || !right.todo.is_empty() {
                activator.activate();
            }
            // A side is looked up by what may yet come on the other.
            left.release(time_of(frontiers[1].frontier()));
            right.release(time_of(frontiers[0].frontier()));
        }
    });
    (ok, err)
}

#[derive(Clone)]
struct Capabilities {
    ok: Capability<u64>,
    /// If there may be errors.
    err: Option<Capability<u64>>,
}

struct Outputs<'a> {
    ok: OutputBuilderSession<'a, u64, Builder>,
    err: Option<OutputBuilderSession<'a, u64, Builder>>,
}

impl Outputs<'_> {
    /// Gives how many updates it sent.
    fn ship(&mut self, held: &Capabilities, made: &mut OkErr) -> usize {
        let count = made.ok.len() + made.err.len();
        if !made.ok.is_empty() {
            self.ok.session(&held.ok).give_container(&mut made.ok);
            made.ok.clear();
        }
        if !made.err.is_empty() {
            let (output, held) = (self.err.as_mut(), held.err.as_ref());
            let (Some(output), Some(held)) = (output, held) else {
                unreachable!("an expression that raises no errors raised one")
            };
            output.session(held).give_container(&mut made.err);
            made.err.clear();
        }
        count
    }
}

/// One of the two arrangements.
struct Side {
    /// None when it is not looked up any more.
    trace: Option<RowTrace>,
    /// Batches before were there at the start.
    preloaded: u64,
    /// Batches before have been accepted.
    accepted: u64,
    /// What it brought and has not been matched yet.
    todo: VecDeque<Work>,
}

impl Side {
    fn new(trace: RowTrace) -> Self {
        let mut preloaded = 0;
        trace.map_batches(|batch| preloaded = time_of(batch.upper().borrow()));
        Side { trace: Some(trace), preloaded, accepted: preloaded, todo: VecDeque::new() }
    }

    /// The batches at the start.
    fn there(&self) -> Vec<ReadBatch> {
        let mut batches = Vec::new();
        if let Some(trace) = &self.trace {
            trace.map_batches(|batch| {
                if !batch.is_empty() {
                    batches.push(batch.clone());
                }
            });
        }
        batches
    }

    /// The batches that have been accepted.
    fn accepted(&mut self) -> Vec<ReadBatch> {
        let trace = self.trace.as_mut().expect("a side is kept as long as the other may bring something");
        let mut batches = trace
            .batches_through(frontier_at(self.accepted).borrow())
            .expect("physical compaction stays behind what is accepted");
        batches.retain(|batch| !batch.is_empty());
        batches
    }

    /// Accepts batches, to be matched with what has been accepted of the other side.
    fn receive(&mut self, other: &mut Side, held: &Capabilities, batches: &mut Vec<ReadBatch>) {
        for batch in batches.drain(..) {
            let (lower, upper) = (time_of(batch.lower().borrow()), time_of(batch.upper().borrow()));
            assert!(
                upper <= self.preloaded || self.preloaded <= lower,
                "a batch spans what was there at the start"
            );
            assert!(self.accepted <= lower || upper <= self.accepted, "a batch spans what was accepted");
            // Not those before `accepted`: that may have been moved past a batch on its way, whose updates merges have
            // added up to nothing in the trace. Those who read at finer times are still owed them.
            if upper <= self.preloaded {
                continue;
            }
            if !batch.is_empty() {
                self.todo.push_back(Work::new(held.clone(), batch, other.accepted()));
            }
            self.accepted = self.accepted.max(upper);
        }
    }

    /// Accepts time without updates, of which no batches come.
    fn advance(&mut self) {
        if let Some(trace) = &mut self.trace {
            let mut accepted = frontier_at(self.accepted);
            trace.advance_upper(&mut accepted);
            self.accepted = time_of(accepted.borrow());
        }
    }

    /// Matches what it brought, as far as fuel goes.
    fn work(
        &mut self,
        made: &mut OkErr,
        outputs: &mut Outputs<'_>,
        mut logic: impl FnMut(&[u8], &[u8], &[u8], &mut JoinOutput<'_>),
    ) {
        let mut fuel = FUEL;
        while let Some(work) = self.todo.front_mut() {
            let held = work.held.clone();
            if !work.go_on(&mut fuel, made, |made| outputs.ship(&held, made), &mut logic) {
                return;
            }
            self.todo.pop_front();
        }
    }

    /// The other side brings nothing before `next` any more.
    fn release(&mut self, next: u64) {
        if next == CLOSED {
            self.trace = None;
        }
        if let Some(trace) = &mut self.trace {
            trace.set_logical_compaction(frontier_at(next).borrow());
            trace.set_physical_compaction(frontier_at(self.accepted).borrow());
        }
    }
}

/// A batch of one side and what it is matched with of the other.
struct Work {
    held: Capabilities,
    fresh: ReadBatch,
    /// The next of its keys.
    key: usize,
    others: Vec<ReadBatch>,
    /// In each the first key that may match.
    positions: Vec<usize>,
}

impl Work {
    fn new(held: Capabilities, fresh: ReadBatch, others: Vec<ReadBatch>) -> Self {
        Work { held, fresh, key: 0, positions: vec![0; others.len()], others }
    }

    /// Matches key after key; false if the fuel was used up.
    fn go_on(
        &mut self,
        fuel: &mut usize,
        made: &mut OkErr,
        mut ship: impl FnMut(&mut OkErr) -> usize,
        mut logic: impl FnMut(&[u8], &[u8], &[u8], &mut JoinOutput<'_>),
    ) -> bool {
        let Work { held, fresh, key: at, others, positions } = self;
        // Nobody asks for times before.
        let least = *held.ok.time();
        let rows = fresh.rows();
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        while *at < rows.key_count() {
            if *fuel == 0 {
                ship(made);
                return false;
            }
            let key = rows.key(*at);
            runs.clear();
            let mut next: Option<&[u8]> = None;
            for (index, (batch, position)) in others.iter().zip(positions.iter_mut()).enumerate() {
                let batch = batch.rows();
                *position = batch.seek(*position, key);
                if *position == batch.key_count() {
                    continue;
                }
                let found = batch.key(*position);
                if found == key {
                    let (low, high) = batch.values(*position);
                    runs.push((index, low, high));
                } else if next.is_none_or(|next| found < next) {
                    next = Some(found);
                }
            }
            if runs.is_empty() {
                match next {
                    Some(next) => *at = rows.seek(*at, next),
                    None => *at = rows.key_count(),
                }
                continue;
            }
            mine.clear();
            theirs.clear();
            let (low, high) = rows.values(*at);
            load(fresh, low, high, 0, &mut mine);
            for (index, low, high) in &runs {
                load(&others[*index], *low, *high, least, &mut theirs);
            }
            add_up(&mut mine);
            add_up(&mut theirs);
            for (value, time, diff) in &mine {
                for (other, at, count) in &theirs {
                    let output =
                        &mut JoinOutput { made, time: *time.max(at), diff: diff.wrapping_mul(*count) };
                    logic(key, value, other, output);
                    if made.ok.is_full() || made.err.is_full() {
                        *fuel = fuel.saturating_sub(ship(made));
                    }
                }
            }
            *at += 1;
        }
        *fuel = fuel.saturating_sub(ship(made));
        true
    }
}

/// Appends the updates of a batch's values, times before `least` as `least`.
fn load<'b>(
    batch: &'b ReadBatch,
    low: usize,
    high: usize,
    least: u64,
    updates: &mut Vec<(&'b [u8], u64, i64)>,
) {
    for position in low..high {
        let value = batch.rows().value(position);
        batch.updates(position, |time, diff| updates.push((value, time.max(least), diff)));
    }
}

/// Equal values at equal times become one update, or none.
fn add_up(updates: &mut Vec<(&[u8], u64, i64)>) {
    if updates.len() < 2 {
        return;
    }
    updates.sort_unstable();
    updates.dedup_by(|next, kept| {
        let same = next.0 == kept.0 && next.1 == kept.1;
        if same {
            kept.2 = kept.2.wrapping_add(next.2);
        }
        same
    });
    updates.retain(|(_, _, diff)| *diff != 0);
}
