//! One-shot plans: what they read, their parameters, and running them.

use crate::constraints::TableConstraints;
use crate::cursor::NativeCursor;
use crate::dispatch::Answer;
use crate::encoding::Encoding;
use crate::engine::Collections;
use crate::error::{internal, stopped};
use crate::references::{Changes, Deferred, ForeignKey, References, append};
use crate::transaction::{WriteSets, lock};
use napi_derive::napi;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tidewire_arrange::ShardedSnapshot;
use tidewire_plan::{ColumnType, Layout, Operator, Output, ScalarType};
use tidewire_render::{Environment, Prepared, ResultSet, Results, RowFormat, Sources};
use tidewire_row::io::EXCESS;
use tidewire_row::work::{Limit, limited};
use tidewire_row::{
    About, Arena, Datum, EvalError, FormatSettings, binary_in, column_bounds, push_datum, push_null,
    read_column, text_in, text_out,
};
use tidewire_worker::{Hold, LayoutSplitter, ReadError, Runtime, WriteSet};

/// An immediate plan that reads more than this runs on a query thread.
const IMMEDIATE_UPDATES: usize = 2048;
/// What costs more than this, some milliseconds, is not done on the thread that serves all sessions.
pub const AT_ONCE: Limit = Limit::Units(8192);

/// A one-shot plan with what was compiled of it.
#[napi]
pub struct NativePlan {
    pub(crate) prepared: Arc<Prepared>,
}

#[napi]
impl NativePlan {
    /// Whether it is answered without a dataflow.
    #[napi(catch_unwind)]
    pub fn immediate(&self) -> bool {
        self.prepared.is_immediate()
    }
}

/// Ends executions.
#[napi]
#[derive(Default)]
pub struct NativeCancellation {
    pub(crate) cancelled: Arc<AtomicBool>,
}

/// Of work that goes on until it is cancelled.
pub fn limit_of(cancellation: Option<&NativeCancellation>) -> Limit {
    let cancelled = cancellation.map(|cancellation| cancellation.cancelled.clone());
    Limit::Cancellation(cancelled.unwrap_or_default())
}

#[napi]
impl NativeCancellation {
    /// Ends them.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// What the engine knows of a collection that is written to.
#[derive(Clone)]
pub struct Collection {
    /// Its qualified name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<ColumnType>,
    /// The primary key's constraint.
    pub constraint: Option<String>,
    /// The columns' names, as far as they were given.
    pub column_names: Vec<String>,
    /// How it is arranged.
    pub layout: Layout,
    /// Whether its key is a primary key.
    pub unique: bool,
    /// What its rows must satisfy.
    pub constraints: Option<Arc<TableConstraints>>,
    /// The foreign keys that refer to it.
    pub referenced: Vec<Arc<ForeignKey>>,
}

impl Collection {
    /// Its schema.
    pub fn schema(&self) -> &str {
        self.name.strip_suffix(self.relation()).map_or("", |schema| schema.trim_end_matches('.'))
    }

    /// What an error about one of its constraints is about.
    pub fn about(&self, constraint: &str) -> About {
        let (schema, table) = (self.schema().to_owned(), self.relation().to_owned());
        About { schema, table: Some(table), constraint: Some(constraint.to_owned()), ..About::default() }
    }

    /// Its name without the schema.
    pub fn relation(&self) -> &str {
        match &self.constraints {
            Some(constraints) => constraints.relation(),
            None => self.name.rsplit('.').next().unwrap_or(&self.name),
        }
    }

    /// 23505 if a key would be there more than once with these writes. `snapshot` is by the arrangement of a key, without
    /// them; a key without a snapshot is left to the commit.
    pub fn refuse_duplicates<'a>(
        &self,
        runtime: &Runtime,
        id: u64,
        written: &WriteSet,
        snapshot: impl Fn(u64) -> Option<&'a ShardedSnapshot>,
    ) -> Result<(), EvalError> {
        if self.unique
            && let Some(snapshot) = snapshot(id)
            && let Some(key) = runtime.check_unique(id, written, snapshot).map_err(internal)?
        {
            let splitter = LayoutSplitter::new(&self.columns, &self.layout).map_err(internal)?;
            let row = written.row_with(&splitter, &key, true);
            return Err(self.duplicate_key(&key, None, row.as_deref()));
        }
        for key in self.constraints.iter().flat_map(|constraints| &constraints.keys) {
            let Some(snapshot) = snapshot(key.arrangement) else { continue };
            if let Some(value) = Runtime::check_unique_by(key, written, snapshot).map_err(internal)? {
                let row = written.row_with(key.splitter.as_ref(), &value, true);
                return Err(self.duplicate_key(&value, Some(key.arrangement), row.as_deref()));
            }
        }
        Ok(())
    }

