//! Compiled expressions.

use crate::context::{Context, Env};
use crate::functions::arrays;
use crate::registry::{Function, Site};
use smallvec::SmallVec;
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, ArrayBuilder, Datum, EvalError, EvalResult, canonical, equal, text_in, text_out};

/// An expression ready to run. It can be shared between threads.
pub struct Compiled {
    pub(crate) root: Node,
    /// Holds what the literals in `root` borrow.
    pub(crate) _storage: Storage,
    pub(crate) scalar: ScalarType,
}

/// An arena that nothing is put into any more.
pub(crate) struct Storage(pub(crate) Arena);

// SAFETY: the arena is filled while the expression is compiled, by one owner; afterwards nobody calls it, so that
// threads only read the bytes that it keeps alive.
unsafe impl Sync for Storage {}

/// A constant value. What it borrows lives in the expression's storage.
#[derive(Clone, Copy)]
pub(crate) struct Literal(Datum<'static>);

impl Literal {
    /// # Safety
    /// The value must borrow only from storage that lives as long as the node which holds the literal.
    pub(crate) unsafe fn new(datum: Datum<'_>) -> Self {
        // SAFETY: the caller's promise; `get` shortens the lifetime to the holder's again.
        Literal(unsafe { std::mem::transmute::<Datum<'_>, Datum<'static>>(datum) })
    }

    #[inline(always)]
    pub(crate) fn get<'a>(&'a self) -> Datum<'a> {
        self.0
    }
}

pub(crate) enum Node {
    Column(usize),
    Literal(Literal),
    Parameter(usize),
    LogicalNow,
    Call(Box<Call>),
    Input {
        argument: Box<Node>,
        scalar: ScalarType,
        typmod: i32,
    },
    Output {
        argument: Box<Node>,
        from: ScalarType,
    },
    And(Box<[Node]>),
    Or(Box<[Node]>),
    Not(Box<Node>),
    IsNull(Box<Node>),
    IsTrue(Box<Node>),
    Case {
        branches: Box<[(Node, Node)]>,
        otherwise: Box<Node>,
    },
    Coalesce(Box<[Node]>),
    InList {
        operand: Box<Node>,
        list: Box<[Literal]>,
        has_null: bool,
        of: ScalarType,
    },
    InExpressions {
        operand: Box<Node>,
        list: Box<[Node]>,
        of: ScalarType,
    },
    Canonical {
        operand: Box<Node>,
        of: ScalarType,
    },
    NotDistinct {
        left: Box<Node>,
        right: Box<Node>,
        of: ScalarType,
    },
    Array {
        elements: Box<[Node]>,
        nested: bool,
        element: &'static ScalarType,
    },
    MapArray {
        array: Box<Node>,
        body: Box<Node>,
        element: &'static ScalarType,
    },
    Quantified {
        all: bool,
        left: Box<Node>,
        array: Box<Node>,
        comparison: Box<Node>,
    },
    /// The body over the row with the value behind it.
    Once {
        value: Box<Node>,
        body: Box<Node>,
    },
    /// Counted from the row's end.
    Local(usize),
    Raise(Box<EvalError>),
}

pub(crate) struct Call {
    pub function: &'static Function,
    pub arguments: Box<[Node]>,
    pub site: Site,
    /// The result's type.
    pub scalar: ScalarType,
}

