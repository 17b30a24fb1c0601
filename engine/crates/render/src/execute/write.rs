//! Plans that write: the rows that leave and enter, and RETURNING.

use crate::compile::Environment;
use crate::execute::first::with_first_rows;
use crate::execute::{ExecuteError, FinishTemplate, Prepared, Sources, run};
use crate::finish::{Demand, Finish, Gather};
use crate::pipeline::Runner;
use crate::render::{INSERTED, REPLACED, RETURNED};
use std::sync::Arc;
use tidewire_arrange::{CollectionSnapshot, ShardedSnapshot, Snapshot, Updates, frontier_at, output_batch};
use tidewire_plan::{ColumnType, Output, ScalarType, WRITTEN};
use tidewire_row::{Datum, EvalResult, Row, column_bounds};

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

impl Prepared {
    /// Runs a plan with `Output::Write`; RETURNING goes into what `results` makes. `check` sees each row that is to be
    /// inserted.
    pub fn execute_write<R: Gather>(
        &self,
        environment: Environment,
        sources: Sources,
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
        let program = with_first_rows(program, &sources)?;
        let scope = program.scope.clone();
        let returning = returning.as_ref().map(|mfp| {
            let types: Arc<[ScalarType]> = mfp.output().into();
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
                    let (copies, each) = runner.copies(update.diff);
                    for _ in 0..copies {
                        shown.clear();
                        if runner.run(&[update.val], &mut shown)? {
                            take(&shown, each as u64);
                        }
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
                    sources.insert(WRITTEN, collection_of(&numbered, environment.as_of));
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

/// Rows that stand in the order of their keys, as a collection that has nothing else.
fn collection_of(rows: &Updates, time: u64) -> CollectionSnapshot {
    let empty = ShardedSnapshot::new([Arc::new(Snapshot::empty(0))], time);
    let batch = output_batch(rows, &frontier_at(0), &frontier_at(1));
    CollectionSnapshot { ok: empty.overlaid(&[vec![batch]]), err: empty }
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
