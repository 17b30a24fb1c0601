//! Arrays as rows.

use super::Rows;
use crate::context::Env;
use crate::functions::regexp::all_matches;
use tidewire_row::{Arena, Datum, EvalError, EvalResult};

/// The elements in row-major order; a multirange's ranges.
pub(super) fn unnest<'a>(arguments: &[Datum<'a>], arena: &'a Arena, rows: &mut Rows) -> EvalResult<()> {
    match *arguments {
        [Datum::Array(array)] => array.elements(arena).try_for_each(|value| rows.push(&[value])),
        [Datum::Multirange(all)] => all.ranges(arena).try_for_each(|range| rows.push(&[Datum::Range(range)])),
        _ => Err(EvalError::new("XX000", "unnest: an array or multirange is wanted")),
    }
}

/// The elements of an array of one dimension with their places, from 1: `information_schema._pg_expandarray`.
pub(super) fn expand<'a>(arguments: &[Datum<'a>], arena: &'a Arena, rows: &mut Rows) -> EvalResult<()> {
    let [Datum::Array(array)] = *arguments else {
        return Err(EvalError::new("XX000", "_pg_expandarray: an array is wanted"));
    };
    let mut place = 0;
    array.elements(arena).try_for_each(|value| {
        place += 1;
        rows.push(&[value, Datum::Int32(place)])
    })
}

/// The subscripts of one dimension.
pub(super) fn subscripts(arguments: &[Datum<'_>], rows: &mut Rows) -> EvalResult<()> {
    let [Datum::Array(array), Datum::Int32(dimension), Datum::Bool(reverse)] = *arguments else {
        return Err(EvalError::new("XX000", "generate_subscripts: an array and a dimension are wanted"));
    };
    let dimensions = array.dimensions();
    let Some(dimension) = usize::try_from(dimension - 1).ok().and_then(|index| dimensions.get(index)) else {
        return Ok(());
    };
    let mut push = |subscript: i32| rows.push(&[Datum::Int32(subscript)]);
    let all = dimension.lower..=dimension.upper();
    if reverse { all.rev().try_for_each(&mut push) } else { all.into_iter().try_for_each(&mut push) }
}

pub(super) fn regexp_matches<'a>(arguments: &[Datum<'a>], env: &Env<'a>, rows: &mut Rows) -> EvalResult<()> {
    let [Datum::Text(text), Datum::Text(pattern), Datum::Text(flags)] = *arguments else {
        return Err(EvalError::new("XX000", "regexp_matches: texts are wanted"));
    };
    let found = all_matches(text, pattern, flags, env)?;
    found.into_iter().try_for_each(|array| rows.push(&[Datum::Array(array)]))
}
