//! INSERT … ON CONFLICT: the rows are taken one after the other, and each is looked up by its keys in the table's
//! arrangements and in what the command has written so far.

use crate::compile::{CompileError, Scope, key_program, layout_input};
use crate::compose::identity;
use crate::execute::{ExecuteError, Sources};
use crate::pipeline::Runner;
use std::collections::HashSet;
use std::sync::Arc;
use tidewire_arrange::Updates;
use tidewire_eval::CompiledMfp;
use tidewire_plan::{ColumnType, OnConflict, ScalarType};
use tidewire_row::{EvalError, FormatSettings, column_bounds, has_null, push_null};

/// The clause, compiled.
pub struct Conflict {
    arbiters: Vec<Arbiter>,
    update: Option<Arc<CompiledMfp>>,
    check: Option<Arc<CompiledMfp>>,
    /// The table's columns.
    table: Vec<ScalarType>,
    /// How many columns a proposed row has behind them.
    others: usize,
}

struct Arbiter {
    arrangement: u64,
    nulls_equal: bool,
    /// A whole row's key.
    key: Arc<CompiledMfp>,
    /// The whole row of key and value.
    restore: Arc<CompiledMfp>,
}

/// What the rows come to.
#[derive(Default)]
pub struct Resolved {
    pub deleted: Updates,
    pub inserted: Updates,
    /// The old row and the new row, where there was one.
    pub replaced: Updates,
    /// The old row (or NULLs), the new row, and what stood behind the proposed one.
    pub written: Updates,
}

impl Conflict {
    /// `columns` are those of a proposed row.
    pub fn compile(
        conflict: &OnConflict,
        columns: &[ColumnType],
        parameters: &[ScalarType],
        settings: &FormatSettings,
    ) -> Result<Self, CompileError> {
        let (proposed, width) = (columns, Self::width(conflict));
        let columns =
            proposed.get(..width).ok_or_else(|| "plan refused: a proposed row is too short".to_string())?;
        let mut arbiters = Vec::with_capacity(conflict.arbiters.len());
        for arbiter in &conflict.arbiters {
            let input = layout_input(&arbiter.layout, columns, 0, 1)?;
            arbiters.push(Arbiter {
                arrangement: arbiter.arrangement,
                nulls_equal: arbiter.nulls_equal,
                key: Arc::new(key_program(&arbiter.layout, columns, settings)?),
                restore: Arc::new(CompiledMfp::over(&identity(columns.len()), &input, &[], settings)?),
            });
        }
        let update = match (&conflict.update, &conflict.arbiters[..]) {
            (None, _) => None,
            (Some(mfp), [arbiter]) => {
                // The old row as it is arranged, then the row that conflicts.
                let mut input = layout_input(&arbiter.layout, columns, 0, 1)?;
                input.sources.push(proposed.iter().map(|column| column.scalar).collect());
                input.columns.extend((0..proposed.len()).map(|field| (2, field)));
                Some(Arc::new(CompiledMfp::over(mfp, &input, parameters, settings)?))
            }
            _ => return Err("plan refused: DO UPDATE has one arbiter".to_string().into()),
        };
        let check = match &conflict.check {
            None => None,
            Some(mfp) => Some(Arc::new(CompiledMfp::new(mfp, proposed, parameters, settings)?)),
        };
        let table = columns.iter().map(|column| column.scalar).collect();
        Ok(Conflict { arbiters, update, check, table, others: proposed.len() - width })
    }

    /// How many columns the table has.
    pub fn width(conflict: &OnConflict) -> usize {
        conflict.arbiters.first().map_or(0, |arbiter| arbiter.layout.restore.len())
    }

    /// The table's row of a proposed one, and what stands behind it.
    pub fn split<'a>(&self, proposed: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        if self.others == 0 {
            return (proposed, &[]);
        }
        let mut bounds = Vec::new();
        column_bounds(proposed, &self.table, &mut bounds);
        proposed.split_at(bounds[self.table.len()] as usize)
    }

    /// Takes the proposed rows in their order.
    pub fn resolve(
        &self,
        proposed: &Updates,
        sources: &Sources,
        scope: &Arc<Scope>,
    ) -> Result<Resolved, ExecuteError> {
        let runner = |mfp: &Arc<CompiledMfp>| Runner::new(mfp.clone(), scope.clone());
        let mut keys: Vec<Runner> = self.arbiters.iter().map(|arbiter| runner(&arbiter.key)).collect();
        let mut update = self.update.as_ref().map(runner);
        let mut check = self.check.as_ref().map(runner);
        let mut resolved = Resolved::default();
        // Keys that the command has made, and keys of rows that it has replaced.
        let mut made: HashSet<(usize, Vec<u8>)> = HashSet::new();
        let mut gone: HashSet<(usize, Vec<u8>)> = HashSet::new();
        let mut restored = Vec::new();
        let mut fresh = Vec::new();
        for row in proposed.iter() {
            let (own, others) = self.split(row.val);
            'copies: for _ in 0..row.diff {
                let mut own_keys = Vec::with_capacity(keys.len());
                for (index, (arbiter, program)) in self.arbiters.iter().zip(&mut keys).enumerate() {
                    let Some(key) = arbiter.key_of(program, own)? else { continue };
                    let key = (index, key);
                    if made.contains(&key) {
                        match &self.update {
                            None => continue 'copies,
                            Some(_) => return Err(twice().into()),
                        }
                    }
                    let source = sources.given(arbiter.arrangement)?;
                    let there = source.ok.seek(&key.1).find(|(_, _, count)| *count > 0);
                    let Some((old_key, old_value, _)) = there.filter(|_| !gone.contains(&key)) else {
                        own_keys.push(key);
                        continue;
                    };
                    let Some(update) = &mut update else { continue 'copies };
                    fresh.clear();
                    if !update.run(&[old_key, old_value, row.val], &mut fresh)? {
                        continue 'copies;
                    }
                    restored.clear();
                    runner(&arbiter.restore).run(&[old_key, old_value], &mut restored)?;
                    if let Some(new_key) = arbiter.key_of(program, &fresh)? {
                        made.insert((index, new_key));
                    }
                    gone.insert(key);
                    resolved.deleted.push_row(&restored, 0, 1);
                    resolved.inserted.push_row(&fresh, 0, 1);
                    restored.extend_from_slice(&fresh);
                    resolved.replaced.push_row(&restored, 0, 1);
                    restored.extend_from_slice(others);
                    resolved.written.push_row(&restored, 0, 1);
                    continue 'copies;
                }
                if let Some(check) = &mut check {
                    fresh.clear();
                    check.run(&[row.val], &mut fresh)?;
                }
                made.extend(own_keys);
                resolved.inserted.push_row(own, 0, 1);
                restored.clear();
                (0..self.table.len()).for_each(|_| push_null(&mut restored));
                restored.extend_from_slice(row.val);
                resolved.written.push_row(&restored, 0, 1);
            }
        }
        Ok(resolved)
    }
}

impl Arbiter {
    /// The key of a whole row; None if NULL makes it unlike any other.
    fn key_of(&self, program: &mut Runner, row: &[u8]) -> Result<Option<Vec<u8>>, EvalError> {
        let mut key = Vec::new();
        program.run(&[row], &mut key)?;
        let unlike = !self.nulls_equal && has_null(&key, self.key.output());
        Ok((!unlike).then_some(key))
    }
}

fn twice() -> EvalError {
    EvalError::new("21000", "ON CONFLICT DO UPDATE command cannot affect row a second time").with_hint(
        "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
    )
}
