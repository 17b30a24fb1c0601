//! The walk along a path.
//!
//! As in PostgreSQL, an item is run for one value and hands each of its results to the next item; what the last item gives
//! is found. Where nobody asks what is found, the walk ends with the first value. Errors that `silent` or a predicate
//! suppresses are [`Outcome::Error`]; those that nothing suppresses are errors of Rust.

use super::prepared::Prepared;
use super::value::Value;
use super::{Call, arithmetic, method};
use crate::context::Env;
use tidewire_row::jsonb::PostgresOffsets;
use tidewire_row::jsonpath::{Chain, Item, LAST_LEVEL, Path, Subscript};
use tidewire_row::{Arena, EvalError, EvalResult, JsonbRef, Numeric};

/// How deep the walk nests: far deeper than documents and paths go, far from a thread's stack.
const MOST_LEVELS: usize = 1_500;

/// What came of a part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Found,
    NotFound,
    /// An error that is not raised.
    Error,
}

/// An outcome, or an error that is raised.
pub(super) type Step = EvalResult<Outcome>;

/// Where values go; None: whether there is one is all that is asked.
pub(super) type Found<'f, 'v> = Option<&'f mut Vec<Value<'v>>>;

/// What `.keyvalue()` counts its ids from.
#[derive(Clone, Copy)]
pub(super) struct BaseObject<'v> {
    pub container: Option<JsonbRef<'v>>,
    pub id: i64,
}

/// One execution.
pub(super) struct Executor<'v> {
    pub arena: &'v Arena,
    pub prepared: &'v Prepared,
    pub env: Env<'v>,
    /// Whether values may be converted by the session's time zone.
    pub zoned: bool,
    pub lax: bool,
    /// Whether errors are raised.
    pub throws: bool,
    pub base: BaseObject<'v>,
    /// The id of the next object that is made.
    pub next_id: i64,
    root: Value<'v>,
    current: Value<'v>,
    variables: Option<JsonbRef<'v>>,
    /// Whether it is no error that something is not there.
    ignores_structure: bool,
    /// Elements of the array whose subscript is computed.
    last: Option<usize>,
    /// Those of the latest base of `.keyvalue()`.
    offsets: Option<PostgresOffsets>,
    level: usize,
}

/// Hands on `found` without giving it away.
pub(super) fn again<'f, 'v>(found: &'f mut Found<'_, 'v>) -> Found<'f, 'v> {
    found.as_deref_mut()
}

impl<'v> Executor<'v> {
    pub fn new(call: &'v Call<'_>, env: &'v Env<'_>) -> EvalResult<Self> {
        if let Some(variables) = call.variables
            && !variables.is_object()
        {
            return Err(EvalError::new("22023", "\"vars\" argument is not an object").with_detail(
                "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.",
            ));
        }
        let root = Value::of(call.document, env.arena);
        Ok(Executor {
            arena: env.arena,
            prepared: &call.path,
            env: *env,
            zoned: call.zoned,
            lax: !call.path.path.strict,
            throws: !call.silent,
            base: BaseObject { container: None, id: 0 },
            next_id: 1 + call.variables.is_some() as i64,
            root,
            current: root,
            variables: call.variables,
            ignores_structure: !call.path.path.strict,
            last: None,
            offsets: None,
            level: 0,
        })
    }

    pub fn run(&mut self, path: &'v Path, found: Found<'_, 'v>) -> Step {
        self.item(&path.root, self.root, found)
    }

    /// Whether the path leads to anything; a strict one must have no error anywhere.
    pub fn exists(&mut self, path: &'v Path) -> Step {
        if self.lax {
            return self.run(path, None);
        }
        let mut found = Vec::new();
        Ok(match self.run(path, Some(&mut found))? {
            Outcome::Error => Outcome::Error,
            _ if found.is_empty() => Outcome::NotFound,
            _ => Outcome::Found,
        })
    }

    /// An error that can be suppressed.
    pub fn fail(&self, error: impl FnOnce() -> EvalError) -> Step {
        if self.throws { Err(error()) } else { Ok(Outcome::Error) }
    }

    /// An error about a value that is not of the kind wanted.
    fn structural(&self, sqlstate: &str, message: &str) -> Step {
        if self.ignores_structure {
            return Ok(Outcome::NotFound);
        }
        self.fail(|| EvalError::new(sqlstate, message))
    }

