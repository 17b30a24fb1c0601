//! Messages of a log (Kafka's), the other direction of `messages.rs` of this crate: each has a key, a value, headers and a
//! place, and all come in one buffer, each as a header of little-endian numbers and then its bytes:
//!
//! ```text
//! time i64 (microseconds since 1970) | place i64 | key i32 | value i32 | headers i32 | key | value | headers
//! ```
//!
//! `key`, `value` and `headers` in the header are lengths; -1 is none, and has no bytes. Headers are the text of a JSON object
//! whose members are texts or arrays of texts. `place` modulo the number of partitions is the message's partition; -1 leaves
//! it to the writer. The place of a key is its murmur2 hash, as Kafka's Java producer has it.

use super::envelope::{Change, Envelope};
use super::json;
use super::murmur2::murmur2;
use super::payload::Payload;
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, JsonbRef, decode};

/// Bytes of a message's header.
const HEADER: usize = 28;
/// The length of what is not there.
const NONE: i32 = -1;
/// The place that leaves it to the writer.
const ANYWHERE: i64 = -1;

/// What messages are made of.
pub struct MessageParts {
    /// How changes become messages.
    pub envelope: Envelope,
    /// Keys; without it messages have none.
    pub key: Option<Box<dyn Payload>>,
    /// Values.
    pub value: Box<dyn Payload>,
    /// Values of ENVELOPE APPEND say nothing of time and multiplicity: headers do.
    pub difference_in_headers: bool,
    /// A jsonb column of headers.
    pub headers: Option<usize>,
    /// An integer column that is the place.
    pub place: Option<usize>,
}

/// Encodes changes as messages.
pub struct SinkMessages {
    parts: MessageParts,
    types: Vec<ScalarType>,
    arena: Arena,
}

impl SinkMessages {
    /// Messages of rows of these types.
    pub fn new(parts: MessageParts, types: Vec<ScalarType>) -> Self {
        SinkMessages { parts, types, arena: Arena::new() }
    }

    /// Appends the message of a difference: ENVELOPE APPEND. On an error nothing is appended.
    pub fn difference(&mut self, row: &[u8], time: u64, diff: i64, out: &mut Vec<u8>) -> EvalResult<()> {
        self.message(Change { before: None, after: Some(row) }, time, diff, out)
    }

    /// Appends the message of what became of a key's row: the other envelopes. On an error nothing is appended.
    pub fn change(&mut self, change: Change<'_>, time: u64, out: &mut Vec<u8>) -> EvalResult<()> {
        self.message(change, time, 0, out)
    }

    fn message(&mut self, change: Change<'_>, time: u64, diff: i64, out: &mut Vec<u8>) -> EvalResult<()> {
        let start = out.len();
        let result = self.write(change, time, diff, out);
        if result.is_err() {
            out.truncate(start);
        }
        if self.arena.allocated_bytes() > 0 {
            self.arena.reset();
        }
        result
    }

    fn write(&mut self, change: Change<'_>, time: u64, diff: i64, out: &mut Vec<u8>) -> EvalResult<()> {
        let SinkMessages { parts, types, arena } = self;
        let before = change.before.map(|row| values(row, types, arena));
        let after = change.after.map(|row| values(row, types, arena));
        let (before, after) = (before.as_deref(), after.as_deref());
        let Some(shown) = after.or(before) else { return Ok(()) };

        let start = out.len();
        out.resize(start + HEADER, 0);
        let key = match &mut parts.key {
            None => NONE,
            Some(key) => measured(out, |out| key.row(shown, out))?,
        };
        let place = match parts.place {
            Some(column) => place(shown[column])?,
            None if key == NONE => ANYWHERE,
            None => i64::from(murmur2(&out[start + HEADER..]) & 0x7fff_ffff),
        };
        let value = match (&parts.envelope, after) {
            (Envelope::Append, _) => measured(out, |out| parts.value.difference(shown, time, diff, out))?,
            (Envelope::Debezium(_), _) => measured(out, |out| parts.value.change(before, after, time, out))?,
            (Envelope::Upsert(_), Some(row)) => measured(out, |out| parts.value.row(row, out))?,
            // A tombstone.
            (Envelope::Upsert(_), None) => NONE,
        };
        let difference = parts.difference_in_headers.then_some((time, diff));
        let headers = match (difference, parts.headers.map(|column| shown[column])) {
            (None, None | Some(Datum::Null)) => NONE,
            (difference, given) => measured(out, |out| headers(difference, given, out))?,
        };
        let head = &mut out[start..start + HEADER];
        head[..8].copy_from_slice(&time.to_le_bytes());
        head[8..16].copy_from_slice(&place.to_le_bytes());
        for (at, length) in [(16, key), (20, value), (24, headers)] {
            head[at..at + 4].copy_from_slice(&length.to_le_bytes());
        }
        Ok(())
    }
}

fn values<'a>(row: &'a [u8], types: &[ScalarType], arena: &'a Arena) -> Vec<Datum<'a>> {
    let mut values = Vec::new();
    decode(row, types, arena, &mut values);
    values
}

/// Lets `write` append; gives the length.
fn measured(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> EvalResult<()>) -> EvalResult<i32> {
    let start = out.len();
    write(out)?;
    i32::try_from(out.len() - start)
        .map_err(|_| EvalError::new("54000", "a message of the sink is larger than 2 GB"))
}

/// The place that a column gives.
fn place(datum: Datum<'_>) -> EvalResult<i64> {
    let value = match datum {
        Datum::Int16(value) => i64::from(value),
        Datum::Int32(value) => i64::from(value),
        Datum::Int64(value) => value,
        Datum::Null => return Err(EvalError::new("22004", "PARTITION BY of the sink is NULL")),
        _ => return Err(EvalError::new("XX000", "PARTITION BY is no integer")),
    };
    if value >= 0 {
        return Ok(value);
    }
    Err(EvalError::new("22003", format!("PARTITION BY of the sink is negative: {value}")))
}

/// Appends the object of all headers.
fn headers(difference: Option<(u64, i64)>, given: Option<Datum<'_>>, out: &mut Vec<u8>) -> EvalResult<()> {
    out.push(b'{');
    let start = out.len();
    if let Some((time, diff)) = difference {
        out.extend_from_slice(format!("\"tw_timestamp\":\"{time}\",\"tw_diff\":\"{diff}\"").as_bytes());
    }
    match given {
        None | Some(Datum::Null) => {}
        Some(Datum::Jsonb(object)) if object.is_object() => {
            for (name, value) in object.pairs() {
                if value.is_null() {
                    continue;
                }
                check_header(name, value)?;
                if out.len() > start {
                    out.push(b',');
                }
                json::string(name.as_bytes(), out);
                out.push(b':');
                value.write_text(out);
            }
        }
        Some(_) => {
            let error = EvalError::new("22023", "HEADERS of the sink is no JSON object");
            return Err(error.with_hint("It is an object of texts, or of arrays of texts."));
        }
    }
    out.push(b'}');
    Ok(())
}

/// A header is a text, or an array of them for one that comes several times.
fn check_header(name: &str, value: JsonbRef<'_>) -> EvalResult<()> {
    let is_text = |value: JsonbRef<'_>| value.type_name() == "string";
    if is_text(value) || (value.is_array() && value.elements().all(is_text)) {
        return Ok(());
    }
    let message = format!("header \"{name}\" of the sink is a JSON {}, not a text", value.type_name());
    Err(EvalError::new("22023", message))
}
