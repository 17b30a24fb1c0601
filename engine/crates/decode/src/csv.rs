//! CSV as PostgreSQL's COPY reads it.

use crate::Field;
use crate::decoder::{Frame, Outcome, RecordDecoder, without_return};
use crate::field::DefaultMarker;
use crate::value::{ValueContext, check_zero, push_checked, push_null, utf8};
use tidewire_row::{EvalError, EvalResult};

/// What the first record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// Data.
    #[default]
    None,
    /// Names that are not looked at: COPY's HEADER.
    Skip,
    /// Names that must be the fields', in order: COPY's HEADER MATCH.
    Match,
    /// Names that say which column is which field; columns that no field has are skipped.
    ByName,
}

/// How CSV is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvFormat {
    /// Between fields.
    pub delimiter: u8,
    /// Around a field with special characters.
    pub quote: u8,
    /// Before a quote or itself in a quoted field.
    pub escape: u8,
    /// An unquoted field with this text is NULL.
    pub null: String,
    /// The first record.
    pub header: CsvHeader,
    /// Fields for which a quoted null text is NULL too.
    pub force_null: Vec<usize>,
    /// Fields for which the null text is text, not NULL.
    pub force_not_null: Vec<usize>,
    /// What stands for a default, unquoted.
    pub default: Option<DefaultMarker>,
    /// Blank lines are no records. COPY takes them as records of one empty field.
    pub skip_blank: bool,
    /// A carriage return outside of quotes that ends no line is data. COPY refuses it.
    pub allow_returns: bool,
}

impl Default for CsvFormat {
    fn default() -> Self {
        CsvFormat {
            delimiter: b',',
            quote: b'"',
            escape: b'"',
            null: String::new(),
            header: CsvHeader::None,
            force_null: Vec::new(),
            force_not_null: Vec::new(),
            default: None,
            skip_blank: false,
            allow_returns: false,
        }
    }
}

/// A column's text: in the record, or in the scratch buffer if it was quoted.
#[derive(Clone, Copy)]
struct Column {
    start: usize,
    end: usize,
    quoted: bool,
}

pub(crate) struct CsvDecoder {
    format: CsvFormat,
    /// The next record is the header.
    at_header: bool,
    /// For each field its column, with [`CsvHeader::ByName`].
    places: Option<Vec<usize>>,
    /// Columns of the header.
    width: usize,
    /// The header lacks a field: every record is refused.
    lacking: Option<EvalError>,
    columns: Vec<Column>,
    /// Which fields of the record were defaults.
    marked: Vec<bool>,
    scratch: Vec<u8>,
    scanned: usize,
    in_quote: bool,
    after_escape: bool,
    line_breaks: LineBreaks,
    /// The buffer's records are UTF-8 without quotes, carriage returns and NULs, so that delimiters and line breaks are all
    /// that matters.
    plain: bool,
}

/// Up to so many bytes of an unfinished record are looked at again with what follows them.
const LOOKED_AT_AGAIN: usize = 1 << 20;

/// How this stream's lines end, told by its first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineBreaks {
    Unknown,
    Newline,
    ReturnNewline,
}

impl CsvDecoder {
    pub(crate) fn new(format: CsvFormat) -> Self {
        CsvDecoder {
            at_header: format.header != CsvHeader::None,
            format,
            places: None,
            width: 0,
            lacking: None,
            columns: Vec::new(),
            marked: Vec::new(),
            scratch: Vec::new(),
            scanned: 0,
            in_quote: false,
            after_escape: false,
            line_breaks: LineBreaks::Unknown,
            plain: false,
        }
    }

    /// Of a plain buffer: splits the first record into columns where it ends.
    fn frame_plain(&mut self, buffer: &[u8], at_end: bool) -> Option<Frame> {
        self.columns.clear();
        let mut start = 0;
        for end in memchr::memchr2_iter(self.format.delimiter, b'\n', buffer) {
            self.columns.push(Column { start, end, quoted: false });
            if buffer[end] == b'\n' {
                return Some(Frame { end: self.content_end(buffer, end), next: end + 1 });
            }
            start = end + 1;
        }
        if at_end {
            self.columns.push(Column { start, end: buffer.len(), quoted: false });
            return Some(Frame { end: buffer.len(), next: buffer.len() });
        }
        self.scanned = buffer.len();
        None
    }