impl Compiled {
    /// The value for a row, given as its decoded columns.
    #[inline]
    pub fn eval<'a>(
        &'a self,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
    ) -> EvalResult<Datum<'a>> {
        self.root.eval(row, context, arena)
    }

    /// Whether a predicate holds: its value is true, not NULL.
    #[inline]
    pub fn is_true<'a>(
        &'a self,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
    ) -> EvalResult<bool> {
        Ok(matches!(self.root.eval(row, context, arena)?, Datum::Bool(true)))
    }

    /// The error that it raises for a row, with the function that does. What it is made of is evaluated again to find
    /// that: rows that raise none cost nothing.
    pub(crate) fn located<'a>(
        &'a self,
        error: EvalError,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
    ) -> EvalError {
        match self.root.raising(&|node| node.eval(row, context, arena)) {
            Some(function) => error.in_function(function),
            None => error,
        }
    }

    /// The type of its value.
    pub fn scalar(&self) -> ScalarType {
        self.scalar
    }

    /// Whether it may raise an error for some row.
    pub fn can_raise(&self) -> bool {
        self.root.can_raise()
    }

    /// The constant that the expression is, if it is one after folding.
    pub fn as_literal(&self) -> Option<Datum<'_>> {
        match &self.root {
            Node::Literal(literal) => Some(literal.get()),
            _ => None,
        }
    }

    /// The column that the expression is, if it is one.
    pub fn as_column(&self) -> Option<usize> {
        match &self.root {
            Node::Column(index) => Some(*index),
            _ => None,
        }
    }
}

impl Node {
    fn can_raise(&self) -> bool {
        let any = |nodes: &[Node]| nodes.iter().any(Node::can_raise);
        match self {
            Node::Column(_) | Node::Literal(_) | Node::LogicalNow | Node::Local(_) => false,
            // A parameter may have no value.
            Node::Parameter(_)
            | Node::Input { .. }
            | Node::Output { .. }
            | Node::Array { .. }
            | Node::Raise(_) => true,
            Node::Call(call) => !call.function.total || any(&call.arguments),
            Node::And(operands) | Node::Or(operands) | Node::Coalesce(operands) => any(operands),
            Node::Not(operand) | Node::IsNull(operand) | Node::IsTrue(operand) => operand.can_raise(),
            Node::InList { operand, .. } | Node::Canonical { operand, .. } => operand.can_raise(),
            Node::InExpressions { operand, list, .. } => operand.can_raise() || any(list),
            Node::NotDistinct { left, right, .. } => left.can_raise() || right.can_raise(),
            Node::MapArray { array: value, body, .. } | Node::Once { value, body } => {
                value.can_raise() || body.can_raise()
            }
            Node::Quantified { left, array, comparison, .. } => {
                left.can_raise() || array.can_raise() || comparison.can_raise()
            }
            Node::Case { branches, otherwise } => {
                otherwise.can_raise()
                    || branches.iter().any(|(condition, result)| condition.can_raise() || result.can_raise())
            }
        }
    }

