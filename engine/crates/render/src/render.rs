//! Wiring a compiled plan into a dataflow.

use crate::compile::{Form, KeyInterval, Program, Sink, Step};
use crate::delta::delta_join;
use crate::pipeline::{Built, Runner, container, run, run_with};
use crate::reduce::accumulable::Accumulable;
use crate::reduce::basic;
use crate::reduce::distinct::{AtMostOne, Distinct, Threshold};
use crate::reduce::group::{Grouping, Shape, group, group_arranged};
use crate::reduce::hierarchical::{Hierarchical, sort_form};
use crate::top_k::{encode_value, monotonic_top_k, split_value};
use crate::window;
use std::sync::Arc;
use tidewire_arrange::{
    Arr, ImportProvider, OkErr, Raises, Rendered, RowBatch, RowStream, UpdateRef, Updates, arrange,
    arrange_errors, arrange_local, arrange_reduce, flat_map, flat_map_arranged, group_by, join, negate,
    rows_of,
};
use tidewire_eval::TableScratch;
use tidewire_plan::ScalarType;
use tidewire_row::work::checkpoint;
use tidewire_row::{Arena, EvalError, decode, encode_order, read_column, skip_column};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::Scope;
use timely::dataflow::operators::generic::OutputBuilderSession;
use timely::dataflow::operators::generic::operator::source;
use timely::dataflow::operators::{Capability, Concatenate};

/// Marks deleted rows in a write's output.
pub const DELETED: &[u8] = b"d";
/// Marks inserted rows in a write's output.
pub const INSERTED: &[u8] = b"i";
/// Rows that RETURNING reads where it reads more than the written row.
pub const RETURNED: &[u8] = b"r";
/// Rows that are replaced: old and new.
pub const REPLACED: &[u8] = b"u";

impl Program {
    /// Adds the plan's operators to `scope`, the same on every worker. Rows of a write come keyed by [`DELETED`],
    /// [`INSERTED`], [`RETURNED`] and [`REPLACED`].
    pub fn render<'s>(
        &self,
        scope: Scope<'s, u64>,
        imports: &mut dyn ImportProvider<'s>,
    ) -> Result<Rendered<'s>, String> {
        let (errors, imported) = (Vec::new(), Vec::new());
        let mut rendering = Rendering { program: self, scope, errors, imported, built: Vec::new() };
        for index in 0..self.steps.len() {
            let built = rendering.step(index, imports)?;
            rendering.built.push(built);
        }
        Ok(rendering.sink(imports))
    }
}

struct Rendering<'a, 's> {
    program: &'a Program,
    scope: Scope<'s, u64>,
    /// The errors of all operators: any of them fails the result.
    errors: Vec<RowStream<'s>>,
    /// The errors of what is read, which fail it too.
    imported: Vec<RowStream<'s>>,
    built: Vec<Built<'s>>,
}