    /// Splits a record into columns: PostgreSQL's CopyReadAttributesCSV.
    fn split(&mut self, record: &[u8]) -> EvalResult<()> {
        self.columns.clear();
        self.scratch.clear();
        let CsvFormat { delimiter, quote, escape, allow_returns, .. } = self.format;
        let unquoted = |bytes: &[u8]| match allow_returns || memchr::memchr(b'\r', bytes).is_none() {
            true => Ok(()),
            false => Err(EvalError::new("22P04", "unquoted carriage return found in data")
                .with_hint("Use quoted CSV field to represent carriage return.")),
        };
        if memchr::memchr(quote, record).is_none() {
            unquoted(record)?;
            let mut start = 0;
            for end in memchr::memchr_iter(delimiter, record) {
                self.columns.push(Column { start, end, quoted: false });
                start = end + 1;
            }
            self.columns.push(Column { start, end: record.len(), quoted: false });
            return Ok(());
        }
        let mut at = 0;
        loop {
            let field_start = at;
            let scratch_start = self.scratch.len();
            let mut quoted = false;
            let mut ended_by_delimiter = false;
            loop {
                // Outside quotes.
                match memchr::memchr2(delimiter, quote, &record[at..]) {
                    None => {
                        unquoted(&record[at..])?;
                        self.scratch.extend_from_slice(&record[at..]);
                        at = record.len();
                        break;
                    }
                    Some(found) => {
                        unquoted(&record[at..at + found])?;
                        self.scratch.extend_from_slice(&record[at..at + found]);
                        at += found + 1;
                        if record[at - 1] == delimiter {
                            ended_by_delimiter = true;
                            break;
                        }
                        quoted = true;
                    }
                }
                // Inside quotes.
                loop {
                    let Some(found) = memchr::memchr2(quote, escape, &record[at..]) else {
                        return Err(EvalError::new("22P04", "unterminated CSV quoted field"));
                    };
                    self.scratch.extend_from_slice(&record[at..at + found]);
                    at += found;
                    let byte = record[at];
                    let following = record.get(at + 1).copied();
                    if byte == escape && following.is_some_and(|next| next == escape || next == quote) {
                        self.scratch.push(following.unwrap_or_default());
                        at += 2;
                    } else if byte == quote {
                        at += 1;
                        break;
                    } else {
                        self.scratch.push(byte);
                        at += 1;
                    }
                }
            }
            if quoted {
                self.columns.push(Column { start: scratch_start, end: self.scratch.len(), quoted });
            } else {
                self.scratch.truncate(scratch_start);
                let end = if ended_by_delimiter { at - 1 } else { at };
                self.columns.push(Column { start: field_start, end, quoted });
            }
            if !ended_by_delimiter {
                return Ok(());
            }
        }
    }

    fn bytes<'a>(&'a self, column: Column, record: &'a [u8]) -> &'a [u8] {
        if column.quoted {
            &self.scratch[column.start..column.end]
        } else {
            &record[column.start..column.end]
        }
    }

    fn header(&mut self, record: &[u8], fields: &[Field]) -> EvalResult<()> {
        if self.format.header == CsvHeader::Skip {
            return Ok(());
        }
        self.split(record)?;
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|&column| String::from_utf8_lossy(self.bytes(column, record)).into_owned())
            .collect();
        self.width = names.len();
        if self.format.header == CsvHeader::Match {
            return match_header(&names, fields, None);
        }
        let mut places = Vec::with_capacity(fields.len());
        for field in fields {
            let place = names
                .iter()
                .position(|name| *name == field.name)
                .or_else(|| names.iter().position(|name| name.trim().eq_ignore_ascii_case(&field.name)));
            match place {
                Some(place) => places.push(place),
                None => {
                    let error = EvalError::new(
                        "42703",
                        format!("column \"{}\" is not in the CSV header", field.name),
                    )
                    .with_detail(format!("The header names {}.", names.join(", ")));
                    self.lacking = Some(error.clone());
                    return Err(error);
                }
            }
        }
        self.places = Some(places);
        Ok(())
    }
}

/// PostgreSQL's check of HEADER MATCH.
pub(crate) fn match_header(names: &[String], fields: &[Field], null: Option<&str>) -> EvalResult<()> {
    if names.len() != fields.len() {
        return Err(EvalError::new(
            "22P04",
            format!("wrong number of fields in header line: got {}, expected {}", names.len(), fields.len()),
        ));
    }
    for (i, (name, field)) in names.iter().zip(fields).enumerate() {
        if *name != field.name {
            let got = if null == Some(name) { "null value (" } else { "" };
            let end = if got.is_empty() { "" } else { ")" };
            return Err(EvalError::new(
                "22P04",
                format!(
                    "column name mismatch in header line field {}: got {got}\"{name}\"{end}, expected \"{}\"",
                    i + 1,
                    field.name
                ),
            ));
        }
    }
    Ok(())
}