    /// 23505, as PostgreSQL reports it. `constraint`: the arrangement of a key that is not the primary key; `row`: the row
    /// that has the key.
    pub fn duplicate_key(&self, key: &[u8], constraint: Option<u64>, row: Option<&[u8]>) -> EvalError {
        let relation = self.relation();
        let other = constraint.and_then(|id| self.constraints.as_ref()?.unique(id));
        let (layout, name, elements) = match other {
            Some(unique) => (&unique.layout, unique.name.clone(), &unique.elements[..]),
            None => {
                let name = self.constraint.clone().unwrap_or_else(|| format!("{relation}_pkey"));
                (&self.layout, name, &[][..])
            }
        };
        EvalError::new("23505", format!("duplicate key value violates unique constraint \"{name}\""))
            .with_detail(format!("Key{} already exists.", self.key_text(layout, key, row, None, elements)))
            .with_about(self.about(&name))
    }

    /// `(a, b)=(1, 2)` of a packed key. With `row`, which has the key, columns show what they have there (1.50), not what
    /// stands for it in keys (1.5). `order`: the columns in another order than the layout's. `elements`: what the key's parts
    /// are called where they are not columns.
    pub fn key_text(
        &self,
        layout: &Layout,
        key: &[u8],
        row: Option<&[u8]>,
        order: Option<&[u32]>,
        elements: &[String],
    ) -> String {
        let arena = Arena::new();
        let text_of = |datum: Datum<'_>, scalar: ScalarType| {
            let mut text = Vec::new();
            match datum {
                Datum::Null => text.extend_from_slice(b"null"),
                datum => text_out(datum, scalar, &FormatSettings::default(), &mut text),
            }
            String::from_utf8_lossy(&text).into_owned()
        };
        let mut bounds = Vec::new();
        if let Some(row) = row {
            let types: Vec<ScalarType> = self.columns.iter().map(|column| column.scalar).collect();
            column_bounds(row, &types, &mut bounds);
        }
        let mut at = 0;
        let mut fields: Vec<(Option<usize>, String)> = Vec::new();
        for field in &layout.key {
            let datum = read_column(key, &mut at, field.column.scalar, &arena);
            let column = column_of(&field.expr);
            let text = match (column, row) {
                (Some(index), Some(row)) => {
                    let (bytes, scalar) = (&row[bounds[index] as usize..], self.columns[index].scalar);
                    text_of(read_column(bytes, &mut 0, scalar, &arena), scalar)
                }
                _ => text_of(datum, field.column.scalar),
            };
            fields.push((column, text));
        }
        if let Some(order) = order {
            let place =
                |column: &Option<usize>| order.iter().position(|other| Some(*other as usize) == *column);
            fields.sort_by_key(|(column, _)| place(column));
        }
        let names = fields.iter().map(|(column, _)| self.column_names.get((*column)?).cloned());
        let names: Option<Vec<String>> =
            if elements.is_empty() { names.collect() } else { Some(elements.to_vec()) };
        let values: Vec<String> = fields.iter().map(|(_, text)| text.clone()).collect();
        let names = names.map(|names| format!(" ({})", names.join(", "))).unwrap_or_default();
        format!("{names}=({})", values.join(", "))
    }
}

fn column_of(expr: &tidewire_plan::Expr) -> Option<usize> {
    match expr {
        tidewire_plan::Expr::Column { index } => Some(*index as usize),
        tidewire_plan::Expr::Canonical { operand, .. } => column_of(operand),
        _ => None,
    }
}

