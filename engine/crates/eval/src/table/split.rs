//! Text split into rows.

use super::Rows;
use crate::context::Env;
use crate::functions::regexp::split_pieces;
use tidewire_row::{Datum, EvalError, EvalResult};

/// A NULL separator splits into characters; an empty one does not split.
pub(super) fn string_to_table(arguments: &[Datum<'_>], rows: &mut Rows) -> EvalResult<()> {
    let [Datum::Text(text), separator, null] = *arguments else { return Ok(()) };
    let mut push = |piece: &str| match null {
        Datum::Text(null) if null == piece => rows.push(&[Datum::Null]),
        _ => rows.push(&[Datum::Text(piece)]),
    };
    if text.is_empty() {
        return Ok(());
    }
    match separator {
        Datum::Text("") => push(text),
        Datum::Text(separator) => text.split(separator).try_for_each(push),
        _ => {
            let mut buffer = [0; 4];
            text.chars().try_for_each(|character| push(character.encode_utf8(&mut buffer)))
        }
    }
}

pub(super) fn regexp_split_to_table(
    arguments: &[Datum<'_>],
    env: &Env<'_>,
    rows: &mut Rows,
) -> EvalResult<()> {
    let [Datum::Text(text), Datum::Text(pattern), Datum::Text(flags)] = *arguments else {
        return Err(EvalError::new("XX000", "regexp_split_to_table: texts are wanted"));
    };
    for piece in split_pieces(text, pattern, flags, "regexp_split_to_table()", env)? {
        rows.push(&[Datum::Text(piece)])?;
    }
    Ok(())
}
