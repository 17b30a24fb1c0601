//! JSON lines: one value a line.

mod array;
mod path;
mod scan;

use crate::Field;
use crate::decoder::{Frame, Outcome, RecordDecoder, frame_line};
use crate::value::{ValueContext, push_null, push_plain, push_text, utf8};
pub use path::PathStep;
use path::PathTree;
use rustc_hash::FxHashMap;
pub(crate) use scan::Kind;
use scan::{Scanner, unescape};
use std::borrow::Cow;
use tidewire_plan::ScalarType;
use tidewire_row::{EvalError, EvalResult};

/// How JSON records become rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonFormat {
    /// The one field, a jsonb, takes the whole record. Otherwise a record is an object, and fields take its members.
    pub whole_record: bool,
    /// By field: the path to its value. A field without one, or behind the last, takes the member of its name.
    pub paths: Vec<Option<Vec<PathStep>>>,
}

/// A value in a text: what a record has for a field.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) kind: Kind,
    start: usize,
    end: usize,
}

impl Slot {
    /// The value as it stands, a string with its quotes.
    pub(crate) fn raw<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }

    /// A string's content; None for another kind.
    pub(crate) fn string<'a>(&self, text: &'a str) -> EvalResult<Option<Cow<'a, str>>> {
        let Kind::String { escaped } = self.kind else { return Ok(None) };
        let content = &text[self.start + 1..self.end - 1];
        if !escaped {
            return Ok(Some(Cow::Borrowed(content)));
        }
        let mut unescaped = String::new();
        unescape(content, &mut unescaped)?;
        Ok(Some(Cow::Owned(unescaped)))
    }

    /// An object or array, as it stands; None for another kind.
    pub(crate) fn structure<'a>(&self, text: &'a str) -> Option<&'a str> {
        (self.kind == Kind::Structure).then(|| self.raw(text))
    }

    /// A number or a string of digits.
    pub(crate) fn integer(&self, text: &str) -> EvalResult<Option<i64>> {
        Ok(match self.kind {
            Kind::Number => self.raw(text).parse().ok(),
            _ => self.string(text)?.and_then(|digits| digits.parse().ok()),
        })
    }
}

/// The members of an object that are asked for; of one that comes twice the last, NULL for one that does not come.
pub(crate) fn members_of<const N: usize>(text: &str, names: [&str; N]) -> EvalResult<[Slot; N]> {
    let mut found = [MISSING; N];
    let mut scanner = Scanner::new(text);
    scanner.expect(b'{')?;
    if scanner.take(b'}') {
        scanner.end()?;
        return Ok(found);
    }
    loop {
        let key = scanner.string()?;
        scanner.expect(b':')?;
        let (kind, start, end) = scanner.value()?;
        if let Some(at) = names.iter().position(|name| key.text(text) == *name) {
            found[at] = Slot { kind, start, end };
        }
        if !scanner.take(b',') {
            scanner.expect(b'}')?;
            scanner.end()?;
            return Ok(found);
        }
    }
}

/// The elements of an array.
pub(crate) fn elements_of(text: &str) -> EvalResult<Vec<Slot>> {
    let mut found = Vec::new();
    let mut scanner = Scanner::new(text);
    scanner.expect(b'[')?;
    if scanner.take(b']') {
        scanner.end()?;
        return Ok(found);
    }
    loop {
        let (kind, start, end) = scanner.value()?;
        found.push(Slot { kind, start, end });
        if !scanner.take(b',') {
            scanner.expect(b']')?;
            scanner.end()?;
            return Ok(found);
        }
    }
}

/// A whole text as one value.
pub(crate) fn value_of(text: &str) -> EvalResult<Slot> {
    let mut scanner = Scanner::new(text);
    let (kind, start, end) = scanner.value()?;
    scanner.end()?;
    Ok(Slot { kind, start, end })
}

const MISSING: Slot = Slot { kind: Kind::Null, start: 0, end: 0 };

pub(crate) struct JsonDecoder {
    format: JsonFormat,
    by_name: FxHashMap<Vec<u8>, usize>,
    /// Where any field has a path, all of them.
    paths: Option<PathTree>,
    slots: Vec<Slot>,
    scanned: usize,
    unescaped: String,
}

impl JsonDecoder {
    pub(crate) fn new(format: JsonFormat, fields: &[Field]) -> Self {
        let by_name =
            fields.iter().enumerate().map(|(i, field)| (field.name.as_bytes().to_vec(), i)).collect();
        let slots = vec![MISSING; fields.len()];
        let paths = format.paths.iter().any(Option::is_some).then(|| {
            let mut tree = PathTree::default();
            for (at, field) in fields.iter().enumerate() {
                match format.paths.get(at) {
                    Some(Some(path)) => tree.add(at, path),
                    _ => tree.add(at, &[PathStep::Member(field.name.clone())]),
                }
            }
            tree
        });
        JsonDecoder { format, by_name, paths, slots, scanned: 0, unescaped: String::new() }
    }