/// The parameters as one packed row.
pub fn parameters(
    types: &[ScalarType],
    formats: &[u32],
    values: &[Option<&[u8]>],
    settings: &FormatSettings,
) -> Result<Vec<u8>, EvalError> {
    if values.len() != types.len() {
        return Err(EvalError::new(
            "08P01",
            format!("the statement takes {} parameters, {} were given", types.len(), values.len()),
        ));
    }
    let arena = Arena::new();
    let mut row = Vec::new();
    for (index, (scalar, value)) in types.iter().zip(values).enumerate() {
        let Some(value) = value else {
            push_null(&mut row);
            continue;
        };
        let datum = match formats.get(index).copied().unwrap_or(0) {
            0 => {
                let text = std::str::from_utf8(value)
                    .map_err(|_| EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\""))?;
                if text.contains('\0') {
                    return Err(EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\": 0x00"));
                }
                text_in(*scalar, -1, text, settings, &arena)?
            }
            _ => binary_in(*scalar, -1, value, &arena).map_err(|error| of_parameter(error, index))?,
        };
        push_datum(&mut row, datum);
    }
    Ok(row)
}

/// That bytes are left over is said with the parameter's number.
fn of_parameter(error: EvalError, index: usize) -> EvalError {
    if error.message() != EXCESS {
        return error;
    }
    EvalError::new(error.sqlstate(), format!("{EXCESS} in bind parameter {}", index + 1))
}

/// Why a collection can't be read, as a client is told.
pub fn read_error(error: ReadError, timestamp: u64) -> EvalError {
    match error {
        ReadError::Unknown(id) => EvalError::new("42P01", format!("arrangement {id} does not exist")),
        ReadError::NotReady(id) => {
            EvalError::new("55000", format!("arrangement {id} is not ready to be read"))
        }
        ReadError::NotComputed { computed } => {
            internal(format!("the time is not computed yet; {computed} is"))
        }
        ReadError::TooOld(too_old) => crate::error::too_old(timestamp, too_old),
    }
}

/// An execution with everything that it reads, fixed when it was asked for.
pub struct Execution {
    prepared: Arc<Prepared>,
    environment: Environment,
    runtime: Arc<Runtime>,
    snapshots: Sources,
    /// The transaction, if it has written to what is read: to what, and how much of that is sorted already and not.
    own: Option<(Arc<Mutex<WriteSets>>, Vec<(u64, (usize, usize))>)>,
    limit: Limit,
    format: RowFormat,
    names: Vec<String>,
    /// The settings that results are written with.
    written_with: FormatSettings,
    /// Of a write.
    target: Option<Target>,
    /// Of a write that has to do with foreign keys: keeps its time readable.
    hold: Option<Hold>,
}

/// What a plan writes to.
pub struct Target {
    pub collection: Arc<Collection>,
    pub collections: Collections,
    pub references: Checks,
}

impl Target {
    /// Whether the statement has to do with foreign keys.
    fn refers(&self) -> bool {
        let Collection { referenced, constraints, .. } = &*self.collection;
        match self.references {
            Checks::Commit => false,
            Checks::Follow => referenced.iter().any(|key| key.acts()),
            Checks::Statement(_) => {
                !referenced.is_empty() || constraints.as_ref().is_some_and(|own| !own.foreign.is_empty())
            }
        }
    }
}

/// What a statement does about foreign keys; the commit looks at all of them.
#[derive(Clone)]
pub enum Checks {
    /// Nothing: rows that refer go too.
    Commit,
    /// It changes rows that refer.
    Follow,
    /// It changes rows that refer, and looks at the foreign keys when it ends.
    Statement(Deferred),
}

/// What an execution is given.
pub struct Request<'a> {
    pub timestamp: u64,
    pub formats: &'a [u32],
    pub values: &'a [Option<&'a [u8]>],
    pub settings: FormatSettings,
    pub transaction: Option<Arc<Mutex<WriteSets>>>,
    pub encoding: Encoding,
    pub limit: Limit,
    /// Of a plan that writes.
    pub target: Option<Target>,
    /// The timestamp is the last announced one and need not be computed: the plan reads only what is written to.
    pub ahead: bool,
}

