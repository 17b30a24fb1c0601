//! From a plan to steps that only have to be wired: every expression compiled, every pipeline fused, nothing left
//! that could be refused while a dataflow is built.

use crate::compose::{expressions, identity, then};
use crate::reduce::basic::Basic;
use crate::reduce::hierarchical::Extreme;
use crate::render::{DELETED, INSERTED, REPLACED, RETURNED};
use crate::top_k::TopK;
use crate::window::Window;
use std::sync::Arc;
use tidewire_eval::{Compiled, CompiledMfp, Context, MfpInput, TableCalls, compile_with};
use tidewire_plan::{
    Aggregate, AggregateFunction, ColumnPlace, ColumnType, Expr, KeyExpr, Layout, Mfp, NodeIndex, Operator,
    OrderKey, Output, Plan, Predicate, ReduceClass, ScalarType,
};
use tidewire_row::{
    Arena, Datum, EvalError, EvalResult, FormatSettings, has_null, push_datum, read_column, text_in,
};

/// What an execution depends on besides its inputs.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Time zone and formats.
    pub settings: FormatSettings,
    /// The parameters' values, one packed row of the plan's parameter types.
    pub parameters: Vec<u8>,
    /// The time at which the plan begins: constants enter at it, LogicalNow is it.
    pub as_of: u64,
}

/// The environment with the types of its parameters, shared by a dataflow's operators.
pub struct Scope {
    environment: Environment,
    parameters: Arc<[ScalarType]>,
}

impl Scope {
    /// Runs `run` with the parameters' values.
    pub fn with<R>(&self, run: impl FnOnce(&Context<'_>) -> R) -> R {
        let context = |parameters| Context {
            parameters,
            settings: &self.environment.settings,
            logical_time: self.environment.as_of,
        };
        if self.parameters.is_empty() {
            return run(&context(&[]));
        }
        let arena = Arena::new();
        let mut at = 0;
        let parameters: Vec<Datum<'_>> = self
            .parameters
            .iter()
            .map(|scalar| read_column(&self.environment.parameters, &mut at, *scalar, &arena))
            .collect();
        run(&context(&parameters))
    }

    /// The time at which constants enter.
    pub fn as_of(&self) -> u64 {
        self.environment.as_of
    }
}

/// How a node's rows stand where its consumers read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A stream of whole rows.
    Rows,
    /// A stream of key and value rows.
    Keyed,
    /// An arrangement.
    Arranged,
}

/// Reads a node's rows and maps, filters and projects them in one pass.
#[derive(Clone)]
pub struct Pipeline {
    /// The node.
    pub source: usize,
    /// Over the node's form.
    pub mfp: Arc<CompiledMfp>,
    /// Types of the leading output columns that are the key; None: whole rows.
    pub key: Option<Arc<[ScalarType]>>,
}