    /// Finds each field's value. A key that comes twice counts the last time.
    pub(crate) fn members(&mut self, text: &str, fields: &[Field]) -> EvalResult<()> {
        self.slots.fill(MISSING);
        if let Some(paths) = &self.paths {
            return paths.find(text, value_of(text)?, &mut self.slots, &mut self.unescaped);
        }
        let mut scanner = Scanner::new(text);
        scanner.expect(b'{')?;
        // Records mostly list their members in the order of the declaration.
        let mut expected = 0;
        if scanner.take(b'}') {
            return scanner.end();
        }
        loop {
            let key = scanner.string()?;
            let index = match fields.get(expected) {
                Some(field) if !key.escaped && field.name.as_bytes() == key.bytes(text) => Some(expected),
                _ if key.escaped => {
                    self.unescaped.clear();
                    unescape(key.text(text), &mut self.unescaped)?;
                    self.by_name.get(self.unescaped.as_bytes()).copied()
                }
                _ => self.by_name.get(key.bytes(text)).copied(),
            };
            scanner.expect(b':')?;
            let (kind, start, end) = scanner.value()?;
            if let Some(index) = index {
                self.slots[index] = Slot { kind, start, end };
                expected = index + 1;
            }
            if scanner.take(b',') {
                continue;
            }
            scanner.expect(b'}')?;
            return scanner.end();
        }
    }

    /// Appends the fields of a message's key: an object's members, or the one field's value.
    pub(crate) fn decode_key(
        &mut self,
        text: &str,
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        if let [field] = fields
            && !text.trim_ascii_start().starts_with('{')
        {
            let slot = value_of(text)?;
            return self.push(out, field, slot, text, context).map_err(|error| field.locate(error));
        }
        self.members(text, fields)?;
        self.push_slots(text, fields, context, out)
    }

    /// What was found of a field.
    pub(crate) fn slot(&self, field: usize) -> Slot {
        self.slots[field]
    }

    /// Appends what was found of each field.
    fn push_slots(
        &mut self,
        text: &str,
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        for (i, field) in fields.iter().enumerate() {
            self.push(out, field, self.slots[i], text, context).map_err(|error| field.locate(error))?;
        }
        Ok(())
    }

    /// Appends a value as a field's type.
    pub(crate) fn push(
        &mut self,
        out: &mut Vec<u8>,
        field: &Field,
        slot: Slot,
        text: &str,
        context: &ValueContext,
    ) -> EvalResult<()> {
        let raw = &text[slot.start..slot.end];
        match slot.kind {
            Kind::Null => push_null(out, field),
            // Such a field keeps the value with its quotes.
            _ if matches!(field.column.scalar, ScalarType::Jsonb | ScalarType::Json) => {
                push_text(out, field, raw, context)
            }
            Kind::String { escaped: false } => push_text(out, field, &raw[1..raw.len() - 1], context),
            Kind::String { escaped: true } => {
                self.unescaped.clear();
                unescape(&raw[1..raw.len() - 1], &mut self.unescaped)?;
                push_text(out, field, &self.unescaped, context)
            }
            Kind::True | Kind::False | Kind::Number => push_text(out, field, raw, context),
            Kind::Structure => match &field.column.scalar {
                ScalarType::Array(element) if raw.starts_with('[') => {
                    self.unescaped.clear();
                    array::push_array_text(text, slot, element, &mut self.unescaped)?;
                    push_text(out, field, &self.unescaped, context)
                }
                ScalarType::Text => push_plain(out, raw),
                ScalarType::Varchar | ScalarType::Bpchar => push_text(out, field, raw, context),
                _ => Err(EvalError::new(
                    "22P02",
                    format!("a JSON object or array cannot be the value of column \"{}\"", field.name),
                )),
            },
        }
    }
}

impl RecordDecoder for JsonDecoder {
    fn frame(&mut self, buffer: &[u8], at_end: bool) -> Option<Frame> {
        // A line break cannot stand within a JSON string, so every one ends a record.
        frame_line(buffer, &mut self.scanned, at_end)
    }

    fn reset(&mut self) {
        self.scanned = 0;
    }

    fn decode(
        &mut self,
        record: &[u8],
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<Outcome> {
        let text = utf8(record)?;
        if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            return Ok(Outcome::Nothing);
        }
        if self.format.whole_record {
            for field in fields {
                push_text(out, field, text, context)?;
            }
            return Ok(Outcome::Row);
        }
        self.members(text, fields)?;
        self.push_slots(text, fields, context, out)?;
        Ok(Outcome::Row)
    }
}