impl Execution {
    /// Takes the snapshots and reads the parameters.
    pub fn new(
        runtime: &Arc<Runtime>,
        prepared: &Arc<Prepared>,
        request: Request<'_>,
    ) -> Result<Self, EvalError> {
        let plan = prepared.plan();
        let settings = request.settings;
        let parameters = parameters(&plan.parameters, request.formats, request.values, &settings)?;
        let mut ids: SmallVec<[u64; 4]> = prepared.reads().into();
        if let Output::Write { arrangement, .. } = &plan.output
            && !ids.contains(arrangement)
        {
            ids.push(*arrangement);
        }
        let snapshots = match request.ahead {
            true => runtime.snapshot_ahead(&ids, request.timestamp),
            false => runtime.snapshot(&ids, request.timestamp),
        };
        let snapshots = snapshots.map_err(|error| read_error(error, request.timestamp))?;
        let mut snapshots: Sources = ids.iter().copied().zip(snapshots).collect();
        let constraints = request.target.iter().filter_map(|target| target.collection.constraints.as_ref());
        for key in constraints.flat_map(|constraints| &constraints.keys) {
            // A key that came after the transaction's time is left to the commit.
            let snapshot = runtime.snapshot(&[key.arrangement], request.timestamp);
            if let Some(snapshot) = snapshot.ok().and_then(|snapshots| snapshots.into_iter().next()) {
                snapshots.insert(key.arrangement, snapshot);
            }
        }
        let own = request.transaction.and_then(|transaction| {
            let sets = lock(&transaction);
            let written: Vec<_> = ids.iter().filter_map(|id| Some((*id, sets.sizes(*id)?))).collect();
            drop(sets);
            (!written.is_empty()).then_some((transaction, written))
        });
        let refers = request.target.as_ref().is_some_and(Target::refers);
        let hold = refers.then(|| runtime.hold(request.timestamp)).transpose();
        let hold = hold.map_err(|error| crate::error::too_old(request.timestamp, error))?;
        let written_with = request.encoding.settings(&settings);
        let (format, names) = request.encoding.row_format()?;
        Ok(Execution {
            prepared: prepared.clone(),
            environment: Environment { settings, parameters, as_of: request.timestamp },
            runtime: runtime.clone(),
            snapshots,
            own,
            limit: request.limit,
            format,
            names,
            written_with,
            target: request.target,
            hold,
        })
    }

    /// What ends it.
    pub fn limit(&self) -> Limit {
        self.limit.clone()
    }

    /// Whether it reads so little that it may run on the thread that serves all sessions.
    pub fn is_small(&self) -> bool {
        let written = self.own.as_ref().map_or(&[][..], |(_, written)| written);
        let scanned = self.prepared.plan().nodes.iter().map(|node| match &node.operator {
            Operator::Import { arrangement, .. } => {
                let own =
                    written.iter().find(|(id, _)| id == arrangement).map_or(0, |(_, (sorted, _))| *sorted);
                own + self.snapshots.get(*arrangement).map_or(0, |snapshot| snapshot.ok.update_count())
            }
            Operator::Constant { rows } => rows.len(),
            _ => 0,
        });
        let unsorted = written.iter().map(|(_, (_, unsorted))| *unsorted);
        scanned.chain(unsorted).sum::<usize>() <= IMMEDIATE_UPDATES
    }

    /// Puts what the transaction has written itself on top of what is read.
    fn overlay(&mut self) -> Result<(), EvalError> {
        if let Some((transaction, written)) = self.own.take() {
            for (id, _) in written {
                let Some((set, mut overlay)) = lock(&transaction).lend(id) else { continue };
                // Sorting may take long: the transaction is not locked meanwhile.
                let Some(snapshot) = self.snapshots.get(id) else { continue };
                let overlaid = self.runtime.overlay(id, snapshot, &set, &mut overlay);
                lock(&transaction).give_back(id, &set, overlay);
                self.snapshots.insert(id, overlaid.map_err(internal)?);
                self.overlay_keys(id, &transaction, &set)?;
            }
        }
        Ok(())
    }

    /// The transaction's own writes to the written table, on top of its other keys' arrangements.
    fn overlay_keys(
        &mut self,
        id: u64,
        transaction: &Mutex<WriteSets>,
        set: &Arc<WriteSet>,
    ) -> Result<(), EvalError> {
        let Output::Write { arrangement, .. } = self.prepared.plan().output else { return Ok(()) };
        let Some(constraints) = self.target.as_ref().and_then(|target| target.collection.constraints.clone())
        else {
            return Ok(());
        };
        if arrangement != id {
            return Ok(());
        }
        for key in &constraints.keys {
            let Some(snapshot) = self.snapshots.get(key.arrangement) else { continue };
            let mut overlay = lock(transaction).lend_by(id, key.arrangement);
            let overlaid = self.runtime.overlay_by(key.splitter.as_ref(), snapshot, set, &mut overlay);
            lock(transaction).give_back_by(id, key.arrangement, set, overlay);
            self.snapshots.insert(key.arrangement, overlaid.map_err(internal)?);
        }
        Ok(())
    }

