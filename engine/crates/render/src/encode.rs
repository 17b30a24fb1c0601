//! Rows as ready protocol messages: DataRow, or CopyData with a line of COPY's formats.

use smallvec::SmallVec;
use std::sync::Arc;
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
    types: SmallVec<[ScalarType; 8]>,
    settings: FormatSettings,
    form: Form,
    arena: Arena,
}

enum Form {
    /// Whether columns are binary; those that it does not name are not.
    DataRow(Vec<bool>),
    Copy(RowEncoder),
    Lines(RowEncoder),
}

impl MessageEncoder {
    /// An encoder for rows of columns of these types. `names` of the columns, or none: only some formats have them.
    pub fn new(
        types: impl IntoIterator<Item = ScalarType>,
        names: &[String],
        format: RowFormat,
        settings: FormatSettings,
    ) -> Self {
        let types: SmallVec<[ScalarType; 8]> = types.into_iter().collect();
        let columns = || {
            let name = |index: usize| names.get(index).cloned().unwrap_or_default();
            types.iter().enumerate().map(|(index, scalar)| (name(index), *scalar)).collect()
        };
        let form = match format {
            RowFormat::DataRow(formats) => Form::DataRow(match formats.len() {
                1 => vec![formats[0]; types.len()],
                _ => formats,
            }),
            RowFormat::Copy(format) => Form::Copy(RowEncoder::new(format, columns(), settings.clone())),
            RowFormat::Lines(format) => Form::Lines(RowEncoder::new(format, columns(), settings.clone())),
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
pub fn close_message(out: &mut [u8], start: usize) {
    let length = (out.len() - start - 1) as u32;
    out[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
}

/// Encodes some columns of packed rows.
pub(crate) struct ShownEncoder {
    types: Arc<[ScalarType]>,
    projection: Arc<[u32]>,
    identity: bool,
    encoder: MessageEncoder,
    bounds: Vec<u32>,
    scratch: Vec<u8>,
}

impl ShownEncoder {
    /// An encoder of the columns `projection` of rows of `types`. `names` of the shown columns, or none.
    pub(crate) fn new(
        types: Arc<[ScalarType]>,
        projection: Arc<[u32]>,
        format: RowFormat,
        names: &[String],
        settings: FormatSettings,
    ) -> Self {
        let shown = projection.iter().map(|column| types[*column as usize]);
        let encoder = MessageEncoder::new(shown, names, format, settings);
        let identity = projection.iter().copied().eq(0..types.len() as u32);
        ShownEncoder { types, projection, identity, encoder, bounds: Vec::new(), scratch: Vec::new() }
    }

    /// What stands before the first row, if the format wants it.
    pub(crate) fn header(&mut self, out: &mut Vec<u8>) {
        self.encoder.header(out);
    }

    /// Appends one row.
    pub(crate) fn row(&mut self, row: &[u8], out: &mut Vec<u8>) {
        if self.identity {
            return self.encoder.row(row, out);
        }
        self.scratch.clear();
        column_bounds(row, &self.types, &mut self.bounds);
        for column in &*self.projection {
            let column = *column as usize;
            self.scratch
                .extend_from_slice(&row[self.bounds[column] as usize..self.bounds[column + 1] as usize]);
        }
        self.encoder.row(&self.scratch, out);
    }
}
