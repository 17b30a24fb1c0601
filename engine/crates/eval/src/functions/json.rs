//! json: parts of a text, which stay as they are written.

use crate::context::Env;
use crate::registry::{Function, fallible};
use std::ops::Range;
use tidewire_row::json::write::string;
use tidewire_row::json::{Events, JsonKind, JsonOutline, JsonPart, read};
use tidewire_row::{Arena, ArrayRef, Datum, EvalError, EvalResult};

fn refused(message: &str) -> EvalError {
    EvalError::new("22023", message)
}

/// A part as json, or as text.
fn shown<'a>(input: &'a str, part: Option<&JsonPart>, as_text: bool, arena: &'a Arena) -> Datum<'a> {
    match part {
        None => Datum::Null,
        Some(part) if !as_text => Datum::Json(part.raw(input)),
        Some(part) => part.text(input).map_or(Datum::Null, |text| Datum::Text(arena.push_str(text))),
    }
}

fn member<'a>(input: &'a str, key: &str, as_text: bool, arena: &'a Arena) -> EvalResult<Datum<'a>> {
    Ok(shown(input, JsonOutline::of(input)?.member(key), as_text, arena))
}

fn element<'a>(input: &'a str, index: i32, as_text: bool, arena: &'a Arena) -> EvalResult<Datum<'a>> {
    Ok(shown(input, JsonOutline::of(input)?.element(index), as_text, arena))
}

/// What stands at a path of names and places.
fn at_path<'a>(input: &'a str, path: ArrayRef<'a>, as_text: bool, arena: &'a Arena) -> EvalResult<Datum<'a>> {
    let mut rest = input;
    for step in path.elements(arena) {
        let Datum::Text(step) = step else { return Ok(Datum::Null) };
        let outline = JsonOutline::of(rest)?;
        let found = match outline.whole.kind {
            JsonKind::Object => outline.member(step),
            JsonKind::Array => step.trim_start().parse().ok().and_then(|index| outline.element(index)),
            _ => None,
        };
        match found {
            Some(part) => rest = part.raw(rest),
            None => return Ok(Datum::Null),
        }
    }
    Ok(shown(rest, Some(&JsonOutline::of(rest)?.whole), as_text, arena))
}

fn array_length(input: &str) -> EvalResult<i32> {
    let outline = JsonOutline::of(input)?;
    match outline.whole.kind {
        JsonKind::Array => Ok(outline.parts.len() as i32),
        JsonKind::Object => Err(refused("cannot get array length of a non-array")),
        _ => Err(refused("cannot get array length of a scalar")),
    }
}

/// Writes a text again without members, and perhaps elements, that are null.
struct Stripped {
    out: Vec<u8>,
    in_arrays: bool,
    /// Whether the containers around are objects, and whether something was written into them.
    open: Vec<(bool, bool)>,
    /// The member whose value is next.
    key: Option<Vec<u8>>,
}

impl Stripped {
    fn before_value(&mut self) {
        if let Some((_, some)) = self.open.last_mut() {
            if *some {
                self.out.push(b',');
            }
            *some = true;
        }
        if let Some(key) = self.key.take() {
            self.out.extend_from_slice(&key);
            self.out.push(b':');
        }
    }
}

impl Events for Stripped {
    const UNESCAPES: bool = true;

    fn begin_object(&mut self, _: usize) -> EvalResult<()> {
        self.before_value();
        self.out.push(b'{');
        self.open.push((true, false));
        Ok(())
    }

    fn begin_array(&mut self, _: usize) -> EvalResult<()> {
        self.before_value();
        self.out.push(b'[');
        self.open.push((false, false));
        Ok(())
    }

    fn end(&mut self, _: usize) -> EvalResult<()> {
        let is_object = self.open.pop().is_some_and(|(is_object, _)| is_object);
        self.out.push(if is_object { b'}' } else { b']' });
        Ok(())
    }

    fn key(&mut self, key: &str, _: Range<usize>) -> EvalResult<()> {
        let mut quoted = Vec::with_capacity(key.len() + 2);
        string(key.as_bytes(), &mut quoted);
        self.key = Some(quoted);
        Ok(())
    }

    fn string(&mut self, text: &str, _: Range<usize>) -> EvalResult<()> {
        self.before_value();
        string(text.as_bytes(), &mut self.out);
        Ok(())
    }

