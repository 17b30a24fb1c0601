//! Aggregates of a whole group in an order: a group that changes is computed again, and the difference goes on.
//!
//! The source arrangement has the value `order bytes, row, length of the order bytes` (see
//! [`encode_value`]), where a row is what the aggregates read.

use crate::aggregate::Ordered;
use crate::top_k::{encode_value, split_value};
use tidewire_plan::{Aggregate, AggregateOrder, CaseBranch, Expr, ScalarType};
use tidewire_row::work::checkpoint;
use tidewire_row::{Arena, EvalResult, encode_order, read_column, skip_column, skip_columns};

/// Marks a value that is a row of results.
pub const ROW: u8 = 0;
/// Marks a value that is an error.
pub const ERROR: u8 = 1;
/// The packed bool true.
const TRUE: &[u8] = &[0x01, 0x01];

/// The aggregates of one Reduce, ready to run.
pub struct Basic {
    members: Vec<Member>,
    /// The types of a row.
    types: Vec<ScalarType>,
    order: Vec<(ScalarType, bool, bool)>,
    distinct: bool,
}

struct Member {
    function: Ordered,
    /// The column that says whether a row takes part.
    filter: Option<usize>,
    /// The first column of its arguments.
    first: usize,
}

impl Basic {
    /// Refuses functions of other classes.
    pub fn new(aggregates: &[Aggregate], order: &[AggregateOrder], distinct: bool) -> Result<Self, String> {
        let mut types = Vec::new();
        let mut members = Vec::new();
        for aggregate in aggregates {
            let filter = aggregate.filter.as_ref().map(|_| types.len());
            types.extend(filter.map(|_| ScalarType::Bool));
            let function = Ordered::new(aggregate)?;
            let first = types.len();
            types.extend_from_slice(function.scalars());
            members.push(Member { function, filter, first });
        }
        let order =
            order.iter().map(|key| (key.key.column.scalar, key.descending, key.nulls_first)).collect();
        Ok(Basic { members, types, order, distinct })
    }

    /// What is read of an input row: for each aggregate whether the row takes part (with FILTER) and its arguments, then
    /// the order keys. Nothing is evaluated for a row that FILTER leaves out.
    pub fn columns(aggregates: &[Aggregate], order: &[AggregateOrder]) -> Vec<Expr> {
        let guarded = |expr: &Expr, scalar: ScalarType, filter: Option<&Expr>| match filter {
            None => expr.clone(),
            Some(filter) => Expr::Case {
                branches: vec![CaseBranch { condition: filter.clone(), result: expr.clone() }],
                otherwise: Box::new(Expr::Literal { scalar, text: None }),
                scalar,
            },
        };
        let mut columns = Vec::new();
        for aggregate in aggregates {
            let filter = aggregate.filter.as_ref();
            columns.extend(filter.map(|filter| Expr::IsTrue { operand: Box::new(filter.clone()) }));
            for argument in &aggregate.arguments {
                columns.push(guarded(&argument.expr, argument.column.scalar, filter));
            }
        }
        // The planner puts aggregates of one order and one filter together.
        let filter = aggregates.first().and_then(|aggregate| aggregate.filter.as_ref());
        columns.extend(order.iter().map(|key| guarded(&key.key.expr, key.key.column.scalar, filter)));
        columns
    }

    /// Appends the arrangement's value for an input row.
    pub fn encode(&self, columns: &[u8], out: &mut Vec<u8>) {
        let mut at = skip_columns(columns, 0, &self.types);
        let row = &columns[..at];
        encode_value(out, row, |out| {
            let arena = Arena::new();
            for (scalar, descending, nulls_first) in &self.order {
                let value = read_column(columns, &mut at, *scalar, &arena);
                encode_order(out, *scalar, value, *descending, *nulls_first);
            }
        });
    }

    /// The marked results of a group.
    pub fn compute(&self, values: &[(&[u8], i64)]) -> Vec<u8> {
        let mut out = vec![ROW];
        if let Err(error) = self.results(values, &mut out) {
            out.clear();
            out.push(ERROR);
            error.encode(&mut out);
        }
        out
    }

    fn results(&self, values: &[(&[u8], i64)], out: &mut Vec<u8>) -> EvalResult<()> {
        let mut rows = Vec::with_capacity(values.len());
        for member in &self.members {
            rows.clear();
            let mut last: Option<&[u8]> = None;
            for (value, count) in values {
                checkpoint();
                let (order, row) = split_value(value);
                if let Some(filter) = member.filter {
                    let at = skip_columns(row, 0, &self.types[..filter]);
                    if row[at..skip_column(row, at, ScalarType::Bool)] != *TRUE {
                        continue;
                    }
                }
                let Ok(mut count) = u64::try_from(*count) else { continue };
                if self.distinct {
                    if last == Some(order) {
                        continue;
                    }
                    last = Some(order);
                    count = 1;
                }
                let start = skip_columns(row, 0, &self.types[..member.first]);
                rows.push((&row[start..], count));
            }
            member.function.compute(&rows, out)?;
        }
        Ok(())
    }
}
