//! Data errors, as values and as rows of error collections.

use crate::{Datum, Row, ScalarType, decode, push_datum};
use std::borrow::Cow;

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
    origin: Origin,
    /// Not in error rows: only statements say it.
    about: Option<About>,
}

/// Where an error was raised, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The function, as `pg_proc.prosrc` has it.
    pub function: Option<Cow<'static, str>>,
    /// The row that it was computed for.
    pub row: Option<InputRow>,
    /// The arrangement of the view that it was computed for.
    pub view: Option<u64>,
}

/// A row of a relation, by what the relation is arranged by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputRow {
    /// The arrangement that it stands in.
    pub arrangement: u64,
    /// The values of its key, as text.
    pub key: String,
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

/// The columns of an error row: SQLSTATE, message, detail, hint, context, and the origin's function, row and view.
const ERROR_TYPES: [ScalarType; 9] = {
    use ScalarType::{Int8, Text};
    [Text, Text, Text, Text, Text, Text, Int8, Text, Int8]
};

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
            origin: Origin::default(),
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

    /// The same error, raised by a function, if it is not known to be raised by another.
    #[must_use]
    pub fn in_function(mut self, function: &'static str) -> Self {
        self.0.origin.function.get_or_insert(Cow::Borrowed(function));
        self
    }

    /// The same error, raised for a row.
    #[must_use]
    pub fn for_row(mut self, row: InputRow) -> Self {
        self.0.origin.row = Some(row);
        self
    }

    /// The same error, of the view that is maintained in an arrangement.
    #[must_use]
    pub fn of_view(mut self, arrangement: u64) -> Self {
        self.0.origin.view = Some(arrangement);
        self
    }

    /// Where it was raised.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
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

    /// The error as a row of an error collection.
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
        let Origin { function, row, view } = &self.0.origin;
        let number = |id: Option<u64>| id.map_or(Datum::Null, |id| Datum::Int64(id as i64));
        push_datum(out, function.as_deref().map_or(Datum::Null, Datum::Text));
        push_datum(out, number(row.as_ref().map(|row| row.arrangement)));
        push_datum(out, row.as_ref().map_or(Datum::Null, |row| Datum::Text(&row.key)));
        push_datum(out, number(*view));
    }

    /// The error that [`EvalError::to_row`] wrote.
    pub fn from_row(row: &[u8]) -> Self {
        let arena = crate::Arena::new();
        let mut columns = Vec::with_capacity(ERROR_TYPES.len());
        decode(row, &ERROR_TYPES, &arena, &mut columns);
        let text = |index: usize| match columns.get(index) {
            Some(Datum::Text(text)) => Some(text.to_string()),
            _ => None,
        };
        let mut error = EvalError::new(&text(0).unwrap_or_default(), text(1).unwrap_or_default());
        error.0.detail = text(2);
        error.0.hint = text(3);
        error.0.context = text(4);
        let number = |index: usize| match columns.get(index) {
            Some(Datum::Int64(number)) => Some(*number as u64),
            _ => None,
        };
        error.0.origin = Origin {
            function: text(5).map(Cow::Owned),
            row: number(6).zip(text(7)).map(|(arrangement, key)| InputRow { arrangement, key }),
            view: number(8),
        };
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