    /// Runs a chain for a value; in lax mode its first item may see the elements of an array instead.
    pub fn item(&mut self, chain: &'v [Item], value: Value<'v>, found: Found<'_, 'v>) -> Step {
        self.target(chain, value, found, self.lax)
    }

    /// Runs what follows the chain's first item.
    pub fn next(&mut self, chain: &'v [Item], value: Value<'v>, found: Found<'_, 'v>) -> Step {
        if chain.len() > 1 {
            return self.item(&chain[1..], value, found);
        }
        if let Some(found) = found {
            found.push(value);
        }
        Ok(Outcome::Found)
    }

    /// Runs a chain; `unwrap`: for each element of an array where its first item wants something else.
    pub fn target(
        &mut self,
        chain: &'v [Item],
        value: Value<'v>,
        found: Found<'_, 'v>,
        unwrap: bool,
    ) -> Step {
        if self.level >= MOST_LEVELS {
            return Err(EvalError::new("54001", "stack depth limit exceeded")
                .with_detail("The jsonpath goes through too many levels of the value."));
        }
        self.level += 1;
        let step = self.target_within(chain, value, found, unwrap);
        self.level -= 1;
        step
    }

    fn target_within(
        &mut self,
        chain: &'v [Item],
        value: Value<'v>,
        found: Found<'_, 'v>,
        unwrap: bool,
    ) -> Step {
        let Some(item) = chain.first() else { return self.next(chain, value, found) };
        let ends_here = chain.len() == 1 && found.is_none();
        match item {
            Item::Null | Item::Bool(_) | Item::Number(_) | Item::String(_) if ends_here => Ok(Outcome::Found),
            Item::Null => self.next(chain, Value::Null, found),
            Item::Bool(value) => self.next(chain, Value::Bool(*value), found),
            Item::Number(number) => self.next(chain, Value::Number(number.value(self.arena)), found),
            Item::String(text) => self.next(chain, Value::String(text), found),
            Item::Variable(name) => {
                let base = self.base;
                let value = self.variable(name)?;
                let step = self.next(chain, value, found);
                self.base = base;
                step
            }
            Item::Root => {
                let base = self.base;
                self.base = BaseObject { container: self.root.container(), id: 0 };
                let step = self.next(chain, self.root, found);
                self.base = base;
                step
            }
            Item::Current => self.next(chain, self.current, found),
            Item::Last => {
                let Some(length) = self.last else {
                    return Err(EvalError::new(
                        "XX000",
                        "evaluating jsonpath LAST outside of array subscript",
                    ));
                };
                self.next(chain, Value::Number(Numeric::from_i64(length as i64 - 1)), found)
            }
            Item::Arithmetic(operator, both) => {
                arithmetic::binary(self, chain, *operator, both, value, found)
            }
            Item::Plus(of) => arithmetic::unary(self, chain, of, false, value, found),
            Item::Minus(of) => arithmetic::unary(self, chain, of, true, value, found),
            Item::And(_)
            | Item::Or(_)
            | Item::Not(_)
            | Item::IsUnknown(_)
            | Item::Comparison(..)
            | Item::Exists(_)
            | Item::StartsWith(_)
            | Item::LikeRegex { .. } => {
                let truth = self.predicate(item, value)?;
                if ends_here {
                    return Ok(Outcome::Found);
                }
                self.next(chain, truth.map_or(Value::Null, Value::Bool), found)
            }
            Item::Key(name) => self.key(chain, name, value, found, unwrap),
            Item::AnyKey => match value {
                Value::Object(object) => self.each(&chain[1..], object, found),
                Value::Array(array) if unwrap => self.unwrapped(chain, array, found),
                _ => self.structural(
                    "2203C",
                    "jsonpath wildcard member accessor can only be applied to an object",
                ),
            },
            Item::AnyElement => match value {
                Value::Array(array) => self.each(&chain[1..], array, found),
                _ if self.lax => self.next(chain, value, found),
                _ => self
                    .structural("22039", "jsonpath wildcard array accessor can only be applied to an array"),
            },
            Item::Subscripts(subscripts) => {
                if !self.lax && !matches!(value, Value::Array(_)) {
                    return self
                        .structural("22039", "jsonpath array accessor can only be applied to an array");
                }
                let last = self.last;
                self.last = Some(if let Value::Array(array) = value { array.len() } else { 1 });
                let step = self.elements(chain, subscripts, value, found);
                self.last = last;
                step
            }
            Item::Any { first, last } => self.levels(chain, *first, *last, value, found),
            Item::Filter(condition) => {
                if let (Value::Array(array), true) = (value, unwrap) {
                    return self.unwrapped(chain, array, found);
                }
                let current = std::mem::replace(&mut self.current, value);
                let truth = self.condition(condition, value);
                self.current = current;
                if truth? == Some(true) { self.next(chain, value, found) } else { Ok(Outcome::NotFound) }
            }
            Item::Method(_) | Item::Decimal { .. } | Item::Datetime(_) | Item::Timed(..) => {
                method::run(self, chain, item, value, found, unwrap)
            }
        }
    }

