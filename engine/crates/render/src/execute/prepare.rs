//! A plan as it is prepared: what it reads, and its compilation, which is kept.

use crate::compile::Template;
use crate::conflict::Conflict;
use crate::execute::{Compilation, ExecuteError, FinishTemplate, Prepared};
use std::sync::{Arc, Mutex, PoisonError};
use tidewire_eval::{CompiledMfp, compile_with, is_volatile};
use tidewire_plan::{ColumnType, Expr, Finishing, Operator, Output, Plan, ScalarType, WRITTEN};
use tidewire_row::FormatSettings;

impl Prepared {
    /// Nothing is compiled yet.
    pub fn new(plan: Plan) -> Self {
        let ids = plan.nodes.iter().filter_map(|node| match &node.operator {
            Operator::Import { arrangement, .. } | Operator::Lookup { arrangement, .. } => Some(*arrangement),
            _ => None,
        });
        let mut reads: Vec<u64> = ids.collect();
        if let Output::Write { conflict: Some(conflict), .. } = &plan.output {
            reads.extend(conflict.arbiters.iter().map(|arbiter| arbiter.arrangement));
        }
        let returning = match &plan.output {
            Output::Write { returning_query: Some(query), .. } => {
                Some(Box::new(Prepared::new((**query).clone())))
            }
            _ => None,
        };
        reads.extend(returning.iter().flat_map(|query| &query.reads).filter(|id| **id != WRITTEN));
        reads.sort_unstable();
        reads.dedup();
        let immediate = is_immediate(&plan) && returning.as_ref().is_none_or(|query| query.immediate);
        Prepared { immediate, plan, reads, compiled: Mutex::default(), returning }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The collections that it reads.
    pub fn reads(&self) -> &[u64] {
        &self.reads
    }

    /// Whether it is answered without a dataflow.
    pub fn is_immediate(&self) -> bool {
        self.immediate
    }

    /// Whether it is not the same to run it twice. Of plans that are immediate.
    pub fn is_volatile(&self) -> bool {
        let completed = match &self.plan.output {
            Output::Write { completed, .. } | Output::Rows { finishing: Finishing { completed, .. }, .. } => {
                completed
            }
            _ => &None,
        };
        if completed.iter().flat_map(|mfp| &mfp.expressions).any(is_volatile) {
            return true;
        }
        self.plan.nodes.iter().any(|node| match &node.operator {
            Operator::Lookup { keys, range, .. } => {
                let ends = range.iter().flat_map(|range| [&range.from, &range.to]).flatten();
                keys.iter().flatten().chain(ends).any(is_volatile)
            }
            Operator::TopK { limit, offset, .. } => limit.iter().chain(offset).any(is_volatile),
            Operator::Mfp { mfp, .. } => {
                let conditions = mfp.predicates.iter().map(|predicate| &predicate.condition);
                mfp.expressions.iter().chain(conditions).any(is_volatile)
            }
            _ => false,
        })
    }

    pub(super) fn compilation(&self, settings: &FormatSettings) -> Result<Arc<Compilation>, ExecuteError> {
        let lock = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().as_ref().filter(|known| known.settings == *settings) {
            return Ok(known.clone());
        }
        let plan = &self.plan;
        let template = Template::compile(plan, settings)?;
        let finish = match &plan.output {
            Output::Rows { node, finishing } => {
                let columns = &plan.nodes[*node as usize].columns;
                let types: Vec<_> = columns.iter().map(|column| column.scalar).collect();
                let completed = match &finishing.completed {
                    None => None,
                    Some(mfp) => Some(Arc::new(CompiledMfp::new(mfp, columns, &plan.parameters, settings)?)),
                };
                let shown = completed.as_ref().map_or(types.len(), |mfp| mfp.output().len());
                check_finishing(finishing, types.len() as u32, shown as u32)?;
                let count = |expr: &Option<Expr>| {
                    expr.as_ref().map(|expr| compile_with(expr, &[], &plan.parameters, settings)).transpose()
                };
                let (limit, offset) = (count(&finishing.limit)?, count(&finishing.offset)?);
                let (types, projection) = (types.into(), finishing.projection.as_slice().into());
                FinishTemplate::Rows { types, projection, limit, offset, completed }
            }
            Output::Write {
                deleted, inserted, returned, returning, ordered, completed, conflict, ..
            } => {
                let Some(node) = inserted.or(*deleted) else {
                    return Err(ExecuteError::Refused("the plan writes nothing".into()));
                };
                let mut columns = plan.nodes[returned.unwrap_or(node) as usize].columns.clone();
                if *ordered {
                    let last = columns.pop().map(|column| column.scalar);
                    if returned.is_some() || inserted.is_none() || last != Some(ScalarType::Int8) {
                        return Err(ExecuteError::Refused("what is inserted has no order".into()));
                    }
                }
                if completed.is_some() && !ordered {
                    return Err(ExecuteError::Refused("what is completed has no order".into()));
                }
                let completed = match completed {
                    None => None,
                    Some(mfp) => {
                        let compiled = CompiledMfp::new(mfp, &columns, &plan.parameters, settings)?;
                        let column =
                            |scalar: &ScalarType| ColumnType { scalar: *scalar, typmod: -1, nullable: true };
                        columns = compiled.output().iter().map(column).collect();
                        Some(Arc::new(compiled))
                    }
                };
                let conflict = match conflict {
                    None => None,
                    Some(_) if deleted.is_some() || returned.is_some() => {
                        return Err(ExecuteError::Refused("only what is inserted conflicts".into()));
                    }
                    Some(conflict) => {
                        let compiled = Conflict::compile(conflict, &columns, &plan.parameters, settings)?;
                        columns.splice(0..0, columns[..Conflict::width(conflict)].to_vec());
                        Some(compiled)
                    }
                };
                let compile = |mfp| CompiledMfp::new(mfp, &columns, &plan.parameters, settings).map(Arc::new);
                let returning = returning.as_ref().map(compile).transpose()?;
                FinishTemplate::Write { completed, returning, conflict }
            }
            _ => return Err(ExecuteError::Refused("a maintained plan is not executed".into())),
        };
        let compiled = Arc::new(Compilation { settings: settings.clone(), template, finish });
        *lock() = Some(compiled.clone());
        Ok(compiled)
    }
}

/// Whether a plan is answered without a dataflow.
fn is_immediate(plan: &Plan) -> bool {
    plan.nodes.iter().all(|node| {
        matches!(
            node.operator,
            Operator::Constant { .. }
                | Operator::Import { .. }
                | Operator::Lookup { .. }
                | Operator::Mfp { .. }
                | Operator::Union { .. }
                | Operator::TopK { sorted: Some(_), .. }
        )
    })
}

/// Its order is of rows of `arity` columns, what it shows of such as have `shown`.
fn check_finishing(finishing: &Finishing, arity: u32, shown: u32) -> Result<(), ExecuteError> {
    if finishing.sorted.is_some_and(|keys| keys as usize > finishing.order.len()) {
        return Err(ExecuteError::Refused(
            "plan refused: rows are sorted by more keys than there are".into(),
        ));
    }
    let sorted = finishing.order.iter().map(|key| (key.column, arity));
    let projected = finishing.projection.iter().map(|column| (*column, shown));
    match sorted.chain(projected).find(|(column, width)| column >= width) {
        Some((column, width)) => {
            Err(ExecuteError::Refused(format!("plan refused: finishing reads column {column} of {width}")))
        }
        None => Ok(()),
    }
}
