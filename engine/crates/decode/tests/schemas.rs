//! Avro and Protobuf: bytes and schemas in, rows as text out.

mod support;

use support::PLACE;
use support::batch::message;
use tidewire_decode::encode::avro::{AvroPayload, avro_schema};
use tidewire_decode::encode::payload::Payload;
use tidewire_decode::encode::protobuf::{ProtobufPayload, protobuf_schema};
use tidewire_decode::encode::schema::{MessageShape, SchemaColumn};
use tidewire_decode::{
    AvroFormat, Decoded, Envelope, Field, MessageDecoder, MessageFormat, ProtobufFormat, SchemaDecoder,
    SchemaFormat, SchemaText,
};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Arena, Datum, EvalError, FormatSettings, decode, text_out};

fn text(text: &str) -> SchemaText {
    SchemaText { text: text.into(), references: vec![] }
}

fn avro(schema: &str, framed: bool) -> SchemaFormat {
    SchemaFormat::Avro(AvroFormat { schema: text(schema), framed, whole: false, event: false })
}

fn protobuf(schema: &str) -> SchemaFormat {
    SchemaFormat::Protobuf(ProtobufFormat {
        schema: text(schema),
        message: None,
        framed: false,
        whole: false,
    })
}

/// All columns that the schema has.
fn fields(format: &SchemaFormat) -> Vec<Field> {
    let columns = format.columns().expect("a valid schema");
    columns.into_iter().map(|column| Field { name: column.name, column: column.column }).collect()
}

fn settings() -> FormatSettings {
    FormatSettings::default()
}

struct Setup {
    decoder: MessageDecoder,
    fields: Vec<Field>,
}

fn setup(format: SchemaFormat, fields: Vec<Field>) -> Setup {
    let decoder = SchemaDecoder::new(format, &fields, &settings()).expect("fields of the schema");
    let format = MessageFormat::Schema(decoder);
    let decoder = MessageDecoder::new(format, fields.clone(), vec![], Envelope::None, settings());
    Setup { decoder, fields }
}

fn frame(value: &[u8]) -> Vec<u8> {
    message(0, None, Some(value))
}

fn shown(values: &[Datum<'_>], types: &[ScalarType]) -> String {
    let texts = values.iter().zip(types).map(|(value, scalar)| {
        let mut text = Vec::new();
        match value {
            Datum::Null => return "NULL".to_string(),
            value => text_out(*value, *scalar, &settings(), &mut text),
        }
        String::from_utf8(text).expect("UTF-8")
    });
    texts.collect::<Vec<_>>().join("|")
}

impl Setup {
    /// A message's row, or the code, message and detail of its error.
    fn decode(&mut self, value: &[u8]) -> Result<String, String> {
        let mut out = Decoded::new();
        self.decoder.push(&frame(value), PLACE, &mut out).expect("a whole batch");
        let told = |error: &EvalError| {
            format!("{} {} {}", error.sqlstate(), error.message(), error.detail().unwrap_or_default())
        };
        if let Some(error) = out.errors.first() {
            return Err(told(&error.error));
        }
        let types: Vec<ScalarType> = self.fields.iter().map(|field| field.column.scalar).collect();
        let (row, _) = out.rows().next().expect("a row or an error");
        let (arena, mut values) = (Arena::new(), Vec::new());
        decode(row, &types, &arena, &mut values);
        Ok(shown(&values, &types))
    }
}

const ORDER: &str = r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
  {"name": "id", "type": "long"},
  {"name": "city", "type": ["null", "string"], "default": null},
  {"name": "size", "type": {"type": "enum", "name": "Size", "symbols": ["S", "L"], "default": "S"}},
  {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
  {"name": "tags", "type": {"type": "array", "items": "string"}, "default": ["new"]}
]}"#;

