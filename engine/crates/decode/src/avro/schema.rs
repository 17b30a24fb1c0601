//! Avro schemas (Apache Avro 1.12, "Schema Declaration"): their JSON, with all names resolved.

use crate::registered::SchemaText;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use tidewire_row::{EvalError, EvalResult};

/// A schema: a graph of types, since a record may stand within itself.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: usize,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The full name of a record, enum or fixed.
    pub(crate) name: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) logical: Option<Logical>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum { symbols: Vec<String>, default: Option<String> },
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<SchemaField>),
}

#[derive(Debug)]
pub(crate) struct SchemaField {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) node: usize,
    pub(crate) default: Option<Value>,
}

/// What a value means beyond its bytes. Annotations that are unknown, or do not fit their type, mean nothing (so says the
/// specification).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logical {
    Decimal {
        precision: u32,
        scale: u16,
    },
    Date,
    /// Since midnight; units of a microsecond, or a thousand of them.
    Time(Unit),
    /// A point in time, since 1970.
    Timestamp(Unit),
    /// Since 1970 without a zone.
    LocalTimestamp(Unit),
    Uuid,
    Duration,
    /// Text that is a timestamp with a zone (Debezium's ZonedTimestamp).
    ZonedText,
    /// Text that is JSON (Debezium's Json).
    JsonText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// Records within records, as deep as a schema may be written.
const MAX_DEPTH: usize = 100;

impl Schema {
    /// The schema of a text.
    pub(crate) fn parse(written: &SchemaText) -> EvalResult<Schema> {
        let mut parser = Parser { nodes: Vec::new(), names: FxHashMap::default() };
        for (_, text) in &written.references {
            parser.text(text)?;
        }
        let root = parser.text(&written.text)?;
        Ok(Schema { nodes: parser.nodes, root })
    }

    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// The fields of a record.
    pub(crate) fn fields(&self, index: usize) -> Option<&[SchemaField]> {
        match &self.nodes[index].kind {
            Kind::Record(fields) => Some(fields),
            _ => None,
        }
    }

    /// How a type is called in messages, and as the branch of a union in Avro's JSON.
    pub(crate) fn label(&self, index: usize) -> &str {
        let node = &self.nodes[index];
        match (&node.name, &node.kind) {
            (Some(name), _) => name,
            (_, Kind::Null) => "null",
            (_, Kind::Boolean) => "boolean",
            (_, Kind::Int) => "int",
            (_, Kind::Long) => "long",
            (_, Kind::Float) => "float",
            (_, Kind::Double) => "double",
            (_, Kind::Bytes) => "bytes",
            (_, Kind::String) => "string",
            (_, Kind::Array(_)) => "array",
            (_, Kind::Map(_)) => "map",
            (_, Kind::Union(_)) => "union",
            (_, Kind::Fixed(_)) => "fixed",
            (_, Kind::Enum { .. }) => "enum",
            (_, Kind::Record(_)) => "record",
        }
    }

    /// A union's branches but null; a type that is no union is its own one branch.
    pub(crate) fn branches(&self, index: usize) -> Vec<usize> {
        match &self.nodes[index].kind {
            Kind::Union(branches) => {
                branches.iter().copied().filter(|&branch| !self.is_null(branch)).collect()
            }
            Kind::Null => Vec::new(),
            _ => vec![index],
        }
    }

    /// Whether null is a value of the type.
    pub(crate) fn nullable(&self, index: usize) -> bool {
        match &self.nodes[index].kind {
            Kind::Union(branches) => branches.iter().any(|&branch| self.is_null(branch)),
            Kind::Null => true,
            _ => false,
        }
    }

    fn is_null(&self, index: usize) -> bool {
        matches!(self.nodes[index].kind, Kind::Null)
    }
}

pub(crate) fn invalid(detail: impl Into<String>) -> EvalError {
    EvalError::new("22023", "invalid Avro schema").with_detail(detail)
}

struct Parser {
    nodes: Vec<Node>,
    names: FxHashMap<String, usize>,
}

impl Parser {
    fn text(&mut self, text: &str) -> EvalResult<usize> {
        let json: Value = serde_json::from_str(text).map_err(|error| invalid(format!("{error}.")))?;
        self.schema(&json, "", 0)
    }

