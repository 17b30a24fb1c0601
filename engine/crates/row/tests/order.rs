//! Order, equality and canonical forms: against PostgreSQL's ranks (`golden/order.tsv`), and against each other over
//! random values.

mod common;

use std::cmp::Ordering;
use tidewire_plan::RangeType;
use tidewire_row::network::Family;
use tidewire_row::{
    Arena, Bits, Bound, Datum, FormatSettings, Inet, Interval, JsonbBuilder, MultirangeRef, Numeric,
    RangeRef, Row, ScalarType, canonical, column_bounds, compare, decode, encode_order, equal, hash_bytes,
    is_canonical_identity, push_datum, text_in, text_out,
};

const TYPES: [ScalarType; 33] = [
    ScalarType::Bool,
    ScalarType::Int2,
    ScalarType::Int4,
    ScalarType::Int8,
    ScalarType::Float4,
    ScalarType::Float8,
    ScalarType::Numeric,
    ScalarType::Text,
    ScalarType::Varchar,
    ScalarType::Bpchar,
    ScalarType::Bytea,
    ScalarType::Date,
    ScalarType::Time,
    ScalarType::Timestamp,
    ScalarType::Timestamptz,
    ScalarType::Interval,
    ScalarType::Uuid,
    ScalarType::Inet,
    ScalarType::Cidr,
    ScalarType::Macaddr,
    ScalarType::Macaddr8,
    ScalarType::Bit,
    ScalarType::Varbit,
    ScalarType::Jsonb,
    ScalarType::Oid,
    ScalarType::Name,
    ScalarType::Char,
    ScalarType::Range(RangeType::Int4),
    ScalarType::Range(RangeType::Num),
    ScalarType::Range(RangeType::Date),
    ScalarType::Range(RangeType::Tstz),
    ScalarType::Multirange(RangeType::Int8),
    ScalarType::Multirange(RangeType::Num),
];

fn order_bytes(of: ScalarType, value: Datum<'_>, descending: bool, nulls_first: bool) -> Vec<u8> {
    let mut out = Vec::new();
    encode_order(&mut out, of, value, descending, nulls_first);
    out
}

fn packed(value: Datum<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    push_datum(&mut out, value);
    out
}

#[test]
fn order_is_that_of_postgresql() {
    let arena = Arena::new();
    let settings = FormatSettings::default();
    let mut values = Vec::new();
    for line in include_str!("golden/order.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [type_name, rank, input] = fields[..] else { panic!("line {line:?}") };
        let (of, typmod) = match type_name {
            "char(10)" => (ScalarType::Bpchar, 14),
            other => (common::scalar(other), -1),
        };
        let input = if of == ScalarType::Bpchar { common::unescape(input) } else { input.to_string() };
        let value = text_in(of, typmod, &input, &settings, &arena).unwrap();
        values.push((of, rank.parse::<u32>().unwrap(), value, input));
    }
    for (of, rank, value, input) in &values {
        for (other_of, other_rank, other, other_input) in &values {
            if of == other_of {
                let expected = rank.cmp(other_rank);
                assert_eq!(compare(*of, *value, *other), expected, "{of:?} {input} and {other_input}");
                check_pair(*of, *value, *other, &arena);
            }
        }
    }
}

/// Everything that says which of two values is greater, or whether they are equal, agrees with `compare`.
fn check_pair<'a>(of: ScalarType, a: Datum<'a>, b: Datum<'a>, arena: &'a Arena) {
    let expected = compare(of, a, b);
    assert_eq!(expected, compare(of, b, a).reverse(), "{of:?} {a:?} {b:?} antisymmetric");
    assert_eq!(equal(of, a, b), expected == Ordering::Equal, "{of:?} {a:?} {b:?} equal");
    for nulls_first in [false, true] {
        let ascending = order_bytes(of, a, false, nulls_first).cmp(&order_bytes(of, b, false, nulls_first));
        let descending = order_bytes(of, a, true, nulls_first).cmp(&order_bytes(of, b, true, nulls_first));
        let null = matches!(a, Datum::Null) != matches!(b, Datum::Null);
        let flip = |order: Ordering, by: bool| if by { order.reverse() } else { order };
        assert_eq!(ascending, flip(expected, null && nulls_first), "{of:?} {a:?} {b:?} order bytes");
        let wanted = if null { flip(expected, nulls_first) } else { expected.reverse() };
        assert_eq!(descending, wanted, "{of:?} {a:?} {b:?} descending order bytes");
    }
    let (canonical_a, canonical_b) = (canonical(of, a, arena), canonical(of, b, arena));
    assert!(equal(of, a, canonical_a), "{of:?} {a:?} equals its canonical form");
    let same = packed(canonical_a) == packed(canonical_b);
    assert_eq!(same, expected == Ordering::Equal, "{of:?} {a:?} {b:?} canonical identity");
    if is_canonical_identity(of) {
        assert_eq!(packed(a), packed(canonical_a), "{of:?} {a:?} is canonical");
    }
    // Packed bytes refine the type's order; bpchar's ignores blanks that the row keeps.
    if expected != Ordering::Equal && of != ScalarType::Bpchar {
        assert_eq!(packed(a).cmp(&packed(b)), expected, "{of:?} {a:?} {b:?} packed order");
    }
}

