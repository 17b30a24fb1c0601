//! Arrays: text, binary and packed forms come back, and bytes, order keys and canonical forms agree with PostgreSQL's
//! order, over random arrays of several element types.

use std::cmp::Ordering;
use tidewire_row::array::Dimension;
use tidewire_row::{
    Arena, ArrayBuilder, ArrayRef, Datum, FormatSettings, ScalarType, binary_in, binary_out, canonical,
    compare, decode, encode_order, equal, push_datum, skip_column, text_in, text_out,
};

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Texts of values of each type; some are equal and not the same.
const VALUES: &[(&ScalarType, &[&str])] = &[
    (&ScalarType::Int4, &["0", "1", "-1", "2147483647", "-2147483648"]),
    (&ScalarType::Text, &["", "a", "null", "NULL", "a b", "{", "\"", "\\", ",", "ä\n"]),
    (&ScalarType::Numeric, &["1", "1.0", "1.00", "-0.5", "NaN", "12345678901234567890.5"]),
    (&ScalarType::Float8, &["0", "-0", "1.5", "NaN", "Infinity"]),
    (&ScalarType::Bytea, &["\\x", "\\x00", "\\x0000ff", "\\x01"]),
    (&ScalarType::Interval, &["1 day", "24:00:00", "1 mon", "30 days"]),
    (&ScalarType::Jsonb, &["1", "1.0", "{\"a\": [1, null]}", "[]", "null"]),
    (&ScalarType::Bpchar, &["a", "a  ", "b"]),
    (&ScalarType::Bool, &["t", "f"]),
];

fn array<'a>(
    random: &mut Random,
    element: &'static ScalarType,
    texts: &[&str],
    arena: &'a Arena,
) -> ArrayRef<'a> {
    let settings = FormatSettings::default();
    let count = random.below(3) as usize;
    let dimensions: Vec<Dimension> = (0..count)
        .map(|_| Dimension { length: random.below(3) as i32 + 1, lower: random.pick(&[1, 1, 1, 0, -3, 7]) })
        .collect();
    let total: i32 = dimensions.iter().map(|dimension| dimension.length).product();
    let mut builder = ArrayBuilder::new(element);
    for _ in 0..if count == 0 { 0 } else { total } {
        if random.below(6) == 0 {
            builder.push(Datum::Null);
        } else {
            builder.push(text_in(*element, -1, random.pick(texts), &settings, arena).unwrap());
        }
    }
    builder.finish_as(&dimensions, arena)
}

