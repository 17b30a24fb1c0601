//! Arrays from values: ARRAY[…], array_fill, and what adds elements.

use super::element_of;
use crate::context::Env;
use crate::registry::{Function, mismatch};
use smallvec::smallvec;
use tidewire_plan::ScalarType;
use tidewire_row::array::{Dimension, Dimensions, MAX_DIMENSIONS, MAX_ELEMENTS, checked_length};
use tidewire_row::{Arena, ArrayBuilder, ArrayRef, Datum, EvalError, EvalResult};

/// ARRAY[…]. Nested: the values are arrays; NULLs among them count as arrays without elements.
pub(crate) fn construct<'a>(
    values: &[Datum<'a>],
    nested: bool,
    element: &'static ScalarType,
    arena: &'a Arena,
) -> EvalResult<Datum<'a>> {
    let mut builder = ArrayBuilder::new(element);
    if !nested {
        values.iter().for_each(|value| builder.push(*value));
        return Ok(Datum::Array(builder.finish(arena)?));
    }
    let mut inner: Option<Dimensions> = None;
    let mut some_empty = false;
    for value in values {
        let Datum::Array(part) = value else {
            some_empty = true;
            continue;
        };
        let dimensions = part.dimensions();
        if dimensions.is_empty() {
            some_empty = true;
            continue;
        }
        match &inner {
            None => inner = Some(dimensions),
            Some(first) if *first == dimensions => {}
            Some(_) => return Err(mismatched()),
        }
        builder.push_all(part);
    }
    let Some(inner) = inner else { return Ok(Datum::Array(ArrayRef::empty(element))) };
    if some_empty {
        return Err(mismatched());
    }
    stacked(builder, values.len(), &inner, arena)
}

fn mismatched() -> EvalError {
    EvalError::new("2202E", "multidimensional arrays must have array expressions with matching dimensions")
}

/// The array of so many parts of these dimensions.
pub(crate) fn stacked<'a>(
    builder: ArrayBuilder,
    parts: usize,
    inner: &[Dimension],
    arena: &'a Arena,
) -> EvalResult<Datum<'a>> {
    let mut dimensions: Dimensions = smallvec![Dimension { length: checked_length(parts)?, lower: 1 }];
    dimensions.extend_from_slice(inner);
    if dimensions.len() > MAX_DIMENSIONS {
        return Err(too_many_dimensions(dimensions.len()));
    }
    checked_length(builder.len())?;
    Ok(Datum::Array(builder.finish_as(&dimensions, arena)))
}

pub(super) fn too_many_dimensions(count: usize) -> EvalError {
    EvalError::new(
        "54000",
        format!("number of array dimensions ({count}) exceeds the maximum allowed ({MAX_DIMENSIONS})"),
    )
}

/// array_append and array_prepend: a NULL array is an empty one.
fn with_element<'a>(array: Datum<'a>, value: Datum<'a>, front: bool, env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let element = element_of(env.result);
    let array = match array {
        Datum::Array(array) => array,
        _ => ArrayRef::empty(element),
    };
    let dimensions = array.dimensions();
    let lower = match dimensions[..] {
        [] => 1,
        [dimension] => dimension.lower,
        _ => return Err(EvalError::new("22000", "argument must be empty or one-dimensional array")),
    };
    let mut builder = ArrayBuilder::new(element);
    if front {
        builder.push(value);
        builder.push_all(&array);
    } else {
        builder.push_all(&array);
        builder.push(value);
    }
    let length = checked_length(builder.len())?;
    if lower.checked_add(length).is_none() {
        return Err(EvalError::out_of_range("integer"));
    }
    Ok(Datum::Array(builder.finish_as(&[Dimension { length, lower }], env.arena)))
}

fn append<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *values {
        [array, value] => with_element(array, value, false, env),
        _ => Err(mismatch("array_append", values)),
    }
}

fn prepend<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *values {
        [value, array] => with_element(array, value, true, env),
        _ => Err(mismatch("array_prepend", values)),
    }
}

