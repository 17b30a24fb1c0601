//! What a JSON text is on its outermost level: enough for functions that take it apart, which keep the parts as written.

use super::parse::{Events, read};
use crate::EvalResult;
use std::ops::Range;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number.
    Number,
    /// true or false.
    Boolean,
    /// null
    Null,
}

impl JsonKind {
    /// `json_typeof`
    pub fn name(self) -> &'static str {
        match self {
            JsonKind::Object => "object",
            JsonKind::Array => "array",
            JsonKind::String => "string",
            JsonKind::Number => "number",
            JsonKind::Boolean => "boolean",
            JsonKind::Null => "null",
        }
    }
}

/// A value and where it stands.
#[derive(Debug)]
pub struct JsonPart {
    /// An object's member: its name. Elements of arrays have none.
    pub key: Option<Box<str>>,
    /// What it is.
    pub kind: JsonKind,
    /// Where it stands in the text.
    pub span: Range<usize>,
    /// Of a string: without its escapes.
    text: Option<Box<str>>,
}

impl JsonPart {
    /// As it is written.
    pub fn raw<'t>(&self, input: &'t str) -> &'t str {
        &input[self.span.clone()]
    }

    /// A string without quotes and escapes, nothing for null, another value as it is written.
    pub fn text<'t>(&'t self, input: &'t str) -> Option<&'t str> {
        match self.kind {
            JsonKind::Null => None,
            _ => Some(self.text.as_deref().unwrap_or_else(|| self.raw(input))),
        }
    }
}

/// A JSON text: the value and, of an object or array, its members or elements.
#[derive(Debug)]
pub struct JsonOutline {
    /// The value as a whole.
    pub whole: JsonPart,
    /// What it consists of.
    pub parts: Vec<JsonPart>,
}

impl JsonOutline {
    /// Reads a text.
    pub fn of(input: &str) -> EvalResult<JsonOutline> {
        let mut reading = Reading { depth: 0, key: None, whole: None, parts: Vec::new() };
        read(input, &mut reading)?;
        let nothing = JsonPart { key: None, kind: JsonKind::Null, span: 0..0, text: None };
        Ok(JsonOutline { whole: reading.whole.unwrap_or(nothing), parts: reading.parts })
    }

    /// The member of this name; the last of several.
    pub fn member(&self, key: &str) -> Option<&JsonPart> {
        self.parts.iter().rev().find(|part| part.key.as_deref() == Some(key))
    }

    /// The element at this place; negative ones count from the end.
    pub fn element(&self, index: i32) -> Option<&JsonPart> {
        if self.whole.kind != JsonKind::Array {
            return None;
        }
        let place = if index < 0 { self.parts.len() as i64 + i64::from(index) } else { index.into() };
        usize::try_from(place).ok().and_then(|place| self.parts.get(place))
    }
}

struct Reading {
    depth: usize,
    key: Option<Box<str>>,
    whole: Option<JsonPart>,
    parts: Vec<JsonPart>,
}

impl Reading {
    fn begin(&mut self, kind: JsonKind, span: Range<usize>, text: Option<&str>) {
        match self.depth {
            0 => self.whole = Some(JsonPart { key: None, kind, span, text: text.map(Box::from) }),
            1 => {
                let key = self.key.take();
                self.parts.push(JsonPart { key, kind, span, text: text.map(Box::from) });
            }
            _ => {}
        }
    }
}

impl Events for Reading {
    const UNESCAPES: bool = true;

    fn begin_object(&mut self, at: usize) -> EvalResult<()> {
        self.begin(JsonKind::Object, at..at, None);
        self.depth += 1;
        Ok(())
    }

    fn begin_array(&mut self, at: usize) -> EvalResult<()> {
        self.begin(JsonKind::Array, at..at, None);
        self.depth += 1;
        Ok(())
    }

    fn end(&mut self, at: usize) -> EvalResult<()> {
        self.depth -= 1;
        let ended = match self.depth {
            0 => self.whole.as_mut(),
            1 => self.parts.last_mut(),
            _ => None,
        };
        if let Some(part) = ended {
            part.span.end = at;
        }
        Ok(())
    }

    fn key(&mut self, key: &str, _: Range<usize>) -> EvalResult<()> {
        if self.depth == 1 {
            self.key = Some(key.into());
        }
        Ok(())
    }

    fn string(&mut self, text: &str, span: Range<usize>) -> EvalResult<()> {
        self.begin(JsonKind::String, span, Some(text));
        Ok(())
    }

    fn number(&mut self, _: &str, span: Range<usize>) -> EvalResult<()> {
        self.begin(JsonKind::Number, span, None);
        Ok(())
    }

    fn boolean(&mut self, _: bool, span: Range<usize>) -> EvalResult<()> {
        self.begin(JsonKind::Boolean, span, None);
        Ok(())
    }

    fn null(&mut self, span: Range<usize>) -> EvalResult<()> {
        self.begin(JsonKind::Null, span, None);
        Ok(())
    }
}
