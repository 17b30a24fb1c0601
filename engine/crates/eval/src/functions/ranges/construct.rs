//! Ranges of bounds, multiranges of ranges. The call's type says over what.

use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_plan::{RangeType, ScalarType};
use tidewire_row::{Arena, Bound, Datum, EvalError, EvalResult, MultirangeRef, RangeRef};

/// Whether the bounds belong to the range: `[]`, `[)`, `(]` or `()`.
fn inclusion(flags: &str) -> EvalResult<(bool, bool)> {
    match flags {
        "[]" => Ok((true, true)),
        "[)" => Ok((true, false)),
        "(]" => Ok((false, true)),
        "()" => Ok((false, false)),
        _ => Err(EvalError::new("42601", "invalid range bound flags")
            .with_hint("Valid values are \"[]\", \"[)\", \"(]\", and \"()\".")),
    }
}

fn range<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let ScalarType::Range(of) = env.result else { return Err(mismatch("range_constructor", values)) };
    let (lower, upper, (from, to)) = match *values {
        [lower, upper] => (lower, upper, (true, false)),
        [lower, upper, Datum::Text(flags)] => (lower, upper, inclusion(flags)?),
        [_, _, Datum::Null] => {
            return Err(EvalError::new("22000", "range constructor flags argument must not be null"));
        }
        _ => return Err(mismatch("range_constructor", values)),
    };
    let scratch = Arena::new();
    let lower = Bound::lower(lower, from, &scratch);
    let upper = Bound::upper(upper, to, &scratch);
    Ok(Datum::Range(RangeRef::new(of, lower, upper, env.arena)?))
}

fn multirange_type(env: &Env<'_>) -> EvalResult<RangeType> {
    match env.result {
        ScalarType::Multirange(of) => Ok(of),
        other => Err(EvalError::new("XX000", format!("{} is no multirange type", other.name()))),
    }
}

fn multirange<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let of = multirange_type(env)?;
    let made = match *values {
        [] => MultirangeRef::new(of, [], env.arena),
        [Datum::Range(range)] => MultirangeRef::new(of, [range], env.arena),
        [Datum::Array(array)] => {
            if array.dimension_count() > 1 {
                let message = "multiranges cannot be constructed from multidimensional arrays";
                return Err(EvalError::new("21000", message));
            }
            let scratch = Arena::new();
            let ranges = array.elements(&scratch).map(|element| match element {
                Datum::Range(range) => Ok(range),
                _ => Err(EvalError::new("22004", "multirange values cannot contain null members")),
            });
            MultirangeRef::new(of, ranges.collect::<EvalResult<Vec<_>>>()?, env.arena)
        }
        _ => return Err(mismatch("multirange_constructor", values)),
    };
    Ok(Datum::Multirange(made))
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::lenient("range_constructor2", range),
    Function::lenient("range_constructor3", range),
    Function::strict("multirange_constructor0", multirange),
    Function::strict("multirange_constructor1", multirange),
    Function::strict("multirange_constructor2", multirange),
];
