//! Messages of a sink: their frames, keys, headers and places, and what is refused.

use tidewire_decode::encode::envelope::{Change, Envelope};
use tidewire_decode::encode::messages::{MessageParts, SinkMessages};
use tidewire_decode::encode::payload::{JsonPayload, Payload, PayloadColumns, TextPayload};
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, FormatSettings, push_datum, text_in};

const TYPES: [ScalarType; 4] =
    [ScalarType::Int4, ScalarType::Array(&ScalarType::Text), ScalarType::Jsonb, ScalarType::Int8];
const NAMES: [&str; 4] = ["id", "tags", "headers", "place"];

fn columns(places: &[usize]) -> PayloadColumns {
    PayloadColumns {
        places: places.to_vec(),
        names: places.iter().map(|place| NAMES[*place].to_string()).collect(),
        types: places.iter().map(|place| TYPES[*place]).collect(),
    }
}

fn json(places: &[usize]) -> Box<dyn Payload> {
    Box::new(JsonPayload::new(columns(places), FormatSettings::default()))
}

/// A row of the texts of its values.
fn row(values: [Option<&str>; 4]) -> Vec<u8> {
    let arena = Arena::new();
    let mut bytes = Vec::new();
    for (value, scalar) in values.into_iter().zip(TYPES) {
        let datum = match value {
            None => Datum::Null,
            Some(text) => text_in(scalar, -1, text, &FormatSettings::default(), &arena).expect("a value"),
        };
        push_datum(&mut bytes, datum);
    }
    bytes
}

fn messages(envelope: Envelope, headers: bool, place: bool) -> SinkMessages {
    let parts = MessageParts {
        envelope,
        key: Some(json(&[0])),
        value: json(&[0, 1]),
        difference_in_headers: false,
        headers: headers.then_some(2),
        place: place.then_some(3),
    };
    SinkMessages::new(parts, TYPES.to_vec())
}

/// Time, place, and the texts of key, value and headers of each frame.
fn frames(mut buffer: &[u8]) -> Vec<(u64, i64, [Option<String>; 3])> {
    let mut found = Vec::new();
    while !buffer.is_empty() {
        let (head, mut rest) = buffer.split_at(28);
        let time = u64::from_le_bytes(head[..8].try_into().expect("eight bytes"));
        let place = i64::from_le_bytes(head[8..16].try_into().expect("eight bytes"));
        let parts = [16, 20, 24].map(|at| {
            let length = i32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
            let length = usize::try_from(length).ok()?;
            let (part, behind) = rest.split_at(length);
            rest = behind;
            Some(String::from_utf8(part.to_vec()).expect("UTF-8"))
        });
        found.push((time, place, parts));
        buffer = rest;
    }
    found
}

fn some(text: &str) -> Option<String> {
    Some(text.to_string())
}

#[test]
fn upserts_and_tombstones() {
    let mut out = Vec::new();
    let mut messages = messages(Envelope::Upsert(vec![0]), false, false);
    let one = row([Some("21"), Some("{{a,b},{\"c d\",NULL}}"), None, None]);
    messages.change(Change { before: None, after: Some(&one) }, 5, &mut out).expect("encoded");
    messages.change(Change { before: Some(&one), after: None }, 6, &mut out).expect("encoded");
    messages.change(Change { before: None, after: None }, 7, &mut out).expect("nothing to encode");
    let found = frames(&out);
    assert_eq!(found.len(), 2);
    let value = r#"{"id":21,"tags":[["a","b"],["c d",null]]}"#;
    assert_eq!(found[0].2, [some(r#"{"id":21}"#), some(value), None]);
    assert_eq!(found[1].2, [some(r#"{"id":21}"#), None, None]);
    assert_eq!((found[0].0, found[1].0), (5, 6));
    assert!(found[0].1 >= 0 && found[0].1 == found[1].1, "a key has one place");
}

#[test]
fn changes_and_differences() {
    let (before, after) = (row([Some("1"), Some("{}"), None, None]), row([Some("1"), None, None, None]));
    let mut out = Vec::new();
    let mut debezium = messages(Envelope::Debezium(vec![0]), false, false);
    let change = Change { before: Some(&before), after: Some(&after) };
    debezium.change(change, 1_000_001, &mut out).expect("encoded");
    let value =
        r#"{"before":{"id":1,"tags":[]},"after":{"id":1,"tags":null},"op":"u","ts_ms":1000,"ts_us":1000001}"#;
    assert_eq!(frames(&out)[0].2[1], some(value));

    let mut out = Vec::new();
    let mut append = messages(Envelope::Append, false, false);
    append.difference(&after, 9, -2, &mut out).expect("encoded");
    let value = r#"{"id":1,"tags":null,"tw_timestamp":9,"tw_diff":-2}"#;
    assert_eq!(frames(&out)[0].2[1], some(value));
}

#[test]
fn headers_and_places() {
    let mut out = Vec::new();
    let mut messages = messages(Envelope::Upsert(vec![0]), true, true);
    let mut write = |headers: Option<&str>, place: Option<&str>, out: &mut Vec<u8>| {
        let row = row([Some("1"), None, headers, place]);
        messages.change(Change { before: None, after: Some(&row) }, 1, out)
    };
    write(Some(r#"{"a": "x", "b": ["1", "2"], "c": null}"#), Some("7"), &mut out).expect("encoded");
    write(None, Some("0"), &mut out).expect("encoded");
    let found = frames(&out);
    assert_eq!((found[0].1, &found[0].2[2]), (7, &some(r#"{"a":"x","b":["1", "2"]}"#)));
    assert_eq!((found[1].1, &found[1].2[2]), (0, &None));

    let length = out.len();
    for (headers, place, code) in [
        (Some(r#"{"a": 1}"#), Some("1"), "22023"),
        (Some(r#"{"a": ["x", {}]}"#), Some("1"), "22023"),
        (Some(r#"["a"]"#), Some("1"), "22023"),
        (None, None, "22004"),
        (None, Some("-1"), "22003"),
    ] {
        let error = write(headers, place, &mut out).expect_err("refused");
        assert_eq!(error.sqlstate(), code, "{headers:?} {place:?}");
        assert_eq!(out.len(), length, "nothing of it is written");
    }
}

#[test]
fn texts() {
    let text = |places: &[usize]| TextPayload::new(&columns(places), FormatSettings::default());
    assert!(text(&[0, 1]).is_err(), "a text is of one column");
    let parts = MessageParts {
        envelope: Envelope::Append,
        key: None,
        value: Box::new(text(&[1]).expect("a payload")),
        difference_in_headers: true,
        headers: Some(2),
        place: None,
    };
    let mut messages = SinkMessages::new(parts, TYPES.to_vec());
    let mut out = Vec::new();
    let one = row([Some("1"), Some("{a,b}"), Some(r#"{"h": "x"}"#), None]);
    messages.difference(&one, 3, 1, &mut out).expect("encoded");
    let headers = r#"{"tw_timestamp":"3","tw_diff":"1","h":"x"}"#;
    assert_eq!(frames(&out), [(3, -1, [None, some("{a,b}"), some(headers)])]);
}
