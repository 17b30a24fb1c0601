//! A value, borrowed from a packed row or from an [`Arena`](crate::Arena).

use crate::{
    ArrayRef, Bits, EnumValue, Inet, Interval, JsonbRef, MultirangeRef, Numeric, RangeRef, RecordRef,
};

/// A value of one of the plan's scalar types, or NULL.
///
/// `Datum` is `Copy` and borrows what is not of fixed size. It is not self-describing beyond its variant: text,
/// varchar, bpchar, name and "char" are all `Text`, inet and cidr are both `Inet`, bit and bit
/// varying both `Bits`.
#[derive(Clone, Copy, Debug)]
pub enum Datum<'a> {
    /// SQL NULL, of any type.
    Null,
    /// bool
    Bool(bool),
    /// int2
    Int16(i16),
    /// int4
    Int32(i32),
    /// int8
    Int64(i64),
    /// oid and the reg* types
    Oid(u32),
    /// float4
    Float32(f32),
    /// float8
    Float64(f64),
    /// numeric, with its display scale
    Numeric(Numeric<'a>),
    /// text, varchar, bpchar (blank-padded), name, "char"
    Text(&'a str),
    /// bytea
    Bytea(&'a [u8]),
    /// Days since 2000-01-01; i32::MIN is -infinity, i32::MAX infinity.
    Date(i32),
    /// Microseconds since midnight, 0..=86_400_000_000.
    Time(i64),
    /// Microseconds since 2000-01-01 00:00; i64::MIN is -infinity, i64::MAX infinity.
    Timestamp(i64),
    /// Microseconds since 2000-01-01 00:00 UTC; infinities as in `Timestamp`.
    Timestamptz(i64),
    /// interval
    Interval(Interval),
    /// uuid
    Uuid([u8; 16]),
    /// inet and cidr
    Inet(Inet),
    /// macaddr
    Macaddr([u8; 6]),
    /// macaddr8
    Macaddr8([u8; 8]),
    /// bit and bit varying
    Bits(Bits<'a>),
    /// jsonb
    Jsonb(JsonbRef<'a>),
    /// json, as it was written
    Json(&'a str),
    /// An array, which knows the type of its elements.
    Array(ArrayRef<'a>),
    /// A record, which knows the types of its fields.
    Record(RecordRef<'a>),
    /// A value of an enum type.
    Enum(EnumValue),
    /// A range, which knows what it is over.
    Range(RangeRef<'a>),
    /// A multirange, which knows what it is over.
    Multirange(MultirangeRef<'a>),
}

/// Values are copied a lot: four words.
const _: () = assert!(size_of::<Datum<'_>>() == 32);

/// An emptied vector of the same allocation, for values of another lifetime.
pub fn recycle<'a, 'b>(mut values: Vec<Datum<'a>>) -> Vec<Datum<'b>> {
    values.clear();
    let mut values = std::mem::ManuallyDrop::new(values);
    let (start, capacity) = (values.as_mut_ptr(), values.capacity());
    // SAFETY: the allocation is this vector's, which is not dropped; it holds no values, and types that differ in a
    // lifetime have one layout.
    unsafe { Vec::from_raw_parts(start.cast(), 0, capacity) }
}
