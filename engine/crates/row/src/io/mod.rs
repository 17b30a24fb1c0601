//! PostgreSQL's input and output functions: text and binary, one file a family of types.

mod array;
mod bits;
mod boolean;
mod bytea;
mod character;
mod composed;
mod datetime;
mod float;
mod integer;
mod interval;
mod json;
mod macaddr;
mod multirange;
mod network;
mod oid;
mod range;
mod record;
mod uuid;

use crate::timezone::Zone;
use crate::{Arena, Datum, EnumValue, EvalError, EvalResult, Interval, Numeric, ScalarType, calendar};
use tidewire_plan::RangeType;

pub use bits::{other_length as bits_of_other_length, too_long_for_type as bits_too_long_for_type};
pub use bytea::{decode_hex, encode_hex};
pub use float::{write_float4, write_float8};
pub use interval::apply_typmod as apply_interval_typmod;

pub(crate) use integer::parse_int4;

pub use character::{bpchar_in, char_in, name_in, varchar_in};
pub use macaddr::extended as extended_macaddr;
pub use network::{write as write_inet, write_abbreviated_cidr, write_host, write_with_length};

/// What the session's settings say about text forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSettings {
    /// TimeZone.
    pub time_zone: Zone,
    /// extra_float_digits; above 0 prints the shortest text that reads back.
    pub extra_float_digits: i32,
    /// bytea_output.
    pub bytea_output: ByteaOutput,
    /// IntervalStyle.
    pub interval_style: IntervalStyle,
    /// DateStyle: the format.
    pub date_style: DateStyle,
    /// DateStyle: the order of day, month and year in input (and output, for some formats).
    pub date_order: DateOrder,
}

/// bytea_output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ByteaOutput {
    /// `\x6162`
    #[default]
    Hex,
    /// `ab\000`
    Escape,
}

/// IntervalStyle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IntervalStyle {
    /// `1 year 2 mons 3 days 04:05:06`
    #[default]
    Postgres,
    /// `@ 1 year 2 mons 3 days 4 hours 5 mins 6 secs`
    PostgresVerbose,
    /// `+1-2 +3 +4:05:06`
    SqlStandard,
    /// `P1Y2M3DT4H5M6S`
    Iso8601,
}

/// The format of DateStyle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateStyle {
    /// `2001-02-03 04:05:06`
    #[default]
    Iso,
    /// `02/03/2001 04:05:06`
    Sql,
    /// `Sat Feb 03 04:05:06 2001`
    Postgres,
    /// `03.02.2001 04:05:06`
    German,
}

/// The field order of DateStyle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// month, day, year
    #[default]
    Mdy,
    /// day, month, year
    Dmy,
    /// year, month, day
    Ymd,
}

impl Default for FormatSettings {
    fn default() -> Self {
        FormatSettings {
            time_zone: Zone::utc(),
            extra_float_digits: 1,
            bytea_output: ByteaOutput::default(),
            interval_style: IntervalStyle::default(),
            date_style: DateStyle::default(),
            date_order: DateOrder::default(),
        }
    }
}

