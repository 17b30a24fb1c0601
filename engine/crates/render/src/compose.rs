//! Composing [`Mfp`]s, so that consecutive work runs in one pass over packed rows.

use tidewire_plan::{Expr, Mfp, Predicate};

/// All columns, unchanged.
pub fn identity(arity: usize) -> Mfp {
    Mfp { expressions: vec![], predicates: vec![], projection: (0..arity as u32).collect() }
}

/// `first` over `arity` columns, then `second` over its output. Predicates keep their order.
pub fn then(first: &Mfp, arity: usize, second: &Mfp) -> Mfp {
    let shown = first.projection.len() as u32;
    let known = (arity + first.expressions.len()) as u32;
    let place = |column: u32| match first.projection.get(column as usize) {
        Some(column) => *column,
        None => known + (column - shown),
    };
    let mut composed = first.clone();
    composed.expressions.extend(second.expressions.iter().map(|expr| map_columns(expr, &place)));
    composed.predicates.extend(second.predicates.iter().map(|predicate| Predicate {
        position: known + predicate.position.saturating_sub(shown),
        condition: map_columns(&predicate.condition, &place),
    }));
    composed.projection = second.projection.iter().map(|column| place(*column)).collect();
    composed
}

/// An [`Mfp`] over `arity` columns that yields these expressions.
pub fn expressions(arity: usize, exprs: impl IntoIterator<Item = Expr>) -> Mfp {
    let mut mfp = Mfp::default();
    for expr in exprs {
        match expr {
            Expr::Column { index } if (index as usize) < arity => mfp.projection.push(index),
            expr => {
                mfp.projection.push((arity + mfp.expressions.len()) as u32);
                mfp.expressions.push(expr);
            }
        }
    }
    mfp
}

/// The expression with its columns moved.
fn map_columns(expr: &Expr, place: &dyn Fn(u32) -> u32) -> Expr {
    let map = |expr: &Expr| map_columns(expr, place);
    let boxed = |expr: &Expr| Box::new(map_columns(expr, place));
    let all = |exprs: &[Expr]| exprs.iter().map(map).collect::<Vec<_>>();
    match expr {
        Expr::Column { index } => Expr::Column { index: place(*index) },
        Expr::Literal { .. } | Expr::Parameter { .. } | Expr::LogicalNow | Expr::Raise { .. } => expr.clone(),
        Expr::Call { opcode, arguments, scalar } => {
            Expr::Call { opcode: opcode.clone(), arguments: all(arguments), scalar: *scalar }
        }
        Expr::Input { argument, scalar, typmod } => {
            Expr::Input { argument: boxed(argument), scalar: *scalar, typmod: *typmod }
        }
        Expr::Output { argument, from } => Expr::Output { argument: boxed(argument), from: *from },
        Expr::And { operands } => Expr::And { operands: all(operands) },
        Expr::Or { operands } => Expr::Or { operands: all(operands) },
        Expr::Not { operand } => Expr::Not { operand: boxed(operand) },
        Expr::IsNull { operand } => Expr::IsNull { operand: boxed(operand) },
        Expr::IsTrue { operand } => Expr::IsTrue { operand: boxed(operand) },
        Expr::Case { branches, otherwise, scalar } => Expr::Case {
            branches: branches
                .iter()
                .map(|branch| tidewire_plan::CaseBranch {
                    condition: map(&branch.condition),
                    result: map(&branch.result),
                })
                .collect(),
            otherwise: boxed(otherwise),
            scalar: *scalar,
        },
        Expr::Coalesce { operands, scalar } => Expr::Coalesce { operands: all(operands), scalar: *scalar },
        Expr::InList { operand, list, of } => {
            Expr::InList { operand: boxed(operand), list: all(list), of: *of }
        }
        Expr::Element { .. } | Expr::Local { .. } => expr.clone(),
        Expr::Once { binding, value, body, scalar } => {
            Expr::Once { binding: *binding, value: boxed(value), body: boxed(body), scalar: *scalar }
        }
        Expr::Array { elements, nested, scalar } => {
            Expr::Array { elements: all(elements), nested: *nested, scalar: *scalar }
        }
        Expr::MapArray { array, body, scalar } => {
            Expr::MapArray { array: boxed(array), body: body.clone(), scalar: *scalar }
        }
        Expr::Quantified { all, left, array, comparison } => Expr::Quantified {
            all: *all,
            left: boxed(left),
            array: boxed(array),
            comparison: comparison.clone(),
        },
        Expr::Canonical { operand, of } => Expr::Canonical { operand: boxed(operand), of: *of },
        Expr::NotDistinct { left, right, of } => {
            Expr::NotDistinct { left: boxed(left), right: boxed(right), of: *of }
        }
    }
}
