//! Enum types: comparisons, the first and last label, ranges of labels.

use crate::context::Env;
use crate::registry::{Function, comparisons, total};
use tidewire_plan::{EnumType, ScalarType};
use tidewire_row::{ArrayBuilder, Datum, EnumValue, EvalError, EvalResult};

fn enum_of(scalar: ScalarType) -> EvalResult<&'static EnumType> {
    match scalar {
        ScalarType::Enum(of) => Ok(of),
        ScalarType::Array(ScalarType::Enum(of)) => Ok(of),
        other => Err(EvalError::new("XX000", format!("{other:?} is no enum type"))),
    }
}

/// The argument's value does not matter, its type does: it is the result's.
fn end<'a>(env: &Env<'a>, last: bool) -> EvalResult<Datum<'a>> {
    let of = enum_of(env.result)?;
    let definition = of.definition();
    let labels = definition.labels();
    match if last { labels.last() } else { labels.first() } {
        Some(label) => Ok(Datum::Enum(EnumValue::new(label.place, of))),
        None => Err(EvalError::new("55000", format!("enum {} contains no values", definition.name()))),
    }
}

/// The labels from one to another; NULL: from the first, to the last.
fn range<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let of = enum_of(env.result)?;
    let [first, last] = match *arguments {
        [_] => [None, None],
        [first, last] => [first, last].map(|bound| match bound {
            Datum::Enum(value) => Some(value.place()),
            _ => None,
        }),
        _ => return Err(EvalError::new("XX000", "enum_range takes one or two arguments")),
    };
    let mut builder = ArrayBuilder::new(ScalarType::enumeration(of.oid()));
    for label in of.definition().labels() {
        if first.is_none_or(|first| first <= label.place) && last.is_none_or(|last| label.place <= last) {
            builder.push(Datum::Enum(EnumValue::new(label.place, of)));
        }
    }
    Ok(Datum::Array(builder.finish(env.arena)?))
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!(Enum, Enum, ["enum_eq", "enum_ne", "enum_lt", "enum_le", "enum_gt", "enum_ge"], |a, b| a
        .compare(&b)),
    &[
        total!("enum_cmp", (a: Enum, b: Enum) => a.compare(&b) as i32),
        total!("enum_smaller", (a: Enum, b: Enum) => if a.compare(&b).is_le() { a } else { b }),
        total!("enum_larger", (a: Enum, b: Enum) => if a.compare(&b).is_ge() { a } else { b }),
        // Labels come and go: nothing of them is folded.
        Function::lenient("enum_first", |_, env| end(env, false)).stable(),
        Function::lenient("enum_last", |_, env| end(env, true)).stable(),
        Function::lenient("enum_range_all", range).stable(),
        Function::lenient("enum_range_bounds", range).stable(),
    ],
];
