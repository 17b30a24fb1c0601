//! The fields that a record is decoded into.

use tidewire_plan::ColumnType;
use tidewire_row::{About, Datum, EvalError, EvalResult, push_datum};

/// COPY's DEFAULT: a field with exactly this text is its column's default. Behind the fields of a row stands for each whether
/// it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultMarker {
    /// As written, without quotes and with escapes.
    pub text: String,
    /// Fields whose columns have a default.
    pub fields: Vec<usize>,
}

impl DefaultMarker {
    /// Whether a field is the marker, which only some may be.
    pub(crate) fn marks(&self, raw: &[u8], number: usize, field: &Field) -> EvalResult<bool> {
        if raw != self.text.as_bytes() {
            return Ok(false);
        }
        if self.fields.contains(&number) {
            return Ok(true);
        }
        let detail = format!("Column \"{}\" has no default value.", field.name);
        Err(EvalError::new("22P04", "unexpected default marker in COPY data").with_detail(detail))
    }

    /// Ends a row.
    pub(crate) fn push_marks(marked: &[bool], out: &mut Vec<u8>) {
        for &mark in marked {
            push_datum(out, Datum::Bool(mark));
        }
    }
}

/// A declared field: its name in the format (JSON key, CSV header) and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As the format spells it.
    pub name: String,
    /// Its type. A NULL in a field that is not nullable refuses the record.
    pub column: ColumnType,
}

impl Field {
    /// The error for a NULL where none may be.
    #[cold]
    pub(crate) fn null_error(&self) -> EvalError {
        EvalError::new(
            "23502",
            format!("null value in column \"{}\" violates not-null constraint", self.name),
        )
    }

    /// An error of this column's value, which names it if it has no detail yet.
    #[cold]
    pub(crate) fn locate(&self, error: EvalError) -> EvalError {
        let error = error.with_about(About { column: Some(self.name.clone()), ..About::default() });
        match error.detail() {
            Some(_) => error,
            None => error.with_detail(format!("Column \"{}\".", self.name)),
        }
    }
}