/// The part of an arrangement whose keys begin with some fields and go on with a value between two others.
#[derive(Clone, Debug)]
pub struct KeyInterval {
    prefix: Vec<u8>,
    /// No key of it is less.
    pub from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl KeyInterval {
    fn new(prefix: Vec<u8>, from: &[u8], to: Option<Vec<u8>>) -> Self {
        let from = [&prefix[..], from].concat();
        KeyInterval { prefix, from, to }
    }

    /// Greater than all of its keys, and than no key that is greater than all of them; None: nothing is.
    pub fn end(&self) -> Option<Vec<u8>> {
        let mut end = [&self.prefix[..], self.to.as_deref().unwrap_or_default()].concat();
        while end.pop_if(|byte| *byte == u8::MAX).is_some() {}
        *end.last_mut()? += 1;
        Some(end)
    }

    /// Whether a key that is not less than `from` is in it. Packed fields are in the order of their values.
    pub fn has(&self, key: &[u8]) -> bool {
        let Some(rest) = key.strip_prefix(&self.prefix[..]) else { return false };
        self.to.as_ref().is_none_or(|to| rest <= &to[..] || rest.starts_with(to))
    }
}

/// A compiled operator.
pub enum Step {
    /// Nothing: a fused Mfp, part of its consumer's pipeline.
    Fused,
    /// Rows (whole) with multiplicities.
    Constant(Vec<(Vec<u8>, i64)>),
    Import(u64),
    /// With the sorted key rows.
    Lookup(u64, Vec<Vec<u8>>),
    /// In order, each row in one of them at most; `descending`: what is answered once reads them from the last key on.
    Ranges {
        arrangement: u64,
        intervals: Vec<KeyInterval>,
        descending: bool,
    },
    /// Also an Mfp that several nodes read.
    Pipeline(Pipeline),
    FlatMap {
        input: Pipeline,
        types: Vec<ScalarType>,
        calls: Arc<TableCalls>,
    },
    Arrange(Pipeline),
    Join {
        left: usize,
        right: usize,
        key: Vec<ScalarType>,
        null_safe: Vec<bool>,
        /// Over the sources key, left value, right value.
        closure: Arc<CompiledMfp>,
    },
    DeltaJoin(Vec<crate::delta::Path>),
    Distinct(Pipeline),
    Accumulable {
        input: Pipeline,
        aggregates: Vec<Aggregate>,
        arguments: Vec<Vec<ScalarType>>,
        monotonic: bool,
    },
    Basic {
        /// Key, then the columns that [`Basic::columns`] lists.
        input: Pipeline,
        basic: Arc<Basic>,
    },
    Hierarchical {
        input: Pipeline,
        aggregates: Vec<(Extreme, ScalarType)>,
    },
    TopK {
        /// Key, then the whole row.
        input: Pipeline,
        types: Vec<ScalarType>,
        order: Vec<OrderKey>,
        window: TopK,
        monotonic: bool,
    },
    Window {
        /// Key, then the whole row.
        input: Pipeline,
        types: Vec<ScalarType>,
        order: Vec<OrderKey>,
        window: Arc<Window>,
    },
    Negate(Pipeline),
    /// Rows as keys.
    Threshold(Pipeline),
    Union(Vec<Pipeline>),
    Guard {
        /// The rows.
        rows: Pipeline,
        /// Their keys, no value.
        keys: Pipeline,
        error: EvalError,
    },
}

/// What becomes of the result.
pub enum Sink {
    /// Arranged by this keyed pipeline; `direct` when the node's arrangement is what is wanted.
    Arrange { pipeline: Pipeline, direct: Option<usize> },
    /// Whole rows.
    Rows(Pipeline),
    /// Deleted and inserted rows, marked by a leading byte.
    Write(Vec<(&'static [u8], Pipeline)>),
}

/// What is compiled of a plan before the values of its parameters are known: bound to them, as often as wanted, it
/// gives a [`Program`].
pub struct Template {
    name: Arc<str>,
    parameters: Arc<[ScalarType]>,
    steps: Vec<Arc<Step>>,
    late: Vec<(usize, Late)>,
    forms: Arc<[Form]>,
    labels: Arc<[String]>,
    sink: Arc<Sink>,
}

/// A field of a look-up's key.
enum KeyField {
    One(Compiled),
    /// An array, each of whose elements stands for a key.
    Each(Compiled),
}

/// What parameters decide of a step.
enum Late {
    /// The keys of a look-up.
    Keys(u64, Vec<Vec<KeyField>>),
    Ranges {
        arrangement: u64,
        prefixes: Vec<Vec<Compiled>>,
        ends: [Option<Compiled>; 2],
        descending: bool,
    },
    /// The window of a top-k.
    Window {
        offset: Option<Compiled>,
        limit: Option<Compiled>,
    },
}

/// A plan ready to be rendered, as often as wanted.
pub struct Program {
    /// For logs.
    pub name: Arc<str>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) steps: Vec<Arc<Step>>,
    pub(crate) forms: Arc<[Form]>,
    pub(crate) labels: Arc<[String]>,
    pub(crate) sink: Arc<Sink>,
}

/// Why a plan could not be compiled.
#[derive(Clone, Debug, PartialEq)]
pub enum CompileError {
    /// The plan is not one that this engine obeys.
    Refused(String),
    /// Evaluating a part that does not depend on rows raised this (a LIMIT, a look-up key, a constant).
    Data(EvalError),
}

impl From<String> for CompileError {
    fn from(message: String) -> Self {
        CompileError::Refused(message)
    }
}

impl From<EvalError> for CompileError {
    fn from(error: EvalError) -> Self {
        CompileError::Data(error)
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CompileError::Refused(message) => f.write_str(message),
            CompileError::Data(error) => std::fmt::Display::fmt(error, f),
        }
    }
}

impl Template {
    /// Compiles a plan under these settings.
    pub fn compile(plan: &Plan, settings: &FormatSettings) -> Result<Self, CompileError> {
        if let Some(node) = output_nodes(plan).into_iter().find(|node| *node as usize >= plan.nodes.len()) {
            return Err(format!("plan refused: the output reads node {node} of {}", plan.nodes.len()).into());
        }
        let mut compiler = Compiler::new(plan, settings);
        let mut steps = Vec::with_capacity(plan.nodes.len());
        for index in 0..plan.nodes.len() {
            steps.push(Arc::new(compiler.step(index)?));
        }
        let sink = Arc::new(compiler.sink()?);
        let labels = plan.nodes.iter().map(|node| node.label.clone()).collect();
        Ok(Template {
            name: plan.name.as_str().into(),
            parameters: plan.parameters.as_slice().into(),
            steps,
            late: compiler.late,
            forms: compiler.forms.into(),
            labels,
            sink,
        })
    }

