//! jsonb, packed.
//!
//! A value is its order bytes (the *body*) and, apart from them, the display scales of its numbers in the order in
//! which they stand (the *scales*), so that values compare by their bodies. A body is one byte of kind and then:
//!
//! - null 0x02, false 0x05, true 0x06: nothing; string 0x03: UTF-8 and NUL (jsonb has no `\u0000`);
//! - number 0x04: the order bytes of a numeric;
//! - array 0x07: the number of elements (4 bytes), the elements;
//! - object 0x08: the number of pairs (4 bytes), then key, NUL, value for each, keys in PostgreSQL's storage order
//!   (by length, then by bytes), each once.
//!
//! That is PostgreSQL's order of jsonb, but for an empty array at the top, which PostgreSQL has below null: a packed
//! column holds 0x01 for it. A child's body is part of its parent's, so navigation copies nothing.

mod builder;
mod layout;
mod parse;
mod print;

use crate::numeric::packed;
use crate::{Arena, Numeric};
use smallvec::SmallVec;
use std::cmp::Ordering;

pub use builder::JsonbBuilder;
pub use layout::PostgresOffsets;
pub use parse::parse;
pub use print::write_string;

const EMPTY_TOP_ARRAY: u8 = 0x01;
const NULL: u8 = 0x02;
const STRING: u8 = 0x03;
const NUMBER: u8 = 0x04;
const FALSE: u8 = 0x05;
const TRUE: u8 = 0x06;
const ARRAY: u8 = 0x07;
const OBJECT: u8 = 0x08;

const EMPTY_ARRAY_BODY: &[u8] = &[ARRAY, 0, 0, 0, 0];

/// A borrowed jsonb value.
#[derive(Clone, Copy)]
pub struct JsonbRef<'a> {
    /// From the start of the body to the end of the scales. Between them may stand what belongs to a parent.
    bytes: &'a [u8],
    body_length: u32,
    scales_start: u32,
}

