//! Constant folding for the planner.

use crate::compile::compile_with;
use crate::context::Context;
use tidewire_plan::Expr;
use tidewire_row::io::IntervalStyle;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, text_out};

/// Evaluates an expression without columns and parameters; gives the text form of its type, None for NULL.
pub fn fold(expr: &Expr) -> EvalResult<Option<String>> {
    fold_with(expr, &FormatSettings::default())
}

/// How a literal's text is written. The least time of an interval cannot be read in the form that it is shown in.
fn literal_settings(value: Datum<'_>) -> FormatSettings {
    let least =
        matches!(value, Datum::Interval(interval) if interval.micros == i64::MIN && interval.is_finite());
    let interval_style = if least { IntervalStyle::Iso8601 } else { IntervalStyle::Postgres };
    FormatSettings { interval_style, ..FormatSettings::default() }
}

/// [`fold`] under a session's settings. The text is written under default settings, under which plans are read.
pub fn fold_with(expr: &Expr, settings: &FormatSettings) -> EvalResult<Option<String>> {
    let compiled =
        compile_with(expr, &[], &[], settings).map_err(|message| EvalError::new("XX000", message))?;
    let arena = Arena::new();
    let context = Context { parameters: &[], settings, logical_time: 0 };
    let value = compiled.eval(&[], &context, &arena)?;
    if matches!(value, Datum::Null) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    text_out(value, compiled.scalar(), &literal_settings(value), &mut bytes);
    String::from_utf8(bytes).map(Some).map_err(|_| EvalError::new("22021", "text is not UTF-8"))
}