/// splitmix64: the tests repeat exactly.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Often small, often at a border, else anything.
    fn integer(&mut self) -> i64 {
        match self.below(4) {
            0 => self.below(7) as i64 - 3,
            1 => [i64::MIN, i64::MAX, i64::MIN + 1, i32::MIN as i64, i32::MAX as i64, 255]
                [self.below(6) as usize],
            2 => self.next() as i32 as i64,
            _ => self.next() as i64,
        }
    }

    /// Few bits, so that one network is in another.
    fn inet(&mut self) -> Inet {
        let family = if self.below(2) == 0 { Family::V4 } else { Family::V6 };
        let most = u64::from(family.address_bits());
        let bits = if self.below(3) == 0 { most } else { self.below(most + 1) };
        let number =
            u128::from(self.below(4)) << 126 | u128::from(self.below(8)) << 96 | u128::from(self.below(3));
        Inet::new(family, bits as u8, number)
    }

    fn text(&mut self, limit: u64) -> String {
        let alphabet = ['a', 'b', ' ', 'é', '\u{1}', '😀', 'Z', '\t', '\u{7f}'];
        (0..self.below(limit)).map(|_| alphabet[self.below(alphabet.len() as u64) as usize]).collect()
    }

    fn numeric<'a>(&mut self, arena: &'a Arena) -> Numeric<'a> {
        match self.below(12) {
            0 => Numeric::NaN,
            1 => Numeric::Infinity,
            2 => Numeric::NegInfinity,
            3 => Numeric::from_parts(self.below(3) as i128 - 1, self.below(5) as u16),
            4 => {
                let digits: String =
                    (0..=self.below(90)).map(|_| char::from(b'0' + self.below(10) as u8)).collect();
                let sign = if self.below(2) == 0 { "-" } else { "" };
                let text = format!("{sign}{digits}e{}", self.below(300) as i64 - 150);
                Numeric::parse(&text, -1, arena).unwrap()
            }
            5 => Numeric::from_parts(i128::MIN + self.below(2) as i128, self.below(200) as u16),
            6 => Numeric::from_parts(10i128.pow(self.below(38) as u32), self.below(45) as u16),
            _ => Numeric::from_parts(self.integer() as i128, self.below(20) as u16),
        }
    }

    fn json(&mut self, builder: &mut JsonbBuilder, depth: u32, arena: &Arena) {
        match self.below(if depth > 2 { 5 } else { 8 }) {
            0 => builder.push_null(),
            1 => builder.push_bool(self.below(2) == 0),
            2 => builder.push_string(&self.text(4)),
            3 => builder
                .push_numeric(Numeric::from_parts(self.below(5) as i128 * 10 - 20, self.below(3) as u16)),
            4 => builder.push_numeric(self.numeric(arena)),
            5 | 6 => {
                builder.begin_array();
                for _ in 0..self.below(4) {
                    self.json(builder, depth + 1, arena);
                }
                builder.end();
            }
            _ => {
                builder.begin_object();
                for _ in 0..self.below(4) {
                    builder.key(&self.text(3));
                    self.json(builder, depth + 1, arena);
                }
                builder.end();
            }
        }
    }

    /// NULLs are no bounds; what has its lower bound above the upper one, or beyond the last value, is empty.
    fn range<'a>(&mut self, of: RangeType, arena: &'a Arena) -> RangeRef<'a> {
        let lower = Bound::lower(self.datum(of.subtype(), arena), self.below(2) == 0, arena);
        let upper = Bound::upper(self.datum(of.subtype(), arena), self.below(2) == 0, arena);
        RangeRef::new(of, lower, upper, arena).unwrap_or(RangeRef::empty(of))
    }

    fn datum<'a>(&mut self, of: ScalarType, arena: &'a Arena) -> Datum<'a> {
        if self.below(12) == 0 {
            return Datum::Null;
        }
        match of {
            ScalarType::Bool => Datum::Bool(self.below(2) == 0),
            ScalarType::Int2 => Datum::Int16(self.integer() as i16),
            ScalarType::Int4 => Datum::Int32(self.integer() as i32),
            ScalarType::Int8 => Datum::Int64(self.integer()),
            ScalarType::Oid => Datum::Oid(self.integer() as u32),
            ScalarType::Float4 => Datum::Float32(match self.below(4) {
                0 => [0.0, -0.0, f32::NAN, f32::INFINITY, -f32::INFINITY, f32::MIN_POSITIVE]
                    [self.below(6) as usize],
                1 => self.integer() as f32,
                _ => f32::from_bits(self.next() as u32),
            }),
            ScalarType::Float8 => Datum::Float64(match self.below(4) {
                0 => [0.0, -0.0, -f64::NAN, f64::INFINITY, -f64::INFINITY, f64::MAX][self.below(6) as usize],
                1 => self.integer() as f64,
                _ => f64::from_bits(self.next()),
            }),
            ScalarType::Numeric => Datum::Numeric(self.numeric(arena)),
            ScalarType::Text | ScalarType::Varchar | ScalarType::Bpchar | ScalarType::Name => {
                Datum::Text(arena.push_str(self.text(6)))
            }
            ScalarType::Char => {
                let byte = self.below(256) as u8;
                Datum::Text(if byte == 0 { "" } else { arena.push_str((byte as char).to_string()) })
            }
            ScalarType::Bytea => {
                let bytes: Vec<u8> =
                    (0..self.below(6)).map(|_| [0, 1, 255, 97][self.below(4) as usize]).collect();
                Datum::Bytea(arena.push_bytes(bytes))
            }
            ScalarType::Date => Datum::Date(self.integer() as i32),
            ScalarType::Time => Datum::Time(self.below(86_400_000_001) as i64),
            ScalarType::Timestamp => Datum::Timestamp(self.integer()),
            ScalarType::Timestamptz => Datum::Timestamptz(self.integer()),
            ScalarType::Interval => Datum::Interval(match self.below(3) {
                // Many ways to say the same span.
                0 => {
                    let days = self.below(5) as i32 * 15 - 30;
                    let months = self.below(3) as i32 - 1;
                    let micros = (self.below(3) as i64 - 1) * 86_400_000_000 * 30;
                    Interval { months, days, micros }
                }
                1 => {
                    [Interval::INFINITY, Interval::NEG_INFINITY, Interval::default()][self.below(3) as usize]
                }
                _ => Interval {
                    months: self.integer() as i32,
                    days: self.integer() as i32,
                    micros: self.integer(),
                },
            }),
            ScalarType::Uuid => {
                let mut bytes = [0; 16];
                bytes[self.below(16) as usize] = self.next() as u8;
                Datum::Uuid(bytes)
            }
            ScalarType::Inet => Datum::Inet(self.inet()),
            ScalarType::Cidr => Datum::Inet(self.inet().network()),
            ScalarType::Macaddr => Datum::Macaddr([0, self.next() as u8, 0, 255, self.below(2) as u8, 0]),
            ScalarType::Macaddr8 => Datum::Macaddr8((self.next() >> 40).to_be_bytes()),
            ScalarType::Bit | ScalarType::Varbit => {
                let bits = (0..self.below(20)).map(|_| self.below(3) == 0);
                Datum::Bits(Bits::collect(bits.collect::<Vec<_>>(), arena))
            }
            ScalarType::Jsonb => {
                let mut builder = JsonbBuilder::new();
                self.json(&mut builder, 0, arena);
                Datum::Jsonb(builder.finish(arena))
            }
            ScalarType::Json => Datum::Json(arena.push_str(format!("[{}]", self.below(20)))),
            ScalarType::Jsonpath => Datum::Text(arena.push_str(format!("$[{}]", self.below(20)))),
            ScalarType::Range(of) => Datum::Range(self.range(of, arena)),
            ScalarType::Multirange(of) => {
                let ranges: Vec<RangeRef<'_>> = (0..self.below(4)).map(|_| self.range(of, arena)).collect();
                Datum::Multirange(MultirangeRef::new(of, ranges, arena))
            }
            ScalarType::Array(_) | ScalarType::Record(_) | ScalarType::Enum(_) => {
                unreachable!("arrays are in arrays.rs, rows in records.rs, enums in enums.rs")
            }
        }
    }
}

