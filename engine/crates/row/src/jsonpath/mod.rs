//! jsonpath: SQL/JSON's language of paths, as PostgreSQL reads and prints it.
//!
//! A packed jsonpath is its canonical text, what [`parse`] and [`Path::write_text`] make of the text given: PostgreSQL has
//! neither an order nor an equality of paths. Whoever runs a path parses it once and keeps the [`Path`].

mod check;
mod lexer;
mod literal;
mod number;
mod parser;
mod print;

use crate::{Arena, EvalError, EvalResult, Numeric};
pub use parser::parse;

/// A path that was read.
#[derive(Debug)]
pub struct Path {
    /// `strict`: structural errors are errors, and arrays are neither wrapped nor unwrapped. Otherwise lax.
    pub strict: bool,
    /// What it is about.
    pub root: Chain,
}

/// An item and what is applied to each of its results in turn; never empty.
pub type Chain = Vec<Item>;

/// One step of a path.
#[derive(Debug)]
pub enum Item {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `1.5`
    Number(Number),
    /// `"text"`
    String(Box<str>),
    /// `$name`
    Variable(Box<str>),
    /// `$`
    Root,
    /// `@`
    Current,
    /// `last`, within a subscript
    Last,
    /// `a + b`
    Arithmetic(Arithmetic, Box<[Chain; 2]>),
    /// `+a`
    Plus(Chain),
    /// `-a`
    Minus(Chain),
    /// `a == b`
    Comparison(Comparison, Box<[Chain; 2]>),
    /// `a && b`
    And(Box<[Chain; 2]>),
    /// `a || b`
    Or(Box<[Chain; 2]>),
    /// `!(a)`
    Not(Chain),
    /// `(a) is unknown`
    IsUnknown(Chain),
    /// `exists (a)`
    Exists(Chain),
    /// `a starts with b`
    StartsWith(Box<[Chain; 2]>),
    /// `a like_regex "…" flag "…"`
    LikeRegex {
        /// What is matched.
        value: Chain,
        /// The regular expression.
        pattern: Box<str>,
        /// The letters behind `flag`.
        flags: RegexFlags,
        /// Which of the path's prepared parts it is: see [`Path::visit`].
        number: usize,
    },
    /// `.name`
    Key(Box<str>),
    /// `.*`
    AnyKey,
    /// `[*]`
    AnyElement,
    /// `[1, 2 to last]`
    Subscripts(Vec<Subscript>),
    /// `.**{first to last}`; [`LAST_LEVEL`] is `last`.
    Any {
        /// The first level.
        first: u32,
        /// The last level.
        last: u32,
    },
    /// `?(a)`
    Filter(Chain),
    /// `.size()` and other methods without arguments
    Method(Method),
    /// `.decimal(precision, scale)`
    Decimal {
        /// Digits in all.
        precision: Option<Number>,
        /// Digits behind the point.
        scale: Option<Number>,
    },
    /// `.datetime(template)`
    Datetime(Option<Template>),
    /// `.time(precision)` and its like
    Timed(Timed, Option<Number>),
}

/// The level that is as deep as the value goes.
pub const LAST_LEVEL: u32 = u32::MAX;

/// One or several elements.
#[derive(Debug)]
pub struct Subscript {
    /// The first.
    pub from: Chain,
    /// The last; None: only the first.
    pub to: Option<Chain>,
}

/// An operator on numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

impl Arithmetic {
    /// The operator's sign.
    pub fn sign(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Modulo => "%",
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessOrEqual,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// The operator's sign.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::LessOrEqual => "<=",
            Comparison::GreaterOrEqual => ">=",
        }
    }

    /// Whether it holds of values that stand in this order.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::Greater => order.is_gt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// A method without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `type()`
    Type,
    /// `size()`
    Size,
    /// `abs()`
    Abs,
    /// `floor()`
    Floor,
    /// `ceiling()`
    Ceiling,
    /// `double()`
    Double,
    /// `keyvalue()`
    KeyValue,
    /// `bigint()`
    Bigint,
    /// `boolean()`
    Boolean,
    /// `date()`
    Date,
    /// `integer()`
    Integer,
    /// `number()`
    Number,
    /// `string()`
    String,
}

