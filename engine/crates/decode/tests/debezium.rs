//! Debezium's payloads, as its PostgreSQL and MySQL connectors write them.

mod support;

use support::batch::message;
use support::{PLACE, column, field, shown};
use tidewire_decode::{
    Debezium, Decimals, Decoded, Envelope, Field, JsonFormat, KeyFormat, MessageDecoder, MessageFormat,
};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::FormatSettings;

fn key_field(name: &str, scalar: ScalarType) -> Field {
    Field { name: name.into(), column: ColumnType { nullable: false, ..column(scalar) } }
}

fn decoder(fields: Vec<Field>, primary_key: Vec<usize>, decimals: Decimals) -> MessageDecoder {
    let debezium = Debezium { key: None, primary_key, order: None, decimals };
    let envelope = Envelope::Debezium(debezium);
    let format = MessageFormat::Json(JsonFormat::default());
    MessageDecoder::new(format, fields, vec![], envelope, FormatSettings::default())
}

/// The changes that messages (key, value) come to.
fn changes(decoder: &mut MessageDecoder, messages: &[(&str, &str)]) -> Decoded {
    let mut batches = Vec::new();
    for (offset, (key, value)) in messages.iter().enumerate() {
        let some = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        batches.extend(message(offset as i64, some(key).as_deref(), some(value).as_deref()));
    }
    let mut out = Decoded::new();
    decoder.push(&batches, PLACE, &mut out).unwrap();
    out
}

const SCHEMA: &str = r#"{"type":"struct","fields":[
 {"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],"optional":true,"name":"s.public.t.Value","field":"before"},
 {"type":"struct","fields":[
  {"type":"int32","optional":false,"field":"id"},
  {"type":"int32","optional":true,"name":"io.debezium.time.Date","version":1,"field":"day"},
  {"type":"int64","optional":true,"name":"io.debezium.time.Timestamp","version":1,"field":"at"},
  {"type":"string","optional":true,"name":"io.debezium.time.ZonedTimestamp","version":1,"field":"zoned"},
  {"type":"int64","optional":true,"name":"io.debezium.time.MicroTime","version":1,"field":"clock"},
  {"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2","connect.decimal.precision":"10"},"field":"price"},
  {"type":"struct","fields":[{"type":"int32","optional":false,"field":"scale"},{"type":"bytes","optional":false,"field":"value"}],"optional":true,"name":"io.debezium.data.VariableScaleDecimal","version":1,"field":"any"},
  {"type":"string","optional":true,"name":"io.debezium.data.Json","version":1,"field":"doc"},
  {"type":"bytes","optional":true,"field":"raw"},
  {"type":"int64","optional":true,"name":"io.debezium.time.MicroDuration","version":1,"field":"took"}],
  "optional":true,"name":"s.public.t.Value","field":"after"}],"optional":false,"name":"s.public.t.Envelope","version":1}"#;

fn typed_fields() -> (Vec<Field>, Vec<ScalarType>) {
    use ScalarType::*;
    let types = vec![Int4, Date, Timestamp, Timestamptz, Time, Numeric, Numeric, Jsonb, Bytea, Interval];
    let names = ["id", "day", "at", "zoned", "clock", "price", "any", "doc", "raw", "took"];
    let mut fields: Vec<Field> =
        names.iter().zip(&types).map(|(name, scalar)| field(name, *scalar)).collect();
    fields[0].column.nullable = false;
    (fields, types)
}

