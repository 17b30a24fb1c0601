//! Values of formats that have types themselves (Avro, Protobuf), as columns of the same or another type.

use crate::Field;
use crate::value::{ValueContext, push_null};
use tidewire_plan::ScalarType;
use tidewire_row::{
    Arena, Datum, EvalError, EvalResult, JsonbBuilder, JsonbRef, Numeric, calendar, push_datum, text_in,
    text_out,
};

/// Whether a value of one type can stand in a column of another; that a value fits is seen when it comes.
///
/// Numbers become other numbers, text what its input function reads, dates and times their like (times with and without
/// a zone are UTC), an array one whose elements they become, and everything becomes text or jsonb.
pub(crate) fn assignable(from: ScalarType, to: ScalarType) -> bool {
    use ScalarType::*;
    if let (Array(from), Array(to)) = (from, to) {
        return assignable(*from, *to);
    }
    from == to
        || from == Text
        || matches!(to, Text | Varchar | Bpchar | Jsonb | Json)
        || (is_number(from) && is_number(to))
        || matches!(
            (from, to),
            (Date, Timestamp | Timestamptz) | (Timestamp, Timestamptz) | (Timestamptz, Timestamp)
        )
}

fn is_number(scalar: ScalarType) -> bool {
    use ScalarType::*;
    matches!(scalar, Int2 | Int4 | Int8 | Float4 | Float8 | Numeric)
}

/// Appends a value of type `from` as a field's.
#[inline]
pub(crate) fn push_natural(
    out: &mut Vec<u8>,
    field: &Field,
    from: ScalarType,
    datum: Datum<'_>,
    context: &ValueContext,
) -> EvalResult<()> {
    if from == field.column.scalar && field.column.typmod == -1 {
        push_datum(out, datum);
        return Ok(());
    }
    push_converted(out, field, from, datum, context)
}

fn push_converted(
    out: &mut Vec<u8>,
    field: &Field,
    from: ScalarType,
    datum: Datum<'_>,
    context: &ValueContext,
) -> EvalResult<()> {
    let ValueContext { settings, arena } = context;
    let to = field.column.scalar;
    let typmod = field.column.typmod;
    if matches!(datum, Datum::Null) {
        return push_null(out, field);
    }
    let converted = match (datum, to) {
        (Datum::Text(text), _) if to != ScalarType::Text => text_in(to, typmod, text, settings, arena)?,
        (Datum::Jsonb(value), ScalarType::Jsonb) => Datum::Jsonb(value),
        (datum, ScalarType::Jsonb) => {
            let mut builder = JsonbBuilder::new();
            push_jsonb(&mut builder, from, datum, context)?;
            Datum::Jsonb(builder.finish(arena))
        }
        (datum, ScalarType::Numeric) => Datum::Numeric(numeric(datum, arena)?.apply_typmod(typmod, arena)?),
        (datum, ScalarType::Int8) => Datum::Int64(integer(datum, "bigint")?),
        (datum, ScalarType::Int4) => Datum::Int32(narrow(integer(datum, "integer")?, "integer")?),
        (datum, ScalarType::Int2) => Datum::Int16(narrow(integer(datum, "smallint")?, "smallint")?),
        (datum, ScalarType::Float8) => Datum::Float64(match datum {
            Datum::Float64(value) => value,
            Datum::Float32(value) => value.into(),
            datum => numeric(datum, arena)?.to_f64()?,
        }),
        (datum, ScalarType::Float4) => Datum::Float32(match datum {
            Datum::Float32(value) => value,
            Datum::Float64(value) if (value as f32).is_infinite() && value.is_finite() => {
                return Err(EvalError::out_of_range("real"));
            }
            Datum::Float64(value) => value as f32,
            datum => numeric(datum, arena)?.to_f32()?,
        }),
        (Datum::Date(days), ScalarType::Timestamp | ScalarType::Timestamptz) => {
            let micros =
                calendar::date_to_timestamp(days).ok_or_else(|| EvalError::out_of_range("timestamp"))?;
            at(to, micros)
        }
        (
            Datum::Timestamp(micros) | Datum::Timestamptz(micros),
            ScalarType::Timestamp | ScalarType::Timestamptz,
        ) => at(to, rounded(micros, typmod)),
        (Datum::Time(micros), ScalarType::Time) => Datum::Time(rounded(micros, typmod)),
        (datum, ScalarType::Json) if !matches!(datum, Datum::Jsonb(_)) => {
            let mut text = Vec::new();
            let mut scratch = Vec::new();
            tidewire_row::json::write::value(datum, from, settings, &mut scratch, &mut text);
            Datum::Json(arena.push_str(String::from_utf8_lossy(&text)))
        }
        // Text, and types whose modifier their input function knows best.
        (datum, _) => {
            let mut text = Vec::new();
            text_out(datum, from, settings, &mut text);
            text_in(to, typmod, &String::from_utf8_lossy(&text), settings, arena)?
        }
    };
    push_datum(out, converted);
    Ok(())
}

