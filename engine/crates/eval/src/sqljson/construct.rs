//! JSON_OBJECT and JSON_ARRAY.

use crate::context::Env;
use crate::functions::text::type_of;
use crate::functions::{json_build, jsonb_build};
use crate::registry::mismatch;
use std::collections::HashSet;
use tidewire_row::json::write::string;
use tidewire_row::{Datum, EvalError, EvalResult, text_out};

/// What the first argument says, in words: `jsonb`, `absent` (members that are NULL are left out), `unique`.
fn says(how: &str, word: &str) -> bool {
    how.split(' ').any(|each| each == word)
}

/// `(how, elements…)`
pub(super) fn array<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [Datum::Text(how), elements @ ..] = arguments else {
        return Err(mismatch("json_array", arguments));
    };
    let absent = says(how, "absent");
    let kept: Vec<Datum<'a>> =
        elements.iter().filter(|element| !absent || !matches!(element, Datum::Null)).copied().collect();
    if says(how, "jsonb") { jsonb_build::array(&kept, env) } else { json_build::build_array(&kept, env) }
}

/// `(how, keys and values in turn…)`
pub(super) fn object<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [Datum::Text(how), members @ ..] = arguments else {
        return Err(mismatch("json_object", arguments));
    };
    let (absent, unique, is_jsonb) = (says(how, "absent"), says(how, "unique"), says(how, "jsonb"));
    let mut keys = HashSet::new();
    let mut kept = Vec::with_capacity(members.len());
    for pair in members.chunks(2) {
        let left_out = absent && matches!(pair, [_, Datum::Null]);
        if unique && !matches!(pair[0], Datum::Null) {
            let mut text = Vec::new();
            text_out(pair[0], type_of(pair[0]), env.settings(), &mut text);
            if keys.contains(&text) {
                let mut shown = Vec::new();
                string(&text, &mut shown);
                let key =
                    if is_jsonb { String::new() } else { format!(": {}", String::from_utf8_lossy(&shown)) };
                return Err(EvalError::new("22030", format!("duplicate JSON object key value{key}")));
            }
            keys.insert(text);
        }
        if !left_out {
            kept.extend_from_slice(pair);
        }
    }
    if is_jsonb { jsonb_build::object(&kept, env) } else { json_build::build_object(&kept, env) }
}
