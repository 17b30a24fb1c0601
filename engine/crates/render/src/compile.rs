//! From a plan to steps that only have to be wired: every expression compiled, every pipeline fused, nothing left
//! that could be refused while a dataflow is built.

mod layout;
mod operators;
mod scope;
mod step;
mod template;

pub use layout::{layout_input, own_layout};
pub use scope::{Environment, LIMIT, OFFSET, Scope, int8_of, row_count};
pub use step::{First, Form, KeyInterval, PackedKeys, Pipeline, Sink, Step};
pub use template::{Program, Template};

use crate::compose::{expressions, identity, then};
use crate::render::{DELETED, INSERTED, REPLACED, RETURNED};
use std::sync::Arc;
use template::Late;
use tidewire_eval::{Compiled, CompiledMfp, MfpInput, compile_with};
use tidewire_plan::{
    ColumnType, Expr, KeyExpr, Layout, Mfp, NodeIndex, Operator, Output, Plan, Predicate, ReduceClass,
    ScalarType,
};
use tidewire_row::{EvalError, FormatSettings};

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