impl RecordDecoder for CsvDecoder {
    fn begin(&mut self, buffer: &[u8], flush: bool) {
        let CsvFormat { quote, escape, .. } = self.format;
        let is_utf8 = || match std::str::from_utf8(buffer) {
            Ok(_) => true,
            // The last character is not complete, and neither is its record.
            Err(error) => error.error_len().is_none() && !flush,
        };
        self.plain = self.scanned <= LOOKED_AT_AGAIN
            && memchr::memchr3(quote, escape, b'\r', buffer).is_none()
            && memchr::memchr(0, buffer).is_none()
            && is_utf8();
    }

    fn frame(&mut self, buffer: &[u8], at_end: bool) -> Option<Frame> {
        if self.plain {
            return self.frame_plain(buffer, at_end);
        }
        let CsvFormat { quote, escape, .. } = self.format;
        let distinct = quote != escape;
        let mut at = self.scanned;
        while let Some(found) = memchr::memchr3(quote, escape, b'\n', &buffer[at..]) {
            let place = at + found;
            let byte = buffer[place];
            // An escape counts for the very next byte only.
            if found > 0 {
                self.after_escape = false;
            }
            at = place + 1;
            if byte == b'\n' && !self.in_quote {
                return Some(Frame { end: self.content_end(buffer, place), next: place + 1 });
            }
            if distinct && self.in_quote && byte == escape {
                self.after_escape = !self.after_escape;
            } else {
                if byte == quote && !self.after_escape {
                    self.in_quote = !self.in_quote;
                }
                self.after_escape = false;
            }
        }
        if at < buffer.len() {
            self.after_escape = false;
        }
        if at_end {
            let end = self.content_end(buffer, buffer.len());
            return Some(Frame { end, next: buffer.len() });
        }
        self.scanned = buffer.len();
        None
    }

    fn reset(&mut self) {
        self.scanned = 0;
        self.in_quote = false;
        self.after_escape = false;
    }

    fn decode(
        &mut self,
        record: &[u8],
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<Outcome> {
        if self.at_header {
            self.at_header = false;
            self.header(record, fields)?;
            return Ok(Outcome::Nothing);
        }
        if record.is_empty() && self.format.skip_blank {
            return Ok(Outcome::Nothing);
        }
        if let Some(error) = &self.lacking {
            return Err(error.clone());
        }
        let text = if self.plain {
            // SAFETY: `begin` found the buffer to be UTF-8 up to a character at its end that is not complete, and a
            // record ends at a line break before it.
            unsafe { std::str::from_utf8_unchecked(record) }
        } else {
            let text = utf8(record)?;
            check_zero(record)?;
            self.split(record)?;
            text
        };
        let width = if self.places.is_some() { self.width } else { fields.len() };
        if self.columns.len() > width {
            return Err(EvalError::new("22P04", "extra data after last expected column"));
        }
        let mut marked = std::mem::take(&mut self.marked);
        marked.clear();
        for (i, field) in fields.iter().enumerate() {
            let place = self.places.as_ref().map_or(i, |places| places[i]);
            let Some(&column) = self.columns.get(place) else {
                return Err(EvalError::new("22P04", format!("missing data for column \"{}\"", field.name)));
            };
            let bytes = self.bytes(column, record);
            let is_null_text = bytes == self.format.null.as_bytes();
            let null = if column.quoted {
                is_null_text && self.format.force_null.contains(&i)
            } else {
                is_null_text && !self.format.force_not_null.contains(&i)
            };
            let is_default = match &self.format.default {
                Some(marker) if !null && !column.quoted => marker.marks(bytes, i, field)?,
                _ => false,
            };
            marked.push(is_default);
            if null || is_default {
                push_null(out, field)?;
                continue;
            }
            // Delimiters are ASCII, so a column of the record is UTF-8 as the record is; what quotes were taken from is
            // checked all the same.
            let value = match text.get(column.start..column.end) {
                Some(value) if !column.quoted => value,
                _ => utf8(bytes)?,
            };
            if let Err(error) = push_checked(out, field, value, context) {
                return Err(field.locate(error));
            }
        }
        if self.format.default.is_some() {
            DefaultMarker::push_marks(&marked, out);
        }
        self.marked = marked;
        Ok(Outcome::Row)
    }
}

impl CsvDecoder {
    /// The end of a record's content. Whether `\r` belongs to the line break is decided by the stream's first line.
    fn content_end(&mut self, buffer: &[u8], newline: usize) -> usize {
        let trimmed = without_return(buffer, newline);
        if self.line_breaks == LineBreaks::Unknown && newline < buffer.len() {
            self.line_breaks =
                if trimmed < newline { LineBreaks::ReturnNewline } else { LineBreaks::Newline };
        }
        if self.line_breaks == LineBreaks::Newline { newline } else { trimmed }
    }
}
