//! Generators of events.

use crate::engine::NativeEngine;
use crate::error::call;
use crate::transaction::{NativeTransaction, WriteSets};
use napi_derive::napi;
use tidewire_generate::{EventSink, Nexmark, counter};
use tidewire_row::EvalError;

/// The rate of Nexmark's own time.
const NEXMARK_EVENTS_PER_SECOND: u64 = 10_000;

struct Generated<'a> {
    arrangements: &'a [Option<u64>],
    sets: &'a mut WriteSets,
    rows: u64,
}

impl EventSink for Generated<'_> {
    fn row(&mut self, table: usize, row: &[u8]) {
        if let Some(Some(arrangement)) = self.arrangements.get(table) {
            self.sets.of(*arrangement).push(row, 1);
            self.rows += 1;
        }
    }
}

#[napi]
impl NativeEngine {
    /// Writes a generator's events into a transaction; gives the number of rows.
    #[napi(catch_unwind)]
    pub fn generate(
        &self,
        kind: String,
        seed: f64,
        from: f64,
        count: f64,
        arrangements: Vec<Option<f64>>,
        transaction: &NativeTransaction,
    ) -> napi::Result<f64> {
        call(|| {
            let arrangements: Vec<Option<u64>> =
                arrangements.into_iter().map(|id| id.map(|id| id as u64)).collect();
            let wanted = |table: usize| arrangements.get(table).copied().flatten().is_some();
            let mut sets = transaction.lock();
            let mut sink = Generated { arrangements: &arrangements, sets: &mut sets, rows: 0 };
            match kind.as_str() {
                "counter" => counter(from as u64, count as u64, &mut sink),
                "nexmark" => Nexmark::new(seed as u64, NEXMARK_EVENTS_PER_SECOND).generate(
                    from as u64,
                    count as u64,
                    [wanted(0), wanted(1), wanted(2)],
                    &mut sink,
                ),
                _ => return Err(EvalError::new("0A000", format!("there is no generator \"{kind}\""))),
            }
            Ok(sink.rows as f64)
        })
    }
}
