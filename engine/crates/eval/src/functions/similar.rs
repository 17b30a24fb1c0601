//! SIMILAR TO's patterns as regular expressions, and what SUBSTRING … SIMILAR finds by them.

use super::regexp::{Options, Pattern};
use std::ops::Range;
use tidewire_row::{Arena, EvalError, EvalResult};

/// Before and behind the part that `#"` encloses.
const FIRST: &str = "){1,1}?(";
const SECOND: &str = "){1,1}(?:";

/// `similar_escape_internal` of PostgreSQL: SIMILAR TO's pattern as a regular expression.
pub(super) fn similar<'a>(pattern: &str, escape: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    let mut characters = escape.chars();
    let escape = characters.next();
    if characters.next().is_some() {
        return Err(EvalError::new("22025", "invalid escape string")
            .with_hint("Escape string must be empty or one character."));
    }
    let mut out = String::from("^(?:");
    let (mut after_escape, mut in_class, mut class_start, mut separators) = (false, false, false, 0);
    for character in pattern.chars() {
        if after_escape {
            if character == '"' && !in_class {
                match separators {
                    0 => out.push_str(FIRST),
                    1 => out.push_str(SECOND),
                    _ => {
                        return Err(EvalError::new(
                            "2200C",
                            "SQL regular expression may not contain more than two escape-double-quote separators",
                        ));
                    }
                }
                separators += 1;
            } else {
                out.push('\\');
                out.push(character);
            }
            after_escape = false;
            class_start = false;
        } else if Some(character) == escape {
            after_escape = true;
        } else if in_class {
            if character == '\\' {
                out.push('\\');
            }
            out.push(character);
            if character == ']' && !class_start {
                in_class = false;
            }
            class_start = class_start && character == '^';
        } else {
            match character {
                '[' => {
                    in_class = true;
                    class_start = true;
                    out.push('[');
                }
                '%' => out.push_str(".*"),
                '_' => out.push('.'),
                '(' => out.push_str("(?:"),
                '\\' | '.' | '^' | '$' => {
                    out.push('\\');
                    out.push(character);
                }
                _ => out.push(character),
            }
        }
    }
    out.push_str(")$");
    Ok(arena.push_str(out))
}

/// The three parts of `^(?:before){1,1}?(part){1,1}(?:behind)$`. PostgreSQL has the first match as little as it can, then the second
/// as much: no matter what is greedy within them, which the regex crates go by.
pub(super) struct Parts {
    before: Pattern,
    part: Pattern,
    behind: Pattern,
    rest: Pattern,
}

impl Parts {
    /// The parts of a pattern that is made so.
    pub(super) fn of(pattern: &str, options: Options) -> Option<Self> {
        let inner = pattern.strip_prefix("^(?:")?.strip_suffix(")$")?;
        let (before, rest) = inner.split_once(FIRST)?;
        let (part, behind) = rest.split_once(SECOND).unwrap_or((rest, ""));
        if part.starts_with('?') {
            return None;
        }
        // Where a text in brackets reads like a separator, these are no patterns.
        let whole = |part: &str| Pattern::new(&format!("^(?:{part})$"), options).ok();
        Some(Parts {
            before: whole(before)?,
            part: whole(part)?,
            behind: whole(behind)?,
            rest: whole(&format!("(?:{part})(?:{behind})"))?,
        })
    }

    /// Where the part is in a text that matches as a whole.
    pub(super) fn find(&self, text: &str) -> EvalResult<Option<Range<usize>>> {
        let places = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for start in places() {
            if !self.before.is_match(&text[..start])? || !self.rest.is_match(&text[start..])? {
                continue;
            }
            let ends: Vec<usize> = places().filter(|end| *end >= start).collect();
            for end in ends.into_iter().rev() {
                if self.part.is_match(&text[start..end])? && self.behind.is_match(&text[end..])? {
                    return Ok(Some(start..end));
                }
            }
        }
        Ok(None)
    }
}
