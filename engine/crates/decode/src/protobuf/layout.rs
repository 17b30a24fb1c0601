//! Messages as they are decoded: their fields with all that is asked for each message looked up before.

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};
use rustc_hash::FxHashMap;
use tidewire_plan::ScalarType;

/// All messages that one can hold, by their numbers here.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    pub(crate) messages: Vec<Layout>,
    enums: Vec<FxHashMap<i32, String>>,
}

#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) name: String,
    pub(crate) special: Special,
    pub(crate) fields: Vec<LayoutField>,
    /// By the field's number where that is small, else by search.
    by_number: Vec<Option<u16>>,
}

/// Messages that mean a value of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    None,
    Timestamp,
    Duration,
    /// A wrapper: its one field's value.
    Wrapper,
    /// google.protobuf.Struct, Value and ListValue: JSON.
    Struct,
    Value,
    ListValue,
}

#[derive(Debug)]
pub(crate) struct LayoutField {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) kind: FieldKind,
    pub(crate) shape: Shape,
}

#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Not there is not there.
    Optional,
    /// Not there is this value.
    Plain(DefaultValue),
    List,
    /// The message that an entry is, whose fields are key and value.
    Map,
}

/// What stands for a field that is not there.
#[derive(Clone, Debug)]
pub(crate) enum DefaultValue {
    Zero,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Enum(i32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Bool,
    Int32,
    Sint32,
    Sfixed32,
    Int64,
    Sint64,
    Sfixed64,
    Uint32,
    Fixed32,
    Uint64,
    Fixed64,
    Float,
    Double,
    String,
    Bytes,
    Enum(usize),
    Message(usize),
}

/// Field numbers that are looked up by place.
const SMALL: u32 = 512;

impl Layout {
    #[inline]
    pub(crate) fn field(&self, number: u32) -> Option<usize> {
        if number < SMALL {
            return self.by_number.get(number as usize).copied().flatten().map(usize::from);
        }
        self.fields.iter().position(|field| field.number == number)
    }
}

impl Layouts {
    /// Of a message and all that it holds. The message itself is number 0.
    pub(crate) fn of(root: &MessageDescriptor) -> Layouts {
        let mut made = Made::default();
        made.message(root);
        made.layouts
    }

    /// An enum value's name; of one that is unknown its number.
    pub(crate) fn symbol(&self, index: usize, number: i32) -> std::borrow::Cow<'_, str> {
        match self.enums[index].get(&number) {
            Some(name) => name.as_str().into(),
            None => number.to_string().into(),
        }
    }

    /// The type that a single value has by itself.
    pub(crate) fn natural(&self, kind: FieldKind) -> ScalarType {
        match kind {
            FieldKind::Bool => ScalarType::Bool,
            FieldKind::Int32 | FieldKind::Sint32 | FieldKind::Sfixed32 => ScalarType::Int4,
            FieldKind::Int64 | FieldKind::Sint64 | FieldKind::Sfixed64 => ScalarType::Int8,
            FieldKind::Uint32 | FieldKind::Fixed32 => ScalarType::Int8,
            FieldKind::Uint64 | FieldKind::Fixed64 => ScalarType::Numeric,
            FieldKind::Float => ScalarType::Float4,
            FieldKind::Double => ScalarType::Float8,
            FieldKind::String | FieldKind::Enum(_) => ScalarType::Text,
            FieldKind::Bytes => ScalarType::Bytea,
            FieldKind::Message(index) => match self.messages[index].special {
                Special::Timestamp => ScalarType::Timestamptz,
                Special::Duration => ScalarType::Interval,
                Special::Wrapper => self.natural(self.messages[index].fields[0].kind),
                _ => ScalarType::Jsonb,
            },
        }
    }
}

#[derive(Default)]
struct Made {
    layouts: Layouts,
    messages: FxHashMap<String, usize>,
    enums: FxHashMap<String, usize>,
}