#[test]
fn order_equality_and_canonical_forms_agree() {
    let mut random = Random(1);
    for of in TYPES {
        let arena = Arena::new();
        let values: Vec<Datum<'_>> = (0..120).map(|_| random.datum(of, &arena)).collect();
        for a in &values {
            for b in &values {
                check_pair(of, *a, *b, &arena);
            }
        }
    }
}

#[test]
fn rows_decode_to_what_was_packed() {
    let mut random = Random(2);
    let settings = FormatSettings::default();
    for _ in 0..2000 {
        let arena = Arena::new();
        let types: Vec<ScalarType> =
            (0..random.below(7)).map(|_| TYPES[random.below(TYPES.len() as u64) as usize]).collect();
        let values: Vec<Datum<'_>> = types.iter().map(|of| random.datum(*of, &arena)).collect();
        let row = Row::pack(&values);
        let mut decoded = Vec::new();
        decode(&row, &types, &arena, &mut decoded);
        assert_eq!(Row::pack(&decoded), row, "{types:?} {values:?}");
        let mut bounds = Vec::new();
        column_bounds(&row, &types, &mut bounds);
        assert_eq!(*bounds.last().unwrap() as usize, row.len(), "{types:?}");
        for (index, of) in types.iter().enumerate() {
            let column = &row[bounds[index] as usize..bounds[index + 1] as usize];
            assert_eq!(column, packed(values[index]), "{of:?} {:?}", values[index]);
            let (mut a, mut b) = (Vec::new(), Vec::new());
            text_out(values[index], *of, &settings, &mut a);
            text_out(decoded[index], *of, &settings, &mut b);
            assert_eq!(a, b, "{of:?} text of {:?}", values[index]);
        }
    }
}

