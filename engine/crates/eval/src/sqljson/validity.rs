//! IS JSON.

use crate::context::Env;
use crate::registry::mismatch;
use std::collections::HashSet;
use std::ops::Range;
use tidewire_row::json::{Events, read, validate};
use tidewire_row::{Datum, EvalError, EvalResult};

/// `(value, kind: value, array, object or scalar, whether keys must be unique)`
pub(super) fn is_json<'a>(arguments: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [value, Datum::Text(kind), Datum::Bool(unique)] = *arguments else {
        return Err(mismatch("json_is", arguments));
    };
    let of_kind = |found: &str| kind == "value" || kind == found;
    Ok(Datum::Bool(match value {
        Datum::Jsonb(value) if value.is_object() => of_kind("object"),
        Datum::Jsonb(value) if value.is_array() => of_kind("array"),
        Datum::Jsonb(_) => of_kind("scalar"),
        Datum::Text(text) => is_text(text, of_kind, unique, true),
        Datum::Json(text) => is_text(text, of_kind, unique, false),
        Datum::Bytea(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => is_text(text, of_kind, unique, true),
            Err(_) => return Err(EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\"")),
        },
        _ => return Err(mismatch("json_is", arguments)),
    }))
}

/// `checks`: whether it is JSON is not known.
fn is_text(text: &str, of_kind: impl Fn(&str) -> bool, unique: bool, checks: bool) -> bool {
    let first = text.trim_start_matches([' ', '\t', '\n', '\r']).bytes().next();
    let kind = match first {
        Some(b'{') => "object",
        Some(b'[') => "array",
        _ => "scalar",
    };
    of_kind(kind)
        && match (unique, checks) {
            (true, _) => read(text, &mut Unique { open: Vec::new() }).is_ok(),
            (false, true) => validate(text).is_ok(),
            (false, false) => true,
        }
}

/// Refuses what has a key twice.
struct Unique {
    /// The keys of the objects that are open; an array has none.
    open: Vec<HashSet<Box<str>>>,
}

impl Events for Unique {
    const UNESCAPES: bool = true;
    fn begin_object(&mut self, _: usize) -> EvalResult<()> {
        self.open.push(HashSet::new());
        Ok(())
    }
    fn begin_array(&mut self, _: usize) -> EvalResult<()> {
        self.open.push(HashSet::new());
        Ok(())
    }
    fn end(&mut self, _: usize) -> EvalResult<()> {
        self.open.pop();
        Ok(())
    }
    fn key(&mut self, key: &str, _: Range<usize>) -> EvalResult<()> {
        match self.open.last_mut().map(|keys| keys.insert(key.into())) {
            Some(false) => Err(EvalError::new("22030", "duplicate JSON object key value")),
            _ => Ok(()),
        }
    }
}