/// The type's name as error messages have it.
pub fn type_name(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::Bool => "boolean",
        ScalarType::Int2 => "smallint",
        ScalarType::Int4 => "integer",
        ScalarType::Int8 => "bigint",
        ScalarType::Float4 => "real",
        ScalarType::Float8 => "double precision",
        ScalarType::Numeric => "numeric",
        ScalarType::Text => "text",
        ScalarType::Varchar => "character varying",
        ScalarType::Bpchar => "character",
        ScalarType::Bytea => "bytea",
        ScalarType::Date => "date",
        ScalarType::Time => "time without time zone",
        ScalarType::Timestamp => "timestamp without time zone",
        ScalarType::Timestamptz => "timestamp with time zone",
        ScalarType::Interval => "interval",
        ScalarType::Uuid => "uuid",
        ScalarType::Inet => "inet",
        ScalarType::Cidr => "cidr",
        ScalarType::Macaddr => "macaddr",
        ScalarType::Macaddr8 => "macaddr8",
        ScalarType::Bit => "bit",
        ScalarType::Varbit => "bit varying",
        ScalarType::Jsonb => "jsonb",
        ScalarType::Json => "json",
        ScalarType::Jsonpath => "jsonpath",
        ScalarType::Oid => "oid",
        ScalarType::Name => "name",
        ScalarType::Char => "\"char\"",
        ScalarType::Array(element) => match element {
            ScalarType::Bool => "boolean[]",
            ScalarType::Int2 => "smallint[]",
            ScalarType::Int4 => "integer[]",
            ScalarType::Int8 => "bigint[]",
            ScalarType::Float4 => "real[]",
            ScalarType::Float8 => "double precision[]",
            ScalarType::Numeric => "numeric[]",
            ScalarType::Text => "text[]",
            ScalarType::Varchar => "character varying[]",
            ScalarType::Bpchar => "character[]",
            ScalarType::Bytea => "bytea[]",
            ScalarType::Date => "date[]",
            ScalarType::Time => "time without time zone[]",
            ScalarType::Timestamp => "timestamp without time zone[]",
            ScalarType::Timestamptz => "timestamp with time zone[]",
            ScalarType::Interval => "interval[]",
            ScalarType::Uuid => "uuid[]",
            ScalarType::Inet => "inet[]",
            ScalarType::Cidr => "cidr[]",
            ScalarType::Macaddr => "macaddr[]",
            ScalarType::Macaddr8 => "macaddr8[]",
            ScalarType::Bit => "bit[]",
            ScalarType::Varbit => "bit varying[]",
            ScalarType::Jsonb => "jsonb[]",
            ScalarType::Json => "json[]",
            ScalarType::Jsonpath => "jsonpath[]",
            ScalarType::Oid => "oid[]",
            ScalarType::Name => "name[]",
            ScalarType::Char => "\"char\"[]",
            ScalarType::Record(_) => "record[]",
            ScalarType::Enum(_) => "anyenum[]",
            ScalarType::Range(of) => match of {
                RangeType::Int4 => "int4range[]",
                RangeType::Int8 => "int8range[]",
                RangeType::Num => "numrange[]",
                RangeType::Date => "daterange[]",
                RangeType::Ts => "tsrange[]",
                RangeType::Tstz => "tstzrange[]",
            },
            ScalarType::Multirange(of) => match of {
                RangeType::Int4 => "int4multirange[]",
                RangeType::Int8 => "int8multirange[]",
                RangeType::Num => "nummultirange[]",
                RangeType::Date => "datemultirange[]",
                RangeType::Ts => "tsmultirange[]",
                RangeType::Tstz => "tstzmultirange[]",
            },
            ScalarType::Array(_) => "anyarray",
        },
        ScalarType::Record(_) => "record",
        ScalarType::Enum(of) => of.definition().name(),
        ScalarType::Range(_) | ScalarType::Multirange(_) => scalar.name(),
    }
}

