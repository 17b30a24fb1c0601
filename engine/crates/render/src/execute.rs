//! One-shot execution over snapshots: directly where no operator keeps state, else in a short-lived dataflow on the
//! caller's thread, with the renderer that views use. The caller sets its limit ([`tidewire_row::work`]).

mod dataflow;
mod direct;
mod first;
mod prepare;
mod sources;
mod write;

pub use direct::Scan;
pub use sources::Sources;
pub use write::WriteResult;

use crate::compile::{CompileError, Environment, LIMIT, OFFSET, Program, Sink, Template, row_count};
use crate::conflict::Conflict;
use crate::finish::{Collector, Demand, Finish, Gather};
use crate::pipeline::Runner;
use dataflow::dataflow;
use direct::Direct;
use first::with_first_rows;
use std::sync::{Arc, Mutex};
use tidewire_eval::{Compiled, CompiledMfp};
use tidewire_plan::{Output, Plan, ScalarType};
use tidewire_row::{EvalError, FormatSettings};

/// Why an execution gave no result.
#[derive(Clone, Debug, PartialEq)]
pub enum ExecuteError {
    /// The plan was refused.
    Refused(String),
    /// A data error.
    Data(EvalError),
    /// A bug; it costs this query only.
    Panic(String),
}

impl From<CompileError> for ExecuteError {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Refused(message) => ExecuteError::Refused(message),
            CompileError::Data(error) => ExecuteError::Data(error),
        }
    }
}

impl From<EvalError> for ExecuteError {
    fn from(error: EvalError) -> Self {
        ExecuteError::Data(error)
    }
}

/// The SQLSTATE error that a client sees.
impl From<ExecuteError> for EvalError {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Data(error) => error,
            ExecuteError::Refused(message) => EvalError::new("XX000", message),
            ExecuteError::Panic(message) => EvalError::new("XX000", format!("internal error: {message}")),
        }
    }
}

/// A one-shot plan, to be executed again and again: it is compiled for the first execution, and again only for one under
/// other settings.
pub struct Prepared {
    plan: Plan,
    immediate: bool,
    reads: Vec<u64>,
    compiled: Mutex<Option<Arc<Compilation>>>,
    /// Of a write: what makes the rows of RETURNING out of those that were written.
    returning: Option<Box<Prepared>>,
}

/// A one-shot plan, compiled.
struct Compilation {
    settings: FormatSettings,
    template: Template,
    finish: FinishTemplate,
}

/// What becomes of the rows.
enum FinishTemplate {
    Rows {
        types: Arc<[ScalarType]>,
        projection: Arc<[u32]>,
        limit: Option<Compiled>,
        offset: Option<Compiled>,
        completed: Option<Arc<CompiledMfp>>,
    },
    Write {
        completed: Option<Arc<CompiledMfp>>,
        returning: Option<Arc<CompiledMfp>>,
        conflict: Option<Conflict>,
    },
}

impl Prepared {
    /// Runs a plan with `Output::Rows` into what `results` makes. `sources` holds every collection that the plan names. Where
    /// more is not wanted for now and the plan passes over one relation, the rest is left to be resumed.
    pub fn execute<R: Gather>(
        &self,
        environment: Environment,
        sources: Sources,
        results: impl FnOnce(Finish) -> R,
    ) -> Result<(R, Option<Scan>), ExecuteError> {
        let compiled = self.compilation(&environment.settings)?;
        let (
            Output::Rows { finishing, .. },
            FinishTemplate::Rows { types, projection, limit, offset, completed },
        ) = (&self.plan.output, &compiled.finish)
        else {
            return Err(ExecuteError::Refused("the plan does not yield rows".into()));
        };
        let program = compiled.template.bind(environment)?;
        let finish = Finish {
            types: types.clone(),
            order: finishing.order.clone(),
            sorted: finishing.sorted.unwrap_or(0) as usize,
            limit: row_count(limit.as_ref(), &program.scope, LIMIT)?,
            offset: row_count(offset.as_ref(), &program.scope, OFFSET)?.unwrap_or(0),
            with_ties: finishing.with_ties,
            projection: projection.clone(),
        };
        if let Some(mfp) = completed {
            return Ok((complete(mfp, finish, program, sources, results)?, None));
        }
        let none = finish.limit == Some(0);
        let mut gathered = results(finish);
        if none {
            return Ok((gathered, None));
        }
        let program = with_first_rows(program, &sources)?;
        if !Scan::is_one(&program) {
            run(program, sources, |_, row, count| gathered.push(row, count))?;
            return Ok((gathered, None));
        }
        let mut scan = Scan::new(program, sources);
        let done = scan.resume(&mut gathered)?;
        Ok((gathered, (!done).then_some(scan)))
    }
}