impl<'s> Rendering<'_, 's> {
    /// The output of a pipeline; its errors are noted.
    fn run(&mut self, pipeline: &crate::compile::Pipeline, name: &str) -> RowStream<'s> {
        let reads = self.named_input(pipeline);
        let (ok, err) = run(&self.built[pipeline.source], pipeline, &self.program.scope, name, reads);
        self.errors.extend(err);
        ok
    }

    fn run_with(
        &mut self,
        pipeline: &crate::compile::Pipeline,
        name: &str,
        emit: impl FnMut(&[u8], &[u8], u64, i64, &mut OkErr) + 'static,
    ) -> RowStream<'s> {
        let (built, reads) = (&self.built[pipeline.source], self.named_input(pipeline));
        let (ok, err) = run_with(built, pipeline, &self.program.scope, name, reads, emit);
        self.errors.extend(err);
        ok
    }

    /// The relation whose rows a view's errors name.
    fn named_input(&self, pipeline: &crate::compile::Pipeline) -> Option<u64> {
        let is_view = matches!(&*self.program.sink, Sink::Arrange { .. });
        self.program.steps[pipeline.source].import().filter(|_| is_view)
    }

    fn arrangement(&self, node: usize) -> Result<Arr<'s>, String> {
        match &self.built[node] {
            Built::Arranged(arrangement) => Ok(arrangement.clone()),
            _ => Err(format!("node {node} yields no arrangement")),
        }
    }

    /// A keyed stream in the form that the node has.
    fn keyed(
        &mut self,
        index: usize,
        imports: &mut dyn ImportProvider<'s>,
        stream: RowStream<'s>,
        exchanged: bool,
    ) -> Built<'s> {
        let name = &self.program.labels[index];
        match self.program.forms[index] {
            Form::Arranged if exchanged => Built::Arranged(arrange_local(imports.flow(), stream, name)),
            Form::Arranged => Built::Arranged(arrange(imports.flow(), stream, name)),
            _ => Built::Keyed(stream),
        }
    }

    /// A grouped stream in the form that the node has, and its errors.
    fn grouped(
        &mut self,
        index: usize,
        imports: &mut dyn ImportProvider<'s>,
        rows: RowStream<'s>,
        grouping: impl Grouping,
    ) -> (Built<'s>, RowStream<'s>) {
        let (name, flow) = (&self.program.labels[index], imports.flow());
        match self.program.forms[index] {
            Form::Arranged => {
                let (arrangement, err) = group_arranged(flow, rows, name, grouping);
                (Built::Arranged(arrangement), err)
            }
            _ => {
                let (ok, err) = group(flow, rows, name, Shape::Keyed, grouping);
                (Built::Keyed(ok), err)
            }
        }
    }

    fn step(&mut self, index: usize, imports: &mut dyn ImportProvider<'s>) -> Result<Built<'s>, String> {
        let step = self.program.steps[index].clone();
        let name = self.program.labels[index].clone();
        let name = &name;
        Ok(match &*step {
            Step::Fused => Built::Nothing,
            Step::Constant(rows) => {
                let time = self.program.scope.as_of();
                Built::Rows(constant(self.scope, container(rows.iter().cloned(), time), time))
            }
            Step::Import(id) => {
                let imported = imports.import(*id)?;
                self.imported.push(imported.err);
                Built::Arranged(imported.ok)
            }
            Step::Lookup(id, keys) => {
                let imported = imports.import(*id)?;
                self.imported.push(imported.err);
                let found = lookup(imported.ok, name, keys.to_vec());
                self.keyed(index, imports, found, true)
            }
            Step::Ranges { arrangement: id, intervals, .. } => {
                let imported = imports.import(*id)?;
                self.imported.push(imported.err);
                let found = look_between(imported.ok, name, intervals.clone());
                self.keyed(index, imports, found, true)
            }
            Step::Pipeline(pipeline) => Built::Rows(self.run(pipeline, name)),
            Step::FlatMap { input, types, calls } => {
                let rows = self.run(input, name);
                let (types, calls, scope) = (types.clone(), calls.clone(), self.program.scope.clone());
                let mut scratch = TableScratch::default();
                let raises = Raises::Perhaps;
                let (ok, err) =
                    flat_map(rows, name, raises, move |update: UpdateRef<'_>, out: &mut OkErr| {
                        let arena = Arena::new();
                        let mut columns = Vec::with_capacity(types.len());
                        decode(update.val, &types, &arena, &mut columns);
                        let OkErr { ok, err } = out;
                        let result = scope.with(|context| {
                            calls.rows(&columns, context, &arena, &mut scratch, |row| {
                                checkpoint();
                                ok.push_row_with(update.time, update.diff, |bytes| {
                                    bytes.extend_from_slice(update.val);
                                    bytes.extend_from_slice(row);
                                });
                            })
                        });
                        if let Err(error) = result {
                            err.push_row_with(update.time, update.diff, |bytes| error.encode(bytes));
                        }
                    });
                self.errors.extend(err);
                Built::Rows(ok)
            }
            Step::Arrange(pipeline) => {
                let keyed = self.run(pipeline, name);
                Built::Arranged(arrange(imports.flow(), keyed, name))
            }
            Step::Join { left, right, key, null_safe, closure } => {
                let (left, right) = (self.arrangement(*left)?, self.arrangement(*right)?);
                let raises = Raises::when(closure.can_raise());
                let mut runner = Runner::new(closure.clone(), self.program.scope.clone());
                let nulls = NullCheck::new(key, null_safe);
                let mut row = Vec::new();
                let (ok, err) = join(left, right, raises, move |key, left, right, out| {
                    checkpoint();
                    if !nulls.may_match(key) {
                        return;
                    }
                    row.clear();
                    match runner.run(&[key, left, right], &mut row) {
                        Ok(true) => out.ok(&row),
                        Ok(false) => {}
                        Err(error) => out.err(error.to_row().as_bytes()),
                    }
                });
                self.errors.extend(err);
                Built::Rows(ok)
            }
            Step::DeltaJoin(paths) => {
                let (rows, errors) = delta_join(paths, &self.built, self.program, name)?;
                self.errors.extend(errors);
                Built::Rows(self.union(rows))
            }
            Step::Distinct(pipeline) => {
                let keys = self.run(pipeline, name);
                self.grouped(index, imports, keys, Distinct).0
            }
            Step::Accumulable { input, aggregates, arguments, monotonic } => {
                let rows = self.run(input, name);
                let grouping = Accumulable::new(aggregates, arguments.clone(), *monotonic)?;
                let raises = grouping.can_raise();
                let (built, err) = self.grouped(index, imports, rows, grouping);
                if raises {
                    self.errors.push(err);
                }
                built
            }
            Step::Hierarchical { input, aggregates } => {
                let extremes = aggregates.clone();
                let mut value = Vec::new();
                let rows = self.run_with(input, name, move |key, columns, time, diff, out| {
                    let mut at = 0;
                    for (number, (extreme, scalar)) in extremes.iter().enumerate() {
                        let end = skip_column(columns, at, *scalar);
                        value.clear();
                        value.push(number as u8);
                        sort_form(*extreme, &columns[at..end], &mut value);
                        out.ok.push(key, &value, time, diff);
                        at = end;
                    }
                });
                let reduction = Hierarchical::new(aggregates.clone());
                Built::Arranged(arrange_reduce(imports.flow(), rows, name, reduction))
            }
            Step::Basic { input, basic } => {
                let (encoder, basic) = (basic.clone(), basic.clone());
                let mut value = Vec::new();
                let rows = self.run_with(input, name, move |key, columns, time, diff, out| {
                    value.clear();
                    encoder.encode(columns, &mut value);
                    out.ok.push(key, &value, time, diff);
                });
                let computed = group_by(imports.flow(), rows, name, move |_, values, out| {
                    out.push(basic.compute(values));
                });
                let each = |update: UpdateRef<'_>, out: &mut OkErr| match update.val[0] {
                    basic::ROW => out.ok.push(update.key, &update.val[1..], update.time, update.diff),
                    _ => out.err.push_row(&update.val[1..], update.time, update.diff),
                };
                let (ok, err) = flat_map_arranged(computed, name, Raises::Perhaps, each);
                self.errors.extend(err);
                self.keyed(index, imports, ok, true)
            }
            Step::TopK { input, types, order, window, monotonic, first: _ } => {
                let (types, order) = (types.clone(), order.clone());
                let mut value = Vec::new();
                let rows = self.run_with(input, name, move |key, row, time, diff, out| {
                    value.clear();
                    encode_value(&mut value, row, |bytes| order_bytes(row, &types, &order, bytes));
                    out.ok.push(key, &value, time, diff);
                });
                if *monotonic {
                    let (ok, err) = monotonic_top_k(imports.flow(), rows, name, *window);
                    self.errors.push(err);
                    return Ok(Built::Rows(ok));
                }
                let top = arrange_reduce(imports.flow(), rows, name, *window);
                Built::Rows(rows_of(top, name, |_, value, row| row.extend_from_slice(split_value(value).1)))
            }
            Step::Window { input, types, order, window } => {
                let (types, order) = (types.clone(), order.clone());
                let mut value = Vec::new();
                let rows = self.run_with(input, name, move |key, row, time, diff, out| {
                    value.clear();
                    encode_value(&mut value, row, |bytes| order_bytes(row, &types, &order, bytes));
                    out.ok.push(key, &value, time, diff);
                });
                let (window, scope) = (window.clone(), self.program.scope.clone());
                let computed = group_by(imports.flow(), rows, name, move |_, values, out| {
                    window.compute(values, &scope, out);
                });
                let each = |update: UpdateRef<'_>, out: &mut OkErr| {
                    let side = match update.val[0] {
                        window::ROW => &mut out.ok,
                        _ => &mut out.err,
                    };
                    side.push_row(&update.val[1..], update.time, update.diff);
                };
                let (ok, err) = flat_map_arranged(computed, name, Raises::Perhaps, each);
                self.errors.extend(err);
                Built::Rows(ok)
            }
            Step::Negate(pipeline) => Built::Rows(negate(self.run(pipeline, name))),
            Step::Threshold(pipeline) => {
                let rows = self.run(pipeline, name);
                Built::Rows(group(imports.flow(), rows, name, Shape::KeyIsRow, Threshold).0)
            }
            Step::Union(inputs) => {
                let streams: Vec<_> = inputs.iter().map(|input| self.run(input, name)).collect();
                Built::Rows(self.union(streams))
            }
            Step::Guard { rows, keys, error } => {
                let rows = self.run(rows, name);
                let keys = self.run(keys, name);
                let (_, err) = group(imports.flow(), keys, name, Shape::Keyed, AtMostOne::new(error));
                self.errors.push(err);
                Built::Rows(rows)
            }
        })
    }

    fn union(&self, mut streams: Vec<RowStream<'s>>) -> RowStream<'s> {
        match streams.len() {
            0 => constant(self.scope, Updates::new(), 0),
            1 => streams.remove(0),
            _ => self.scope.concatenate(streams),
        }
    }

    fn sink(mut self, imports: &mut dyn ImportProvider<'s>) -> Rendered<'s> {
        let sink: Arc<Sink> = self.program.sink.clone();
        let name = self.program.name.clone();
        let ok = match &*sink {
            Sink::Arrange { arrangement, pipeline, direct } => {
                let ok = match direct.map(|node| &self.built[node]) {
                    Some(Built::Arranged(arrangement)) => arrangement.clone(),
                    _ => {
                        let rows = self.run(pipeline, &name);
                        arrange(imports.flow(), rows, &name)
                    }
                };
                let errors = self.errors_of(*arrangement);
                let err = arrange_errors(imports.flow(), errors, "Errors");
                return Rendered::Arranged { ok, err };
            }
            Sink::Rows(pipeline) => self.run(pipeline, &name),
            Sink::Write(parts) => {
                let mut streams = Vec::new();
                for &(mark, ref pipeline) in parts {
                    streams.push(self.run_with(pipeline, &name, move |_, row, time, diff, out| {
                        out.ok.push(mark, row, time, diff);
                    }));
                }
                self.union(streams)
            }
        };
        let errors = [std::mem::take(&mut self.errors), std::mem::take(&mut self.imported)].concat();
        Rendered::Rows { ok, err: self.union(errors) }
    }

    /// All errors of the view that is maintained in an arrangement. Those that it reads have the name of another.
    fn errors_of(&self, view: u64) -> RowStream<'s> {
        let mut errors = self.imported.clone();
        if !self.errors.is_empty() {
            let raised = self.union(self.errors.clone());
            let named = move |update: UpdateRef<'_>, out: &mut OkErr| {
                let error = EvalError::from_row(update.val).of_view(view);
                out.ok.push_row_with(update.time, update.diff, |bytes| error.encode(bytes));
            };
            errors.push(flat_map(raised, "Errors", Raises::Never, named).0);
        }
        self.union(errors)
    }
}

