//! The packed row: owned and borrowed.

use crate::{Arena, Datum, ScalarType, decode, push_datum};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;
use std::ops::Deref;

/// An owned packed row. Order, equality and hash are those of its bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    bytes: SmallVec<[u8; 24]>,
}

/// A borrowed packed row. Order, equality and hash are those of its bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef<'a>(pub &'a [u8]);

impl Row {
    /// The row of no columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// A row from its packed bytes.
    #[inline]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Row { bytes: SmallVec::from_slice(bytes) }
    }

    /// Packs values.
    pub fn pack(values: &[Datum<'_>]) -> Self {
        let mut bytes = Vec::with_capacity(values.len() * 9);
        for value in values {
            push_datum(&mut bytes, *value);
        }
        Row::from_bytes(&bytes)
    }

    /// The packed bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Borrows the row.
    #[inline]
    pub fn as_row_ref(&self) -> RowRef<'_> {
        RowRef(&self.bytes)
    }

    /// Replaces the contents, keeping the allocation.
    #[inline]
    pub fn set(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends packed columns.
    #[inline]
    pub fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }
}

impl<'a> RowRef<'a> {
    /// The packed bytes.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// An owned copy.
    #[inline]
    pub fn to_row(self) -> Row {
        Row::from_bytes(self.0)
    }

    /// Decodes all columns onto `out`.
    pub fn decode(self, types: &[ScalarType], arena: &'a Arena, out: &mut Vec<Datum<'a>>) {
        decode(self.0, types, arena, out);
    }
}

impl Deref for Row {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Row {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::borrow::Borrow<[u8]> for Row {
    fn borrow(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq<&Row> for RowRef<'_> {
    fn eq(&self, other: &&Row) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<Row> for RowRef<'_> {
    fn eq(&self, other: &Row) -> bool {
        self.0 == other.as_bytes()
    }
}

impl From<Vec<u8>> for Row {
    fn from(bytes: Vec<u8>) -> Self {
        Row { bytes: SmallVec::from_vec(bytes) }
    }
}

fn write_hex(bytes: &[u8], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    f.write_str("Row(")?;
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    f.write_str(")")
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_hex(&self.bytes, f)
    }
}

impl std::fmt::Debug for RowRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_hex(self.0, f)
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.bytes)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Row;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("packed row bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Row, E> {
                Ok(Row::from_bytes(bytes))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Row, E> {
                Ok(Row::from(bytes))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Row, A::Error> {
                let mut row = Row::new();
                while let Some(byte) = seq.next_element::<u8>()? {
                    row.bytes.push(byte);
                }
                Ok(row)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
