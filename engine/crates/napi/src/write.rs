//! A write that is run in one call: from the body of a Bind message to rows in a transaction. What it does not do by
//! itself, errors above all, it leaves to the ordinary way, which does everything again: then nothing was written.

use crate::bind::Bind;
use crate::dispatch::Answer;
use crate::encoding::{Encoding, settings};
use crate::engine::{Collections, collection};
use crate::error::{guarded, internal};
use crate::execution::{AT_ONCE, Checks, Execution, NativePlan, Request, Target};
use crate::read::{LATER, REFUSED, is_readable, reads_ahead};
use crate::transaction::NativeTransaction;
use napi::bindgen_prelude::{Buffer, BufferSlice};
use napi_derive::napi;
use std::sync::Arc;
use tidewire_plan::Output;
use tidewire_render::Prepared;
use tidewire_row::{EvalError, FormatSettings};
use tidewire_worker::Runtime;

/// A prepared write under a session's settings.
#[napi]
pub struct NativeWrite {
    runtime: Arc<Runtime>,
    collections: Collections,
    prepared: Arc<Prepared>,
    settings: FormatSettings,
    target: u64,
    /// What it reads and writes.
    touches: Vec<u64>,
    reads_ahead: bool,
}

impl NativeWrite {
    /// None where a plan does not write, returns rows or takes more than a moment.
    pub fn new(
        runtime: &Arc<Runtime>,
        collections: &Collections,
        plan: &NativePlan,
        time_zone: &str,
    ) -> Result<Option<Self>, EvalError> {
        let prepared = plan.prepared.clone();
        let Output::Write { arrangement: target, returning: None, .. } = prepared.plan().output else {
            return Ok(None);
        };
        if !prepared.is_immediate() {
            return Ok(None);
        }
        let (settings, runtime, collections) = (settings(time_zone)?, runtime.clone(), collections.clone());
        let reads_ahead = reads_ahead(&prepared, &collections);
        let touches = prepared.reads().iter().copied().chain([target]).collect();
        Ok(Some(NativeWrite { runtime, collections, prepared, settings, target, touches, reads_ahead }))
    }

    fn affected<'a>(
        &self,
        timestamp: u64,
        bind: Bind<'a>,
        session: &'a [Option<Buffer>],
        transaction: &NativeTransaction,
    ) -> Result<Option<u64>, EvalError> {
        let target = collection(&self.collections, self.target);
        // What refers may be many rows.
        if target.as_ref().is_some_and(|target| target.referenced.iter().any(|key| key.acts())) {
            return Ok(None);
        }
        let (mut formats, mut values) = (bind.formats, bind.values);
        for value in session {
            formats.push(0);
            values.push(value.as_deref());
        }
        let request = Request {
            timestamp,
            formats: &formats,
            values: &values,
            settings: self.settings.clone(),
            transaction: None,
            encoding: Encoding::DataRow { formats: Vec::new(), canonical: false },
            limit: AT_ONCE,
            target: target.map(|collection| Target {
                collection,
                collections: self.collections.clone(),
                references: Checks::Follow,
            }),
            ahead: self.reads_ahead,
        };
        let execution = Execution::new(&self.runtime, &self.prepared, request)?;
        if !execution.is_small() {
            return Ok(None);
        }
        match execution.write(&transaction.shared())? {
            Answer::Written(affected, _) => Ok(Some(affected)),
            _ => Err(internal("a write without a count")),
        }
    }
}

#[napi]
impl NativeWrite {
    /// Whether it reads nothing but what is written to: then it may run at the last announced time before that is computed.
    #[napi(catch_unwind)]
    pub fn reads_ahead(&self) -> bool {
        self.reads_ahead
    }

    /// Runs it with the values of the Bind message whose body is `messages[from..to]`, and behind them those of the
    /// session, as texts. What it writes is all that the transaction has written then; gives how many rows it affected.
    /// Else nothing was written: -1 for now, since the time is not computed yet, or -2 because it is not small or fails.
    #[napi(catch_unwind)]
    pub fn run(
        &self,
        timestamp: f64,
        messages: BufferSlice<'_>,
        from: u32,
        to: u32,
        session: Vec<Option<Buffer>>,
        transaction: &NativeTransaction,
    ) -> f64 {
        let time = timestamp as u64;
        if !is_readable(&self.runtime, self.reads_ahead, &self.touches, time) {
            return LATER.into();
        }
        transaction.lock().clear();
        let Some(bind) = messages.get(from as usize..to as usize).and_then(Bind::read) else {
            return REFUSED.into();
        };
        match guarded(|| self.affected(time, bind, &session, transaction)) {
            Ok(Some(affected)) => affected as f64,
            _ => REFUSED.into(),
        }
    }
}
