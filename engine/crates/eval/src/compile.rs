//! From the plan's expressions to evaluators.

use crate::context::Context;
use crate::expression::{Call, Compiled, Literal, Node, Storage};
use crate::registry::{self, Site, Volatility};
use std::cell::RefCell;
use tidewire_plan::{ColumnType, DomainSubject, Expr, ScalarType};
use tidewire_row::{About, Arena, Datum, EvalError, FormatSettings, text_in};

/// Compiles an expression over rows of `columns`. Unknown opcodes, columns and parameters refuse the plan.
///
/// Literals are read under default settings (UTC, ISO), which suits what the planner's constant folding writes.
pub fn compile(expr: &Expr, columns: &[ColumnType], parameters: &[ScalarType]) -> Result<Compiled, String> {
    compile_with(expr, columns, parameters, &FormatSettings::default())
}

/// [`compile`] that reads literals under the given settings.
pub fn compile_with(
    expr: &Expr,
    columns: &[ColumnType],
    parameters: &[ScalarType],
    settings: &FormatSettings,
) -> Result<Compiled, String> {
    let scalars: Vec<ScalarType> = columns.iter().map(|column| column.scalar).collect();
    compile_mapped(expr, &scalars, None, parameters, settings)
}

/// [`compile_with`] where column `i` stands at `places[i]` of the row that will be given to `eval`.
pub(crate) fn compile_mapped(
    expr: &Expr,
    columns: &[ScalarType],
    places: Option<&[usize]>,
    parameters: &[ScalarType],
    settings: &FormatSettings,
) -> Result<Compiled, String> {
    let storage = Storage(Arena::new());
    let locals = RefCell::default();
    let root = Compiler { columns, places, parameters, settings, arena: &storage.0, locals }.node(expr)?;
    let scalar = type_of(expr, columns, parameters)?;
    Ok(Compiled { root, _storage: storage, scalar })
}

/// The type of an expression's value.
pub(crate) fn type_of(
    expr: &Expr,
    columns: &[ScalarType],
    parameters: &[ScalarType],
) -> Result<ScalarType, String> {
    Ok(match expr {
        Expr::Column { index } => *columns
            .get(*index as usize)
            .ok_or_else(|| format!("plan refused: column {index} of {}", columns.len()))?,
        Expr::Parameter { index } => *parameters
            .get(*index as usize)
            .ok_or_else(|| format!("plan refused: parameter {index} of {}", parameters.len()))?,
        Expr::LogicalNow => ScalarType::Timestamptz,
        Expr::Literal { scalar, .. }
        | Expr::Call { scalar, .. }
        | Expr::Input { scalar, .. }
        | Expr::Case { scalar, .. }
        | Expr::Coalesce { scalar, .. }
        | Expr::Array { scalar, .. }
        | Expr::MapArray { scalar, .. }
        | Expr::Element { scalar, .. }
        | Expr::Once { scalar, .. }
        | Expr::Local { scalar, .. }
        | Expr::Raise { scalar, .. } => *scalar,
        Expr::Output { .. } => ScalarType::Text,
        Expr::And { .. }
        | Expr::Or { .. }
        | Expr::Not { .. }
        | Expr::IsNull { .. }
        | Expr::IsTrue { .. }
        | Expr::InList { .. }
        | Expr::Quantified { .. }
        | Expr::NotDistinct { .. } => ScalarType::Bool,
        Expr::Canonical { of, .. } => *of,
    })
}

fn element_of(scalar: ScalarType) -> Result<&'static ScalarType, String> {
    match scalar {
        ScalarType::Array(element) => Ok(element),
        other => Err(format!("plan refused: {other:?} is no array type")),
    }
}

struct Compiler<'c> {
    columns: &'c [ScalarType],
    places: Option<&'c [usize]>,
    parameters: &'c [ScalarType],
    settings: &'c FormatSettings,
    arena: &'c Arena,
    /// The bindings around, the innermost last.
    locals: RefCell<Vec<u32>>,
}

