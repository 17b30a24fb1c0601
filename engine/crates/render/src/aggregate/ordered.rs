//! Aggregates that are functions of a group's values in an order, not of sums: string_agg, jsonb_agg, percentiles….

use super::ranges;
use tidewire_eval::{Compiled, Context, compile, percentile_fraction};
use tidewire_plan::{Aggregate, AggregateFunction, ColumnType, Expr, RangeType, ScalarType};
use tidewire_row::encode::TAG_NULL;
use tidewire_row::json::write::string;
use tidewire_row::work::checkpoint;
use tidewire_row::{
    Arena, ArrayBuilder, Datum, EvalError, EvalResult, FormatSettings, JsonbBuilder, array, equal,
    push_datum, read_column,
};

/// The longest text or bytea that a value may be: PostgreSQL's.
const LONGEST: usize = 0x3fff_ffff;

/// An aggregate over rows in order; a row is the packed arguments and how often it is there.
pub struct Ordered {
    kind: Kind,
    scalars: Vec<ScalarType>,
    /// `low + fraction * (high - low)` for percentile_cont.
    interpolate: Option<Compiled>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Array(&'static ScalarType),
    Jsonb { strict: bool },
    Json { strict: bool },
    JsonObject { strict: bool, unique: bool },
    JsonbObject { strict: bool, unique: bool },
    Ranges(RangeType),
    CommonRange,
    First,
    PercentileCont,
    PercentileDisc,
    Mode,
}

/// A row of arguments with its multiplicity.
pub type Arguments<'a> = (&'a [u8], u64);

impl Ordered {
    /// The aggregate of a plan. Refuses what is not of the class Basic.
    pub fn new(aggregate: &Aggregate) -> Result<Self, String> {
        use AggregateFunction as F;
        use ScalarType as S;
        let scalars: Vec<S> = aggregate.arguments.iter().map(|argument| argument.column.scalar).collect();
        let kind = match (aggregate.function, &scalars[..]) {
            (F::StringAgg, [S::Text, S::Text] | [S::Bytea, S::Bytea]) => Kind::String,
            (F::ArrayAgg, [scalar]) => match (aggregate.result.scalar, scalar) {
                (S::Array(element), S::Array(part)) if element == *part => Kind::Array(element),
                (S::Array(element), scalar) if element == scalar => Kind::Array(element),
                (result, _) => return Err(format!("plan refused: array_agg of {scalar:?} to {result:?}")),
            },
            (F::JsonbAgg, [S::Jsonb]) => Kind::Jsonb { strict: false },
            (F::JsonbAggStrict, [S::Jsonb]) => Kind::Jsonb { strict: true },
            (F::JsonbObjectAgg, [S::Text, S::Jsonb]) => Kind::JsonbObject { strict: false, unique: false },
            (F::JsonbObjectAggStrict, [S::Text, S::Jsonb]) => {
                Kind::JsonbObject { strict: true, unique: false }
            }
            (F::JsonbObjectAggUnique, [S::Text, S::Jsonb]) => {
                Kind::JsonbObject { strict: false, unique: true }
            }
            (F::JsonbObjectAggUniqueStrict, [S::Text, S::Jsonb]) => {
                Kind::JsonbObject { strict: true, unique: true }
            }
            (F::JsonAgg, [S::Json, S::Bool]) => Kind::Json { strict: false },
            (F::JsonAggStrict, [S::Json, S::Bool]) => Kind::Json { strict: true },
            (F::JsonObjectAgg, [S::Text, S::Json]) => Kind::JsonObject { strict: false, unique: false },
            (F::JsonObjectAggStrict, [S::Text, S::Json]) => Kind::JsonObject { strict: true, unique: false },
            (F::JsonObjectAggUnique, [S::Text, S::Json]) => Kind::JsonObject { strict: false, unique: true },
            (F::JsonObjectAggUniqueStrict, [S::Text, S::Json]) => {
                Kind::JsonObject { strict: true, unique: true }
            }
            (F::RangeAgg, [S::Range(of) | S::Multirange(of)]) => Kind::Ranges(*of),
            (F::RangeIntersectAgg, [S::Range(_) | S::Multirange(_)]) => Kind::CommonRange,
            (F::First, [_]) => Kind::First,
            (F::PercentileCont, [S::Float8, S::Float8 | S::Interval]) => Kind::PercentileCont,
            (F::PercentileCont, [S::Array(S::Float8), S::Float8 | S::Interval]) => Kind::PercentileCont,
            (F::PercentileDisc, [S::Float8 | S::Array(S::Float8), _]) => Kind::PercentileDisc,
            (F::Mode, [_]) => Kind::Mode,
            (function, scalars) => {
                return Err(format!(
                    "plan refused: {function:?} of {scalars:?} is not a function of a group"
                ));
            }
        };
        let interpolate = match (kind, &scalars[..]) {
            (Kind::PercentileCont, [_, scalar]) => Some(interpolation(*scalar)?),
            _ => None,
        };
        Ok(Ordered { kind, scalars, interpolate })
    }

