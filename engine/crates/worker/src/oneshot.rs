//! One-shot dataflows: a second, short-lived timely runtime over snapshots, on the caller's thread.

use crate::SharedBuild;
use crate::read::CollectionSnapshot;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tidewire_arrange::{
    Cancelled, Flow, ImportProvider, Imported, Rendered, RowStream, Updates, consolidated, import_snapshot,
    rows_of,
};
use timely::dataflow::Scope;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

/// Why a one-shot dataflow gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneshotError {
    /// The dataflow could not be built.
    Build(String),
    /// It was cancelled.
    Cancelled,
    /// It panicked; nothing else is harmed.
    Panic(String),
}

struct Snapshots<'a, 's> {
    scope: Scope<'s, u64>,
    flow: Flow,
    snapshots: &'a HashMap<u64, CollectionSnapshot>,
}

impl<'s> ImportProvider<'s> for Snapshots<'_, 's> {
    fn import(&mut self, id: u64) -> Result<Imported<'s>, String> {
        let snapshot = self.snapshots.get(&id).ok_or_else(|| format!("arrangement {id} was not given"))?;
        let ok = import_snapshot(&snapshot.ok, self.scope);
        let err = import_snapshot(&snapshot.err, self.scope);
        Ok(Imported { ok, err: rows_of(err, "Errors", |key, _, row| row.extend_from_slice(key)) })
    }
    fn flow(&self) -> &Flow {
        &self.flow
    }
}

/// The consolidated rows and errors of a one-shot dataflow (whole rows, sorted by their bytes).
pub struct OneshotRows {
    /// Rows with multiplicities that are not 0.
    pub rows: Updates,
    /// Error rows.
    pub errors: Updates,
}

/// Runs a dataflow to its end over snapshots, on this thread.
pub fn execute_oneshot(
    build: SharedBuild,
    snapshots: HashMap<u64, CollectionSnapshot>,
    cancelled: Arc<AtomicBool>,
) -> Result<OneshotRows, OneshotError> {
    let run = AssertUnwindSafe(move || {
        timely::execute_directly(move |worker| {
            let rows: Arc<Mutex<(Updates, Updates)>> = Arc::default();
            let index = worker.next_dataflow_index();
            let built = worker.dataflow::<u64, _, _>(|scope| {
                let mut imports =
                    Snapshots { scope, flow: Flow::once(cancelled.clone()), snapshots: &snapshots };
                match build.build(scope, &mut imports)? {
                    Rendered::Rows { ok, err } => {
                        collect(ok, rows.clone(), |rows| &mut rows.0);
                        collect(err, rows.clone(), |rows| &mut rows.1);
                        Ok(())
                    }
                    Rendered::Arranged { .. } => Err("a one-shot plan yields rows".to_owned()),
                }
            });
            let mut outcome = built.map_err(OneshotError::Build);
            while outcome.is_ok() && worker.has_dataflows() {
                if cancelled.load(Ordering::Relaxed) {
                    outcome = Err(OneshotError::Cancelled);
                } else {
                    worker.step();
                }
            }
            if outcome.is_err() {
                worker.drop_dataflow(index);
            }
            outcome.map(|()| {
                let (rows, errors) = std::mem::take(&mut *rows.lock().expect("one thread"));
                OneshotRows { rows: consolidated(&rows), errors: consolidated(&errors) }
            })
        })
    });
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        if panic.is::<Cancelled>() {
            return Err(OneshotError::Cancelled);
        }
        Err(OneshotError::Panic(crate::panic_message(&*panic)))
    })
}

fn collect(
    stream: RowStream<'_>,
    rows: Arc<Mutex<(Updates, Updates)>>,
    side: fn(&mut (Updates, Updates)) -> &mut Updates,
) {
    let mut operator = OperatorBuilder::new("Collect".to_owned(), stream.scope());
    let mut input = operator.new_input(stream, Pipeline);
    operator.build(move |_capabilities| {
        move |_frontiers| {
            input.for_each(|_, updates| side(&mut rows.lock().expect("one thread")).append(updates));
        }
    });
}
