//! Delta joins: each input's changes look up the other inputs, so that what is joined on the way needs no arrangement.
//!
//! Paths are ranked by their number. What all inputs hold at first is made by the last path alone: the others begin after it.

use crate::compile::{CompileError, Compiler, Pipeline, Program, layout_input, own_layout};
use crate::compose::{expressions, then};
use crate::pipeline::{Built, Runner, over};
use std::sync::Arc;
use tidewire_arrange::{Arr, OkErr, Raises, RowStream, Sees, half_join};
use tidewire_eval::{CompiledMfp, MfpInput};
use tidewire_plan::{ColumnType, DeltaPath, Expr, KeyExpr, Mfp, Predicate, ScalarType};

/// A compiled path.
pub struct Path {
    /// Keyed for the first look-up.
    pub start: Pipeline,
    stages: Vec<Stage>,
}

struct Stage {
    /// The path of the input that is looked up.
    input: usize,
    arrangement: usize,
    sees: Sees,
    /// Over the row, the arrangement's key and its value.
    closure: Arc<CompiledMfp>,
    /// Of the next look-up.
    key: Option<Arc<[ScalarType]>>,
}

impl Compiler<'_> {
    pub fn delta_join(&self, paths: &[DeltaPath]) -> Result<Vec<Path>, CompileError> {
        paths.iter().enumerate().map(|(rank, path)| self.delta_path(paths.len(), rank, path)).collect()
    }

    fn delta_path(&self, inputs: usize, rank: usize, path: &DeltaPath) -> Result<Path, CompileError> {
        let refused = |why: &str| CompileError::Refused(format!("plan refused: {why} of a delta join"));
        let mut others: Vec<usize> = path.stages.iter().map(|stage| stage.input as usize).collect();
        others.push(rank);
        others.sort_unstable();
        if inputs < 2 || !others.into_iter().eq(0..inputs) {
            return Err(refused("a path does not look up each other input"));
        }
        let (first, arity) = (&path.stages[0], self.columns(path.source as usize).len());
        let keyed = by_key(path.columns.len(), &first.key, &first.null_safe);
        let start = self.pipeline(path.source, then(&path.start, arity, &keyed), Some(types(&first.key)))?;
        let mut stages = Vec::new();
        let mut columns = &path.columns;
        for (at, stage) in path.stages.iter().enumerate() {
            let arrangement = stage.arrangement as usize;
            let operator = &self.plan.nodes[arrangement].operator;
            let layout = own_layout(operator).ok_or_else(|| refused("an input is not arranged"))?;
            if layout.key.len() != stage.key.len() || layout.key.len() != stage.null_safe.len() {
                return Err(refused("the keys differ in length"));
            }
            let found = layout_input(layout, self.columns(arrangement), 1, 2)?;
            let mut input = MfpInput::row(columns);
            input.sources.extend(found.sources);
            input.columns.extend(found.columns);
            let next = path.stages.get(at + 1);
            let (mfp, key) = match next {
                None => (stage.closure.clone(), None),
                Some(next) => {
                    let keyed = by_key(stage.columns.len(), &next.key, &next.null_safe);
                    (then(&stage.closure, input.columns.len(), &keyed), Some(types(&next.key).into()))
                }
            };
            stages.push(Stage {
                input: stage.input as usize,
                arrangement,
                sees: if stage.input as usize > rank { Sees::Before } else { Sees::Through },
                closure: Arc::new(self.compiled(&mfp, &input)?),
                key,
            });
            columns = &stage.columns;
        }
        Ok(Path { start, stages })
    }
}

fn types(key: &[KeyExpr]) -> Vec<ScalarType> {
    key.iter().map(|key| key.column.scalar).collect()
}

/// Rows of so many columns by a key, without those that have a NULL where it matches nothing.
fn by_key(arity: usize, key: &[KeyExpr], null_safe: &[bool]) -> Mfp {
    let columns = (0..arity as u32).map(|index| Expr::Column { index });
    let mut mfp = expressions(arity, key.iter().map(|key| key.expr.clone()).chain(columns));
    for (field, KeyExpr { column: ColumnType { nullable, .. }, .. }) in key.iter().enumerate() {
        if *nullable && !null_safe.get(field).is_some_and(|safe| *safe) {
            let column = Expr::Column { index: mfp.projection[field] };
            let condition = Expr::Not { operand: Box::new(Expr::IsNull { operand: Box::new(column) }) };
            mfp.predicates.push(Predicate { position: (arity + mfp.expressions.len()) as u32, condition });
        }
    }
    mfp
}

/// The rows and the errors of each path.
pub fn delta_join<'s>(
    paths: &[Path],
    built: &[Built<'s>],
    program: &Program,
    name: &str,
) -> Result<(Vec<RowStream<'s>>, Vec<RowStream<'s>>), String> {
    let arranged = |node: usize| match &built[node] {
        Built::Arranged(arrangement) => Ok(arrangement.clone()),
        _ => Err(format!("node {node} yields no arrangement")),
    };
    // What is in the dataflow's seeds has been joined. An input that never changes again is in them for good.
    let floors = paths.iter().flat_map(|path| &path.stages).map(|stage| match &built[stage.arrangement] {
        Built::Arranged(Arr { trace, .. }) => trace.floor(),
        _ => 0,
    });
    let seeded = floors.filter(|floor| *floor > 0).min().unwrap_or(0);
    let last = paths.len() - 1;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        let mut start = seeded;
        // Nothing of the last input is there before the time as of which it is read.
        if let Some(stage) = path.stages.iter().find(|stage| stage.input == last) {
            let as_of = arranged(stage.arrangement)?.trace.as_of();
            start = start.max(if as_of == 0 { 0 } else { as_of + 1 });
        }
        let mut runner = Runner::new(path.start.mfp.clone(), program.scope.clone());
        let key = path.start.key.clone();
        let raises = Raises::when(path.start.mfp.can_raise());
        let (mut stream, err) =
            over(&built[path.start.source], name, raises, move |sources, time, diff, out| {
                if time >= start {
                    runner.push(sources, key.as_deref(), time, diff, out);
                }
            });
        errors.extend(err);
        for stage in &path.stages {
            let arrangement = arranged(stage.arrangement)?;
            let mut runner = Runner::new(stage.closure.clone(), program.scope.clone());
            let key = stage.key.clone();
            let raises = stage.closure.can_raise();
            let logic =
                move |row: &[u8], found: &[u8], value: &[u8], time: u64, diff: i64, out: &mut OkErr| {
                    runner.push(&[row, found, value], key.as_deref(), time, diff, out);
                    assert!(raises || out.err.is_empty(), "an expression that raises no errors raised one");
                };
            let (ok, err) = half_join(stream, arrangement, name, stage.sees, logic);
            stream = ok;
            errors.extend(Some(err).filter(|_| raises));
        }
        rows.push(stream);
    }
    Ok((rows, errors))
}