    /// Runs a chain for each element of an array, which its first item then takes as it is.
    pub fn unwrapped(&mut self, chain: &'v [Item], array: JsonbRef<'v>, found: Found<'_, 'v>) -> Step {
        self.children(chain, array, found, &Levels { first: 1, last: 1, ignores: false, unwrap: false }, 1)
    }

    /// Runs what follows for each element or member.
    fn each(&mut self, rest: &'v [Item], container: JsonbRef<'v>, found: Found<'_, 'v>) -> Step {
        let levels = Levels { first: 1, last: 1, ignores: false, unwrap: self.lax };
        self.children(rest, container, found, &levels, 1)
    }

    fn key(
        &mut self,
        chain: &'v [Item],
        name: &str,
        value: Value<'v>,
        found: Found<'_, 'v>,
        unwrap: bool,
    ) -> Step {
        match value {
            Value::Object(object) => match object.get_field(name) {
                Some(child) => self.next(chain, Value::of(child, self.arena), found),
                None if self.ignores_structure => Ok(Outcome::NotFound),
                None => self
                    .fail(|| EvalError::new("2203A", format!("JSON object does not contain key \"{name}\""))),
            },
            Value::Array(array) if unwrap => self.unwrapped(chain, array, found),
            _ => self.structural("2203A", "jsonpath member accessor can only be applied to an object"),
        }
    }

    /// `[…]`; what is no array is the only element of one.
    fn elements(
        &mut self,
        chain: &'v [Item],
        subscripts: &'v [Subscript],
        value: Value<'v>,
        mut found: Found<'_, 'v>,
    ) -> Step {
        let array = if let Value::Array(array) = value { Some(array) } else { None };
        let length = array.map_or(1, |array| array.len()) as i64;
        let mut step = Outcome::NotFound;
        for Subscript { from, to } in subscripts {
            let Some(from) = self.index(from, value)? else { return Ok(Outcome::Error) };
            let to = match to {
                None => from,
                Some(to) => match self.index(to, value)? {
                    Some(to) => to,
                    None => return Ok(Outcome::Error),
                },
            };
            if !self.ignores_structure && (from < 0 || from > to || to >= length) {
                return self.fail(|| EvalError::new("22033", "jsonpath array subscript is out of bounds"));
            }
            let (from, to) = (from.max(0), to.min(length - 1));
            step = Outcome::NotFound;
            if from > to {
                continue;
            }
            let count = (to - from + 1) as usize;
            let mut children = array.map(|array| array.elements().skip(from as usize).take(count));
            for _ in 0..count {
                let child = match &mut children {
                    None => value,
                    Some(children) => match children.next() {
                        Some(child) => Value::of(child, self.arena),
                        None => break,
                    },
                };
                step = self.next(chain, child, again(&mut found))?;
                if step == Outcome::Error || step == Outcome::Found && found.is_none() {
                    return Ok(step);
                }
            }
        }
        Ok(step)
    }

    /// A subscript's value, without what is behind its point; None: an error that is not raised.
    fn index(&mut self, subscript: &'v Chain, value: Value<'v>) -> EvalResult<Option<i64>> {
        let mut found = Vec::new();
        if self.item(subscript, value, Some(&mut found))? == Outcome::Error {
            return Ok(None);
        }
        let [Value::Number(number)] = found.as_slice() else {
            let message = "jsonpath array subscript is not a single numeric value";
            return self.fail(|| EvalError::new("22033", message)).map(|_| None);
        };
        match number.trunc(0, self.arena)?.to_i32() {
            Ok(index) => Ok(Some(index as i64)),
            Err(_) => {
                let message = "jsonpath array subscript is out of integer range";
                self.fail(|| EvalError::new("22033", message)).map(|_| None)
            }
        }
    }

