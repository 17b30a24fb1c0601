//! Data errors, as values and as rows of error collections.

use crate::{Datum, Row, ScalarType, decode, push_datum};

/// An error that data raised: SQLSTATE, message, detail, hint, context. One pointer wide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvalError(Box<Fields>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Fields {
    sqlstate: [u8; 5],
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    context: Option<String>,
    /// Not in error rows: only statements say it.
    about: Option<About>,
}

/// The table, column, domain or constraint that an error is about: fields of their own in PostgreSQL's errors.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct About {
    /// The schema of the table or the domain.
    pub schema: String,
    /// The table.
    pub table: Option<String>,
    /// The domain.
    pub datatype: Option<String>,
    /// One of its columns.
    pub column: Option<String>,
    /// One of its constraints.
    pub constraint: Option<String>,
}

/// The result of evaluating or converting a value.
pub type EvalResult<T> = Result<T, EvalError>;

/// The columns of an error row.
const ERROR_TYPES: [ScalarType; 5] = [ScalarType::Text; 5];

impl EvalError {
    /// An error with SQLSTATE (five characters) and message.
    #[cold]
    pub fn new(sqlstate: &str, message: impl Into<String>) -> Self {
        let mut code = *b"XX000";
        if sqlstate.len() == 5 && sqlstate.is_ascii() {
            code.copy_from_slice(sqlstate.as_bytes());
        }
        let message = message.into();
        EvalError(Box::new(Fields {
            sqlstate: code,
            message,
            detail: None,
            hint: None,
            context: None,
            about: None,
        }))
    }

    /// The same error with a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error with a context.
    #[must_use]
    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        self.0.context = Some(context.into());
        self
    }

    /// The same error with what it is about.
    #[must_use]
    pub fn with_about(mut self, about: About) -> Self {
        self.0.about = Some(about);
        self
    }

    /// What it is about.
    pub fn about(&self) -> Option<&About> {
        self.0.about.as_ref()
    }

    /// PostgreSQL's error code.
    pub fn sqlstate(&self) -> &str {
        std::str::from_utf8(&self.0.sqlstate).unwrap_or("XX000")
    }

    /// The primary message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// DETAIL.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// HINT.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// CONTEXT.
    pub fn context(&self) -> Option<&str> {
        self.0.context.as_deref()
    }

    /// The error as a row of an error collection: sqlstate, message, detail, hint, context.
    pub fn to_row(&self) -> Row {
        let mut bytes = Vec::with_capacity(16 + self.0.message.len());
        self.encode(&mut bytes);
        Row::from_bytes(&bytes)
    }

    /// Appends what [`EvalError::to_row`] holds.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let optional = |text: &Option<String>| text.clone().map(without_nul);
        push_datum(out, Datum::Text(self.sqlstate()));
        push_datum(out, Datum::Text(&without_nul(self.0.message.clone())));
        for field in [optional(&self.0.detail), optional(&self.0.hint), optional(&self.0.context)] {
            push_datum(out, field.as_deref().map_or(Datum::Null, Datum::Text));
        }
    }

    /// The error that [`EvalError::to_row`] wrote.
    pub fn from_row(row: &[u8]) -> Self {
        let arena = crate::Arena::new();
        let mut columns = Vec::with_capacity(5);
        decode(row, &ERROR_TYPES, &arena, &mut columns);
        let text = |index: usize| match columns.get(index) {
            Some(Datum::Text(text)) => Some(text.to_string()),
            _ => None,
        };
        let mut error = EvalError::new(&text(0).unwrap_or_default(), text(1).unwrap_or_default());
        error.0.detail = text(2);
        error.0.hint = text(3);
        error.0.context = text(4);
        error
    }

    // The errors that many functions share.

    /// 22003 `{what} out of range`.
    #[cold]
    pub fn out_of_range(what: &str) -> Self {
        Self::new("22003", format!("{what} out of range"))
    }

    /// 22012.
    #[cold]
    pub fn division_by_zero() -> Self {
        Self::new("22012", "division by zero")
    }

    /// 22P02 `invalid input syntax for type {type_name}: "{input}"`.
    #[cold]
    pub fn invalid_syntax(type_name: &str, input: &str) -> Self {
        Self::new("22P02", format!("invalid input syntax for type {type_name}: \"{input}\""))
    }

    /// 22003 `value "{input}" is out of range for type {type_name}`.
    #[cold]
    pub fn value_out_of_range(type_name: &str, input: &str) -> Self {
        Self::new("22003", format!("value \"{input}\" is out of range for type {type_name}"))
    }
}

/// Text in a row ends with NUL, so a message that quotes one shows it as a replacement character.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.sqlstate(), self.message())
    }
}

impl std::error::Error for EvalError {}
