//! How Debezium writes values of a database as JSON: numbers since 1970, decimals as base64, JSON as text. A schema beside the
//! payload names the encoding; without one it follows from the declared column's type.

use super::base64::from_base64;
use super::decimal::decimal_text;
use crate::Field;
use crate::json::{JsonDecoder, Kind, Slot, elements_of, members_of};
use crate::value::{ValueContext, push_text};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Datum, EvalError, EvalResult, Interval, push_datum, text_out};

/// Days from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_DAYS: i64 = 10_957;
const DAY: i64 = 86_400_000_000;

/// A unit of time, by how many are a microsecond or how many microseconds it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn micros(self, number: i64) -> EvalResult<i64> {
        match self {
            Unit::Millis => number.checked_mul(1000).ok_or_else(out_of_range),
            Unit::Micros => Ok(number),
            Unit::Nanos => Ok(number.div_euclid(1000)),
        }
    }
}

/// What a member's JSON value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// What it looks like.
    Plain,
    /// A number of days since 1970.
    Days,
    /// A number since midnight.
    Time(Unit),
    /// A number since 1970.
    Timestamp(Unit),
    /// A number; a day has 24 hours.
    Duration(Unit),
    /// Bytes of an integer, most significant first, as base64; the number has this many of its digits behind the point.
    Decimal(i64),
    /// An object of `scale` and such `value`.
    VariableDecimal,
    /// Bytes as base64.
    Base64,
    /// JSON in a string.
    Json,
}

/// How the database's decimals come where no schema says it: `decimal.handling.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimals {
    /// `string` or `double`: as the digits that they are.
    #[default]
    Text,
    /// `precise`: as base64, with the scale that the column declares.
    Base64,
}

impl Encoding {
    /// Of a column without a schema.
    pub(crate) fn of_column(column: ColumnType, decimals: Decimals) -> Self {
        // Debezium's `adaptive` precision: milliseconds up to three digits, microseconds beyond.
        let unit = if (0..=3).contains(&column.typmod) { Unit::Millis } else { Unit::Micros };
        match column.scalar {
            ScalarType::Date => Encoding::Days,
            ScalarType::Time => Encoding::Time(unit),
            ScalarType::Timestamp | ScalarType::Timestamptz => Encoding::Timestamp(unit),
            ScalarType::Interval => Encoding::Duration(Unit::Micros),
            ScalarType::Numeric => match decimals {
                Decimals::Text => Encoding::VariableDecimal,
                Decimals::Base64 => Encoding::Decimal(declared_scale(column.typmod)),
            },
            ScalarType::Bytea => Encoding::Base64,
            ScalarType::Jsonb | ScalarType::Json => Encoding::Json,
            _ => Encoding::Plain,
        }
    }

    /// Of a field of a schema: its type, its name, its parameters.
    fn of_schema(kind: Option<&str>, name: Option<&str>, scale: Option<i64>) -> Self {
        match name {
            Some("io.debezium.time.Date" | "org.apache.kafka.connect.data.Date") => Encoding::Days,
            Some("io.debezium.time.Time" | "org.apache.kafka.connect.data.Time") => {
                Encoding::Time(Unit::Millis)
            }
            Some("io.debezium.time.MicroTime") => Encoding::Time(Unit::Micros),
            Some("io.debezium.time.NanoTime") => Encoding::Time(Unit::Nanos),
            Some("io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp") => {
                Encoding::Timestamp(Unit::Millis)
            }
            Some("io.debezium.time.MicroTimestamp") => Encoding::Timestamp(Unit::Micros),
            Some("io.debezium.time.NanoTimestamp") => Encoding::Timestamp(Unit::Nanos),
            Some("io.debezium.time.MicroDuration") => Encoding::Duration(Unit::Micros),
            Some("io.debezium.time.NanoDuration") => Encoding::Duration(Unit::Nanos),
            Some("org.apache.kafka.connect.data.Decimal") => Encoding::Decimal(scale.unwrap_or(0)),
            Some("io.debezium.data.VariableScaleDecimal") => Encoding::VariableDecimal,
            Some("io.debezium.data.Json") => Encoding::Json,
            _ if kind == Some("bytes") => Encoding::Base64,
            _ => Encoding::Plain,
        }
    }

    /// Of each field, by the schema of the object that holds them; a field that it lacks comes as `otherwise` says.
    pub(crate) fn of_fields(
        schema: &str,
        fields: &[Field],
        otherwise: &[Encoding],
    ) -> EvalResult<Vec<Encoding>> {
        let mut encodings = otherwise.to_vec();
        let [members] = members_of(schema, ["fields"])?;
        let Some(members) = members.structure(schema) else { return Ok(encodings) };
        for member in elements_of(members)? {
            let Some(member) = member.structure(members) else { continue };
            let [kind, name, field, parameters] =
                members_of(member, ["type", "name", "field", "parameters"])?;
            let field = field.string(member)?;
            let Some(at) = fields.iter().position(|other| Some(other.name.as_str()) == field.as_deref())
            else {
                continue;
            };
            let scale = match parameters.structure(member) {
                Some(parameters) => members_of(parameters, ["scale"])?[0].integer(parameters)?,
                None => None,
            };
            encodings[at] =
                Encoding::of_schema(kind.string(member)?.as_deref(), name.string(member)?.as_deref(), scale);
        }
        Ok(encodings)
    }