#[test]
fn hash_spreads() {
    // Sequential keys over 64 buckets by the low bits and by the high bits: no bucket takes three times its share.
    for shift in [0, 58] {
        let mut buckets = [0u32; 64];
        for key in 0..64_000i64 {
            let hash = hash_bytes(&packed(Datum::Int64(key)));
            buckets[(hash >> shift) as usize & 63] += 1;
        }
        assert!(buckets.iter().all(|count| (500..1500).contains(count)), "shift {shift}: {buckets:?}");
    }
}

#[test]
fn no_input_panics() {
    let mut random = Random(3);
    let settings = FormatSettings::default();
    let pieces = [
        "1",
        "0",
        "-",
        "+",
        ".",
        "e",
        "E5",
        "99999999999999999999",
        ":",
        " ",
        "T",
        "P",
        "Y",
        "jan",
        "day",
        "\\",
        "x",
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        "u0041",
        "é",
        "am",
        "bc",
        "utc",
        "j",
        "2001-02-03",
        "04:05",
        "_",
        "0x",
        "nan",
        "inf",
        "ago",
        "/",
        "infinity",
        "'",
        "\u{0}",
        "America/New_York",
        "mon",
        "t",
        "12",
        "\n",
        "😀",
        "1-2",
        "p1d",
    ];
    for _ in 0..5_000 {
        let arena = Arena::new();
        let input: String =
            (0..random.below(7)).map(|_| pieces[random.below(pieces.len() as u64) as usize]).collect();
        for of in TYPES {
            let typmod = [-1, 4, 7, 65_542, 2][random.below(5) as usize];
            if let Ok(value) = text_in(of, typmod, &input, &settings, &arena) {
                let mut out = Vec::new();
                text_out(value, of, &settings, &mut out);
                packed(value);
            }
        }
    }
    for _ in 0..5_000 {
        let arena = Arena::new();
        let bytes: Vec<u8> =
            (0..random.below(24)).map(|_| (random.next() >> random.below(57)) as u8).collect();
        for of in TYPES {
            if let Ok(value) = tidewire_row::binary_in(of, -1, &bytes, &arena) {
                let mut out = Vec::new();
                text_out(value, of, &settings, &mut out);
                packed(value);
            }
        }
    }
}
