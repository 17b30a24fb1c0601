//! Avro messages: each with its writer's schema, which a registry knows by the number that the message begins with, or all with
//! the same.
//!
//! A schema that was not seen before is asked for ([`AvroDecoder::unknown`]) and learned; from then on a program reads it: the
//! writer's fields in their order, those that are columns straight into the row, the others passed over.

mod default;
mod event;
mod read;
mod resolve;
mod schema;
mod wire;

pub(crate) use default::{push_bytes, push_long};
pub(crate) use event::AvroEvent;

use crate::Field;
use crate::debezium::{may_be_unavailable, push_stand_in, says_unavailable};
use crate::natural::assignable;
use crate::registered::{NaturalColumn, RowPart, SchemaText};
use crate::value::{ValueContext, push_null};
use read::Reader;
use resolve::{Read, Resolver, is, leaf, within};
use rustc_hash::FxHashMap;
use schema::{Kind, Logical, Schema};
use std::sync::Arc;
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::numeric::Typmod;
use tidewire_row::{EvalError, EvalResult};
use wire::{Input, malformed};

/// How Avro messages become rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroFormat {
    /// The reader's schema: which fields there are, their types and defaults.
    pub schema: SchemaText,
    /// Messages begin with a zero and their schema's number, as Confluent's serializers write them. Else they are all of
    /// the reader's schema.
    pub framed: bool,
    /// The one field takes the whole value, a record as jsonb.
    pub whole: bool,
    /// Messages are Debezium's events: fields are those of `after`.
    pub event: bool,
}

/// The columns that a schema has: a record's fields, else one column `data`.
pub(crate) fn avro_columns(format: &AvroFormat) -> EvalResult<Vec<NaturalColumn>> {
    let schema = rows_of(Schema::parse(&format.schema)?, format.event)?;
    let of = |name: &str, node: usize| NaturalColumn {
        name: name.to_owned(),
        column: ColumnType { nullable: schema.nullable(node), ..natural(&schema, node) },
    };
    Ok(match record_of(&schema).filter(|_| !format.whole) {
        Some(record) => {
            let fields = schema.fields(record).unwrap_or_default();
            fields.iter().map(|field| of(&field.name, field.node)).collect()
        }
        None => vec![of("data", schema.root)],
    })
}

/// The schema of the rows that messages have: of events' `after`.
fn rows_of(schema: Schema, event: bool) -> EvalResult<Schema> {
    Ok(if event { Schema { root: event::row_node(&schema)?, ..schema } } else { schema })
}

/// The record that a schema's values are, where they are (or are null).
fn record_of(schema: &Schema) -> Option<usize> {
    match schema.branches(schema.root).as_slice() {
        &[only] if schema.fields(only).is_some() => Some(only),
        _ => None,
    }
}

/// The type that a field's values have by themselves.
fn natural(schema: &Schema, node: usize) -> ColumnType {
    let of = |scalar| ColumnType { scalar, typmod: -1, nullable: false };
    let branches = schema.branches(node);
    let &[only] = branches.as_slice() else {
        // Null alone is a text that is never there.
        return of(if branches.is_empty() { ScalarType::Text } else { ScalarType::Jsonb });
    };
    let inner = schema.node(only);
    let typmod = match inner.logical {
        Some(Logical::Decimal { precision, scale }) if precision <= 1000 => {
            Typmod { precision: precision as i32, scale: i32::from(scale) }.encode()
        }
        _ => -1,
    };
    match (&inner.kind, leaf(&inner.kind, inner.logical)) {
        (_, Some(leaf)) => ColumnType { typmod, ..of(leaf.natural()) },
        (Kind::Enum { .. }, _) => of(ScalarType::Text),
        (Kind::Array(items), _) => of(array_of(schema, *items).unwrap_or(ScalarType::Jsonb)),
        _ => of(ScalarType::Jsonb),
    }
}

/// The array of items that are scalars, with which NULLs may be mixed.
fn array_of(schema: &Schema, items: usize) -> Option<ScalarType> {
    let &[only] = schema.branches(items).as_slice() else { return None };
    match schema.node(only).kind {
        Kind::Array(_) => None,
        _ => Some(natural(schema, only).scalar).filter(|item| *item != ScalarType::Jsonb)?.array(),
    }
}

