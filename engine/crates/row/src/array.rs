//! Arrays: a borrowed view of their packed form, and a builder.
//!
//! The form is `elements 0x00 dimensions`: each element is a packed column (tag included), in row-major order; then come the
//! number of dimensions (one byte), their lengths and lower bounds (four bytes each, big-endian, the bounds with the sign bit
//! flipped), and the number of dimensions again, so that they can be found from the end. Bytes of arrays whose elements'
//! equality is identity compare as PostgreSQL compares the arrays: element by element, a shorter one first, then by
//! dimensions and bounds. For other elements the packed column begins with [order bytes](ArrayRef::push_order).

use crate::encode::{TAG_NULL, TAG_VALUE, push_escaped};
use crate::{
    Arena, Datum, EvalError, EvalResult, ScalarType, canonical, compare, decode_datum, encode_order,
    is_canonical_identity, push_datum, skip_column,
};
use smallvec::SmallVec;
use std::cmp::Ordering;

/// PostgreSQL's MAXDIM.
pub const MAX_DIMENSIONS: usize = 6;
/// More elements than PostgreSQL's MaxArraySize are refused.
pub const MAX_ELEMENTS: usize = 134_217_727;

const END: u8 = 0x00;

/// The length and the lower bound of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// How many elements.
    pub length: i32,
    /// The subscript of the first.
    pub lower: i32,
}

impl Dimension {
    /// The subscript of the last.
    pub fn upper(&self) -> i32 {
        self.lower.wrapping_add(self.length).wrapping_sub(1)
    }
}

/// Dimensions of one array.
pub type Dimensions = SmallVec<[Dimension; MAX_DIMENSIONS]>;

/// An array in its packed form.
#[derive(Clone, Copy, Debug)]
pub struct ArrayRef<'a> {
    bytes: &'a [u8],
    element: &'static ScalarType,
}

impl<'a> ArrayRef<'a> {
    /// The type of its elements.
    pub fn element(&self) -> &'static ScalarType {
        self.element
    }

    /// The packed form.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The array without elements, which has no dimensions.
    pub fn empty(element: &'static ScalarType) -> ArrayRef<'static> {
        ArrayRef { bytes: &[END, 0, 0], element }
    }

    /// How many dimensions it has.
    pub fn dimension_count(&self) -> usize {
        self.bytes.last().map_or(0, |count| *count as usize)
    }

    /// Where the elements end.
    fn end(&self) -> usize {
        self.bytes.len().saturating_sub(3 + 8 * self.dimension_count())
    }

    /// Its dimensions, the outermost first.
    pub fn dimensions(&self) -> Dimensions {
        let count = self.dimension_count();
        let lengths = self.end() + 2;
        let read = |at: usize| self.bytes[at..at + 4].try_into().map_or(0, u32::from_be_bytes);
        (0..count)
            .map(|index| Dimension {
                length: read(lengths + 4 * index) as i32,
                lower: (read(lengths + 4 * (count + index)) ^ 0x8000_0000) as i32,
            })
            .collect()
    }

    /// How many elements it has.
    pub fn len(&self) -> usize {
        match self.dimension_count() {
            0 => 0,
            _ => self.dimensions().iter().map(|dimension| dimension.length as usize).product(),
        }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.dimension_count() == 0
    }

    /// Its elements as packed columns.
    pub fn packed(&self) -> PackedElements<'a> {
        PackedElements { bytes: &self.bytes[..self.end()], at: 0, element: self.element }
    }

    /// Its elements.
    pub fn elements<'b>(&self, arena: &'b Arena) -> impl Iterator<Item = Datum<'b>> + use<'a, 'b>
    where
        'a: 'b,
    {
        let element = *self.element;
        self.packed().map(move |packed| decode_datum(packed, element, arena))
    }

    /// Whether an element is NULL.
    pub fn has_null(&self) -> bool {
        self.packed().any(|packed| packed[0] == TAG_NULL)
    }

    /// The array whose packed form begins at `*at` of a row; `*at` moves past it.
    pub(crate) fn read(row: &'a [u8], at: &mut usize, element: &'static ScalarType) -> Self {
        let start = order_end(row, *at, element);
        *at = elements_end(row, start, element);
        ArrayRef { bytes: &row[start..*at], element }
    }

    /// The position after the array that begins at `at`.
    pub(crate) fn skip(row: &[u8], at: usize, element: &'static ScalarType) -> usize {
        elements_end(row, order_end(row, at, element), element)
    }

    /// Appends the packed column behind its tag.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        if !is_canonical_identity(*self.element) {
            let mut order = Vec::with_capacity(self.bytes.len());
            self.push_order(&mut order);
            push_escaped(out, &order);
        }
        out.extend_from_slice(self.bytes);
    }

    /// Appends bytes whose order is the array's. They end themselves.
    pub(crate) fn push_order(&self, out: &mut Vec<u8>) {
        if is_canonical_identity(*self.element) {
            out.extend_from_slice(self.bytes);
            return;
        }
        let arena = Arena::new();
        for value in self.elements(&arena) {
            encode_order(out, *self.element, value, false, false);
        }
        out.extend_from_slice(&self.bytes[self.end()..]);
    }

    /// PostgreSQL's order of arrays.
    pub fn compare(&self, other: &ArrayRef<'_>) -> Ordering {
        if is_canonical_identity(*self.element) {
            return self.bytes.cmp(other.bytes);
        }
        let (left, right) = (Arena::new(), Arena::new());
        let mut others = other.elements(&right);
        for value in self.elements(&left) {
            match others.next() {
                None => return Ordering::Greater,
                Some(other) => match compare(*self.element, value, other) {
                    Ordering::Equal => {}
                    unequal => return unequal,
                },
            }
        }
        match others.next() {
            Some(_) => Ordering::Less,
            None => self.bytes[self.end()..].cmp(&other.bytes[other.end()..]),
        }
    }

    /// The array of the canonical representatives of its elements.
    pub fn canonical(&self, arena: &'a Arena) -> ArrayRef<'a> {
        if is_canonical_identity(*self.element) {
            return *self;
        }
        let mut builder = ArrayBuilder::new(self.element);
        for value in self.elements(arena) {
            builder.push(canonical(*self.element, value, arena));
        }
        builder.finish_as(&self.dimensions(), arena)
    }

    /// The same array in another arena.
    pub fn copy_to<'b>(&self, arena: &'b Arena) -> ArrayRef<'b> {
        ArrayRef { bytes: arena.push_bytes(self.bytes), element: self.element }
    }

    /// The same elements as those of another type with the same representation.
    pub fn relabelled(&self, element: &'static ScalarType) -> ArrayRef<'a> {
        ArrayRef { bytes: self.bytes, element }
    }
}