impl Compiler<'_> {
    fn node(&self, expr: &Expr) -> Result<Node, String> {
        let node = match expr {
            Expr::Column { index } => {
                type_of(expr, self.columns, self.parameters)?;
                let index = *index as usize;
                Node::Column(self.places.map_or(index, |places| places[index]))
            }
            Expr::Literal { scalar, text } => {
                let datum = match text {
                    None => Datum::Null,
                    Some(text) => {
                        let text = self.arena.push_str(text);
                        text_in(*scalar, -1, text, self.settings, self.arena)
                            .map_err(|error| format!("plan refused: literal: {error}"))?
                    }
                };
                self.literal(datum)
            }
            Expr::Parameter { index } => {
                type_of(expr, self.columns, self.parameters)?;
                Node::Parameter(*index as usize)
            }
            Expr::LogicalNow => Node::LogicalNow,
            Expr::Call { opcode, arguments, scalar } => {
                let function = registry::lookup(opcode)
                    .ok_or_else(|| format!("plan refused: unknown opcode \"{opcode}\""))?;
                let arguments = self.nodes(arguments)?;
                let foldable =
                    function.volatility == Volatility::Immutable && arguments.iter().all(Node::is_literal);
                let call = Node::Call(Box::new(Call {
                    function,
                    arguments,
                    site: Site::default(),
                    scalar: *scalar,
                }));
                if foldable { self.folded(call) } else { call }
            }
            Expr::Input { argument, scalar, typmod } => {
                let argument = Box::new(self.node(argument)?);
                // Other types' input depends on the time zone or on what "now" and "today" are.
                let foldable = argument.is_literal()
                    && !matches!(
                        match scalar {
                            ScalarType::Array(element) => element,
                            other => other,
                        },
                        ScalarType::Timestamptz | ScalarType::Timestamp | ScalarType::Date | ScalarType::Time
                    );
                let input = Node::Input { argument, scalar: *scalar, typmod: *typmod };
                if foldable { self.folded(input) } else { input }
            }
            Expr::Output { argument, from } => {
                Node::Output { argument: Box::new(self.node(argument)?), from: *from }
            }
            Expr::And { operands } => Node::And(self.nodes(operands)?),
            Expr::Or { operands } => Node::Or(self.nodes(operands)?),
            Expr::Not { operand } => Node::Not(self.boxed(operand)?),
            Expr::IsNull { operand } => Node::IsNull(self.boxed(operand)?),
            Expr::IsTrue { operand } => Node::IsTrue(self.boxed(operand)?),
            Expr::Case { branches, otherwise, .. } => {
                let branches = branches
                    .iter()
                    .map(|branch| Ok((self.node(&branch.condition)?, self.node(&branch.result)?)))
                    .collect::<Result<Box<[_]>, String>>()?;
                Node::Case { branches, otherwise: self.boxed(otherwise)? }
            }
            Expr::Coalesce { operands, .. } => Node::Coalesce(self.nodes(operands)?),
            Expr::InList { operand, list, of } => self.in_list(operand, list, *of)?,
            Expr::Canonical { operand, of } => {
                if tidewire_row::is_canonical_identity(*of) {
                    return self.node(operand);
                }
                Node::Canonical { operand: self.boxed(operand)?, of: *of }
            }
            Expr::NotDistinct { left, right, of } => {
                Node::NotDistinct { left: self.boxed(left)?, right: self.boxed(right)?, of: *of }
            }
            Expr::Array { elements, nested, scalar } => {
                let array = Node::Array {
                    elements: self.nodes(elements)?,
                    nested: *nested,
                    element: element_of(*scalar)?,
                };
                match &array {
                    Node::Array { elements, .. } if elements.iter().all(Node::is_literal) => {
                        self.folded(array)
                    }
                    _ => array,
                }
            }
            Expr::MapArray { array, body, scalar } => Node::MapArray {
                array: self.boxed(array)?,
                body: self.body(body)?,
                element: element_of(*scalar)?,
            },
            Expr::Quantified { all, left, array, comparison } => Node::Quantified {
                all: *all,
                left: self.boxed(left)?,
                array: self.boxed(array)?,
                comparison: self.body(comparison)?,
            },
            Expr::Element { index, .. } => Node::Column(*index as usize),
            Expr::Once { binding, value, body, .. } => {
                let value = self.boxed(value)?;
                self.locals.borrow_mut().push(*binding);
                let body = self.boxed(body);
                self.locals.borrow_mut().pop();
                Node::Once { value, body: body? }
            }
            Expr::Local { binding, .. } => {
                let locals = self.locals.borrow();
                let known = locals.iter().rev().position(|other| other == binding);
                Node::Local(known.ok_or_else(|| format!("plan refused: unbound local {binding}"))?)
            }
            Expr::Raise { sqlstate, message, about, .. } => {
                let error = EvalError::new(sqlstate, message.as_str());
                Node::Raise(Box::new(match about {
                    None => error,
                    Some(DomainSubject { schema, datatype, constraint }) => error.with_about(About {
                        schema: schema.clone(),
                        datatype: Some(datatype.clone()),
                        constraint: constraint.clone(),
                        ..About::default()
                    }),
                }))
            }
        };
        Ok(node)
    }

    /// What reads elements alone, and nothing around it.
    fn body(&self, expr: &Expr) -> Result<Box<Node>, String> {
        let around = self.locals.take();
        let body = self.boxed(expr);
        self.locals.replace(around);
        body
    }

    fn boxed(&self, expr: &Expr) -> Result<Box<Node>, String> {
        Ok(Box::new(self.node(expr)?))
    }

    fn nodes(&self, exprs: &[Expr]) -> Result<Box<[Node]>, String> {
        exprs.iter().map(|expr| self.node(expr)).collect()
    }

    fn literal(&self, datum: Datum<'_>) -> Node {
        // SAFETY: literals are made only of values in the compiler's arena, which the expression then owns.
        Node::Literal(unsafe { Literal::new(datum) })
    }

    fn in_list(&self, operand: &Expr, list: &[Expr], of: ScalarType) -> Result<Node, String> {
        let operand = self.boxed(operand)?;
        let nodes = self.nodes(list)?;
        if !nodes.iter().all(Node::is_literal) {
            return Ok(Node::InExpressions { operand, list: nodes, of });
        }
        let mut has_null = false;
        let mut literals = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Node::Literal(literal) if matches!(literal.get(), Datum::Null) => has_null = true,
                Node::Literal(literal) => literals.push(literal),
                _ => {}
            }
        }
        Ok(Node::InList { operand, list: literals.into(), has_null, of })
    }

    /// The literal that a constant node gives; the node itself where it raises an error, which then is raised only if
    /// it is reached.
    fn folded(&self, node: Node) -> Node {
        let context = Context { parameters: &[], settings: self.settings, logical_time: 0 };
        let scratch = Arena::new();
        let folded = match node.eval(&[], &context, &scratch) {
            Ok(datum) => Some(self.literal(copy_to(datum, self.arena))),
            Err(_) => None,
        };
        folded.unwrap_or(node)
    }
}

