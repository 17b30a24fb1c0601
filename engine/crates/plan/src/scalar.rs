//! Column types and scalar expressions.

use crate::{EnumType, RangeType};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use ts_rs::TS;

/// The types that a column can have. In JSON they are PostgreSQL's `typname`: an array's is its element's behind `_`, a record's
/// are its fields' between parentheses, an enum's is `enum:` and its oid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, TS)]
#[ts(
    type = "BaseType | `_${BaseType}` | `(${string})` | `_(${string})` | `enum:${number}` | `_enum:${number}`"
)]
pub enum ScalarType {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Varchar,
    Bpchar,
    Bytea,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Interval,
    Uuid,
    /// An address, and how much of it says which network it is in.
    Inet,
    /// A network: an address without bits beyond the network's.
    Cidr,
    Macaddr,
    Macaddr8,
    Bit,
    Varbit,
    Jsonb,
    /// JSON as it was written.
    Json,
    /// A path of SQL/JSON; stored as its canonical text.
    Jsonpath,
    /// Unsigned 32-bit object identifier; also carries regclass, regtype and the other reg* types.
    Oid,
    /// PostgreSQL's 63-byte `name`; stored as text.
    Name,
    /// PostgreSQL's one-byte `"char"`; stored as text of at most one byte.
    Char,
    /// Arrays of this type, of any number of dimensions.
    Array(&'static ScalarType),
    /// Several values as one.
    Record(&'static RecordType),
    /// One of the labels that a user declared.
    Enum(&'static EnumType),
    /// What lies between two values.
    Range(RangeType),
    /// Several ranges that do not touch, in order.
    Multirange(RangeType),
}

/// The fields of a record. There is one for each list of types, for as long as the process lives.
#[derive(Debug)]
pub struct RecordType {
    fields: Box<[ScalarType]>,
    name: Box<str>,
    array_name: Box<str>,
}

impl RecordType {
    /// The types of its fields.
    pub fn fields(&self) -> &[ScalarType] {
        &self.fields
    }
}

impl PartialEq for RecordType {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for RecordType {}

impl std::hash::Hash for RecordType {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self).hash(state);
    }
}

/// The records that there are, by name.
static RECORDS: LazyLock<Mutex<HashMap<Box<str>, &'static ScalarType>>> = LazyLock::new(Mutex::default);

impl ScalarType {
    /// The record of these fields.
    pub fn record(fields: &[ScalarType]) -> &'static ScalarType {
        let names: Vec<&str> = fields.iter().map(ScalarType::name).collect();
        let name = format!("({})", names.join(",")).into_boxed_str();
        let mut records = RECORDS.lock().unwrap_or_else(PoisonError::into_inner);
        records.entry(name.clone()).or_insert_with(|| {
            let array_name = format!("_{name}").into_boxed_str();
            let record = Box::leak(Box::new(RecordType { fields: fields.into(), name, array_name }));
            Box::leak(Box::new(ScalarType::Record(record)))
        })
    }

    /// A record's own place, to be an array's element.
    fn interned(record: &'static RecordType) -> &'static ScalarType {
        ScalarType::record(&record.fields)
    }

    /// The record or enum of this name.
    fn made_named(name: &str) -> Option<&'static ScalarType> {
        ScalarType::record_named(name).or_else(|| ScalarType::enumeration_named(name))
    }

    /// The record of this name: types between parentheses.
    fn record_named(name: &str) -> Option<&'static ScalarType> {
        let inner = name.strip_prefix('(')?.strip_suffix(')')?;
        let mut fields = Vec::new();
        let (mut depth, mut start) = (0usize, 0);
        for (at, character) in inner.char_indices() {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.checked_sub(1)?,
                ',' if depth == 0 => {
                    fields.push(ScalarType::named(&inner[start..at])?);
                    start = at + 1;
                }
                _ => {}
            }
        }
        if !inner.is_empty() {
            fields.push(ScalarType::named(&inner[start..])?);
        }
        Some(ScalarType::record(&fields))
    }
}

