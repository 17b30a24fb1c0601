//! Map, filter, project over packed rows.

use crate::compile::{compile_mapped, type_of};
use crate::context::Context;
use crate::expression::Compiled;
use crate::registry::{self, Volatility};
use smallvec::SmallVec;
use tidewire_plan::{ColumnType, Expr, Mfp, ScalarType};
use tidewire_row::{
    Arena, Datum, EvalError, EvalResult, FormatSettings, push_datum, read_column, recycle, skip_column,
};

/// Where the input's columns come from: packed rows ("sources"), each with the types of its fields, and for each column
/// of the input its source and field.
///
/// A join closure over two arrangements has the sources key, left value, right value; then no row is assembled
/// before the closure runs.
#[derive(Clone, Debug, PartialEq)]
pub struct MfpInput {
    /// Field types of each packed row.
    pub sources: Vec<Vec<ScalarType>>,
    /// `(source, field)` of each input column.
    pub columns: Vec<(usize, usize)>,
}

impl MfpInput {
    /// One packed row that holds the columns in order.
    pub fn row(columns: &[ColumnType]) -> Self {
        Self::rows(&[columns])
    }

    /// Packed rows whose columns follow one another: `rows(&[left, right])` for left ++ right.
    pub fn rows(rows: &[&[ColumnType]]) -> Self {
        let sources: Vec<Vec<ScalarType>> =
            rows.iter().map(|columns| columns.iter().map(|column| column.scalar).collect()).collect();
        let columns = sources
            .iter()
            .enumerate()
            .flat_map(|(source, fields)| (0..fields.len()).map(move |field| (source, field)))
            .collect();
        MfpInput { sources, columns }
    }
}

/// A field of a source and what becomes of it.
struct Field {
    scalar: ScalarType,
    /// An expression reads its value.
    decode: bool,
}

/// What is done once fields up to a bound are there.
enum Step {
    /// Evaluate expression `index` into its slot.
    Expression(usize),
    /// Drop the row unless it is true.
    Predicate(usize),
}

/// Where an output column comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Projected {
    /// The bytes of a source's field, by slot.
    Field(usize),
    /// Fields that follow one another in their source: one copy.
    Fields { first: usize, last: usize },
    /// A computed value, by slot.
    Computed(usize),
}

/// An [`Mfp`] ready to run.
pub struct CompiledMfp {
    /// Fields of each source.
    sources: Vec<Vec<Field>>,
    /// The first slot of each source. Slots hold the fields of all sources, then the expressions.
    first_slot: Vec<usize>,
    slots: usize,
    expressions: Vec<Compiled>,
    predicates: Vec<Compiled>,
    /// Up to and with the last predicate.
    filter_steps: Vec<Step>,
    /// Fields of each source that the filter steps need to have been passed.
    filter_bounds: Vec<usize>,
    /// What the projection still needs.
    map_steps: Vec<Step>,
    map_bounds: Vec<usize>,
    projection: Vec<Projected>,
    /// The output is the only source's row, unchanged.
    whole_row: bool,
    output: Vec<ScalarType>,
    volatile: bool,
}

/// Buffers that [`CompiledMfp::apply`] uses again for each row.
#[derive(Default)]
pub struct Scratch {
    values: Vec<Datum<'static>>,
    /// `(start, end)` of each slot's field in its source.
    bounds: SmallVec<[(u32, u32); 8]>,
    /// Of each source: the next field and its position.
    cursors: SmallVec<[(usize, usize); 2]>,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Self {
        Self::default()
    }
}

impl CompiledMfp {
    /// Compiles an MFP over one packed row.
    pub fn new(
        mfp: &Mfp,
        input_columns: &[ColumnType],
        parameters: &[ScalarType],
        settings: &FormatSettings,
    ) -> Result<Self, String> {
        Self::over(mfp, &MfpInput::row(input_columns), parameters, settings)
    }

