//! Protobuf messages. A registry's begin with the number of their schema and which of its messages they are; what they hold is
//! found by the fields' numbers, as Protobuf has it, so that one layout reads what older and newer schemas wrote.

mod layout;
mod read;
mod schema;
mod wire;

use crate::Field;
use crate::natural::assignable;
use crate::registered::{NaturalColumn, SchemaText};
use crate::value::ValueContext;
use layout::{Layout, LayoutField, Layouts, Shape};
use read::{Found, Reader};
use rustc_hash::FxHashMap;
use schema::ProtobufSchema;
use std::sync::Arc;
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{EvalError, EvalResult, JsonbBuilder};
use wire::{Input, malformed};

/// How Protobuf messages become rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtobufFormat {
    /// The schema: which fields there are.
    pub schema: SchemaText,
    /// The message, by its full name; without it the schema's first.
    pub message: Option<String>,
    /// Messages begin with a zero, their schema's number and the place of the message in it, as Confluent's serializers
    /// write them.
    pub framed: bool,
    /// The one field takes the whole message, as jsonb.
    pub whole: bool,
}

fn natural(layouts: &Layouts, field: &LayoutField) -> ColumnType {
    let scalar = match field.shape {
        Shape::List | Shape::Map => ScalarType::Jsonb,
        _ => layouts.natural(field.kind),
    };
    ColumnType { scalar, typmod: -1, nullable: matches!(field.shape, Shape::Optional) }
}

/// The columns of a message's fields.
pub(crate) fn protobuf_columns(format: &ProtobufFormat) -> EvalResult<Vec<NaturalColumn>> {
    let schema = ProtobufSchema::parse(&format.schema)?;
    let layouts = Layouts::of(&schema.message(format.message.as_deref())?);
    if format.whole {
        let column = ColumnType { scalar: ScalarType::Jsonb, typmod: -1, nullable: false };
        return Ok(vec![NaturalColumn { name: "data".into(), column }]);
    }
    let fields = layouts.messages[0].fields.iter();
    Ok(fields
        .map(|field| NaturalColumn { name: field.name.clone(), column: natural(&layouts, field) })
        .collect())
}

/// A registered schema: its messages by their places, as they come up.
#[derive(Clone, Debug)]
enum Known {
    Schema(Arc<Places>),
    Refused(EvalError),
}

/// Which places of a schema's messages are the one that is read: for each path the other's name.
#[derive(Debug)]
struct Places {
    /// Paths that lead to the message.
    own: Vec<Vec<u32>>,
    /// Those that lead to others, with their names.
    others: Vec<(Vec<u32>, String)>,
}

/// Decodes Protobuf messages.
#[derive(Clone, Debug)]
pub(crate) struct ProtobufDecoder {
    framed: bool,
    whole: bool,
    layouts: Arc<Layouts>,
    /// For each of the message's fields the column that it is.
    columns: Vec<Option<usize>>,
    /// For each column the message's field.
    fields: Vec<usize>,
    known: FxHashMap<u32, Known>,
    path: Vec<u32>,
}

/// Messages that a schema may have within each other, and beside each other, to be told by their places.
const MAX_PLACES: u32 = 256;

impl ProtobufDecoder {
    /// A decoder into `fields`, which must be fields of the message. Refuses those that are not, or of another type.
    pub(crate) fn new(format: ProtobufFormat, fields: &[Field]) -> EvalResult<Self> {
        let schema = ProtobufSchema::parse(&format.schema)?;
        let layouts = Layouts::of(&schema.message(format.message.as_deref())?);
        let message = &layouts.messages[0];
        let mut places = Vec::with_capacity(fields.len());
        for field in fields.iter().filter(|_| !format.whole) {
            let Some(place) = message.fields.iter().position(|other| other.name == field.name) else {
                return Err(unknown_field(message, &field.name));
            };
            let from = natural(&layouts, &message.fields[place]).scalar;
            if !assignable(from, field.column.scalar) {
                let name = tidewire_row::io::type_name;
                let message = format!(
                    "column \"{}\" is of type {} but the Protobuf field is of type {}",
                    field.name,
                    name(field.column.scalar),
                    name(from)
                );
                return Err(EvalError::new("42804", message));
            }
            places.push(place);
        }
        let mut columns = vec![None; message.fields.len()];
        for (column, &place) in places.iter().enumerate() {
            columns[place] = Some(column);
        }
        Ok(ProtobufDecoder {
            framed: format.framed,
            whole: format.whole,
            layouts: Arc::new(layouts),
            columns,
            fields: places,
            known: FxHashMap::default(),
            path: Vec::new(),
        })
    }