/// Rows that are there from `time` on, on the first worker.
fn constant<'s>(scope: Scope<'s, u64>, rows: Updates, time: u64) -> RowStream<'s> {
    let mut rows = (scope.index() == 0 && !rows.is_empty()).then_some(rows);
    source(scope, "Constant", move |capability: Capability<u64>, _info| {
        let mut capability = rows.is_some().then(|| capability.delayed(&time));
        type Output<'a> = OutputBuilderSession<'a, u64, CapacityContainerBuilder<Updates>>;
        move |output: &mut Output<'_>| {
            if let (Some(capability), Some(mut rows)) = (capability.take(), rows.take()) {
                output.session(&capability).give_container(&mut rows);
            }
        }
    })
}

/// The rows of an arrangement under some keys, as key and value.
fn lookup<'s>(arrangement: Arr<'s>, name: &str, keys: Vec<Vec<u8>>) -> RowStream<'s> {
    rows_under(arrangement, name, move |rows, each| {
        keys.iter().filter_map(|key| rows.find(key)).for_each(each)
    })
}

/// As [`lookup`], under the keys in some intervals.
fn look_between<'s>(arrangement: Arr<'s>, name: &str, intervals: Vec<KeyInterval>) -> RowStream<'s> {
    rows_under(arrangement, name, move |rows, each| {
        for interval in &intervals {
            let first = rows.seek(0, &interval.from);
            (first..rows.key_count()).take_while(|index| interval.has(rows.key(*index))).for_each(&mut *each);
        }
    })
}

