//! ENVELOPE DEBEZIUM: changes of a database's table, as Debezium's connectors write them in JSON, with and without the schema
//! beside the payload, and in Avro.
//!
//! A change says what its key's row is after it. What it was before is needed only for the key: a database need not tell it
//! (PostgreSQL's REPLICA IDENTITY DEFAULT does not).

mod base64;
mod decimal;
mod encoding;
mod position;

use crate::Field;
use crate::json::{JsonDecoder, JsonFormat, Kind, Slot, members_of, value_of};
use crate::keyed::KeyFormat;
use crate::registered::{RowPart, SchemaDecoder};
use crate::value::{ValueContext, push_null, push_whole, utf8};
pub use encoding::Decimals;
use encoding::Encoding;
pub(crate) use position::Source;
use position::{LogPosition, Origin};
use tidewire_plan::ScalarType;
use tidewire_row::{Datum, EvalError, EvalResult, push_datum};

/// What Debezium writes in place of a value that the log did not have because it had not changed (PostgreSQL's TOAST).
const UNAVAILABLE: &str = "__debezium_unavailable_value";
const UNAVAILABLE_BASE64: &str = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";

/// ENVELOPE DEBEZIUM.
#[derive(Clone, Debug)]
pub struct Debezium {
    /// What messages' keys are, where the relation's key comes from them: then these fields stand before those of the value.
    pub key: Option<(KeyFormat, Vec<Field>)>,
    /// Which fields of the value are the relation's key, where it comes from there.
    pub primary_key: Vec<usize>,
    /// As of an upsert.
    pub order: Option<Vec<usize>>,
    /// How decimals come without a schema.
    pub decimals: Decimals,
}

/// What a change comes to.
pub(crate) enum Event {
    /// Nothing: a tombstone, a message of the log's, or a change that was applied before.
    Nothing,
    /// Its key's row.
    Set {
        /// Fields of the value, by number, that stay as they are.
        kept: Vec<usize>,
        /// The key changed: `Rows::before` has the old one.
        moved: bool,
    },
    /// Its key has no row.
    Remove,
}

/// The packed rows of a change: key fields, then the value's.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) row: Vec<u8>,
    /// The row of which only the key counts.
    pub(crate) before: Vec<u8>,
}

impl Rows {
    pub(crate) fn clear(&mut self) {
        self.row.clear();
        self.before.clear();
    }
}

/// Decodes changes.
pub(crate) struct DebeziumDecoder {
    key: Option<(KeyFormat, Members)>,
    value: Members,
    /// Of the value's fields, which are the key.
    primary_key: Vec<usize>,
    position: Option<LogPosition>,
    new_key: Vec<u8>,
    old_key: Vec<u8>,
}

impl DebeziumDecoder {
    /// `json`: where the fields are in a row's object.
    pub(crate) fn new(debezium: Debezium, json: JsonFormat, fields: Vec<Field>) -> Self {
        let Debezium { key, primary_key, decimals, .. } = debezium;
        DebeziumDecoder {
            key: key.map(|(format, fields)| (format, Members::new(fields, JsonFormat::default(), decimals))),
            value: Members::new(fields, json, decimals),
            primary_key,
            position: None,
            new_key: Vec::new(),
            old_key: Vec::new(),
        }
    }

    /// How far the changes of the partition that comes next were applied.
    pub(crate) fn set_position(&mut self, text: Option<&str>) {
        self.position = text.and_then(LogPosition::parse);
    }

    /// How far they are now.
    pub(crate) fn position(&self) -> Option<String> {
        self.position.as_ref().map(LogPosition::text)
    }

    /// Decodes a message into `rows`; with a `schema`, by that.
    pub(crate) fn decode(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        schema: Option<&mut SchemaDecoder>,
        context: &ValueContext,
        rows: &mut Rows,
    ) -> EvalResult<Event> {
        let Some(value) = value else { return Ok(Event::Nothing) };
        match schema {
            Some(decoder) => self.decode_with_schema(key, value, decoder, context, rows),
            None => self.decode_json(key, value, context, rows),
        }
    }

    /// What the change's place makes of the position; None: it was applied before.
    fn reached(&mut self, source: Option<&Source<'_>>) -> Option<Option<LogPosition>> {
        match source.map(Source::origin) {
            Some(Origin::Snapshot) => Some(None),
            Some(Origin::Log(own)) => {
                let before = self.position.as_ref().is_some_and(|reached| own.is_before(reached));
                (!before).then_some(Some(own))
            }
            Some(Origin::Unplaced) | None => Some(self.position.take()),
        }
    }

