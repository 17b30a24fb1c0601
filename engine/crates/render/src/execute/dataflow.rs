//! A dataflow that runs once, on the caller's thread.

use crate::compile::Program;
use crate::execute::{ExecuteError, Sources};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use tidewire_arrange::{
    Flow, ImportProvider, Imported, Rendered, RowStream, Updates, consolidated, import_snapshot, rows_of,
};
use tidewire_row::EvalError;
use tidewire_row::work::{Stopped, spend};
use timely::dataflow::Scope as DataflowScope;
use timely::dataflow::channels::pact;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

/// What a step of a dataflow is said to cost; its operators say more.
const STEP_UNITS: u64 = 64;

struct Snapshots<'a, 's> {
    scope: DataflowScope<'s, u64>,
    flow: Flow,
    sources: &'a Sources,
}

impl<'s> ImportProvider<'s> for Snapshots<'_, 's> {
    fn import(&mut self, id: u64) -> Result<Imported<'s>, String> {
        let source = self.sources.get(id).ok_or_else(|| format!("arrangement {id} was not given"))?;
        let ok = import_snapshot(&source.ok, self.scope);
        let err = import_snapshot(&source.err, self.scope);
        Ok(Imported { ok, err: rows_of(err, "Errors", |key, _, row| row.extend_from_slice(key)) })
    }
    fn flow(&self) -> &Flow {
        &self.flow
    }
}

/// Runs the program in a timely runtime of its own, to its end. Consolidated rows.
pub(super) fn dataflow(program: Program, sources: Sources) -> Result<Updates, ExecuteError> {
    let run = AssertUnwindSafe(move || {
        timely::execute_directly(move |worker| {
            let collected: Arc<Mutex<(Updates, Updates)>> = Arc::default();
            let index = worker.next_dataflow_index();
            let built = worker.dataflow::<u64, _, _>(|scope| {
                let mut imports = Snapshots { scope, flow: Flow::once(), sources: &sources };
                match program.render(scope, &mut imports)? {
                    Rendered::Rows { ok, err } => {
                        collect(ok, collected.clone(), |collected| &mut collected.0);
                        collect(err, collected.clone(), |collected| &mut collected.1);
                        Ok(())
                    }
                    Rendered::Arranged { .. } => Err("a maintained plan is not executed".to_owned()),
                }
            });
            if let Err(refused) = built {
                worker.drop_dataflow(index);
                return Err(ExecuteError::Refused(refused));
            }
            while worker.has_dataflows() {
                spend(STEP_UNITS);
                worker.step();
            }
            let (rows, errors) = std::mem::take(&mut *collected.lock().expect("one thread"));
            match consolidated(&errors).iter().find(|error| error.diff > 0) {
                Some(error) => Err(EvalError::from_row(error.val).into()),
                None => Ok(consolidated(&rows)),
            }
        })
    });
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        if panic.is::<Stopped>() {
            std::panic::resume_unwind(panic);
        }
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(ExecuteError::Panic(text.unwrap_or_else(|| "a panic without a message".into())))
    })
}

fn collect(
    stream: RowStream<'_>,
    collected: Arc<Mutex<(Updates, Updates)>>,
    side: fn(&mut (Updates, Updates)) -> &mut Updates,
) {
    let mut operator = OperatorBuilder::new("Collect".to_owned(), stream.scope());
    let mut input = operator.new_input(stream, pact::Pipeline);
    operator.build(move |_capabilities| {
        move |_frontiers| {
            input.for_each(|_, updates| {
                // The rows of a one-shot are all at one time.
                let mut collected = collected.lock().expect("one thread");
                let side = side(&mut collected);
                for update in updates.iter() {
                    side.push(update.key, update.val, 0, update.diff);
                }
            });
        }
    });
}
