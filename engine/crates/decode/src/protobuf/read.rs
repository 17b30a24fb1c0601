//! Values from Protobuf's bytes: into columns, and into jsonb.

use super::layout::{DefaultValue, FieldKind, LayoutField, Layouts, Shape, Special};
use super::wire::{Input, MAX_DEPTH, Raw, malformed, too_deep};
use crate::Field;
use crate::natural::{push_document, push_jsonb, push_natural};
use crate::value::{ValueContext, check_zero, push_null, utf8};
use tidewire_plan::ScalarType;
use tidewire_row::{Datum, EvalError, EvalResult, Interval, JsonbBuilder, Numeric, calendar};

/// Seconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_SECONDS: i64 = 946_684_800;

/// Fields of a message by the place that they go to.
pub(crate) struct Found<'a> {
    pub(crate) place: usize,
    pub(crate) raw: Raw<'a>,
}

/// Reads messages of one schema.
pub(crate) struct Reader<'a> {
    pub(crate) layouts: &'a Layouts,
    pub(crate) context: &'a ValueContext,
}

impl<'a> Reader<'a> {
    /// Appends a field's value as a column's; `found` are all that the message has of it.
    pub(crate) fn column(
        &self,
        from: &'a LayoutField,
        found: &[Found<'a>],
        field: &Field,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        let natural = self.layouts.natural(from.kind);
        match (&from.shape, found) {
            (Shape::Optional, []) => push_null(out, field),
            (Shape::Plain(default), []) => self
                .default(from.kind, default, |datum| push_natural(out, field, natural, datum, self.context)),
            (Shape::Optional | Shape::Plain(_), found) if natural != ScalarType::Jsonb => {
                let symbol;
                let datum = match (from.kind, self.last(from.kind, found)) {
                    (FieldKind::Enum(symbols), Raw::Varint(number)) => {
                        symbol = self.layouts.symbol(symbols, number as i32);
                        Datum::Text(&symbol)
                    }
                    (kind, raw) => self.value(kind, raw, 0)?,
                };
                push_natural(out, field, natural, datum, self.context)
            }
            _ => {
                let mut builder = JsonbBuilder::new();
                self.field(from, found, &mut builder, 0)?;
                push_document(out, field, builder.finish(&self.context.arena), self.context)
            }
        }
    }

    /// What counts of a field that is no list: the last, and of messages all together.
    fn last(&self, kind: FieldKind, found: &[Found<'a>]) -> Raw<'a> {
        match (kind, found) {
            (FieldKind::Message(_), [_, _, ..]) => {
                let mut all = Vec::new();
                for each in found {
                    if let Raw::Bytes(bytes) = each.raw {
                        all.extend_from_slice(bytes);
                    }
                }
                Raw::Bytes(self.context.arena.push_bytes(all))
            }
            (_, found) => found.last().map_or(Raw::Varint(0), |last| last.raw),
        }
    }

    /// Gives what stands for a field that is not there.
    fn default(
        &self,
        kind: FieldKind,
        default: &DefaultValue,
        give: impl FnOnce(Datum<'_>) -> EvalResult<()>,
    ) -> EvalResult<()> {
        match (kind, default) {
            (FieldKind::Enum(symbols), DefaultValue::Enum(number)) => {
                give(Datum::Text(&self.layouts.symbol(symbols, *number)))
            }
            (_, DefaultValue::Bool(value)) => give(Datum::Bool(*value)),
            (_, DefaultValue::Text(text)) => give(Datum::Text(text)),
            (_, DefaultValue::Bytes(bytes)) => give(Datum::Bytea(bytes)),
            (_, DefaultValue::Unsigned(value)) => {
                give(Datum::Numeric(Numeric::from_parts(i128::from(*value), 0)))
            }
            (FieldKind::Float, DefaultValue::Float(value)) => give(Datum::Float32(*value as f32)),
            (_, DefaultValue::Float(value)) => give(Datum::Float64(*value)),
            (kind, DefaultValue::Integer(value)) => give(match self.layouts.natural(kind) {
                ScalarType::Int4 => Datum::Int32(*value as i32),
                _ => Datum::Int64(*value),
            }),
            _ => give(Datum::Null),
        }
    }

    /// A value that has a type of its own; enums' are their numbers.
    fn value(&self, kind: FieldKind, raw: Raw<'a>, depth: usize) -> EvalResult<Datum<'a>> {
        let zigzag = |value: u64| (value >> 1) as i64 ^ -((value & 1) as i64);
        Ok(match (kind, raw) {
            (FieldKind::Bool, Raw::Varint(value)) => Datum::Bool(value != 0),
            (FieldKind::Int32 | FieldKind::Enum(_), Raw::Varint(value)) => Datum::Int32(value as i32),
            (FieldKind::Sint32, Raw::Varint(value)) => Datum::Int32(zigzag(value) as i32),
            (FieldKind::Sfixed32, Raw::Fixed32(value)) => Datum::Int32(value as i32),
            (FieldKind::Int64, Raw::Varint(value)) => Datum::Int64(value as i64),
            (FieldKind::Sint64, Raw::Varint(value)) => Datum::Int64(zigzag(value)),
            (FieldKind::Sfixed64, Raw::Fixed64(value)) => Datum::Int64(value as i64),
            (FieldKind::Uint32, Raw::Varint(value)) => Datum::Int64(i64::from(value as u32)),
            (FieldKind::Fixed32, Raw::Fixed32(value)) => Datum::Int64(value.into()),
            (FieldKind::Uint64, Raw::Varint(value)) | (FieldKind::Fixed64, Raw::Fixed64(value)) => {
                Datum::Numeric(Numeric::from_parts(value.into(), 0))
            }
            (FieldKind::Float, Raw::Fixed32(value)) => Datum::Float32(f32::from_bits(value)),
            (FieldKind::Double, Raw::Fixed64(value)) => Datum::Float64(f64::from_bits(value)),
            (FieldKind::Bytes, Raw::Bytes(bytes)) => Datum::Bytea(bytes),
            (FieldKind::String, Raw::Bytes(bytes)) => {
                check_zero(bytes)?;
                Datum::Text(utf8(bytes)?)
            }
            (FieldKind::Message(index), Raw::Bytes(bytes)) => {
                let layout = &self.layouts.messages[index];
                match layout.special {
                    Special::Timestamp => Datum::Timestamptz(timestamp(bytes)?),
                    Special::Duration => Datum::Interval(duration(bytes)?),
                    Special::Wrapper if depth < MAX_DEPTH => {
                        let inner = &layout.fields[0];
                        let mut input = Input { rest: bytes };
                        let mut last = None;
                        while let Some((number, raw)) = input.field()? {
                            if number == inner.number {
                                last = Some(raw);
                            }
                        }
                        match last {
                            Some(raw) => self.value(inner.kind, raw, depth + 1)?,
                            // An empty wrapper is zero.
                            None => zero(inner.kind),
                        }
                    }
                    _ => return Err(too_deep()),
                }
            }
            (kind, raw) => return Err(malformed(format!("A field of kind {kind:?} has the bytes {raw:?}."))),
        })
    }

    /// Appends a field's value to a jsonb.
    fn field(
        &self,
        from: &'a LayoutField,
        found: &[Found<'a>],
        builder: &mut JsonbBuilder,
        depth: usize,
    ) -> EvalResult<()> {
        match &from.shape {
            Shape::Optional if found.is_empty() => builder.push_null(),
            Shape::Plain(default) if found.is_empty() => {
                let natural = self.layouts.natural(from.kind);
                self.default(from.kind, default, |datum| push_jsonb(builder, natural, datum, self.context))?;
            }
            Shape::Optional | Shape::Plain(_) => {
                self.document(from.kind, self.last(from.kind, found), builder, depth)?;
            }
            Shape::List => {
                builder.begin_array();
                for each in found {
                    self.items(from.kind, each.raw, builder, depth)?;
                }
                builder.end();
            }
            Shape::Map => {
                let FieldKind::Message(entry) = from.kind else {
                    return Err(EvalError::new("XX000", "a map has no entries"));
                };
                builder.begin_object();
                for each in found {
                    self.entry(entry, each.raw, builder, depth)?;
                }
                builder.end();
            }
        }
        Ok(())
    }

    /// Appends an item of a list, or several that are packed.
    fn items(
        &self,
        kind: FieldKind,
        raw: Raw<'a>,
        builder: &mut JsonbBuilder,
        depth: usize,
    ) -> EvalResult<()> {
        let (Raw::Bytes(packed), false) =
            (raw, matches!(kind, FieldKind::String | FieldKind::Bytes | FieldKind::Message(_)))
        else {
            return self.document(kind, raw, builder, depth);
        };
        let mut input = Input { rest: packed };
        while !input.rest.is_empty() {
            let raw = match kind {
                FieldKind::Sfixed32 | FieldKind::Fixed32 | FieldKind::Float => Raw::Fixed32(input.fixed32()?),
                FieldKind::Sfixed64 | FieldKind::Fixed64 | FieldKind::Double => {
                    Raw::Fixed64(input.fixed64()?)
                }
                _ => Raw::Varint(input.varint()?),
            };
            self.document(kind, raw, builder, depth)?;
        }
        Ok(())
    }

    /// Appends a map's entry: a message of key and value.
    fn entry(&self, entry: usize, raw: Raw<'a>, builder: &mut JsonbBuilder, depth: usize) -> EvalResult<()> {
        let Raw::Bytes(bytes) = raw else { return Err(malformed("An entry of a map is no message.")) };
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let mut input = Input { rest: bytes };
        while let Some((number, raw)) = input.field()? {
            match number {
                1 => key.push(Found { place: 0, raw }),
                2 => value.push(Found { place: 1, raw }),
                _ => {}
            }
        }
        let [key_field, value_field] = self.layouts.messages[entry].fields.as_slice() else {
            return Err(EvalError::new("XX000", "an entry of a map has a key and a value"));
        };
        let datum = match key.last() {
            Some(last) => self.value(key_field.kind, last.raw, depth)?,
            None => zero(key_field.kind),
        };
        match datum {
            Datum::Text(text) => builder.key(text),
            datum => {
                let mut text = Vec::new();
                let natural = self.layouts.natural(key_field.kind);
                match datum {
                    // As Protobuf's JSON has it.
                    Datum::Bool(value) => text.extend_from_slice(if value { b"true" } else { b"false" }),
                    datum => tidewire_row::text_out(datum, natural, &self.context.settings, &mut text),
                }
                builder.key(&String::from_utf8_lossy(&text));
            }
        }
        if value.is_empty() && matches!(value_field.kind, FieldKind::Message(_)) {
            // A message that is not there is one without fields.
            return self.document(value_field.kind, Raw::Bytes(&[]), builder, depth);
        }
        self.field(value_field, &value, builder, depth)
    }

    /// Appends one value to a jsonb.
    fn document(
        &self,
        kind: FieldKind,
        raw: Raw<'a>,
        builder: &mut JsonbBuilder,
        depth: usize,
    ) -> EvalResult<()> {
        if depth >= MAX_DEPTH {
            return Err(too_deep());
        }
        match (kind, raw) {
            (FieldKind::Enum(symbols), Raw::Varint(number)) => {
                builder.push_string(&self.layouts.symbol(symbols, number as i32));
                Ok(())
            }
            (FieldKind::Message(index), Raw::Bytes(bytes))
                if self.layouts.natural(kind) == ScalarType::Jsonb =>
            {
                self.message(index, bytes, builder, depth)
            }
            _ => {
                let datum = self.value(kind, raw, depth)?;
                push_jsonb(builder, self.layouts.natural(kind), datum, self.context)
            }
        }
    }

    /// Appends a message to a jsonb: an object of all its fields, or the JSON that it means.
    pub(crate) fn message(
        &self,
        index: usize,
        bytes: &'a [u8],
        builder: &mut JsonbBuilder,
        depth: usize,
    ) -> EvalResult<()> {
        let layout = &self.layouts.messages[index];
        let mut found = Vec::new();
        let mut input = Input { rest: bytes };
        while let Some((number, raw)) = input.field()? {
            if let Some(place) = layout.field(number) {
                found.push(Found { place, raw });
            }
        }
        match layout.special {
            // One field, which is the whole.
            Special::Struct | Special::ListValue => {
                return self.field(&layout.fields[0], &found, builder, depth + 1);
            }
            Special::Value => {
                let Some(last) = found.last() else {
                    builder.push_null();
                    return Ok(());
                };
                let field = &layout.fields[last.place];
                if let FieldKind::Enum(_) = field.kind {
                    builder.push_null();
                    return Ok(());
                }
                return self.document(field.kind, last.raw, builder, depth + 1);
            }
            _ => {}
        }
        found.sort_by_key(|each| each.place);
        builder.begin_object();
        let mut rest = found.as_slice();
        for (place, field) in layout.fields.iter().enumerate() {
            let count = rest.iter().take_while(|each| each.place == place).count();
            let (own, behind) = rest.split_at(count);
            rest = behind;
            builder.key(&field.name);
            self.field(field, own, builder, depth + 1)?;
        }
        builder.end();
        Ok(())
    }
}

/// What a field without presence is when it is not there.
fn zero(kind: FieldKind) -> Datum<'static> {
    match kind {
        FieldKind::Bool => Datum::Bool(false),
        FieldKind::Int32 | FieldKind::Sint32 | FieldKind::Sfixed32 | FieldKind::Enum(_) => Datum::Int32(0),
        FieldKind::Int64
        | FieldKind::Sint64
        | FieldKind::Sfixed64
        | FieldKind::Uint32
        | FieldKind::Fixed32 => Datum::Int64(0),
        FieldKind::Uint64 | FieldKind::Fixed64 => Datum::Numeric(Numeric::ZERO),
        FieldKind::Float => Datum::Float32(0.0),
        FieldKind::Double => Datum::Float64(0.0),
        FieldKind::String => Datum::Text(""),
        FieldKind::Bytes => Datum::Bytea(&[]),
        FieldKind::Message(_) => Datum::Null,
    }
}

/// `seconds` and `nanos` of a Timestamp or a Duration.
fn seconds_nanos(bytes: &[u8]) -> EvalResult<(i64, i64)> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut input = Input { rest: bytes };
    while let Some((number, raw)) = input.field()? {
        match (number, raw) {
            (1, Raw::Varint(value)) => seconds = value as i64,
            (2, Raw::Varint(value)) => nanos = i64::from(value as i32),
            _ => {}
        }
    }
    Ok((seconds, nanos))
}

/// Digits that PostgreSQL does not have are cut off.
fn timestamp(bytes: &[u8]) -> EvalResult<i64> {
    let (seconds, nanos) = seconds_nanos(bytes)?;
    seconds
        .checked_sub(EPOCH_SECONDS)
        .and_then(|seconds| seconds.checked_mul(1_000_000))
        .and_then(|micros| micros.checked_add(nanos.div_euclid(1000)))
        .filter(|micros| calendar::is_valid_timestamp(*micros))
        .ok_or_else(|| EvalError::new("22008", "timestamp out of range"))
}

fn duration(bytes: &[u8]) -> EvalResult<Interval> {
    let (seconds, nanos) = seconds_nanos(bytes)?;
    let micros = seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(nanos / 1000));
    let micros = micros.ok_or_else(|| EvalError::new("22008", "interval out of range"))?;
    Ok(Interval { months: 0, days: 0, micros })
}
