//! `+`, `-`, `*`, `/`, `%` and the signs.

use super::execute::{Executor, Found, Outcome, Step, again};
use super::value::Value;
use tidewire_row::jsonpath::{Arithmetic, Chain, Item};
use tidewire_row::{EvalError, Numeric};

/// Both operands must be one number each.
pub(super) fn binary<'v>(
    executor: &mut Executor<'v>,
    chain: &'v [Item],
    operator: Arithmetic,
    both: &'v [Chain; 2],
    value: Value<'v>,
    found: Found<'_, 'v>,
) -> Step {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    if executor.results(&both[0], value, true, &mut left)? == Outcome::Error
        || executor.results(&both[1], value, true, &mut right)? == Outcome::Error
    {
        return Ok(Outcome::Error);
    }
    let refused = |side: &str| {
        let message =
            format!("{side} operand of jsonpath operator {} is not a single numeric value", operator.sign());
        EvalError::new("22038", message)
    };
    let [Value::Number(left)] = left.as_slice() else { return executor.fail(|| refused("left")) };
    let [Value::Number(right)] = right.as_slice() else { return executor.fail(|| refused("right")) };
    match compute(operator, *left, right, executor) {
        Ok(_) if chain.len() == 1 && found.is_none() => Ok(Outcome::Found),
        Ok(result) => executor.next(chain, Value::Number(result), found),
        Err(error) => executor.fail(|| error),
    }
}

fn compute<'v>(
    operator: Arithmetic,
    left: Numeric<'v>,
    right: &Numeric<'v>,
    executor: &Executor<'v>,
) -> Result<Numeric<'v>, EvalError> {
    let arena = executor.arena;
    match operator {
        Arithmetic::Add => left.add(right, arena),
        Arithmetic::Subtract => left.sub(right, arena),
        Arithmetic::Multiply => left.mul(right, arena),
        Arithmetic::Divide => left.div(right, arena),
        Arithmetic::Modulo => left.rem(right, arena),
    }
}

/// Each value must be a number. Where only existence is asked, the others are passed over.
pub(super) fn unary<'v>(
    executor: &mut Executor<'v>,
    chain: &'v [Item],
    of: &'v Chain,
    negative: bool,
    value: Value<'v>,
    mut found: Found<'_, 'v>,
) -> Step {
    let mut values = Vec::new();
    if executor.results(of, value, true, &mut values)? == Outcome::Error {
        return Ok(Outcome::Error);
    }
    let ends_here = chain.len() == 1 && found.is_none();
    let mut outcome = Outcome::NotFound;
    for value in values {
        let Value::Number(number) = value else {
            if ends_here {
                continue;
            }
            let sign = if negative { '-' } else { '+' };
            return executor.fail(|| {
                let message = format!("operand of unary jsonpath operator {sign} is not a numeric value");
                EvalError::new("2203B", message)
            });
        };
        if ends_here {
            return Ok(Outcome::Found);
        }
        let result = if negative { number.neg(executor.arena) } else { number };
        match executor.next(chain, Value::Number(result), again(&mut found))? {
            Outcome::Error => return Ok(Outcome::Error),
            Outcome::Found if found.is_none() => return Ok(Outcome::Found),
            Outcome::Found => outcome = Outcome::Found,
            Outcome::NotFound => {}
        }
    }
    Ok(outcome)
}