impl Method {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Type => "type",
            Method::Size => "size",
            Method::Abs => "abs",
            Method::Floor => "floor",
            Method::Ceiling => "ceiling",
            Method::Double => "double",
            Method::KeyValue => "keyvalue",
            Method::Bigint => "bigint",
            Method::Boolean => "boolean",
            Method::Date => "date",
            Method::Integer => "integer",
            Method::Number => "number",
            Method::String => "string",
        }
    }
}

/// A method that takes the precision of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// `time()`
    Time,
    /// `time_tz()`
    TimeTz,
    /// `timestamp()`
    Timestamp,
    /// `timestamp_tz()`
    TimestampTz,
}

impl Timed {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Timed::Time => "time",
            Timed::TimeTz => "time_tz",
            Timed::Timestamp => "timestamp",
            Timed::TimestampTz => "timestamp_tz",
        }
    }
}

/// The letters behind `flag`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegexFlags {
    /// `i`: letters of either case are the same.
    pub ignore_case: bool,
    /// `s`: `.` matches a newline.
    pub dot_all: bool,
    /// `m`: `^` and `$` match at lines.
    pub multiline: bool,
    /// `x`: which PostgreSQL does not have, but beside `q`, where it means nothing.
    pub expanded: bool,
    /// `q`: the pattern is a text.
    pub quote: bool,
}

/// A template of dates and times.
#[derive(Debug)]
pub struct Template {
    /// Its text.
    pub text: Box<str>,
    /// Which of the path's prepared parts it is: see [`Path::visit`].
    pub number: usize,
}

/// A number in a path.
#[derive(Debug)]
pub struct Number {
    /// Canonical text, for what does not fit `small`.
    text: Box<str>,
    small: Option<Numeric<'static>>,
}

impl Number {
    fn of(value: Numeric<'_>) -> Self {
        let small = value.small_parts().map(|(mantissa, scale)| Numeric::from_parts(mantissa, scale));
        Number { text: value.to_string().into(), small }
    }

    /// Its value.
    pub fn value<'a>(&self, arena: &'a Arena) -> Numeric<'a> {
        match self.small {
            Some(value) => value,
            None => Numeric::parse(&self.text, -1, arena).unwrap_or(Numeric::ZERO),
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Path {
    /// Calls `each` for the regular expressions and templates in the order of their numbers, so that whoever runs the path
    /// can prepare them.
    pub fn visit<E>(&self, mut each: impl FnMut(Part<'_>) -> Result<(), E>) -> Result<(), E> {
        visit(&self.root, &mut each)
    }
}

/// A part of a path that is compiled before it is run.
#[derive(Clone, Copy, Debug)]
pub enum Part<'p> {
    /// A regular expression.
    Regex(&'p str, RegexFlags),
    /// A template of dates and times.
    Template(&'p str),
}

fn visit<E>(chain: &Chain, each: &mut impl FnMut(Part<'_>) -> Result<(), E>) -> Result<(), E> {
    for item in chain {
        match item {
            Item::LikeRegex { value, pattern, flags, .. } => {
                visit(value, each)?;
                each(Part::Regex(pattern, *flags))?;
            }
            Item::Datetime(Some(template)) => each(Part::Template(&template.text))?,
            Item::Arithmetic(_, both)
            | Item::Comparison(_, both)
            | Item::And(both)
            | Item::Or(both)
            | Item::StartsWith(both) => {
                visit(&both[0], each)?;
                visit(&both[1], each)?;
            }
            Item::Plus(of)
            | Item::Minus(of)
            | Item::Not(of)
            | Item::IsUnknown(of)
            | Item::Exists(of)
            | Item::Filter(of) => visit(of, each)?,
            Item::Subscripts(subscripts) => {
                for subscript in subscripts {
                    visit(&subscript.from, each)?;
                    if let Some(to) = &subscript.to {
                        visit(to, each)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A path's canonical text, as `jsonpath_out` shows it.
pub fn canonical(input: &str) -> EvalResult<String> {
    let mut out = Vec::with_capacity(input.len() + 8);
    parse(input)?.write_text(&mut out);
    String::from_utf8(out).map_err(|_| EvalError::new("XX000", "jsonpath text is not UTF-8"))
}
