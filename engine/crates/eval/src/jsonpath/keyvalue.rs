//! `.keyvalue()`: an object for each member, with a number that says whose member it is.

use super::execute::{BaseObject, Executor, Found, Outcome, Step, again};
use super::value::Value;
use tidewire_row::jsonpath::Item;
use tidewire_row::{EvalError, JsonbBuilder, Numeric};

/// Objects of one base are apart by where they lie in it, which is less than this.
const BASES: i64 = 10_000_000_000;

pub(super) fn run<'v>(
    executor: &mut Executor<'v>,
    chain: &'v [Item],
    value: Value<'v>,
    mut found: Found<'_, 'v>,
) -> Step {
    let Value::Object(object) = value else {
        let message = "jsonpath item method .keyvalue() can only be applied to an object";
        return executor.fail(|| EvalError::new("2203C", message));
    };
    if object.is_empty() {
        return Ok(Outcome::NotFound);
    }
    if chain.len() == 1 && found.is_none() {
        return Ok(Outcome::Found);
    }
    let offset = executor.base.container.and_then(|base| executor.offset(object, base)).unwrap_or(0);
    let id = Numeric::from_i64(executor.base.id * BASES + offset);
    let mut outcome = Outcome::NotFound;
    for (key, child) in object.pairs() {
        let mut builder = JsonbBuilder::new();
        builder.begin_object();
        builder.key("key");
        builder.push_string(key);
        builder.key("value");
        builder.push_jsonb(child);
        builder.key("id");
        builder.push_numeric(id);
        builder.end();
        let pair = builder.finish(executor.arena);
        let base = executor.base;
        executor.base = BaseObject { container: Some(pair), id: executor.next_id };
        executor.next_id += 1;
        let step = executor.next(chain, Value::Object(pair), again(&mut found));
        executor.base = base;
        outcome = step?;
        if outcome == Outcome::Error || outcome == Outcome::Found && found.is_none() {
            break;
        }
    }
    Ok(outcome)
}
