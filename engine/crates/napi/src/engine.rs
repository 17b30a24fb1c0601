//! The engine's native side.

mod collections;
mod commit;
mod definitions;
mod execute;
mod formats;
mod generate;
mod hold;
mod maintain;

pub use collections::{Collections, collection};
pub use commit::conflict_error;

use crate::delivery::{Deliveries, Notice};
use crate::dispatch::{Answer, Arguments, Dispatch, Message};
use crate::encoding::settings;
use crate::error::{call, internal, stopped};
use crate::execution::AT_ONCE;
use crate::jobs::Pool;
use napi::bindgen_prelude::Function;
use napi_derive::napi;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tidewire_arrange::{reclaim_aside, set_up_allocator};
use tidewire_eval::{fold_with, opcodes};
use tidewire_plan::{Expr, Plan, TOO_DEEP};
use tidewire_row::EvalError;
use tidewire_row::work::limited;
use tidewire_worker::{Event, Runtime, TimeSlice, ask_for};

/// Threads for one-shot statements.
const QUERY_THREADS: usize = 2;

/// The engine of one process.
#[napi]
pub struct NativeEngine {
    runtime: Arc<Runtime>,
    dispatch: Dispatch,
    queries: Pool,
    /// Commits, ticks, installs and drops, in the order in which they were asked for.
    sequence: Pool,
    deliveries: Deliveries,
    /// How many sets of constraints there have been: their numbers.
    constrained: AtomicU64,
    collections: Collections,
}

#[napi]
impl NativeEngine {
    /// Starts it.
    #[napi(constructor)]
    pub fn new(workers: u32, callback: Function<'_, Arguments, ()>) -> napi::Result<Self> {
        let dispatch = Dispatch::new(callback)?;
        call(|| {
            set_up_allocator();
            let deliveries = Deliveries::start(dispatch.clone())?;
            let (events, sink) = (deliveries.clone(), dispatch.clone());
            let runtime = Runtime::start(workers as usize, move |event| match event {
                Event::Completed(time) => {
                    let delivers = events.completed(time);
                    sink.completed(time, delivers);
                }
                Event::Changes { subscription, up_to, rows, errors } => {
                    events.changes(subscription, up_to, rows, errors);
                }
                Event::Panic(message) => sink.send(Message::Panic(message)),
            })
            .map_err(internal)?;
            let runtime = Arc::new(runtime);
            deliveries.tell(Notice::Engine(Arc::downgrade(&runtime)));
            // This is the thread of all sessions.
            ask_for(TimeSlice::Short);
            reclaim_aside();
            Ok(NativeEngine {
                runtime,
                queries: Pool::new("tidewire-query", QUERY_THREADS, TimeSlice::Usual, &dispatch)?,
                sequence: Pool::new("tidewire-commit", 1, TimeSlice::Short, &dispatch)?,
                dispatch,
                deliveries,
                collections: Collections::default(),
                constrained: AtomicU64::default(),
            })
        })
    }

    /// The text form of a constant expression.
    #[napi(catch_unwind)]
    pub fn evaluate(&self, expression: String, time_zone: String) -> napi::Result<Option<String>> {
        call(|| fold_with(&Expr::decode(&expression).map_err(refused)?, &settings(&time_zone)?))
    }

    /// [`Self::evaluate`] where that does not cost much; else it throws.
    #[napi(catch_unwind)]
    pub fn fold(&self, expression: String, time_zone: String) -> napi::Result<Option<String>> {
        call(|| {
            let (expression, settings) = (Expr::decode(&expression).map_err(refused)?, settings(&time_zone)?);
            limited(AT_ONCE, || fold_with(&expression, &settings)).map_err(stopped)?
        })
    }

    /// All scalar functions.
    #[napi(catch_unwind)]
    pub fn opcodes(&self) -> Vec<String> {
        opcodes().into_iter().map(|info| info.name.to_owned()).collect()
    }

    /// Stops; the request is answered when the workers are gone.
    #[napi(catch_unwind)]
    pub fn stop(&self, request: f64) {
        let runtime = self.runtime.clone();
        // After the commits that were asked for.
        self.sequence.answer(request as u64, move || {
            runtime.stop();
            Ok(Answer::Done)
        });
    }
}

fn decode_plan(json: &str) -> Result<Plan, EvalError> {
    Plan::decode(json).map_err(refused)
}

/// Why a plan or an expression was not decoded.
fn refused(message: String) -> EvalError {
    match message == TOO_DEEP {
        true => EvalError::new("54001", message).with_hint("Write the expression with less nesting."),
        false => internal(message),
    }
}

impl Drop for NativeEngine {
    fn drop(&mut self) {
        self.deliveries.stop();
    }
}