impl Made {
    fn message(&mut self, message: &MessageDescriptor) -> usize {
        if let Some(&known) = self.messages.get(message.full_name()) {
            return known;
        }
        let index = self.layouts.messages.len();
        self.messages.insert(message.full_name().to_owned(), index);
        self.layouts.messages.push(Layout {
            name: message.full_name().to_owned(),
            special: Special::None,
            fields: Vec::new(),
            by_number: Vec::new(),
        });
        // In the order of their declaration.
        let declared = message.descriptor_proto().field.iter();
        let fields: Vec<LayoutField> = declared
            .filter_map(|field| message.get_field(field.number() as u32))
            .map(|field| self.field(&field))
            .collect();
        let mut by_number = Vec::new();
        for (at, field) in fields.iter().enumerate().filter(|(_, field)| field.number < SMALL) {
            let number = field.number as usize;
            if by_number.len() <= number {
                by_number.resize(number + 1, None);
            }
            by_number[number] = u16::try_from(at).ok();
        }
        let layout = &mut self.layouts.messages[index];
        layout.special = special(message.full_name(), fields.len());
        layout.fields = fields;
        layout.by_number = by_number;
        index
    }

    fn symbols(&mut self, symbols: &EnumDescriptor) -> usize {
        if let Some(&known) = self.enums.get(symbols.full_name()) {
            return known;
        }
        let index = self.layouts.enums.len();
        self.enums.insert(symbols.full_name().to_owned(), index);
        let mut names = FxHashMap::default();
        for value in symbols.values() {
            // Of aliases the first.
            names.entry(value.number()).or_insert_with(|| value.name().to_owned());
        }
        self.layouts.enums.push(names);
        index
    }

    fn field(&mut self, field: &FieldDescriptor) -> LayoutField {
        let kind = match field.kind() {
            Kind::Bool => FieldKind::Bool,
            Kind::Int32 => FieldKind::Int32,
            Kind::Sint32 => FieldKind::Sint32,
            Kind::Sfixed32 => FieldKind::Sfixed32,
            Kind::Int64 => FieldKind::Int64,
            Kind::Sint64 => FieldKind::Sint64,
            Kind::Sfixed64 => FieldKind::Sfixed64,
            Kind::Uint32 => FieldKind::Uint32,
            Kind::Fixed32 => FieldKind::Fixed32,
            Kind::Uint64 => FieldKind::Uint64,
            Kind::Fixed64 => FieldKind::Fixed64,
            Kind::Float => FieldKind::Float,
            Kind::Double => FieldKind::Double,
            Kind::String => FieldKind::String,
            Kind::Bytes => FieldKind::Bytes,
            Kind::Enum(symbols) => FieldKind::Enum(self.symbols(&symbols)),
            Kind::Message(message) => FieldKind::Message(self.message(&message)),
        };
        let explicit = field.field_descriptor_proto().default_value.is_some();
        let shape = if field.is_map() {
            Shape::Map
        } else if field.is_list() {
            Shape::List
        } else if field.supports_presence() && !explicit {
            Shape::Optional
        } else {
            Shape::Plain(default_value(&field.default_value()))
        };
        LayoutField { number: field.number(), name: field.name().to_owned(), kind, shape }
    }
}

fn default_value(value: &Value) -> DefaultValue {
    match value {
        Value::Bool(value) => DefaultValue::Bool(*value),
        Value::I32(value) => DefaultValue::Integer((*value).into()),
        Value::I64(value) => DefaultValue::Integer(*value),
        Value::U32(value) => DefaultValue::Integer((*value).into()),
        Value::U64(value) => DefaultValue::Unsigned(*value),
        Value::F32(value) => DefaultValue::Float((*value).into()),
        Value::F64(value) => DefaultValue::Float(*value),
        Value::String(value) => DefaultValue::Text(value.clone()),
        Value::Bytes(value) => DefaultValue::Bytes(value.to_vec()),
        Value::EnumNumber(value) => DefaultValue::Enum(*value),
        _ => DefaultValue::Zero,
    }
}

fn special(name: &str, fields: usize) -> Special {
    let Some(name) = name.strip_prefix("google.protobuf.") else { return Special::None };
    match name {
        "Timestamp" => Special::Timestamp,
        "Duration" => Special::Duration,
        "BoolValue" | "Int32Value" | "Int64Value" | "UInt32Value" | "UInt64Value" | "FloatValue"
        | "DoubleValue" | "StringValue" | "BytesValue"
            if fields == 1 =>
        {
            Special::Wrapper
        }
        "Struct" => Special::Struct,
        "Value" => Special::Value,
        "ListValue" => Special::ListValue,
        _ => Special::None,
    }
}
