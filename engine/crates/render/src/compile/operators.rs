//! The step of each operator, and the sink of each output.

use crate::compile::template::{KeyField, Late};
use crate::compile::{
    CompileError, Compiler, First, PackedKeys, Sink, Step, layout_input, own_layout, written_nodes,
};
use crate::reduce::basic::Basic;
use crate::reduce::hierarchical::Extreme;
use crate::top_k::TopK;
use crate::window::Window;
use std::sync::Arc;
use tidewire_eval::TableCalls;
use tidewire_plan::{
    Aggregate, AggregateFunction, Expr, Layout, Mfp, NodeIndex, Operator, Output, ReduceClass, ScalarType,
};
use tidewire_row::{Arena, Datum, EvalError, FormatSettings, push_datum, text_in};

impl<'a> Compiler<'a> {
    pub(super) fn step(&mut self, index: usize) -> Result<Step, CompileError> {
        let node = &self.plan.nodes[index];
        Ok(match &node.operator {
            Operator::Constant { rows } => {
                let mut packed = Vec::with_capacity(rows.len());
                let settings = FormatSettings::default();
                for row in rows {
                    if row.values.len() != node.columns.len() {
                        return Err(format!("plan refused: a row of node {index} has other columns").into());
                    }
                    let mut bytes = Vec::new();
                    let arena = Arena::new();
                    for (value, column) in row.values.iter().zip(&node.columns) {
                        let datum = match value {
                            None => Datum::Null,
                            Some(text) => text_in(column.scalar, -1, text, &settings, &arena)?,
                        };
                        push_datum(&mut bytes, datum);
                    }
                    packed.push((bytes, row.diff));
                }
                Step::Constant(packed)
            }
            Operator::Import { arrangement, .. } => Step::Import(*arrangement),
            Operator::Lookup { arrangement, keys, range: Some(range), descending, .. } => {
                let key = |key: &Vec<Expr>| key.iter().map(|expr| self.value(expr)).collect();
                let prefixes = keys.iter().map(key).collect::<Result<_, CompileError>>()?;
                let end = |end: &Option<Expr>| end.as_ref().map(|expr| self.value(expr)).transpose();
                let ends = [end(&range.from)?, end(&range.to)?];
                let (arrangement, descending) = (*arrangement, descending == &Some(true));
                let present = range.present;
                self.late.push((index, Late::Ranges { arrangement, prefixes, ends, present, descending }));
                Step::Ranges { arrangement, intervals: Vec::new(), descending }
            }
            Operator::Lookup { arrangement, keys, each, .. } => {
                let is_each = |at: usize| each.iter().flatten().any(|field| *field as usize == at);
                let field = |(at, expr): (usize, &Expr)| {
                    let value = self.value(expr)?;
                    Ok(if is_each(at) { KeyField::Each(value) } else { KeyField::One(value) })
                };
                let key = |key: &Vec<Expr>| key.iter().enumerate().map(field).collect();
                let keys = keys.iter().map(key).collect::<Result<_, CompileError>>()?;
                self.late.push((index, Late::Keys(*arrangement, keys)));
                Step::Lookup(*arrangement, PackedKeys::new())
            }
            Operator::Mfp { input, mfp } => match self.is_fused(index) {
                true => Step::Fused,
                false => Step::Pipeline(self.pipeline(*input, mfp.clone(), None)?),
            },
            Operator::FlatMap { input, calls, ordinality } => {
                let columns = self.columns(*input as usize);
                let parameters = &self.plan.parameters;
                Step::FlatMap {
                    input: self.rows(*input)?,
                    types: self.scalars(*input as usize),
                    calls: Arc::new(TableCalls::new(
                        calls,
                        *ordinality,
                        columns,
                        parameters,
                        self.settings(),
                    )?),
                }
            }
            Operator::Arrange { input, layout } => {
                let value = layout.value.iter().map(|column| Expr::Column { index: *column });
                let strict = self.strict_fields(index);
                Step::Arrange(self.keyed_where(*input, &layout.key, value, &strict)?)
            }
            Operator::Join { left, right, null_safe, closure } => {
                self.join(*left as usize, *right as usize, null_safe, closure)?
            }
            Operator::DeltaJoin { paths } => Step::DeltaJoin(self.delta_join(paths)?),
            Operator::Reduce { input, key, class, layout } => {
                check_reduce_layout(layout, key.len(), node.columns.len())?;
                match class {
                    ReduceClass::Distinct => Step::Distinct(self.keyed(*input, key, [])?),
                    ReduceClass::Accumulable { aggregates, monotonic } => {
                        let arguments: Vec<_> = aggregates.iter().map(arguments_of).collect();
                        let types = arguments
                            .iter()
                            .map(|columns| columns.iter().map(|(_, scalar)| *scalar).collect())
                            .collect();
                        // Refuse here what would be refused on the worker.
                        for aggregate in aggregates {
                            crate::aggregate::Accumulation::of(aggregate, *monotonic)?;
                        }
                        Step::Accumulable {
                            input: self.keyed(
                                *input,
                                key,
                                arguments.into_iter().flatten().map(|(argument, _)| argument),
                            )?,
                            aggregates: aggregates.clone(),
                            arguments: types,
                            monotonic: *monotonic,
                        }
                    }
                    ReduceClass::Hierarchical { aggregates } => {
                        if aggregates.len() > u8::MAX as usize {
                            return Err("plan refused: too many aggregates".to_string().into());
                        }
                        let mut extremes = Vec::new();
                        for aggregate in aggregates {
                            let extreme = match aggregate.function {
                                AggregateFunction::Min | AggregateFunction::LeastRepresentation => {
                                    Extreme::Least
                                }
                                AggregateFunction::Max => Extreme::Greatest,
                                other => {
                                    return Err(format!("plan refused: {other:?} is not an extreme").into());
                                }
                            };
                            extremes.push((extreme, argument_type(aggregate)));
                        }
                        let arguments = aggregates.iter().map(|aggregate| {
                            arguments_of(aggregate).into_iter().next().map_or(
                                Expr::Literal { scalar: argument_type(aggregate), text: None },
                                |(argument, _)| argument,
                            )
                        });
                        Step::Hierarchical {
                            input: self.keyed(*input, key, arguments)?,
                            aggregates: extremes,
                        }
                    }
                    ReduceClass::Basic { aggregates, order, distinct } => {
                        let basic = Basic::new(aggregates, order, *distinct)?;
                        Step::Basic {
                            input: self.keyed(*input, key, Basic::columns(aggregates, order))?,
                            basic: Arc::new(basic),
                        }
                    }
                }
            }
            Operator::TopK { input, key, order, limit, offset, with_ties, monotonic, sorted } => {
                let columns =
                    (0..self.columns(*input as usize).len() as u32).map(|index| Expr::Column { index });
                let first = sorted.map(|keys| self.first(*input, keys as usize)).transpose()?;
                if first.as_ref().is_some_and(|first| first.sorted > order.len() || !key.is_empty()) {
                    return Err("plan refused: a top-k whose rows come otherwise sorted".to_string().into());
                }
                let value = |expr: &Option<Expr>| expr.as_ref().map(|expr| self.value(expr)).transpose();
                let window = Late::Window { offset: value(offset)?, limit: value(limit)? };
                self.late.push((index, window));
                Step::TopK {
                    input: self.keyed(*input, key, columns)?,
                    types: self.scalars(*input as usize),
                    order: order.clone(),
                    window: TopK { offset: 0, limit: None, with_ties: *with_ties },
                    monotonic: *monotonic,
                    first: first.map(Arc::new),
                }
            }
            Operator::Window { input, key, order, calls } => {
                let columns = self.columns(*input as usize);
                let all = (0..columns.len() as u32).map(|index| Expr::Column { index });
                Step::Window {
                    input: self.keyed(*input, key, all)?,
                    types: self.scalars(*input as usize),
                    order: order.clone(),
                    window: Arc::new(Window::compile(columns, order, calls, self.settings())?),
                }
            }
            Operator::Negate { input } => Step::Negate(self.rows(*input)?),
            Operator::Threshold { input } => {
                let mut rows = self.rows(*input)?;
                rows.key = Some(self.scalars(*input as usize).into());
                Step::Threshold(rows)
            }
            Operator::Union { inputs } => {
                Step::Union(inputs.iter().map(|input| self.rows(*input)).collect::<Result<_, _>>()?)
            }
            Operator::Guard { input, key, sqlstate, message, hint } => {
                let error = EvalError::new(sqlstate, message);
                Step::Guard {
                    rows: self.rows(*input)?,
                    keys: self.keyed(*input, key, [])?,
                    error: hint.iter().fold(error, |error, hint| error.with_hint(hint)),
                }
            }
        })
    }

