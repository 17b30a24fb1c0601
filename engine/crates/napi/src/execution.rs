//! One-shot plans: what they read, their parameters, and running them.

use crate::constraints::TableConstraints;
use crate::cursor::NativeCursor;
use crate::dispatch::Answer;
use crate::encoding::Encoding;
use crate::error::internal;
use crate::transaction::{WriteSets, lock};
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tidewire_plan::{ColumnType, Layout, Operator, Output, ScalarType};
use tidewire_render::{Environment, Prepared, ResultSet, RowFormat, Source};
use tidewire_row::{
    Arena, Datum, EvalError, FormatSettings, binary_in, push_datum, push_null, read_column, text_in, text_out,
};
use tidewire_worker::{CollectionSnapshot, ReadError, Runtime, WriteSet};

/// An immediate plan that reads more than this runs on a query thread.
const IMMEDIATE_UPDATES: usize = 2048;

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
}

impl Collection {
    /// 23505, as PostgreSQL reports it. `constraint`: the arrangement of a key that is not the primary key.
    pub fn duplicate_key(&self, key: &[u8], constraint: Option<u64>) -> EvalError {
        let relation = self.name.rsplit('.').next().unwrap_or(&self.name);
        let other = constraint.and_then(|id| self.constraints.as_ref()?.unique(id));
        let (layout, name) = match other {
            Some(unique) => (&unique.layout, unique.name.clone()),
            None => (&self.layout, self.constraint.clone().unwrap_or_else(|| format!("{relation}_pkey"))),
        };
        EvalError::new("23505", format!("duplicate key value violates unique constraint \"{name}\""))
            .with_detail(format!("Key{} already exists.", self.key_text(layout, key)))
    }

    /// `(a, b)=(1, 2)` of a packed key.
    pub fn key_text(&self, layout: &Layout, key: &[u8]) -> String {
        let arena = Arena::new();
        let mut at = 0;
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for field in &layout.key {
            let datum = read_column(key, &mut at, field.column.scalar, &arena);
            let mut text = Vec::new();
            match datum {
                Datum::Null => text.extend_from_slice(b"null"),
                datum => text_out(datum, field.column.scalar, &FormatSettings::default(), &mut text),
            }
            values.push(String::from_utf8_lossy(&text).into_owned());
            names.push(column_of(&field.expr).and_then(|index| self.column_names.get(index)).cloned());
        }
        let names: Option<Vec<String>> = names.into_iter().collect();
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
            _ => binary_in(*scalar, -1, value, &arena)?,
        };
        push_datum(&mut row, datum);
    }
    Ok(row)
}

fn read_error(error: ReadError, timestamp: u64) -> EvalError {
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
    snapshots: HashMap<u64, CollectionSnapshot>,
    /// The transaction, if it has written to what is read: to what, and how much of that is sorted already and not.
    own: Option<(Arc<Mutex<WriteSets>>, Vec<(u64, (usize, usize))>)>,
    cancelled: Arc<AtomicBool>,
    format: RowFormat,
    names: Vec<String>,
    /// Of a write.
    target: Option<Arc<Collection>>,
}

