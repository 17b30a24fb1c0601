//! jsonb's binary form: a version byte, then text.

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
