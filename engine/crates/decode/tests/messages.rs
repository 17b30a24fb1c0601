//! Messages: framed records with their own key, headers and place.

mod support;

use support::{field, frame, shown};
use tidewire_decode::{
    CsvFormat, Decoded, Envelope, Field, JsonFormat, KeyFormat, MessageDecoder, MessageFormat, MessageItem,
    Upsert,
};
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, FormatSettings, decode};

fn decoder(format: MessageFormat, fields: Vec<Field>, items: Vec<MessageItem>) -> MessageDecoder {
    MessageDecoder::new(format, fields, items, Envelope::None, FormatSettings::default())
}

#[test]
fn metadata_stands_behind_the_fields() {
    let items = vec![
        MessageItem::Key(field("key", ScalarType::Bytea)),
        MessageItem::Partition,
        MessageItem::Offset,
        MessageItem::Timestamp,
    ];
    let mut decoder =
        decoder(MessageFormat::Json(JsonFormat::default()), vec![field("n", ScalarType::Int4)], items);
    let mut frames = frame(41, Some(b"\xff"), Some(br#"{"n": 1}"#), None);
    frames.extend(frame(42, None, None, None));
    let mut out = Decoded::new();
    decoder.push(&frames, &mut out).unwrap();
    use ScalarType::{Bytea, Int4, Int8, Timestamptz};
    let arena = Arena::new();
    let rows: Vec<Vec<Datum>> = out
        .rows()
        .map(|(row, _)| {
            let mut values = Vec::new();
            decode(row, &[Int4, Bytea, Int4, Int8, Timestamptz], &arena, &mut values);
            values
        })
        .collect();
    let expected = [
        [Datum::Int32(1), Datum::Bytea(b"\xff"), Datum::Int32(7), Datum::Int64(41), Datum::Timestamptz(1000)],
        [Datum::Null, Datum::Null, Datum::Int32(7), Datum::Int64(42), Datum::Timestamptz(1000)],
    ];
    assert_eq!(format!("{rows:?}"), format!("{expected:?}"));
}

#[test]
fn a_message_that_does_not_decode_is_an_error_at_its_offset() {
    let mut decoder = decoder(
        MessageFormat::Csv(CsvFormat { skip_blank: true, ..CsvFormat::default() }),
        vec![field("n", ScalarType::Int4)],
        vec![MessageItem::Headers],
    );
    let mut frames = frame(5, None, Some(b"x"), None);
    frames.extend(frame(6, None, Some(b""), None));
    frames.extend(frame(7, None, Some(b"7\r\n"), Some(b"{")));
    frames.extend(frame(8, None, Some(b"8\r\n"), Some(br#"{"a": "b"}"#)));
    let mut out = Decoded::new();
    decoder.push(&frames, &mut out).unwrap();
    let errors: Vec<(u64, &str)> =
        out.errors.iter().map(|error| (error.position.offset, error.error.sqlstate())).collect();
    assert_eq!(errors, [(5, "22P02"), (6, "22P02"), (7, "22P02")]);
    assert_eq!(out.len(), 1);
}

#[test]
fn a_buffer_that_is_cut_is_refused() {
    let frames = frame(1, Some(b"key"), Some(b"value"), None);
    for cut in 1..frames.len() {
        let mut decoder = decoder(MessageFormat::Whole, vec![field("v", ScalarType::Text)], vec![]);
        let mut out = Decoded::new();
        assert!(decoder.push(&frames[..cut], &mut out).is_err(), "cut at {cut}");
    }
}

#[test]
fn keys_and_values_are_rows_of_their_key() {
    let mut id = field("id", ScalarType::Int4);
    id.column.nullable = false;
    let upsert = Upsert {
        key: KeyFormat::Json,
        key_fields: vec![id],
        order: Some(vec![1, 0, 2, 3]),
        inline_errors: true,
    };
    let mut decoder = MessageDecoder::new(
        MessageFormat::Json(JsonFormat::default()),
        vec![field("n", ScalarType::Int4)],
        vec![MessageItem::Partition],
        Envelope::Upsert(upsert),
        FormatSettings::default(),
    );
    let mut frames = frame(1, Some(br#"{"id": 5}"#), Some(br#"{"n": 1, "id": 9}"#), None);
    frames.extend(frame(2, Some(b" 6 "), None, None));
    frames.extend(frame(3, Some(b"7"), Some(br#"{"n": "\"x"}"#), None));
    frames.extend(frame(4, None, Some(br#"{"n": 1}"#), None));
    frames.extend(frame(5, Some(b"{}"), Some(br#"{"n": 1}"#), None));
    let mut out = Decoded::new();
    decoder.push(&frames, &mut out).unwrap();
    use ScalarType::{Int4, Jsonb};
    let error = r#"{"code": "22P02", "detail": "Column \"n\".", "description": "invalid input syntax for type integer: \"\"x\""}"#;
    assert_eq!(
        shown(&out, &[Int4, Int4, Int4, Jsonb]),
        ["1 5 7 NULL", "-NULL 6 7 NULL", &format!("NULL 7 7 {error}")]
    );
    let errors: Vec<(u64, &str)> =
        out.errors.iter().map(|error| (error.position.offset, error.error.sqlstate())).collect();
    assert_eq!(errors, [(4, "23502"), (5, "23502")]);
}

#[test]
fn json_arrays_are_arrays() {
    use ScalarType::{Array, Bool, Int4, Jsonb, Text};
    let types = [Array(&Int4), Array(&Text), Array(&Jsonb), Array(&Bool)];
    let fields = ["n", "t", "j", "b"].iter().zip(types).map(|(name, scalar)| field(name, scalar)).collect();
    let mut decoder = decoder(MessageFormat::Json(JsonFormat::default()), fields, vec![]);
    let mut frames = frame(
        1,
        None,
        Some(br#"{"n": [[1, 2], [3, null]], "t": ["a\"b", "NULL", null, "", "{x,\\"], "j": [{"a": ["x"]}, [1], null], "b": [true, false]}"#),
        None,
    );
    frames.extend(frame(2, None, Some(br#"{"n": "{4,5}", "t": [], "j": null}"#), None));
    frames.extend(frame(3, None, Some(br#"{"n": ["x"]}"#), None));
    frames.extend(frame(4, None, Some(br#"{"n": {"a": 1}}"#), None));
    frames.extend(frame(5, None, Some(br#"{"n": [[1], [2, 3]]}"#), None));
    let mut out = Decoded::new();
    decoder.push(&frames, &mut out).unwrap();
    assert_eq!(
        shown(&out, &types),
        [
            r#"{{1,2},{3,NULL}} {"a\"b","NULL",NULL,"","{x,\\"} {"{\"a\": [\"x\"]}",[1],NULL} {t,f}"#,
            "{4,5} {} NULL NULL"
        ]
    );
    let errors: Vec<(u64, &str)> =
        out.errors.iter().map(|error| (error.position.offset, error.error.sqlstate())).collect();
    assert_eq!(errors, [(3, "22P02"), (4, "22P02"), (5, "22P02")]);
}
