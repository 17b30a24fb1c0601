//! Running a fused pipeline over the rows of a node, in whatever form they stand.

use crate::compile::{Pipeline, Scope};
use std::sync::Arc;
use tidewire_arrange::{
    Arr, OkErr, Raises, RowStream, UpdateRef, Updates, added_up, flat_map, flat_map_arranged,
};
use tidewire_eval::{CompiledMfp, EvalResult, Scratch};
use tidewire_plan::ScalarType;
use tidewire_row::work::checkpoint;
use tidewire_row::{Arena, Datum, EvalError, FormatSettings, InputRow, read_column, skip_columns, text_out};

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
    /// The relation's arrangement whose keys and values are the sources.
    reads: Option<u64>,
}

impl Runner {
    /// Ready to run.
    pub fn new(mfp: Arc<CompiledMfp>, scope: Arc<Scope>) -> Self {
        Runner { mfp, scope, arena: Arena::new(), scratch: Scratch::new(), runs: 0, reads: None }
    }

    /// Over the rows of a relation, if they are one's: its errors say which row.
    fn reading(self, reads: Option<u64>) -> Self {
        Runner { reads, ..self }
    }

    /// Appends the projected row to `out`; false if it was dropped.
    #[inline]
    pub fn run(&mut self, sources: &[&[u8]], out: &mut Vec<u8>) -> EvalResult<bool> {
        checkpoint();
        let Runner { mfp, scope, arena, scratch, runs, .. } = self;
        *runs = runs.wrapping_add(1);
        if *runs % 256 == 0 {
            arena.reset();
        }
        scope.with(|context| mfp.apply_sources(sources, context, arena, scratch, out))
    }

    /// The error with the row for which it was raised. The same row raises the same error: it takes back what it raised.
    #[cold]
    fn located(&self, error: EvalError, sources: &[&[u8]]) -> EvalError {
        let Some(arrangement) = self.reads else { return error };
        let (arena, key) = (Arena::new(), sources[0]);
        let mut at = 0;
        let values: Vec<String> = self.scope.with(|context| {
            let value = |scalar| shown(read_column(key, &mut at, scalar, &arena), scalar, context.settings);
            self.mfp.source(0).map(value).collect()
        });
        error.for_row(InputRow { arrangement, key: values.join(", ") })
    }

    /// How often it runs over a row of this multiplicity, and that of what each run yields: what is volatile is another value for
    /// each copy.
    #[inline]
    pub fn copies(&self, diff: i64) -> (i64, i64) {
        if diff > 1 && self.mfp.is_volatile() { (diff, 1) } else { (1, diff) }
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
        let (copies, each) = self.copies(diff);
        for _ in 0..copies {
            self.push_once(sources, key, time, each, out);
        }
    }

    #[inline]
    fn push_once(
        &mut self,
        sources: &[&[u8]],
        key: Option<&[ScalarType]>,
        time: u64,
        diff: i64,
        out: &mut OkErr,
    ) {
        let pushed = out.ok.try_push_with(time, diff, |bytes| {
            let start = bytes.len();
            match self.run(sources, bytes) {
                Ok(true) => Ok(key.map_or(0, |types| skip_columns(bytes, start, types) - start)),
                Ok(false) => Err(None),
                Err(error) => Err(Some(self.located(error, sources))),
            }
        });
        if let Err(Some(error)) = pushed {
            out.err.push_row_with(time, diff, |bytes| error.encode(bytes));
        }
    }
}

/// Characters of a value that an error shows of the row's key.
const SHOWN: usize = 64;

/// A value of a key as an error shows it.
fn shown(value: Datum<'_>, scalar: ScalarType, settings: &FormatSettings) -> String {
    if matches!(value, Datum::Null) {
        return "null".into();
    }
    let mut bytes = Vec::new();
    text_out(value, scalar, settings, &mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into_owned(),
    }
}

/// The pipeline's output (keyed if it has a key) and its errors. `reads`: the relation's arrangement that the node is.
pub fn run<'s>(
    built: &Built<'s>,
    pipeline: &Pipeline,
    scope: &Arc<Scope>,
    name: &str,
    reads: Option<u64>,
) -> (RowStream<'s>, Option<RowStream<'s>>) {
    if let Built::Rows(stream) = built
        && pipeline.key.is_none()
        && pipeline.mfp.is_identity()
    {
        return (stream.clone(), None);
    }
    let settled = settled(built, pipeline, name);
    let mut runner = Runner::new(pipeline.mfp.clone(), scope.clone()).reading(reads);
    let key = pipeline.key.clone();
    over(
        settled.as_ref().unwrap_or(built),
        name,
        Raises::when(pipeline.mfp.can_raise()),
        move |sources, time, diff, out| {
            runner.push(sources, key.as_deref(), time, diff, out);
        },
    )
}

/// The pipeline's rows, each handed as `(key, rest)` to `emit`, which pushes what it makes of them, and no errors.
pub fn run_with<'s>(
    built: &Built<'s>,
    pipeline: &Pipeline,
    scope: &Arc<Scope>,
    name: &str,
    reads: Option<u64>,
    mut emit: impl FnMut(&[u8], &[u8], u64, i64, &mut OkErr) + 'static,
) -> (RowStream<'s>, Option<RowStream<'s>>) {
    let settled = settled(built, pipeline, name);
    let mut runner = Runner::new(pipeline.mfp.clone(), scope.clone()).reading(reads);
    let key = pipeline.key.clone();
    let mut row = Vec::new();
    over(
        settled.as_ref().unwrap_or(built),
        name,
        Raises::when(pipeline.mfp.can_raise()),
        move |sources, time, diff, out| {
            let (copies, each) = runner.copies(diff);
            for _ in 0..copies {
                row.clear();
                match runner.run(sources, &mut row) {
                    Ok(true) => {
                        let end = key.as_deref().map_or(0, |types| skip_columns(&row, 0, types));
                        let (key, rest) = row.split_at(end);
                        emit(key, rest, time, each, out);
                    }
                    Ok(false) => {}
                    Err(error) => {
                        let error = runner.located(error, sources);
                        out.err.push_row_with(time, each, |bytes| error.encode(bytes));
                    }
                }
            }
        },
    )
}

/// What a volatile pipeline reads: what one row yields is not what the row that takes it back would, so none may come that is taken
/// back. Nothing: the pipeline is not volatile.
fn settled<'s>(built: &Built<'s>, pipeline: &Pipeline, name: &str) -> Option<Built<'s>> {
    if !pipeline.mfp.is_volatile() {
        return None;
    }
    Some(match built {
        Built::Rows(stream) => Built::Rows(added_up(stream.clone(), name)),
        Built::Keyed(stream) => Built::Keyed(added_up(stream.clone(), name)),
        Built::Arranged(arrangement) => {
            let copy = |update: UpdateRef<'_>, out: &mut OkErr| {
                out.ok.push(update.key, update.val, update.time, update.diff);
            };
            let (rows, _) = flat_map_arranged(arrangement.clone(), name, Raises::Never, copy);
            Built::Keyed(added_up(rows, name))
        }
        Built::Nothing => Built::Nothing,
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
