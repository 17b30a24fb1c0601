//! Rows as ready protocol messages: DataRow, or CopyData with a line of COPY's formats.

use tidewire_decode::encode::{OutputFormat, RowEncoder};
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, FormatSettings, binary_out, column_bounds, read_column, text_out};

/// The form of encoded rows.
#[derive(Clone, Debug)]
pub enum RowFormat {
    /// 'D' messages; for each column whether it is binary. Empty: all text; one entry: it holds for all.
    DataRow(Vec<bool>),
    /// 'd' messages, one a row.
    Copy(OutputFormat),
    /// Lines without a protocol: files.
    Lines(OutputFormat),
}

/// Encodes packed rows of one shape.
pub struct MessageEncoder {
    types: Vec<ScalarType>,
    settings: FormatSettings,
    form: Form,
    arena: Arena,
}

enum Form {
    DataRow(Vec<bool>),
    Copy(RowEncoder),
    Lines(RowEncoder),
}

impl MessageEncoder {
    /// An encoder for rows of these columns.
    pub fn new(columns: Vec<(String, ScalarType)>, format: RowFormat, settings: FormatSettings) -> Self {
        let types: Vec<ScalarType> = columns.iter().map(|(_, scalar)| *scalar).collect();
        let form = match format {
            RowFormat::DataRow(formats) => Form::DataRow(match formats.len() {
                0 => vec![false; types.len()],
                1 => vec![formats[0]; types.len()],
                _ => formats,
            }),
            RowFormat::Copy(format) => Form::Copy(RowEncoder::new(format, columns, settings.clone())),
            RowFormat::Lines(format) => Form::Lines(RowEncoder::new(format, columns, settings.clone())),
        };
        MessageEncoder { types, settings, form, arena: Arena::new() }
    }

    /// What stands before the first row, if the format wants it.
    pub fn header(&mut self, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::DataRow(_) => {}
            Form::Copy(encoder) => {
                let start = out.len();
                out.extend_from_slice(&[b'd', 0, 0, 0, 0]);
                encoder.header(out);
                if out.len() == start + 5 {
                    out.truncate(start);
                } else {
                    close_message(out, start);
                }
            }
            Form::Lines(encoder) => encoder.header(out),
        }
    }

    /// Appends one row.
    pub fn row(&mut self, row: &[u8], out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Lines(encoder) => encoder.row(row, out),
            Form::Copy(encoder) => {
                let start = out.len();
                out.extend_from_slice(&[b'd', 0, 0, 0, 0]);
                encoder.row(row, out);
                close_message(out, start);
            }
            Form::DataRow(formats) => {
                let start = out.len();
                out.extend_from_slice(&[b'D', 0, 0, 0, 0]);
                out.extend_from_slice(&(self.types.len() as u16).to_be_bytes());
                let mut at = 0;
                for (index, scalar) in self.types.iter().enumerate() {
                    let value = read_column(row, &mut at, *scalar, &self.arena);
                    let length_at = out.len();
                    if matches!(value, tidewire_row::Datum::Null) {
                        out.extend_from_slice(&(-1i32).to_be_bytes());
                        continue;
                    }
                    out.extend_from_slice(&[0; 4]);
                    match formats.get(index) {
                        Some(true) => binary_out(value, *scalar, out),
                        _ => text_out(value, *scalar, &self.settings, out),
                    }
                    let length = (out.len() - length_at - 4) as u32;
                    out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
                }
                close_message(out, start);
            }
        }
        self.arena.reset();
    }
}

/// Writes the length of the message that begins at `start`.
fn close_message(out: &mut [u8], start: usize) {
    let length = (out.len() - start - 1) as u32;
    out[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
}

/// Appends the chosen columns of a packed row.
pub fn project(row: &[u8], types: &[ScalarType], columns: &[u32], bounds: &mut Vec<u32>, out: &mut Vec<u8>) {
    column_bounds(row, types, bounds);
    for column in columns {
        let column = *column as usize;
        out.extend_from_slice(&row[bounds[column] as usize..bounds[column + 1] as usize]);
    }
}
