//! Debezium's events in Avro: a record whose fields `before` and `after` are the table's row, beside `op` and `source`. Where the parts
//! lie in a message's bytes is found by passing over the others; the rows are read as any record is, in place.

use super::schema::{Kind, Schema};
use super::wire::{Input, malformed};
use crate::debezium::Source;
use crate::value::utf8;
use std::borrow::Cow;
use tidewire_row::{EvalError, EvalResult};

/// An event's parts.
pub(crate) struct AvroEvent<'a> {
    /// Of the writer's schema.
    pub(crate) id: u32,
    pub(crate) op: &'a str,
    /// The bytes of the rows; None where they are null.
    pub(crate) before: Option<&'a [u8]>,
    pub(crate) after: Option<&'a [u8]>,
    pub(crate) source: Option<Source<'a>>,
}

/// Where `after` is in an event's schema.
pub(crate) fn row_node(schema: &Schema) -> EvalResult<usize> {
    let field = |name: &str| {
        let record = event_record(schema, schema.root)?;
        schema.fields(record)?.iter().find(|field| field.name == name)
    };
    match (field("after"), field("op")) {
        (Some(after), Some(_)) => Ok(after.node),
        _ => Err(EvalError::new("42804", "the Avro schema is none of a Debezium event")
            .with_detail("It is no record with the fields \"after\" and \"op\".")),
    }
}

/// The record that events are.
fn event_record(schema: &Schema, root: usize) -> Option<usize> {
    match schema.branches(root).as_slice() {
        &[only] if schema.fields(only).is_some() => Some(only),
        _ => None,
    }
}

/// A scalar of `source`.
enum Scalar<'a> {
    Text(&'a str),
    Number(i64),
    None,
}

/// Takes an event apart, which is of the type `root`; `input` is what lies behind the schema's number.
pub(crate) fn event<'a>(
    schema: &Schema,
    root: usize,
    id: u32,
    mut input: Input<'a>,
) -> EvalResult<AvroEvent<'a>> {
    if let Kind::Union(branches) = &schema.node(root).kind {
        let branch = branches[input.index(branches.len())?];
        if schema.fields(branch).is_none() {
            return Err(malformed("The Debezium event is null."));
        }
    }
    let fields = event_record(schema, root).and_then(|record| schema.fields(record)).unwrap_or_default();
    let mut parts = AvroEvent { id, op: "", before: None, after: None, source: None };
    for field in fields {
        match field.name.as_str() {
            "before" => parts.before = row(schema, field.node, &mut input)?,
            "after" => parts.after = row(schema, field.node, &mut input)?,
            "op" => {
                if let Scalar::Text(op) = scalar(schema, field.node, &mut input)? {
                    parts.op = op;
                }
            }
            "source" => parts.source = source(schema, field.node, &mut input)?,
            _ => input.skip(schema, field.node, 0)?,
        }
    }
    Ok(parts)
}

/// The bytes of a row, with the branch of its union.
fn row<'a>(schema: &Schema, node: usize, input: &mut Input<'a>) -> EvalResult<Option<&'a [u8]>> {
    let whole = input.rest;
    let null = match &schema.node(node).kind {
        Kind::Union(branches) => {
            let branch = Input { rest: whole }.index(branches.len())?;
            matches!(schema.node(branches[branch]).kind, Kind::Null)
        }
        kind => matches!(kind, Kind::Null),
    };
    input.skip(schema, node, 0)?;
    Ok((!null).then(|| &whole[..whole.len() - input.rest.len()]))
}

fn scalar<'a>(schema: &Schema, node: usize, input: &mut Input<'a>) -> EvalResult<Scalar<'a>> {
    Ok(match &schema.node(node).kind {
        Kind::Union(branches) => {
            let branch = branches[input.index(branches.len())?];
            if matches!(schema.node(branch).kind, Kind::Union(_)) {
                return Err(malformed("A union stands directly within a union."));
            }
            scalar(schema, branch, input)?
        }
        Kind::String => Scalar::Text(utf8(input.bytes()?)?),
        Kind::Int | Kind::Long => Scalar::Number(input.long()?),
        Kind::Boolean => Scalar::Text(if input.boolean()? { "true" } else { "false" }),
        _ => {
            input.skip(schema, node, 0)?;
            Scalar::None
        }
    })
}

fn source<'a>(schema: &Schema, node: usize, input: &mut Input<'a>) -> EvalResult<Option<Source<'a>>> {
    let mut record = node;
    if let Kind::Union(branches) = &schema.node(node).kind {
        record = branches[input.index(branches.len())?];
    }
    let Some(fields) = schema.fields(record) else {
        input.skip(schema, record, 0)?;
        return Ok(None);
    };
    let mut source = Source::default();
    for field in fields {
        let value = scalar(schema, field.node, input)?;
        let text = |value: Scalar<'a>| match value {
            Scalar::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        };
        let number = |value: Scalar<'a>| match value {
            Scalar::Number(number) => Some(number),
            _ => None,
        };
        match field.name.as_str() {
            "snapshot" => source.snapshot = text(value),
            "sequence" => source.sequence = text(value),
            "lsn" => source.lsn = number(value),
            "txId" => source.transaction = number(value),
            "file" => source.file = text(value),
            "pos" => source.position = number(value),
            "row" => source.row = number(value),
            "server_id" => source.server = number(value),
            _ => {}
        }
    }
    Ok(Some(source))
}