/// One level of a jsonb value.
#[derive(Clone, Copy, Debug)]
pub enum JsonbValue<'a> {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A number
    Number(Numeric<'a>),
    /// A string
    String(&'a str),
    /// An array; see [`JsonbRef::elements`].
    Array,
    /// An object; see [`JsonbRef::pairs`].
    Object,
}

/// Reads a big-endian count.
#[inline]
fn count_at(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The end of the NUL-terminated string at `at`: the position of its NUL.
#[inline]
fn string_end(bytes: &[u8], at: usize) -> usize {
    at + memchr::memchr(0, &bytes[at..]).expect("string is terminated")
}

/// The position after the body at `at`; adds the count of its numbers.
fn skip_body(bytes: &[u8], mut at: usize, numbers: &mut usize) -> usize {
    // Values still to come in the open containers, and whether keys stand before them. No recursion: depth is data.
    let mut open: SmallVec<[(usize, bool); 8]> = SmallVec::new();
    loop {
        let kind = bytes[at];
        at += 1;
        match kind {
            STRING => at = string_end(bytes, at) + 1,
            NUMBER => {
                at = packed::skip_order(bytes, at);
                *numbers += 1;
            }
            ARRAY | OBJECT => {
                open.push((count_at(bytes, at), kind == OBJECT));
                at += 4;
            }
            _ => {}
        }
        while let Some((0, _)) = open.last() {
            open.pop();
        }
        match open.last_mut() {
            None => return at,
            Some((left, keyed)) => {
                *left -= 1;
                if *keyed {
                    at = string_end(bytes, at) + 1;
                }
            }
        }
    }
}

/// The position after `numbers` display scales.
fn skip_scales(bytes: &[u8], mut at: usize, numbers: usize) -> usize {
    for _ in 0..numbers {
        at += if bytes[at] < 0x80 { 1 } else { 2 };
    }
    at
}

impl<'a> JsonbRef<'a> {
    /// `null`
    pub const NULL: JsonbRef<'static> = JsonbRef { bytes: &[NULL], body_length: 1, scales_start: 1 };
    /// `[]`
    pub const EMPTY_ARRAY: JsonbRef<'static> =
        JsonbRef { bytes: EMPTY_ARRAY_BODY, body_length: 5, scales_start: 5 };
    /// `{}`
    pub const EMPTY_OBJECT: JsonbRef<'static> =
        JsonbRef { bytes: &[OBJECT, 0, 0, 0, 0], body_length: 5, scales_start: 5 };

    /// Reads the packed column value at `*at`.
    pub(crate) fn read_packed(row: &'a [u8], at: &mut usize) -> Self {
        let start = *at;
        if row[start] == EMPTY_TOP_ARRAY {
            *at += 1;
            return JsonbRef::EMPTY_ARRAY;
        }
        let mut numbers = 0;
        let body_end = skip_body(row, start, &mut numbers);
        let end = skip_scales(row, body_end, numbers);
        *at = end;
        let length = (body_end - start) as u32;
        JsonbRef { bytes: &row[start..end], body_length: length, scales_start: length }
    }

    /// The position after the packed column value at `at`.
    pub(crate) fn skip_packed(row: &[u8], at: usize) -> usize {
        if row[at] == EMPTY_TOP_ARRAY {
            return at + 1;
        }
        let mut numbers = 0;
        let body_end = skip_body(row, at, &mut numbers);
        skip_scales(row, body_end, numbers)
    }

    fn from_parts(bytes: &'a [u8], body_length: usize, scales_start: usize) -> Self {
        JsonbRef { bytes, body_length: body_length as u32, scales_start: scales_start as u32 }
    }

    #[inline]
    fn body(&self) -> &'a [u8] {
        &self.bytes[..self.body_length as usize]
    }

    #[inline]
    pub(crate) fn scales(&self) -> &'a [u8] {
        &self.bytes[self.scales_start as usize..]
    }

    /// Appends the order bytes of a top-level value.
    pub(crate) fn push_order(&self, out: &mut Vec<u8>) {
        if self.body() == EMPTY_ARRAY_BODY {
            out.push(EMPTY_TOP_ARRAY);
        } else {
            out.extend_from_slice(self.body());
        }
    }

    /// The value's first level. `arena` takes numbers of more than 38 digits.
    pub fn value(&self, arena: &'a Arena) -> JsonbValue<'a> {
        let body = self.body();
        match body[0] {
            FALSE => JsonbValue::Bool(false),
            TRUE => JsonbValue::Bool(true),
            STRING => JsonbValue::String(text(&body[1..body.len() - 1])),
            NUMBER => {
                let scale = packed::read_scale(self.scales(), &mut 0);
                JsonbValue::Number(packed::read_finite(&body[1..], scale, arena))
            }
            ARRAY => JsonbValue::Array,
            OBJECT => JsonbValue::Object,
            _ => JsonbValue::Null,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.bytes[0] == NULL
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        self.bytes[0] == ARRAY
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.bytes[0] == OBJECT
    }

    /// `jsonb_typeof`.
    pub fn type_name(&self) -> &'static str {
        match self.bytes[0] {
            STRING => "string",
            NUMBER => "number",
            FALSE | TRUE => "boolean",
            ARRAY => "array",
            OBJECT => "object",
            _ => "null",
        }
    }

    /// Elements of an array or pairs of an object; 0 for others.
    pub fn len(&self) -> usize {
        if self.is_array() || self.is_object() { count_at(self.bytes, 1) } else { 0 }
    }

    /// Whether it has no elements or pairs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements of an array; none for others.
    pub fn elements(&self) -> Elements<'a> {
        let left = if self.is_array() { self.len() } else { 0 };
        Elements { children: self.children(left) }
    }

    /// The pairs of an object, in storage order; none for others.
    pub fn pairs(&self) -> Pairs<'a> {
        let left = if self.is_object() { self.len() } else { 0 };
        Pairs { children: self.children(left) }
    }

    fn children(&self, left: usize) -> Children<'a> {
        Children { bytes: self.bytes, at: 5, scales_at: self.scales_start as usize, left }
    }

    /// `->`: the value under a key of an object.
    pub fn get_field(&self, key: &str) -> Option<JsonbRef<'a>> {
        let wanted = (key.len(), key.as_bytes());
        for (candidate, value) in self.pairs() {
            match (candidate.len(), candidate.as_bytes()).cmp(&wanted) {
                Ordering::Less => {}
                Ordering::Equal => return Some(value),
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// `->`: an element of an array; negative counts from the end.
    pub fn get_element(&self, index: i64) -> Option<JsonbRef<'a>> {
        let length = self.len() as i64;
        let index = if index < 0 { index + length } else { index };
        if !self.is_array() || index < 0 || index >= length {
            return None;
        }
        self.elements().nth(index as usize)
    }

    /// PostgreSQL's order of jsonb.
    pub fn compare(&self, other: &JsonbRef<'_>) -> Ordering {
        let empty_array = |value: &JsonbRef<'_>| value.body() == EMPTY_ARRAY_BODY;
        match (empty_array(self), empty_array(other)) {
            (false, false) => self.body().cmp(other.body()),
            // Not empty arrays come after an empty one all the same.
            (a, b) => b.cmp(&a),
        }
    }

    /// Equality without regard to display scales.
    pub fn equals(&self, other: &JsonbRef<'_>) -> bool {
        self.body() == other.body()
    }

    /// The same value with numbers that show no trailing zeros.
    pub fn canonical(&self, arena: &'a Arena) -> JsonbRef<'a> {
        if self.scales().iter().all(|byte| *byte == 0) {
            return *self;
        }
        let mut builder = JsonbBuilder::new();
        builder.push_canonical(*self);
        builder.finish(arena)
    }

    /// The same value in an arena.
    pub fn copy_to<'b>(&self, arena: &'b Arena) -> JsonbRef<'b> {
        let mut bytes = Vec::with_capacity(self.body().len() + self.scales().len());
        bytes.extend_from_slice(self.body());
        bytes.extend_from_slice(self.scales());
        let body = self.body().len();
        JsonbRef::from_parts(arena.push_bytes(bytes), body, body)
    }
}