/// The type's input function: text to value, with the type modifier (-1 for none).
pub fn text_in<'a>(
    scalar: ScalarType,
    typmod: i32,
    text: &str,
    settings: &FormatSettings,
    arena: &'a Arena,
) -> EvalResult<Datum<'a>> {
    Ok(match scalar {
        ScalarType::Bool => Datum::Bool(boolean::parse(text)?),
        ScalarType::Int2 => Datum::Int16(integer::parse_int2(text)?),
        ScalarType::Int4 => Datum::Int32(integer::parse_int4(text)?),
        ScalarType::Int8 => Datum::Int64(integer::parse_int8(text)?),
        ScalarType::Oid => Datum::Oid(oid::parse(text)?),
        ScalarType::Float4 => Datum::Float32(float::parse_float4(text)?),
        ScalarType::Float8 => Datum::Float64(float::parse_float8(text)?),
        ScalarType::Numeric => Datum::Numeric(Numeric::parse(text, typmod, arena)?),
        ScalarType::Text => {
            character::check_nul(text)?;
            Datum::Text(arena.push_str(text))
        }
        ScalarType::Varchar => Datum::Text(character::varchar_in(text, typmod, arena)?),
        ScalarType::Bpchar => Datum::Text(character::bpchar_in(text, typmod, arena)?),
        ScalarType::Name => Datum::Text(character::name_in(text, arena)?),
        ScalarType::Char => Datum::Text(character::char_in(text, arena)?),
        ScalarType::Bytea => Datum::Bytea(bytea::parse(text, arena)?),
        ScalarType::Uuid => Datum::Uuid(uuid::parse(text)?),
        ScalarType::Inet => Datum::Inet(network::parse_inet(text)?),
        ScalarType::Cidr => Datum::Inet(network::parse_cidr(text)?),
        ScalarType::Macaddr => Datum::Macaddr(macaddr::parse(text)?),
        ScalarType::Macaddr8 => Datum::Macaddr8(macaddr::parse8(text)?),
        ScalarType::Bit => Datum::Bits(bits::parse(text, typmod, false, arena)?),
        ScalarType::Varbit => Datum::Bits(bits::parse(text, typmod, true, arena)?),
        ScalarType::Jsonb => Datum::Jsonb(crate::jsonb::parse(text, arena)?),
        ScalarType::Date => Datum::Date(datetime::parse_date(text, settings)?),
        ScalarType::Time => Datum::Time(datetime::parse_time(text, typmod, settings)?),
        ScalarType::Timestamp => Datum::Timestamp(datetime::parse_timestamp(text, typmod, settings)?),
        ScalarType::Timestamptz => Datum::Timestamptz(datetime::parse_timestamptz(text, typmod, settings)?),
        ScalarType::Interval => Datum::Interval(interval::parse(text, typmod, settings)?),
        ScalarType::Array(element) => Datum::Array(array::parse(element, typmod, text, settings, arena)?),
        ScalarType::Record(of) => Datum::Record(record::parse(of, text, settings, arena)?),
        ScalarType::Json => {
            character::check_nul(text)?;
            crate::json::validate(text)?;
            Datum::Json(arena.push_str(text))
        }
        ScalarType::Jsonpath => {
            character::check_nul(text)?;
            Datum::Text(arena.push_str(crate::jsonpath::canonical(text)?))
        }
        ScalarType::Enum(of) => Datum::Enum(EnumValue::parse(text, of)?),
        ScalarType::Range(of) => Datum::Range(range::parse(of, text, settings, arena)?),
        ScalarType::Multirange(of) => Datum::Multirange(multirange::parse(of, text, settings, arena)?),
    })
}

/// The type's output function: appends the text form. NULL appends nothing.
pub fn text_out(datum: Datum<'_>, scalar: ScalarType, settings: &FormatSettings, out: &mut Vec<u8>) {
    match datum {
        Datum::Null => {}
        Datum::Bool(value) => out.push(if value { b't' } else { b'f' }),
        Datum::Int16(value) => integer::write_i64(value as i64, out),
        Datum::Int32(value) => integer::write_i64(value as i64, out),
        Datum::Int64(value) => integer::write_i64(value, out),
        Datum::Oid(value) => integer::write_i64(value as i64, out),
        Datum::Float32(value) => float::write_float4(value, settings.extra_float_digits, out),
        Datum::Float64(value) => float::write_float8(value, settings.extra_float_digits, out),
        Datum::Numeric(value) => value.write_text(out),
        Datum::Text(value) if scalar == ScalarType::Char => character::char_out(value, out),
        Datum::Text(value) | Datum::Json(value) => out.extend_from_slice(value.as_bytes()),
        Datum::Enum(value) => out.extend_from_slice(value.label().as_bytes()),
        Datum::Bytea(value) => bytea::write(value, settings.bytea_output, out),
        Datum::Uuid(value) => uuid::write(&value, out),
        Datum::Inet(value) if scalar == ScalarType::Cidr => network::write_with_length(value, out),
        Datum::Inet(value) => network::write(value, out),
        Datum::Macaddr(value) => macaddr::write(&value, out),
        Datum::Macaddr8(value) => macaddr::write(&value, out),
        Datum::Bits(value) => bits::write(value, out),
        Datum::Jsonb(value) => value.write_text(out),
        Datum::Date(value) => datetime::write_date(value, settings, out),
        Datum::Time(value) => datetime::write_time(value, out),
        Datum::Timestamp(value) => datetime::write_timestamp(value, settings, out),
        Datum::Timestamptz(value) => datetime::write_timestamptz(value, settings, out),
        Datum::Interval(value) => interval::write(value, settings.interval_style, out),
        Datum::Array(value) => array::write(value, settings, out),
        Datum::Record(value) => record::write(value, settings, out),
        Datum::Range(value) => range::write(value, settings, out),
        Datum::Multirange(value) => multirange::write(value, settings, out),
    }
}