    /// Compiles an MFP over several packed rows.
    pub fn over(
        mfp: &Mfp,
        input: &MfpInput,
        parameters: &[ScalarType],
        settings: &FormatSettings,
    ) -> Result<Self, String> {
        let mut first_slot = Vec::with_capacity(input.sources.len());
        let mut fields = 0;
        for source in &input.sources {
            first_slot.push(fields);
            fields += source.len();
        }
        let mut places = Vec::with_capacity(input.columns.len() + mfp.expressions.len());
        let mut scalars = Vec::with_capacity(places.capacity());
        for (source, field) in &input.columns {
            let scalar = input.sources.get(*source).and_then(|fields| fields.get(*field));
            scalars
                .push(*scalar.ok_or_else(|| format!("plan refused: no field {field} in source {source}"))?);
            places.push(first_slot[*source] + field);
        }
        let arity = places.len();

        let mut expressions = Vec::with_capacity(mfp.expressions.len());
        for (index, expr) in mfp.expressions.iter().enumerate() {
            // Types first: an expression sees only the columns before it.
            let scalar = type_of(expr, &scalars, parameters)?;
            expressions.push(compile_mapped(expr, &scalars, Some(&places), parameters, settings)?);
            scalars.push(scalar);
            places.push(fields + index);
        }
        let mut predicates = Vec::with_capacity(mfp.predicates.len());
        for predicate in &mfp.predicates {
            let position = predicate.position as usize;
            if position > scalars.len() {
                return Err(format!("plan refused: predicate at position {position} of {}", scalars.len()));
            }
            let condition = &predicate.condition;
            predicates.push(compile_mapped(
                condition,
                &scalars[..position],
                Some(&places),
                parameters,
                settings,
            )?);
        }

        // An expression runs when a predicate or the projection first needs it.
        let mut done = vec![false; expressions.len()];
        let mut filter_steps = Vec::new();
        let mut filter_columns = Vec::new();
        for (index, predicate) in mfp.predicates.iter().enumerate() {
            need(&predicate.condition, mfp, arity, &mut done, &mut filter_steps, &mut filter_columns);
            filter_steps.push(Step::Predicate(index));
        }
        let mut map_steps = Vec::new();
        let mut map_columns = Vec::new();
        let mut projection = Vec::with_capacity(mfp.projection.len());
        let mut output = Vec::with_capacity(mfp.projection.len());
        let mut copied = Vec::new();
        for column in &mfp.projection {
            let column = *column as usize;
            let scalar = scalars
                .get(column)
                .ok_or_else(|| format!("plan refused: projection of column {column} of {}", scalars.len()))?;
            output.push(*scalar);
            // A computed column that is only a column again is copied too.
            let mut place = places[column];
            while place >= fields
                && let Some(alias) = expressions[place - fields].as_column()
            {
                place = alias;
            }
            if place < fields {
                projection.push(Projected::Field(place));
                copied.push(place);
            } else {
                need_expression(place - fields, mfp, arity, &mut done, &mut map_steps, &mut map_columns);
                projection.push(Projected::Computed(place));
            }
        }

        // What has effects has them where nobody reads its value, too.
        for index in 0..expressions.len() {
            if !done[index] && is_volatile(&mfp.expressions[index]) {
                need_expression(index, mfp, arity, &mut done, &mut map_steps, &mut map_columns);
            }
        }

        let mut sources: Vec<Vec<Field>> = input
            .sources
            .iter()
            .map(|source| source.iter().map(|scalar| Field { scalar: *scalar, decode: false }).collect())
            .collect();
        let mut filter_bounds = vec![0; sources.len()];
        let mut map_bounds = vec![0; sources.len()];
        for (columns, bounds) in [(&filter_columns, &mut filter_bounds), (&map_columns, &mut map_bounds)] {
            for column in columns {
                let (source, field) = input.columns[*column];
                sources[source][field].decode = true;
                bounds[source] = bounds[source].max(field + 1);
            }
        }
        for slot in copied {
            let source = first_slot.partition_point(|first| *first <= slot) - 1;
            // Empty sources share their first slot with the next one.
            let field = slot - first_slot[source];
            map_bounds[source] = map_bounds[source].max(field + 1);
        }
        let whole_row = map_steps.is_empty()
            && sources.len() == 1
            && projection.len() == fields
            && projection.iter().enumerate().all(|(index, column)| *column == Projected::Field(index));
        let projection = join_runs(projection, &first_slot);
        if whole_row {
            map_bounds[0] = 0;
        }
        let slots = fields + expressions.len();
        let conditions = mfp.predicates.iter().map(|predicate| &predicate.condition);
        let volatile = mfp.expressions.iter().chain(conditions).any(is_volatile);
        Ok(CompiledMfp {
            volatile,
            sources,
            first_slot,
            slots,
            expressions,
            predicates,
            filter_steps,
            filter_bounds,
            map_steps,
            map_bounds,
            projection,
            whole_row,
            output,
        })
    }