/// The position after the order bytes of an array's column, which only arrays with a wider equality have.
fn order_end(row: &[u8], at: usize, element: &'static ScalarType) -> usize {
    if is_canonical_identity(*element) { at } else { crate::decode::escaped_end(row, at).0 }
}

fn elements_end(row: &[u8], mut at: usize, element: &'static ScalarType) -> usize {
    while row[at] != END {
        at = skip_column(row, at, *element);
    }
    at + 3 + 8 * row[at + 1] as usize
}

/// The packed columns of an array's elements.
#[derive(Clone)]
pub struct PackedElements<'a> {
    bytes: &'a [u8],
    at: usize,
    element: &'static ScalarType,
}

impl<'a> Iterator for PackedElements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let start = self.at;
        self.at = skip_column(self.bytes, start, *self.element);
        Some(&self.bytes[start..self.at])
    }
}

/// Makes an array of its elements in row-major order.
pub struct ArrayBuilder {
    bytes: Vec<u8>,
    count: usize,
    element: &'static ScalarType,
}

impl ArrayBuilder {
    /// Without elements.
    pub fn new(element: &'static ScalarType) -> Self {
        ArrayBuilder { bytes: Vec::new(), count: 0, element }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends an element.
    pub fn push(&mut self, value: Datum<'_>) {
        push_datum(&mut self.bytes, value);
        self.count += 1;
    }

    /// Appends an element that is packed already.
    pub fn push_packed(&mut self, packed: &[u8]) {
        self.bytes.extend_from_slice(packed);
        self.count += 1;
    }

    /// Appends all elements of another array of the same type.
    pub fn push_all(&mut self, array: &ArrayRef<'_>) {
        self.bytes.extend_from_slice(&array.bytes[..array.end()]);
        self.count += array.len();
    }

    /// The array with one dimension from 1 on; without elements, the empty one.
    pub fn finish<'a>(self, arena: &'a Arena) -> EvalResult<ArrayRef<'a>> {
        let length = checked_length(self.count)?;
        Ok(self.finish_as(&[Dimension { length, lower: 1 }], arena))
    }

    /// The array with these dimensions, whose product is the number of elements. Empty if there is no element.
    pub fn finish_as<'a>(mut self, dimensions: &[Dimension], arena: &'a Arena) -> ArrayRef<'a> {
        if self.count == 0 {
            return ArrayRef::empty(self.element);
        }
        let count = dimensions.len() as u8;
        self.bytes.extend_from_slice(&[END, count]);
        for dimension in dimensions {
            self.bytes.extend_from_slice(&dimension.length.to_be_bytes());
        }
        for dimension in dimensions {
            self.bytes.extend_from_slice(&(dimension.lower as u32 ^ 0x8000_0000).to_be_bytes());
        }
        self.bytes.push(count);
        ArrayRef { bytes: arena.push_bytes(&self.bytes), element: self.element }
    }
}

/// A number of elements that an array may have.
pub fn checked_length(count: usize) -> EvalResult<i32> {
    if count > MAX_ELEMENTS {
        let message = format!("array size exceeds the maximum allowed ({MAX_ELEMENTS})");
        return Err(EvalError::new("54000", message));
    }
    Ok(count as i32)
}

const _: () = assert!(TAG_VALUE > END && TAG_NULL > TAG_VALUE, "a shorter array comes first");
