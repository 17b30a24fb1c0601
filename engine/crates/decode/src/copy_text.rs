//! PostgreSQL's COPY text format.

use crate::Field;
use crate::csv::{CsvHeader, match_header};
use crate::decoder::{Frame, Outcome, RecordDecoder, without_return};
use crate::field::DefaultMarker;
use crate::value::{ValueContext, push_null, push_text, utf8};
use tidewire_row::{EvalError, EvalResult};

/// Options of the COPY text format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyTextFormat {
    /// Between fields.
    pub delimiter: u8,
    /// A field with exactly this text, escapes not yet undone, is NULL.
    pub null: String,
    /// The first line is a header: skipped, or held against the fields' names.
    pub header: CsvHeader,
    /// What stands for a default.
    pub default: Option<DefaultMarker>,
}

impl Default for CopyTextFormat {
    fn default() -> Self {
        CopyTextFormat { delimiter: b'\t', null: "\\N".to_string(), header: CsvHeader::None, default: None }
    }
}

pub(crate) struct CopyTextDecoder {
    format: CopyTextFormat,
    at_header: bool,
    scanned: usize,
    scratch: Vec<u8>,
    /// Which fields of the record were defaults.
    marked: Vec<bool>,
}

impl CopyTextDecoder {
    pub(crate) fn new(format: CopyTextFormat) -> Self {
        CopyTextDecoder {
            at_header: format.header != CsvHeader::None,
            format,
            scanned: 0,
            scratch: Vec::new(),
            marked: Vec::new(),
        }
    }
}

impl RecordDecoder for CopyTextDecoder {
    fn frame(&mut self, buffer: &[u8], at_end: bool) -> Option<Frame> {
        let mut at = self.scanned;
        while let Some(found) = memchr::memchr2(b'\\', b'\n', &buffer[at..]) {
            let place = at + found;
            if buffer[place] == b'\n' {
                return Some(Frame { end: without_return(buffer, place), next: place + 1 });
            }
            if place + 1 == buffer.len() {
                at = place;
                break;
            }
            // A backslash takes the next byte with it, a line break too.
            at = place + 2;
        }
        if at_end {
            return Some(Frame { end: without_return(buffer, buffer.len()), next: buffer.len() });
        }
        // Not beyond a last backslash, whose partner is still to come.
        let pending = memchr::memrchr(b'\\', &buffer[at.min(buffer.len())..]).is_some();
        self.scanned = if pending { at } else { buffer.len().max(at) };
        None
    }

    fn reset(&mut self) {
        self.scanned = 0;
    }

    fn decode(
        &mut self,
        record: &[u8],
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<Outcome> {
        if self.at_header {
            self.at_header = false;
            if self.format.header == CsvHeader::Match {
                let delimiter = self.format.delimiter;
                let names = record.split(|&byte| byte == delimiter);
                let names: Vec<_> = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
                match_header(&names, fields, Some(&self.format.null))?;
            }
            return Ok(Outcome::Nothing);
        }
        if record == b"\\." {
            return Ok(Outcome::End);
        }
        if memchr::memchr(b'\r', record).is_some() {
            return Err(EvalError::new("22P04", "literal carriage return found in data")
                .with_hint("Use \"\\r\" to represent carriage return."));
        }
        let mut at = 0;
        let mut more = !fields.is_empty();
        self.marked.clear();
        for (number, field) in fields.iter().enumerate() {
            if !more {
                return Err(EvalError::new("22P04", format!("missing data for column \"{}\"", field.name)));
            }
            let end = field_end(record, at, self.format.delimiter);
            let raw = &record[at..end];
            more = end < record.len();
            at = end + 1;
            if raw == self.format.null.as_bytes() {
                push_null(out, field)?;
                self.marked.push(false);
                continue;
            }
            if let Some(marker) = &self.format.default {
                let is_default = marker.marks(raw, number, field)?;
                self.marked.push(is_default);
                if is_default {
                    push_null(out, field)?;
                    continue;
                }
            }
            let text = if memchr::memchr(b'\\', raw).is_none() {
                utf8(raw)?
            } else {
                self.scratch.clear();
                unescape(raw, &mut self.scratch)?;
                utf8(&self.scratch)?
            };
            push_text(out, field, text, context).map_err(|error| field.locate(error))?;
        }
        if more {
            return Err(EvalError::new("22P04", "extra data after last expected column"));
        }
        if self.format.default.is_some() {
            DefaultMarker::push_marks(&self.marked, out);
        }
        Ok(Outcome::Row)
    }
}

/// The end of the field that begins at a place: the next delimiter that no backslash precedes.
fn field_end(record: &[u8], from: usize, delimiter: u8) -> usize {
    let mut at = from;
    while let Some(found) = record.get(at..).and_then(|rest| memchr::memchr2(delimiter, b'\\', rest)) {
        let place = at + found;
        if record[place] == delimiter {
            return place;
        }
        at = place + 2;
    }
    record.len()
}

/// Undoes the escapes: `\b \f \n \r \t \v`, one to three octal digits, `\x` and one or two hexadecimal digits; any
/// other character behind a backslash is itself, but `\.`, which ends the stream and is a line of its own.
fn unescape(raw: &[u8], out: &mut Vec<u8>) -> EvalResult<()> {
    let mut at = 0;
    while at < raw.len() {
        let byte = raw[at];
        at += 1;
        if byte != b'\\' || at == raw.len() {
            out.push(byte);
            continue;
        }
        let escaped = raw[at];
        at += 1;
        match escaped {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'.' => return Err(EvalError::new("22P04", "end-of-copy marker is not alone on its line")),
            b'0'..=b'7' => {
                let mut value = u32::from(escaped - b'0');
                for _ in 0..2 {
                    match raw.get(at) {
                        Some(&digit @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(digit - b'0');
                            at += 1;
                        }
                        _ => break,
                    }
                }
                out.push(value as u8);
            }
            b'x' => {
                let digit = |at: usize| raw.get(at).and_then(|&digit| (digit as char).to_digit(16));
                match digit(at) {
                    None => out.push(b'x'),
                    Some(high) => {
                        at += 1;
                        let mut value = high;
                        if let Some(low) = digit(at) {
                            at += 1;
                            value = value * 16 + low;
                        }
                        out.push(value as u8);
                    }
                }
            }
            other => out.push(other),
        }
    }
    Ok(())
}
