//! Messages for tests, and their rows as text.
#![allow(dead_code)]

pub mod batch;

use tidewire_decode::{ChunkPlace, Decoded, Field};
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

/// Where messages of tests are from.
pub const PLACE: ChunkPlace = ChunkPlace { topic: "t", partition: 7, from: 0 };

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
