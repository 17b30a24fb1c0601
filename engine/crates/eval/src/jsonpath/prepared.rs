//! A path with its regular expressions and templates compiled.

use crate::functions::formatting::date_standard::Template;
use crate::functions::regexp::{Options, Pattern};
use tidewire_row::jsonpath::{self, Part, Path, RegexFlags};
use tidewire_row::{EvalError, EvalResult};

/// See [`Prepared::new`].
pub(super) struct Prepared {
    pub path: Path,
    parts: Vec<PreparedPart>,
}

enum PreparedPart {
    Pattern(Pattern),
    /// A template that is none is an error where it is used.
    Template(EvalResult<Template>),
}

/// XQuery's flags as PostgreSQL understands them: `.` stops at newlines unless told otherwise.
fn options(flags: RegexFlags) -> Options {
    let mut options = Options { ignore_case: flags.ignore_case, ..Options::default() };
    if flags.quote {
        options.literal = true;
    } else {
        options.newline_stops = !flags.dot_all;
        options.newline_anchors = flags.multiline;
    }
    options
}

impl Prepared {
    /// Parses a path and compiles its parts.
    pub fn new(text: &str) -> EvalResult<Self> {
        let path = jsonpath::parse(text)?;
        let mut parts = Vec::new();
        path.visit(|part| {
            parts.push(match part {
                Part::Regex(pattern, flags) => PreparedPart::Pattern(Pattern::new(pattern, options(flags))?),
                Part::Template(text) => PreparedPart::Template(Template::new(text)),
            });
            Ok::<_, EvalError>(())
        })?;
        Ok(Prepared { path, parts })
    }

    /// The regular expression of this number.
    pub fn pattern(&self, number: usize) -> EvalResult<&Pattern> {
        match self.parts.get(number) {
            Some(PreparedPart::Pattern(pattern)) => Ok(pattern),
            _ => Err(EvalError::new("XX000", "jsonpath has no such pattern")),
        }
    }

    /// The template of this number.
    pub fn template(&self, number: usize) -> EvalResult<&Template> {
        match self.parts.get(number) {
            Some(PreparedPart::Template(template)) => template.as_ref().map_err(Clone::clone),
            _ => Err(EvalError::new("XX000", "jsonpath has no such template")),
        }
    }
}

/// Refuses a path whose regular expressions are none, which reading its text alone does not find.
pub(crate) fn check(text: &str) -> EvalResult<()> {
    if text.contains("like_regex") { Prepared::new(text).map(drop) } else { Ok(()) }
}