    /// Runs a plan that yields rows to its end.
    pub fn rows(self) -> Result<ResultSet, EvalError> {
        let limit = self.limit.clone();
        let mut rows = self.first_rows()?;
        while rows.row_count().is_none() {
            limited(limit.clone(), || rows.fill()).map_err(stopped)??;
        }
        Ok(rows)
    }

    /// Runs a plan that yields rows, perhaps only up to its first portion.
    pub fn first_rows(mut self) -> Result<ResultSet, EvalError> {
        // The transaction's own rows are sorted without a limit: it keeps what comes of that.
        self.overlay()?;
        let Execution { prepared, environment, snapshots, limit, format, names, written_with, .. } = self;
        let results = |finish| Results::new(finish, format, &names, written_with);
        let run = || prepared.execute(environment, snapshots, results).map(|(rows, rest)| rows.finish(rest));
        Ok(limited(limit, run).map_err(stopped)??)
    }

    /// Runs a plan that writes; its writes go into the transaction.
    pub fn write(mut self, transaction: &Mutex<WriteSets>) -> Result<Answer, EvalError> {
        let Output::Write { arrangement, deleted, inserted, replaced, ref conflict, .. } =
            self.prepared.plan().output
        else {
            return Err(internal("the plan does not write"));
        };
        let resolves = conflict.is_some();
        // Else the plan is older than the first foreign key that acts, and the commit finds what it has left undone.
        let pairs = resolves || replaced.is_some() || deleted.is_none() || inserted.is_none();
        let timestamp = self.environment.as_of;
        // It saw what was committed and nothing of its own.
        let is_sound = self.own.is_none();
        self.overlay()?;
        let sources = self.snapshots.clone();
        let target = self.target.take();
        let constraints = target.as_ref().and_then(|target| target.collection.constraints.clone());
        let settings = self.environment.settings.clone();
        let (format, names) = (self.format.clone(), &self.names);
        let written_with = self.written_with.clone();
        let results = |finish| Results::new(finish, format, names, written_with);
        let mut check = constraints.as_ref().map(|constraints| constraints.checker(&settings));
        let (prepared, environment) = (&self.prepared, self.environment);
        let mut check_row = |row: &[u8]| check.as_mut().map_or(Ok(()), |check| check.check(row));
        let run = || prepared.execute_write(environment, sources, results, &mut check_row);
        let mut result = limited(self.limit.clone(), run).map_err(stopped)??;
        let mut written = WriteSet::new();
        for (rows, sign) in [(&result.deleted, -1), (&result.inserted, 1)] {
            for update in rows.iter() {
                written.push(update.val, sign * update.diff);
            }
        }
        if resolves {
            written.mark_resolved();
        }
        if let Some(target) = &target
            && !result.inserted.is_empty()
        {
            let snapshot = |id: u64| self.snapshots.get(id).map(|snapshot| &snapshot.ok);
            target.collection.refuse_duplicates(&self.runtime, arrangement, &written, snapshot)?;
        }
        if is_sound {
            written.mark_sound(timestamp);
        }
        let followed = if self.hold.is_some() { written.clone() } else { WriteSet::new() };
        if !written.is_empty() {
            let number = constraints.as_ref().map_or(0, |constraints| constraints.number);
            append(transaction, arrangement, number, written);
        }
        if let (Some(Target { collection: target, collections, references: checks }), Some(_hold)) =
            (&target, &self.hold)
        {
            let mut references = References {
                runtime: &self.runtime,
                collections,
                timestamp,
                transaction,
                settings: &settings,
                snapshots: HashMap::new(),
                written: BTreeMap::from([(arrangement, followed)]),
            };
            let run = || {
                if pairs && target.referenced.iter().any(|key| key.acts()) {
                    let replaced = std::mem::take(&mut result.replaced);
                    references.follow(Changes::new(
                        arrangement,
                        &result.deleted,
                        replaced,
                        &target.columns,
                    ))?;
                }
                match checks {
                    Checks::Statement(deferred) => references.check(deferred),
                    Checks::Commit | Checks::Follow => Ok(()),
                }
            };
            limited(self.limit.clone(), run).map_err(stopped)??;
        }
        let returning = result.returning.map(|rows| NativeCursor::new(rows.finish(None), self.limit));
        Ok(Answer::Written(result.affected, returning))
    }
}