    /// The schema's number that a message begins with, if it is one that was not learned.
    pub(crate) fn unknown(&self, value: &[u8]) -> Option<u32> {
        match value.split_first_chunk::<5>() {
            Some((&[0, a, b, c, d], _)) if self.framed => {
                let id = u32::from_be_bytes([a, b, c, d]);
                (!self.known.contains_key(&id)).then_some(id)
            }
            _ => None,
        }
    }

    /// Takes in the schema of a number, or why there is none.
    pub(crate) fn learn(&mut self, id: u32, schema: Result<&SchemaText, &EvalError>) {
        let name = &self.layouts.messages[0].name;
        let known = schema.map_err(EvalError::clone).and_then(ProtobufSchema::parse).map(|schema| {
            let mut places = Places { own: Vec::new(), others: Vec::new() };
            walk(&schema, &mut Vec::new(), name, &mut places);
            places
        });
        let known = known.map_or_else(Known::Refused, |places| Known::Schema(Arc::new(places)));
        self.known.insert(id, known);
    }

    /// What lies behind a message's number and place.
    fn split<'a>(&mut self, value: &'a [u8]) -> EvalResult<&'a [u8]> {
        if !self.framed {
            return Ok(value);
        }
        let Some((&[0, a, b, c, d], rest)) = value.split_first_chunk::<5>() else {
            return Err(malformed("The message does not begin with the number of its schema."));
        };
        let id = u32::from_be_bytes([a, b, c, d]);
        let mut input = Input { rest };
        let mut number = || -> EvalResult<u32> {
            let value = input.varint()?;
            let index = (value >> 1) as i64 ^ -((value & 1) as i64);
            match u32::try_from(index) {
                Ok(index) if index < MAX_PLACES => Ok(index),
                _ => Err(malformed("The place of the message in its schema is none.")),
            }
        };
        let count = number()?;
        self.path.clear();
        if count == 0 {
            self.path.push(0);
        }
        for _ in 0..count {
            let index = number()?;
            self.path.push(index);
        }
        match self.known.get(&id) {
            Some(Known::Schema(places)) if places.own.contains(&self.path) => Ok(input.rest),
            Some(Known::Schema(places)) => {
                let other = places.others.iter().find(|(path, _)| *path == self.path);
                let found = other.map_or("one that its schema does not have", |(_, name)| name.as_str());
                let wanted = &self.layouts.messages[0].name;
                let message = format!("the Protobuf message is {found}, not {wanted}");
                Err(EvalError::new("42804", message))
            }
            Some(Known::Refused(error)) => Err(error.clone()),
            None => Err(EvalError::new("XX000", format!("schema {id} was not asked for"))),
        }
    }

    /// Appends the packed row of a message.
    pub(crate) fn decode(
        &mut self,
        value: &[u8],
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        let bytes = self.split(value)?;
        let layout = &self.layouts.messages[0];
        let reader = Reader { layouts: &self.layouts, context };
        if self.whole {
            let mut builder = JsonbBuilder::new();
            reader.message(0, bytes, &mut builder, 0)?;
            let value = builder.finish(&context.arena);
            return fields.iter().try_for_each(|field| {
                crate::natural::push_document(out, field, value, context).map_err(|error| field.locate(error))
            });
        }
        let mut found: Vec<Found<'_>> = Vec::with_capacity(fields.len());
        let mut input = Input { rest: bytes };
        let mut sorted = true;
        while let Some((number, raw)) = input.field()? {
            if let Some(place) = layout.field(number)
                && let Some(column) = self.columns[place]
            {
                sorted &= found.last().is_none_or(|last| last.place <= column);
                found.push(Found { place: column, raw });
            }
        }
        if !sorted {
            // Stable: of a field that comes several times the last counts.
            found.sort_by_key(|each| each.place);
        }
        let mut rest = found.as_slice();
        for (column, field) in fields.iter().enumerate() {
            let count = rest.iter().take_while(|each| each.place == column).count();
            let (own, behind) = rest.split_at(count);
            rest = behind;
            let from = &layout.fields[self.fields[column]];
            reader.column(from, own, field, out).map_err(|error| field.locate(error))?;
        }
        Ok(())
    }
}

/// Tells the places of a schema's messages.
fn walk(schema: &ProtobufSchema, path: &mut Vec<u32>, name: &str, places: &mut Places) {
    for index in 0..MAX_PLACES {
        path.push(index);
        let Some(found) = schema.at(path) else {
            path.pop();
            return;
        };
        if found == name {
            places.own.push(path.clone());
        } else {
            places.others.push((path.clone(), found));
        }
        walk(schema, path, name, places);
        path.pop();
    }
}

#[cold]
fn unknown_field(message: &Layout, name: &str) -> EvalError {
    let names: Vec<String> = message.fields.iter().map(|field| format!("\"{}\"", field.name)).collect();
    EvalError::new("42703", format!("Protobuf message {} has no field \"{name}\"", message.name))
        .with_detail(format!("Its fields are {}.", names.join(", ")))
}
