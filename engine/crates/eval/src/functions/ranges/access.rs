//! What a range says of itself: its bounds, and whether it is empty. A multirange's are those of its ends.

use super::ends;
use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_row::range::Bound;
use tidewire_row::{Datum, EvalResult};

/// The range or multirange that a function of one argument is given.
fn only<'a>(values: &[Datum<'a>]) -> EvalResult<Datum<'a>> {
    match *values {
        [value @ (Datum::Range(_) | Datum::Multirange(_))] => Ok(value),
        _ => Err(mismatch("a function of a range", values)),
    }
}

/// The value of a bound; NULL if there is none.
fn value<'a>(values: &[Datum<'a>], env: &Env<'a>, upper: bool) -> EvalResult<Datum<'a>> {
    Ok(ends(only(values)?).map_or(Datum::Null, |(of, bounds)| {
        let bound = if upper { bounds.1 } else { bounds.0 };
        bound.datum(of, env.arena)
    }))
}

/// A test of a bound, which fails for what is empty.
fn test<'a>(values: &[Datum<'a>], upper: bool, test: fn(Bound<'_>) -> bool) -> EvalResult<Datum<'a>> {
    Ok(Datum::Bool(
        ends(only(values)?).is_some_and(|(_, (lower, higher))| test(if upper { higher } else { lower })),
    ))
}

fn lower<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    value(values, env, false)
}

fn upper<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    value(values, env, true)
}

fn is_empty<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    Ok(Datum::Bool(match only(values)? {
        Datum::Range(range) => range.is_empty(),
        Datum::Multirange(multirange) => multirange.is_empty(),
        _ => false,
    }))
}

fn lower_inc<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    test(values, false, |bound| bound.is_inclusive())
}

fn upper_inc<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    test(values, true, |bound| bound.is_inclusive())
}

fn lower_inf<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    test(values, false, |bound| bound.is_infinite())
}

fn upper_inf<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    test(values, true, |bound| bound.is_infinite())
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::strict("range_lower", lower),
    Function::strict("range_upper", upper),
    Function::strict("range_empty", is_empty),
    Function::strict("range_lower_inc", lower_inc),
    Function::strict("range_upper_inc", upper_inc),
    Function::strict("range_lower_inf", lower_inf),
    Function::strict("range_upper_inf", upper_inf),
    Function::strict("multirange_lower", lower),
    Function::strict("multirange_upper", upper),
    Function::strict("multirange_empty", is_empty),
    Function::strict("multirange_lower_inc", lower_inc),
    Function::strict("multirange_upper_inc", upper_inc),
    Function::strict("multirange_lower_inf", lower_inf),
    Function::strict("multirange_upper_inf", upper_inf),
];
