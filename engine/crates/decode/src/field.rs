//! The fields that a record is decoded into.

use tidewire_plan::ColumnType;
use tidewire_row::EvalError;

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

    /// An error that names this column, if it has no detail yet.
    #[cold]
    pub(crate) fn locate(&self, error: EvalError) -> EvalError {
        match error.detail() {
            Some(_) => error,
            None => error.with_detail(format!("Column \"{}\".", self.name)),
        }
    }
}