/// Rows that are completed once they are in order and no more than are wanted.
fn complete<R: Gather>(
    mfp: &Arc<CompiledMfp>,
    finish: Finish,
    program: Program,
    sources: Sources,
    results: impl FnOnce(Finish) -> R,
) -> Result<R, ExecuteError> {
    let mut runner = Runner::new(mfp.clone(), program.scope.clone());
    let Finish { limit, offset, projection, .. } = &finish;
    let (offset, projection) = (*offset, projection.clone());
    let none = *limit == Some(0);
    let limit = limit.map(|limit| limit.saturating_add(offset));
    let mut first = Collector::new(Finish { limit, offset: 0, ..finish });
    if !none {
        let program = with_first_rows(program, &sources)?;
        run(program, sources, |_, row, count| first.push(row, count))?;
    }
    let types = mfp.output().into();
    let mut gathered = results(Finish {
        types,
        order: vec![],
        sorted: 0,
        limit: None,
        offset,
        with_ties: false,
        projection,
    });
    let mut made = Vec::new();
    for (row, count) in first.finish().iter() {
        for _ in 0..count {
            made.clear();
            if runner.run(&[row], &mut made)? {
                gathered.push(&made, 1);
            }
        }
    }
    Ok(gathered)
}

impl From<String> for ExecuteError {
    fn from(message: String) -> Self {
        ExecuteError::Refused(message)
    }
}

/// Why no more rows are computed.
enum Halt {
    /// Nobody wants them.
    Enough,
    /// Nobody wants them yet.
    Suspended,
    Failed(ExecuteError),
}

impl<E: Into<ExecuteError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Halt::Failed(error.into())
    }
}

/// Fails if what a program reads holds errors.
fn refuse_errors(program: &Program, sources: &Sources) -> Result<(), ExecuteError> {
    for id in program.reads() {
        if let Some((error, _, _)) = sources.given(id)?.err.cursor().find(|(_, _, count)| *count > 0) {
            return Err(EvalError::from_row(error).into());
        }
    }
    Ok(())
}

/// A row's multiplicity, which is not negative in a result.
fn multiplicity(count: i64) -> Result<u64, EvalError> {
    u64::try_from(count)
        .map_err(|_| EvalError::new("XX000", "internal error: a row with a negative multiplicity"))
}

/// Calls `each(mark, row, count)` for the result's rows while they are wanted, be it later. Marks are those of a write's
/// rows, or empty.
fn run(
    program: Program,
    sources: Sources,
    mut each: impl FnMut(&[u8], &[u8], u64) -> Demand,
) -> Result<(), ExecuteError> {
    refuse_errors(&program, &sources)?;
    let mut add = |mark: &[u8], row: &[u8], count: i64| match multiplicity(count)? {
        0 => Ok(()),
        count if each(mark, row, count) == Demand::Nothing => Err(Halt::Enough),
        _ => Ok(()),
    };
    let ended = if program.is_direct() {
        let direct = Direct::new(&program, &sources);
        match &*program.sink {
            Sink::Rows(pipeline) => direct.pipeline(pipeline, &mut |row, count| add(&[], row, count)),
            Sink::Write(parts) => direct.marked(parts, &mut add),
            Sink::Arrange { .. } => {
                return Err(ExecuteError::Refused("a maintained plan is not executed".into()));
            }
        }
    } else {
        let rows = dataflow(program, sources)?;
        rows.iter().try_for_each(|update| add(update.key, update.val, update.diff))
    };
    match ended {
        Ok(()) | Err(Halt::Enough | Halt::Suspended) => Ok(()),
        Err(Halt::Failed(error)) => Err(error),
    }
}