    fn push(&mut self, kind: Kind) -> usize {
        self.nodes.push(Node { kind, name: None, aliases: Vec::new(), logical: None });
        self.nodes.len() - 1
    }

    fn schema(&mut self, json: &Value, space: &str, depth: usize) -> EvalResult<usize> {
        if depth > MAX_DEPTH {
            return Err(invalid("Types stand too deep within each other."));
        }
        match json {
            Value::String(name) => self.named(name, space),
            Value::Array(branches) => {
                let mut union = Vec::with_capacity(branches.len());
                for branch in branches {
                    let index = self.schema(branch, space, depth + 1)?;
                    if matches!(self.nodes[index].kind, Kind::Union(_)) {
                        return Err(invalid("A union stands directly within a union."));
                    }
                    union.push(index);
                }
                if union.is_empty() {
                    return Err(invalid("A union has no branches."));
                }
                Ok(self.push(Kind::Union(union)))
            }
            Value::Object(object) => self.object(object, space, depth),
            other => Err(invalid(format!("{other} is no type."))),
        }
    }

    fn primitive(name: &str) -> Option<Kind> {
        Some(match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "double" => Kind::Double,
            "bytes" => Kind::Bytes,
            "string" => Kind::String,
            _ => return None,
        })
    }

    fn named(&mut self, name: &str, space: &str) -> EvalResult<usize> {
        if let Some(kind) = Self::primitive(name) {
            return Ok(self.push(kind));
        }
        let full = full_name(name, None, space);
        let found = self.names.get(&full).or_else(|| self.names.get(name));
        found.copied().ok_or_else(|| invalid(format!("The type \"{full}\" is not defined.")))
    }

    fn object(&mut self, object: &Map<String, Value>, space: &str, depth: usize) -> EvalResult<usize> {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let Some(written) = object.get("type") else { return Err(invalid("A type has no \"type\".")) };
        let Some(name) = written.as_str() else { return self.schema(written, space, depth + 1) };
        let index = match name {
            "record" | "error" | "enum" | "fixed" => {
                let given = text("name").ok_or_else(|| invalid(format!("A {name} has no name.")))?;
                let full = full_name(given, text("namespace"), space);
                let space = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
                let index = self.push(Kind::Null);
                self.nodes[index].aliases = strings(object.get("aliases"))
                    .into_iter()
                    .map(|alias| full_name(&alias, None, &space))
                    .collect();
                self.nodes[index].name = Some(full.clone());
                // Known before its fields, which may name it.
                if self.names.insert(full.clone(), index).is_some() {
                    return Err(invalid(format!("The type \"{full}\" is defined twice.")));
                }
                self.nodes[index].kind = match name {
                    "enum" => Kind::Enum {
                        symbols: strings(object.get("symbols")),
                        default: text("default").map(str::to_owned),
                    },
                    "fixed" => Kind::Fixed(
                        object
                            .get("size")
                            .and_then(Value::as_u64)
                            .and_then(|size| usize::try_from(size).ok())
                            .ok_or_else(|| invalid(format!("The fixed \"{full}\" has no size.")))?,
                    ),
                    _ => Kind::Record(self.fields(object, &full, &space, depth)?),
                };
                index
            }
            "array" | "map" => {
                let key = if name == "array" { "items" } else { "values" };
                let inner = object.get(key).ok_or_else(|| invalid(format!("An {name} has no \"{key}\".")))?;
                let inner = self.schema(inner, space, depth + 1)?;
                self.push(if name == "array" { Kind::Array(inner) } else { Kind::Map(inner) })
            }
            _ => match Self::primitive(name) {
                Some(kind) => self.push(kind),
                // A reference: what is annotated is the type where it was defined.
                None => return self.named(name, space),
            },
        };
        self.nodes[index].logical = logical(object, &self.nodes[index].kind);
        Ok(index)
    }

    fn fields(
        &mut self,
        object: &Map<String, Value>,
        record: &str,
        space: &str,
        depth: usize,
    ) -> EvalResult<Vec<SchemaField>> {
        let Some(fields) = object.get("fields").and_then(Value::as_array) else {
            return Err(invalid(format!("The record \"{record}\" has no fields.")));
        };
        let mut list: Vec<SchemaField> = Vec::with_capacity(fields.len());
        for field in fields {
            let name = field.get("name").and_then(Value::as_str);
            let (Some(name), Some(written)) = (name, field.get("type")) else {
                return Err(invalid(format!("A field of the record \"{record}\" has no name or no type.")));
            };
            if list.iter().any(|other| other.name == name) {
                return Err(invalid(format!("The record \"{record}\" has the field \"{name}\" twice.")));
            }
            let node = self.schema(written, space, depth + 1)?;
            list.push(SchemaField {
                name: name.to_owned(),
                aliases: strings(field.get("aliases")),
                node,
                default: field.get("default").cloned(),
            });
        }
        Ok(list)
    }
}

