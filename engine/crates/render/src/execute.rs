//! One-shot execution over snapshots: directly where no operator keeps state, else in a short-lived dataflow on the
//! caller's thread, with the renderer that views use. The caller sets its limit ([`tidewire_row::work`]).

use crate::compile::{
    CompileError, Environment, LIMIT, OFFSET, Pipeline, Program, Sink, Step, Template, row_count,
};
use crate::conflict::Conflict;
use crate::finish::{Demand, Finish, Gather};
use crate::pipeline::Runner;
use crate::render::{INSERTED, REPLACED, RETURNED};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use tidewire_arrange::{
    Flow, ImportProvider, Imported, Rendered, RowStream, ShardedSnapshot, Snapshot, Updates, consolidated,
    frontier_at, import_snapshot, output_batch, rows_of,
};
use tidewire_eval::{Compiled, CompiledMfp, compile_with, is_volatile};
use tidewire_plan::{ColumnType, Expr, Finishing, Operator, Output, Plan, ScalarType, WRITTEN};
use tidewire_row::work::{Stopped, spend};
use tidewire_row::{Datum, EvalError, EvalResult, FormatSettings, Row, column_bounds};
use timely::dataflow::Scope as DataflowScope;
use timely::dataflow::channels::pact;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

/// What a step of a dataflow is said to cost; its operators say more.
const STEP_UNITS: u64 = 64;

/// A collection at the time of the execution, with the transaction's own writes on top.
#[derive(Clone)]
pub struct Source {
    /// Its rows.
    pub ok: ShardedSnapshot,
    /// Its errors: the error row is the key.
    pub err: ShardedSnapshot,
}

impl Source {
    /// Rows that stand in the order of their keys, as a collection that has nothing else.
    fn of(rows: &Updates, time: u64) -> Self {
        let empty = ShardedSnapshot::new(vec![Arc::new(Snapshot::empty(0))], time);
        let batch = output_batch(rows, &frontier_at(0), &frontier_at(1));
        Source { ok: empty.overlaid(&[vec![batch]]), err: empty }
    }
}

/// Rows in the order of their last column, without it.
fn in_order(rows: &Updates, columns: &[ColumnType]) -> Updates {
    let types: Vec<ScalarType> = columns.iter().map(|column| column.scalar).collect();
    let mut bounds = Vec::new();
    let mut parts: Vec<(&[u8], &[u8], i64)> = Vec::with_capacity(rows.len());
    for update in rows.iter() {
        column_bounds(update.val, &types, &mut bounds);
        let (row, number) = update.val.split_at(bounds[types.len() - 1] as usize);
        parts.push((number, row, update.diff));
    }
    parts.sort_unstable();
    let mut ordered = Updates::new();
    for (_, row, count) in parts {
        ordered.push_row(row, 0, count);
    }
    ordered
}

/// What a program makes of each row, as often as it is there.
fn one_by_one(rows: &Updates, runner: &mut Runner) -> EvalResult<Updates> {
    let mut made = Updates::new();
    let mut row = Vec::new();
    for update in rows.iter() {
        for _ in 0..update.diff.max(0) {
            row.clear();
            if runner.run(&[update.val], &mut row)? {
                made.push_row(&row, 0, 1);
            }
        }
    }
    Ok(made)
}

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

/// What a write plan yields.
pub struct WriteResult<R> {
    /// Whole rows that leave, with positive multiplicities.
    pub deleted: Updates,
    /// Whole rows that enter.
    pub inserted: Updates,
    /// Of rows that are replaced the old one and then the new one, if the plan gives them; of ON CONFLICT always.
    pub replaced: Updates,
    /// The affected count.
    pub affected: u64,
    /// The RETURNING rows.
    pub returning: Option<R>,
}

/// Whether a plan is answered without a dataflow.
fn is_immediate(plan: &Plan) -> bool {
    plan.nodes.iter().all(|node| {
        matches!(
            node.operator,
            Operator::Constant { .. }
                | Operator::Import { .. }
                | Operator::Lookup { .. }
                | Operator::Mfp { .. }
                | Operator::Union { .. }
        )
    })
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
        types: Vec<ScalarType>,
        limit: Option<Compiled>,
        offset: Option<Compiled>,
    },
    Write {
        completed: Option<Arc<CompiledMfp>>,
        returning: Option<Arc<CompiledMfp>>,
        conflict: Option<Conflict>,
    },
}

