//! jsonb's text form: `{"a": 1, "b": [true, null]}`.

use super::{ARRAY, FALSE, JsonbRef, NUMBER, OBJECT, STRING, TRUE, count_at, string_end, text};
use crate::Arena;
use crate::numeric::packed;

impl JsonbRef<'_> {
    /// `jsonb_out`.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        let body = self.body();
        let scales = self.scales();
        let scratch = Arena::new();
        let (mut at, mut scales_at) = (0, 0);
        // Open containers: values still to come, whether it is an object, whether it is at its first value.
        let mut open: Vec<(usize, bool, bool)> = Vec::new();
        loop {
            if let Some((left, object, first)) = open.last_mut() {
                if *left == 0 {
                    out.push(if *object { b'}' } else { b']' });
                    open.pop();
                    if open.is_empty() {
                        return;
                    }
                    continue;
                }
                *left -= 1;
                if !std::mem::take(first) {
                    out.extend_from_slice(b", ");
                }
                if *object {
                    let end = string_end(body, at);
                    write_string(text(&body[at..end]), out);
                    out.extend_from_slice(b": ");
                    at = end + 1;
                }
            }
            let kind = body[at];
            at += 1;
            match kind {
                STRING => {
                    let end = string_end(body, at);
                    write_string(text(&body[at..end]), out);
                    at = end + 1;
                }
                NUMBER => {
                    let end = packed::skip_order(body, at);
                    let scale = packed::read_scale(scales, &mut scales_at);
                    packed::read_finite(&body[at..end], scale, &scratch).write_text(out);
                    at = end;
                }
                FALSE => out.extend_from_slice(b"false"),
                TRUE => out.extend_from_slice(b"true"),
                ARRAY | OBJECT => {
                    out.push(if kind == OBJECT { b'{' } else { b'[' });
                    open.push((count_at(body, at), kind == OBJECT, true));
                    at += 4;
                }
                _ => out.extend_from_slice(b"null"),
            }
            if open.is_empty() {
                return;
            }
        }
    }
}

/// A JSON string with PostgreSQL's escapes (`escape_json`).
pub fn write_string(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in value.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