    /// `.**`
    fn levels(
        &mut self,
        chain: &'v [Item],
        first: u32,
        last: u32,
        value: Value<'v>,
        mut found: Found<'_, 'v>,
    ) -> Step {
        let mut step = Outcome::NotFound;
        if first == 0 {
            let ignored = std::mem::replace(&mut self.ignores_structure, true);
            let taken = self.next(chain, value, again(&mut found));
            self.ignores_structure = ignored;
            step = taken?;
            if step == Outcome::Found && found.is_none() {
                return Ok(step);
            }
        }
        match value.container() {
            None => Ok(step),
            Some(container) => {
                let levels = Levels { first, last, ignores: true, unwrap: self.lax };
                self.children(&chain[1..], container, found, &levels, 1)
            }
        }
    }

    /// Runs a chain, if it is not empty, for the children of a container down to a level.
    fn children(
        &mut self,
        chain: &'v [Item],
        container: JsonbRef<'v>,
        mut found: Found<'_, 'v>,
        levels: &Levels,
        level: u32,
    ) -> Step {
        if level > levels.last {
            return Ok(Outcome::NotFound);
        }
        if self.level >= MOST_LEVELS {
            return self.target(chain, Value::Null, None, false);
        }
        let mut step = Outcome::NotFound;
        let (mut elements, mut pairs) = (container.elements(), container.pairs());
        while let Some(child) = elements.next().or_else(|| pairs.next().map(|(_, child)| child)) {
            let child = Value::of(child, self.arena);
            let only_leaves = levels.first == LAST_LEVEL && levels.last == LAST_LEVEL;
            if level >= levels.first || only_leaves && child.container().is_none() {
                if !chain.is_empty() {
                    let ignored = self.ignores_structure;
                    self.ignores_structure |= levels.ignores;
                    let taken = self.target(chain, child, again(&mut found), levels.unwrap);
                    self.ignores_structure = ignored;
                    step = taken?;
                    if step == Outcome::Error || step == Outcome::Found && found.is_none() {
                        break;
                    }
                } else if let Some(found) = &mut found {
                    found.push(child);
                } else {
                    return Ok(Outcome::Found);
                }
            }
            if let (Some(inner), true) = (child.container(), level < levels.last) {
                self.level += 1;
                let taken = self.children(chain, inner, again(&mut found), levels, level + 1);
                self.level -= 1;
                step = taken?;
                if step == Outcome::Error || step == Outcome::Found && found.is_none() {
                    break;
                }
            }
        }
        Ok(step)
    }

    /// Runs a chain; arrays among its results are replaced by their elements in lax mode if `unwrap`.
    pub fn results(
        &mut self,
        chain: &'v Chain,
        value: Value<'v>,
        unwrap: bool,
        found: &mut Vec<Value<'v>>,
    ) -> Step {
        if !unwrap || !self.lax {
            return self.item(chain, value, Some(found));
        }
        let start = found.len();
        if self.item(chain, value, Some(found))? == Outcome::Error {
            return Ok(Outcome::Error);
        }
        if found[start..].iter().any(|value| matches!(value, Value::Array(_))) {
            let results = found.split_off(start);
            for result in results {
                match result {
                    Value::Array(array) => {
                        found.extend(array.elements().map(|element| Value::of(element, self.arena)));
                    }
                    other => found.push(other),
                }
            }
        }
        Ok(Outcome::Found)
    }

    /// Where PostgreSQL has a container within another.
    pub fn offset(&mut self, of: JsonbRef<'v>, base: JsonbRef<'v>) -> Option<i64> {
        if !self.offsets.as_ref().is_some_and(|offsets| offsets.are_of(base)) {
            self.offsets = Some(PostgresOffsets::of(base));
        }
        self.offsets.as_ref()?.get(of)
    }

    fn variable(&mut self, name: &str) -> EvalResult<Value<'v>> {
        let Some((variables, value)) =
            self.variables.and_then(|variables| Some((variables, variables.get_field(name)?)))
        else {
            return Err(EvalError::new("42704", format!("could not find jsonpath variable \"{name}\"")));
        };
        self.base = BaseObject { container: Some(variables), id: 1 };
        Ok(Value::of(value, self.arena))
    }
}

/// Which levels below a container count.
struct Levels {
    first: u32,
    last: u32,
    /// Whether it is no error there that something is not there.
    ignores: bool,
    /// Whether the first item sees the elements of arrays.
    unwrap: bool,
}