    /// The function that raises the error of this node, if it is a function's.
    fn raising<'a>(&'a self, eval: &dyn Fn(&'a Node) -> EvalResult<Datum<'a>>) -> Option<&'static str> {
        let first = |nodes: &'a [Node]| nodes.iter().find(|node| eval(node).is_err());
        let failing = match self {
            Node::Column(_)
            | Node::Literal(_)
            | Node::Parameter(_)
            | Node::LogicalNow
            | Node::Local(_)
            | Node::Raise(_) => None,
            Node::Call(call) => match first(&call.arguments) {
                None => return Some(call.function.opcode),
                argument => argument,
            },
            Node::And(nodes) | Node::Or(nodes) | Node::Coalesce(nodes) => first(nodes),
            Node::Array { elements, .. } => first(elements),
            Node::Not(node)
            | Node::IsNull(node)
            | Node::IsTrue(node)
            | Node::Input { argument: node, .. }
            | Node::Output { argument: node, .. }
            | Node::Canonical { operand: node, .. }
            | Node::InList { operand: node, .. }
            | Node::MapArray { array: node, .. }
            | Node::Once { value: node, .. } => first(std::slice::from_ref(node)),
            Node::InExpressions { operand, list, .. } => {
                first(std::slice::from_ref(operand)).or_else(|| first(list))
            }
            Node::NotDistinct { left, right, .. } | Node::Quantified { left, array: right, .. } => {
                first(std::slice::from_ref(left)).or_else(|| first(std::slice::from_ref(right)))
            }
            Node::Case { branches, otherwise } => branches
                .iter()
                .find_map(|(condition, result)| match eval(condition) {
                    Err(_) => Some(condition),
                    Ok(Datum::Bool(true)) => Some(result),
                    Ok(_) => None,
                })
                .or(Some(&**otherwise)),
        };
        failing?.raising(eval)
    }

    pub(crate) fn eval<'a>(
        &'a self,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
    ) -> EvalResult<Datum<'a>> {
        match self {
            Node::Column(index) => Ok(row[*index]),
            Node::Literal(literal) => Ok(literal.get()),
            Node::Parameter(index) => context
                .parameters
                .get(*index)
                .copied()
                .ok_or_else(|| EvalError::new("08P01", format!("no value for parameter ${}", *index + 1))),
            Node::LogicalNow => Ok(context.now()),
            Node::Call(call) => call.eval(row, context, arena),
            Node::Input { argument, scalar, typmod } => match argument.eval(row, context, arena)? {
                Datum::Text(text) => {
                    if *scalar == ScalarType::Jsonpath {
                        crate::jsonpath::check(text)?;
                    }
                    text_in(*scalar, *typmod, text, context.settings, arena)
                }
                other => Ok(other),
            },
            Node::Output { argument, from } => match argument.eval(row, context, arena)? {
                Datum::Null => Ok(Datum::Null),
                Datum::Text(text) => Ok(Datum::Text(text)),
                value => output(value, *from, context, arena),
            },
            Node::And(operands) => {
                let mut null = false;
                for operand in operands {
                    match operand.eval(row, context, arena)? {
                        Datum::Bool(false) => return Ok(Datum::Bool(false)),
                        Datum::Null => null = true,
                        _ => {}
                    }
                }
                Ok(if null { Datum::Null } else { Datum::Bool(true) })
            }
            Node::Or(operands) => {
                let mut null = false;
                for operand in operands {
                    match operand.eval(row, context, arena)? {
                        Datum::Bool(true) => return Ok(Datum::Bool(true)),
                        Datum::Null => null = true,
                        _ => {}
                    }
                }
                Ok(if null { Datum::Null } else { Datum::Bool(false) })
            }
            Node::Not(operand) => match operand.eval(row, context, arena)? {
                Datum::Bool(value) => Ok(Datum::Bool(!value)),
                other => Ok(other),
            },
            Node::IsNull(operand) => {
                Ok(Datum::Bool(matches!(operand.eval(row, context, arena)?, Datum::Null)))
            }
            Node::IsTrue(operand) => {
                Ok(Datum::Bool(matches!(operand.eval(row, context, arena)?, Datum::Bool(true))))
            }
            Node::Case { branches, otherwise } => {
                for (condition, result) in branches {
                    if let Datum::Bool(true) = condition.eval(row, context, arena)? {
                        return result.eval(row, context, arena);
                    }
                }
                otherwise.eval(row, context, arena)
            }
            Node::Coalesce(operands) => {
                for operand in operands {
                    match operand.eval(row, context, arena)? {
                        Datum::Null => {}
                        value => return Ok(value),
                    }
                }
                Ok(Datum::Null)
            }
            Node::InList { operand, list, has_null, of } => {
                let value = operand.eval(row, context, arena)?;
                if matches!(value, Datum::Null) {
                    return Ok(if list.is_empty() && !has_null { Datum::Bool(false) } else { Datum::Null });
                }
                if list.iter().any(|literal| equal(*of, value, literal.get())) {
                    return Ok(Datum::Bool(true));
                }
                Ok(if *has_null { Datum::Null } else { Datum::Bool(false) })
            }
            Node::InExpressions { operand, list, of } => {
                let value = operand.eval(row, context, arena)?;
                let mut null = matches!(value, Datum::Null) && !list.is_empty();
                for candidate in list {
                    match candidate.eval(row, context, arena)? {
                        Datum::Null => null = true,
                        candidate if !null_datum(value) && equal(*of, value, candidate) => {
                            return Ok(Datum::Bool(true));
                        }
                        _ => {}
                    }
                }
                Ok(if null { Datum::Null } else { Datum::Bool(false) })
            }
            Node::Canonical { operand, of } => Ok(canonical(*of, operand.eval(row, context, arena)?, arena)),
            Node::NotDistinct { left, right, of } => {
                let left = left.eval(row, context, arena)?;
                let right = right.eval(row, context, arena)?;
                Ok(Datum::Bool(match (null_datum(left), null_datum(right)) {
                    (false, false) => equal(*of, left, right),
                    (left, right) => left == right,
                }))
            }
            Node::Array { elements, nested, element } => {
                let mut values: SmallVec<[Datum<'a>; 6]> = SmallVec::new();
                for value in elements {
                    values.push(value.eval(row, context, arena)?);
                }
                arrays::construct(&values, *nested, element, arena)
            }
            Node::MapArray { array, body, element } => match array.eval(row, context, arena)? {
                Datum::Array(array) => {
                    let mut builder = ArrayBuilder::new(element);
                    for value in array.elements(arena) {
                        builder.push(body.eval(&[value], context, arena)?);
                    }
                    Ok(Datum::Array(builder.finish_as(&array.dimensions(), arena)))
                }
                _ => Ok(Datum::Null),
            },
            Node::Quantified { all, left, array, comparison } => {
                let left = left.eval(row, context, arena)?;
                let Datum::Array(array) = array.eval(row, context, arena)? else { return Ok(Datum::Null) };
                let mut null = false;
                for value in array.elements(arena) {
                    match comparison.eval(&[left, value], context, arena)? {
                        Datum::Bool(holds) if holds != *all => return Ok(Datum::Bool(holds)),
                        Datum::Bool(_) => {}
                        _ => null = true,
                    }
                }
                Ok(if null { Datum::Null } else { Datum::Bool(*all) })
            }
            Node::Once { value, body } => {
                let value = value.eval(row, context, arena)?;
                let mut extended: SmallVec<[Datum<'a>; 6]> = SmallVec::from_slice(row);
                extended.push(value);
                body.eval(&extended, context, arena)
            }
            Node::Local(back) => Ok(row[row.len() - 1 - *back]),
            Node::Raise(error) => Err((**error).clone()),
        }
    }
}