/// `||` of two arrays: of the same number of dimensions, or one of them a part for the other.
fn concatenate<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let (left, right) = match *values {
        [Datum::Array(left), Datum::Array(right)] => (left, right),
        [Datum::Null, other] | [other, Datum::Null] => return Ok(other),
        _ => return Err(mismatch("array_cat", values)),
    };
    let (a, b) = (left.dimensions(), right.dimensions());
    if b.is_empty() {
        return Ok(Datum::Array(left));
    }
    if a.is_empty() {
        return Ok(Datum::Array(right));
    }
    let incompatible = |detail: String| {
        Err(EvalError::new("2202E", "cannot concatenate incompatible arrays").with_detail(detail))
    };
    let same_shape = |a: &[Dimension], b: &[Dimension]| {
        a.iter().zip(b).all(|(a, b)| a.length == b.length && a.lower == b.lower)
    };
    let mut dimensions;
    if a.len() == b.len() {
        if !same_shape(&a[1..], &b[1..]) {
            return incompatible(
                "Arrays with differing element dimensions are not compatible for concatenation.".into(),
            );
        }
        dimensions = a.clone();
        dimensions[0].length = a[0].length.saturating_add(b[0].length);
    } else {
        let (whole, part) = if a.len() > b.len() { (&a, &b) } else { (&b, &a) };
        if whole.len() != part.len() + 1 {
            return incompatible(format!(
                "Arrays of {} and {} dimensions are not compatible for concatenation.",
                a.len(),
                b.len()
            ));
        }
        if !same_shape(&whole[1..], part) {
            return incompatible(
                "Arrays with differing dimensions are not compatible for concatenation.".into(),
            );
        }
        dimensions = whole.clone();
        dimensions[0].length = whole[0].length.saturating_add(1);
    }
    let mut builder = ArrayBuilder::new(element_of(env.result));
    builder.push_all(&left);
    builder.push_all(&right);
    checked_length(builder.len())?;
    Ok(Datum::Array(builder.finish_as(&dimensions, env.arena)))
}

/// array_fill
fn fill<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let (value, lengths, lowers) = match *values {
        [value, lengths] => (value, lengths, None),
        [value, lengths, lowers] => (value, lengths, Some(lowers)),
        _ => return Err(mismatch("array_fill", values)),
    };
    let integers = |array: Datum<'a>| -> EvalResult<Vec<i32>> {
        let null = || EvalError::new("22004", "dimension array or low bound array cannot be null");
        let Datum::Array(array) = array else { return Err(null()) };
        if array.dimension_count() > 1 {
            return Err(EvalError::new("2202E", "wrong number of array subscripts")
                .with_detail("Dimension array must be one dimensional."));
        }
        array
            .elements(env.arena)
            .map(|value| match value {
                Datum::Int32(value) => Ok(value),
                _ => Err(EvalError::new("22004", "dimension values cannot be null")),
            })
            .collect()
    };
    let lowers = match lowers {
        Some(Datum::Null) => {
            return Err(EvalError::new("22004", "dimension array or low bound array cannot be null"));
        }
        other => other,
    };
    let lengths = integers(lengths)?;
    let lowers = match lowers {
        None => vec![1; lengths.len()],
        Some(lowers) => integers(lowers)?,
    };
    if lengths.len() > MAX_DIMENSIONS {
        return Err(too_many_dimensions(lengths.len()));
    }
    if lowers.len() != lengths.len() {
        return Err(EvalError::new("2202E", "wrong number of array subscripts")
            .with_detail("Low bound array has different size than dimensions array."));
    }
    let element = element_of(env.result);
    let mut total = 1usize;
    for length in &lengths {
        let Ok(length) = usize::try_from(*length) else {
            return Err(EvalError::new(
                "54000",
                format!("array size exceeds the maximum allowed ({MAX_ELEMENTS})"),
            ));
        };
        total = total.saturating_mul(length);
    }
    if lengths.is_empty() || total == 0 {
        return Ok(Datum::Array(ArrayRef::empty(element)));
    }
    checked_length(total)?;
    let dimensions: Dimensions = lengths
        .iter()
        .zip(&lowers)
        .map(|(length, lower)| Dimension { length: *length, lower: *lower })
        .collect();
    if dimensions.iter().any(|dimension| dimension.lower.checked_add(dimension.length).is_none()) {
        let message = "array lower bound is too large".to_owned();
        return Err(EvalError::new("54000", message));
    }
    tidewire_row::work::spend(total as u64 / 16);
    let mut packed = Vec::new();
    tidewire_row::push_datum(&mut packed, value);
    if packed.len().saturating_mul(total) > super::super::text::MAX_BYTES {
        return Err(EvalError::new(
            "54000",
            format!("array size exceeds the maximum allowed ({MAX_ELEMENTS})"),
        ));
    }
    let mut builder = ArrayBuilder::new(element);
    (0..total).for_each(|_| builder.push_packed(&packed));
    Ok(Datum::Array(builder.finish_as(&dimensions, env.arena)))
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::lenient("array_append", append),
    Function::lenient("array_prepend", prepend),
    Function::lenient("array_cat", concatenate),
    Function::lenient("array_fill", fill),
    Function::lenient("array_fill_with_lower_bounds", fill),
];
