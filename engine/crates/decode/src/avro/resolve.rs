//! Schema resolution (Apache Avro 1.12, "Schema Resolution"): what a writer's bytes are by the reader's schema, worked out once
//! for each writer's schema.

use super::default::encode_default;
use super::schema::{Kind, Logical, Schema, SchemaField, Unit};
use rustc_hash::FxHashMap;
use tidewire_plan::ScalarType;
use tidewire_row::{EvalError, EvalResult};

/// A value without parts: how its bytes are and what they mean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaf {
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(usize),
    /// The length of a fixed; a bytes says its own.
    Decimal {
        fixed: Option<usize>,
        scale: u16,
    },
    Date,
    Time(Unit),
    Timestamp(Unit),
    LocalTimestamp(Unit),
    UuidText,
    UuidFixed,
    Duration,
    ZonedText,
    JsonText,
}

impl Leaf {
    /// The type that its values have by themselves.
    pub(crate) fn natural(self) -> ScalarType {
        match self {
            Leaf::Boolean => ScalarType::Bool,
            Leaf::Int => ScalarType::Int4,
            Leaf::Long => ScalarType::Int8,
            Leaf::Float => ScalarType::Float4,
            Leaf::Double => ScalarType::Float8,
            Leaf::Bytes | Leaf::Fixed(_) => ScalarType::Bytea,
            Leaf::Text => ScalarType::Text,
            Leaf::Decimal { .. } => ScalarType::Numeric,
            Leaf::Date => ScalarType::Date,
            Leaf::Time(_) => ScalarType::Time,
            Leaf::Timestamp(_) | Leaf::ZonedText => ScalarType::Timestamptz,
            Leaf::LocalTimestamp(_) => ScalarType::Timestamp,
            Leaf::UuidText | Leaf::UuidFixed => ScalarType::Uuid,
            Leaf::Duration => ScalarType::Interval,
            Leaf::JsonText => ScalarType::Jsonb,
        }
    }
}

/// The leaf of a type as it is written; None for one with parts, and for an enum.
pub(crate) fn leaf(kind: &Kind, logical: Option<Logical>) -> Option<Leaf> {
    Some(match (kind, logical) {
        (Kind::Bytes, Some(Logical::Decimal { scale, .. })) => Leaf::Decimal { fixed: None, scale },
        (Kind::Fixed(size), Some(Logical::Decimal { scale, .. })) => {
            Leaf::Decimal { fixed: Some(*size), scale }
        }
        (Kind::Int, Some(Logical::Date)) => Leaf::Date,
        (Kind::Int | Kind::Long, Some(Logical::Time(unit))) => Leaf::Time(unit),
        (Kind::Long, Some(Logical::Timestamp(unit))) => Leaf::Timestamp(unit),
        (Kind::Long, Some(Logical::LocalTimestamp(unit))) => Leaf::LocalTimestamp(unit),
        (Kind::String, Some(Logical::Uuid)) => Leaf::UuidText,
        (Kind::Fixed(16), Some(Logical::Uuid)) => Leaf::UuidFixed,
        (Kind::Fixed(12), Some(Logical::Duration)) => Leaf::Duration,
        (Kind::String, Some(Logical::ZonedText)) => Leaf::ZonedText,
        (Kind::String, Some(Logical::JsonText)) => Leaf::JsonText,
        (Kind::Boolean, _) => Leaf::Boolean,
        (Kind::Int, _) => Leaf::Int,
        (Kind::Long, _) => Leaf::Long,
        (Kind::Float, _) => Leaf::Float,
        (Kind::Double, _) => Leaf::Double,
        (Kind::Bytes, _) => Leaf::Bytes,
        (Kind::String, _) => Leaf::Text,
        (Kind::Fixed(size), _) => Leaf::Fixed(*size),
        _ => return None,
    })
}

/// How a value is read.
#[derive(Debug)]
pub(crate) enum Read {
    /// Being worked out; stays so in what could not be.
    Pending,
    Null,
    Leaf(Leaf),
    /// An enum's symbols; one that the reader does not have is an error where it comes.
    Symbols(Vec<EvalResult<String>>),
    /// A writer's union; a branch that the reader cannot have is an error where it comes.
    Branches(Vec<EvalResult<usize>>),
    /// A branch of a reader's union with several: as Avro's JSON has it, with its type's name.
    Tagged(String, usize),
    Array(usize),
    Map(usize),
    Record {
        members: Vec<Member>,
        defaults: Vec<DefaultMember>,
    },
}