    /// Appends a value that is not NULL.
    pub(crate) fn push(
        self,
        out: &mut Vec<u8>,
        field: &Field,
        slot: Slot,
        text: &str,
        json: &mut JsonDecoder,
        context: &ValueContext,
    ) -> EvalResult<()> {
        let is_string = matches!(slot.kind, Kind::String { .. });
        match (self, slot.kind) {
            (
                Encoding::Days | Encoding::Time(_) | Encoding::Timestamp(_) | Encoding::Duration(_),
                Kind::Number,
            ) => {
                let number: i64 = slot.raw(text).parse().map_err(|_| {
                    EvalError::new("22P02", format!("{} is not a whole number", slot.raw(text)))
                })?;
                self.push_time(out, field, number, context)
            }
            (Encoding::Decimal(scale), _) if is_string => {
                let encoded = slot.string(text)?.unwrap_or_default();
                push_text(out, field, &decimal_text(&from_base64(&encoded)?, scale)?, context)
            }
            (Encoding::Decimal(_) | Encoding::VariableDecimal, Kind::Structure)
                if slot.raw(text).starts_with('{') =>
            {
                let object = slot.raw(text);
                let [scale, value] = members_of(object, ["scale", "value"])?;
                let (Some(scale), Some(value)) = (scale.integer(object)?, value.string(object)?) else {
                    return json.push(out, field, slot, text, context);
                };
                push_text(out, field, &decimal_text(&from_base64(&value)?, scale)?, context)
            }
            (Encoding::Base64, _) if is_string && field.column.scalar == ScalarType::Bytea => {
                let encoded = slot.string(text)?.unwrap_or_default();
                push_datum(out, Datum::Bytea(&from_base64(&encoded)?));
                Ok(())
            }
            (Encoding::Json, _)
                if is_string && matches!(field.column.scalar, ScalarType::Jsonb | ScalarType::Json) =>
            {
                push_text(out, field, &slot.string(text)?.unwrap_or_default(), context)
            }
            _ => json.push(out, field, slot, text, context),
        }
    }

    fn push_time(
        self,
        out: &mut Vec<u8>,
        field: &Field,
        number: i64,
        context: &ValueContext,
    ) -> EvalResult<()> {
        let (datum, scalar) = match self {
            Encoding::Days => {
                let days = number - EPOCH_DAYS;
                match field.column.scalar {
                    ScalarType::Timestamp | ScalarType::Timestamptz => {
                        (instant(days.checked_mul(DAY).ok_or_else(out_of_range)?, field), field.column.scalar)
                    }
                    _ => {
                        let days = i32::try_from(days).map_err(|_| out_of_range())?;
                        (Datum::Date(days), ScalarType::Date)
                    }
                }
            }
            Encoding::Time(unit) => {
                let micros = unit.micros(number)?;
                if !(0..=DAY).contains(&micros) {
                    // MySQL's TIME goes beyond a day; PostgreSQL's is an interval then.
                    if field.column.scalar != ScalarType::Interval {
                        return Err(EvalError::new("22008", "time out of range"));
                    }
                }
                match field.column.scalar {
                    ScalarType::Interval => (interval(micros), ScalarType::Interval),
                    _ => (Datum::Time(micros), ScalarType::Time),
                }
            }
            Encoding::Timestamp(unit) => {
                let micros = unit.micros(number)?.checked_sub(EPOCH_DAYS * DAY).ok_or_else(out_of_range)?;
                match field.column.scalar {
                    ScalarType::Timestamptz => (instant(micros, field), ScalarType::Timestamptz),
                    ScalarType::Date => {
                        let days = i32::try_from(micros.div_euclid(DAY)).map_err(|_| out_of_range())?;
                        (Datum::Date(days), ScalarType::Date)
                    }
                    _ => (Datum::Timestamp(micros), ScalarType::Timestamp),
                }
            }
            Encoding::Duration(unit) => (interval(unit.micros(number)?), ScalarType::Interval),
            _ => return Err(EvalError::new("XX000", "this encoding has no times")),
        };
        if field.column.scalar == scalar && field.column.typmod < 0 {
            push_datum(out, datum);
            return Ok(());
        }
        let mut bytes = Vec::new();
        text_out(datum, scalar, &context.settings, &mut bytes);
        push_text(out, field, &String::from_utf8_lossy(&bytes), context)
    }
}

/// A timestamp of the field's type; one without a zone is in UTC.
fn instant(micros: i64, field: &Field) -> Datum<'static> {
    match field.column.scalar {
        ScalarType::Timestamptz => Datum::Timestamptz(micros),
        _ => Datum::Timestamp(micros),
    }
}

fn interval(micros: i64) -> Datum<'static> {
    Datum::Interval(Interval { months: 0, days: 0, micros })
}

/// The scale in numeric's type modifier; 0 without one.
fn declared_scale(typmod: i32) -> i64 {
    if typmod < 4 {
        return 0;
    }
    // Eleven bits, signed.
    let scale = i64::from((typmod - 4) & 0x7ff);
    if scale >= 1024 { scale - 2048 } else { scale }
}

#[cold]
fn out_of_range() -> EvalError {
    EvalError::new("22008", "timestamp out of range")
}