/// The types that are not made of others, as they are named in JSON.
#[derive(Clone, Copy, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "ScalarType has the docs")]
pub enum BaseType {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Varchar,
    Bpchar,
    Bytea,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Interval,
    Uuid,
    Inet,
    Cidr,
    Macaddr,
    Macaddr8,
    Bit,
    Varbit,
    Jsonb,
    Json,
    Jsonpath,
    Oid,
    Name,
    Char,
    Int4range,
    Int8range,
    Numrange,
    Daterange,
    Tsrange,
    Tstzrange,
    Int4multirange,
    Int8multirange,
    Nummultirange,
    Datemultirange,
    Tsmultirange,
    Tstzmultirange,
}

macro_rules! base_types {
    ($($name:ident $(($of:path))? $text:literal),* $(,)?) => {
        impl ScalarType {
            /// All types that are not made of others.
            pub const BASE: &'static [ScalarType] = &[$(ScalarType::$name $(($of))?),*];

            /// The type's name in plans.
            pub fn name(&self) -> &'static str {
                match self {
                    $(ScalarType::$name $(($of))? => $text,)*
                    ScalarType::Array(element) => match element {
                        $(ScalarType::$name $(($of))? => concat!("_", $text),)*
                        ScalarType::Record(record) => &record.array_name,
                        ScalarType::Enum(of) => of.array_name(),
                        ScalarType::Array(_) => "_",
                    },
                    ScalarType::Record(record) => &record.name,
                    ScalarType::Enum(of) => of.name(),
                }
            }

            /// The type of this name.
            pub fn named(name: &str) -> Option<ScalarType> {
                match name {
                    $($text => Some(ScalarType::$name $(($of))?),
                    concat!("_", $text) => Some(ScalarType::Array(&ScalarType::$name $(($of))?)),)*
                    _ => match name.strip_prefix('_') {
                        Some(element) => ScalarType::made_named(element).map(ScalarType::Array),
                        None => ScalarType::made_named(name).copied(),
                    },
                }
            }

            /// Arrays of this type; None for an array.
            pub fn array(&self) -> Option<ScalarType> {
                match self {
                    $(ScalarType::$name $(($of))? => Some(ScalarType::Array(&ScalarType::$name $(($of))?)),)*
                    ScalarType::Record(record) => Some(ScalarType::Array(ScalarType::interned(record))),
                    ScalarType::Enum(of) => Some(ScalarType::Array(ScalarType::enumeration(of.oid()))),
                    ScalarType::Array(_) => None,
                }
            }
        }
    };
}

base_types!(
    Bool "bool", Int2 "int2", Int4 "int4", Int8 "int8", Float4 "float4", Float8 "float8", Numeric "numeric",
    Text "text", Varchar "varchar", Bpchar "bpchar", Bytea "bytea", Date "date", Time "time",
    Timestamp "timestamp", Timestamptz "timestamptz", Interval "interval", Uuid "uuid",
    Inet "inet", Cidr "cidr", Macaddr "macaddr", Macaddr8 "macaddr8", Bit "bit", Varbit "varbit", Jsonb "jsonb", Json "json", Jsonpath "jsonpath", Oid "oid", Name "name", Char "char",
    Range(RangeType::Int4) "int4range", Range(RangeType::Int8) "int8range", Range(RangeType::Num) "numrange",
    Range(RangeType::Date) "daterange", Range(RangeType::Ts) "tsrange", Range(RangeType::Tstz) "tstzrange",
    Multirange(RangeType::Int4) "int4multirange", Multirange(RangeType::Int8) "int8multirange",
    Multirange(RangeType::Num) "nummultirange", Multirange(RangeType::Date) "datemultirange",
    Multirange(RangeType::Ts) "tsmultirange", Multirange(RangeType::Tstz) "tstzmultirange",
);

impl Serialize for ScalarType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ScalarType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        ScalarType::named(&name).ok_or_else(|| D::Error::custom(format!("unknown type `{name}`")))
    }
}

/// A column: its type and PostgreSQL's type modifier (`atttypmod`, -1 if none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColumnType {
    /// The type.
    pub scalar: ScalarType,
    /// PostgreSQL's `atttypmod`; -1 if none.
    pub typmod: i32,
    /// Whether the planner could not exclude NULL.
    pub nullable: bool,
}

