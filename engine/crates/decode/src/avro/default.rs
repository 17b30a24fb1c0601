//! A field's default, which a schema has as JSON, in the binary encoding.

use super::schema::{Kind, Schema, invalid};
use serde_json::Value;
use tidewire_row::{EvalError, EvalResult};

/// Appends a zig-zag number of variable length.
pub(crate) fn push_long(out: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends a length and bytes.
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_long(out, bytes.len() as i64);
    out.extend_from_slice(bytes);
}

/// Appends a default. A union's is of its first branch; since Avro 1.12 of any.
pub(crate) fn encode_default(
    schema: &Schema,
    node: usize,
    json: &Value,
    out: &mut Vec<u8>,
) -> EvalResult<()> {
    encode(schema, node, json, out, 0)
}

fn encode(schema: &Schema, node: usize, json: &Value, out: &mut Vec<u8>, depth: usize) -> EvalResult<()> {
    if depth > super::wire::MAX_DEPTH {
        return Err(super::wire::too_deep());
    }
    let wrong = || wrong_default(schema, node, json);
    match &schema.node(node).kind {
        Kind::Null => json.as_null().ok_or_else(wrong)?,
        Kind::Boolean => out.push(json.as_bool().ok_or_else(wrong)?.into()),
        Kind::Int | Kind::Long => push_long(out, json.as_i64().ok_or_else(wrong)?),
        Kind::Float => out.extend_from_slice(&(float(json).ok_or_else(wrong)? as f32).to_le_bytes()),
        Kind::Double => out.extend_from_slice(&float(json).ok_or_else(wrong)?.to_le_bytes()),
        Kind::String => push_bytes(out, json.as_str().ok_or_else(wrong)?.as_bytes()),
        Kind::Bytes => push_bytes(out, &latin_1(json).ok_or_else(wrong)?),
        Kind::Fixed(size) => {
            out.extend_from_slice(&latin_1(json).filter(|bytes| bytes.len() == *size).ok_or_else(wrong)?);
        }
        Kind::Enum { symbols, .. } => {
            let symbol = json.as_str().ok_or_else(wrong)?;
            let index = symbols.iter().position(|other| other == symbol).ok_or_else(wrong)?;
            push_long(out, index as i64);
        }
        Kind::Array(items) => {
            let list = json.as_array().ok_or_else(wrong)?;
            if !list.is_empty() {
                push_long(out, list.len() as i64);
            }
            for item in list {
                encode(schema, *items, item, out, depth + 1)?;
            }
            push_long(out, 0);
        }
        Kind::Map(values) => {
            let object = json.as_object().ok_or_else(wrong)?;
            if !object.is_empty() {
                push_long(out, object.len() as i64);
            }
            for (key, value) in object {
                push_bytes(out, key.as_bytes());
                encode(schema, *values, value, out, depth + 1)?;
            }
            push_long(out, 0);
        }
        Kind::Union(branches) => {
            let start = out.len();
            for (index, &branch) in branches.iter().enumerate() {
                out.truncate(start);
                push_long(out, index as i64);
                if encode(schema, branch, json, out, depth + 1).is_ok() {
                    return Ok(());
                }
            }
            return Err(wrong());
        }
        Kind::Record(fields) => {
            let object = json.as_object().ok_or_else(wrong)?;
            for field in fields {
                let value = object.get(&field.name).or(field.default.as_ref()).ok_or_else(wrong)?;
                encode(schema, field.node, value, out, depth + 1)?;
            }
        }
    }
    Ok(())
}

#[cold]
fn wrong_default(schema: &Schema, node: usize, json: &Value) -> EvalError {
    invalid(format!("The default {json} is no {}.", schema.label(node)))
}

/// NaN and the infinities are written as text.
fn float(json: &Value) -> Option<f64> {
    json.as_f64().or_else(|| json.as_str()?.parse().ok())
}

/// Bytes as the characters of the same numbers.
fn latin_1(json: &Value) -> Option<Vec<u8>> {
    json.as_str()?.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}