/// Refuses a column that a field's values cannot become.
fn check_column(schema: &Schema, node: usize, field: &Field) -> EvalResult<()> {
    let to = field.column.scalar;
    let refused = schema.branches(node).into_iter().find(|&branch| {
        // A union with several branches gives a column that is no jsonb the branch's own value.
        !assignable(natural(schema, branch).scalar, to)
    });
    let Some(branch) = refused else { return Ok(()) };
    let from = tidewire_row::io::type_name(natural(schema, branch).scalar);
    Err(EvalError::new(
        "42804",
        format!(
            "column \"{}\" is of type {} but the Avro field is of type {} ({from})",
            field.name,
            tidewire_row::io::type_name(to),
            schema.label(branch),
        ),
    ))
}

/// What one writer's schema is read with.
#[derive(Debug)]
struct Program {
    writer: Arc<Schema>,
    reads: Vec<Read>,
    root: Root,
    /// The root of the writer's schema, where messages are events.
    event: Option<usize>,
}

#[derive(Debug)]
enum Root {
    /// The one column takes the value.
    Whole(usize),
    Record(Columns),
}

#[derive(Debug)]
struct Columns {
    /// The branch that is the record, where the writer's value is a union; others are null.
    branch: Option<(usize, usize)>,
    /// The writer's fields: their types, and the column that one is with how it is read.
    steps: Vec<(usize, Option<(usize, usize)>)>,
    /// Packed values of columns that the writer does not have.
    defaults: Vec<(usize, Vec<u8>)>,
    /// The columns come in the order of the row.
    in_order: bool,
}

#[derive(Clone, Debug)]
enum Known {
    Program(Arc<Program>),
    /// Messages of it are refused.
    Refused(EvalError),
}

/// Decodes Avro messages.
#[derive(Clone, Debug)]
pub(crate) struct AvroDecoder {
    format: AvroFormat,
    reader: Arc<Schema>,
    known: FxHashMap<u32, Known>,
    /// Values of columns, where they come in another order than the row's.
    scratch: Vec<u8>,
    ranges: Vec<(usize, usize)>,
}

/// The number that stands for the one schema of messages without numbers.
const OWN: u32 = 0;

impl AvroDecoder {
    /// A decoder into `fields`, which must be fields of the schema. Refuses those that are not, or of another type.
    pub(crate) fn new(format: AvroFormat, fields: &[Field], context: &ValueContext) -> EvalResult<Self> {
        let reader = Schema::parse(&format.schema)?;
        let event = format.event.then_some(reader.root);
        let reader = Arc::new(rows_of(reader, format.event)?);
        let framed = format.framed;
        let mut decoder = AvroDecoder {
            format,
            reader: reader.clone(),
            known: FxHashMap::default(),
            scratch: Vec::new(),
            ranges: vec![(0, 0); fields.len()],
        };
        match record_of(&reader).filter(|_| !decoder.format.whole) {
            Some(record) => {
                for field in fields {
                    let fields = reader.fields(record).unwrap_or_default();
                    let Some(found) = fields.iter().find(|other| other.name == field.name) else {
                        return Err(unknown_field(&reader, record, &field.name));
                    };
                    check_column(&reader, found.node, field)?;
                }
            }
            None => {
                let [field] = fields else {
                    let message = format!(
                        "the Avro schema is no record but {}, which is one column",
                        reader.label(reader.root)
                    );
                    return Err(EvalError::new("42804", message));
                };
                check_column(&reader, reader.root, field)?;
            }
        }
        // What the reader itself would write can be read, or nothing can.
        let own = decoder.program(reader, event, fields, context)?;
        if !framed {
            decoder.known.insert(OWN, Known::Program(Arc::new(own)));
        }
        Ok(decoder)
    }

    /// The schema's number that a message begins with, if it is one that was not learned.
    pub(crate) fn unknown(&self, value: &[u8]) -> Option<u32> {
        let (id, _) = self.split(value).ok()?;
        (!self.known.contains_key(&id)).then_some(id)
    }

    /// Takes in the schema of a number, or why there is none.
    pub(crate) fn learn(
        &mut self,
        id: u32,
        schema: Result<&SchemaText, &EvalError>,
        fields: &[Field],
        context: &ValueContext,
    ) {
        let known = schema
            .map_err(EvalError::clone)
            .and_then(Schema::parse)
            .and_then(|writer| {
                let event = self.format.event.then_some(writer.root);
                let writer = Arc::new(rows_of(writer, self.format.event)?);
                self.program(writer, event, fields, context)
            })
            .map_or_else(Known::Refused, |program| Known::Program(Arc::new(program)));
        self.known.insert(id, known);
    }

