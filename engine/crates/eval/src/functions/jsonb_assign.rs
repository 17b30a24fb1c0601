//! `SET column['a'][0] = …` of a jsonb column, as PostgreSQL's jsonb_set_element: what the path leads through is made where
//! it is missing, and an array is filled with nulls up to a place behind its end.

use super::jsonb_path::{MOST_LEVELS, place};
use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_row::work::spend;
use tidewire_row::{Datum, EvalError, EvalResult, JsonbBuilder, JsonbRef, jsonb};

/// How many elements an array of PostgreSQL's may have while it is made.
const MOST_ELEMENTS: i64 = 33_554_431;

/// A step of the path: a key of objects, which may be a place in arrays too.
struct Step<'a> {
    key: &'a str,
    place: Option<i32>,
}

/// `(jsonb, value, step…)`: a step is a text or an integer; NULL as the value is JSON's null.
fn set_element<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [base, value, steps @ ..] = arguments else { return Err(mismatch("jsonb_set_element", arguments)) };
    let path = steps
        .iter()
        .map(|step| match *step {
            Datum::Text(key) => Ok(Step { key, place: place(key) }),
            Datum::Int32(index) => {
                Ok(Step { key: env.arena.push_str(index.to_string()), place: Some(index) })
            }
            _ => Err(EvalError::new("22004", "jsonb subscript in assignment must not be null")),
        })
        .collect::<EvalResult<Vec<_>>>()?;
    if path.len() > MOST_LEVELS {
        return Err(EvalError::new("54001", "stack depth limit exceeded"));
    }
    let value = match value {
        Datum::Jsonb(value) => Some(*value),
        _ => None,
    };
    let base = match base {
        Datum::Jsonb(base) => *base,
        // Here the type of the step counts, not what its text could be.
        _ => jsonb::parse(if matches!(steps, [Datum::Text(_), ..]) { "{}" } else { "[]" }, env.arena)?,
    };
    let mut builder = JsonbBuilder::new();
    Assignment { path: &path, value }.put(&mut builder, Some(base), 0)?;
    Ok(Datum::Jsonb(builder.finish(env.arena)))
}

struct Assignment<'a, 'p> {
    path: &'p [Step<'a>],
    /// None: JSON's null.
    value: Option<JsonbRef<'a>>,
}

impl<'a> Assignment<'a, '_> {
    /// What stands at a level of the path in the place of `old`; None: of nothing.
    fn put(&self, builder: &mut JsonbBuilder, old: Option<JsonbRef<'a>>, level: usize) -> EvalResult<()> {
        let Some(step) = self.path.get(level) else {
            match self.value {
                Some(value) => builder.push_jsonb(value),
                None => builder.push_null(),
            }
            return Ok(());
        };
        match old {
            None => match step.place {
                None => {
                    builder.begin_object();
                    builder.key(step.key);
                    self.put(builder, None, level + 1)?;
                    builder.end();
                    Ok(())
                }
                Some(place) => {
                    builder.begin_array();
                    self.append(builder, i64::from(place), level)
                }
            },
            Some(old) if old.is_object() => self.put_in_object(builder, old, step, level),
            Some(old) if old.is_array() => self.put_in_array(builder, old, step, level),
            Some(_) => Err(EvalError::new("22023", "cannot replace existing key")
                .with_detail("The path assumes key is a composite object, but it is a scalar value.")),
        }
    }

    fn put_in_object(
        &self,
        builder: &mut JsonbBuilder,
        old: JsonbRef<'a>,
        step: &Step<'a>,
        level: usize,
    ) -> EvalResult<()> {
        builder.begin_object();
        let mut found = None;
        for (key, child) in old.pairs() {
            if key == step.key {
                found = Some(child);
            } else {
                builder.key(key);
                builder.push_jsonb(child);
            }
        }
        builder.key(step.key);
        self.put(builder, found, level + 1)?;
        builder.end();
        Ok(())
    }

    fn put_in_array(
        &self,
        builder: &mut JsonbBuilder,
        old: JsonbRef<'a>,
        step: &Step<'a>,
        level: usize,
    ) -> EvalResult<()> {
        let position = level + 1;
        let Some(place) = step.place else {
            let message = format!("path element at position {position} is not an integer: \"{}\"", step.key);
            return Err(EvalError::new("22P02", message));
        };
        let length = old.len() as i64;
        let index = if place < 0 { length + i64::from(place) } else { i64::from(place) };
        if index < 0 {
            let message = format!("path element at position {position} is out of range: {place}");
            return Err(EvalError::new("22023", message));
        }
        builder.begin_array();
        for (at, child) in old.elements().enumerate() {
            if at as i64 == index {
                self.put(builder, Some(child), level + 1)?;
            } else {
                builder.push_jsonb(child);
            }
        }
        if index < length {
            builder.end();
            return Ok(());
        }
        self.append(builder, index - length, level)
    }

    /// So many nulls (none, if it is less than one), what comes after them, and the array's end.
    fn append(&self, builder: &mut JsonbBuilder, nulls: i64, level: usize) -> EvalResult<()> {
        if nulls >= MOST_ELEMENTS {
            let message =
                format!("number of jsonb array elements exceeds the maximum allowed ({MOST_ELEMENTS})");
            return Err(EvalError::new("54000", message));
        }
        for _ in 0..nulls {
            builder.push_null();
        }
        spend(nulls.max(0) as u64 / 16);
        self.put(builder, None, level + 1)?;
        builder.end();
        Ok(())
    }
}

pub(super) const FUNCTIONS: &[Function] = &[Function::lenient("jsonb_set_element", set_element)];
