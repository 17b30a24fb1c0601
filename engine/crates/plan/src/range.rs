//! Range and multirange types: PostgreSQL's own six of each.

use crate::ScalarType;

/// What a range is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RangeType {
    /// int4range: whole numbers.
    Int4,
    /// int8range: whole numbers.
    Int8,
    /// numrange
    Num,
    /// daterange: whole days.
    Date,
    /// tsrange
    Ts,
    /// tstzrange
    Tstz,
}

impl RangeType {
    /// The type of its bounds.
    pub const fn subtype(self) -> ScalarType {
        match self {
            RangeType::Int4 => ScalarType::Int4,
            RangeType::Int8 => ScalarType::Int8,
            RangeType::Num => ScalarType::Numeric,
            RangeType::Date => ScalarType::Date,
            RangeType::Ts => ScalarType::Timestamp,
            RangeType::Tstz => ScalarType::Timestamptz,
        }
    }

    /// Whether a value has a next one, so that each set of values has one form: `[a,b)`.
    pub const fn is_discrete(self) -> bool {
        matches!(self, RangeType::Int4 | RangeType::Int8 | RangeType::Date)
    }

    /// The range type's `pg_type.oid`.
    pub const fn oid(self) -> u32 {
        match self {
            RangeType::Int4 => 3904,
            RangeType::Num => 3906,
            RangeType::Ts => 3908,
            RangeType::Tstz => 3910,
            RangeType::Date => 3912,
            RangeType::Int8 => 3926,
        }
    }

    /// The multirange type's `pg_type.oid`.
    pub const fn multirange_oid(self) -> u32 {
        match self {
            RangeType::Int4 => 4451,
            RangeType::Num => 4532,
            RangeType::Ts => 4533,
            RangeType::Tstz => 4534,
            RangeType::Date => 4535,
            RangeType::Int8 => 4536,
        }
    }

    /// Its own place, to be an array's element.
    pub const fn element(self) -> &'static ScalarType {
        match self {
            RangeType::Int4 => &ScalarType::Range(RangeType::Int4),
            RangeType::Int8 => &ScalarType::Range(RangeType::Int8),
            RangeType::Num => &ScalarType::Range(RangeType::Num),
            RangeType::Date => &ScalarType::Range(RangeType::Date),
            RangeType::Ts => &ScalarType::Range(RangeType::Ts),
            RangeType::Tstz => &ScalarType::Range(RangeType::Tstz),
        }
    }
}
