//! Table functions: from a row to several rows. Those of one call run in step, so that `SELECT f(x), g(x)` and
//! `ROWS FROM (f(x), g(x))` are one pass over the row.

mod array;
mod hop;
mod json;
mod json_text;
mod series;
mod split;

use crate::compile::compile_with;
use crate::context::{Context, Env};
use crate::expression::Compiled;
use crate::registry::Site;
use smallvec::SmallVec;
use tidewire_plan::{ColumnType, Expr, ScalarType, TableCall, TableFunction};
use tidewire_row::work::checkpoint;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, push_datum};

/// More rows than this from one call are refused: they are made as a whole.
const MOST_ROWS: usize = 10_000_000;

/// Packed rows of a call, one after another.
#[derive(Default)]
pub(crate) struct Rows {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    /// Appends a row.
    pub(crate) fn push(&mut self, row: &[Datum<'_>]) -> EvalResult<()> {
        checkpoint();
        if self.ends.len() == MOST_ROWS {
            let message = format!("a set-returning function gives more than {MOST_ROWS} rows for one row");
            return Err(EvalError::new("54000", message));
        }
        for value in row {
            push_datum(&mut self.bytes, *value);
        }
        self.ends.push(self.bytes.len());
        Ok(())
    }

    fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(&self.bytes[start..end])
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

struct Call {
    function: TableFunction,
    arguments: Box<[Compiled]>,
    site: Site,
    /// A row of NULLs, for when another call has more rows.
    nulls: Vec<u8>,
}

/// The calls of one FlatMap, compiled.
pub struct TableCalls {
    calls: Box<[Call]>,
    ordinality: bool,
}

/// What is kept between rows.
#[derive(Default)]
pub struct TableScratch {
    made: Vec<Rows>,
}

/// The columns of a call's rows; those of a shape where it has one.
fn width(function: TableFunction, arguments: &[Expr]) -> Result<usize, String> {
    Ok(match function {
        TableFunction::JsonPopulateRecord | TableFunction::JsonPopulateRecordset => match arguments.get(2) {
            Some(Expr::Literal { text: Some(shape), .. }) => {
                crate::populate::width(shape).map_err(|error| error.to_string())?
            }
            _ => return Err("plan refused: a shape is a constant".into()),
        },
        TableFunction::Hop | TableFunction::JsonbEach | TableFunction::JsonbEachText => 2,
        TableFunction::JsonEach | TableFunction::JsonEachText | TableFunction::ExpandArray => 2,
        _ => 1,
    })
}

fn arity(function: TableFunction) -> usize {
    match function {
        TableFunction::JsonbPathQuery
        | TableFunction::JsonbPathQueryTz
        | TableFunction::JsonPopulateRecord
        | TableFunction::JsonPopulateRecordset => 4,
        TableFunction::Hop
        | TableFunction::GenerateSeries
        | TableFunction::StringToTable
        | TableFunction::GenerateSubscripts
        | TableFunction::RegexpMatches
        | TableFunction::RegexpSplitToTable => 3,
        _ => 1,
    }
}

impl TableCalls {
    /// Compiles the calls over rows of `columns`.
    pub fn new(
        calls: &[TableCall],
        ordinality: bool,
        columns: &[ColumnType],
        parameters: &[ScalarType],
        settings: &FormatSettings,
    ) -> Result<Self, String> {
        let calls = calls
            .iter()
            .map(|call| {
                let TableCall { function, arguments } = call;
                // A series of times may have its steps in a zone.
                let at_zone = *function == TableFunction::GenerateSeries && arguments.len() == 4;
                if arguments.len() != arity(*function) && !at_zone {
                    return Err(format!(
                        "plan refused: {function:?} takes {} arguments, not {}",
                        arity(*function),
                        arguments.len()
                    ));
                }
                let width = width(*function, arguments)?;
                let arguments = arguments
                    .iter()
                    .map(|expr| compile_with(expr, columns, parameters, settings))
                    .collect::<Result<_, _>>()?;
                let mut nulls = Vec::new();
                for _ in 0..width {
                    push_datum(&mut nulls, Datum::Null);
                }
                Ok(Call { function: *function, arguments, site: Site::default(), nulls })
            })
            .collect::<Result<_, String>>()?;
        Ok(TableCalls { calls, ordinality })
    }

    /// Calls `emit` with the packed columns of each row. All rows are made before the first is given: a row in error
    /// gives none.
    pub fn rows<'a>(
        &'a self,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
        scratch: &mut TableScratch,
        mut emit: impl FnMut(&[u8]),
    ) -> EvalResult<()> {
        scratch.made.resize_with(self.calls.len(), Rows::default);
        let mut most = 0;
        for (call, made) in self.calls.iter().zip(&mut scratch.made) {
            made.clear();
            call.run(row, context, arena, made)?;
            most = most.max(made.ends.len());
        }
        let mut bytes = Vec::new();
        for index in 0..most {
            if let ([_], false) = (&*self.calls, self.ordinality) {
                emit(scratch.made[0].get(index).expect("a row below the count"));
                continue;
            }
            bytes.clear();
            for (call, made) in self.calls.iter().zip(&scratch.made) {
                bytes.extend_from_slice(made.get(index).unwrap_or(&call.nulls));
            }
            if self.ordinality {
                push_datum(&mut bytes, Datum::Int64(index as i64 + 1));
            }
            emit(&bytes);
        }
        Ok(())
    }
}

impl Call {
    fn run<'a>(
        &'a self,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
        rows: &mut Rows,
    ) -> EvalResult<()> {
        let mut arguments: SmallVec<[Datum<'a>; 3]> = SmallVec::new();
        for argument in &self.arguments {
            arguments.push(argument.eval(row, context, arena)?);
        }
        let strict = !matches!(
            self.function,
            TableFunction::StringToTable
                | TableFunction::Hop
                | TableFunction::JsonPopulateRecord
                | TableFunction::JsonPopulateRecordset
        );
        if strict && arguments.iter().any(|argument| matches!(argument, Datum::Null)) {
            return Ok(());
        }
        let env = Env { arena, context, site: &self.site, result: ScalarType::Text };
        match self.function {
            TableFunction::Hop => hop::hop(&arguments, rows),
            TableFunction::GenerateSeries => series::generate(&arguments, &env, rows),
            TableFunction::StringToTable => split::string_to_table(&arguments, rows),
            TableFunction::RegexpSplitToTable => split::regexp_split_to_table(&arguments, &env, rows),
            TableFunction::JsonbArrayElements => json::elements(&arguments, false, arena, rows),
            TableFunction::JsonbArrayElementsText => json::elements(&arguments, true, arena, rows),
            TableFunction::JsonbEach => json::pairs(&arguments, false, arena, rows),
            TableFunction::JsonbEachText => json::pairs(&arguments, true, arena, rows),
            TableFunction::JsonArrayElements => json_text::elements(&arguments, false, rows),
            TableFunction::JsonArrayElementsText => json_text::elements(&arguments, true, rows),
            TableFunction::JsonEach => json_text::pairs(&arguments, false, rows),
            TableFunction::JsonEachText => json_text::pairs(&arguments, true, rows),
            TableFunction::JsonObjectKeys => json_text::keys(&arguments, rows),
            TableFunction::ExpandArray => array::expand(&arguments, arena, rows),
            TableFunction::Unnest => array::unnest(&arguments, arena, rows),
            TableFunction::GenerateSubscripts => array::subscripts(&arguments, rows),
            TableFunction::RegexpMatches => array::regexp_matches(&arguments, &env, rows),
            TableFunction::JsonbObjectKeys => json::keys(&arguments, rows),
            TableFunction::JsonbPathQuery => {
                crate::jsonpath::query(&arguments, false, &env, |row| rows.push(&[row]))
            }
            TableFunction::JsonPopulateRecord => crate::populate::row(&arguments, &env, |row| rows.push(row)),
            TableFunction::JsonPopulateRecordset => {
                crate::populate::rows(&arguments, &env, |row| rows.push(row))
            }
            TableFunction::JsonbPathQueryTz => {
                crate::jsonpath::query(&arguments, true, &env, |row| rows.push(&[row]))
            }
        }
    }
}
