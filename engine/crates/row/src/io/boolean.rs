//! boolean

use crate::numeric::is_space;
use crate::{EvalError, EvalResult};

/// `boolin`: any unambiguous prefix of true, false, yes, no, on, off; or 1, 0.
pub(super) fn parse(input: &str) -> EvalResult<bool> {
    let text = input.trim_matches(is_space);
    let prefix_of = |word: &str| {
        !text.is_empty()
            && text.len() <= word.len()
            && word.as_bytes()[..text.len()].eq_ignore_ascii_case(text.as_bytes())
    };
    if prefix_of("true") || prefix_of("yes") || text == "1" || text.eq_ignore_ascii_case("on") {
        return Ok(true);
    }
    if prefix_of("false") || prefix_of("no") || text == "0" || (prefix_of("off") && text.len() >= 2) {
        return Ok(false);
    }
    Err(EvalError::invalid_syntax("boolean", input))
}
