//! Rows to bytes, and back again.

use tidewire_decode::encode::envelope::Change;
use tidewire_decode::encode::{CsvStyle, OutputFormat, RowEncoder};
use tidewire_decode::{CopyTextFormat, CsvFormat, Decoded, Field, Format, JsonFormat, StreamDecoder};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Datum, FormatSettings, push_datum};

fn columns() -> Vec<(String, ScalarType)> {
    vec![("id".to_string(), ScalarType::Int8), ("na\"me".to_string(), ScalarType::Text)]
}

fn row(values: &[Datum<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        push_datum(&mut bytes, *value);
    }
    bytes
}

fn encoder(format: OutputFormat) -> RowEncoder {
    RowEncoder::new(format, columns(), FormatSettings::default())
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

const TEXTS: [&str; 12] = [
    "",
    "plain",
    "a,b",
    "\"quoted\"",
    "line\nbreak",
    "tab\there",
    "back\\slash",
    "\\N",
    "\\.",
    "é😀",
    "\r",
    "\u{1}",
];

#[test]
fn copy_text() {
    let mut out = Vec::new();
    let mut encoder = encoder(OutputFormat::CopyText(CopyTextFormat::default()));
    encoder.row(&row(&[Datum::Int64(-1), Datum::Text("a\tb\\c\nd\r\u{8}\u{b}\u{c}")]), &mut out);
    encoder.row(&row(&[Datum::Null, Datum::Null]), &mut out);
    assert_eq!(text(out), "-1\ta\\tb\\\\c\\nd\\r\\b\\v\\f\n\\N\t\\N\n");
}

#[test]
fn csv() {
    let mut out = Vec::new();
    let mut encoder = encoder(OutputFormat::Csv(CsvStyle { header: true, ..CsvStyle::default() }));
    encoder.header(&mut out);
    encoder.row(&row(&[Datum::Int64(1), Datum::Text("a,\"b\"\n")]), &mut out);
    encoder.row(&row(&[Datum::Null, Datum::Text("")]), &mut out);
    encoder.row(&row(&[Datum::Null, Datum::Null]), &mut out);
    assert_eq!(text(out), "id,\"na\"\"me\"\n1,\"a,\"\"b\"\"\n\"\n,\"\"\n,\n");
}

#[test]
fn envelopes_in_json() {
    let old = row(&[Datum::Int64(1), Datum::Text("old")]);
    let new = row(&[Datum::Int64(1), Datum::Null]);
    let mut out = Vec::new();
    let mut encoder = encoder(OutputFormat::JsonLines);
    encoder.append(&old, 7, -1, &mut out);
    encoder.upsert(&new, false, &[0], 7, &mut out);
    encoder.upsert(&old, true, &[0], 8, &mut out);
    encoder.debezium(Change { before: Some(&old), after: Some(&new) }, 9, &mut out);
    encoder.debezium(Change { before: None, after: Some(&new) }, 9, &mut out);
    let expected = concat!(
        "{\"id\":1,\"na\\\"me\":\"old\",\"tw_timestamp\":7,\"tw_diff\":-1}\n",
        "{\"key\":{\"id\":1},\"value\":{\"id\":1,\"na\\\"me\":null}}\n",
        "{\"key\":{\"id\":1},\"value\":null}\n",
        "{\"before\":{\"id\":1,\"na\\\"me\":\"old\"},\"after\":{\"id\":1,\"na\\\"me\":null},\"op\":\"u\",\"ts_us\":9}\n",
        "{\"before\":null,\"after\":{\"id\":1,\"na\\\"me\":null},\"op\":\"c\",\"ts_us\":9}\n",
    );
    assert_eq!(text(out), expected);
}

#[test]
fn envelopes_in_csv() {
    let value = row(&[Datum::Int64(1), Datum::Text("x")]);
    let mut out = Vec::new();
    let mut encoder = encoder(OutputFormat::Csv(CsvStyle::default()));
    encoder.append(&value, 7, 2, &mut out);
    encoder.upsert(&value, true, &[0], 8, &mut out);
    assert_eq!(text(out), "1,x,7,2\n1,x,8,delete\n");
}

#[test]
fn what_is_written_reads_back() {
    let fields: Vec<Field> = columns()
        .into_iter()
        .map(|(name, scalar)| Field { name, column: ColumnType { scalar, typmod: -1, nullable: true } })
        .collect();
    let formats = [
        (OutputFormat::CopyText(CopyTextFormat::default()), Format::CopyText(CopyTextFormat::default())),
        (OutputFormat::Csv(CsvStyle::default()), Format::Csv(CsvFormat::default())),
        (OutputFormat::JsonLines, Format::Json(JsonFormat::default())),
    ];
    for (output, input) in formats {
        let mut encoder = encoder(output);
        let mut bytes = Vec::new();
        let mut rows = vec![row(&[Datum::Null, Datum::Null])];
        rows.extend(
            TEXTS.iter().enumerate().map(|(i, text)| row(&[Datum::Int64(i as i64), Datum::Text(text)])),
        );
        for value in &rows {
            encoder.row(value, &mut bytes);
        }
        let mut decoder = StreamDecoder::new(input.clone(), fields.clone(), FormatSettings::default());
        let mut decoded = Decoded::new();
        decoder.push(&bytes, true, &mut decoded);
        assert_eq!(decoded.errors, [], "{input:?}");
        assert_eq!(
            decoded.rows().map(|(row, _)| row.to_vec()).collect::<Vec<_>>(),
            rows,
            "{input:?}: {}",
            String::from_utf8_lossy(&bytes)
        );
    }
}
