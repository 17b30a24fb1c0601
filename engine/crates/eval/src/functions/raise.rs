//! An error whose message has values in it.

use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_row::{Datum, EvalError, EvalResult};

/// `(SQLSTATE, message[, detail])`: raises that error.
fn raise<'a>(arguments: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *arguments {
        [Datum::Text(sqlstate), Datum::Text(message)] => Err(EvalError::new(sqlstate, message)),
        [Datum::Text(sqlstate), Datum::Text(message), Datum::Text(detail)] => {
            Err(EvalError::new(sqlstate, message).with_detail(detail))
        }
        _ => Err(mismatch("raise", arguments)),
    }
}

pub(super) const FUNCTIONS: &[Function] = &[Function::strict("raise", raise)];
