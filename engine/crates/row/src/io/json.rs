//! The binary forms of jsonb and jsonpath: a version byte, then text.

use super::character;
use crate::{Arena, EvalError, EvalResult, JsonbRef};

pub(super) const VERSION: u8 = 1;

/// `jsonb_recv`
pub(super) fn receive<'a>(bytes: &[u8], arena: &'a Arena) -> EvalResult<JsonbRef<'a>> {
    match bytes.split_first() {
        Some((&VERSION, text)) => crate::jsonb::parse(character::utf8(text)?, arena),
        Some((version, _)) => {
            Err(EvalError::new("XX000", format!("unsupported jsonb version number {version}")))
        }
        None => Err(EvalError::new("08P01", "no data left in message")),
    }
}

/// `jsonpath_recv`
pub(super) fn receive_path<'a>(bytes: &[u8], arena: &'a Arena) -> EvalResult<&'a str> {
    match bytes.split_first() {
        Some((&VERSION, text)) => Ok(arena.push_str(crate::jsonpath::canonical(character::utf8(text)?)?)),
        Some((version, _)) => {
            Err(EvalError::new("XX000", format!("unsupported jsonpath version number: {version}")))
        }
        None => Err(EvalError::new("08P01", "no data left in message")),
    }
}
