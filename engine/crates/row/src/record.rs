//! Records: a borrowed view of their packed form.
//!
//! The form is that of a row: the packed columns of the fields. Bytes of records whose fields' equality is identity compare as
//! PostgreSQL compares records: field by field, NULL last. For others the packed column begins with
//! [order bytes](RecordRef::push_order).

use crate::encode::push_escaped;
use crate::{
    Arena, Datum, canonical, compare, decode_datum, encode_order, is_canonical_identity, push_datum,
};
use crate::{ScalarType, skip_column, skip_columns};
use std::cmp::Ordering;
use tidewire_plan::RecordType;

/// A record in its packed form.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    bytes: &'a [u8],
    of: &'static RecordType,
}

impl<'a> RecordRef<'a> {
    /// A record of these values, which are of the fields' types.
    pub fn new(of: &'static RecordType, values: &[Datum<'_>], arena: &'a Arena) -> Self {
        let mut bytes = Vec::new();
        for value in values {
            push_datum(&mut bytes, *value);
        }
        RecordRef { bytes: arena.push_bytes(bytes), of }
    }

    /// Its type.
    pub fn of(&self) -> &'static RecordType {
        self.of
    }

    /// A field by its place, from 0.
    pub fn field(&self, index: usize, arena: &'a Arena) -> Option<Datum<'a>> {
        let scalar = *self.of.fields().get(index)?;
        let start = skip_columns(self.bytes, 0, &self.of.fields()[..index]);
        Some(decode_datum(&self.bytes[start..skip_column(self.bytes, start, scalar)], scalar, arena))
    }

    /// Its fields' types and values.
    pub fn fields<'b>(&self, arena: &'b Arena) -> impl Iterator<Item = (ScalarType, Datum<'b>)> + use<'a, 'b>
    where
        'a: 'b,
    {
        let (bytes, mut at) = (self.bytes, 0);
        self.of.fields().iter().map(move |scalar| {
            let end = skip_column(bytes, at, *scalar);
            let value = decode_datum(&bytes[at..end], *scalar, arena);
            at = end;
            (*scalar, value)
        })
    }

    /// Where its columns begin in a row in which the record begins at `at`, behind its order bytes.
    fn start(row: &[u8], at: usize, of: &RecordType) -> usize {
        match identity(of) {
            true => at,
            false => crate::decode::escaped_end(row, at).0,
        }
    }

    /// The record whose packed form begins at `*at` of a row; `*at` moves past it.
    pub(crate) fn read(row: &'a [u8], at: &mut usize, of: &'static RecordType) -> Self {
        let start = Self::start(row, *at, of);
        *at = skip_columns(row, start, of.fields());
        RecordRef { bytes: &row[start..*at], of }
    }

    /// The position after the record that begins at `at`.
    pub(crate) fn skip(row: &[u8], at: usize, of: &RecordType) -> usize {
        skip_columns(row, Self::start(row, at, of), of.fields())
    }

    /// Appends the packed column behind its tag.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        if !identity(self.of) {
            let mut order = Vec::with_capacity(self.bytes.len());
            self.push_order(&mut order);
            push_escaped(out, &order);
        }
        out.extend_from_slice(self.bytes);
    }

    /// Appends bytes whose order is the record's. They end themselves.
    pub(crate) fn push_order(&self, out: &mut Vec<u8>) {
        if identity(self.of) {
            out.extend_from_slice(self.bytes);
            return;
        }
        let arena = Arena::new();
        for (scalar, value) in self.fields(&arena) {
            encode_order(out, scalar, value, false, false);
        }
    }

    /// PostgreSQL's order of records; NULL fields are last and equal each other.
    pub fn compare(&self, other: &RecordRef<'_>) -> Ordering {
        let (left, right) = (Arena::new(), Arena::new());
        let mut others = other.fields(&right);
        for (scalar, value) in self.fields(&left) {
            let Some((_, other)) = others.next() else { return Ordering::Greater };
            match compare(scalar, value, other) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        if others.next().is_some() { Ordering::Less } else { Ordering::Equal }
    }

    /// The record of the canonical representatives of its fields.
    pub fn canonical(&self, arena: &'a Arena) -> RecordRef<'a> {
        if identity(self.of) {
            return *self;
        }
        let values: Vec<Datum<'_>> =
            self.fields(arena).map(|(scalar, value)| canonical(scalar, value, arena)).collect();
        RecordRef::new(self.of, &values, arena)
    }

    /// The same record in another arena.
    pub fn copy_to<'b>(&self, arena: &'b Arena) -> RecordRef<'b> {
        RecordRef { bytes: arena.push_bytes(self.bytes), of: self.of }
    }
}

/// Whether the equality of all fields is identity.
fn identity(of: &RecordType) -> bool {
    of.fields().iter().all(|scalar| is_canonical_identity(*scalar))
}
