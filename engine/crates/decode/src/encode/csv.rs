//! CSV as PostgreSQL's COPY writes it.

use tidewire_plan::ScalarType;
use tidewire_row::{Datum, FormatSettings, text_out};

/// How CSV is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvStyle {
    /// Between fields.
    pub delimiter: u8,
    /// Around a field with special characters.
    pub quote: u8,
    /// Before a quote or itself in a quoted field.
    pub escape: u8,
    /// NULL.
    pub null: String,
    /// Begin with the column names.
    pub header: bool,
    /// Columns whose values are always quoted.
    pub force_quote: Vec<usize>,
}

impl Default for CsvStyle {
    fn default() -> Self {
        CsvStyle {
            delimiter: b',',
            quote: b'"',
            escape: b'"',
            null: String::new(),
            header: false,
            force_quote: Vec::new(),
        }
    }
}

pub(super) fn header(names: &[String], style: &CsvStyle, out: &mut Vec<u8>) {
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(style.delimiter);
        }
        field(name.as_bytes(), false, names.len() == 1, style, out);
    }
    out.push(b'\n');
}

pub(super) fn row(
    values: &[Datum<'_>],
    types: &[ScalarType],
    style: &CsvStyle,
    settings: &FormatSettings,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    for (i, (&value, &scalar)) in values.iter().zip(types).enumerate() {
        if i > 0 {
            out.push(style.delimiter);
        }
        let force = style.force_quote.contains(&i);
        let single = values.len() == 1;
        match value {
            Datum::Null => out.extend_from_slice(style.null.as_bytes()),
            Datum::Text(text) if scalar != ScalarType::Char => {
                field(text.as_bytes(), force, single, style, out)
            }
            value => {
                scratch.clear();
                text_out(value, scalar, settings, scratch);
                field(scratch, force, single, style, out);
            }
        }
    }
    out.push(b'\n');
}

/// CopyAttributeOutCSV.
fn field(bytes: &[u8], force: bool, single: bool, style: &CsvStyle, out: &mut Vec<u8>) {
    let special = |byte: u8| byte == style.delimiter || byte == style.quote || byte == b'\n' || byte == b'\r';
    let quoted = force
        || bytes == style.null.as_bytes()
        // Alone on its line, it would read as the end of the data.
        || (single && bytes == b"\\.")
        || bytes.iter().any(|&byte| special(byte));
    if !quoted {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(style.quote);
    for &byte in bytes {
        if byte == style.quote || byte == style.escape {
            out.push(style.escape);
        }
        out.push(byte);
    }
    out.push(style.quote);
}
