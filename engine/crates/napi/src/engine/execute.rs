//! One-shot statements: at once where they are small, else by a thread for queries.

use crate::cursor::{NativeCursor, ReadyRows};
use crate::dispatch::Answer;
use crate::encoding::{Encoding, parse, settings};
use crate::engine::commit::deferred_of;
use crate::engine::{NativeEngine, collection, decode_plan};
use crate::error::{call, internal, unless_stopped};
use crate::execution::{
    AT_ONCE, Checks, Collection, Execution, NativeCancellation, NativePlan, Request, Target, limit_of,
};
use crate::read::{NativeRead, ReadColumn};
use crate::transaction::NativeTransaction;
use crate::write::NativeWrite;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use std::sync::Arc;
use tidewire_plan::Output;
use tidewire_render::Prepared;
use tidewire_row::EvalError;
use tidewire_row::work::Limit;

impl NativeEngine {
    /// An execution as JavaScript asks for it; of a plan that writes, with the collection that is written to.
    fn execution(
        &self,
        plan: &NativePlan,
        timestamp: f64,
        formats: &[u32],
        values: &[Option<Buffer>],
        time_zone: &str,
        transaction: Option<&NativeTransaction>,
        encoding: Encoding,
        limit: Limit,
        references: Checks,
    ) -> Result<Execution, EvalError> {
        let target = match plan.prepared.plan().output {
            Output::Write { arrangement, .. } => collection(&self.collections, arrangement)
                .map(|collection| Target { collection, collections: self.collections.clone(), references }),
            _ => None,
        };
        let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
        let request = Request {
            timestamp: timestamp as u64,
            formats,
            values: &values,
            settings: settings(time_zone)?,
            transaction: transaction.map(NativeTransaction::shared),
            encoding,
            limit,
            target,
            ahead: false,
        };
        Execution::new(&self.runtime, &plan.prepared, request)
    }
}

#[napi]
impl NativeEngine {
    /// Decodes a one-shot plan.
    #[napi(catch_unwind)]
    pub fn prepare(&self, plan: String) -> napi::Result<NativePlan> {
        call(|| Ok(NativePlan { prepared: Arc::new(Prepared::new(decode_plan(&plan)?)) }))
    }

    /// A plan as a read that is answered in one call; None where it is none.
    #[napi(catch_unwind)]
    pub fn direct_read(
        &self,
        plan: &NativePlan,
        time_zone: String,
        columns: Vec<ReadColumn>,
    ) -> napi::Result<Option<NativeRead>> {
        call(|| NativeRead::new(&self.runtime, &self.collections, plan, &time_zone, columns))
    }

    /// A plan as a write that is run in one call; None where it is none.
    #[napi(catch_unwind)]
    pub fn direct_write(&self, plan: &NativePlan, time_zone: String) -> napi::Result<Option<NativeWrite>> {
        call(|| NativeWrite::new(&self.runtime, &self.collections, plan, &time_zone))
    }

    /// Runs a plan that yields rows as DataRow messages, in formats `columns`, if it is immediate and reads little; else
    /// None, and `execute` runs it.
    #[napi(catch_unwind)]
    pub fn execute_now(
        &self,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: Option<&NativeTransaction>,
        columns: Vec<u8>,
    ) -> napi::Result<Option<ReadyRows>> {
        call(|| {
            if !plan.prepared.is_immediate() {
                return Ok(None);
            }
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                transaction,
                Encoding::DataRow { formats: columns, canonical: false },
                AT_ONCE,
                Checks::Commit,
            )?;
            if !execution.is_small() {
                return Ok(None);
            }
            Ok(unless_stopped(execution.rows())?.map(ReadyRows::of))
        })
    }

    /// Runs a plan that yields rows; the request is answered.
    #[napi(catch_unwind)]
    pub fn execute(
        &self,
        request: f64,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: Option<&NativeTransaction>,
        encoding: String,
        cancellation: Option<&NativeCancellation>,
    ) -> napi::Result<()> {
        call(|| {
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                transaction,
                parse(&encoding)?,
                limit_of(cancellation),
                Checks::Commit,
            )?;
            self.queries.answer(request as u64, move || {
                let limit = execution.limit();
                execution.first_rows().map(|rows| Answer::Rows(NativeCursor::new(rows, limit)))
            });
            Ok(())
        })
    }

    /// Has the next portion of a result computed; the request is answered.
    #[napi(catch_unwind)]
    pub fn fill(&self, request: f64, cursor: &NativeCursor) {
        self.queries.answer(request as u64, cursor.filling());
    }

    /// Runs a plan that writes, without RETURNING, if it is immediate and reads little: how many rows it affected. Else
    /// None, and `write` runs it.
    #[napi(catch_unwind)]
    pub fn write_now(
        &self,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: &NativeTransaction,
        references: u32,
        deferred: Option<Vec<f64>>,
    ) -> napi::Result<Option<f64>> {
        call(|| {
            let Output::Write { arrangement, returning: None, .. } = plan.prepared.plan().output else {
                return Ok(None);
            };
            let acts = |target: Arc<Collection>| target.referenced.iter().any(|key| key.acts());
            if !plan.prepared.is_immediate() || collection(&self.collections, arrangement).is_some_and(acts) {
                return Ok(None);
            }
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                Some(transaction),
                Encoding::DataRow { formats: Vec::new(), canonical: false },
                AT_ONCE,
                checks(references, deferred),
            )?;
            if !execution.is_small() {
                return Ok(None);
            }
            match unless_stopped(execution.write(&transaction.shared()))? {
                None => Ok(None),
                Some(Answer::Written(affected, _)) => Ok(Some(affected as f64)),
                Some(_) => Err(internal("a write without a count")),
            }
        })
    }

    /// Runs a plan that writes; the request is answered.
    #[napi(catch_unwind)]
    pub fn write(
        &self,
        request: f64,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: &NativeTransaction,
        references: u32,
        deferred: Option<Vec<f64>>,
        encoding: String,
        cancellation: Option<&NativeCancellation>,
    ) -> napi::Result<()> {
        call(|| {
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                Some(transaction),
                parse(&encoding)?,
                limit_of(cancellation),
                checks(references, deferred),
            )?;
            let sets = transaction.shared();
            self.queries.answer(request as u64, move || execution.write(&sets));
            Ok(())
        })
    }

    /// A cancellation.
    #[napi(catch_unwind)]
    pub fn cancellation(&self) -> NativeCancellation {
        NativeCancellation::default()
    }
}

/// What a statement does about foreign keys: 0 nothing, 1 it follows them, 2 it looks at them too.
fn checks(references: u32, deferred: Option<Vec<f64>>) -> Checks {
    match references {
        0 => Checks::Commit,
        1 => Checks::Follow,
        _ => Checks::Statement(deferred_of(deferred)),
    }
}
