//! Where `@` and `last` may stand.

use super::{Chain, Item, Path};
use crate::{EvalError, EvalResult};

/// Refuses `@` outside of filters and `last` outside of subscripts.
pub(super) fn check(path: &Path) -> EvalResult<()> {
    chain(&path.root, false, false)
}

fn chain(items: &Chain, filtered: bool, subscripted: bool) -> EvalResult<()> {
    let inner = |items: &Chain| chain(items, filtered, subscripted);
    for item in items {
        match item {
            Item::Current if !filtered => {
                return Err(EvalError::new("42601", "@ is not allowed in root expressions"));
            }
            Item::Last if !subscripted => {
                return Err(EvalError::new("42601", "LAST is allowed only in array subscripts"));
            }
            Item::Arithmetic(_, both)
            | Item::Comparison(_, both)
            | Item::And(both)
            | Item::Or(both)
            | Item::StartsWith(both) => {
                inner(&both[0])?;
                inner(&both[1])?;
            }
            Item::Plus(of)
            | Item::Minus(of)
            | Item::Not(of)
            | Item::IsUnknown(of)
            | Item::Exists(of)
            | Item::LikeRegex { value: of, .. } => inner(of)?,
            Item::Filter(of) => chain(of, true, subscripted)?,
            Item::Subscripts(subscripts) => {
                for subscript in subscripts {
                    chain(&subscript.from, filtered, true)?;
                    if let Some(to) = &subscript.to {
                        chain(to, filtered, true)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}
