//! Delivering a dataflow's changes, complete per timestamp over all workers.

use crate::{Event, EventSink};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use tidewire_arrange::{RowStream, Shared, Updates, consolidated_by_time, time_of};
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::progress::operate::FrontierInterest;

/// What all workers' ends of one subscription share.
///
/// Why it is complete: a worker puts what it received here before its operator returns, so before the progress of that
/// receipt can reach anybody. When any worker sees the frontier pass a time, everything before it is here.
pub(crate) struct Subscription {
    id: u64,
    sink: Arc<EventSink>,
    state: Mutex<State>,
}

struct State {
    ok: Updates,
    err: Updates,
    /// Everything below was delivered.
    delivered: u64,
    closed: bool,
}

impl Subscription {
    pub(crate) fn new(id: u64, as_of: u64, sink: Arc<EventSink>) -> Arc<Self> {
        let state = State { ok: Updates::new(), err: Updates::new(), delivered: as_of, closed: false };
        Arc::new(Subscription { id, sink, state: Mutex::new(state) })
    }

    /// No event comes after this returns.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock().expect("not poisoned");
        state.closed = true;
        (state.ok, state.err) = Default::default();
    }

    fn receive(&self, ok: &mut Updates, err: &mut Updates) {
        let mut state = self.state.lock().expect("not poisoned");
        if !state.closed {
            state.ok.append(ok);
            state.err.append(err);
        }
        ok.clear();
        err.clear();
    }

    fn advance(&self, complete: u64) {
        let mut state = self.state.lock().expect("not poisoned");
        if state.closed || complete <= state.delivered {
            return;
        }
        let rows = consolidated_by_time(&state.ok.take_before(complete));
        let errors = consolidated_by_time(&state.err.take_before(complete));
        state.delivered = complete;
        // Under the lock: events of one subscription come in the order of time.
        (self.sink)(Event::Changes { subscription: self.id, up_to: complete, rows, errors });
    }
}

/// This worker's end. Its `upper` is what was delivered.
pub(crate) fn sink(ok: RowStream<'_>, err: RowStream<'_>, subscription: Arc<Subscription>) -> Rc<Shared> {
    let shared = Shared::new();
    let mine = shared.clone();
    let mut operator = OperatorBuilder::new("Subscription".to_owned(), ok.scope());
    let mut ok_input = operator.new_input(ok, Pipeline);
    let mut err_input = operator.new_input(err, Pipeline);
    operator.set_notify_for(0, FrontierInterest::Always);
    operator.set_notify_for(1, FrontierInterest::Always);
    operator.build(move |_capabilities| {
        let (mut rows, mut errors) = (Updates::new(), Updates::new());
        move |frontiers| {
            ok_input.for_each(|_, updates| rows.append(updates));
            err_input.for_each(|_, updates| errors.append(updates));
            if !rows.is_empty() || !errors.is_empty() {
                subscription.receive(&mut rows, &mut errors);
            }
            let complete = frontiers.iter().map(|frontier| time_of(frontier.frontier())).min().unwrap_or(0);
            if complete > shared.upper() {
                subscription.advance(complete);
                shared.set_upper(complete);
            }
        }
    });
    mine
}