    /// The program for one execution or installation. The environment has the settings that the plan was compiled under.
    pub fn bind(&self, environment: Environment) -> Result<Program, CompileError> {
        let scope = Arc::new(Scope { environment, parameters: self.parameters.clone() });
        let mut steps = self.steps.clone();
        for (index, late) in &self.late {
            let bound = match late {
                Late::Keys(arrangement, keys) => {
                    let mut packed = Vec::with_capacity(keys.len());
                    for key in keys {
                        packed.extend(packed_keys(key, &scope)?);
                    }
                    packed.sort_unstable();
                    packed.dedup();
                    Step::Lookup(*arrangement, packed)
                }
                Late::Ranges { arrangement, prefixes, ends, descending } => {
                    let pack = |fields: &mut dyn Iterator<Item = &Compiled>| {
                        let mut bytes = Vec::new();
                        for field in fields {
                            constant(field, &scope, |value| push_datum(&mut bytes, value))?;
                        }
                        Ok::<_, CompileError>(bytes)
                    };
                    let mut packed = Vec::with_capacity(prefixes.len());
                    for prefix in prefixes {
                        packed.push(pack(&mut prefix.iter())?);
                    }
                    packed.sort_unstable();
                    packed.dedup();
                    let [from, to] = ends;
                    let from = pack(&mut from.iter())?;
                    let to = to.as_ref().map(|to| pack(&mut std::iter::once(to))).transpose()?;
                    let intervals = packed
                        .into_iter()
                        .map(|prefix| KeyInterval::new(prefix, &from, to.clone()))
                        .collect();
                    Step::Ranges { arrangement: *arrangement, intervals, descending: *descending }
                }
                Late::Window { offset, limit } => match &*steps[*index] {
                    Step::TopK { input, types, order, window, monotonic } => {
                        let limit = row_count(limit.as_ref(), &scope, LIMIT)?;
                        let offset = row_count(offset.as_ref(), &scope, OFFSET)?.unwrap_or(0);
                        let window = TopK { offset, limit, with_ties: window.with_ties };
                        let (input, types, order) = (input.clone(), types.clone(), order.clone());
                        // Without a limit nothing is behind it.
                        let monotonic = *monotonic && limit.is_some();
                        Step::TopK { input, types, order, window, monotonic }
                    }
                    _ => unreachable!("only a top-k has a window"),
                },
            };
            steps[*index] = Arc::new(bound);
        }
        let (forms, labels, sink) = (self.forms.clone(), self.labels.clone(), self.sink.clone());
        Ok(Program { name: self.name.clone(), scope, steps, forms, labels, sink })
    }
}

impl Program {
    /// Compiles a plan for one execution or installation.
    pub fn compile(plan: &Plan, environment: Environment) -> Result<Program, CompileError> {
        Template::compile(plan, &environment.settings)?.bind(environment)
    }