#[test]
fn types_by_the_schema() {
    let (fields, types) = typed_fields();
    let mut decoder = decoder(fields, vec![0], Decimals::Text);
    // -1234567 and 987654321098765432109876543210987654321098765 as bytes.
    let after = r#"{"id":1,"day":19782,"at":1709213823123,"zoned":"2024-02-29T13:37:03.5+01:00","clock":49023000001,
        "price":"7Sl5","any":{"scale":4,"value":"LEm3MALBf1MXCsSMzK0ngWlQDQ=="},"doc":"{\"a\": [1, \"x\"]}","raw":"AAH/","took":3723000004}"#;
    let event = |after: &str| {
        format!(r#"{{"schema":{SCHEMA},"payload":{{"before":null,"after":{after},"source":{{}},"op":"c"}}}}"#)
    };
    let nulls = event(r#"{"id":2,"day":null,"price":null}"#);
    let out = changes(&mut decoder, &[("", &event(after)), ("", &nulls), ("", &event(after))]);
    assert!(out.errors.is_empty(), "{:?}", out.errors);
    let row = r#"1 2024-02-29 2024-02-29 13:37:03.123 2024-02-29 12:37:03.5+00 13:37:03.000001 -12345.67 98765432109876543210987654321098765432109.8765 {"a": [1, "x"]} \x0001ff 01:02:03.000004"#;
    let shown = shown(&out, &types);
    assert_eq!(shown[0], row);
    assert_eq!(shown[1], "2 NULL NULL NULL NULL NULL NULL NULL NULL NULL");
    assert_eq!(shown[2], shown[0]);
}

#[test]
fn types_by_the_columns() {
    let (mut fields, types) = typed_fields();
    fields[2].column.typmod = 3;
    // numeric(10, 2)
    fields[5].column.typmod = (10 << 16 | 2) + 4;
    let after = |price: &str, any: &str| {
        format!(
            r#"{{"op":"r","after":{{"id":1,"day":-1,"at":1709213823123,"zoned":1709213823123456,"clock":"13:37:03",
            "price":{price},"any":{any},"doc":"[1]","raw":"AAE=","took":"P1Y2M3DT4H5M6.5S"}}}}"#
        )
    };
    let expected = |price: &str, any: &str| {
        format!(
            r#"1 1969-12-31 2024-02-29 13:37:03.123 2024-02-29 13:37:03.123456+00 13:37:03 {price} {any} [1] \x0001 1 year 2 mons 3 days 04:05:06.5"#
        )
    };
    let mut text = decoder(fields.clone(), vec![0], Decimals::Text);
    let out = changes(
        &mut text,
        &[("", &after(r#""12.5""#, "1e3")), ("", &after("12.5", r#"{"scale":1,"value":"fQ=="}"#))],
    );
    assert_eq!(
        shown(&out, &types),
        [expected("12.50", "1000"), expected("12.50", "12.5")],
        "{:?}",
        out.errors
    );
    let mut bytes = decoder(fields, vec![0], Decimals::Base64);
    let out = changes(&mut bytes, &[("", &after(r#""BOI=""#, r#""/w==""#)), ("", &after(r#""12.5""#, "1"))]);
    assert_eq!(shown(&out, &types), [expected("12.50", "-1")]);
    assert_eq!(out.errors.len(), 1, "12.5 is no base64");
}

#[test]
fn decimals_of_any_length() {
    let types = [ScalarType::Int4, ScalarType::Numeric];
    let mut decoder = decoder(
        vec![key_field("id", ScalarType::Int4), field("n", ScalarType::Numeric)],
        vec![0],
        Decimals::Text,
    );
    let n = |scale: i32, value: &str| {
        format!(r#"{{"op":"c","after":{{"id":1,"n":{{"scale":{scale},"value":"{value}"}}}}}}"#)
    };
    let out = changes(
        &mut decoder,
        &[
            ("", &n(0, "")),
            ("", &n(0, "AA==")),
            ("", &n(3, "AQ==")),
            ("", &n(-2, "AQ==")),
            ("", &n(0, "gA==")),
            // 2^135, and its negative.
            ("", &n(0, "AIAAAAAAAAAAAAAAAAAAAAAA")),
            ("", &n(2, "/4AAAAAAAAAAAAAAAAAAAAAA")),
        ],
    );
    assert!(out.errors.is_empty(), "{:?}", out.errors);
    assert_eq!(
        shown(&out, &types),
        [
            "1 0",
            "1 0",
            "1 0.001",
            "1 100",
            "1 -128",
            "1 43556142965880123323311949751266331066368",
            "1 -435561429658801233233119497512663310663.68"
        ]
    );
}

#[test]
fn operations() {
    use ScalarType::{Int4, Text};
    let fields = || vec![key_field("id", Int4), field("a", Text)];
    let mut decoder = decoder(fields(), vec![0], Decimals::Text);
    let out = changes(
        &mut decoder,
        &[
            ("", r#"{"op":"r","before":null,"after":{"id":1,"a":"x"},"source":{"snapshot":"first"}}"#),
            ("", r#"{"op":"u","before":{"id":1,"a":"x"},"after":{"id":1,"a":"y"}}"#),
            // The key changed, which Debezium mostly writes as a deletion and an insertion.
            ("", r#"{"op":"u","before":{"id":1,"a":null},"after":{"id":2,"a":"z"}}"#),
            // A before without the key, as REPLICA IDENTITY NOTHING or a filter may leave it.
            ("", r#"{"op":"u","before":{"a":"z"},"after":{"id":2,"a":"w"}}"#),
            ("", r#"{"op":"d","before":{"id":2,"a":null},"after":null}"#),
            // A tombstone, a message of the log's.
            (r#"{"id":2}"#, ""),
            ("", r#"{"op":"m","message":{"prefix":"p","content":"AA=="}}"#),
            // Without a before the message's key says which row it is.
            (
                r#"{"schema":{"type":"struct","fields":[{"type":"int32","field":"id"}]},"payload":{"id":3}}"#,
                r#"{"op":"d","before":null}"#,
            ),
            (r#"{"id":4}"#, r#"{"op":"d"}"#),
            ("", r#"{"op":"d","before":null}"#),
            ("", r#"{"op":"t"}"#),
            ("", r#"{"op":"c","after":null}"#),
            ("", r#"{"op":"x","after":{}}"#),
            ("", r#"{"id":1}"#),
            ("", r#"{"op":"c","after":{"a":"no key"}}"#),
            ("", "7"),
        ],
    );
    assert_eq!(
        shown(&out, &[Int4, Text]),
        ["1 x", "1 y", "-1 NULL", "2 z", "2 w", "-2 NULL", "-3 NULL", "-4 NULL"]
    );
    let errors: Vec<(u64, &str)> =
        out.errors.iter().map(|error| (error.position.offset, error.error.sqlstate())).collect();
    assert_eq!(
        errors,
        [
            (9, "22P02"),
            (10, "0A000"),
            (11, "22P02"),
            (12, "22P02"),
            (13, "22P02"),
            (14, "23502"),
            (15, "22P02")
        ]
    );
}

#[test]
fn the_key_of_the_message() {
    use ScalarType::{Date, Int4, Text};
    let key = Some((KeyFormat::Json, vec![key_field("day", Date), key_field("id", Int4)]));
    let debezium =
        Debezium { key, primary_key: vec![], order: Some(vec![1, 2, 0]), decimals: Decimals::Text };
    let format = MessageFormat::Json(JsonFormat::default());
    let fields = vec![field("a", Text)];
    let settings = FormatSettings::default();
    let mut decoder = MessageDecoder::new(format, fields, vec![], Envelope::Debezium(debezium), settings);
    assert_eq!(decoder.columns(), [Int4, Text, Date]);
    let key = r#"{"id":7,"day":19782}"#;
    let out = changes(
        &mut decoder,
        &[
            (key, r#"{"op":"c","after":{"id":7,"day":19782,"a":"x"}}"#),
            (key, r#"{"op":"d","before":null}"#),
            ("", r#"{"op":"c","after":{"id":7,"day":19782,"a":"x"}}"#),
        ],
    );
    assert_eq!(shown(&out, &[Int4, Text, Date]), ["7 x 2024-02-29", "-7 NULL 2024-02-29"]);
    assert_eq!(out.errors[0].error.sqlstate(), "23502");
}

#[test]
fn values_that_the_log_does_not_have_stay() {
    use ScalarType::{Bytea, Int4, Text};
    let mut long = field("long", Text);
    long.column.nullable = false;
    let mut decoder = decoder(
        vec![field("a", Text), key_field("id", Int4), long, field("raw", Bytea)],
        vec![1],
        Decimals::Text,
    );
    let out = changes(
        &mut decoder,
        &[
            (
                "",
                r#"{"op":"u","after":{"id":1,"a":"x","long":"__debezium_unavailable_value","raw":"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="}}"#,
            ),
            ("", r#"{"op":"u","after":{"id":1,"a":"__debezium_unavailable_value","long":"y"}}"#),
        ],
    );
    assert_eq!(
        shown(&out, &[Text, Int4, Text, Bytea]),
        ["x 1 __debezium_unavailable_value NULL", "NULL 1 y NULL"]
    );
    assert_eq!(out.kept, [0b1100, 0b0001]);
}

#[test]
fn changes_before_what_was_reached_are_left_out() {
    use ScalarType::Int4;
    let new = || decoder(vec![key_field("id", Int4)], vec![0], Decimals::Text);
    let ids = |decoder: &mut MessageDecoder, sources: &[&str]| -> Vec<String> {
        let messages: Vec<String> = sources
            .iter()
            .enumerate()
            .map(|(id, source)| format!(r#"{{"op":"c","after":{{"id":{id}}},"source":{source}}}"#))
            .collect();
        let messages: Vec<(&str, &str)> = messages.iter().map(|message| ("", message.as_str())).collect();
        let out = changes(decoder, &messages);
        assert!(out.errors.is_empty(), "{:?}", out.errors);
        shown(&out, &[Int4])
    };
    let mut postgres = new();
    let changes_of = [
        r#"{"snapshot":"last","lsn":500,"sequence":"[null,\"500\"]"}"#,
        r#"{"lsn":120,"sequence":"[\"100\",\"120\"]"}"#,
        // A transaction that began earlier and was committed later.
        r#"{"lsn":110,"sequence":"[\"130\",\"110\"]"}"#,
        // One log record with two rows.
        r#"{"lsn":140,"sequence":"[\"130\",\"140\"]"}"#,
        r#"{"lsn":140,"sequence":"[\"130\",\"140\"]"}"#,
        // Written again after a restart.
        r#"{"lsn":120,"sequence":"[\"100\",\"120\"]","snapshot":"false"}"#,
        r#"{"lsn":110,"sequence":"[\"130\",\"110\"]"}"#,
        // Beside the log, and without a position: always.
        r#"{"lsn":1,"sequence":"[\"1\",\"1\"]","snapshot":"incremental"}"#,
        r#"{"lsn":1}"#,
        r#"{"lsn":150,"sequence":"[\"145\",\"150\"]"}"#,
    ];
    assert_eq!(ids(&mut postgres, &changes_of), ["0", "1", "2", "3", "4", "7", "8", "9"]);
    assert_eq!(postgres.position().as_deref(), Some("lsn 145 150"));
    // A new decoder goes on from there; a new snapshot begins anew.
    let mut again = new();
    again.set_position(postgres.position().as_deref());
    assert_eq!(ids(&mut again, &changes_of[1..]), ["6", "7", "8"]);
    again.set_position(postgres.position().as_deref());
    assert_eq!(ids(&mut again, &changes_of), ["0", "1", "2", "3", "4", "7", "8", "9"]);

    // Without a sequence an LSN counts within its transaction only.
    let mut plain = new();
    let changes_of = [
        r#"{"txId":7,"lsn":100}"#,
        r#"{"txId":7,"lsn":120}"#,
        r#"{"txId":7,"lsn":110}"#,
        r#"{"txId":6,"lsn":90}"#,
        r#"{"txId":6,"lsn":80}"#,
        r#"{"txId":7,"lsn":100}"#,
    ];
    assert_eq!(ids(&mut plain, &changes_of), ["0", "1", "3", "5"]);
    assert_eq!(plain.position().as_deref(), Some("tx 7 100"));
    let mut again = new();
    again.set_position(plain.position().as_deref());
    assert_eq!(ids(&mut again, &[r#"{"txId":7,"lsn":99}"#, r#"{"txId":7,"lsn":100}"#]), ["1"]);

    let mut mysql = new();
    let at = |server: u32, file: &str, pos: u32, row: u32| {
        format!(
            r#"{{"server_id":{server},"file":"{file}","pos":{pos},"row":{row},"gtid":null,"snapshot":"false"}}"#
        )
    };
    let events = [
        at(1, "bin.000009", 400, 0),
        at(1, "bin.000009", 400, 1),
        at(1, "bin.000010", 4, 0),
        at(1, "bin.000009", 400, 1),
        at(1, "bin.000010", 4, 0),
        // Another server has a log of its own.
        at(2, "bin.000002", 4, 0),
        at(2, "bin.000001", 4, 0),
    ];
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    assert_eq!(ids(&mut mysql, &events), ["0", "1", "2", "4", "5"]);
    let position = mysql.position();
    assert_eq!(position.as_deref(), Some("binlog 2 2 4 0 bin"));
    mysql.set_position(None);
    assert_eq!(mysql.position(), None);
    mysql.set_position(position.as_deref());
    assert_eq!(mysql.position(), position);
}

#[test]
fn what_is_no_event_never_panics() {
    let mut decoder = decoder(
        vec![key_field("id", ScalarType::Int4), field("n", ScalarType::Numeric)],
        vec![0],
        Decimals::Base64,
    );
    let event = r#"{"schema":{"fields":[{"field":"after","fields":[{"field":"n","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"x"}}]}]},"payload":{"op":"u","before":{"id":"1"},"after":{"id":2,"n":"AQ=="},"source":{"sequence":"[1]","file":"x","pos":-1}}}"#;
    for cut in 0..event.len() {
        changes(&mut decoder, &[("", &event[..cut])]);
        changes(&mut decoder, &[("", &format!("{}0{}", &event[..cut], &event[cut..]))]);
        changes(&mut decoder, &[(&event[cut..], r#"{"op":"d"}"#)]);
    }
}
