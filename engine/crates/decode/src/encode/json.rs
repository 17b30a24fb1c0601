//! Rows as JSON objects.

use tidewire_plan::ScalarType;
pub(crate) use tidewire_row::json::write::{string, value};
use tidewire_row::{Datum, FormatSettings};

/// Appends an object of all columns.
pub(super) fn object(
    names: &[String],
    values: &[Datum<'_>],
    types: &[ScalarType],
    settings: &FormatSettings,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        string(name.as_bytes(), out);
        out.push(b':');
        value(values[i], types[i], settings, scratch, out);
    }
    out.push(b'}');
}
