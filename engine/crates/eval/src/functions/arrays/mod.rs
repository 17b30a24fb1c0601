//! Arrays, one file a family.

mod access;
mod assign;
mod change;
mod compare;
mod construct;
mod search;
mod text;

use crate::registry::Function;
pub(crate) use construct::construct;
use tidewire_plan::ScalarType;

/// All families' functions.
pub(super) fn families() -> Vec<&'static [Function]> {
    vec![
        access::FUNCTIONS,
        assign::FUNCTIONS,
        change::FUNCTIONS,
        compare::FUNCTIONS,
        construct::FUNCTIONS,
        search::FUNCTIONS,
        text::FUNCTIONS,
    ]
}

/// The element type of an array type; of anything else, text.
fn element_of(scalar: ScalarType) -> &'static ScalarType {
    match scalar {
        ScalarType::Array(element) => element,
        _ => &ScalarType::Text,
    }
}