impl Prepared {
    /// Nothing is compiled yet.
    pub fn new(plan: Plan) -> Self {
        let ids = plan.nodes.iter().filter_map(|node| match &node.operator {
            Operator::Import { arrangement, .. } | Operator::Lookup { arrangement, .. } => Some(*arrangement),
            _ => None,
        });
        let mut reads: Vec<u64> = ids.collect();
        if let Output::Write { conflict: Some(conflict), .. } = &plan.output {
            reads.extend(conflict.arbiters.iter().map(|arbiter| arbiter.arrangement));
        }
        let returning = match &plan.output {
            Output::Write { returning_query: Some(query), .. } => {
                Some(Box::new(Prepared::new((**query).clone())))
            }
            _ => None,
        };
        reads.extend(returning.iter().flat_map(|query| &query.reads).filter(|id| **id != WRITTEN));
        reads.sort_unstable();
        reads.dedup();
        let immediate = is_immediate(&plan) && returning.as_ref().is_none_or(|query| query.immediate);
        Prepared { immediate, plan, reads, compiled: Mutex::default(), returning }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The collections that it reads.
    pub fn reads(&self) -> &[u64] {
        &self.reads
    }

    /// Whether it is answered without a dataflow.
    pub fn is_immediate(&self) -> bool {
        self.immediate
    }

    /// Whether it is not the same to run it twice. Of plans that are immediate.
    pub fn is_volatile(&self) -> bool {
        if let Output::Write { completed: Some(mfp), .. } = &self.plan.output
            && mfp.expressions.iter().any(is_volatile)
        {
            return true;
        }
        self.plan.nodes.iter().any(|node| match &node.operator {
            Operator::Lookup { keys, range, .. } => {
                let ends = range.iter().flat_map(|range| [&range.from, &range.to]).flatten();
                keys.iter().flatten().chain(ends).any(is_volatile)
            }
            Operator::Mfp { mfp, .. } => {
                let conditions = mfp.predicates.iter().map(|predicate| &predicate.condition);
                mfp.expressions.iter().chain(conditions).any(is_volatile)
            }
            _ => false,
        })
    }

    fn compilation(&self, settings: &FormatSettings) -> Result<Arc<Compilation>, ExecuteError> {
        let lock = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().as_ref().filter(|known| known.settings == *settings) {
            return Ok(known.clone());
        }
        let plan = &self.plan;
        let template = Template::compile(plan, settings)?;
        let finish = match &plan.output {
            Output::Rows { node, finishing } => {
                let types: Vec<_> =
                    plan.nodes[*node as usize].columns.iter().map(|column| column.scalar).collect();
                check_finishing(finishing, types.len() as u32)?;
                let count = |expr: &Option<Expr>| {
                    expr.as_ref().map(|expr| compile_with(expr, &[], &plan.parameters, settings)).transpose()
                };
                let (limit, offset) = (count(&finishing.limit)?, count(&finishing.offset)?);
                FinishTemplate::Rows { types, limit, offset }
            }
            Output::Write {
                deleted, inserted, returned, returning, ordered, completed, conflict, ..
            } => {
                let Some(node) = inserted.or(*deleted) else {
                    return Err(ExecuteError::Refused("the plan writes nothing".into()));
                };
                let mut columns = plan.nodes[returned.unwrap_or(node) as usize].columns.clone();
                if *ordered {
                    let last = columns.pop().map(|column| column.scalar);
                    if returned.is_some() || inserted.is_none() || last != Some(ScalarType::Int8) {
                        return Err(ExecuteError::Refused("what is inserted has no order".into()));
                    }
                }
                if completed.is_some() && !ordered {
                    return Err(ExecuteError::Refused("what is completed has no order".into()));
                }
                let completed = match completed {
                    None => None,
                    Some(mfp) => {
                        let compiled = CompiledMfp::new(mfp, &columns, &plan.parameters, settings)?;
                        let column =
                            |scalar: &ScalarType| ColumnType { scalar: *scalar, typmod: -1, nullable: true };
                        columns = compiled.output().iter().map(column).collect();
                        Some(Arc::new(compiled))
                    }
                };
                let conflict = match conflict {
                    None => None,
                    Some(_) if deleted.is_some() || returned.is_some() => {
                        return Err(ExecuteError::Refused("only what is inserted conflicts".into()));
                    }
                    Some(conflict) => {
                        let compiled = Conflict::compile(conflict, &columns, &plan.parameters, settings)?;
                        columns.splice(0..0, columns[..Conflict::width(conflict)].to_vec());
                        Some(compiled)
                    }
                };
                let compile = |mfp| CompiledMfp::new(mfp, &columns, &plan.parameters, settings).map(Arc::new);
                let returning = returning.as_ref().map(compile).transpose()?;
                FinishTemplate::Write { completed, returning, conflict }
            }
            _ => return Err(ExecuteError::Refused("a maintained plan is not executed".into())),
        };
        let compiled = Arc::new(Compilation { settings: settings.clone(), template, finish });
        *lock() = Some(compiled.clone());
        Ok(compiled)
    }

    /// Runs a plan with `Output::Rows` into what `results` makes. `sources` holds every collection that the plan names. Where
    /// more is not wanted for now and the plan passes over one relation, the rest is left to be resumed.
    pub fn execute<R: Gather>(
        &self,
        environment: Environment,
        sources: HashMap<u64, Source>,
        results: impl FnOnce(Finish) -> R,
    ) -> Result<(R, Option<Scan>), ExecuteError> {
        let (mut gathered, program) = self.bound(environment, results)?;
        let Some(program) = program else { return Ok((gathered, None)) };
        if !Scan::is_one(&program) {
            run(program, sources, |_, row, count| gathered.push(row, count))?;
            return Ok((gathered, None));
        }
        let mut scan = Scan::new(program, sources);
        let done = scan.resume(&mut gathered)?;
        Ok((gathered, (!done).then_some(scan)))
    }

    /// Where the rows go, and the program; None if no row is wanted.
    fn bound<R>(
        &self,
        environment: Environment,
        results: impl FnOnce(Finish) -> R,
    ) -> Result<(R, Option<Program>), ExecuteError> {
        let compiled = self.compilation(&environment.settings)?;
        let (Output::Rows { finishing, .. }, FinishTemplate::Rows { types, limit, offset }) =
            (&self.plan.output, &compiled.finish)
        else {
            return Err(ExecuteError::Refused("the plan does not yield rows".into()));
        };
        let program = compiled.template.bind(environment)?;
        let limit = row_count(limit.as_ref(), &program.scope, LIMIT)?;
        let gathered = results(Finish {
            types: types.clone(),
            order: finishing.order.clone(),
            sorted: finishing.sorted.unwrap_or(0) as usize,
            limit,
            offset: row_count(offset.as_ref(), &program.scope, OFFSET)?.unwrap_or(0),
            with_ties: finishing.with_ties,
            projection: finishing.projection.clone(),
        });
        Ok((gathered, (limit != Some(0)).then_some(program)))
    }

    /// Runs a plan with `Output::Write`; RETURNING goes into what `results` makes. `check` sees each row that is to be
    /// inserted.
    pub fn execute_write<R: Gather>(
        &self,
        environment: Environment,
        sources: HashMap<u64, Source>,
        results: impl FnOnce(Finish) -> R,
        check: &mut dyn FnMut(&[u8]) -> EvalResult<()>,
    ) -> Result<WriteResult<R>, ExecuteError> {
        let compiled = self.compilation(&environment.settings)?;
        let (
            Output::Write { inserted, returned, ordered, .. },
            FinishTemplate::Write { completed, returning, conflict },
        ) = (&self.plan.output, &compiled.finish)
        else {
            return Err(ExecuteError::Refused("the plan does not write".into()));
        };
        let shows_inserted = inserted.is_some();
        let program = compiled.template.bind(environment.clone())?;
        let scope = program.scope.clone();
        let returning = returning.as_ref().map(|mfp| {
            let types = mfp.output().to_vec();
            let projection = (0..types.len() as u32).collect();
            let finish = Finish {
                types,
                order: vec![],
                sorted: 0,
                limit: None,
                offset: 0,
                with_ties: false,
                projection,
            };
            (Runner::new(mfp.clone(), scope.clone()), finish)
        });
        let mut result = WriteResult {
            deleted: Updates::new(),
            inserted: Updates::new(),
            replaced: Updates::new(),
            affected: 0,
            returning: None,
        };
        let mut read = Updates::new();
        let (returns, counts_returned) = (returning.is_some(), returned.is_some());
        let looked_up = (conflict.is_some() || self.returning.is_some()).then(|| sources.clone());
        run(program, sources, |mark, row, count| {
            if mark == RETURNED {
                if returns {
                    read.push_row(row, 0, count as i64);
                }
                result.affected += count;
                return Demand::More;
            }
            if mark == REPLACED {
                result.replaced.push_row(row, 0, count as i64);
                return Demand::More;
            }
            let is_inserted = mark == INSERTED;
            let side = if is_inserted { &mut result.inserted } else { &mut result.deleted };
            side.push_row(row, 0, count as i64);
            if !counts_returned && is_inserted == shows_inserted {
                result.affected += count;
            }
            Demand::More
        })?;
        if let (true, Some(node)) = (*ordered, inserted) {
            let columns = &self.plan.nodes[*node as usize].columns;
            result.inserted = in_order(&result.inserted, columns);
        }
        if let Some(mfp) = completed {
            result.inserted = one_by_one(&result.inserted, &mut Runner::new(mfp.clone(), scope.clone()))?;
        }
        let own = |row| conflict.as_ref().map_or(row, |conflict| conflict.split(row).0);
        result.inserted.iter().try_for_each(|row| check(own(row.val)))?;
        if let (Some(conflict), Some(sources)) = (conflict, &looked_up) {
            let resolved = conflict.resolve(&result.inserted, sources, &scope)?;
            resolved.inserted.iter().try_for_each(|row| check(row.val))?;
            result.affected = resolved.inserted.len() as u64;
            result.deleted = resolved.deleted;
            result.inserted = resolved.inserted;
            result.replaced = resolved.replaced;
            read = resolved.written;
        }
        if let Some((mut runner, finish)) = returning {
            let mut shown = Vec::new();
            let written = if shows_inserted { &result.inserted } else { &result.deleted };
            let rows = if returned.is_some() || conflict.is_some() { &read } else { written };
            let mut each = |take: &mut dyn FnMut(&[u8], u64)| -> EvalResult<()> {
                for update in rows.iter() {
                    shown.clear();
                    if runner.run(&[update.val], &mut shown)? {
                        take(&shown, update.diff as u64);
                    }
                }
                Ok(())
            };
            result.returning = Some(match (&self.returning, looked_up) {
                (Some(query), Some(mut sources)) => {
                    let mut numbered = Updates::new();
                    each(&mut |row, count| {
                        for _ in 0..count {
                            let number = Row::pack(&[Datum::Int64(numbered.len() as i64)]);
                            numbered.push(number.as_bytes(), row, 0, 1);
                        }
                    })?;
                    sources.insert(WRITTEN, Source::of(&numbered, environment.as_of));
                    let (mut gathered, rest) = query.execute(environment, sources, results)?;
                    if let Some(mut rest) = rest {
                        while !rest.resume(&mut gathered)? {}
                    }
                    gathered
                }
                _ => {
                    let mut gathered = results(finish);
                    each(&mut |row, count| {
                        gathered.push(row, count);
                    })?;
                    gathered
                }
            });
        }
        Ok(result)
    }
}

fn check_finishing(finishing: &Finishing, arity: u32) -> Result<(), ExecuteError> {
    let columns = finishing.order.iter().map(|key| key.column).chain(finishing.projection.iter().copied());
    if finishing.sorted.is_some_and(|keys| keys as usize > finishing.order.len()) {
        return Err(ExecuteError::Refused(
            "plan refused: rows are sorted by more keys than there are".into(),
        ));
    }
    match columns.into_iter().find(|column| *column >= arity) {
        Some(column) => {
            Err(ExecuteError::Refused(format!("plan refused: finishing reads column {column} of {arity}")))
        }
        None => Ok(()),
    }
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
fn refuse_errors(program: &Program, sources: &HashMap<u64, Source>) -> Result<(), ExecuteError> {
    for id in program.imports() {
        let source = sources.get(&id).ok_or_else(|| format!("arrangement {id} was not given"))?;
        if let Some((error, _, _)) = source.err.cursor().find(|(_, _, count)| *count > 0) {
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
    sources: HashMap<u64, Source>,
    mut each: impl FnMut(&[u8], &[u8], u64) -> Demand,
) -> Result<(), ExecuteError> {
    refuse_errors(&program, &sources)?;
    let mut add = |mark: &[u8], row: &[u8], count: i64| match multiplicity(count)? {
        0 => Ok(()),
        count if each(mark, row, count) == Demand::Nothing => Err(Halt::Enough),
        _ => Ok(()),
    };
    let ended = if program.is_direct() {
        let direct = Direct { program: &program, sources: &sources, position: None };
        match &*program.sink {
            Sink::Rows(pipeline) => direct.pipeline(pipeline, &mut |row, count| add(&[], row, count)),
            Sink::Write(parts) => parts.iter().try_for_each(|(mark, pipeline)| {
                direct.pipeline(pipeline, &mut |row, count| add(mark, row, count))
            }),
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

/// A plan that passes over one relation, row by row, and can stop between two of them. It keeps what it reads.
pub struct Scan {
    program: Program,
    sources: HashMap<u64, Source>,
    /// Key and value of the last row that was read.
    last: Option<(Vec<u8>, Vec<u8>)>,
    started: bool,
}

impl Scan {
    /// Whether a program passes over one relation.
    fn is_one(program: &Program) -> bool {
        let mut pipeline = match &*program.sink {
            Sink::Rows(pipeline) if program.is_direct() => pipeline,
            _ => return false,
        };
        while let Step::Pipeline(inner) = &*program.steps[pipeline.source] {
            pipeline = inner;
        }
        matches!(&*program.steps[pipeline.source], Step::Import(_))
    }

    fn new(program: Program, sources: HashMap<u64, Source>) -> Self {
        Scan { program, sources, last: None, started: false }
    }

    /// Goes on until no more is wanted for now; true: that was all.
    pub fn resume(&mut self, results: &mut impl Gather) -> Result<bool, ExecuteError> {
        let Scan { program, sources, last, started } = self;
        if !std::mem::replace(started, true) {
            refuse_errors(program, sources)?;
        }
        let Sink::Rows(pipeline) = &*program.sink else {
            return Err(ExecuteError::Refused("the plan does not yield rows".into()));
        };
        let position = Position { last: RefCell::new(last.take()), stop: Cell::new(false) };
        let direct = Direct { program, sources, position: Some(&position) };
        let ended = direct.pipeline(pipeline, &mut |row, count| match multiplicity(count)? {
            0 => Ok(()),
            count => match results.push(row, count) {
                Demand::More => Ok(()),
                Demand::Nothing => Err(Halt::Enough),
                // The other rows that are made of the same row come first.
                Demand::Later => {
                    position.stop.set(true);
                    Ok(())
                }
            },
        });
        match ended {
            Ok(()) | Err(Halt::Enough) => Ok(true),
            Err(Halt::Suspended) => {
                *last = position.last.into_inner();
                Ok(false)
            }
            Err(Halt::Failed(error)) => Err(error),
        }
    }
}

/// Where a scan stands.
struct Position {
    last: RefCell<Option<(Vec<u8>, Vec<u8>)>>,
    /// To be set when it shall stop behind the row that it has read.
    stop: Cell<bool>,
}

/// Evaluates plans whose operators keep no state, row by row.
struct Direct<'a> {
    program: &'a Program,
    sources: &'a HashMap<u64, Source>,
    position: Option<&'a Position>,
}

impl Direct<'_> {
    fn pipeline(
        &self,
        pipeline: &Pipeline,
        each: &mut dyn FnMut(&[u8], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let mut runner = Runner::new(pipeline.mfp.clone(), self.program.scope.clone());
        let mut out = Vec::new();
        let volatile = pipeline.mfp.is_volatile();
        self.node(pipeline.source, &mut |rows, count| {
            let (copies, count) = if volatile && count > 1 { (count, 1) } else { (1, count) };
            for _ in 0..copies {
                out.clear();
                if runner.run(rows, &mut out)? {
                    each(&out, count)?;
                }
            }
            Ok(())
        })
    }

    fn node(&self, node: usize, each: &mut dyn FnMut(&[&[u8]], i64) -> Result<(), Halt>) -> Result<(), Halt> {
        match &*self.program.steps[node] {
            Step::Constant(rows) => rows.iter().try_for_each(|(row, count)| each(&[row], *count)),
            Step::Import(id) => self.import(&self.sources[id].ok, each),
            Step::Lookup(id, keys) => {
                for key in keys {
                    for (key, value, count) in self.sources[id].ok.seek(key) {
                        each(&[key, value], count)?;
                    }
                }
                Ok(())
            }
            Step::Ranges { arrangement, intervals, descending: false } => {
                for interval in intervals {
                    let rows = self.sources[arrangement].ok.cursor_from(&interval.from);
                    let inside = rows.take_while(|(key, _, _)| interval.has(key));
                    for (key, value, count) in inside {
                        each(&[key, value], count)?;
                    }
                }
                Ok(())
            }
            Step::Ranges { arrangement, intervals, descending: true } => {
                for interval in intervals.iter().rev() {
                    let keys = self.sources[arrangement].ok.keys_back(interval.end().as_deref());
                    for (key, rows) in keys.take_while(|(key, _)| *key >= &interval.from[..]) {
                        for (_, value, count) in rows {
                            each(&[key, value], count)?;
                        }
                    }
                }
                Ok(())
            }
            Step::Pipeline(pipeline) => self.rows(pipeline, each),
            Step::Union(inputs) => inputs.iter().try_for_each(|input| self.rows(input, each)),
            _ => Err(ExecuteError::Refused(format!("node {node} needs a dataflow")).into()),
        }
    }

    fn import(
        &self,
        snapshot: &ShardedSnapshot,
        each: &mut dyn FnMut(&[&[u8]], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let last = self.position.and_then(|position| position.last.take());
        let rows = match &last {
            None => snapshot.cursor(),
            Some((key, _)) => snapshot.cursor_from(key),
        };
        let read = |(key, value): (&[u8], &[u8])| {
            last.as_ref()
                .is_some_and(|(last_key, last_value)| (key, value) <= (&last_key[..], &last_value[..]))
        };
        for (key, value, count) in rows.skip_while(|(key, value, _)| read((key, value))) {
            each(&[key, value], count)?;
            if let Some(position) = self.position
                && position.stop.get()
            {
                *position.last.borrow_mut() = Some((key.to_vec(), value.to_vec()));
                return Err(Halt::Suspended);
            }
        }
        Ok(())
    }

    fn rows(
        &self,
        pipeline: &Pipeline,
        each: &mut dyn FnMut(&[&[u8]], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        self.pipeline(pipeline, &mut |row, count| each(&[row], count))
    }
}

struct Snapshots<'a, 's> {
    scope: DataflowScope<'s, u64>,
    flow: Flow,
    sources: &'a HashMap<u64, Source>,
}

impl<'s> ImportProvider<'s> for Snapshots<'_, 's> {
    fn import(&mut self, id: u64) -> Result<Imported<'s>, String> {
        let source = self.sources.get(&id).ok_or_else(|| format!("arrangement {id} was not given"))?;
        let ok = import_snapshot(&source.ok, self.scope);
        let err = import_snapshot(&source.err, self.scope);
        Ok(Imported { ok, err: rows_of(err, "Errors", |key, _, row| row.extend_from_slice(key)) })
    }
    fn flow(&self) -> &Flow {
        &self.flow
    }
}

/// Runs the program in a timely runtime of its own, to its end. Consolidated rows.
fn dataflow(program: Program, sources: HashMap<u64, Source>) -> Result<Updates, ExecuteError> {
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