    fn first(&self, input: NodeIndex, sorted: usize) -> Result<First, CompileError> {
        let mut alone = Vec::new();
        let mut below = vec![input];
        while let Some(node) = below.pop() {
            if self.consumers[node as usize] == 1 {
                alone.push(node as usize);
                below.extend(self.plan.nodes[node as usize].operator.inputs());
            }
        }
        Ok(First { rows: self.rows(input)?, sorted, alone })
    }

    fn join(
        &self,
        left: usize,
        right: usize,
        null_safe: &[bool],
        closure: &Mfp,
    ) -> Result<Step, CompileError> {
        let layout = |node: usize| {
            own_layout(&self.plan.nodes[node].operator).ok_or_else(|| {
                CompileError::Refused(format!("plan refused: join of node {node}, not arranged"))
            })
        };
        let (left_layout, right_layout) = (layout(left)?, layout(right)?);
        let key: Vec<ScalarType> = left_layout.key.iter().map(|key| key.column.scalar).collect();
        if right_layout.key.len() != key.len() || null_safe.len() != key.len() {
            return Err("plan refused: the keys of a join differ in length".to_string().into());
        }
        let mut input = layout_input(left_layout, self.columns(left), 0, 1)?;
        let other = layout_input(right_layout, self.columns(right), 0, 2)?;
        input.sources.push(other.sources[1].clone());
        input.columns.extend(other.columns);
        let closure = self.compiled(closure, &input)?;
        Ok(Step::Join { left, right, key, null_safe: null_safe.to_vec(), closure: Arc::new(closure) })
    }