/// The rows under the keys of each batch whose indexes `find` tells.
fn rows_under<'s>(
    arrangement: Arr<'s>,
    name: &str,
    find: impl Fn(&RowBatch, &mut dyn FnMut(usize)) + 'static,
) -> RowStream<'s> {
    use timely::dataflow::channels::pact::Pipeline;
    use timely::dataflow::operators::generic::operator::Operator;
    type Builder = CapacityContainerBuilder<Updates>;
    arrangement.stream.unary::<Builder, _, _, _>(Pipeline, name, move |_capability, _info| {
        move |input, output| {
            input.for_each(|capability, batches| {
                let mut made = Updates::new();
                for batch in batches.drain(..) {
                    let rows = batch.rows();
                    find(rows, &mut |index| {
                        let (key, (low, high)) = (rows.key(index), rows.values(index));
                        for position in low..high {
                            let value = rows.value(position);
                            batch.updates(position, |time, diff| made.push(key, value, time, diff));
                        }
                    });
                }
                if !made.is_empty() {
                    output.session(&capability).give_container(&mut made);
                }
            });
        }
    })
}

/// Appends the order bytes of a row's sort keys.
pub fn order_bytes(row: &[u8], types: &[ScalarType], order: &[tidewire_plan::OrderKey], out: &mut Vec<u8>) {
    let arena = Arena::new();
    for key in order {
        let column = key.column as usize;
        let mut at = tidewire_row::skip_columns(row, 0, &types[..column]);
        let value = read_column(row, &mut at, types[column], &arena);
        encode_order(out, types[column], value, key.descending, key.nulls_first);
    }
}

/// Which keys of a join may match: NULL equals nothing, but in fields that are null-safe.
struct NullCheck {
    fields: Vec<(ScalarType, bool)>,
}

impl NullCheck {
    fn new(key: &[ScalarType], null_safe: &[bool]) -> Self {
        // What follows the last field that matters need not be walked.
        let end = null_safe.iter().rposition(|safe| !safe).map_or(0, |last| last + 1);
        NullCheck { fields: key.iter().copied().zip(null_safe.iter().copied()).take(end).collect() }
    }

    #[inline]
    fn may_match(&self, key: &[u8]) -> bool {
        use tidewire_row::encode::TAG_NULL;
        let mut at = 0;
        for (scalar, safe) in &self.fields {
            if !safe && key[at] == TAG_NULL {
                return false;
            }
            at = skip_column(key, at, *scalar);
        }
        true
    }
}
