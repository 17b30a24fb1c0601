//! What a record of a sink is.
//!
//! | envelope | JSON lines | CSV |
//! |---|---|---|
//! | APPEND | the row's members, then `tw_timestamp`, `tw_diff` | the row's columns, then `tw_timestamp`, `tw_diff` |
//! | UPSERT | `{"key":{…},"value":{…} or null}` | key and value columns, `tw_timestamp`, `tw_operation` `upsert` or `delete` |
//! | DEBEZIUM | `{"before":{…} or null,"after":{…} or null,"op":"c", "u" or "d","ts_us":…}` | not there: CSV cannot nest |

use super::{OutputFormat, RowEncoder};

/// How changes become records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// Each change with its timestamp and multiplicity.
    Append,
    /// The newest value of a key, or its absence; the key's columns.
    Upsert(Vec<usize>),
    /// The row before and after; the key's columns.
    Debezium(Vec<usize>),
}

/// The rows of one key before and after one timestamp.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The row that went.
    pub before: Option<&'a [u8]>,
    /// The row that came.
    pub after: Option<&'a [u8]>,
}

impl RowEncoder {
    /// Appends a record of ENVELOPE APPEND.
    pub fn append(&mut self, row: &[u8], time: u64, diff: i64, out: &mut Vec<u8>) {
        let start = out.len();
        self.row(row, out);
        // Into the record that was just written, before its end.
        match &self.format {
            OutputFormat::JsonLines => {
                out.truncate(out.len() - 2);
                if out.len() - start > 1 {
                    out.push(b',');
                }
                out.extend_from_slice(format!("\"tw_timestamp\":{time},\"tw_diff\":{diff}}}\n").as_bytes());
            }
            OutputFormat::Csv(style) => {
                let delimiter = style.delimiter;
                self.extend_line(delimiter, &[&time.to_string(), &diff.to_string()], start, out);
            }
            OutputFormat::CopyText(format) => {
                let delimiter = format.delimiter;
                self.extend_line(delimiter, &[&time.to_string(), &diff.to_string()], start, out);
            }
        }
    }

    /// Appends a record of ENVELOPE UPSERT: `row` is the new value, or the old one with `deleted`.
    pub fn upsert(&mut self, row: &[u8], deleted: bool, key: &[usize], time: u64, out: &mut Vec<u8>) {
        match &self.format {
            OutputFormat::JsonLines => {
                out.extend_from_slice(b"{\"key\":");
                self.object(row, Some(key), out);
                out.extend_from_slice(b",\"value\":");
                if deleted {
                    out.extend_from_slice(b"null");
                } else {
                    self.object(row, None, out);
                }
                out.extend_from_slice(b"}\n");
            }
            OutputFormat::Csv(style) => {
                let delimiter = style.delimiter;
                let start = out.len();
                self.row(row, out);
                let operation = if deleted { "delete" } else { "upsert" };
                self.extend_line(delimiter, &[&time.to_string(), operation], start, out);
            }
            OutputFormat::CopyText(format) => {
                let delimiter = format.delimiter;
                let start = out.len();
                self.row(row, out);
                let operation = if deleted { "delete" } else { "upsert" };
                self.extend_line(delimiter, &[&time.to_string(), operation], start, out);
            }
        }
    }

    /// Appends a record of ENVELOPE DEBEZIUM, always JSON.
    pub fn debezium(&mut self, change: Change<'_>, time: u64, out: &mut Vec<u8>) {
        if change.before.is_none() && change.after.is_none() {
            return;
        }
        let operation = operation(change.before, change.after);
        for (name, row) in [("{\"before\":", change.before), (",\"after\":", change.after)] {
            out.extend_from_slice(name.as_bytes());
            match row {
                Some(row) => self.object(row, None, out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(format!(",\"op\":\"{operation}\",\"ts_us\":{time}}}\n").as_bytes());
    }

    /// Puts fields behind the line that begins at `start`.
    fn extend_line(&self, delimiter: u8, fields: &[&str], start: usize, out: &mut Vec<u8>) {
        out.pop();
        for field in fields {
            if out.len() > start || !self.names.is_empty() {
                out.push(delimiter);
            }
            out.extend_from_slice(field.as_bytes());
        }
        out.push(b'\n');
    }
}

/// Debezium's `op` of a change; one side is there at least.
pub(super) fn operation<R>(before: Option<R>, after: Option<R>) -> &'static str {
    match (before, after) {
        (None, _) => "c",
        (Some(_), Some(_)) => "u",
        (Some(_), None) => "d",
    }
}
