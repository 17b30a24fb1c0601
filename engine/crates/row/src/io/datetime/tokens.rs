//! `ParseDateTime`: cuts an input into typed fields.

use super::Refusal;
use super::words;

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum FieldKind {
    /// A number with or without a point.
    Number,
    /// A word.
    String,
    /// A signed word, such as `-infinity`.
    Special,
    /// Something with date separators.
    Date,
    /// Something with colons.
    Time,
    /// A sign and digits.
    Zone,
}

/// PostgreSQL's limits.
const MAX_FIELDS: usize = 25;
const MAX_LENGTH: usize = 128 + MAX_FIELDS;

/// The fields of an input, in lower case.
pub(in crate::io) fn tokenize(input: &str) -> Result<Vec<(FieldKind, String)>, Refusal> {
    let bytes = input.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let mut fields: Vec<(FieldKind, String)> = Vec::with_capacity(4);
    let mut length = 0;
    let mut index = 0;
    while index < bytes.len() {
        let first = bytes[index];
        if first.is_ascii_whitespace() || first == 0x0b {
            index += 1;
            continue;
        }
        let start = index;
        let kind;
        let mut text = String::new();
        if first.is_ascii_digit() {
            index = digits_end(bytes, index);
            match at(index) {
                b':' => {
                    kind = FieldKind::Time;
                    while at(index).is_ascii_digit() || matches!(at(index), b':' | b'.') {
                        index += 1;
                    }
                }
                delimiter @ (b'-' | b'/' | b'.') => {
                    index += 1;
                    if at(index).is_ascii_digit() {
                        let end = digits_end(bytes, index);
                        index = end;
                        if at(index) == delimiter {
                            kind = FieldKind::Date;
                            while at(index).is_ascii_digit() || at(index) == delimiter {
                                index += 1;
                            }
                        } else {
                            kind = if delimiter == b'.' { FieldKind::Number } else { FieldKind::Date };
                        }
                    } else {
                        kind = FieldKind::Date;
                        while at(index).is_ascii_alphanumeric() || at(index) == delimiter {
                            index += 1;
                        }
                    }
                }
                _ => kind = FieldKind::Number,
            }
        } else if first == b'.' {
            kind = FieldKind::Number;
            index = digits_end(bytes, index + 1);
        } else if first.is_ascii_alphabetic() {
            while at(index).is_ascii_alphabetic() {
                index += 1;
            }
            // A date or a zone name with punctuation; or a word with digits, unless it is a word of the grammar.
            let joined = match at(index) {
                b'-' | b'/' | b'.' => true,
                next if next == b'+' || next.is_ascii_digit() => {
                    words::datetime(&input[start..index].to_ascii_lowercase()).is_none()
                }
                _ => false,
            };
            if joined {
                kind = FieldKind::Date;
                while at(index).is_ascii_alphanumeric()
                    || matches!(at(index), b'+' | b'-' | b'/' | b'_' | b'.' | b':')
                {
                    index += 1;
                }
            } else {
                kind = FieldKind::String;
            }
        } else if matches!(first, b'+' | b'-') {
            text.push(first as char);
            index += 1;
            while at(index).is_ascii_whitespace() {
                index += 1;
            }
            let body = index;
            if at(index).is_ascii_digit() {
                kind = FieldKind::Zone;
                while at(index).is_ascii_digit() || matches!(at(index), b':' | b'.' | b'-') {
                    index += 1;
                }
            } else if at(index).is_ascii_alphabetic() {
                kind = FieldKind::Special;
                while at(index).is_ascii_alphabetic() {
                    index += 1;
                }
            } else {
                return Err(Refusal::BadFormat);
            }
            text.push_str(&input[body..index]);
        } else if first.is_ascii_punctuation() {
            index += 1;
            continue;
        } else {
            return Err(Refusal::BadFormat);
        }
        if text.is_empty() {
            text.push_str(&input[start..index]);
        }
        text.make_ascii_lowercase();
        length += text.len() + 1;
        if fields.len() == MAX_FIELDS || length > MAX_LENGTH {
            return Err(Refusal::BadFormat);
        }
        fields.push((kind, text));
    }
    Ok(fields)
}

fn digits_end(bytes: &[u8], mut index: usize) -> usize {
    while bytes.get(index).is_some_and(u8::is_ascii_digit) {
        index += 1;
    }
    index
}
