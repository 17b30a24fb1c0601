//! Running a fused pipeline over the rows of a node, in whatever form they stand.

use crate::compile::{Pipeline, Scope};
use std::sync::Arc;
use tidewire_arrange::{Arr, OkErr, Raises, RowStream, UpdateRef, Updates, flat_map, flat_map_arranged};
use tidewire_eval::{CompiledMfp, EvalResult, Scratch};
use tidewire_plan::ScalarType;
use tidewire_row::work::checkpoint;
use tidewire_row::{Arena, skip_columns};

/// A node's rows as they were built.
#[derive(Clone)]
pub enum Built<'s> {
    /// Whole rows.
    Rows(RowStream<'s>),
    /// Key and value rows.
    Keyed(RowStream<'s>),
    /// Arranged.
    Arranged(Arr<'s>),
    /// Fused into its reader.
    Nothing,
}

/// A compiled Mfp with its buffers.
pub struct Runner {
    mfp: Arc<CompiledMfp>,
    scope: Arc<Scope>,
    arena: Arena,
    scratch: Scratch,
    runs: u32,
}

impl Runner {
    /// Ready to run.
    pub fn new(mfp: Arc<CompiledMfp>, scope: Arc<Scope>) -> Self {
        Runner { mfp, scope, arena: Arena::new(), scratch: Scratch::new(), runs: 0 }
    }

    /// Appends the projected row to `out`; false if it was dropped.
    #[inline]
    pub fn run(&mut self, sources: &[&[u8]], out: &mut Vec<u8>) -> EvalResult<bool> {
        checkpoint();
        let Runner { mfp, scope, arena, scratch, runs } = self;
        *runs = runs.wrapping_add(1);
        if *runs % 256 == 0 {
            arena.reset();
        }
        scope.with(|context| mfp.apply_sources(sources, context, arena, scratch, out))
    }

    /// Runs over a row and pushes what it yields; `key` are the types of the leading key columns.
    #[inline]
    pub fn push(
        &mut self,
        sources: &[&[u8]],
        key: Option<&[ScalarType]>,
        time: u64,
        diff: i64,
        out: &mut OkErr,
    ) {
        if diff > 1 && self.mfp.is_volatile() {
            for _ in 0..diff {
                self.push(sources, key, time, 1, out);
            }
            return;
        }
        let pushed = out.ok.try_push_with(time, diff, |bytes| {
            let start = bytes.len();
            match self.run(sources, bytes) {
                Ok(true) => Ok(key.map_or(0, |types| skip_columns(bytes, start, types) - start)),
                Ok(false) => Err(None),
                Err(error) => Err(Some(error)),
            }
        });
        if let Err(Some(error)) = pushed {
            out.err.push_row_with(time, diff, |bytes| error.encode(bytes));
        }
    }
}

/// The pipeline's output (keyed if it has a key) and its errors.
pub fn run<'s>(
    built: &Built<'s>,
    pipeline: &Pipeline,
    scope: &Arc<Scope>,
    name: &str,
) -> (RowStream<'s>, Option<RowStream<'s>>) {
    if let Built::Rows(stream) = built
        && pipeline.key.is_none()
        && pipeline.mfp.is_identity()
    {
        return (stream.clone(), None);
    }
    let mut runner = Runner::new(pipeline.mfp.clone(), scope.clone());
    let key = pipeline.key.clone();
    over(built, name, Raises::when(pipeline.mfp.can_raise()), move |sources, time, diff, out| {
        runner.push(sources, key.as_deref(), time, diff, out);
    })
}

/// The pipeline's rows, each handed as `(key, rest)` to `emit`, which pushes what it makes of them, and no errors.
pub fn run_with<'s>(
    built: &Built<'s>,
    pipeline: &Pipeline,
    scope: &Arc<Scope>,
    name: &str,
    mut emit: impl FnMut(&[u8], &[u8], u64, i64, &mut OkErr) + 'static,
) -> (RowStream<'s>, Option<RowStream<'s>>) {
    let mut runner = Runner::new(pipeline.mfp.clone(), scope.clone());
    let key = pipeline.key.clone();
    let mut row = Vec::new();
    over(built, name, Raises::when(pipeline.mfp.can_raise()), move |sources, time, diff, out| {
        row.clear();
        match runner.run(sources, &mut row) {
            Ok(true) => {
                let end = key.as_deref().map_or(0, |types| skip_columns(&row, 0, types));
                let (key, rest) = row.split_at(end);
                emit(key, rest, time, diff, out);
            }
            Ok(false) => {}
            Err(error) => out.err.push_row_with(time, diff, |bytes| error.encode(bytes)),
        }
    })
}

/// Runs `logic` over the rows of a node, given as the packed rows of its form.
pub fn over<'s>(
    built: &Built<'s>,
    name: &str,
    raises: Raises,
    mut logic: impl FnMut(&[&[u8]], u64, i64, &mut OkErr) + 'static,
) -> (RowStream<'s>, Option<RowStream<'s>>) {
    match built {
        Built::Rows(stream) => {
            flat_map(stream.clone(), name, raises, move |update: UpdateRef<'_>, out: &mut OkErr| {
                logic(&[update.val], update.time, update.diff, out);
            })
        }
        Built::Keyed(stream) => {
            flat_map(stream.clone(), name, raises, move |update: UpdateRef<'_>, out: &mut OkErr| {
                logic(&[update.key, update.val], update.time, update.diff, out);
            })
        }
        Built::Arranged(arrangement) => {
            let each = move |update: UpdateRef<'_>, out: &mut OkErr| {
                logic(&[update.key, update.val], update.time, update.diff, out);
            };
            flat_map_arranged(arrangement.clone(), name, raises, each)
        }
        Built::Nothing => unreachable!("a fused node is part of its reader's pipeline"),
    }
}

/// The updates of one time as a container, for sources.
pub fn container(rows: impl IntoIterator<Item = (Vec<u8>, i64)>, time: u64) -> Updates {
    let mut updates = Updates::new();
    for (row, diff) in rows {
        updates.push_row(&row, time, diff);
    }
    updates
}
