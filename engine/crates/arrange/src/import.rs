//! Bringing a collection into another dataflow: behind its gate, or from a snapshot.

use crate::{Arr, CLOSED, ReadBatch, RowTrace, ShardedSnapshot, frontier_at, time_of};
use differential_dataflow::operators::arrange::{Arranged, TraceReplayInstruction};
use differential_dataflow::trace::{BatchReader, TraceReader};
use std::cell::Cell;
use std::rc::Rc;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Scope;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilderSession;
use timely::dataflow::operators::generic::operator::source;
use timely::scheduling::Activator;

type Output<'a> = OutputBuilderSession<'a, u64, CapacityContainerBuilder<Vec<ReadBatch>>>;

/// The owner's hold on a gated import.
pub struct ImportHandle {
    activator: Activator,
    closed: Rc<Cell<bool>>,
    /// The collection never changes again, and the import has said so.
    over: Rc<Cell<bool>>,
}

impl ImportHandle {
    /// Has the import look at its gate in the worker's next step. Call it when an announcement moved the gate.
    pub fn activate(&self) {
        if !self.over.get() {
            self.activator.activate();
        }
    }

    /// Ends the import: it gives up its time, and what depends on it alone goes away.
    pub fn close(&self) {
        self.closed.set(true);
        self.activator.activate();
    }
}

/// Imports a maintained arrangement: its contents as of `as_of`, then every change. The frontier is the collection's
/// gate, so that a collection that does not change never holds a dataflow back, and nobody has to advance it.
///
/// `from`: batches below it are in the seeds already (0: none). The collection's since must not be beyond
/// `max(as_of, from)`: the import would look complete there without its rows.
pub fn import<'s>(
    collection: &RowTrace,
    scope: Scope<'s, u64>,
    as_of: u64,
    from: u64,
) -> Result<(Arr<'s>, ImportHandle), String> {
    let mut held = collection.clone();
    let since = time_of(held.get_logical_compaction());
    if since > as_of.max(from) {
        return Err(format!("the collection can be read from {since} on, not at {}", as_of.max(from)));
    }
    let shared = held.shared().clone();
    let Some(agent) = held.agent() else { return Err("a snapshot can't be imported as it changes".into()) };
    // What never changes again is in the seeds as a whole.
    let floor = if from > 0 && shared.upper() == CLOSED { CLOSED } else { from };
    let trace = collection.reading(as_of, floor);
    let closed: Rc<Cell<bool>> = Rc::default();
    let over: Rc<Cell<bool>> = Rc::default();
    let mut handle = None;
    let stream = source(scope, "Import", |mut capability: Capability<u64>, info| {
        let activator = scope.activator_for(info.address.clone());
        handle = Some(ImportHandle { activator, closed: closed.clone(), over: over.clone() });
        let queue = agent.new_listener(scope.activator_for(info.address));
        capability.downgrade(&as_of.max(from));
        let mut capability = Some(capability);
        move |output: &mut Output<'_>| {
            if closed.get() {
                capability = None;
                queue.1.borrow_mut().clear();
                return;
            }
            let Some(held) = capability.as_mut() else { return };
            for instruction in queue.1.borrow_mut().drain(..) {
                let TraceReplayInstruction::Batch(batch, _) = instruction else { continue };
                if batch.is_empty() || time_of(batch.upper().borrow()) <= floor {
                    continue;
                }
                let time = time_of(batch.lower().borrow()).max(*held.time());
                output.session(&held.delayed(&time)).give(ReadBatch::as_of(batch, as_of));
            }
            let gate = shared.gate();
            if gate == CLOSED {
                over.set(true);
                capability = None;
            } else if gate > *held.time() {
                held.downgrade(&gate);
            }
        }
    });
    Ok((Arranged { stream, trace }, handle.expect("the source was built")))
}

/// Imports a snapshot as an arrangement that is complete: all rows at the snapshot's time, then nothing. For dataflows
/// that run once on a thread of their own.
pub fn import_snapshot<'s>(snapshot: &ShardedSnapshot, scope: Scope<'s, u64>) -> Arr<'s> {
    let time = snapshot.time();
    let trace = RowTrace::frozen(snapshot.batches().cloned(), time);
    let mut batches =
        trace.clone().batches_through(frontier_at(time + 1).borrow()).expect("a snapshot is complete");
    let stream = source(scope, "Snapshot", |mut capability: Capability<u64>, _info| {
        capability.downgrade(&time);
        let mut capability = Some(capability);
        move |output: &mut Output<'_>| {
            if let Some(held) = capability.take() {
                let mut session = output.session(&held);
                for batch in batches.drain(..) {
                    session.give(batch);
                }
            }
        }
    });
    Arranged { stream, trace }
}