impl Node {
    fn is_literal(&self) -> bool {
        matches!(self, Node::Literal(_))
    }
}

/// The same value in another arena.
pub(crate) fn copy_to<'b>(datum: Datum<'_>, arena: &'b Arena) -> Datum<'b> {
    match datum {
        Datum::Null => Datum::Null,
        Datum::Bool(value) => Datum::Bool(value),
        Datum::Int16(value) => Datum::Int16(value),
        Datum::Int32(value) => Datum::Int32(value),
        Datum::Int64(value) => Datum::Int64(value),
        Datum::Oid(value) => Datum::Oid(value),
        Datum::Float32(value) => Datum::Float32(value),
        Datum::Float64(value) => Datum::Float64(value),
        Datum::Numeric(value) => Datum::Numeric(value.copy_to(arena)),
        Datum::Text(value) => Datum::Text(arena.push_str(value)),
        Datum::Bytea(value) => Datum::Bytea(arena.push_bytes(value)),
        Datum::Date(value) => Datum::Date(value),
        Datum::Time(value) => Datum::Time(value),
        Datum::Timestamp(value) => Datum::Timestamp(value),
        Datum::Timestamptz(value) => Datum::Timestamptz(value),
        Datum::Interval(value) => Datum::Interval(value),
        Datum::Uuid(value) => Datum::Uuid(value),
        Datum::Inet(value) => Datum::Inet(value),
        Datum::Macaddr(value) => Datum::Macaddr(value),
        Datum::Macaddr8(value) => Datum::Macaddr8(value),
        Datum::Bits(value) => Datum::Bits(value.copy_to(arena)),
        Datum::Jsonb(value) => Datum::Jsonb(value.copy_to(arena)),
        Datum::Array(value) => Datum::Array(value.copy_to(arena)),
        Datum::Record(value) => Datum::Record(value.copy_to(arena)),
        Datum::Json(value) => Datum::Json(arena.push_str(value)),
        Datum::Enum(value) => Datum::Enum(value),
        Datum::Range(value) => Datum::Range(value.copy_to(arena)),
        Datum::Multirange(value) => Datum::Multirange(value.copy_to(arena)),
    }
}
