//! Messages: records with their own key, headers and place, and the batches that they are in.

mod support;

use support::batch::{Batch, Record, batch, message, plain, records};
use support::{PLACE, field, shown};
use tidewire_decode::{
    Aborted, ChunkPlace, Compression, CsvFormat, Decoded, Envelope, Field, JsonFormat, KeyFormat,
    MessageDecoder, MessageFormat, MessageItem, Portion, Upsert, compress, portions,
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
    let mut batches = message(41, Some(b"\xff"), Some(br#"{"n": 1}"#));
    batches.extend(message(42, None, None));
    let mut out = Decoded::new();
    decoder.push(&batches, PLACE, &mut out).unwrap();
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
    let mut batches = message(5, None, Some(b"x"));
    batches.extend(message(6, None, Some(b"")));
    // jsonb has no NUL.
    let headers: &[(&str, Option<&[u8]>)] = &[("a\0", None)];
    let refused = Record { offset: 7, value: Some(b"7\r\n"), headers, ..Record::default() };
    batches.extend(plain(Batch::default(), &[refused]));
    batches.extend(message(8, None, Some(b"8\r\n")));
    let mut out = Decoded::new();
    decoder.push(&batches, PLACE, &mut out).unwrap();
    let errors: Vec<(u64, &str)> =
        out.errors.iter().map(|error| (error.position.offset, error.error.sqlstate())).collect();
    assert_eq!(errors, [(5, "22P02"), (6, "22P02"), (7, "22P05")]);
    assert_eq!(out.len(), 1);
}

/// Offset and value of what a chunk gives a decoder.
fn read(chunk: &[u8], from: i64) -> Result<Vec<String>, String> {
    let items = vec![MessageItem::Offset, MessageItem::Timestamp];
    let mut decoder = decoder(MessageFormat::Whole, vec![field("v", ScalarType::Text)], items);
    let mut out = Decoded::new();
    let place = ChunkPlace { from, ..PLACE };
    decoder
        .push(chunk, place, &mut out)
        .map_err(|error| format!("{} {}", error.sqlstate(), error.message()))?;
    assert!(out.errors.is_empty());
    Ok(shown(&out, &[ScalarType::Text, ScalarType::Int8, ScalarType::Timestamptz]))
}

fn record(offset: i64, value: &[u8]) -> Record<'_> {
    Record { offset, value: Some(value), ..Record::default() }
}

#[test]
fn a_batch_that_is_cut_or_changed_is_never_read() {
    let whole = plain(Batch::default(), &[record(1, b"a"), record(2, b"b")]);
    assert_eq!(
        read(&whole, 0).unwrap(),
        ["a 1 2000-01-01 00:00:00.001+00", "b 2 2000-01-01 00:00:00.001+00"]
    );
    for cut in 0..whole.len() {
        assert_eq!(read(&whole[..cut], 0), Ok(vec![]), "cut at {cut}");
    }
    for at in 12..whole.len() {
        // The epoch of the partition's leader is not part of the checksum: the broker writes it.
        if (12..16).contains(&at) {
            continue;
        }
        let mut changed = whole.clone();
        changed[at] ^= 64;
        let error = read(&changed, 0).expect_err("a changed byte");
        assert!(error.starts_with("XX001 the batch at offset 1 cannot be read"), "byte {at}: {error}");
    }
}

#[test]
fn batches_are_read_whatever_compresses_them() {
    let long = "x".repeat(100_000);
    let of = [record(10, b"a"), record(11, long.as_bytes()), record(15, b"c")];
    let content = records(&of);
    for (attributes, name) in [(1, "gzip"), (2, "snappy"), (3, "lz4"), (4, "zstd")] {
        let compression = Compression::named(name).unwrap();
        let packed = compress(compression, &content).unwrap();
        assert!(packed.len() < content.len() / 4, "{name}");
        let kind = Batch { attributes, ..Batch::default() };
        let mut chunk = batch(kind, 10, 15, 3, &packed);
        chunk.extend(message(16, None, Some(b"d")));
        let time = "2000-01-01 00:00:00.001+00";
        let expected = [format!("{long} 11 {time}"), format!("c 15 {time}"), format!("d 16 {time}")];
        assert_eq!(read(&chunk, 11).unwrap(), expected, "{name}");
        let cut = batch(kind, 10, 15, 3, &packed[..packed.len() / 2]);
        let error = read(&cut, 0).expect_err("half of the content");
        assert!(error.starts_with("XX001 the batch at offset 10 cannot be read"), "{name}: {error}");
    }
    // Without the blocks of the library for Java.
    let raw = snap::raw::Encoder::new().compress_vec(&content).unwrap();
    let chunk = batch(Batch { attributes: 2, ..Batch::default() }, 10, 15, 3, &raw);
    assert_eq!(read(&chunk, 15).unwrap(), ["c 15 2000-01-01 00:00:00.001+00"]);
    let unknown = batch(Batch { attributes: 5, ..Batch::default() }, 10, 15, 3, &content);
    assert_eq!(read(&unknown, 0), Err("0A000 compression type 5 is not known".into()));
}

#[test]
fn a_broker_may_give_messages_their_time() {
    let chunk = plain(Batch { attributes: 8, ..Batch::default() }, &[record(1, b"a")]);
    assert_eq!(read(&chunk, 0).unwrap(), ["a 1 2000-01-01 00:00:00.005+00"]);
}

#[test]
fn messages_of_older_formats_are_read() {
    let legacy = |magic: u8, attributes: u8, offset: i64, value: &[u8]| {
        let mut body = vec![0, 0, 0, 0, magic, attributes];
        if magic == 1 {
            body.extend_from_slice(&946_684_800_000_i64.to_be_bytes());
        }
        body.extend_from_slice(&(-1_i32).to_be_bytes());
        body.extend_from_slice(&(value.len() as i32).to_be_bytes());
        body.extend_from_slice(value);
        let mut out = offset.to_be_bytes().to_vec();
        out.extend_from_slice(&(body.len() as i32).to_be_bytes());
        out.extend(body);
        out
    };
    let inner = [legacy(1, 0, 0, b"b"), legacy(1, 0, 1, b"c")].concat();
    let packed = compress(Compression::Gzip, &inner).unwrap();
    let chunk = [legacy(0, 0, 3, b"a"), legacy(1, 1, 6, &packed), legacy(1, 0, 7, b"d")].concat();
    let (none, time) = ("1969-12-31 23:59:59.999+00", "2000-01-01 00:00:00+00");
    assert_eq!(
        read(&chunk, 0).unwrap(),
        [format!("a 3 {none}"), format!("b 5 {time}"), format!("c 6 {time}"), format!("d 7 {time}")]
    );
    let next: Vec<i64> = portions(&chunk, 0, &[], 1).unwrap().iter().map(|portion| portion.next).collect();
    assert_eq!(next, [4, 7, 8]);
}

/// A control record that ends a producer's transaction.
fn control(offset: i64, producer: i64, commit: bool) -> Vec<u8> {
    let key = [0, 0, 0, u8::from(commit)];
    let of = Record { offset, key: Some(&key), value: Some(b"\0\0\0\0\0\0"), ..Record::default() };
    plain(Batch { attributes: 48, producer, last_offset: None }, &[of])
}

#[test]
fn portions_leave_out_what_is_not_committed() {
    let written = |producer, offset, value: &'static [u8]| {
        let attributes = if producer < 0 { 0 } else { 16 };
        plain(Batch { attributes, producer, last_offset: None }, &[record(offset, value)])
    };
    let chunk = [
        written(1, 0, b"aborted"),
        written(-1, 1, b"plain"),
        written(2, 2, b"committed"),
        control(3, 1, false),
        control(4, 2, true),
        // The same producer again, which commits now.
        written(1, 5, b"later"),
        control(6, 1, true),
    ]
    .concat();
    let aborted = [Aborted { producer: 1, first: 0 }];
    let found = portions(&chunk, 0, &aborted, 1 << 20).unwrap();
    let shown: Vec<(i64, u64)> = found.iter().map(|portion| (portion.next, portion.records)).collect();
    assert_eq!(shown, [(1, 0), (5, 2), (7, 1)]);
    let values = |found: &[Portion]| -> Vec<String> {
        let portions = found.iter().flat_map(|at| read(&chunk[at.start..at.end], 0).unwrap());
        portions.map(|row| row.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(values(&found), ["plain", "committed", "later"]);
    // From the middle on, and a batch a portion.
    let found = portions(&chunk, 2, &aborted, 1).unwrap();
    assert_eq!(values(&found), ["committed", "later"]);
    assert_eq!(portions(&chunk, 7, &aborted, 1).unwrap(), []);
}

#[test]
fn a_partition_goes_on_behind_what_compaction_took() {
    let kind = Batch { last_offset: Some(9), ..Batch::default() };
    let chunk = plain(kind, &[record(4, b"a"), record(6, b"b")]);
    let found = portions(&chunk, 0, &[], 1 << 20).unwrap();
    assert_eq!(found, [Portion { start: 0, end: chunk.len(), next: 10, records: 2 }]);
    assert_eq!(portions(&chunk[..chunk.len() - 1], 0, &[], 1 << 20).unwrap(), []);
}

#[test]
fn headers_are_columns_and_an_object() {
    let items = vec![
        MessageItem::Headers,
        MessageItem::Header("b".into(), field("b", ScalarType::Text)),
        MessageItem::Header("z".into(), field("z", ScalarType::Bytea)),
    ];
    let mut decoder = decoder(MessageFormat::Whole, vec![], items);
    let headers: &[(&str, Option<&[u8]>)] =
        &[("b", Some(b"1")), ("a", None), ("b", Some(b"2")), ("c", Some(b"\xff\x01")), ("d", Some(b"\"\\"))];
    let chunk = plain(Batch::default(), &[Record { headers, ..Record::default() }]);
    let mut out = Decoded::new();
    decoder.push(&chunk, PLACE, &mut out).unwrap();
    assert_eq!(
        shown(&out, &[ScalarType::Jsonb, ScalarType::Text, ScalarType::Bytea]),
        [r#"{"a": null, "b": ["1", "2"], "c": "\\xff01", "d": "\"\\"} 2 NULL"#]
    );
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
    let mut batches = message(1, Some(br#"{"id": 5}"#), Some(br#"{"n": 1, "id": 9}"#));
    batches.extend(message(2, Some(b" 6 "), None));
    batches.extend(message(3, Some(b"7"), Some(br#"{"n": "\"x"}"#)));
    batches.extend(message(4, None, Some(br#"{"n": 1}"#)));
    batches.extend(message(5, Some(b"{}"), Some(br#"{"n": 1}"#)));
    let mut out = Decoded::new();
    decoder.push(&batches, PLACE, &mut out).unwrap();
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
    let mut batches = message(1, None, Some(br#"{"n": [[1, 2], [3, null]], "t": ["a\"b", "NULL", null, "", "{x,\\"], "j": [{"a": ["x"]}, [1], null], "b": [true, false]}"#));
    batches.extend(message(2, None, Some(br#"{"n": "{4,5}", "t": [], "j": null}"#)));
    batches.extend(message(3, None, Some(br#"{"n": ["x"]}"#)));
    batches.extend(message(4, None, Some(br#"{"n": {"a": 1}}"#)));
    batches.extend(message(5, None, Some(br#"{"n": [[1], [2, 3]]}"#)));
    let mut out = Decoded::new();
    decoder.push(&batches, PLACE, &mut out).unwrap();
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