    fn program(
        &self,
        writer: Arc<Schema>,
        event: Option<usize>,
        fields: &[Field],
        context: &ValueContext,
    ) -> EvalResult<Program> {
        let reader = &*self.reader;
        let mut resolver = Resolver::new(&writer, reader);
        let Some(wanted) = record_of(reader).filter(|_| !self.format.whole) else {
            let root = Root::Whole(resolver.resolve(writer.root, reader.root, false)?);
            let reads = resolver.reads;
            return Ok(Program { writer: writer.clone(), reads, root, event });
        };
        let Some(written) = record_of(&writer) else {
            let message = format!("Avro type {} cannot be read as a record", writer.label(writer.root));
            return Err(EvalError::new("42804", message));
        };
        let wanted = reader.fields(wanted).unwrap_or_default();
        let written_fields = writer.fields(written).unwrap_or_default();
        // Which column each field is, by the reader's name of it.
        let mut steps: Vec<(usize, Option<(usize, usize)>)> = Vec::with_capacity(written_fields.len());
        for field in written_fields {
            let own = wanted.iter().find(|wanted| is(wanted, field));
            let column = own.and_then(|own| fields.iter().position(|column| column.name == own.name));
            // Only the first of a field and its aliases is it.
            let taken = |column| steps.iter().any(|(_, step)| matches!(step, Some((at, _)) if *at == column));
            let column = column.filter(|&column| !taken(column));
            let step = match (own, column) {
                (Some(own), Some(column)) => {
                    let read = resolver.resolve(field.node, own.node, false);
                    Some((column, read.map_err(|error| within(error, &field.name))?))
                }
                _ => None,
            };
            steps.push((field.node, step));
        }
        let mut missing = Vec::new();
        for (column, field) in fields.iter().enumerate() {
            if steps.iter().any(|(_, step)| step.is_some_and(|(other, _)| other == column)) {
                continue;
            }
            if let Some(own) = wanted.iter().find(|own| own.name == field.name) {
                missing.push((column, resolver.default(own)?));
            }
        }
        let reads = resolver.reads;
        let values = Reader { reads: &reads, writer: reader, context };
        let mut defaults = Vec::with_capacity(missing.len());
        for (column, (bytes, read)) in &missing {
            let mut packed = Vec::new();
            values.column(*read, &fields[*column], &mut Input { rest: bytes }, &mut packed)?;
            defaults.push((*column, packed));
        }
        let order: Vec<usize> = steps.iter().filter_map(|(_, step)| step.map(|(column, _)| column)).collect();
        let in_order = defaults.is_empty() && order.is_sorted();
        let branch = match &writer.node(writer.root).kind {
            Kind::Union(branches) => {
                branches.iter().position(|&branch| branch == written).map(|at| (at, branches.len()))
            }
            _ => None,
        };
        let root = Root::Record(Columns { branch, steps, defaults, in_order });
        Ok(Program { writer: writer.clone(), reads, root, event })
    }