/// A scalar expression over the columns of one row. NULL logic and errors are PostgreSQL's.
///
/// `And` and `Or` evaluate from left to right and stop at the first deciding operand (false, true); an error
/// that was reached before is the result. `Case` and `Coalesce` evaluate only what they need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Expr {
    /// A column of the input row.
    Column { index: u32 },
    /// A constant: the type's text form, read once by its input function when the plan is decoded; None is NULL.
    Literal { scalar: ScalarType, text: Option<String> },
    /// A value given when the plan is executed; its type is `Plan::parameters[index]`.
    Parameter { index: u32 },
    /// The logical time as timestamptz. Only in maintained plans and temporal filters.
    LogicalNow,
    /// A function. `opcode` is PostgreSQL's internal function name (`pg_proc.prosrc`: `int4pl`, `texteq`,
    /// `numeric_mul`, `int84` for the cast of int8 to int4…). Strict functions give NULL when an argument is NULL.
    Call { opcode: String, arguments: Vec<Expr>, scalar: ScalarType },
    /// Text to `scalar` through the type's input function (an I/O cast). `typmod` is applied by it.
    Input { argument: Box<Expr>, scalar: ScalarType, typmod: i32 },
    /// Any type to text through its output function (an I/O cast). `from` is the argument's type.
    Output { argument: Box<Expr>, from: ScalarType },
    /// Three-valued AND.
    And { operands: Vec<Expr> },
    /// Three-valued OR.
    Or { operands: Vec<Expr> },
    /// Three-valued NOT.
    Not { operand: Box<Expr> },
    /// Never NULL.
    IsNull { operand: Box<Expr> },
    /// `operand IS TRUE`, never NULL. (`IS FALSE` is `IsTrue(Not)`, `IS NOT x` is `Not(IsTrue…)`.)
    IsTrue { operand: Box<Expr> },
    /// First branch whose condition is true, else `otherwise`.
    Case { branches: Vec<CaseBranch>, otherwise: Box<Expr>, scalar: ScalarType },
    /// First operand that is not NULL.
    Coalesce { operands: Vec<Expr>, scalar: ScalarType },
    /// `operand IN (literals)`: `operands[0]` against constants of the same type by the type's equality.
    /// True, false, or NULL when nothing equals and some constant or the operand is NULL.
    InList { operand: Box<Expr>, list: Vec<Expr>, of: ScalarType },
    /// The canonical representative of a value under its type's equality (numeric without trailing zeros, +0 for
    /// -0, an interval normalised to months/days/µs by its span, bpchar without trailing blanks, jsonb with
    /// normalised numbers). The identity for types whose equality is identity. Used in keys only.
    Canonical { operand: Box<Expr>, of: ScalarType },
    /// NULL-safe equality by the type's equality; never NULL. (`a IS NOT DISTINCT FROM b`.)
    NotDistinct { left: Box<Expr>, right: Box<Expr>, of: ScalarType },
    /// ARRAY[…]. `scalar` is the array's type; `nested`: the elements are arrays, which become the parts of one of a
    /// dimension more.
    Array { elements: Vec<Expr>, nested: bool, scalar: ScalarType },
    /// Each element of an array through `body`, where it is `Element` 0: a cast. `scalar` is the result's type.
    MapArray { array: Box<Expr>, body: Box<Expr>, scalar: ScalarType },
    /// `left op ANY|ALL (array)`: `comparison` is bool, `Element` 0 is left's value and `Element` 1 the array's.
    Quantified { all: bool, left: Box<Expr>, array: Box<Expr>, comparison: Box<Expr> },
    /// What the innermost MapArray or Quantified around it binds.
    Element { index: u32, scalar: ScalarType },
    /// `body`, in which `value`, which is computed once, is the `Local` of this binding. Not from within the bodies of
    /// MapArray and Quantified around which it stands: they read elements alone.
    Once { binding: u32, value: Box<Expr>, body: Box<Expr>, scalar: ScalarType },
    /// What a Once around it binds.
    Local { binding: u32, scalar: ScalarType },
    /// Raises an error when evaluated, with this SQLSTATE and message.
    Raise {
        sqlstate: String,
        message: String,
        /// The domain that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        about: Option<DomainSubject>,
        scalar: ScalarType,
    },
}

/// The domain, and its constraint, that an error is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DomainSubject {
    /// The domain's schema.
    pub schema: String,
    /// The domain's name.
    pub datatype: String,
    /// None: NOT NULL.
    pub constraint: Option<String>,
}

/// One `WHEN condition THEN result`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseBranch {
    /// A bool expression.
    pub condition: Expr,
    /// The branch's value.
    pub result: Expr,
}