    fn decode_json(
        &mut self,
        key: Option<&[u8]>,
        value: &[u8],
        context: &ValueContext,
        rows: &mut Rows,
    ) -> EvalResult<Event> {
        let text = utf8(value)?;
        let (schema, event) = unwrapped(text)?;
        let [before, after, op, source] = members_of(event, ["before", "after", "op", "source"])?;
        let op = op.string(event)?.ok_or_else(no_event)?;
        let source = source.structure(event).map(Source::of_json).transpose()?;
        let Some(reached) = self.reached(source.as_ref()) else { return Ok(Event::Nothing) };
        let schema = Schema { text: schema, field: "after" };
        let (before, after) = (before.structure(event), after.structure(event));
        let outcome = match (op.as_ref(), after) {
            ("c" | "r" | "u", Some(after)) => self.set(key, before, after, &schema, context, rows),
            ("d", _) => self.remove(key, before, &schema, context, rows),
            (op, _) => without_row(op),
        };
        self.position = reached;
        outcome
    }

    fn decode_with_schema(
        &mut self,
        key: Option<&[u8]>,
        value: &[u8],
        decoder: &mut SchemaDecoder,
        context: &ValueContext,
        rows: &mut Rows,
    ) -> EvalResult<Event> {
        let event = decoder.event(value)?;
        let Some(reached) = self.reached(event.source.as_ref()) else { return Ok(Event::Nothing) };
        if let Some((format, members)) = &mut self.key
            && matches!(event.op, "c" | "r" | "u" | "d")
        {
            push_key(format, members, key, context, &mut rows.row)?;
        }
        let (id, in_value) = (event.id, self.key.is_none());
        let (fields, primary_key) = (&self.value.fields, &self.primary_key);
        let outcome = match (event.op, event.after, event.before) {
            ("c" | "r" | "u", Some(after), before) => {
                let mut kept = Vec::new();
                let part = RowPart::Changed(&mut kept);
                decoder.row(id, after, fields, part, context, &mut rows.row)?;
                let mut moved = false;
                if let Some(before) = before.filter(|_| in_value) {
                    let mut key_of = |row: &[u8], into: &mut Vec<u8>| -> EvalResult<()> {
                        into.clear();
                        decoder.row(id, row, fields, RowPart::Only(primary_key), context, into)
                    };
                    key_of(after, &mut self.new_key)?;
                    // A `before` that has less than the key says nothing of it.
                    moved = key_of(before, &mut self.old_key).is_ok() && self.old_key != self.new_key;
                }
                if moved {
                    rows.before.extend_from_slice(&self.old_key);
                }
                Ok(Event::Set { kept, moved })
            }
            ("d", _, _) if !in_value => {
                crate::keyed::push_nulls(&mut rows.row, fields.len());
                Ok(Event::Remove)
            }
            ("d", _, Some(before)) => {
                decoder.row(id, before, fields, RowPart::Only(primary_key), context, &mut rows.row)?;
                Ok(Event::Remove)
            }
            ("d", _, None) => {
                Err(EvalError::new("22P02", "a Debezium event of operation \"d\" without \"before\""))
            }
            (op, _, _) => without_row(op),
        };
        self.position = reached;
        outcome
    }

    fn set(
        &mut self,
        key: Option<&[u8]>,
        before: Option<&str>,
        after: &str,
        schema: &Schema<'_>,
        context: &ValueContext,
        rows: &mut Rows,
    ) -> EvalResult<Event> {
        if let Some((format, members)) = &mut self.key {
            push_key(format, members, key, context, &mut rows.row)?;
        }
        let mut kept = Vec::new();
        self.value.push_all(after, schema, context, &mut rows.row, &mut kept)?;
        if self.key.is_some() {
            return Ok(Event::Set { kept, moved: false });
        }
        let Some(before) = before else { return Ok(Event::Set { kept, moved: false }) };
        self.new_key.clear();
        // The fields of `after` are those found last.
        self.value.push_key_parts(after, &self.primary_key, context, &mut self.new_key)?;
        self.value.find(before, schema)?;
        self.old_key.clear();
        // A `before` that has less than the key says nothing of it.
        let told = self.value.push_key_parts(before, &self.primary_key, context, &mut self.old_key).is_ok();
        let moved = told && self.old_key != self.new_key;
        if moved {
            self.value.push_key_only(before, &self.primary_key, context, &mut rows.before)?;
        }
        Ok(Event::Set { kept, moved })
    }