    pub(super) fn sink(&self) -> Result<Sink, CompileError> {
        Ok(match &self.plan.output {
            Output::Arrangement { node, arrangement, layout } => {
                let operator = &self.plan.nodes[*node as usize].operator;
                // An import can't be handed on as it is.
                let own = !matches!(operator, Operator::Import { .. } | Operator::Lookup { .. })
                    && own_layout(operator) == Some(layout);
                Sink::Arrange {
                    arrangement: *arrangement,
                    pipeline: self.arranged(*node, layout)?,
                    direct: own.then_some(*node as usize),
                }
            }
            Output::Subscription { node } | Output::Rows { node, .. } => Sink::Rows(self.rows(*node)?),
            output @ Output::Write { .. } => {
                let parts = written_nodes(output).map(|(mark, node)| Ok((mark, self.rows(node)?)));
                Sink::Write(parts.collect::<Result<_, CompileError>>()?)
            }
        })
    }
}

/// A Reduce yields key columns, then results.
fn check_reduce_layout(layout: &Layout, keys: usize, columns: usize) -> Result<(), CompileError> {
    let value_as_made = layout.value.iter().copied().eq(keys as u32..columns as u32);
    if layout.key.len() == keys && value_as_made {
        Ok(())
    } else {
        Err("plan refused: a reduce is arranged by its key with its results as value".to_string().into())
    }
}

fn argument_type(aggregate: &Aggregate) -> ScalarType {
    // count(*) FILTER: whether the row takes part.
    aggregate.arguments.first().map_or(ScalarType::Bool, |argument| argument.column.scalar)
}

/// The columns that an aggregate accumulates, with their types. The first is NULL for rows that do not take part; none
/// where all rows count.
fn arguments_of(aggregate: &Aggregate) -> Vec<(Expr, ScalarType)> {
    let mut arguments: Vec<(Expr, ScalarType)> =
        aggregate.arguments.iter().map(|argument| (argument.expr.clone(), argument.column.scalar)).collect();
    if let Some(filter) = &aggregate.filter {
        if arguments.is_empty() {
            let count = Expr::Literal { scalar: ScalarType::Bool, text: Some("t".into()) };
            arguments.push((count, ScalarType::Bool));
        }
        for (argument, scalar) in &mut arguments {
            let result = argument.clone();
            *argument = Expr::Case {
                branches: vec![tidewire_plan::CaseBranch { condition: filter.clone(), result }],
                otherwise: Box::new(Expr::Literal { scalar: *scalar, text: None }),
                scalar: *scalar,
            };
        }
    }
    arguments
}
