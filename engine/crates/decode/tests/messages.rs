//! Messages: framed records with their own key, headers and place.

use tidewire_decode::{CsvFormat, Decoded, Field, JsonFormat, MessageDecoder, MessageFormat, MessageItem};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Arena, Datum, FormatSettings, decode};

fn column(scalar: ScalarType) -> ColumnType {
    ColumnType { scalar, typmod: -1, nullable: true }
}

fn field(name: &str, scalar: ScalarType) -> Field {
    Field { name: name.into(), column: column(scalar) }
}

/// A message's frame.
fn frame(offset: i64, key: Option<&[u8]>, value: Option<&[u8]>, headers: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(&946_684_800_001_i64.to_le_bytes());
    out.extend_from_slice(&7_i32.to_le_bytes());
    for part in [key, value, headers] {
        out.extend_from_slice(&part.map_or(-1, |part| part.len() as i32).to_le_bytes());
    }
    for part in [key, value, headers].into_iter().flatten() {
        out.extend_from_slice(part);
    }
    out
}

fn decoder(format: MessageFormat, fields: Vec<Field>, items: Vec<MessageItem>) -> MessageDecoder {
    MessageDecoder::new(format, fields, items, FormatSettings::default())
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
