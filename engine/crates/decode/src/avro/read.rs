//! Values from Avro's bytes: into columns, and into jsonb.

use super::resolve::{Leaf, Read};
use super::schema::{Schema, Unit};
use super::wire::{Input, MAX_DEPTH, malformed, too_deep};
use crate::Field;
use crate::natural::{push_document, push_jsonb, push_natural};
use crate::value::{ValueContext, check_zero, push_null, utf8};
use num_bigint::BigInt;
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{
    ArrayBuilder, Datum, EvalError, EvalResult, Interval, JsonbBuilder, Numeric, calendar, push_datum,
    text_in,
};

/// Days from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS * 86_400_000_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// Reads of one writer's schema, over the bytes of one value.
pub(crate) struct Reader<'a> {
    pub(crate) reads: &'a [Read],
    pub(crate) writer: &'a Schema,
    pub(crate) context: &'a ValueContext,
}

impl<'a> Reader<'a> {
    /// Appends a value as a field's.
    #[inline]
    pub(crate) fn column(
        &self,
        read: usize,
        field: &Field,
        input: &mut Input<'a>,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        match &self.reads[read] {
            Read::Leaf(leaf) => {
                let datum = self.leaf(*leaf, input)?;
                push_natural(out, field, leaf.natural(), datum, self.context)
            }
            Read::Null => push_null(out, field),
            Read::Branches(branches) => {
                let branch = input.index(branches.len())?;
                let read = branches[branch].as_ref().map_err(EvalError::clone)?;
                self.column(*read, field, input, out)
            }
            // A column that is no jsonb takes the branch's value without its name.
            Read::Tagged(_, inner) if field.column.scalar != ScalarType::Jsonb => {
                self.column(*inner, field, input, out)
            }
            Read::Symbols(symbols) => {
                let symbol = symbols[input.index(symbols.len())?].as_ref().map_err(EvalError::clone)?;
                push_natural(out, field, ScalarType::Text, Datum::Text(symbol), self.context)
            }
            Read::Array(items) if matches!(field.column.scalar, ScalarType::Array(_)) => {
                let ScalarType::Array(element) = field.column.scalar else { unreachable!("an array") };
                let column = ColumnType { scalar: *element, nullable: true, ..field.column };
                let item = Field { name: field.name.clone(), column };
                let mut builder = ArrayBuilder::new(element);
                let mut packed = Vec::new();
                self.items(input, |input| {
                    packed.clear();
                    self.column(*items, &item, input, &mut packed)?;
                    builder.push_packed(&packed);
                    Ok(())
                })?;
                push_datum(out, Datum::Array(builder.finish(&self.context.arena)?));
                Ok(())
            }
            _ => {
                let mut builder = JsonbBuilder::new();
                self.document(read, input, &mut builder, 0)?;
                push_document(out, field, builder.finish(&self.context.arena), self.context)
            }
        }
    }

    #[inline]
    fn leaf(&self, leaf: Leaf, input: &mut Input<'a>) -> EvalResult<Datum<'a>> {
        let ValueContext { settings, arena } = self.context;
        Ok(match leaf {
            Leaf::Boolean => Datum::Bool(input.boolean()?),
            Leaf::Int => Datum::Int32(input.int()?),
            Leaf::Long => Datum::Int64(input.long()?),
            Leaf::Float => Datum::Float32(input.float()?),
            Leaf::Double => Datum::Float64(input.double()?),
            Leaf::Bytes => Datum::Bytea(input.bytes()?),
            Leaf::Fixed(size) => Datum::Bytea(input.take(size)?),
            Leaf::Text => Datum::Text(text(input)?),
            Leaf::Date => {
                let days = i64::from(input.int()?) - EPOCH_DAYS;
                if !calendar::is_valid_date(days) {
                    return Err(EvalError::new("22008", "date out of range"));
                }
                Datum::Date(days as i32)
            }
            Leaf::Time(unit) => {
                let micros = micros(input.long()?, unit).unwrap_or(-1);
                if !(0..=DAY_MICROS).contains(&micros) {
                    return Err(EvalError::new("22008", "time out of range"));
                }
                Datum::Time(micros)
            }
            Leaf::Timestamp(unit) => Datum::Timestamptz(timestamp(input.long()?, unit)?),
            Leaf::LocalTimestamp(unit) => Datum::Timestamp(timestamp(input.long()?, unit)?),
            Leaf::Decimal { fixed, scale } => {
                let bytes = match fixed {
                    Some(size) => input.take(size)?,
                    None => input.bytes()?,
                };
                Datum::Numeric(self.decimal(bytes, scale)?)
            }
            Leaf::UuidText => text_in(ScalarType::Uuid, -1, text(input)?, settings, arena)?,
            Leaf::UuidFixed => Datum::Uuid(input.array()?),
            Leaf::Duration => {
                let part = |bytes: [u8; 4]| u32::from_le_bytes(bytes);
                let [months, days, millis] =
                    [part(input.array()?), part(input.array()?), part(input.array()?)];
                let (Ok(months), Ok(days)) = (i32::try_from(months), i32::try_from(days)) else {
                    return Err(EvalError::new("22008", "interval out of range"));
                };
                Datum::Interval(Interval { months, days, micros: i64::from(millis) * 1000 })
            }
            Leaf::ZonedText => text_in(ScalarType::Timestamptz, -1, text(input)?, settings, arena)?,
            Leaf::JsonText => text_in(ScalarType::Jsonb, -1, text(input)?, settings, arena)?,
        })
    }

    /// An unscaled big-endian number in two's complement.
    fn decimal(&self, bytes: &'a [u8], scale: u16) -> EvalResult<Numeric<'a>> {
        if bytes.len() > 16 {
            return Numeric::from_bigint(&BigInt::from_signed_bytes_be(bytes), scale, &self.context.arena);
        }
        let fill = if bytes.first().is_some_and(|first| first & 0x80 != 0) { 0xff } else { 0 };
        let mut wide = [fill; 16];
        wide[16 - bytes.len()..].copy_from_slice(bytes);
        Ok(Numeric::from_parts(i128::from_be_bytes(wide), scale))
    }

    /// Appends a value to a jsonb.
    pub(crate) fn document(
        &self,
        read: usize,
        input: &mut Input<'a>,
        builder: &mut JsonbBuilder,
        depth: usize,
    ) -> EvalResult<()> {
        if depth >= MAX_DEPTH {
            return Err(too_deep());
        }
        match &self.reads[read] {
            Read::Pending => return Err(malformed("Its type could not be resolved.")),
            Read::Null => builder.push_null(),
            Read::Leaf(leaf) => {
                let datum = self.leaf(*leaf, input)?;
                push_jsonb(builder, leaf.natural(), datum, self.context)?;
            }
            Read::Symbols(symbols) => {
                let symbol = symbols[input.index(symbols.len())?].as_ref().map_err(EvalError::clone)?;
                builder.push_string(symbol);
            }
            Read::Branches(branches) => {
                let branch = input.index(branches.len())?;
                let read = branches[branch].as_ref().map_err(EvalError::clone)?;
                self.document(*read, input, builder, depth + 1)?;
            }
            Read::Tagged(name, inner) => {
                builder.begin_object();
                builder.key(name);
                self.document(*inner, input, builder, depth + 1)?;
                builder.end();
            }
            Read::Array(items) => {
                builder.begin_array();
                self.items(input, |input| self.document(*items, input, builder, depth + 1))?;
                builder.end();
            }
            Read::Map(values) => {
                builder.begin_object();
                self.items(input, |input| {
                    builder.key(text(input)?);
                    self.document(*values, input, builder, depth + 1)
                })?;
                builder.end();
            }
            Read::Record { members, defaults } => {
                builder.begin_object();
                for member in members {
                    match &member.read {
                        Some((name, read)) => {
                            builder.key(name);
                            self.document(*read, input, builder, depth + 1)?;
                        }
                        None => input.skip(self.writer, member.writer, depth + 1)?,
                    }
                }
                for default in defaults {
                    builder.key(&default.name);
                    self.document(default.read, &mut Input { rest: &default.bytes }, builder, depth + 1)?;
                }
                builder.end();
            }
        }
        Ok(())
    }

    fn items(
        &self,
        input: &mut Input<'a>,
        mut item: impl FnMut(&mut Input<'a>) -> EvalResult<()>,
    ) -> EvalResult<()> {
        let mut seen = 0;
        loop {
            let (count, _) = input.block(&mut seen)?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                item(input)?;
            }
        }
    }
}

#[inline]
fn text<'a>(input: &mut Input<'a>) -> EvalResult<&'a str> {
    let bytes = input.bytes()?;
    check_zero(bytes)?;
    utf8(bytes)
}

fn micros(value: i64, unit: Unit) -> Option<i64> {
    match unit {
        Unit::Millis => value.checked_mul(1000),
        Unit::Micros => Some(value),
        // Digits that PostgreSQL does not have are cut off.
        Unit::Nanos => Some(value.div_euclid(1000)),
    }
}

#[inline]
fn timestamp(value: i64, unit: Unit) -> EvalResult<i64> {
    micros(value, unit)
        .and_then(|micros| micros.checked_sub(EPOCH_MICROS))
        .filter(|micros| calendar::is_valid_timestamp(*micros))
        .ok_or_else(|| EvalError::new("22008", "timestamp out of range"))
}