/// Text that the builder wrote.
#[inline]
fn text(bytes: &[u8]) -> &str {
    // SAFETY: bodies are written from `&str` only, and cut at their NULs.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

impl std::fmt::Debug for JsonbRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = Vec::new();
        self.write_text(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl PartialEq for JsonbRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.equals(other)
    }
}

/// A walk over the children of a container.
struct Children<'a> {
    bytes: &'a [u8],
    at: usize,
    scales_at: usize,
    left: usize,
}

impl<'a> Children<'a> {
    fn next_value(&mut self) -> JsonbRef<'a> {
        let start = self.at;
        let mut numbers = 0;
        self.at = skip_body(self.bytes, start, &mut numbers);
        let scales_start = self.scales_at;
        self.scales_at = skip_scales(self.bytes, scales_start, numbers);
        self.left -= 1;
        JsonbRef::from_parts(&self.bytes[start..self.scales_at], self.at - start, scales_start - start)
    }
}

/// Iterator over the elements of an array.
pub struct Elements<'a> {
    children: Children<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = JsonbRef<'a>;
    fn next(&mut self) -> Option<JsonbRef<'a>> {
        (self.children.left > 0).then(|| self.children.next_value())
    }
}

/// Iterator over the pairs of an object.
pub struct Pairs<'a> {
    children: Children<'a>,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, JsonbRef<'a>);
    fn next(&mut self) -> Option<(&'a str, JsonbRef<'a>)> {
        if self.children.left == 0 {
            return None;
        }
        let start = self.children.at;
        let end = string_end(self.children.bytes, start);
        self.children.at = end + 1;
        Some((text(&self.children.bytes[start..end]), self.children.next_value()))
    }
}
