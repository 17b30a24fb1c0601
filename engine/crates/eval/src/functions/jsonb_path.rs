//! jsonb by paths of keys: `#>`, `#-`, `?|`, jsonb_set and their kin.

use super::jsonb::as_text;
use crate::context::Env;
use crate::registry::{Function, fallible, mismatch, total};
use tidewire_row::{Arena, ArrayRef, Datum, EvalError, EvalResult, JsonbBuilder, JsonbRef, jsonb};

/// How deep a path is followed: far deeper than documents go, far from a thread's stack.
pub(super) const MOST_LEVELS: usize = 1_000;

fn keys<'a>(path: ArrayRef<'a>, arena: &'a Arena) -> Vec<Option<&'a str>> {
    path.elements(arena)
        .map(|value| match value {
            Datum::Text(key) => Some(key),
            _ => None,
        })
        .collect()
}

/// The place in an array that a key is, as strtol reads it.
pub(super) fn place(key: &str) -> Option<i32> {
    key.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']).parse().ok()
}

fn checked_path(path: ArrayRef<'_>) -> EvalResult<()> {
    if path.dimension_count() > 1 {
        return Err(EvalError::new("2202E", "wrong number of array subscripts"));
    }
    if path.len() > MOST_LEVELS {
        return Err(EvalError::new("54001", "stack depth limit exceeded"));
    }
    Ok(())
}

/// The value at the end of a path; None where it leads nowhere.
fn extract<'a>(value: JsonbRef<'a>, path: ArrayRef<'a>, arena: &'a Arena) -> Option<JsonbRef<'a>> {
    let mut found = value;
    for key in keys(path, arena) {
        let key = key?;
        found = if found.is_object() {
            found.get_field(key)?
        } else if found.is_array() {
            found.get_element(place(key)?.into())?
        } else {
            return None;
        };
    }
    Some(found)
}

/// `?|` and `?&`: NULLs are passed over.
fn exists<'a>(value: JsonbRef<'a>, wanted: ArrayRef<'a>, all: bool, arena: &'a Arena) -> bool {
    let mut present = keys(wanted, arena).into_iter().flatten().map(|key| super::jsonb::exists(value, key));
    if all { present.all(|present| present) } else { present.any(|present| present) }
}

/// `jsonb - text[]`
fn delete_keys<'a>(
    value: JsonbRef<'a>,
    unwanted: ArrayRef<'a>,
    arena: &'a Arena,
) -> EvalResult<JsonbRef<'a>> {
    if unwanted.dimension_count() > 1 {
        return Err(EvalError::new("2202E", "wrong number of array subscripts"));
    }
    if !value.is_object() && !value.is_array() {
        return Err(EvalError::new("22023", "cannot delete from scalar"));
    }
    let unwanted: Vec<&str> = keys(unwanted, arena).into_iter().flatten().collect();
    let mut builder = JsonbBuilder::new();
    if value.is_object() {
        builder.begin_object();
        for (key, child) in value.pairs().filter(|(key, _)| !unwanted.contains(key)) {
            builder.key(key);
            builder.push_jsonb(child);
        }
    } else {
        builder.begin_array();
        for child in value.elements() {
            let is_unwanted = match child.value(arena) {
                tidewire_row::JsonbValue::String(text) => unwanted.contains(&text),
                _ => false,
            };
            if !is_unwanted {
                builder.push_jsonb(child);
            }
        }
    }
    builder.end();
    Ok(builder.finish(arena))
}

/// What becomes of the place at the end of a path.
#[derive(Clone, Copy)]
enum Change<'a> {
    Delete,
    /// Replaces what is there; `create`: also where nothing is.
    Set {
        new: JsonbRef<'a>,
        create: bool,
    },
    Insert {
        new: JsonbRef<'a>,
        after: bool,
    },
}

impl<'a> Change<'a> {
    /// What is put where nothing is.
    fn created(&self) -> Option<JsonbRef<'a>> {
        match self {
            Change::Set { new, create: true } | Change::Insert { new, .. } => Some(*new),
            _ => None,
        }
    }
}

fn changed<'a>(
    value: JsonbRef<'a>,
    path: ArrayRef<'a>,
    change: Change<'a>,
    arena: &'a Arena,
) -> EvalResult<JsonbRef<'a>> {
    checked_path(path)?;
    if !value.is_object() && !value.is_array() {
        let what = if matches!(change, Change::Delete) { "delete" } else { "set" };
        return Err(EvalError::new("22023", format!("cannot {what} path in scalar")));
    }
    let path = keys(path, arena);
    if path.is_empty() || (value.is_empty() && change.created().is_none()) {
        return Ok(value);
    }
    let mut builder = JsonbBuilder::new();
    write(&mut builder, value, &path, 0, change)?;
    Ok(builder.finish(arena))
}

