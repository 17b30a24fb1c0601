//! A collection that is written to from outside: commits become batches as they are announced, and no operator does any work
//! for them.

use crate::arrange::{OwnTrace, own_trace};
use crate::staging::Staging;
use crate::{CLOSED, Meter, RowSpine, RowTrace, Seed, Shared, Updates, frontier_at};
use differential_dataflow::operators::arrange::{TraceAgent, TraceWriter};
use differential_dataflow::trace::BatchReader;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Scope;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilderSession;
use timely::dataflow::operators::generic::operator::source;
use timely::scheduling::Activator;
use timely::worker::Worker;

/// The writing end of a collection. With it the collection ends, for those who do not hold on to its trace.
pub struct Written {
    state: Rc<RefCell<State>>,
    staging: Staging,
    activator: Activator,
    over: Rc<Cell<bool>>,
}

struct State {
    writer: TraceWriter<RowSpine>,
    watch: TraceAgent<RowSpine>,
    shared: Rc<Shared>,
    merged: Rc<Cell<bool>>,
}

impl State {
    /// Goes on with merges that are not done.
    fn exert(&mut self) {
        self.writer.exert();
        if self.merged.take() {
            self.shared.publish(&self.watch);
        }
    }
}

impl Written {
    /// A collection without rows, and the two traces of it: its rows, and its errors, of which there are never any.
    pub fn new(worker: &mut Worker) -> (Written, (RowTrace, RowTrace)) {
        worker.dataflow_named::<u64, _, _>("Collection", |scope| {
            let closed = Seed { batches: Vec::new(), upper: CLOSED };
            let (_, _, errors) = trace_of(scope, Some(closed), |_| false);
            let over: Rc<Cell<bool>> = Rc::default();
            let ended = over.clone();
            // It lives as long as it has something to merge, and may be written to.
            let (state, activator, rows) = trace_of(scope, None, move |state| {
                state.exert();
                !ended.get()
            });
            (Written { state, staging: Staging::default(), activator, over }, (rows, errors))
        })
    }

    /// Appends a commit: keyed updates at `time`, which is after all before. Leaves the container empty.
    pub fn commit(&mut self, updates: &mut Updates, time: u64) {
        let mut state = self.state.borrow_mut();
        if time > state.shared.upper() {
            state.writer.seal(frontier_at(time));
        }
        self.staging.push(updates);
        let batch = self.staging.seal(time, time + 1);
        debug_assert!(batch.upper().elements() == [time + 1], "a batch of one time");
        state.writer.insert(batch, Some(time));
        state.shared.set_upper(time + 1);
        state.shared.publish(&state.watch);
        state.exert();
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        self.over.set(true);
        self.activator.activate();
    }
}

/// A trace and the operator that owns its address, which lives until `work` gives false.
fn trace_of(
    scope: Scope<'_, u64>,
    seed: Option<Seed>,
    mut work: impl FnMut(&mut State) -> bool + 'static,
) -> (Rc<RefCell<State>>, Activator, RowTrace) {
    type Output<'a> = OutputBuilderSession<'a, u64, CapacityContainerBuilder<Vec<u64>>>;
    let shared = Shared::new();
    let mut made = None;
    source(scope, "Collection", |capability: Capability<u64>, info| {
        let activator = scope.activator_for(info.address.clone());
        let OwnTrace { agent, writer, watch, merged, .. } =
            own_trace(&info, activator.clone(), seed, &shared, &Meter::default());
        let trace = RowTrace::live(agent, shared.clone(), 0, 0);
        let state = Rc::new(RefCell::new(State { writer, watch, shared, merged }));
        made = Some((state.clone(), activator, trace));
        // The dataflow would go away without it.
        let mut alive = Some(capability);
        move |_output: &mut Output<'_>| {
            if alive.is_some() && !work(&mut state.borrow_mut()) {
                alive = None;
            }
        }
    });
    made.expect("the operator was built")
}