/// array_cmp, from its definition.
fn defined(a: ArrayRef<'_>, b: ArrayRef<'_>) -> Ordering {
    let arena = Arena::new();
    let (left, right): (Vec<_>, Vec<_>) = (a.elements(&arena).collect(), b.elements(&arena).collect());
    for (x, y) in left.iter().zip(&right) {
        match compare(*a.element(), *x, *y) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    let (m, n) = (a.dimensions(), b.dimensions());
    left.len()
        .cmp(&right.len())
        .then(m.len().cmp(&n.len()))
        .then(m.iter().map(|d| d.length).cmp(n.iter().map(|d| d.length)))
        .then(m.iter().map(|d| d.lower).cmp(n.iter().map(|d| d.lower)))
}

fn packed(value: Datum<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    push_datum(&mut out, value);
    out
}

#[test]
fn all_forms_come_back_and_agree() {
    let settings = FormatSettings::default();
    let mut random = Random(7);
    for (element, texts) in VALUES.iter().copied() {
        let scalar = ScalarType::Array(element);
        for _ in 0..3000 {
            let arena = Arena::new();
            let a = array(&mut random, element, texts, &arena);
            let b = array(&mut random, element, texts, &arena);
            let (x, y) = (Datum::Array(a), Datum::Array(b));

            let mut text = Vec::new();
            text_out(x, scalar, &settings, &mut text);
            let text = String::from_utf8(text).unwrap();
            let again = text_in(scalar, -1, &text, &settings, &arena).unwrap();
            assert_eq!(packed(again), packed(x), "{text} of {scalar:?} as text");

            let mut bytes = Vec::new();
            binary_out(x, scalar, &mut bytes);
            let again = binary_in(scalar, -1, &bytes, &arena).unwrap();
            assert_eq!(packed(again), packed(x), "{text} of {scalar:?} as binary");

            let mut row = packed(x);
            assert_eq!(skip_column(&row, 0, scalar), row.len(), "{text} of {scalar:?} skipped");
            row.extend(packed(y));
            let mut values = Vec::new();
            decode(&row, &[scalar, scalar], &arena, &mut values);
            assert_eq!((packed(values[0]), packed(values[1])), (packed(x), packed(y)), "{text} decoded");

            let order = defined(a, b);
            assert_eq!(compare(scalar, x, y), order, "{text} of {scalar:?} compared");
            assert_eq!(equal(scalar, x, y), order.is_eq());
            let key = |value, descending| {
                let mut out = Vec::new();
                encode_order(&mut out, scalar, value, descending, false);
                out
            };
            assert_eq!(key(x, false).cmp(&key(y, false)), order, "{text} of {scalar:?} as a sort key");
            assert_eq!(key(x, true).cmp(&key(y, true)), order.reverse(), "{text} of {scalar:?} descending");
            if order.is_ne() {
                assert_eq!(packed(x).cmp(&packed(y)), order, "{text} of {scalar:?} packed");
            }
            let same = packed(canonical(scalar, x, &arena)) == packed(canonical(scalar, y, &arena));
            assert_eq!(same, order.is_eq(), "{text} of {scalar:?} canonical");
        }
    }
}

#[test]
fn malformed_literals_say_why() {
    let arena = Arena::new();
    let settings = FormatSettings::default();
    for (text, detail) in [
        ("1", "Array value must start with \"{\" or dimension information."),
        ("[1:2]{1}", "Missing \"=\" after array dimensions."),
        ("[1:2]={1}", "Specified array dimensions do not match array contents."),
        ("{{1},{2,3}}", "Multidimensional arrays must have sub-arrays with matching dimensions."),
        ("{1}}", "Junk after closing right brace."),
        ("{1,", "Unexpected end of input."),
        ("{,}", "Unexpected \",\" character."),
        ("{1,}", "Unexpected \"}\" character."),
        ("{\"1\"2}", "Incorrectly quoted array element."),
        ("{{1},2}", "Multidimensional arrays must have sub-arrays with matching dimensions."),
    ] {
        let error = text_in(ScalarType::Array(&ScalarType::Int4), -1, text, &settings, &arena).unwrap_err();
        assert_eq!((error.sqlstate(), error.detail()), ("22P02", Some(detail)), "{text}");
    }
    let deep = text_in(ScalarType::Array(&ScalarType::Int4), -1, "{{{{{{{1}}}}}}}", &settings, &arena);
    assert_eq!(deep.unwrap_err().sqlstate(), "54000");
}

#[test]
fn damaged_binary_is_refused() {
    let arena = Arena::new();
    let settings = FormatSettings::default();
    let scalar = ScalarType::Array(&ScalarType::Text);
    let value = text_in(scalar, -1, "[0:1]={a,NULL}", &settings, &arena).unwrap();
    let mut bytes = Vec::new();
    binary_out(value, scalar, &mut bytes);
    for length in 0..bytes.len() {
        assert!(binary_in(scalar, -1, &bytes[..length], &arena).is_err(), "cut at {length}");
    }
    let mut random = Random(3);
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        let at = random.below(damaged.len() as u64) as usize;
        damaged[at] = random.below(256) as u8;
        // Any outcome but a panic.
        if let Ok(Datum::Array(array)) = binary_in(scalar, -1, &damaged, &arena) {
            assert!(array.len() <= 2);
        }
    }
}
