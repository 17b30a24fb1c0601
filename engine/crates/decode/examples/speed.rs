//! How fast messages become rows: `cargo run --release -p tidewire-decode --example speed`. Rows per CPU second, of a record
//! with four fields in each format. On Linux, whose scheduler says how long the process ran.

#[path = "../tests/support/batch.rs"]
#[allow(dead_code)]
mod batch;

use batch::{Batch, Record, plain};
use tidewire_decode::{
    AvroFormat, ChunkPlace, Decoded, Envelope, Field, JsonFormat, MessageDecoder, MessageFormat,
    ProtobufFormat, SchemaDecoder, SchemaFormat, SchemaText,
};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::FormatSettings;

const ROWS: usize = 100_000;
const ROUNDS: usize = 30;

const AVRO: &str = r#"{"type": "record", "name": "Order", "fields": [
  {"name": "id", "type": "long"}, {"name": "city", "type": "string"},
  {"name": "amount", "type": "double"}, {"name": "note", "type": ["null", "string"]}]}"#;
const PROTOBUF: &str = r#"syntax = "proto3";
message Order { int64 id = 1; string city = 2; double amount = 3; optional string note = 4; }"#;

/// Batches as a producer with a little patience makes them.
fn batches(values: &[Vec<u8>]) -> Vec<u8> {
    let batches = values.chunks(500).enumerate().map(|(at, values)| {
        let record = |(within, value)| Record {
            offset: (at * 500 + within) as i64,
            value: Some(value),
            ..Record::default()
        };
        let values = values.iter().map(Vec::as_slice);
        plain(Batch::default(), &values.enumerate().map(record).collect::<Vec<_>>())
    });
    batches.flatten().collect()
}

/// How long this process has run.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let nanos: f64 = text.split(' ').next().and_then(|first| first.parse().ok()).expect("a number");
    nanos / 1e9
}

fn measure(name: &str, mut decoder: MessageDecoder, values: &[Vec<u8>]) {
    let messages = batches(values);
    let mut rows = Decoded::new();
    let begun = cpu_seconds();
    for _ in 0..ROUNDS {
        rows.clear();
        decoder.push(&messages, ChunkPlace::default(), &mut rows).expect("whole batches");
    }
    let seconds = cpu_seconds() - begun;
    assert_eq!((rows.len(), rows.errors.len()), (ROWS, 0), "{name}");
    println!("{name:10} {:6.2} M rows per CPU second", (ROWS * ROUNDS) as f64 / seconds / 1e6);
}

fn main() {
    let of = |name: &str, scalar, nullable| Field {
        name: name.into(),
        column: ColumnType { scalar, typmod: -1, nullable },
    };
    let fields = || {
        vec![
            of("id", ScalarType::Int8, false),
            of("city", ScalarType::Text, false),
            of("amount", ScalarType::Float8, false),
            of("note", ScalarType::Text, true),
        ]
    };
    let settings = FormatSettings::default();
    let text = |text: &str| SchemaText { text: text.into(), references: vec![] };
    let message_decoder =
        |format| MessageDecoder::new(format, fields(), vec![], Envelope::None, settings.clone());
    let by_schema = |format| {
        let decoder = SchemaDecoder::new(format, &fields(), &settings).expect("the schema's fields");
        let mut decoder = message_decoder(MessageFormat::Schema(decoder));
        decoder.learn_schema(1, Ok(&text(AVRO)));
        decoder
    };
    let (mut avro, mut protobuf, mut json) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..ROWS {
        let amount = (row as f64 / 4.0).to_le_bytes();
        let number = |mut value: u64| {
            let mut out = Vec::new();
            while value >= 0x80 {
                out.push(value as u8 | 0x80);
                value >>= 7;
            }
            out.push(value as u8);
            out
        };
        let id = number(row as u64);
        let twice = number(row as u64 * 2);
        avro.push([&[0, 0, 0, 0, 1], &twice[..], b"\x0cBergen", &amount, b"\x02\x08fast"].concat());
        protobuf.push([b"\x08", &id[..], b"\x12\x06Bergen\x19", &amount, b"\x22\x04fast"].concat());
        let value =
            format!("{{\"id\":{row},\"city\":\"Bergen\",\"amount\":{},\"note\":\"fast\"}}", row as f64 / 4.0);
        json.push(value.into_bytes());
    }
    let format =
        SchemaFormat::Avro(AvroFormat { schema: text(AVRO), framed: true, whole: false, event: false });
    measure("Avro", by_schema(format), &avro);
    let format = ProtobufFormat { schema: text(PROTOBUF), message: None, framed: false, whole: false };
    measure("Protobuf", by_schema(SchemaFormat::Protobuf(format)), &protobuf);
    measure("JSON", message_decoder(MessageFormat::Json(JsonFormat::default())), &json);
}