    fn remove(
        &mut self,
        key: Option<&[u8]>,
        before: Option<&str>,
        schema: &Schema<'_>,
        context: &ValueContext,
        rows: &mut Rows,
    ) -> EvalResult<Event> {
        let out = &mut rows.row;
        if let Some((format, members)) = &mut self.key {
            push_key(format, members, key, context, out)?;
            crate::keyed::push_nulls(out, self.value.fields.len());
            return Ok(Event::Remove);
        }
        if let Some(before) = before {
            self.value.find(before, schema)?;
            if self.value.push_key_only(before, &self.primary_key, context, out).is_ok() {
                return Ok(Event::Remove);
            }
            out.clear();
        }
        // The message's key is the row's.
        let Some(key) = key else {
            return Err(EvalError::new("22P02", "a Debezium event of operation \"d\" without a key")
                .with_detail("It has neither \"before\" nor a message key."));
        };
        let (schema, object) = unwrapped(utf8(key)?)?;
        self.value.find(object, &Schema { text: schema, field: "" })?;
        self.value.push_key_only(object, &self.primary_key, context, out)?;
        Ok(Event::Remove)
    }
}

/// Appends the fields of a message's key.
fn push_key(
    format: &KeyFormat,
    members: &mut Members,
    key: Option<&[u8]>,
    context: &ValueContext,
    out: &mut Vec<u8>,
) -> EvalResult<()> {
    let Some(key) = key else {
        return members.fields.iter().try_for_each(|field| push_null(out, field));
    };
    if matches!(format, KeyFormat::Whole) {
        return members
            .fields
            .iter()
            .try_for_each(|field| push_whole(out, field, key, context).map_err(|error| field.locate(error)));
    }
    let text = utf8(key)?;
    if !text.trim_ascii_start().starts_with('{') {
        return members.push_single(text, context, out);
    }
    let (schema, object) = unwrapped(text)?;
    members.push_all(object, &Schema { text: schema, field: "" }, context, out, &mut Vec::new())
}

/// The schema, where there is one, and what stands in the `payload` beside it.
fn unwrapped(text: &str) -> EvalResult<(Option<&str>, &str)> {
    let [schema, payload] = members_of(text, ["schema", "payload"])?;
    Ok(match payload.structure(text) {
        Some(payload) => (schema.structure(text), payload),
        None => (None, text),
    })
}

/// An event of an operation that says no row, or does not say the one that it should.
fn without_row(op: &str) -> EvalResult<Event> {
    match op {
        "m" => Ok(Event::Nothing),
        "t" => Err(EvalError::new("0A000", "a TRUNCATE of the upstream table cannot be followed")
            .with_detail("The rows that it deleted are still there.")),
        "c" | "r" | "u" => {
            Err(EvalError::new("22P02", format!("a Debezium event of operation \"{op}\" without \"after\"")))
        }
        _ => Err(EvalError::new("22P02", format!("\"{op}\" is no operation of a Debezium event"))),
    }
}

#[cold]
fn no_event() -> EvalError {
    EvalError::new("22P02", "the message is no Debezium event")
        .with_detail("It has no \"op\", neither itself nor in its \"payload\".")
}

/// Where an object's schema is.
struct Schema<'a> {
    text: Option<&'a str>,
    /// Of which field of the schema; empty for itself.
    field: &'static str,
}

/// The fields that an object's members give.
struct Members {
    fields: Vec<Field>,
    json: JsonDecoder,
    /// By the columns' types.
    declared: Vec<Encoding>,
    /// By the schema that came last, which mostly comes again.
    schema: String,
    by_schema: Vec<Encoding>,
    with_schema: bool,
}

impl Members {
    fn new(fields: Vec<Field>, json: JsonFormat, decimals: Decimals) -> Self {
        let declared: Vec<Encoding> =
            fields.iter().map(|field| Encoding::of_column(field.column, decimals)).collect();
        Members {
            json: JsonDecoder::new(json, &fields),
            fields,
            by_schema: declared.clone(),
            declared,
            schema: String::new(),
            with_schema: false,
        }
    }

    /// Finds the fields' values in an object, and how they are encoded.
    fn find(&mut self, object: &str, schema: &Schema<'_>) -> EvalResult<()> {
        self.with_schema = false;
        if let Some(text) = schema.text {
            if self.schema != text {
                let own = field_schema(text, schema.field)?;
                self.by_schema = Encoding::of_fields(own, &self.fields, &self.declared)?;
                text.clone_into(&mut self.schema);
            }
            self.with_schema = true;
        }
        self.json.members(object, &self.fields)
    }