fn strings(json: Option<&Value>) -> Vec<String> {
    let list = json.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn full_name(name: &str, space: Option<&str>, around: &str) -> String {
    let space = space.unwrap_or(around);
    if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

fn logical(object: &Map<String, Value>, kind: &Kind) -> Option<Logical> {
    use Unit::{Micros, Millis, Nanos};
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let number = |key: &str| object.get(key).and_then(Value::as_u64);
    let Some(name) = text("logicalType") else { return semantic(text("connect.name")?, kind) };
    match (name, kind) {
        ("decimal", Kind::Bytes | Kind::Fixed(_)) => {
            let precision = u32::try_from(number("precision")?).ok().filter(|&precision| precision > 0)?;
            let scale = u16::try_from(number("scale").unwrap_or(0)).ok()?;
            (u32::from(scale) <= precision).then_some(Logical::Decimal { precision, scale })
        }
        ("date", Kind::Int) => Some(Logical::Date),
        ("time-millis", Kind::Int) => Some(Logical::Time(Millis)),
        ("time-micros", Kind::Long) => Some(Logical::Time(Micros)),
        ("timestamp-millis", Kind::Long) => Some(Logical::Timestamp(Millis)),
        ("timestamp-micros", Kind::Long) => Some(Logical::Timestamp(Micros)),
        ("timestamp-nanos", Kind::Long) => Some(Logical::Timestamp(Nanos)),
        ("local-timestamp-millis", Kind::Long) => Some(Logical::LocalTimestamp(Millis)),
        ("local-timestamp-micros", Kind::Long) => Some(Logical::LocalTimestamp(Micros)),
        ("local-timestamp-nanos", Kind::Long) => Some(Logical::LocalTimestamp(Nanos)),
        ("uuid", Kind::String | Kind::Fixed(16)) => Some(Logical::Uuid),
        ("duration", Kind::Fixed(12)) => Some(Logical::Duration),
        _ => None,
    }
}

/// Debezium's own types, which Kafka Connect's converter names beside the plain type.
fn semantic(name: &str, kind: &Kind) -> Option<Logical> {
    use Unit::{Micros, Millis, Nanos};
    match (name, kind) {
        ("io.debezium.time.Date", Kind::Int) => Some(Logical::Date),
        ("io.debezium.time.Time", Kind::Int) => Some(Logical::Time(Millis)),
        ("io.debezium.time.MicroTime", Kind::Long) => Some(Logical::Time(Micros)),
        ("io.debezium.time.NanoTime", Kind::Long) => Some(Logical::Time(Nanos)),
        // Without a zone where they come from.
        ("io.debezium.time.Timestamp", Kind::Long) => Some(Logical::LocalTimestamp(Millis)),
        ("io.debezium.time.MicroTimestamp", Kind::Long) => Some(Logical::LocalTimestamp(Micros)),
        ("io.debezium.time.NanoTimestamp", Kind::Long) => Some(Logical::LocalTimestamp(Nanos)),
        ("io.debezium.time.ZonedTimestamp", Kind::String) => Some(Logical::ZonedText),
        ("io.debezium.data.Json", Kind::String) => Some(Logical::JsonText),
        ("io.debezium.data.Uuid", Kind::String) => Some(Logical::Uuid),
        _ => None,
    }
}
