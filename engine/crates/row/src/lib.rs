//! Values: the packed row, PostgreSQL's types, and their order, equality, text and binary forms.
//!
//! - [`Datum`]: a borrowed value; [`Arena`]: where borrowed values live that are not in a row.
//! - [`Row`], [`RowRef`], [`push_datum`], [`decode`], [`column_bounds`]: the packed row ([`mod@encode`] says its format).
//! - [`encode_order`], [`compare`], [`equal`], [`canonical`]: order and equality by SQL type.
//! - [`text_in`], [`text_out`], [`binary_in`], [`binary_out`]: PostgreSQL's input and output functions.
//! - [`Numeric`], [`Interval`], [`JsonbRef`]: values with arithmetic of their own.

pub mod abbreviations;
mod arena;
pub mod array;
pub mod bits;
pub mod calendar;
mod canonical;
mod compare;
mod datum;
mod decode;
pub mod encode;
mod enumeration;
mod error;
mod hash;
mod interval;
pub mod io;
pub mod json;
pub mod jsonb;
pub mod jsonpath;
pub mod network;
pub mod numeric;
mod order;
mod packed;
pub mod range;
mod record;
pub mod timezone;
pub mod work;

pub use arena::Arena;
pub use array::{ArrayBuilder, ArrayRef};
pub use bits::Bits;
pub use canonical::{canonical, is_canonical_identity};
pub use compare::{compare, equal};
pub use datum::{Datum, recycle};
pub use decode::{
    column_bounds, decode, decode_column, decode_datum, has_null, read_column, skip_column, skip_columns,
};
pub use encode::{push_datum, push_int64, push_null, push_text};
pub use enumeration::EnumValue;
pub use error::{About, EvalError, EvalResult, InputRow, Origin};
pub use hash::{hash_bytes, hash_bytes_seeded};
pub use interval::Interval;
pub use io::{FormatSettings, binary_in, binary_out, text_in, text_out};
pub use jsonb::{JsonbBuilder, JsonbRef, JsonbValue};
pub use network::Inet;
pub use numeric::Numeric;
pub use order::encode_order;
pub use packed::{Row, RowRef};
pub use range::{Bound, MultirangeRef, RangeRef};
pub use record::RecordRef;
pub use tidewire_plan::ScalarType;
pub use timezone::Zone;

/// The types of a row's columns, needed to decode it.
pub type RowTypes<'a> = &'a [ScalarType];
