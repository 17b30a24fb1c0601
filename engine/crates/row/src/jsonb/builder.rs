//! Making jsonb values.

use super::{ARRAY, FALSE, JsonbRef, JsonbValue, NULL, NUMBER, OBJECT, STRING, TRUE};
use crate::encode::push_terminated;
use crate::numeric::packed;
use crate::{Arena, Numeric};

/// Builds a jsonb value from the outside in. Pairs may come in any order; of equal keys the last wins.
#[derive(Debug, Default)]
pub struct JsonbBuilder {
    body: Vec<u8>,
    scales: Vec<u8>,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    /// Position of the kind byte.
    start: usize,
    scales_start: usize,
    count: u32,
    /// Of an object: where each pair begins.
    pairs: Option<Vec<Pair>>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    key_start: usize,
    key_length: usize,
    scales_start: usize,
}

impl JsonbBuilder {
    /// A builder without a value.
    pub fn new() -> Self {
        Self::default()
    }

    fn count(&mut self) {
        if let Some(open) = self.open.last_mut()
            && open.pairs.is_none()
        {
            open.count += 1;
        }
    }

    /// How many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// null
    pub fn push_null(&mut self) {
        self.count();
        self.body.push(NULL);
    }

    /// true or false
    pub fn push_bool(&mut self, value: bool) {
        self.count();
        self.body.push(if value { TRUE } else { FALSE });
    }

    /// A string, which must not hold NUL.
    pub fn push_string(&mut self, value: &str) {
        self.count();
        self.body.push(STRING);
        push_terminated(&mut self.body, value);
    }

    /// A number; NaN and the infinities become strings, as in PostgreSQL's `to_jsonb`.
    pub fn push_numeric(&mut self, value: Numeric<'_>) {
        if !value.is_finite() {
            return self.push_string(&value.to_string());
        }
        self.count();
        self.body.push(NUMBER);
        packed::push_order(&mut self.body, value);
        packed::push_scale(&mut self.scales, value);
    }

    /// A value that stands already.
    pub fn push_jsonb(&mut self, value: JsonbRef<'_>) {
        self.count();
        self.body.extend_from_slice(value.body());
        self.scales.extend_from_slice(value.scales());
    }

    /// Opens an array.
    pub fn begin_array(&mut self) {
        self.begin(ARRAY, None);
    }

    /// Opens an object; then [`JsonbBuilder::key`] and a value for each pair.
    pub fn begin_object(&mut self) {
        self.begin(OBJECT, Some(Vec::new()));
    }

    fn begin(&mut self, kind: u8, pairs: Option<Vec<Pair>>) {
        self.count();
        let start = self.body.len();
        self.body.extend_from_slice(&[kind, 0, 0, 0, 0]);
        self.open.push(Open { start, scales_start: self.scales.len(), count: 0, pairs });
    }

    /// The key of the pair whose value comes next.
    pub fn key(&mut self, key: &str) {
        let key_start = self.body.len();
        push_terminated(&mut self.body, key);
        let pair =
            Pair { key_start, key_length: self.body.len() - key_start - 1, scales_start: self.scales.len() };
        if let Some(Open { pairs: Some(pairs), .. }) = self.open.last_mut() {
            pairs.push(pair);
        }
    }

    /// Closes the innermost container.
    pub fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let count = match open.pairs {
            None => open.count,
            Some(pairs) => self.sort_pairs(open.start + 5, open.scales_start, pairs),
        };
        self.body[open.start + 1..open.start + 5].copy_from_slice(&count.to_be_bytes());
    }

    /// Puts pairs into storage order, keeps the last of equal keys, and returns how many are left.
    fn sort_pairs(&mut self, body_start: usize, scales_start: usize, pairs: Vec<Pair>) -> u32 {
        let key =
            |pair: &Pair| (pair.key_length, &self.body[pair.key_start..pair.key_start + pair.key_length]);
        if pairs.windows(2).all(|two| key(&two[0]) < key(&two[1])) {
            return pairs.len() as u32;
        }
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|a, b| key(&pairs[*a]).cmp(&key(&pairs[*b])).then(a.cmp(b)));
        let mut kept: Vec<usize> = Vec::with_capacity(order.len());
        for index in order {
            match kept.last_mut() {
                Some(last) if key(&pairs[*last]) == key(&pairs[index]) => *last = index,
                _ => kept.push(index),
            }
        }
        let mut body = Vec::with_capacity(self.body.len() - body_start);
        let mut scales = Vec::with_capacity(self.scales.len() - scales_start);
        for index in &kept {
            let next = pairs.get(index + 1);
            let body_end = next.map_or(self.body.len(), |next| next.key_start);
            let scales_end = next.map_or(self.scales.len(), |next| next.scales_start);
            body.extend_from_slice(&self.body[pairs[*index].key_start..body_end]);
            scales.extend_from_slice(&self.scales[pairs[*index].scales_start..scales_end]);
        }
        self.body.truncate(body_start);
        self.body.extend_from_slice(&body);
        self.scales.truncate(scales_start);
        self.scales.extend_from_slice(&scales);
        kept.len() as u32
    }

    /// The value, in an arena. Containers still open are closed; nothing pushed is null.
    pub fn finish(mut self, arena: &Arena) -> JsonbRef<'_> {
        while !self.open.is_empty() {
            self.end();
        }
        if self.body.is_empty() {
            self.push_null();
        }
        let body_length = self.body.len();
        self.body.extend_from_slice(&self.scales);
        JsonbRef::from_parts(arena.push_bytes(&self.body), body_length, body_length)
    }

    /// A value whose numbers show no trailing zeros: its body, with the least scale for each number.
    pub(super) fn push_canonical(&mut self, value: JsonbRef<'_>) {
        let scratch = Arena::new();
        let body = value.body();
        self.count();
        self.body.extend_from_slice(body);
        push_least_scales(value, &scratch, &mut self.scales);
    }
}

fn push_least_scales<'a>(value: JsonbRef<'a>, scratch: &'a Arena, out: &mut Vec<u8>) {
    // A stack of values still to visit, last first, so that scales come in the order of the body.
    let mut todo = vec![value];
    while let Some(value) = todo.pop() {
        let before = todo.len();
        match value.value(scratch) {
            JsonbValue::Number(number) => packed::push_scale(out, number.without_trailing_zeros(scratch)),
            JsonbValue::Array => todo.extend(value.elements()),
            JsonbValue::Object => todo.extend(value.pairs().map(|(_, child)| child)),
            _ => {}
        }
        todo[before..].reverse();
    }
}