    /// A message's schema and what lies behind its number.
    fn split<'a>(&self, value: &'a [u8]) -> EvalResult<(u32, &'a [u8])> {
        if !self.format.framed {
            return Ok((OWN, value));
        }
        match value.split_first_chunk::<5>() {
            Some((&[0, a, b, c, d], rest)) => Ok((u32::from_be_bytes([a, b, c, d]), rest)),
            _ => Err(malformed("The message does not begin with the number of its schema.")),
        }
    }

    fn program_of(&self, id: u32) -> EvalResult<Arc<Program>> {
        match self.known.get(&id) {
            Some(Known::Program(program)) => Ok(program.clone()),
            Some(Known::Refused(error)) => Err(error.clone()),
            None => Err(EvalError::new("XX000", format!("schema {id} was not asked for"))),
        }
    }

    /// The parts of a message that is a Debezium event.
    pub(crate) fn event<'a>(&self, value: &'a [u8]) -> EvalResult<AvroEvent<'a>> {
        let (id, rest) = self.split(value)?;
        let program = self.program_of(id)?;
        let root = program.event.unwrap_or(program.writer.root);
        event::event(&program.writer, root, id, Input { rest })
    }

    /// Appends the packed row of a part of an event, which a schema wrote.
    pub(crate) fn row(
        &mut self,
        id: u32,
        row: &[u8],
        fields: &[Field],
        mut part: RowPart<'_>,
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        let program = self.program_of(id)?;
        if matches!(part, RowPart::Changed(_)) && !may_be_unavailable(row) {
            return self.push_row(&program, Input { rest: row }, fields, context, out);
        }
        let Root::Record(columns) = &program.root else {
            return Err(malformed("The row of the Debezium event is no record."));
        };
        let mut input = Input { rest: row };
        if let Some((record, count)) = columns.branch
            && input.index(count)? != record
        {
            return Err(malformed("The row of the Debezium event is null."));
        }
        let values = Reader { reads: &program.reads, writer: &program.writer, context };
        let (scratch, ranges) = (&mut self.scratch, &mut self.ranges);
        scratch.clear();
        tidewire_row::push_null(scratch);
        ranges.fill((0, scratch.len()));
        for (node, step) in &columns.steps {
            let mut behind = input;
            behind.skip(&program.writer, *node, 0)?;
            let own = &input.rest[..input.rest.len() - behind.rest.len()];
            let Some((column, read)) = step else {
                input = behind;
                continue;
            };
            let (field, start) = (&fields[*column], scratch.len());
            match &mut part {
                RowPart::Only(wanted) if !wanted.contains(column) => {
                    input = behind;
                    continue;
                }
                // Behind a union's branch, and its length.
                RowPart::Changed(kept) if (0..own.len().min(4)).any(|at| says_unavailable(&own[at..])) => {
                    push_stand_in(field, scratch)?;
                    kept.push(*column);
                    input = behind;
                }
                _ => values.column(*read, field, &mut input, scratch).map_err(|error| field.locate(error))?,
            }
            ranges[*column] = (start, scratch.len());
        }
        if matches!(part, RowPart::Changed(_)) {
            for (column, packed) in &columns.defaults {
                ranges[*column] = (scratch.len(), scratch.len() + packed.len());
                scratch.extend_from_slice(packed);
            }
        }
        for &(start, end) in &*ranges {
            out.extend_from_slice(&scratch[start..end]);
        }
        Ok(())
    }

    /// Appends the packed row of a message.
    pub(crate) fn decode(
        &mut self,
        value: &[u8],
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        let (id, rest) = self.split(value)?;
        let program = self.program_of(id)?;
        self.push_row(&program, Input { rest }, fields, context, out)
    }

    #[inline]
    fn push_row<'a>(
        &mut self,
        program: &'a Program,
        mut input: Input<'a>,
        fields: &[Field],
        context: &'a ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        let values = Reader { reads: &program.reads, writer: &program.writer, context };
        match &program.root {
            Root::Whole(read) => {
                for field in fields {
                    values.column(*read, field, &mut input, out).map_err(|error| field.locate(error))?;
                }
            }
            Root::Record(columns) => {
                let null = match columns.branch {
                    Some((record, count)) => input.index(count)? != record,
                    None => false,
                };
                if null {
                    for field in fields {
                        push_null(out, field)?;
                    }
                } else if columns.in_order {
                    for (node, step) in &columns.steps {
                        match step {
                            Some((column, read)) => {
                                let field = &fields[*column];
                                values
                                    .column(*read, field, &mut input, out)
                                    .map_err(|error| field.locate(error))?;
                            }
                            None => input.skip(&program.writer, *node, 0)?,
                        }
                    }
                } else {
                    let (scratch, ranges) = (&mut self.scratch, &mut self.ranges);
                    scratch.clear();
                    for (node, step) in &columns.steps {
                        let Some((column, read)) = step else {
                            input.skip(&program.writer, *node, 0)?;
                            continue;
                        };
                        let (field, start) = (&fields[*column], scratch.len());
                        values
                            .column(*read, field, &mut input, scratch)
                            .map_err(|error| field.locate(error))?;
                        ranges[*column] = (start, scratch.len());
                    }
                    for (column, packed) in &columns.defaults {
                        ranges[*column] = (scratch.len(), scratch.len() + packed.len());
                        scratch.extend_from_slice(packed);
                    }
                    for &(start, end) in &*ranges {
                        out.extend_from_slice(&scratch[start..end]);
                    }
                }
            }
        }
        if !input.rest.is_empty() {
            return Err(malformed(format!("{} bytes are left behind the value.", input.rest.len())));
        }
        Ok(())
    }
}

#[cold]
fn unknown_field(schema: &Schema, record: usize, name: &str) -> EvalError {
    let names: Vec<String> =
        schema.fields(record).unwrap_or_default().iter().map(|field| format!("\"{}\"", field.name)).collect();
    let error =
        EvalError::new("42703", format!("Avro record {} has no field \"{name}\"", schema.label(record)));
    error.with_detail(format!("Its fields are {}.", names.join(", ")))
}