#[test]
fn avro_values_of_the_readers_own_schema() {
    let format = avro(ORDER, false);
    let mut order = setup(format.clone(), fields(&format));
    // id -3, city "Oslo", L, -1.00 in one byte, tags of two blocks: one with its size, one without.
    let value = b"\x05\x02\x08Oslo\x02\x02\x9c\x01\x06\x04ab\x02\x02c\x00";
    assert_eq!(order.decode(value), Ok(r#"-3|Oslo|L|-1.00|{ab,c}"#.into()));
    for cut in 0..value.len() {
        let error = order.decode(&value[..cut]).expect_err("a cut message");
        assert!(error.starts_with("22P03 invalid Avro data"), "cut at {cut}: {error}");
    }
    let longer: Vec<u8> = value.iter().copied().chain([0]).collect();
    assert_eq!(
        order.decode(&longer),
        Err("22P03 invalid Avro data 1 bytes are left behind the value.".into())
    );
}

#[test]
fn avro_columns_in_another_order_and_of_other_types() {
    let format = avro(ORDER, false);
    let of = |name: &str, scalar| Field {
        name: name.into(),
        column: ColumnType { scalar, typmod: -1, nullable: true },
    };
    let mut order = setup(
        format,
        vec![of("tags", ScalarType::Text), of("price", ScalarType::Float8), of("id", ScalarType::Int2)],
    );
    assert_eq!(order.decode(b"\x05\x00\x00\x02\x64\x00"), Ok("[]|1|-3".into()));
    let error = order.decode(b"\xa0\x8d\x06\x00\x00\x02\x64\x00");
    assert_eq!(error, Err("22003 smallint out of range Column \"id\".".into()));
}

#[test]
fn avro_writers_of_other_schemas() {
    let format = avro(ORDER, true);
    let mut order = setup(format.clone(), fields(&format));
    let framed = |id: u8, value: &[u8]| [&[0, 0, 0, 0, id], value].concat();
    assert_eq!(order.decoder.unknown_schemas(&frame(&framed(7, b"")), PLACE).unwrap(), [7]);
    // No city, no tags, an enum of more symbols, an int for the long, another order, a field more.
    let writer = r#"{"type": "record", "name": "Order", "fields": [
      {"name": "more", "type": {"type": "map", "values": ["null", {"type": "fixed", "name": "F", "size": 2}]}},
      {"name": "size", "type": {"type": "enum", "name": "Size", "symbols": ["XXL", "L"]}},
      {"name": "id", "type": "int"},
      {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}}
    ]}"#;
    order.decoder.learn_schema(7, Ok(&text(writer)));
    assert_eq!(order.decoder.unknown_schemas(&frame(&framed(7, b"")), PLACE).unwrap(), Vec::<u32>::new());
    let value = framed(7, b"\x02\x02k\x02ab\x00\x00\x06\x04\x03\xe8");
    assert_eq!(order.decode(&value), Ok(r#"3|NULL|S|1.00|{new}"#.into()));
    order.decoder.learn_schema(8, Err(&EvalError::new("22P03", "schema 8 is not registered")));
    assert_eq!(order.decode(&framed(8, b"\x00")), Err("22P03 schema 8 is not registered ".into()));
    let strange = r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "boolean"}]}"#;
    order.decoder.learn_schema(9, Ok(&text(strange)));
    assert_eq!(
        order.decode(&framed(9, b"\x00")),
        Err("42804 Avro type boolean cannot be read as long Field \"id\".".into())
    );
    assert_eq!(
        order.decode(b"{}"),
        Err("22P03 invalid Avro data The message does not begin with the number of its schema.".into())
    );
}

#[test]
fn avro_unions_and_recursion() {
    let schema = r#"{"type": "record", "name": "R", "fields": [
      {"name": "u", "type": ["null", "int", "string"]},
      {"name": "next", "type": ["null", "R"]}
    ]}"#;
    let format = avro(schema, false);
    let mut decoder = setup(format.clone(), fields(&format));
    assert_eq!(
        decoder.decode(b"\x02\x0a\x02\x04\x02x\x00"),
        Ok(r#"{"int": 5}|{"u": {"string": "x"}, "next": null}"#.into())
    );
    let endless: Vec<u8> = [0, 2].repeat(100_000);
    let error = decoder.decode(&endless).expect_err("too deep");
    assert!(error.starts_with("54001 "), "{error}");
    // A reader's column that all branches fit takes the value without its type's name.
    let one = vec![Field {
        name: "u".into(),
        column: ColumnType { scalar: ScalarType::Text, typmod: -1, nullable: true },
    }];
    let mut decoder = setup(avro(schema, false), one);
    assert_eq!(decoder.decode(b"\x02\x0a\x00"), Ok("5".into()));
}

#[test]
fn avro_schemas_that_are_none() {
    for schema in [
        "",
        "{}",
        r#"{"type": "record", "name": "R"}"#,
        r#"{"type": "nothing"}"#,
        r#"{"type": "array"}"#,
        r#"["null", ["int"]]"#,
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}"#,
    ] {
        let error = avro(schema, false).columns().expect_err(schema);
        assert_eq!(error.sqlstate(), "22023", "{schema}");
    }
}

