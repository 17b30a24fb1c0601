//! What is wrong with a text as the input of a type: for `pg_input_is_valid` and `pg_input_error_info`.

use crate::context::Env;
use crate::populate;
use crate::registry::{Function, mismatch};
use tidewire_row::array::Dimension;
use tidewire_row::{ArrayBuilder, Datum, EvalResult, ScalarType, text_in};

/// The SQLSTATE of input that has no value of its own.
const NOT_A_CONSTANT: &str = "0A000";

/// `(text, shape of one field)`: message, detail, hint and SQLSTATE of the error; NULL where there is none.
fn input_error<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [Datum::Text(text), Datum::Text(shape)] = *arguments else {
        return Err(mismatch("input_error", arguments));
    };
    let (scalar, typmod) = populate::returned(shape, env)?;
    let Err(error) = text_in(scalar, typmod, text, env.settings(), env.arena) else {
        return Ok(Datum::Null);
    };
    // A word for the current time: as a literal it is a value.
    if error.sqlstate() == NOT_A_CONSTANT {
        return Ok(Datum::Null);
    }
    let optional = |field: Option<&'a str>| field.map_or(Datum::Null, Datum::Text);
    let kept = |field: &str| env.arena.push_str(field);
    let mut fields = ArrayBuilder::new(&ScalarType::Text);
    fields.push(Datum::Text(kept(error.message())));
    fields.push(optional(error.detail().map(kept)));
    fields.push(optional(error.hint().map(kept)));
    fields.push(Datum::Text(kept(error.sqlstate())));
    Ok(Datum::Array(fields.finish_as(&[Dimension { length: 4, lower: 1 }], env.arena)))
}

pub(super) const FUNCTIONS: &[Function] = &[Function::strict("input_error", input_error).stable()];