    /// The collections that it imports.
    pub fn imports(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self
            .steps
            .iter()
            .filter_map(|step| match step.as_ref() {
                Step::Import(id) | Step::Lookup(id, _) | Step::Ranges { arrangement: id, .. } => Some(*id),
                _ => None,
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether no operator keeps state, so that rows can be had without a dataflow.
    pub(crate) fn is_direct(&self) -> bool {
        self.steps.iter().all(|step| match step.as_ref() {
            Step::Fused
            | Step::Constant(_)
            | Step::Import(_)
            | Step::Lookup(..)
            | Step::Ranges { .. }
            | Step::Union(_) => true,
            // It has several readers, each of which would compute its rows anew.
            Step::Pipeline(pipeline) => !pipeline.mfp.is_volatile(),
            _ => false,
        })
    }
}

/// The key of a layout as a program over whole rows.
pub fn key_program(
    layout: &Layout,
    columns: &[ColumnType],
    settings: &FormatSettings,
) -> Result<CompiledMfp, CompileError> {
    let mfp = expressions(columns.len(), layout.key.iter().map(|key| key.expr.clone()));
    Ok(CompiledMfp::over(&mfp, &MfpInput::row(columns), &[], settings)?)
}

pub struct Compiler<'a> {
    pub plan: &'a Plan,
    settings: &'a FormatSettings,
    late: Vec<(usize, Late)>,
    /// How often each node is read.
    consumers: Vec<usize>,
    forms: Vec<Form>,
}

impl<'a> Compiler<'a> {
    fn new(plan: &'a Plan, settings: &'a FormatSettings) -> Self {
        let mut consumers = vec![0; plan.nodes.len()];
        let mut joined = vec![false; plan.nodes.len()];
        for node in &plan.nodes {
            for input in node.operator.inputs() {
                consumers[input as usize] += 1;
            }
            match &node.operator {
                Operator::Join { left, right, .. } => {
                    joined[*left as usize] = true;
                    joined[*right as usize] = true;
                }
                Operator::DeltaJoin { paths } => {
                    for stage in paths.iter().flat_map(|path| &path.stages) {
                        joined[stage.arrangement as usize] = true;
                    }
                }
                // Read twice: for its rows and for its keys.
                Operator::Guard { input, .. } => consumers[*input as usize] += 1,
                _ => {}
            }
        }
        match &plan.output {
            Output::Arrangement { node, layout, .. } => {
                consumers[*node as usize] += 1;
                if own_layout(&plan.nodes[*node as usize].operator) == Some(layout) {
                    joined[*node as usize] = true;
                }
            }
            Output::Subscription { node } | Output::Rows { node, .. } => consumers[*node as usize] += 1,
            output @ Output::Write { .. } => {
                for (_, node) in written_nodes(output) {
                    consumers[node as usize] += 1;
                }
            }
        }
        let forms = plan
            .nodes
            .iter()
            .zip(&joined)
            .map(|(node, joined)| match &node.operator {
                Operator::Import { .. } | Operator::Arrange { .. } => Form::Arranged,
                Operator::Reduce { class: ReduceClass::Hierarchical { .. }, .. } => Form::Arranged,
                Operator::Reduce { .. } | Operator::Lookup { .. } if *joined => Form::Arranged,
                Operator::Reduce { .. } | Operator::Lookup { .. } => Form::Keyed,
                _ => Form::Rows,
            })
            .collect();
        Compiler { plan, settings, late: Vec::new(), consumers, forms }
    }

    pub fn columns(&self, node: usize) -> &'a [ColumnType] {
        &self.plan.nodes[node].columns
    }

    fn settings(&self) -> &FormatSettings {
        self.settings
    }

    fn is_fused(&self, node: usize) -> bool {
        matches!(self.plan.nodes[node].operator, Operator::Mfp { .. }) && self.consumers[node] == 1
    }

    /// The packed rows in which a node's columns are found.
    fn input_of(&self, node: usize) -> Result<MfpInput, CompileError> {
        let columns = self.columns(node);
        match (self.forms[node], own_layout(&self.plan.nodes[node].operator)) {
            (Form::Rows, _) => Ok(MfpInput::row(columns)),
            (_, Some(layout)) => layout_input(layout, columns, 0, 1),
            (_, None) => Err(format!("plan refused: node {node} has no layout").into()),
        }
    }

    /// Reads `node` (through the Mfps that are fused into its reader) and applies `last` to its columns.
    pub fn pipeline(
        &self,
        node: NodeIndex,
        last: Mfp,
        key: Option<Vec<ScalarType>>,
    ) -> Result<Pipeline, CompileError> {
        let mut node = node as usize;
        let mut mfp = last;
        while self.is_fused(node) {
            let Operator::Mfp { input, mfp: first } = &self.plan.nodes[node].operator else { break };
            mfp = then(first, self.columns(*input as usize).len(), &mfp);
            node = *input as usize;
        }
        let input = self.input_of(node)?;
        let mfp = self.compiled(&mfp, &input)?;
        Ok(Pipeline { source: node, mfp: Arc::new(mfp), key: key.map(Into::into) })
    }

    /// A program over rows that stand like `input`.
    pub fn compiled(&self, mfp: &Mfp, input: &MfpInput) -> Result<CompiledMfp, CompileError> {
        Ok(CompiledMfp::over(mfp, input, &self.plan.parameters, self.settings())?)
    }

    fn rows(&self, node: NodeIndex) -> Result<Pipeline, CompileError> {
        self.pipeline(node, identity(self.columns(node as usize).len()), None)
    }

    /// The node's rows by key expressions, followed by value expressions.
    fn keyed(
        &self,
        node: NodeIndex,
        key: &[KeyExpr],
        value: impl IntoIterator<Item = Expr>,
    ) -> Result<Pipeline, CompileError> {
        self.keyed_where(node, key, value, &[])
    }

    /// [`Self::keyed`] without the rows that have a NULL in one of the `strict` key fields.
    fn keyed_where(
        &self,
        node: NodeIndex,
        key: &[KeyExpr],
        value: impl IntoIterator<Item = Expr>,
        strict: &[usize],
    ) -> Result<Pipeline, CompileError> {
        let arity = self.columns(node as usize).len();
        let mut mfp = expressions(arity, key.iter().map(|key| key.expr.clone()).chain(value));
        for field in strict.iter().filter(|field| key.get(**field).is_some_and(|key| key.column.nullable)) {
            let column = Expr::Column { index: mfp.projection[*field] };
            let condition = Expr::Not { operand: Box::new(Expr::IsNull { operand: Box::new(column) }) };
            mfp.predicates.push(Predicate { position: (arity + mfp.expressions.len()) as u32, condition });
        }
        let types = key.iter().map(|key| key.column.scalar).collect();
        self.pipeline(node, mfp, Some(types))
    }

    /// The key fields of an Arrange in which NULL matches nothing for any reader. Rows with a NULL there are left out, so
    /// that a join never pairs all NULLs of one side with all NULLs of the other only to drop the pairs.
    fn strict_fields(&self, node: usize) -> Vec<usize> {
        let mut strict: Option<Vec<bool>> = None;
        let readers = self
            .plan
            .nodes
            .iter()
            .filter(|reader| reader.operator.inputs().iter().any(|input| *input as usize == node));
        for reader in readers {
            let looked_up: Vec<&Vec<bool>> = match &reader.operator {
                Operator::Join { null_safe, .. } => vec![null_safe],
                // A path that begins here joins by the same equalities.
                Operator::DeltaJoin { paths } => paths
                    .iter()
                    .flat_map(|path| &path.stages)
                    .filter(|stage| stage.arrangement as usize == node)
                    .map(|stage| &stage.null_safe)
                    .collect(),
                _ => return Vec::new(),
            };
            for null_safe in looked_up {
                let fields = strict.get_or_insert_with(|| vec![true; null_safe.len()]);
                for (field, safe) in fields.iter_mut().zip(null_safe) {
                    *field &= !safe;
                }
            }
        }
        if output_nodes(self.plan).iter().any(|output| *output as usize == node) {
            return Vec::new();
        }
        let fields = strict.unwrap_or_default();
        (0..fields.len()).filter(|field| fields[*field]).collect()
    }

    fn arranged(&self, node: NodeIndex, layout: &Layout) -> Result<Pipeline, CompileError> {
        let value = layout.value.iter().map(|index| Expr::Column { index: *index });
        self.keyed(node, &layout.key, value)
    }

    fn scalars(&self, node: usize) -> Vec<ScalarType> {
        self.columns(node).iter().map(|column| column.scalar).collect()
    }

    /// An expression without columns.
    fn value(&self, expr: &Expr) -> Result<Compiled, CompileError> {
        Ok(compile_with(expr, &[], &self.plan.parameters, self.settings())?)
    }

    fn step(&mut self, index: usize) -> Result<Step, CompileError> {
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
                self.late.push((index, Late::Ranges { arrangement, prefixes, ends, descending }));
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
                Step::Lookup(*arrangement, Vec::new())
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
            Operator::TopK { input, key, order, limit, offset, with_ties, monotonic } => {
                let columns =
                    (0..self.columns(*input as usize).len() as u32).map(|index| Expr::Column { index });
                let value = |expr: &Option<Expr>| expr.as_ref().map(|expr| self.value(expr)).transpose();
                let window = Late::Window { offset: value(offset)?, limit: value(limit)? };
                self.late.push((index, window));
                Step::TopK {
                    input: self.keyed(*input, key, columns)?,
                    types: self.scalars(*input as usize),
                    order: order.clone(),
                    window: TopK { offset: 0, limit: None, with_ties: *with_ties },
                    monotonic: *monotonic,
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

    fn sink(&self) -> Result<Sink, CompileError> {
        Ok(match &self.plan.output {
            Output::Arrangement { node, layout, .. } => {
                let operator = &self.plan.nodes[*node as usize].operator;
                // An import can't be handed on as it is.
                let own = !matches!(operator, Operator::Import { .. } | Operator::Lookup { .. })
                    && own_layout(operator) == Some(layout);
                Sink::Arrange {
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

/// The nodes that the output reads.
fn output_nodes(plan: &Plan) -> Vec<NodeIndex> {
    match &plan.output {
        Output::Arrangement { node, .. } | Output::Subscription { node } | Output::Rows { node, .. } => {
            vec![*node]
        }
        output @ Output::Write { .. } => written_nodes(output).map(|(_, node)| node).collect(),
    }
}

/// The nodes that a write reads, with the marks of their rows.
fn written_nodes(output: &Output) -> impl Iterator<Item = (&'static [u8], NodeIndex)> {
    let nodes = match output {
        Output::Write { deleted, inserted, returned, replaced, .. } => {
            [(DELETED, *deleted), (INSERTED, *inserted), (RETURNED, *returned), (REPLACED, *replaced)]
        }
        _ => [(DELETED, None), (INSERTED, None), (RETURNED, None), (REPLACED, None)],
    };
    nodes.into_iter().filter_map(|(mark, node)| Some((mark, node?)))
}

/// A clause that counts rows: how messages call it, and the SQLSTATE of a negative count.
pub type CountClause = (&'static str, &'static str);
pub const LIMIT: CountClause = ("LIMIT", "2201W");
pub const OFFSET: CountClause = ("OFFSET", "2201X");

/// The packed keys that a look-up's key stands for.
fn packed_keys(key: &[KeyField], scope: &Scope) -> EvalResult<Vec<Vec<u8>>> {
    let mut packed = vec![Vec::new()];
    for field in key {
        match field {
            KeyField::One(value) => constant(value, scope, |value| {
                packed.iter_mut().for_each(|bytes| push_datum(bytes, value));
            })?,
            KeyField::Each(array) => {
                packed = constant(array, scope, |value| {
                    let Datum::Array(array) = value else { return Vec::new() };
                    let elements: Vec<&[u8]> =
                        array.packed().filter(|element| !has_null(element, &[*array.element()])).collect();
                    let longer = |bytes: &Vec<u8>| {
                        elements.iter().map(|element| [bytes, *element].concat()).collect::<Vec<_>>()
                    };
                    packed.iter().flat_map(longer).collect()
                })?;
            }
        }
    }
    Ok(packed)
}

/// The value of a LIMIT or OFFSET; None for none and for NULL.
pub fn row_count(
    expr: Option<&Compiled>,
    scope: &Scope,
    (clause, sqlstate): CountClause,
) -> EvalResult<Option<u64>> {
    let Some(expr) = expr else { return Ok(None) };
    let Some(count) = constant(expr, scope, int8_of)? else { return Ok(None) };
    let negative = |_| EvalError::new(sqlstate, format!("{clause} must not be negative"));
    u64::try_from(count).map(Some).map_err(negative)
}

/// The value of a compiled expression without columns.
pub fn constant<R>(compiled: &Compiled, scope: &Scope, read: impl FnOnce(Datum<'_>) -> R) -> EvalResult<R> {
    scope.with(|context| {
        let arena = Arena::new();
        compiled.eval(&[], context, &arena).map(read)
    })
}

/// The value of an int8 expression; None for NULL.
pub fn int8_of(value: Datum<'_>) -> Option<i64> {
    match value {
        Datum::Int64(value) => Some(value),
        Datum::Int32(value) => Some(value as i64),
        Datum::Int16(value) => Some(value as i64),
        _ => None,
    }
}

/// The layout in which an operator yields an arrangement.
pub fn own_layout(operator: &Operator) -> Option<&Layout> {
    match operator {
        Operator::Import { layout, .. }
        | Operator::Lookup { layout, .. }
        | Operator::Arrange { layout, .. }
        | Operator::Reduce { layout, .. } => Some(layout),
        _ => None,
    }
}

/// Where columns are found in key and value rows, given as sources of these numbers.
pub fn layout_input(
    layout: &Layout,
    columns: &[ColumnType],
    key_source: usize,
    value_source: usize,
) -> Result<MfpInput, CompileError> {
    if layout.restore.len() != columns.len() {
        return Err("plan refused: a layout restores other columns".to_string().into());
    }
    let key = layout.key.iter().map(|key| key.column.scalar).collect();
    let value = layout
        .value
        .iter()
        .map(|index| {
            columns
                .get(*index as usize)
                .map(|column| column.scalar)
                .ok_or_else(|| CompileError::Refused(format!("plan refused: a layout reads column {index}")))
        })
        .collect::<Result<_, _>>()?;
    let columns = layout
        .restore
        .iter()
        .map(|place| match place {
            ColumnPlace::Key { index } => (key_source, *index as usize),
            ColumnPlace::Value { index } => (value_source, *index as usize),
        })
        .collect();
    Ok(MfpInput { sources: vec![key, value], columns })
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
