//! Compiled plans: as they are for all executions, and for one.

use crate::compile::scope::constant;
use crate::compile::{
    CompileError, Compiler, Environment, Form, KeyInterval, LIMIT, OFFSET, PackedKeys, Scope, Sink, Step,
    output_nodes, row_count,
};
use crate::top_k::TopK;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;
use tidewire_eval::Compiled;
use tidewire_plan::{Plan, ScalarType};
use tidewire_row::encode::TAG_VALUE;
use tidewire_row::{Datum, EvalResult, FormatSettings, has_null, push_datum};

/// What is compiled of a plan before the values of its parameters are known: bound to them, as often as wanted, it
/// gives a [`Program`].
pub struct Template {
    name: Arc<str>,
    parameters: Arc<[ScalarType]>,
    steps: Steps,
    late: Vec<(usize, Late)>,
    forms: Arc<[Form]>,
    labels: Arc<[String]>,
    sink: Arc<Sink>,
}

/// Statements over one relation have a few.
type Steps = SmallVec<[Arc<Step>; 8]>;

/// A field of a look-up's key.
pub(super) enum KeyField {
    One(Compiled),
    /// An array, each of whose elements stands for a key.
    Each(Compiled),
}

/// What parameters decide of a step.
pub(super) enum Late {
    /// The keys of a look-up.
    Keys(u64, Vec<Vec<KeyField>>),
    Ranges {
        arrangement: u64,
        prefixes: Vec<Vec<Compiled>>,
        ends: [Option<Compiled>; 2],
        present: bool,
        descending: bool,
    },
    /// The window of a top-k.
    Window { offset: Option<Compiled>, limit: Option<Compiled> },
}

/// A plan ready to be rendered, as often as wanted.
pub struct Program {
    /// For logs.
    pub name: Arc<str>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) steps: Steps,
    pub(crate) forms: Arc<[Form]>,
    pub(crate) labels: Arc<[String]>,
    pub(crate) sink: Arc<Sink>,
}

impl Template {
    /// Compiles a plan under these settings.
    pub fn compile(plan: &Plan, settings: &FormatSettings) -> Result<Self, CompileError> {
        if let Some(node) = output_nodes(plan).into_iter().find(|node| *node as usize >= plan.nodes.len()) {
            return Err(format!("plan refused: the output reads node {node} of {}", plan.nodes.len()).into());
        }
        let mut compiler = Compiler::new(plan, settings);
        let mut steps = Steps::with_capacity(plan.nodes.len());
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
        let scope = Arc::new(Scope::new(environment, self.parameters.clone()));
        let mut steps = self.steps.clone();
        for (index, late) in &self.late {
            let bound = match late {
                Late::Keys(arrangement, keys) => {
                    let mut packed = PackedKeys::new();
                    for key in keys {
                        packed.extend(packed_keys(key, &scope)?);
                    }
                    packed.sort_unstable();
                    packed.dedup();
                    Step::Lookup(*arrangement, packed)
                }
                Late::Ranges { arrangement, prefixes, ends, present, descending } => {
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
                    let to = to.or_else(|| present.then(|| vec![TAG_VALUE]));
                    let intervals = packed
                        .into_iter()
                        .map(|prefix| KeyInterval::new(prefix, &from, to.clone()))
                        .collect();
                    Step::Ranges { arrangement: *arrangement, intervals, descending: *descending }
                }
                Late::Window { offset, limit } => match &*steps[*index] {
                    Step::TopK { input, types, order, window, monotonic, first } => {
                        let limit = row_count(limit.as_ref(), &scope, LIMIT)?;
                        let offset = row_count(offset.as_ref(), &scope, OFFSET)?.unwrap_or(0);
                        let window = TopK { offset, limit, with_ties: window.with_ties };
                        let (input, types, order) = (input.clone(), types.clone(), order.clone());
                        // Without a limit nothing is behind it.
                        let monotonic = *monotonic && limit.is_some();
                        Step::TopK { input, types, order, window, monotonic, first: first.clone() }
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

    /// The collections that it imports, each once.
    pub fn imports(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.reads().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The collections that its steps read, perhaps more than once.
    pub(crate) fn reads(&self) -> impl Iterator<Item = u64> {
        self.steps.iter().filter_map(|step| step.import())
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

/// The packed keys that a look-up's key stands for.
fn packed_keys(key: &[KeyField], scope: &Scope) -> EvalResult<PackedKeys> {
    let mut packed: PackedKeys = smallvec![Vec::new()];
    for field in key {
        match field {
            KeyField::One(value) => constant(value, scope, |value| {
                packed.iter_mut().for_each(|bytes| push_datum(bytes, value));
            })?,
            KeyField::Each(array) => {
                packed = constant(array, scope, |value| {
                    let Datum::Array(array) = value else { return PackedKeys::new() };
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