/// The type's receive function: binary form to value.
pub fn binary_in<'a>(
    scalar: ScalarType,
    typmod: i32,
    bytes: &[u8],
    arena: &'a Arena,
) -> EvalResult<Datum<'a>> {
    Ok(match scalar {
        ScalarType::Bool => Datum::Bool(fixed::<1>(bytes)?[0] != 0),
        ScalarType::Int2 => Datum::Int16(i16::from_be_bytes(fixed(bytes)?)),
        ScalarType::Int4 => Datum::Int32(i32::from_be_bytes(fixed(bytes)?)),
        ScalarType::Int8 => Datum::Int64(i64::from_be_bytes(fixed(bytes)?)),
        ScalarType::Oid => Datum::Oid(u32::from_be_bytes(fixed(bytes)?)),
        ScalarType::Float4 => Datum::Float32(f32::from_be_bytes(fixed(bytes)?)),
        ScalarType::Float8 => Datum::Float64(f64::from_be_bytes(fixed(bytes)?)),
        ScalarType::Numeric => Datum::Numeric(Numeric::from_binary(bytes, typmod, arena)?),
        ScalarType::Text => Datum::Text(arena.push_str(character::utf8(bytes)?)),
        ScalarType::Varchar => Datum::Text(character::varchar_in(character::utf8(bytes)?, typmod, arena)?),
        ScalarType::Bpchar => Datum::Text(character::bpchar_in(character::utf8(bytes)?, typmod, arena)?),
        ScalarType::Name => Datum::Text(character::name_in(character::utf8(bytes)?, arena)?),
        ScalarType::Char => Datum::Text(character::char_recv(bytes, arena)?),
        ScalarType::Bytea => Datum::Bytea(arena.push_bytes(bytes)),
        ScalarType::Uuid => Datum::Uuid(fixed(bytes)?),
        ScalarType::Inet | ScalarType::Cidr => {
            Datum::Inet(network::receive(bytes, scalar == ScalarType::Cidr)?)
        }
        ScalarType::Macaddr => Datum::Macaddr(macaddr::receive(bytes)?),
        ScalarType::Macaddr8 => Datum::Macaddr8(macaddr::receive8(bytes)?),
        ScalarType::Bit => Datum::Bits(bits::receive(bytes, typmod, false, arena)?),
        ScalarType::Varbit => Datum::Bits(bits::receive(bytes, typmod, true, arena)?),
        ScalarType::Jsonb => Datum::Jsonb(json::receive(bytes, arena)?),
        ScalarType::Date => {
            let days = i32::from_be_bytes(fixed(bytes)?);
            let infinite = days == i32::MIN || days == i32::MAX;
            if !infinite && !calendar::is_valid_date(days as i64) {
                return Err(EvalError::new("22008", "date out of range"));
            }
            Datum::Date(days)
        }
        ScalarType::Time => {
            let micros = i64::from_be_bytes(fixed(bytes)?);
            if !(0..=calendar::DAY).contains(&micros) {
                return Err(EvalError::new("22008", "time out of range"));
            }
            Datum::Time(calendar::round_micros(micros, typmod))
        }
        ScalarType::Timestamp => Datum::Timestamp(receive_timestamp(bytes, typmod)?),
        ScalarType::Timestamptz => Datum::Timestamptz(receive_timestamp(bytes, typmod)?),
        ScalarType::Interval => {
            let bytes: [u8; 16] = fixed(bytes)?;
            let int4 =
                |at: usize| i32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            let micros = i64::from_be_bytes(fixed(&bytes[..8])?);
            let value = Interval { months: int4(12), days: int4(8), micros };
            Datum::Interval(interval::apply_typmod(value, typmod)?)
        }
        ScalarType::Array(element) => Datum::Array(array::receive(element, typmod, bytes, arena)?),
        ScalarType::Record(of) => Datum::Record(record::receive(of, bytes, arena)?),
        ScalarType::Json => {
            let text = character::utf8(bytes)?;
            crate::json::validate(text)?;
            Datum::Json(arena.push_str(text))
        }
        ScalarType::Jsonpath => Datum::Text(json::receive_path(bytes, arena)?),
        ScalarType::Enum(of) => Datum::Enum(EnumValue::parse(character::utf8(bytes)?, of)?),
        ScalarType::Range(of) => Datum::Range(range::receive(of, bytes, arena)?),
        ScalarType::Multirange(of) => Datum::Multirange(multirange::receive(of, bytes, arena)?),
    })
}