/// What an execution is given.
pub struct Request<'a> {
    pub timestamp: u64,
    pub formats: &'a [u32],
    pub values: &'a [Option<&'a [u8]>],
    pub settings: FormatSettings,
    pub transaction: Option<Arc<Mutex<WriteSets>>>,
    pub encoding: Encoding,
    pub cancelled: Option<Arc<AtomicBool>>,
    /// What a plan that writes writes to.
    pub target: Option<Arc<Collection>>,
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
        let mut ids = prepared.reads().to_vec();
        if let Output::Write { arrangement, .. } = &plan.output
            && !ids.contains(arrangement)
        {
            ids.push(*arrangement);
        }
        let snapshots = runtime
            .snapshot(&ids, request.timestamp)
            .map_err(|error| read_error(error, request.timestamp))?;
        let mut snapshots: HashMap<u64, CollectionSnapshot> = ids.iter().copied().zip(snapshots).collect();
        let constraints = request.target.iter().filter_map(|target| target.constraints.as_ref());
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
        let (format, names) = request.encoding.row_format()?;
        Ok(Execution {
            prepared: prepared.clone(),
            environment: Environment { settings, parameters, as_of: request.timestamp },
            runtime: runtime.clone(),
            snapshots,
            own,
            cancelled: request.cancelled.unwrap_or_default(),
            format,
            names,
            target: request.target,
        })
    }

    /// Whether it reads so little that it may run on the thread that serves all sessions.
    pub fn is_small(&self) -> bool {
        let written = self.own.as_ref().map_or(&[][..], |(_, written)| written);
        let scanned = self.prepared.plan().nodes.iter().map(|node| match &node.operator {
            Operator::Import { arrangement, .. } => {
                let own =
                    written.iter().find(|(id, _)| id == arrangement).map_or(0, |(_, (sorted, _))| *sorted);
                own + self.snapshots.get(arrangement).map_or(0, |snapshot| snapshot.ok.update_count())
            }
            Operator::Constant { rows } => rows.len(),
            _ => 0,
        });
        let unsorted = written.iter().map(|(_, (_, unsorted))| *unsorted);
        scanned.chain(unsorted).sum::<usize>() <= IMMEDIATE_UPDATES
    }

    fn sources(&mut self) -> Result<HashMap<u64, Source>, EvalError> {
        if let Some((transaction, written)) = self.own.take() {
            for (id, _) in written {
                let Some((set, mut overlay)) = lock(&transaction).lend(id) else { continue };
                // Sorting may take long: the transaction is not locked meanwhile.
                let overlaid = self.runtime.overlay(id, &self.snapshots[&id], &set, &mut overlay);
                lock(&transaction).give_back(id, &set, overlay);
                self.snapshots.insert(id, overlaid.map_err(internal)?);
                self.overlay_keys(id, &transaction, &set)?;
            }
        }
        let sources = self
            .snapshots
            .iter()
            .map(|(id, snapshot)| (*id, Source { ok: snapshot.ok.clone(), err: snapshot.err.clone() }));
        Ok(sources.collect())
    }

    /// The transaction's own writes to the written table, on top of its other keys' arrangements.
    fn overlay_keys(
        &mut self,
        id: u64,
        transaction: &Mutex<WriteSets>,
        set: &Arc<WriteSet>,
    ) -> Result<(), EvalError> {
        let Output::Write { arrangement, .. } = self.prepared.plan().output else { return Ok(()) };
        let Some(constraints) = self.target.as_ref().and_then(|target| target.constraints.clone()) else {
            return Ok(());
        };
        if arrangement != id {
            return Ok(());
        }
        for key in &constraints.keys {
            let Some(snapshot) = self.snapshots.get(&key.arrangement) else { continue };
            let mut overlay = lock(transaction).lend_by(id, key.arrangement);
            let overlaid = self.runtime.overlay_by(key, snapshot, set, &mut overlay);
            lock(transaction).give_back_by(id, key.arrangement, set, overlay);
            self.snapshots.insert(key.arrangement, overlaid.map_err(internal)?);
        }
        Ok(())
    }

    /// Runs a plan that yields rows.
    pub fn rows(mut self) -> Result<ResultSet, EvalError> {
        let sources = self.sources()?;
        let settings = self.environment.settings.clone();
        let rows = self.prepared.execute(self.environment, sources, &self.cancelled)?;
        Ok(ResultSet::new(rows, self.format, &self.names, settings))
    }

    /// Runs a plan that writes; its writes go into the transaction.
    pub fn write(mut self, transaction: &Mutex<WriteSets>) -> Result<Answer, EvalError> {
        let Output::Write { arrangement, ref conflict, .. } = self.prepared.plan().output else {
            return Err(internal("the plan does not write"));
        };
        let resolves = conflict.is_some();
        let target = self.target.clone();
        let constraints = target.as_ref().and_then(|target| target.constraints.clone());
        let sources = self.sources()?;
        let settings = self.environment.settings.clone();
        let mut check = constraints.as_ref().map(|constraints| constraints.checker(&settings));
        let result = self.prepared.execute_write(self.environment, sources, &self.cancelled, &mut |row| {
            check.as_mut().map_or(Ok(()), |check| check.check(row))
        })?;
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
            if target.unique {
                let snapshot = &self.snapshots[&arrangement].ok;
                let duplicate =
                    self.runtime.check_unique(arrangement, &written, snapshot).map_err(internal)?;
                if let Some(key) = duplicate {
                    return Err(target.duplicate_key(&key, None));
                }
            }
            for key in constraints.iter().flat_map(|constraints| &constraints.keys) {
                let Some(snapshot) = self.snapshots.get(&key.arrangement) else { continue };
                let duplicate = Runtime::check_unique_by(key, &written, &snapshot.ok).map_err(internal)?;
                if let Some(value) = duplicate {
                    return Err(target.duplicate_key(&value, Some(key.arrangement)));
                }
            }
        }
        if !written.is_empty() {
            let mut sets = lock(transaction);
            let set = sets.of(arrangement);
            let number = constraints.as_ref().map_or(0, |constraints| constraints.number);
            let all = set.unchecked_from(number) == set.rows().len();
            set.append(&written);
            if all {
                set.mark_checked(number);
            }
        }
        let returning = result
            .returning
            .map(|rows| NativeCursor::new(ResultSet::new(rows, self.format, &self.names, settings.clone())));
        Ok(Answer::Written(result.affected, returning))
    }
}
