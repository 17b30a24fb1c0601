//! Transactions, and how groups of them are committed.

use crate::dispatch::Answer;
use crate::engine::{Collections, NativeEngine, collection};
use crate::error::{call, internal, to_json};
use crate::references::{Deferred, violated};
use crate::transaction::{NativeTransaction, WriteSets, lock};
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;
use tidewire_row::{EvalError, FormatSettings};
use tidewire_worker::{Conflict, Writes};

/// A group of so few bytes is committed on the thread that serves all sessions: some rows are checked in microseconds.
const COMMIT_NOW_BYTES: usize = 16 << 10;

#[napi]
impl NativeEngine {
    /// A transaction.
    #[napi(catch_unwind)]
    pub fn begin_transaction(&self) -> NativeTransaction {
        NativeTransaction::empty()
    }

    /// Whether what a transaction has written so far keeps the foreign keys. `deferred`: the arrangements of those that are
    /// not looked at; null: as they were declared.
    #[napi(catch_unwind)]
    pub fn check_references(
        &self,
        transaction: &NativeTransaction,
        deferred: Option<Vec<f64>>,
    ) -> napi::Result<()> {
        call(|| {
            let writes = transaction.lock().writes();
            let deferred = deferred_of(deferred);
            let left_out: Vec<u64> = self
                .collections
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .values()
                .flat_map(|table| &table.referenced)
                .filter(|key| deferred.has(&key.said))
                .map(|key| key.said.arrangement)
                .collect();
            let checked = self.runtime.check_references(&writes, |id| left_out.contains(&id));
            checked.map_err(|conflict| conflict_error(conflict, &self.collections))
        })
    }

    /// Commits a group; the answer is JSON: for each transaction its error or null; or nothing, where all are committed. A
    /// small group with nothing before it is committed at once, and the answer given.
    #[napi(catch_unwind)]
    pub fn commit(
        &self,
        request: f64,
        timestamp: f64,
        transactions: Vec<ClassInstance<'_, NativeTransaction>>,
    ) -> napi::Result<Option<String>> {
        let writes: Vec<_> = transactions.iter().map(|transaction| transaction.lock().writes()).collect();
        let (runtime, collections) = (self.runtime.clone(), self.collections.clone());
        let bytes: usize = writes.iter().flatten().map(|(_, set)| set.byte_len()).sum();
        let is_small = bytes <= COMMIT_NOW_BYTES;
        // The handles of large ones may stay long: JavaScript does not know what they hold.
        let large: Vec<_> = transactions.iter().filter(|_| !is_small).map(|each| each.shared()).collect();
        let run = move || {
            let mut writes: Vec<Writes> = writes;
            let refused: Vec<Option<EvalError>> = writes
                .iter_mut()
                .map(|writes| {
                    let refused = check_rows(writes, &collections).err();
                    if refused.is_some() {
                        writes.clear();
                    }
                    refused
                })
                .collect();
            let conflicts = runtime.commit(timestamp as u64, &writes).map_err(internal)?;
            for ((sets, refused), conflict) in large.iter().zip(&refused).zip(&conflicts) {
                if refused.is_none() && conflict.is_none() {
                    *lock(sets) = WriteSets::default();
                }
            }
            if conflicts.iter().all(Option::is_none) && refused.iter().all(Option::is_none) {
                return Ok(String::new());
            }
            let errors = conflicts.into_iter().zip(refused).map(|(conflict, refused)| {
                let error = refused.or_else(|| Some(conflict_error(conflict?, &collections)));
                error.map_or_else(|| "null".to_owned(), |error| to_json(&error))
            });
            Ok(format!("[{}]", errors.collect::<Vec<_>>().join(",")))
        };
        if is_small && self.sequence.is_idle() {
            return call(run).map(Some);
        }
        self.sequence.answer(request as u64, move || run().map(Answer::Json));
        Ok(None)
    }

    /// Time moves on.
    #[napi(catch_unwind)]
    pub fn advance(&self, timestamp: f64) {
        let runtime = self.runtime.clone();
        self.sequence.run(move || runtime.tick(timestamp as u64));
    }

    /// Whether everything up to `timestamp` is computed; if not, the callback hears when it is.
    #[napi(catch_unwind)]
    pub fn await_computed(&self, timestamp: f64) -> bool {
        self.dispatch.await_completed(timestamp as u64);
        let computed = self.runtime.computed() >= timestamp as u64;
        if !computed {
            self.runtime.hasten();
        }
        computed
    }

    /// Commits that nobody waits for are begun with, unless others were since this was called last. Whether it is to be called
    /// again.
    #[napi(catch_unwind)]
    pub fn tell_late(&self) -> bool {
        self.runtime.tell_late()
    }

    /// All that is computed.
    #[napi(catch_unwind)]
    pub fn computed(&self) -> f64 {
        self.runtime.computed() as f64
    }
}

/// Whether rows that no statement has checked against the present constraints satisfy them: those of COPY, and those of
/// transactions that are older than a constraint.
fn check_rows(writes: &Writes, collections: &Collections) -> Result<(), EvalError> {
    for (id, set) in writes {
        let Some(constraints) = collection(collections, *id).and_then(|known| known.constraints.clone())
        else {
            continue;
        };
        let rows = set.rows();
        let from = set.unchecked_from(constraints.number);
        if from == rows.len() {
            continue;
        }
        let settings = FormatSettings::default();
        let mut checker = constraints.checker(&settings);
        for row in (from..rows.len()).map(|index| rows.get(index)).filter(|row| row.diff > 0) {
            checker.check(row.val)?;
        }
    }
    Ok(())
}

pub fn deferred_of(arrangements: Option<Vec<f64>>) -> Deferred {
    match arrangements {
        None => Deferred::AsDeclared,
        Some(arrangements) => Deferred::These(arrangements.into_iter().map(|id| id as u64).collect()),
    }
}

/// A transaction's conflict as PostgreSQL reports it.
pub fn conflict_error(conflict: Conflict, collections: &Collections) -> EvalError {
    match conflict {
        Conflict::RowGone { .. } => {
            EvalError::new("40001", "could not serialize access due to concurrent update")
                .with_hint("Run the transaction again.")
        }
        Conflict::DuplicateKey { collection: id, constraint, key, row } => {
            match collection(collections, id) {
                Some(collection) => collection.duplicate_key(&key, constraint, row.as_deref()),
                None => EvalError::new("23505", "duplicate key value violates unique constraint"),
            }
        }
        Conflict::ForeignKey { child, constraint, key, row, missing } => {
            let foreign = collection(collections, child)
                .and_then(|child| child.constraints.as_ref()?.foreign_key(constraint).cloned());
            match foreign {
                Some(foreign) => violated(&foreign, &key, row.as_deref(), missing, collections),
                None => EvalError::new("23503", "a foreign key constraint is violated"),
            }
        }
        Conflict::Invalid { collection: id, message } => {
            let name = collection(collections, id).map_or_else(|| id.to_string(), |c| c.name.clone());
            EvalError::new("55000", format!("cannot write to \"{name}\": {message}"))
        }
    }
}