    fn number(&mut self, text: &str, _: Range<usize>) -> EvalResult<()> {
        self.before_value();
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn boolean(&mut self, value: bool, _: Range<usize>) -> EvalResult<()> {
        self.before_value();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn null(&mut self, _: Range<usize>) -> EvalResult<()> {
        match self.open.last() {
            Some((true, _)) => {
                self.key = None;
                return Ok(());
            }
            Some((false, _)) if self.in_arrays => return Ok(()),
            _ => {}
        }
        self.before_value();
        self.out.extend_from_slice(b"null");
        Ok(())
    }
}

fn stripped<'a>(input: &str, in_arrays: bool, arena: &'a Arena) -> EvalResult<Datum<'a>> {
    let mut writing =
        Stripped { out: Vec::with_capacity(input.len()), in_arrays, open: Vec::new(), key: None };
    read(input, &mut writing)?;
    Ok(json(writing.out, arena))
}

/// json of bytes that were written here.
pub(super) fn json(bytes: Vec<u8>, arena: &Arena) -> Datum<'_> {
    Datum::Json(arena.push_str(String::from_utf8_lossy(&bytes)))
}

/// `json_object(text[])`: names and values in turn, or in rows of two.
fn object_of_array<'a>(array: ArrayRef<'a>, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let subscripts = |message: &str| EvalError::new("2202E", message);
    let dimensions = array.dimensions();
    match dimensions.as_slice() {
        [] => {}
        [one] if one.length % 2 == 1 => return Err(subscripts("array must have even number of elements")),
        [_] => {}
        [_, two] if two.length != 2 => return Err(subscripts("array must have two columns")),
        [_, _] => {}
        _ => return Err(subscripts("wrong number of array subscripts")),
    }
    let values: Vec<Datum<'_>> = array.elements(env.arena).collect();
    members(values.chunks(2).map(|pair| (pair[0], pair[1])), env)
}

fn object_of_arrays<'a>(keys: ArrayRef<'a>, values: ArrayRef<'a>, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let subscripts = |message: &str| EvalError::new("2202E", message);
    if keys.dimension_count() > 1 || keys.dimension_count() != values.dimension_count() {
        return Err(subscripts("wrong number of array subscripts"));
    }
    if keys.len() != values.len() {
        return Err(subscripts("mismatched array dimensions"));
    }
    members(keys.elements(env.arena).zip(values.elements(env.arena)), env)
}

fn members<'a>(pairs: impl Iterator<Item = (Datum<'a>, Datum<'a>)>, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let mut out = vec![b'{'];
    for (index, (key, value)) in pairs.enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        match key {
            Datum::Text(key) => string(key.as_bytes(), &mut out),
            _ => return Err(EvalError::new("22004", "null value not allowed for object key")),
        }
        out.extend_from_slice(b" : ");
        match value {
            Datum::Text(value) => string(value.as_bytes(), &mut out),
            _ => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
    Ok(json(out, env.arena))
}

pub(super) const FUNCTIONS: &[Function] = &[
    fallible!("json_object_field", (a: Json, key: Text), env => member(a, key, false, env.arena)),
    fallible!("json_object_field_text", (a: Json, key: Text), env => member(a, key, true, env.arena)),
    fallible!("json_array_element", (a: Json, index: Int32), env => element(a, index, false, env.arena)),
    fallible!("json_array_element_text", (a: Json, index: Int32), env => element(a, index, true, env.arena)),
    fallible!("json_extract_path", (a: Json, path: Array), env => at_path(a, path, false, env.arena)),
    fallible!("json_extract_path_text", (a: Json, path: Array), env => at_path(a, path, true, env.arena)),
    fallible!("json_typeof", (a: Json) => JsonOutline::of(a).map(|outline| outline.whole.kind.name())),
    fallible!("json_array_length", (a: Json) => array_length(a)),
    fallible!("json_strip_nulls", (a: Json, in_arrays: Bool), env => stripped(a, in_arrays, env.arena)),
    fallible!("json_object", (a: Array), env => object_of_array(a, env)),
    fallible!("json_object_two_arg", (a: Array, b: Array), env => object_of_arrays(a, b, env)),
];