    fn encoding(&self, field: usize) -> Encoding {
        if self.with_schema { self.by_schema[field] } else { self.declared[field] }
    }

    fn push(&mut self, at: usize, text: &str, context: &ValueContext, out: &mut Vec<u8>) -> EvalResult<()> {
        let slot = self.json.slot(at);
        let encoding = self.encoding(at);
        let field = &self.fields[at];
        let pushed = match slot.kind {
            Kind::Null => push_null(out, field),
            _ => encoding.push(out, field, slot, text, &mut self.json, context),
        };
        pushed.map_err(|error| field.locate(error))
    }

    /// Appends all fields of an object. `kept` gets those whose value the log did not have.
    fn push_all(
        &mut self,
        object: &str,
        schema: &Schema<'_>,
        context: &ValueContext,
        out: &mut Vec<u8>,
        kept: &mut Vec<usize>,
    ) -> EvalResult<()> {
        self.find(object, schema)?;
        for at in 0..self.fields.len() {
            if is_unavailable(self.json.slot(at), object) {
                kept.push(at);
                push_stand_in(&self.fields[at], out)?;
            } else {
                self.push(at, object, context, out)?;
            }
        }
        Ok(())
    }

    /// Appends the one field's value.
    fn push_single(&mut self, text: &str, context: &ValueContext, out: &mut Vec<u8>) -> EvalResult<()> {
        let [field] = &self.fields[..] else {
            return Err(EvalError::new("22P02", "the key is no JSON object"));
        };
        let slot = value_of(text)?;
        let pushed = match slot.kind {
            Kind::Null => push_null(out, field),
            _ => self.declared[0].push(out, field, slot, text, &mut self.json, context),
        };
        pushed.map_err(|error| field.locate(error))
    }

    /// Appends the values of some of the fields that were found.
    fn push_key_parts(
        &mut self,
        object: &str,
        key: &[usize],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        key.iter().try_for_each(|&at| self.push(at, object, context, out))
    }

    /// Appends the fields that were found: those of the key, NULL for the others.
    fn push_key_only(
        &mut self,
        object: &str,
        key: &[usize],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        for at in 0..self.fields.len() {
            if key.contains(&at) {
                self.push(at, object, context, out)?;
            } else {
                tidewire_row::push_null(out);
            }
        }
        Ok(())
    }
}

/// The schema of a field of a schema; itself where no field is named.
fn field_schema<'a>(schema: &'a str, name: &str) -> EvalResult<&'a str> {
    if name.is_empty() {
        return Ok(schema);
    }
    let [fields] = members_of(schema, ["fields"])?;
    let Some(fields) = fields.structure(schema) else { return Ok("{}") };
    for field in crate::json::elements_of(fields)? {
        let Some(field) = field.structure(fields) else { continue };
        let [own] = members_of(field, ["field"])?;
        if own.string(field)?.as_deref() == Some(name) {
            return Ok(field);
        }
    }
    Ok("{}")
}

fn is_unavailable(slot: Slot, text: &str) -> bool {
    let raw = if matches!(slot.kind, Kind::String { .. }) { slot.raw(text) } else { "" };
    raw.len() > UNAVAILABLE.len()
        && (&raw[1..raw.len() - 1] == UNAVAILABLE || &raw[1..raw.len() - 1] == UNAVAILABLE_BASE64)
}

/// Whether the bytes of a string say that the log did not have the value.
pub(crate) fn says_unavailable(bytes: &[u8]) -> bool {
    bytes == UNAVAILABLE.as_bytes()
}

/// Whether some value in some bytes may say it.
pub(crate) fn may_be_unavailable(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, UNAVAILABLE.as_bytes()).is_some()
}

/// What stands for a value that is to stay as it is, where its key has no row yet.
pub(crate) fn push_stand_in(field: &Field, out: &mut Vec<u8>) -> EvalResult<()> {
    if field.column.nullable {
        return push_null(out, field);
    }
    match field.column.scalar {
        ScalarType::Text | ScalarType::Varchar => push_datum(out, Datum::Text(UNAVAILABLE)),
        ScalarType::Bytea => push_datum(out, Datum::Bytea(UNAVAILABLE.as_bytes())),
        _ => {
            let message = format!("the event has no value of column \"{}\"", field.name);
            return Err(EvalError::new("23502", message));
        }
    }
    Ok(())
}