fn write<'a>(
    builder: &mut JsonbBuilder,
    value: JsonbRef<'a>,
    path: &[Option<&str>],
    level: usize,
    change: Change<'a>,
) -> EvalResult<()> {
    let is_container = value.is_object() || value.is_array();
    if !is_container || level >= path.len() {
        builder.push_jsonb(value);
        return Ok(());
    }
    let Some(key) = path[level] else {
        return Err(EvalError::new("22004", format!("path element at position {} is null", level + 1)));
    };
    let last = level + 1 == path.len();
    if value.is_object() {
        builder.begin_object();
        let mut found = false;
        for (name, child) in value.pairs() {
            if name != key {
                builder.key(name);
                builder.push_jsonb(child);
                continue;
            }
            found = true;
            match change {
                _ if !last => {
                    builder.key(name);
                    write(builder, child, path, level + 1, change)?;
                }
                Change::Delete => {}
                Change::Set { new, .. } => {
                    builder.key(name);
                    builder.push_jsonb(new);
                }
                Change::Insert { .. } => {
                    return Err(EvalError::new("22023", "cannot replace existing key")
                        .with_hint("Try using the function jsonb_set to replace key value."));
                }
            }
        }
        if let (false, true, Some(new)) = (found, last, change.created()) {
            builder.key(key);
            builder.push_jsonb(new);
        }
        builder.end();
        return Ok(());
    }
    let Some(index) = place(key) else {
        return Err(EvalError::new(
            "22P02",
            format!("path element at position {} is not an integer: \"{key}\"", level + 1),
        ));
    };
    let length = value.len() as i64;
    // None: before the first.
    let index = match index as i64 {
        index if index < 0 && -index > length => None,
        index if index < 0 => Some(length + index),
        index => Some(index.min(length)),
    };
    builder.begin_array();
    let mut done = false;
    if let (true, true, Some(new)) = (last, index.is_none() || length == 0, change.created()) {
        builder.push_jsonb(new);
        done = true;
    }
    for (at, child) in value.elements().enumerate() {
        if index != Some(at as i64) {
            builder.push_jsonb(child);
            continue;
        }
        done = true;
        match change {
            _ if !last => write(builder, child, path, level + 1, change)?,
            Change::Delete => {}
            Change::Set { new, .. } => builder.push_jsonb(new),
            Change::Insert { new, after } => {
                if after {
                    builder.push_jsonb(child);
                    builder.push_jsonb(new);
                } else {
                    builder.push_jsonb(new);
                    builder.push_jsonb(child);
                }
            }
        }
    }
    if let (false, true, Some(new)) = (done, last, change.created()) {
        builder.push_jsonb(new);
    }
    builder.end();
    Ok(())
}

/// jsonb_set_lax: what NULL as the new value means is said.
fn set_lax<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [value, path, new, create, treatment] = *values else {
        return Err(mismatch("jsonb_set_lax", values));
    };
    let (Datum::Jsonb(value), Datum::Array(path), Datum::Bool(create)) = (value, path, create) else {
        return Ok(Datum::Null);
    };
    let change = match (new, treatment) {
        (Datum::Jsonb(new), Datum::Text(_)) => Change::Set { new, create },
        (Datum::Null, Datum::Text("use_json_null")) => {
            Change::Set { new: jsonb::parse("null", env.arena)?, create }
        }
        (Datum::Null, Datum::Text("delete_key")) => Change::Delete,
        (Datum::Null, Datum::Text("return_target")) => return Ok(Datum::Jsonb(value)),
        (Datum::Null, Datum::Text("raise_exception")) => {
            return Err(EvalError::new("22004", "JSON value must not be null")
                .with_detail("Exception was raised because null_value_treatment is \"raise_exception\".")
                .with_hint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed."));
        }
        _ => {
            let known = "\"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"";
            return Err(EvalError::new("22023", format!("null_value_treatment must be {known}")));
        }
    };
    changed(value, path, change, env.arena).map(Datum::Jsonb)
}

pub(super) const FUNCTIONS: &[Function] = &[
    total!("jsonb_extract_path", (value: Jsonb, path: Array), env => extract(value, path, env.arena)),
    fallible!("jsonb_extract_path_text", (value: Jsonb, path: Array), env =>
        as_text(extract(value, path, env.arena), env.arena)),
    total!("jsonb_exists_any", (value: Jsonb, keys: Array), env => exists(value, keys, false, env.arena)),
    total!("jsonb_exists_all", (value: Jsonb, keys: Array), env => exists(value, keys, true, env.arena)),
    fallible!("jsonb_delete_array", (value: Jsonb, keys: Array), env => delete_keys(value, keys, env.arena)),
    fallible!("jsonb_delete_path", (value: Jsonb, path: Array), env =>
        changed(value, path, Change::Delete, env.arena)),
    fallible!("jsonb_set", (value: Jsonb, path: Array, new: Jsonb, create: Bool), env =>
        changed(value, path, Change::Set { new, create }, env.arena)),
    fallible!("jsonb_insert", (value: Jsonb, path: Array, new: Jsonb, after: Bool), env =>
        changed(value, path, Change::Insert { new, after }, env.arena)),
    Function::lenient("jsonb_set_lax", set_lax),
];