    /// Whether each copy of a row has to be computed by itself.
    pub fn is_volatile(&self) -> bool {
        self.volatile
    }

    /// Whether an expression may raise an error for some row.
    pub fn can_raise(&self) -> bool {
        self.expressions.iter().chain(&self.predicates).any(Compiled::can_raise)
    }

    /// The types of a packed row that it reads.
    pub fn source(&self, index: usize) -> impl Iterator<Item = ScalarType> + '_ {
        self.sources[index].iter().map(|field| field.scalar)
    }

    /// The types of the output's columns.
    pub fn output(&self) -> &[ScalarType] {
        &self.output
    }

    /// Whether every row passes unchanged.
    pub fn is_identity(&self) -> bool {
        self.whole_row && self.filter_steps.is_empty()
    }

    /// Whether no row is dropped and nothing can fail: columns are only chosen.
    pub fn is_projection(&self) -> bool {
        self.filter_steps.is_empty() && self.map_steps.is_empty()
    }

    /// Runs over one packed row. True: the row passed and its projection was appended to `out`. On false or an error `out`
    /// is as it was.
    #[inline]
    pub fn apply<'a>(
        &'a self,
        row: &'a [u8],
        context: &'a Context<'a>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> EvalResult<bool> {
        if self.whole_row && self.filter_steps.is_empty() {
            out.extend_from_slice(row);
            return Ok(true);
        }
        self.apply_sources(&[row], context, arena, scratch, out)
    }

    /// [`CompiledMfp::apply`] over left ++ right; for an input made by `MfpInput::rows(&[left, right])`.
    #[inline]
    pub fn apply_pair<'a>(
        &'a self,
        left: &'a [u8],
        right: &'a [u8],
        context: &'a Context<'a>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> EvalResult<bool> {
        self.apply_sources(&[left, right], context, arena, scratch, out)
    }

    /// [`CompiledMfp::apply`] over the input's sources, in their order.
    pub fn apply_sources<'a>(
        &'a self,
        rows: &[&'a [u8]],
        context: &'a Context<'a>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> EvalResult<bool> {
        // What the last row left there is written over where it is read.
        if scratch.bounds.len() < self.slots {
            scratch.bounds.resize(self.slots, (0, 0));
        }
        if self.is_projection() {
            self.choose(rows, scratch, out);
            return Ok(true);
        }
        let mut values: Vec<Datum<'a>> = recycle(std::mem::take(&mut scratch.values));
        values.resize(self.slots, Datum::Null);
        scratch.cursors.clear();
        scratch.cursors.resize(self.sources.len(), (0, 0));
        let length = out.len();
        let result = self.run(rows, context, arena, scratch, &mut values, out);
        if !matches!(result, Ok(true)) {
            out.truncate(length);
        }
        scratch.values = recycle(values);
        result
    }

    /// The projection of a row of which no value is looked at.
    fn choose(&self, rows: &[&[u8]], scratch: &mut Scratch, out: &mut Vec<u8>) {
        if self.whole_row {
            out.extend_from_slice(rows[0]);
            return;
        }
        for (source, fields) in self.sources.iter().enumerate() {
            let (row, first) = (rows[source], self.first_slot[source]);
            let mut at = 0;
            for (field, Field { scalar, .. }) in fields[..self.map_bounds[source]].iter().enumerate() {
                let start = at;
                at = skip_column(row, at, *scalar);
                scratch.bounds[first + field] = (start as u32, at as u32);
            }
        }
        for column in &self.projection {
            self.copy(*column, rows, scratch, out);
        }
    }

    /// Appends fields as they stand in their source.
    #[inline]
    fn copy(&self, column: Projected, rows: &[&[u8]], scratch: &Scratch, out: &mut Vec<u8>) {
        let (first, last) = match column {
            Projected::Computed(_) => unreachable!("it stands in no source"),
            Projected::Field(slot) => (slot, slot),
            Projected::Fields { first, last } => (first, last),
        };
        let source = if rows.len() == 1 { 0 } else { self.source_of(first) };
        let (start, end) = (scratch.bounds[first].0 as usize, scratch.bounds[last].1 as usize);
        out.extend_from_slice(&rows[source][start..end]);
    }

    fn run<'a>(
        &'a self,
        rows: &[&'a [u8]],
        context: &'a Context<'a>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        values: &mut [Datum<'a>],
        out: &mut Vec<u8>,
    ) -> EvalResult<bool> {
        self.read(rows, &self.filter_bounds, arena, scratch, values);
        if !self.steps(&self.filter_steps, context, arena, values)? {
            return Ok(false);
        }
        if self.whole_row {
            out.extend_from_slice(rows[0]);
            return Ok(true);
        }
        self.read(rows, &self.map_bounds, arena, scratch, values);
        self.steps(&self.map_steps, context, arena, values)?;
        for column in &self.projection {
            match *column {
                Projected::Computed(slot) => push_datum(out, values[slot]),
                column => self.copy(column, rows, scratch, out),
            }
        }
        Ok(true)
    }

    fn source_of(&self, slot: usize) -> usize {
        self.first_slot.partition_point(|first| *first <= slot) - 1
    }

    /// Moves each source's cursor up to its bound; decodes what is wanted and notes where fields lie.
    #[inline]
    fn read<'a>(
        &self,
        rows: &[&'a [u8]],
        bounds: &[usize],
        arena: &'a Arena,
        scratch: &mut Scratch,
        values: &mut [Datum<'a>],
    ) {
        for (source, fields) in self.sources.iter().enumerate() {
            let bound = bounds[source];
            let (mut field, mut at) = scratch.cursors[source];
            if field >= bound {
                continue;
            }
            let (row, first) = (rows[source], self.first_slot[source]);
            while field < bound {
                let start = at;
                if fields[field].decode {
                    values[first + field] = read_column(row, &mut at, fields[field].scalar, arena);
                } else {
                    at = skip_column(row, at, fields[field].scalar);
                }
                scratch.bounds[first + field] = (start as u32, at as u32);
                field += 1;
            }
            scratch.cursors[source] = (field, at);
        }
    }

    /// The error with the function that raised it. What is volatile is not evaluated again to find it.
    #[cold]
    fn located<'a>(
        &self,
        error: EvalError,
        of: &'a Compiled,
        values: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
    ) -> EvalError {
        if self.volatile { error } else { of.located(error, values, context, arena) }
    }

    #[inline]
    fn steps<'a>(
        &'a self,
        steps: &[Step],
        context: &'a Context<'a>,
        arena: &'a Arena,
        values: &mut [Datum<'a>],
    ) -> EvalResult<bool> {
        let first_expression = self.slots - self.expressions.len();
        for step in steps {
            match *step {
                Step::Expression(index) => {
                    let expression = &self.expressions[index];
                    values[first_expression + index] = expression
                        .eval(values, context, arena)
                        .map_err(|error| self.located(error, expression, values, context, arena))?;
                }
                Step::Predicate(index) => {
                    let predicate = &self.predicates[index];
                    if !predicate
                        .is_true(values, context, arena)
                        .map_err(|error| self.located(error, predicate, values, context, arena))?
                    {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}

/// Notes what an expression needs: input columns, and the expressions before it as steps in their order.
fn need(
    expr: &Expr,
    mfp: &Mfp,
    arity: usize,
    done: &mut [bool],
    steps: &mut Vec<Step>,
    columns: &mut Vec<usize>,
) {
    let mut used = Vec::new();
    columns_of(expr, &mut used);
    used.sort_unstable();
    used.dedup();
    for column in used {
        if column < arity {
            columns.push(column);
        } else {
            need_expression(column - arity, mfp, arity, done, steps, columns);
        }
    }
}

fn need_expression(
    index: usize,
    mfp: &Mfp,
    arity: usize,
    done: &mut [bool],
    steps: &mut Vec<Step>,
    columns: &mut Vec<usize>,
) {
    if !done[index] {
        need(&mfp.expressions[index], mfp, arity, done, steps, columns);
        done[index] = true;
        steps.push(Step::Expression(index));
    }
}

/// The columns that an expression reads.
pub(crate) fn columns_of(expr: &Expr, out: &mut Vec<usize>) {
    visit(expr, &mut |expr| {
        if let Expr::Column { index } = expr {
            out.push(*index as usize);
        }
    });
}

/// Whether an expression may have another value each time.
pub fn is_volatile(expr: &Expr) -> bool {
    let mut volatile = false;
    visit(expr, &mut |expr| {
        if let Expr::Call { opcode, .. } = expr {
            let function = registry::lookup(opcode);
            volatile |= function.is_some_and(|function| function.volatility == Volatility::Volatile);
        }
    });
    volatile
}

/// An expression and all that it is made of.
fn visit(expr: &Expr, each: &mut dyn FnMut(&Expr)) {
    each(expr);
    match expr {
        Expr::Column { .. }
        | Expr::Literal { .. }
        | Expr::Parameter { .. }
        | Expr::LogicalNow
        | Expr::Raise { .. } => {}
        Expr::Call { arguments: many, .. }
        | Expr::And { operands: many }
        | Expr::Or { operands: many }
        | Expr::Coalesce { operands: many, .. } => many.iter().for_each(|expr| visit(expr, each)),
        Expr::Input { argument: one, .. }
        | Expr::Output { argument: one, .. }
        | Expr::Not { operand: one }
        | Expr::IsNull { operand: one }
        | Expr::IsTrue { operand: one }
        | Expr::Canonical { operand: one, .. } => visit(one, each),
        Expr::Case { branches, otherwise, .. } => {
            for branch in branches {
                visit(&branch.condition, each);
                visit(&branch.result, each);
            }
            visit(otherwise, each);
        }
        Expr::InList { operand, list, .. } => {
            visit(operand, each);
            list.iter().for_each(|expr| visit(expr, each));
        }
        Expr::Element { .. } | Expr::Local { .. } => {}
        Expr::Once { value, body, .. } => {
            visit(value, each);
            visit(body, each);
        }
        Expr::Array { elements, .. } => elements.iter().for_each(|expr| visit(expr, each)),
        // The bodies read elements alone.
        Expr::MapArray { array, .. } => visit(array, each),
        Expr::Quantified { left, array, .. } => {
            visit(left, each);
            visit(array, each);
        }
        Expr::NotDistinct { left, right, .. } => {
            visit(left, each);
            visit(right, each);
        }
    }
}

/// Joins neighbouring fields of one source into one copy.
fn join_runs(projection: Vec<Projected>, first_slot: &[usize]) -> Vec<Projected> {
    let mut joined: Vec<Projected> = Vec::with_capacity(projection.len());
    for column in projection {
        let Projected::Field(slot) = column else {
            joined.push(column);
            continue;
        };
        let run = match joined.last() {
            Some(Projected::Field(last)) => Some((*last, *last)),
            Some(Projected::Fields { first, last }) => Some((*first, *last)),
            _ => None,
        };
        match run {
            Some((first, last)) if last + 1 == slot && !first_slot.contains(&slot) => {
                joined.pop();
                joined.push(Projected::Fields { first, last: slot });
            }
            _ => joined.push(column),
        }
    }
    joined
}
