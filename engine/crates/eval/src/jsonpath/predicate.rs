//! Predicates: true, false, or unknown (None). Errors in what they are about make them unknown.

use super::execute::{Executor, Outcome};
use super::value::Value;
use tidewire_row::EvalResult;
use tidewire_row::jsonpath::{Chain, Comparison, Item};

/// Three-valued truth.
type Truth = Option<bool>;

impl<'v> Executor<'v> {
    /// The truth of a chain that is a predicate.
    pub(super) fn condition(&mut self, chain: &'v Chain, value: Value<'v>) -> EvalResult<Truth> {
        match chain.first() {
            Some(item) => self.predicate(item, value),
            None => Ok(None),
        }
    }

    pub(super) fn predicate(&mut self, item: &'v Item, value: Value<'v>) -> EvalResult<Truth> {
        match item {
            Item::And(both) => {
                let left = self.condition(&both[0], value)?;
                if left == Some(false) {
                    return Ok(left);
                }
                let right = self.condition(&both[1], value)?;
                Ok(if right == Some(true) { left } else { right })
            }
            Item::Or(both) => {
                let left = self.condition(&both[0], value)?;
                if left == Some(true) {
                    return Ok(left);
                }
                let right = self.condition(&both[1], value)?;
                Ok(if right == Some(false) { left } else { right })
            }
            Item::Not(of) => Ok(self.condition(of, value)?.map(|truth| !truth)),
            Item::IsUnknown(of) => Ok(Some(self.condition(of, value)?.is_none())),
            Item::Comparison(operator, both) => {
                let zoned = self.zoned;
                let env = self.env;
                self.pairs(both, value, true, |left, right| compare(*operator, left, right, zoned, &env))
            }
            Item::StartsWith(both) => self.pairs(both, value, false, |left, right| {
                Ok(match (left, right) {
                    (Value::String(whole), Value::String(initial)) => Some(whole.starts_with(initial)),
                    _ => None,
                })
            }),
            Item::LikeRegex { value: of, number, .. } => {
                let pattern = self.prepared.pattern(*number)?;
                let Some(left) = self.operand(of, value, true)? else { return Ok(None) };
                self.any_of(left.iter().copied(), |value| match value {
                    Value::String(text) => pattern.is_match(text).map(Some),
                    _ => Ok(None),
                })
            }
            Item::Exists(of) => {
                let throws = std::mem::replace(&mut self.throws, false);
                let step = if self.lax {
                    self.item(of, value, None)
                } else {
                    // A strict path must have no error anywhere.
                    let mut found = Vec::new();
                    self.item(of, value, Some(&mut found)).map(|step| match step {
                        Outcome::Error => Outcome::Error,
                        _ if found.is_empty() => Outcome::NotFound,
                        _ => Outcome::Found,
                    })
                };
                self.throws = throws;
                Ok(match step? {
                    Outcome::Found => Some(true),
                    Outcome::NotFound => Some(false),
                    Outcome::Error => None,
                })
            }
            _ => Ok(None),
        }
    }

    /// An operand's values; None: an error.
    fn operand(
        &mut self,
        chain: &'v Chain,
        value: Value<'v>,
        unwrap: bool,
    ) -> EvalResult<Option<Vec<Value<'v>>>> {
        let mut found = Vec::new();
        let throws = std::mem::replace(&mut self.throws, false);
        let step = self.results(chain, value, unwrap, &mut found);
        self.throws = throws;
        Ok(if step? == Outcome::Error { None } else { Some(found) })
    }

    /// Whether it holds of any pair. Strict paths look at all pairs, to find an error.
    fn pairs(
        &mut self,
        both: &'v [Chain; 2],
        value: Value<'v>,
        unwrap_right: bool,
        mut holds: impl FnMut(Value<'v>, Value<'v>) -> EvalResult<Truth>,
    ) -> EvalResult<Truth> {
        let Some(left) = self.operand(&both[0], value, true)? else { return Ok(None) };
        let Some(right) = self.operand(&both[1], value, unwrap_right)? else { return Ok(None) };
        let pairs = left.iter().flat_map(|left| right.iter().map(move |right| (*left, *right)));
        self.any_of(pairs, |(left, right)| holds(left, right))
    }

    /// Whether it holds of any of these. Strict paths look at all, to find an error.
    fn any_of<T>(
        &self,
        values: impl IntoIterator<Item = T>,
        mut holds: impl FnMut(T) -> EvalResult<Truth>,
    ) -> EvalResult<Truth> {
        let (mut found, mut error) = (false, false);
        for value in values {
            match holds(value)? {
                None if !self.lax => return Ok(None),
                None => error = true,
                Some(true) if self.lax => return Ok(Some(true)),
                Some(true) => found = true,
                Some(false) => {}
            }
        }
        Ok(if found {
            Some(true)
        } else if error {
            None
        } else {
            Some(false)
        })
    }
}

/// Values of different types do not compare; null is unequal to all others, and neither less nor greater.
fn compare(
    operator: Comparison,
    left: Value<'_>,
    right: Value<'_>,
    zoned: bool,
    env: &crate::context::Env<'_>,
) -> EvalResult<Truth> {
    let order = match (left, right) {
        (Value::Null, Value::Null) => std::cmp::Ordering::Equal,
        (Value::Null, _) | (_, Value::Null) => return Ok(Some(operator == Comparison::NotEqual)),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(&right),
        (Value::Number(left), Value::Number(right)) => left.compare(&right),
        (Value::String(left), Value::String(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Value::DateTime(left), Value::DateTime(right)) => match left.compare(right, zoned, env)? {
            Some(order) => order,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(operator.holds(order)))
}
