//! Packed rows to bytes of sinks and COPY.
//!
//! [`RowEncoder`] writes one row in a format; [`envelope`] says what a record of a sink is; [`messages`] frames those that have
//! keys and headers, with [`payload`] for what is in them.

pub mod avro;
mod csv;
pub mod envelope;
mod json;
pub mod messages;
mod murmur2;
pub mod payload;
pub mod protobuf;
pub mod schema;
mod text;

pub use csv::CsvStyle;
pub use envelope::Envelope;

use crate::{CopyTextFormat, CsvHeader};
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, FormatSettings, decode, recycle};

/// How rows are written.
#[derive(Clone, Debug)]
pub enum OutputFormat {
    /// PostgreSQL's COPY text format.
    CopyText(CopyTextFormat),
    /// CSV as PostgreSQL's COPY writes it.
    Csv(CsvStyle),
    /// One JSON object a line, values as PostgreSQL's `to_json` writes them.
    JsonLines,
}

/// Writes rows of one shape.
pub struct RowEncoder {
    format: OutputFormat,
    names: Vec<String>,
    types: Vec<ScalarType>,
    settings: FormatSettings,
    arena: Arena,
    /// Room for a row's values.
    values: Vec<Datum<'static>>,
    scratch: Vec<u8>,
}

impl RowEncoder {
    /// An encoder for rows of these columns.
    pub fn new(format: OutputFormat, columns: Vec<(String, ScalarType)>, settings: FormatSettings) -> Self {
        let (names, types) = columns.into_iter().unzip();
        RowEncoder {
            format,
            names,
            types,
            settings,
            arena: Arena::new(),
            values: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The line of column names that a stream begins with, if its format wants one.
    pub fn header(&mut self, out: &mut Vec<u8>) {
        match &self.format {
            OutputFormat::Csv(style) if style.header => csv::header(&self.names, style, out),
            OutputFormat::CopyText(format) if format.header != CsvHeader::None => {
                text::header(&self.names, format, out)
            }
            _ => {}
        }
    }

    /// Appends one row and its line break.
    pub fn row(&mut self, row: &[u8], out: &mut Vec<u8>) {
        self.arena.reset();
        let mut values = recycle(std::mem::take(&mut self.values));
        decode(row, &self.types, &self.arena, &mut values);
        match &self.format {
            OutputFormat::CopyText(format) => {
                text::row(&values, &self.types, format, &self.settings, &mut self.scratch, out);
            }
            OutputFormat::Csv(style) => {
                csv::row(&values, &self.types, style, &self.settings, &mut self.scratch, out);
            }
            OutputFormat::JsonLines => {
                json::object(&self.names, &values, &self.types, &self.settings, &mut self.scratch, out);
                out.push(b'\n');
            }
        }
        self.values = recycle(values);
    }

    /// Appends a row as a JSON object, without a line break; `columns` chooses some of its columns.
    pub(crate) fn object(&mut self, row: &[u8], columns: Option<&[usize]>, out: &mut Vec<u8>) {
        self.arena.reset();
        let mut values = recycle(std::mem::take(&mut self.values));
        decode(row, &self.types, &self.arena, &mut values);
        match columns {
            None => json::object(&self.names, &values, &self.types, &self.settings, &mut self.scratch, out),
            Some(columns) => {
                out.push(b'{');
                for (i, &column) in columns.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    json::string(self.names[column].as_bytes(), out);
                    out.push(b':');
                    json::value(values[column], self.types[column], &self.settings, &mut self.scratch, out);
                }
                out.push(b'}');
            }
        }
        self.values = recycle(values);
    }
}