/// The type's send function: appends the binary form. NULL appends nothing.
pub fn binary_out(datum: Datum<'_>, scalar: ScalarType, out: &mut Vec<u8>) {
    match datum {
        Datum::Null => {}
        Datum::Bool(value) => out.push(value as u8),
        Datum::Int16(value) => out.extend_from_slice(&value.to_be_bytes()),
        Datum::Int32(value) | Datum::Date(value) => out.extend_from_slice(&value.to_be_bytes()),
        Datum::Int64(value) | Datum::Time(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => {
            out.extend_from_slice(&value.to_be_bytes())
        }
        Datum::Oid(value) => out.extend_from_slice(&value.to_be_bytes()),
        Datum::Float32(value) => out.extend_from_slice(&value.to_be_bytes()),
        Datum::Float64(value) => out.extend_from_slice(&value.to_be_bytes()),
        Datum::Numeric(value) => value.write_binary(out),
        Datum::Text(value) if scalar == ScalarType::Char => character::char_send(value, out),
        Datum::Text(value) if scalar == ScalarType::Jsonpath => {
            out.push(json::VERSION);
            out.extend_from_slice(value.as_bytes());
        }
        Datum::Text(value) | Datum::Json(value) => out.extend_from_slice(value.as_bytes()),
        Datum::Enum(value) => out.extend_from_slice(value.label().as_bytes()),
        Datum::Bytea(value) => out.extend_from_slice(value),
        Datum::Interval(value) => {
            out.extend_from_slice(&value.micros.to_be_bytes());
            out.extend_from_slice(&value.days.to_be_bytes());
            out.extend_from_slice(&value.months.to_be_bytes());
        }
        Datum::Uuid(value) => out.extend_from_slice(&value),
        Datum::Inet(value) => network::send(value, scalar == ScalarType::Cidr, out),
        Datum::Macaddr(value) => out.extend_from_slice(&value),
        Datum::Macaddr8(value) => out.extend_from_slice(&value),
        Datum::Bits(value) => bits::send(value, out),
        Datum::Jsonb(value) => {
            out.push(json::VERSION);
            value.write_text(out);
        }
        Datum::Array(value) => array::send(value, out),
        Datum::Record(value) => record::send(value, out),
        Datum::Range(value) => range::send(value, out),
        Datum::Multirange(value) => multirange::send(value, out),
    }
}

/// What a receive function that leaves bytes over says.
pub const EXCESS: &str = "incorrect binary data format";

fn excess() -> EvalError {
    EvalError::new("22P03", EXCESS)
}

/// Bytes of exactly the type's length.
fn fixed<const N: usize>(bytes: &[u8]) -> EvalResult<[u8; N]> {
    bytes.try_into().map_err(|_| {
        if bytes.len() < N { EvalError::new("08P01", "insufficient data left in message") } else { excess() }
    })
}

fn receive_timestamp(bytes: &[u8], typmod: i32) -> EvalResult<i64> {
    let micros = i64::from_be_bytes(fixed(bytes)?);
    if micros == i64::MIN || micros == i64::MAX {
        return Ok(micros);
    }
    if !calendar::is_valid_timestamp(micros) {
        return Err(EvalError::new("22008", "timestamp out of range"));
    }
    Ok(calendar::round_micros(micros, typmod))
}
