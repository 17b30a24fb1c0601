//! json and jsonb as one: what rows are made of.

use crate::context::Env;
use tidewire_row::json::{JsonKind, JsonOutline};
use tidewire_row::{Arena, Datum, EvalError, EvalResult, JsonbRef, JsonbValue, ScalarType, jsonb, text_in};

/// A JSON value.
#[derive(Clone, Copy)]
pub(super) enum Json<'a> {
    Binary(JsonbRef<'a>),
    Text(TextValue<'a>),
}

/// A value as it is written.
#[derive(Clone, Copy)]
pub(super) struct TextValue<'a> {
    kind: JsonKind,
    raw: &'a str,
    /// Of a string: without quotes and escapes.
    string: &'a str,
}

/// An object's members.
pub(super) enum Members<'a> {
    Binary(JsonbRef<'a>),
    /// In the order in which they are written.
    Text(Vec<(Box<str>, TextValue<'a>)>),
}

impl<'a> Members<'a> {
    /// The member of this name; of several the last.
    pub fn get(&self, name: &str) -> Option<Json<'a>> {
        match self {
            Members::Binary(object) => object.get_field(name).map(Json::Binary),
            Members::Text(members) => {
                members.iter().rev().find(|(key, _)| **key == *name).map(|(_, value)| Json::Text(*value))
            }
        }
    }
}

impl<'a> TextValue<'a> {
    /// The parts of a container, with their names.
    fn parts(&self, arena: &'a Arena) -> EvalResult<Vec<(Box<str>, TextValue<'a>)>> {
        let outline = JsonOutline::of(self.raw)?;
        Ok(outline
            .parts
            .into_iter()
            .map(|part| {
                let raw = part.raw(self.raw);
                let string = match part.kind {
                    JsonKind::String => arena.push_str(part.text(self.raw).unwrap_or_default()),
                    _ => raw,
                };
                let value = TextValue { kind: part.kind, raw, string };
                (part.key.unwrap_or_default(), value)
            })
            .collect())
    }
}

impl<'a> Json<'a> {
    /// An argument; None for NULL.
    pub fn of(datum: Datum<'a>) -> EvalResult<Option<Self>> {
        match datum {
            Datum::Null => Ok(None),
            Datum::Jsonb(value) => Ok(Some(Json::Binary(value))),
            Datum::Json(text) => {
                let raw = text.trim_matches([' ', '\t', '\n', '\r']);
                let kind = match raw.as_bytes().first() {
                    Some(b'{') => JsonKind::Object,
                    Some(b'[') => JsonKind::Array,
                    Some(b'"') => JsonKind::String,
                    Some(b't' | b'f') => JsonKind::Boolean,
                    Some(b'n') => JsonKind::Null,
                    _ => JsonKind::Number,
                };
                Ok(Some(Json::Text(TextValue { kind, raw, string: raw })))
            }
            _ => Err(EvalError::new("XX000", "a JSON value is wanted")),
        }
    }

    pub fn is_null(&self) -> bool {
        match self {
            Json::Binary(value) => value.is_null(),
            Json::Text(value) => value.kind == JsonKind::Null,
        }
    }

    pub fn is_array(&self) -> bool {
        match self {
            Json::Binary(value) => value.is_array(),
            Json::Text(value) => value.kind == JsonKind::Array,
        }
    }

    pub fn is_object(&self) -> bool {
        match self {
            Json::Binary(value) => value.is_object(),
            Json::Text(value) => value.kind == JsonKind::Object,
        }
    }

    pub fn is_string(&self) -> bool {
        match self {
            Json::Binary(value) => value.type_name() == "string",
            Json::Text(value) => value.kind == JsonKind::String,
        }
    }

    /// An array's elements; None of what is none.
    pub fn elements(&self, arena: &'a Arena) -> EvalResult<Option<Vec<Json<'a>>>> {
        if !self.is_array() {
            return Ok(None);
        }
        Ok(Some(match self {
            Json::Binary(array) => array.elements().map(Json::Binary).collect(),
            Json::Text(array) => {
                array.parts(arena)?.into_iter().map(|(_, value)| Json::Text(value)).collect()
            }
        }))
    }

    /// An object's members; None of what is none.
    pub fn members(&self, arena: &'a Arena) -> EvalResult<Option<Members<'a>>> {
        if !self.is_object() {
            return Ok(None);
        }
        Ok(Some(match self {
            Json::Binary(object) => Members::Binary(*object),
            Json::Text(object) => Members::Text(object.parts(arena)?),
        }))
    }

    /// A value by its type's input function; JSON stays JSON.
    pub fn scalar(&self, scalar: ScalarType, typmod: i32, env: &Env<'a>) -> EvalResult<Datum<'a>> {
        let arena = env.arena;
        let shown = |value: &JsonbRef<'_>| {
            let mut bytes = Vec::new();
            value.write_text(&mut bytes);
            String::from_utf8(bytes).map_err(|_| EvalError::new("22021", "text is not UTF-8"))
        };
        match (scalar, self) {
            (ScalarType::Jsonb, Json::Binary(value)) => Ok(Datum::Jsonb(*value)),
            (ScalarType::Jsonb, Json::Text(value)) => jsonb::parse(value.raw, arena).map(Datum::Jsonb),
            (ScalarType::Json, Json::Binary(value)) => Ok(Datum::Json(arena.push_str(shown(value)?))),
            (ScalarType::Json, Json::Text(value)) => Ok(Datum::Json(value.raw)),
            (_, Json::Binary(value)) => match value.value(arena) {
                JsonbValue::String(text) => text_in(scalar, typmod, text, env.settings(), arena),
                _ => text_in(scalar, typmod, &shown(value)?, env.settings(), arena),
            },
            (_, Json::Text(value)) => text_in(scalar, typmod, value.string, env.settings(), arena),
        }
    }
}
