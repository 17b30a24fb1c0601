//! ENVELOPE DEBEZIUM over JSON: changes of a database's table, as Debezium's connectors write them, with and without the schema
//! beside the payload.
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
use crate::value::{ValueContext, push_null, push_whole, utf8};
pub use encoding::Decimals;
use encoding::Encoding;
use position::{LogPosition, Origin, origin};
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
    pub(crate) fn new(debezium: Debezium, fields: Vec<Field>) -> Self {
        let Debezium { key, primary_key, decimals, .. } = debezium;
        DebeziumDecoder {
            key: key.map(|(format, fields)| (format, Members::new(fields, decimals))),
            value: Members::new(fields, decimals),
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

    /// Decodes a message into `rows`.
    pub(crate) fn decode(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        context: &ValueContext,
        rows: &mut Rows,
    ) -> EvalResult<Event> {
        let Some(value) = value else { return Ok(Event::Nothing) };
        let text = utf8(value)?;
        let (schema, event) = unwrapped(text)?;
        let [before, after, op, source] = members_of(event, ["before", "after", "op", "source"])?;
        let op = op.string(event)?.ok_or_else(no_event)?;
        let reached = match source.structure(event).map(origin).transpose()? {
            Some(Origin::Snapshot) => None,
            Some(Origin::Log(own)) => {
                if self.position.as_ref().is_some_and(|reached| own.is_before(reached)) {
                    return Ok(Event::Nothing);
                }
                Some(own)
            }
            Some(Origin::Unplaced) | None => self.position.take(),
        };
        let schema = Schema { text: schema, field: "after" };
        let (before, after) = (before.structure(event), after.structure(event));
        let outcome = match (op.as_ref(), after) {
            ("c" | "r" | "u", Some(after)) => self.set(key, before, after, &schema, context, rows),
            ("d", _) => self.remove(key, before, &schema, context, rows),
            ("m", _) => Ok(Event::Nothing),
            ("t", _) => Err(EvalError::new("0A000", "a TRUNCATE of the upstream table cannot be followed")
                .with_detail("The rows that it deleted are still there.")),
            ("c" | "r" | "u", None) => Err(EvalError::new(
                "22P02",
                format!("a Debezium event of operation \"{op}\" without \"after\""),
            )),
            _ => Err(EvalError::new("22P02", format!("\"{op}\" is no operation of a Debezium event"))),
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
    fn new(fields: Vec<Field>, decimals: Decimals) -> Self {
        let declared: Vec<Encoding> =
            fields.iter().map(|field| Encoding::of_column(field.column, decimals)).collect();
        Members {
            json: JsonDecoder::new(JsonFormat::default(), &fields),
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

/// What stands for a value that is to stay as it is, where its key has no row yet.
fn push_stand_in(field: &Field, out: &mut Vec<u8>) -> EvalResult<()> {
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