#[test]
fn avro_written_and_read_back() {
    let column = |scalar, typmod, nullable| ColumnType { scalar, typmod, nullable };
    let numeric = tidewire_row::numeric::Typmod { precision: 10, scale: 2 }.encode();
    let types = [
        ("a", column(ScalarType::Int8, -1, false)),
        ("b", column(ScalarType::Text, -1, true)),
        ("c", column(ScalarType::Numeric, numeric, true)),
        ("d", column(ScalarType::Timestamptz, -1, true)),
        ("e", column(ScalarType::Jsonb, -1, true)),
    ];
    let columns: Vec<SchemaColumn> = types
        .iter()
        .enumerate()
        .map(|(place, (name, column))| SchemaColumn { place, name: (*name).into(), column: *column })
        .collect();
    let schema = avro_schema(&columns, MessageShape::Row, "shop.Row", true).expect("names of Avro");
    let mut payload = AvroPayload::new(5, columns.clone(), settings());
    let arena = Arena::new();
    let read = |scalar, text: &str| tidewire_row::text_in(scalar, -1, text, &settings(), &arena).unwrap();
    let row = [
        Datum::Int64(-5),
        Datum::Text("x"),
        read(ScalarType::Numeric, "-12.34"),
        read(ScalarType::Timestamptz, "1969-12-31 23:59:59.5+00"),
        read(ScalarType::Jsonb, r#"{"k": [1]}"#),
    ];
    let mut out = Vec::new();
    payload.row(&row, &mut out).expect("values of Avro");
    assert_eq!(out[..5], [0, 0, 0, 0, 5]);
    let format = avro(&schema, false);
    let mut back = setup(format.clone(), fields(&format));
    assert_eq!(back.decode(&out[5..]), Ok(r#"-5|x|-12.34|1969-12-31 23:59:59.5+00|{"k": [1]}"#.into()));
    let nan = [row[0], row[1], read(ScalarType::Numeric, "NaN"), row[3], row[4]];
    let error = payload.row(&nan, &mut out).expect_err("no decimal");
    assert_eq!(error.message(), "NaN of column \"c\" cannot be written as Avro");
    let odd = [SchemaColumn { place: 0, name: "a b".into(), column: types[0].1 }];
    assert!(avro_schema(&odd, MessageShape::Row, "R", true).is_err());
}

const EVENT: &str = r#"syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
message Event {
  int32 id = 1;
  optional string note = 2;
  repeated sint32 marks = 3;
  map<string, double> rates = 4;
  Kind kind = 5;
  google.protobuf.Timestamp at = 6;
  google.protobuf.Int64Value maybe = 7;
  google.protobuf.Struct extra = 8;
  Event cause = 9;
  uint64 large = 1000;
  enum Kind { NONE = 0; SOME = 1; }
}
message Other { bool is = 1; }
"#;

#[test]
fn protobuf_fields_by_their_numbers() {
    let format = protobuf(EVENT);
    let types: Vec<String> = fields(&format)
        .iter()
        .map(|field| {
            format!(
                "{}{}",
                format!("{:?}", field.column.scalar).to_lowercase(),
                if field.column.nullable { "?" } else { "" }
            )
        })
        .collect();
    assert_eq!(
        types,
        ["int4", "text?", "jsonb", "jsonb", "text", "timestamptz?", "int8?", "jsonb?", "jsonb?", "numeric"]
    );
    let mut event = setup(format.clone(), fields(&format));
    assert_eq!(event.decode(b""), Ok("0|NULL|[]|{}|NONE|NULL|NULL|NULL|NULL|0".into()));
    let value = [
        // id 7, then again: the last counts. note "x".
        &b"\x08\x07\x08\x08\x12\x01x"[..],
        // marks packed [1, -1] and one unpacked 2.
        b"\x1a\x02\x02\x01\x18\x04",
        // rates {"a": 0.5}
        b"\x22\x0c\x0a\x01a\x11\x00\x00\x00\x00\x00\x00\xe0\x3f",
        // kind 1; at 1 s and 1 µs; maybe 5 in a wrapper; large 2^64 - 1
        b"\x28\x01\x32\x05\x08\x01\x10\xe8\x07\x3a\x02\x08\x05",
        // extra {"k": true}
        b"\x42\x09\x0a\x07\x0a\x01k\x12\x02\x20\x01",
        // An unknown field, a group.
        b"\xa0\x06\x01\xab\x06\x08\x01\xac\x06",
        b"\xc0\x3e\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    ]
    .concat();
    assert_eq!(
        event.decode(&value),
        Ok(r#"8|x|[1, -1, 2]|{"a": 0.5}|SOME|1970-01-01 00:00:01.000001+00|5|{"k": true}|NULL|18446744073709551615"#
            .into())
    );
    let error = event.decode(b"\x08").expect_err("a cut message");
    assert!(error.starts_with("22P03 invalid Protobuf data"), "{error}");
    let mut deep = Vec::new();
    for _ in 0..300 {
        let mut outer = vec![0x4a];
        let mut length = deep.len();
        while length >= 0x80 {
            outer.push(length as u8 | 0x80);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.extend_from_slice(&deep);
        deep = outer;
    }
    let error = event.decode(&deep).expect_err("too deep");
    assert!(error.starts_with("54001 "), "{error}");
}

#[test]
fn protobuf_messages_are_told_by_their_place() {
    let SchemaFormat::Protobuf(format) = protobuf(EVENT) else { panic!("asked for Protobuf") };
    let format =
        SchemaFormat::Protobuf(ProtobufFormat { message: Some("shop.Other".into()), framed: true, ..format });
    let mut other = setup(format.clone(), fields(&format));
    assert_eq!(other.decoder.unknown_schemas(&frame(b"\0\0\0\0\x03\x02\x02\x08\x01"), PLACE).unwrap(), [3]);
    other.decoder.learn_schema(3, Ok(&text(EVENT)));
    assert_eq!(other.decode(b"\0\0\0\0\x03\x02\x02\x08\x01"), Ok("t".into()));
    assert_eq!(
        other.decode(b"\0\0\0\0\x03\x00\x08\x01"),
        Err("42804 the Protobuf message is shop.Event, not shop.Other ".into())
    );
}

#[test]
fn protobuf_schemas_that_are_none() {
    for schema in
        ["message", "syntax = \"proto3\";", "\\x0", "\\xff", "import \"nowhere.proto\"; message M {}"]
    {
        let error = protobuf(schema).columns().expect_err(schema);
        assert_eq!(error.sqlstate(), "22023", "{schema}");
    }
}

#[test]
fn protobuf_written_and_read_back() {
    let column = |scalar, nullable| ColumnType { scalar, typmod: -1, nullable };
    let types = [
        ("a", column(ScalarType::Int8, false)),
        ("b", column(ScalarType::Text, true)),
        ("c", column(ScalarType::Bool, false)),
        ("d", column(ScalarType::Timestamptz, true)),
        ("e", column(ScalarType::Int4, true)),
    ];
    let columns: Vec<SchemaColumn> = types
        .iter()
        .enumerate()
        .map(|(place, (name, column))| SchemaColumn { place, name: (*name).into(), column: *column })
        .collect();
    let schema = protobuf_schema(&columns, MessageShape::Row, "shop.Row").expect("names of Protobuf");
    let mut payload = ProtobufPayload::new(5, columns.clone(), settings());
    let arena = Arena::new();
    let time = "1969-12-31 23:59:59.5+00";
    let time = tidewire_row::text_in(ScalarType::Timestamptz, -1, time, &settings(), &arena).unwrap();
    let row = [Datum::Int64(-5), Datum::Text("x"), Datum::Bool(false), time, Datum::Null];
    let mut out = Vec::new();
    payload.row(&row, &mut out).expect("values of Protobuf");
    assert_eq!(out[..6], [0, 0, 0, 0, 5, 0]);
    let format = protobuf(&schema);
    let mut back = setup(format.clone(), fields(&format));
    assert_eq!(back.decode(&out[6..]), Ok("-5|x|f|1969-12-31 23:59:59.5+00|NULL".into()));
    let schema = protobuf_schema(&columns, MessageShape::Debezium, "Change").expect("names of Protobuf");
    out.clear();
    payload.change(None, Some(&row), 5_000, &mut out).expect("values of Protobuf");
    let format = protobuf(&schema);
    let mut back = setup(format.clone(), fields(&format));
    assert_eq!(
        back.decode(&out[6..]),
        Ok(r#"NULL|{"a": -5, "b": "x", "c": false, "d": "1969-12-31T23:59:59.5+00:00", "e": null}|c|5|5000"#
            .into())
    );
}