fn at(to: ScalarType, micros: i64) -> Datum<'static> {
    match to {
        ScalarType::Timestamp => Datum::Timestamp(micros),
        _ => Datum::Timestamptz(micros),
    }
}

/// Rounded to the digits of a second that a type modifier names.
fn rounded(micros: i64, typmod: i32) -> i64 {
    calendar::round_micros(micros, typmod)
}

fn numeric<'a>(datum: Datum<'a>, arena: &'a Arena) -> EvalResult<Numeric<'a>> {
    match datum {
        Datum::Int16(value) => Ok(Numeric::from_i64(value.into())),
        Datum::Int32(value) => Ok(Numeric::from_i64(value.into())),
        Datum::Int64(value) => Ok(Numeric::from_i64(value)),
        Datum::Float32(value) => Numeric::from_f32(value, arena),
        Datum::Float64(value) => Numeric::from_f64(value, arena),
        Datum::Numeric(value) => Ok(value),
        datum => Err(EvalError::new("XX000", format!("{datum:?} is no number"))),
    }
}

/// PostgreSQL's casts to an integer: floats to the nearest, ties to even, numerics half away from zero.
fn integer(datum: Datum<'_>, type_name: &str) -> EvalResult<i64> {
    match datum {
        Datum::Int16(value) => Ok(value.into()),
        Datum::Int32(value) => Ok(value.into()),
        Datum::Int64(value) => Ok(value),
        Datum::Float32(value) => integer(Datum::Float64(value.into()), type_name),
        Datum::Float64(value) => {
            let value = value.round_ties_even();
            // 2^63 is the first that does not fit; NaN is in no range.
            if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
                return Err(EvalError::out_of_range(type_name));
            }
            Ok(value as i64)
        }
        Datum::Numeric(value) => {
            i64::try_from(value.to_i128(type_name)?).map_err(|_| EvalError::out_of_range(type_name))
        }
        datum => Err(EvalError::new("XX000", format!("{datum:?} is no number"))),
    }
}

fn narrow<T: TryFrom<i64>>(value: i64, type_name: &str) -> EvalResult<T> {
    T::try_from(value).map_err(|_| EvalError::out_of_range(type_name))
}

/// Appends a value as `to_jsonb` would have it: numbers as numbers, dates and times in ISO 8601, the rest as text.
pub(crate) fn push_jsonb(
    builder: &mut JsonbBuilder,
    from: ScalarType,
    datum: Datum<'_>,
    context: &ValueContext,
) -> EvalResult<()> {
    let ValueContext { settings, arena } = context;
    match datum {
        Datum::Null => builder.push_null(),
        Datum::Bool(value) => builder.push_bool(value),
        Datum::Text(text) => builder.push_string(text),
        Datum::Jsonb(value) => builder.push_jsonb(value),
        Datum::Json(text) => builder.push_jsonb(tidewire_row::jsonb::parse(text, arena)?),
        Datum::Numeric(value) => builder.push_numeric(value),
        Datum::Int16(_) | Datum::Int32(_) | Datum::Int64(_) => builder.push_numeric(numeric(datum, arena)?),
        Datum::Float32(_) | Datum::Float64(_) => {
            // As the number's text has it, not with the 15 digits of a cast.
            let mut text = Vec::new();
            text_out(datum, from, settings, &mut text);
            builder.push_numeric(Numeric::parse(&String::from_utf8_lossy(&text), -1, arena)?);
        }
        datum => {
            let mut text = Vec::new();
            text_out(datum, from, settings, &mut text);
            if matches!(datum, Datum::Timestamp(_) | Datum::Timestamptz(_)) {
                tidewire_row::json::write::iso_8601(&mut text);
            }
            builder.push_string(&String::from_utf8_lossy(&text));
        }
    }
    Ok(())
}

/// Appends a jsonb value as a field's: a jsonb, or its text.
pub(crate) fn push_document(
    out: &mut Vec<u8>,
    field: &Field,
    value: JsonbRef<'_>,
    context: &ValueContext,
) -> EvalResult<()> {
    push_natural(out, field, ScalarType::Jsonb, Datum::Jsonb(value), context)
}