/// A field as it is written, in the writer's order.
#[derive(Debug)]
pub(crate) struct Member {
    /// The reader's field and how it is read; None: it is passed over.
    pub(crate) read: Option<(String, usize)>,
    /// The writer's type.
    pub(crate) writer: usize,
}

/// A reader's field that the writer does not have.
#[derive(Debug)]
pub(crate) struct DefaultMember {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) read: usize,
}

/// Reads of one writer's schema.
pub(crate) struct Resolver<'s> {
    writer: &'s Schema,
    reader: &'s Schema,
    pub(crate) reads: Vec<Read>,
    /// By writer's and reader's types; and whether the "writer" is the reader itself, as of defaults.
    memo: FxHashMap<(usize, usize, bool), usize>,
}

/// What is said where a writer's type cannot be read as the reader's.
#[cold]
fn mismatch(writer: &str, reader: &str) -> EvalError {
    EvalError::new("42804", format!("Avro type {writer} cannot be read as {reader}"))
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(writer: &'s Schema, reader: &'s Schema) -> Self {
        Resolver { writer, reader, reads: Vec::new(), memo: FxHashMap::default() }
    }

    fn push(&mut self, read: Read) -> usize {
        self.reads.push(read);
        self.reads.len() - 1
    }

    /// How a writer's type is read as a reader's; `own`: both are the reader's.
    pub(crate) fn resolve(&mut self, w: usize, r: usize, own: bool) -> EvalResult<usize> {
        if let Some(&known) = self.memo.get(&(w, r, own)) {
            return Ok(known);
        }
        let (writer, reader) = (if own { self.reader } else { self.writer }, self.reader);
        if let Kind::Union(branches) = &reader.node(r).kind
            && !matches!(writer.node(w).kind, Kind::Union(_))
        {
            let chosen = self.branch(w, branches, own)?;
            let read = self.resolve(w, chosen, own)?;
            if matches!(reader.node(chosen).kind, Kind::Null) || reader.branches(r).len() < 2 {
                return Ok(read);
            }
            return Ok(self.push(Read::Tagged(reader.label(chosen).to_owned(), read)));
        }
        let index = self.push(Read::Pending);
        self.memo.insert((w, r, own), index);
        match self.read(w, r, own) {
            Ok(read) => {
                self.reads[index] = read;
                Ok(index)
            }
            Err(error) => {
                self.memo.remove(&(w, r, own));
                Err(error)
            }
        }
    }

    fn read(&mut self, w: usize, r: usize, own: bool) -> EvalResult<Read> {
        let (writer, reader) = (if own { self.reader } else { self.writer }, self.reader);
        if let Kind::Union(branches) = &writer.node(w).kind {
            let branches: Vec<EvalResult<usize>> =
                branches.iter().map(|&branch| self.resolve(branch, r, own)).collect();
            if let Some(error) = branches.iter().find_map(|branch| branch.as_ref().err())
                && branches.iter().all(Result::is_err)
            {
                return Err(error.clone());
            }
            return Ok(Read::Branches(branches));
        }
        let refused = || mismatch(writer.label(w), reader.label(r));
        match (&writer.node(w).kind, &reader.node(r).kind) {
            (Kind::Null, Kind::Null) => Ok(Read::Null),
            (Kind::Array(from), Kind::Array(to)) => Ok(Read::Array(self.resolve(*from, *to, own)?)),
            (Kind::Map(from), Kind::Map(to)) => Ok(Read::Map(self.resolve(*from, *to, own)?)),
            (Kind::Enum { symbols, .. }, Kind::Enum { symbols: known, default }) => {
                let symbol = |symbol: &String| {
                    let kept = known.contains(symbol).then_some(symbol).or(default.as_ref());
                    kept.cloned().ok_or_else(|| {
                        let name = reader.label(r);
                        EvalError::new("22P02", format!("Avro enum {name} has no symbol \"{symbol}\""))
                    })
                };
                Ok(Read::Symbols(symbols.iter().map(symbol).collect()))
            }
            (Kind::Record(from), Kind::Record(to)) => self.record(from, to, own),
            (from, to) => {
                let fits = match (from, to) {
                    (Kind::Int, Kind::Long | Kind::Float | Kind::Double)
                    | (Kind::Long, Kind::Float | Kind::Double)
                    | (Kind::Float, Kind::Double)
                    | (Kind::Bytes, Kind::String)
                    | (Kind::String, Kind::Bytes) => true,
                    (Kind::Fixed(from), Kind::Fixed(to)) => from == to,
                    (from, to) => std::mem::discriminant(from) == std::mem::discriminant(to),
                };
                // What the writer says of its values counts; a writer that says nothing means what the reader does.
                let logical = writer.node(w).logical.or(reader.node(r).logical);
                let leaf = leaf(from, logical).filter(|_| fits).ok_or_else(refused)?;
                Ok(Read::Leaf(match (leaf, to) {
                    (Leaf::Bytes, Kind::String) => Leaf::Text,
                    (Leaf::Text, Kind::Bytes) => Leaf::Bytes,
                    (leaf, _) => leaf,
                }))
            }
        }
    }

    /// The branch of a reader's union that a writer's type is: the same type of the same name, else the same type, else the
    /// first that it can be read as.
    fn branch(&mut self, w: usize, branches: &[usize], own: bool) -> EvalResult<usize> {
        let (writer, reader) = (if own { self.reader } else { self.writer }, self.reader);
        let from = writer.node(w);
        let same =
            |r: usize| std::mem::discriminant(&from.kind) == std::mem::discriminant(&reader.node(r).kind);
        let named = |r: usize| {
            let to = reader.node(r);
            from.name == to.name || from.name.as_ref().is_some_and(|name| to.aliases.contains(name))
        };
        let found = branches.iter().copied().find(|&r| same(r) && named(r));
        if let Some(found) = found {
            return Ok(found);
        }
        for &r in branches.iter().filter(|&&r| same(r)).chain(branches) {
            if self.resolve(w, r, own).is_ok() {
                return Ok(r);
            }
        }
        Err(mismatch(writer.label(w), "any type of the reader's union"))
    }

    fn record(&mut self, from: &'s [SchemaField], to: &'s [SchemaField], own: bool) -> EvalResult<Read> {
        let mut members = Vec::with_capacity(from.len());
        for field in from {
            let read = match to.iter().find(|wanted| is(wanted, field)) {
                Some(wanted) => {
                    let read = self.resolve(field.node, wanted.node, own);
                    Some((wanted.name.clone(), read.map_err(|error| within(error, &field.name))?))
                }
                None => None,
            };
            members.push(Member { read, writer: field.node });
        }
        let mut defaults = Vec::new();
        for wanted in to.iter().filter(|wanted| !from.iter().any(|field| is(wanted, field))) {
            let (bytes, read) = self.default(wanted)?;
            defaults.push(DefaultMember { name: wanted.name.clone(), bytes, read });
        }
        Ok(Read::Record { members, defaults })
    }

    /// The default of a reader's field, as bytes and how they are read.
    pub(crate) fn default(&mut self, wanted: &SchemaField) -> EvalResult<(Vec<u8>, usize)> {
        let Some(default) = &wanted.default else {
            let message = format!("the writer's schema has no field \"{}\"", wanted.name);
            return Err(EvalError::new("42703", message)
                .with_detail("The field has no default in the reader's schema."));
        };
        let mut bytes = Vec::new();
        encode_default(self.reader, wanted.node, default, &mut bytes)
            .map_err(|error| within(error, &wanted.name))?;
        Ok((bytes, self.resolve(wanted.node, wanted.node, true)?))
    }
}

/// Whether a reader's field is the writer's.
pub(crate) fn is(wanted: &SchemaField, field: &SchemaField) -> bool {
    wanted.name == field.name || wanted.aliases.contains(&field.name)
}

#[cold]
pub(crate) fn within(error: EvalError, field: &str) -> EvalError {
    match error.detail() {
        Some(_) => error,
        None => error.with_detail(format!("Field \"{field}\".")),
    }
}
