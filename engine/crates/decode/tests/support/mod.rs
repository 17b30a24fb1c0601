//! Messages for tests, and their rows as text.
#![allow(dead_code)]

use tidewire_decode::{Decoded, Field};
use tidewire_plan::{ColumnType, ScalarType};
use tidewire_row::{Arena, Datum, FormatSettings, decode, text_out};

/// A nullable column.
pub fn column(scalar: ScalarType) -> ColumnType {
    ColumnType { scalar, typmod: -1, nullable: true }
}

/// A nullable field.
pub fn field(name: &str, scalar: ScalarType) -> Field {
    Field { name: name.into(), column: column(scalar) }
}

/// A message's frame.
pub fn frame(offset: i64, key: Option<&[u8]>, value: Option<&[u8]>, headers: Option<&[u8]>) -> Vec<u8> {
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

/// The rows as text, and which of them are removals.
pub fn shown(out: &Decoded, types: &[ScalarType]) -> Vec<String> {
    let arena = Arena::new();
    let row = |(at, (row, _)): (usize, (&[u8], _))| {
        let mut values = Vec::new();
        decode(row, types, &arena, &mut values);
        let texts: Vec<String> = values
            .iter()
            .zip(types)
            .map(|(value, scalar)| {
                let mut text = Vec::new();
                match value {
                    Datum::Null => return "NULL".into(),
                    value => text_out(*value, *scalar, &FormatSettings::default(), &mut text),
                }
                String::from_utf8(text).unwrap()
            })
            .collect();
        format!("{}{}", if out.removed.contains(&at) { "-" } else { "" }, texts.join(" "))
    };
    out.rows().enumerate().map(row).collect()
}