    /// The types of its arguments.
    pub fn scalars(&self) -> &[ScalarType] {
        &self.scalars
    }

    /// Appends the packed result for the rows that take part, in order.
    pub fn compute(&self, rows: &[Arguments<'_>], out: &mut Vec<u8>) -> EvalResult<()> {
        if rows.is_empty() {
            push_datum(out, Datum::Null);
            return Ok(());
        }
        let arena = Arena::new();
        let result = match self.kind {
            Kind::String => self.string(rows, &arena)?,
            Kind::Array(element) => self.array(rows, element, &arena)?,
            Kind::Jsonb { strict } => self.jsonb(rows, strict, &arena),
            Kind::JsonbObject { strict, unique } => self.object(rows, strict, unique, &arena)?,
            Kind::Json { strict } => self.json(rows, strict, &arena)?,
            Kind::JsonObject { strict, unique } => self.json_object(rows, strict, unique, &arena)?,
            Kind::Ranges(of) => ranges::all(of, self.first_arguments(rows, &arena), &arena),
            Kind::CommonRange => ranges::common(self.first_arguments(rows, &arena), &arena)?,
            Kind::First => self.argument(rows[0].0, 0, &arena),
            Kind::PercentileCont | Kind::PercentileDisc => self.percentile(rows, &arena)?,
            Kind::Mode => self.mode(rows, &arena),
        };
        push_datum(out, result);
        Ok(())
    }

    fn argument<'a>(&self, row: &'a [u8], index: usize, arena: &'a Arena) -> Datum<'a> {
        checkpoint();
        let mut at = tidewire_row::skip_columns(row, 0, &self.scalars[..index]);
        read_column(row, &mut at, self.scalars[index], arena)
    }

    /// The first argument of each row.
    fn first_arguments<'a, 'b>(
        &'b self,
        rows: &'b [Arguments<'a>],
        arena: &'a Arena,
    ) -> impl Iterator<Item = Datum<'a>> + use<'a, 'b> {
        rows.iter().map(|(row, _)| self.argument(row, 0, arena))
    }

    fn string<'a>(&self, rows: &[Arguments<'a>], arena: &'a Arena) -> EvalResult<Datum<'a>> {
        let mut joined: Vec<u8> = Vec::new();
        let mut some = false;
        let scratch = Arena::new();
        let bytes = |datum: Datum<'_>, joined: &mut Vec<u8>| match datum {
            Datum::Text(text) => joined.extend_from_slice(text.as_bytes()),
            Datum::Bytea(bytes) => joined.extend_from_slice(bytes),
            _ => {}
        };
        for (row, count) in rows {
            let value = self.argument(row, 0, &scratch);
            if matches!(value, Datum::Null) {
                continue;
            }
            let delimiter = self.argument(row, 1, &scratch);
            for _ in 0..*count {
                if some {
                    bytes(delimiter, &mut joined);
                }
                some = true;
                bytes(value, &mut joined);
                if joined.len() > LONGEST {
                    let message = "string buffer exceeds maximum allowed length (1073741823 bytes)";
                    return Err(EvalError::new("54000", message));
                }
            }
        }
        Ok(match (some, self.scalars[0]) {
            (false, _) => Datum::Null,
            (true, ScalarType::Bytea) => Datum::Bytea(arena.push_bytes(joined)),
            (true, _) => match std::str::from_utf8(&joined) {
                Ok(text) => Datum::Text(arena.push_str(text)),
                Err(_) => Datum::Null,
            },
        })
    }

    /// Arrays become the parts of one of a dimension more.
    fn array<'a>(
        &self,
        rows: &[Arguments<'a>],
        element: &'static ScalarType,
        arena: &'a Arena,
    ) -> EvalResult<Datum<'a>> {
        let mut builder = ArrayBuilder::new(element);
        if !matches!(self.scalars[0], ScalarType::Array(_)) {
            for (row, count) in rows {
                let end = tidewire_row::skip_column(row, 0, self.scalars[0]);
                for _ in 0..*count {
                    builder.push_packed(&row[..end]);
                }
                array::checked_length(builder.len())?;
            }
            return Ok(Datum::Array(builder.finish(arena)?));
        }
        let mut inner: Option<array::Dimensions> = None;
        let mut parts = 0;
        for (row, count) in rows {
            let Datum::Array(part) = self.argument(row, 0, arena) else {
                return Err(EvalError::new("22004", "cannot accumulate null arrays"));
            };
            let dimensions = part.dimensions();
            if dimensions.is_empty() {
                return Err(EvalError::new("2202E", "cannot accumulate empty arrays"));
            }
            if inner.as_ref().is_some_and(|inner| *inner != dimensions) {
                return Err(EvalError::new("2202E", "cannot accumulate arrays of different dimensionality"));
            }
            inner = Some(dimensions);
            for _ in 0..*count {
                builder.push_all(&part);
                parts += 1;
            }
            array::checked_length(builder.len())?;
        }
        let mut dimensions: array::Dimensions = inner.unwrap_or_default();
        if dimensions.len() >= array::MAX_DIMENSIONS {
            let count = dimensions.len() + 1;
            let most = array::MAX_DIMENSIONS;
            return Err(EvalError::new(
                "54000",
                format!("number of array dimensions ({count}) exceeds the maximum allowed ({most})"),
            ));
        }
        dimensions.insert(0, array::Dimension { length: parts, lower: 1 });
        Ok(Datum::Array(builder.finish_as(&dimensions, arena)))
    }

    fn jsonb<'a>(&self, rows: &[Arguments<'a>], strict: bool, arena: &'a Arena) -> Datum<'a> {
        let mut builder = JsonbBuilder::new();
        builder.begin_array();
        for (row, count) in rows {
            let value = self.argument(row, 0, arena);
            for _ in 0..*count {
                match value {
                    Datum::Jsonb(value) => builder.push_jsonb(value),
                    _ if strict => {}
                    _ => builder.push_null(),
                }
            }
        }
        Datum::Jsonb(builder.finish(arena))
    }

    fn object<'a>(
        &self,
        rows: &[Arguments<'a>],
        strict: bool,
        unique: bool,
        arena: &'a Arena,
    ) -> EvalResult<Datum<'a>> {
        let mut builder = JsonbBuilder::new();
        let mut keys = std::collections::BTreeSet::new();
        builder.begin_object();
        for (row, count) in rows {
            let Datum::Text(key) = self.argument(row, 0, arena) else {
                return Err(EvalError::new("22023", "field name must not be null"));
            };
            let value = self.argument(row, 1, arena);
            if strict && matches!(value, Datum::Null) {
                continue;
            }
            if unique && (*count > 1 || !keys.insert(key)) {
                return Err(EvalError::new("22030", "duplicate JSON object key value"));
            }
            builder.key(key);
            match value {
                Datum::Jsonb(value) => builder.push_jsonb(value),
                _ => builder.push_null(),
            }
        }
        Ok(Datum::Jsonb(builder.finish(arena)))
    }

    /// The spaces are PostgreSQL's.
    fn json<'a>(&self, rows: &[Arguments<'a>], strict: bool, arena: &'a Arena) -> EvalResult<Datum<'a>> {
        let mut out = String::from("[");
        for (row, count) in rows {
            let value = match self.argument(row, 0, arena) {
                Datum::Json(value) => Some(value),
                _ if strict => continue,
                _ => None,
            };
            let lines = matches!(self.argument(row, 1, arena), Datum::Bool(true));
            for _ in 0..*count {
                if out.len() > 1 {
                    out.push_str(if lines && value.is_some() { ", \n " } else { ", " });
                }
                out.push_str(value.unwrap_or("null"));
            }
            check_length(&out)?;
        }
        out.push(']');
        Ok(Datum::Json(arena.push_str(out)))
    }

    fn json_object<'a>(
        &self,
        rows: &[Arguments<'a>],
        strict: bool,
        unique: bool,
        arena: &'a Arena,
    ) -> EvalResult<Datum<'a>> {
        let mut out = String::from("{ ");
        let mut keys = std::collections::BTreeSet::new();
        for (row, count) in rows {
            let Datum::Text(key) = self.argument(row, 0, arena) else {
                return Err(EvalError::new("22004", "null value not allowed for object key"));
            };
            let value = match self.argument(row, 1, arena) {
                Datum::Json(value) => value,
                _ if strict => continue,
                _ => "null",
            };
            let mut quoted = Vec::with_capacity(key.len() + 2);
            string(key.as_bytes(), &mut quoted);
            let quoted = String::from_utf8_lossy(&quoted);
            if unique && (*count > 1 || !keys.insert(key)) {
                let message = format!("duplicate JSON object key value: {quoted}");
                return Err(EvalError::new("22030", message));
            }
            for _ in 0..*count {
                if out.len() > 2 {
                    out.push_str(", ");
                }
                out.push_str(&quoted);
                out.push_str(" : ");
                out.push_str(value);
            }
            check_length(&out)?;
        }
        out.push_str(" }");
        Ok(Datum::Json(arena.push_str(out)))
    }

    fn percentile<'a>(&self, rows: &[Arguments<'a>], arena: &'a Arena) -> EvalResult<Datum<'a>> {
        let fractions = match self.argument(rows[0].0, 0, arena) {
            Datum::Float64(fraction) => return self.percentile_at(fraction, rows, arena),
            Datum::Array(fractions) => fractions,
            _ => return Ok(Datum::Null),
        };
        // As many results as fractions, in an array of the same shape.
        let element = match self.scalars.get(1).and_then(ScalarType::array) {
            Some(ScalarType::Array(element)) => element,
            _ => {
                return Err(EvalError::new(
                    "0A000",
                    "percentiles of arrays at several fractions are not supported",
                ));
            }
        };
        let at = |row: &[u8]| tidewire_row::skip_column(row, 0, self.scalars[0]);
        if rows.iter().all(|(row, _)| row[at(row)] == TAG_NULL) {
            return Ok(Datum::Null);
        }
        let mut builder = ArrayBuilder::new(element);
        for fraction in fractions.elements(arena) {
            builder.push(match fraction {
                Datum::Float64(fraction) => self.percentile_at(fraction, rows, arena)?,
                _ => Datum::Null,
            });
        }
        Ok(Datum::Array(builder.finish_as(&fractions.dimensions(), arena)))
    }

    fn percentile_at<'a>(
        &self,
        fraction: f64,
        rows: &[Arguments<'a>],
        arena: &'a Arena,
    ) -> EvalResult<Datum<'a>> {
        let fraction = percentile_fraction(fraction)?;
        let present = |row: &[u8]| {
            let at = tidewire_row::skip_column(row, 0, self.scalars[0]);
            row[at] != TAG_NULL
        };
        let total: u64 = rows.iter().filter(|(row, _)| present(row)).map(|(_, count)| count).sum();
        if total == 0 {
            return Ok(Datum::Null);
        }
        let nth = |index: u64| {
            let mut left = index;
            for (row, count) in rows.iter().filter(|(row, _)| present(row)) {
                if left < *count {
                    return self.argument(row, 1, arena);
                }
                left -= count;
            }
            Datum::Null
        };
        if self.kind == Kind::PercentileDisc {
            let position = (fraction * total as f64).ceil() as u64;
            return Ok(nth(position.clamp(1, total) - 1));
        }
        let position = fraction * (total - 1) as f64;
        let (first, second) = (position.floor(), position.ceil());
        let low = nth((first as u64).min(total - 1));
        if first == second {
            return Ok(low);
        }
        let high = nth((second as u64).min(total - 1));
        let Some(interpolate) = &self.interpolate else { return Ok(Datum::Null) };
        let settings = FormatSettings::default();
        let context = Context { parameters: &[], settings: &settings, logical_time: 0 };
        let local = Arena::new();
        Ok(match interpolate.eval(&[low, high, Datum::Float64(position - first)], &context, &local)? {
            Datum::Float64(value) => Datum::Float64(value),
            Datum::Interval(value) => Datum::Interval(value),
            _ => Datum::Null,
        })
    }

    fn mode<'a>(&self, rows: &[Arguments<'a>], arena: &'a Arena) -> Datum<'a> {
        let mut best = (Datum::Null, 0);
        let mut run: (Datum<'a>, u64) = (Datum::Null, 0);
        for (row, count) in rows {
            let value = self.argument(row, 0, arena);
            if matches!(value, Datum::Null) {
                continue;
            }
            run = match run.1 > 0 && equal(self.scalars[0], run.0, value) {
                true => (run.0, run.1 + count),
                false => (value, *count),
            };
            if run.1 > best.1 {
                best = run;
            }
        }
        best.0
    }
}

fn check_length(text: &str) -> EvalResult<()> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(EvalError::new("54000", "string buffer exceeds maximum allowed length (1073741823 bytes)"))
}

/// `low + fraction * (high - low)` over the columns low, high, fraction, as PostgreSQL's lerp functions have it.
fn interpolation(scalar: ScalarType) -> Result<Compiled, String> {
    let (minus, times, plus) = match scalar {
        ScalarType::Interval => ("interval_mi", "interval_mul", "interval_pl"),
        _ => ("float8mi", "float8mul", "float8pl"),
    };
    let call = |opcode: &str, arguments: Vec<Expr>| Expr::Call { opcode: opcode.into(), arguments, scalar };
    let column = |index| Expr::Column { index };
    let span = call(minus, vec![column(1), column(0)]);
    let part = call(times, vec![span, column(2)]);
    let typed = |scalar| ColumnType { scalar, typmod: -1, nullable: false };
    compile(
        &call(plus, vec![part, column(0)]),
        &[typed(scalar), typed(scalar), typed(ScalarType::Float8)],
        &[],
    )
}
