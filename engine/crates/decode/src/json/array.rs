//! JSON arrays as PostgreSQL's: their elements in the text of an array, which its input function reads.

use super::scan::Kind;
use super::{Slot, elements_of};
use tidewire_plan::ScalarType;
use tidewire_row::EvalResult;

/// Appends the text of an array. Arrays within it are its further dimensions, unless the elements are jsonb themselves.
pub(super) fn push_array_text(
    text: &str,
    array: Slot,
    element: &ScalarType,
    out: &mut String,
) -> EvalResult<()> {
    let array = array.raw(text);
    out.push('{');
    for (at, slot) in elements_of(array)?.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let is_json = matches!(element, ScalarType::Jsonb | ScalarType::Json);
        match slot.kind {
            Kind::Null => out.push_str("NULL"),
            _ if is_json => push_quoted(slot.raw(array), out),
            Kind::Structure if slot.raw(array).starts_with('[') => {
                push_array_text(array, slot, element, out)?;
            }
            Kind::String { .. } => push_quoted(&slot.string(array)?.unwrap_or_default(), out),
            Kind::True | Kind::False | Kind::Number | Kind::Structure => push_quoted(slot.raw(array), out),
        }
    }
    out.push('}');
    Ok(())
}

fn push_quoted(value: &str, out: &mut String) {
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