impl Call {
    #[inline]
    fn eval<'a>(
        &'a self,
        row: &[Datum<'a>],
        context: &'a Context<'a>,
        arena: &'a Arena,
    ) -> EvalResult<Datum<'a>> {
        let env = Env { arena, context, site: &self.site, result: self.scalar };
        match &*self.arguments {
            [first] => {
                let first = first.eval(row, context, arena)?;
                self.apply(&[first], &env)
            }
            [first, second] => {
                let first = first.eval(row, context, arena)?;
                let second = second.eval(row, context, arena)?;
                self.apply(&[first, second], &env)
            }
            many => {
                let mut values: SmallVec<[Datum<'a>; 6]> = SmallVec::new();
                for argument in many {
                    values.push(argument.eval(row, context, arena)?);
                }
                self.apply(&values, &env)
            }
        }
    }

    /// The only place where strictness is checked. As in PostgreSQL all arguments were evaluated before.
    #[inline(always)]
    fn apply<'a>(&self, values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
        if self.function.strict && values.iter().any(|value| null_datum(*value)) {
            return Ok(Datum::Null);
        }
        (self.function.body)(values, env)
    }
}

#[inline(always)]
fn null_datum(value: Datum<'_>) -> bool {
    matches!(value, Datum::Null)
}

/// The text form of a value, as text.
pub(crate) fn output<'a>(
    value: Datum<'_>,
    from: ScalarType,
    context: &Context<'_>,
    arena: &'a Arena,
) -> EvalResult<Datum<'a>> {
    let mut bytes = Vec::with_capacity(32);
    text_out(value, from, context.settings, &mut bytes);
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Datum::Text(arena.push_str(text))),
        Err(_) => Err(EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\"")),
    }
}
