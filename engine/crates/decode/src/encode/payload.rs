//! What stands in a message's key or value: one file a format.
//!
//! A format has a struct that implements [`Payload`]; [`TextPayload`] and [`JsonPayload`] are the models. It is made for the
//! [`PayloadColumns`] that it shows, and gets rows of the relation whole.

use super::envelope::operation;
use super::json;
use tidewire_plan::ScalarType;
use tidewire_row::{Datum, EvalError, EvalResult, FormatSettings, text_out};

/// Encodes keys or values of messages. What it cannot encode is an error, which ends the sink; bytes that it has appended
/// by then are dropped.
pub trait Payload: Send {
    /// Appends a key, or the value of ENVELOPE UPSERT.
    fn row(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) -> EvalResult<()>;

    /// Appends the value of ENVELOPE APPEND.
    fn difference(&mut self, row: &[Datum<'_>], time: u64, diff: i64, out: &mut Vec<u8>) -> EvalResult<()>;

    /// Appends the value of ENVELOPE DEBEZIUM; one side is there at least.
    fn change(
        &mut self,
        before: Option<&[Datum<'_>]>,
        after: Option<&[Datum<'_>]>,
        time: u64,
        out: &mut Vec<u8>,
    ) -> EvalResult<()>;
}

/// The columns that a payload shows.
#[derive(Clone, Debug)]
pub struct PayloadColumns {
    /// Their places in the rows.
    pub places: Vec<usize>,
    /// Their names.
    pub names: Vec<String>,
    /// Their types.
    pub types: Vec<ScalarType>,
}

/// FORMAT JSON: an object, values as PostgreSQL's `to_json` writes them.
pub struct JsonPayload {
    columns: PayloadColumns,
    /// `"name":` of each column.
    labels: Vec<Vec<u8>>,
    settings: FormatSettings,
    scratch: Vec<u8>,
}

impl JsonPayload {
    /// A payload of these columns.
    pub fn new(columns: PayloadColumns, settings: FormatSettings) -> Self {
        let labels = columns.names.iter().map(|name| {
            let mut label = Vec::new();
            json::string(name.as_bytes(), &mut label);
            label.push(b':');
            label
        });
        let labels = labels.collect();
        JsonPayload { columns, labels, settings, scratch: Vec::new() }
    }

    /// The object without its closing brace.
    fn open(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, label) in self.labels.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(label);
            let datum = row[self.columns.places[index]];
            json::value(datum, self.columns.types[index], &self.settings, &mut self.scratch, out);
        }
    }
}

impl Payload for JsonPayload {
    fn row(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) -> EvalResult<()> {
        self.open(row, out);
        out.push(b'}');
        Ok(())
    }

    fn difference(&mut self, row: &[Datum<'_>], time: u64, diff: i64, out: &mut Vec<u8>) -> EvalResult<()> {
        self.open(row, out);
        let comma = if self.labels.is_empty() { "" } else { "," };
        let tail = format!("{comma}\"tw_timestamp\":{time},\"tw_diff\":{diff}}}");
        out.extend_from_slice(tail.as_bytes());
        Ok(())
    }

    fn change(
        &mut self,
        before: Option<&[Datum<'_>]>,
        after: Option<&[Datum<'_>]>,
        time: u64,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        let operation = operation(before, after);
        for (name, row) in [("{\"before\":", before), (",\"after\":", after)] {
            out.extend_from_slice(name.as_bytes());
            match row {
                Some(row) => self.row(row, out)?,
                None => out.extend_from_slice(b"null"),
            }
        }
        let millis = time / 1000;
        let tail = format!(",\"op\":\"{operation}\",\"ts_ms\":{millis},\"ts_us\":{time}}}");
        out.extend_from_slice(tail.as_bytes());
        Ok(())
    }
}

/// FORMAT TEXT: one column by its output function; NULL is empty.
pub struct TextPayload {
    place: usize,
    scalar: ScalarType,
    settings: FormatSettings,
}

impl TextPayload {
    /// A payload of one column.
    pub fn new(columns: &PayloadColumns, settings: FormatSettings) -> EvalResult<Self> {
        match (columns.places.as_slice(), columns.types.as_slice()) {
            (&[place], &[scalar]) => Ok(TextPayload { place, scalar, settings }),
            _ => Err(EvalError::new("22023", "FORMAT TEXT is of one column")),
        }
    }
}

impl Payload for TextPayload {
    fn row(&mut self, row: &[Datum<'_>], out: &mut Vec<u8>) -> EvalResult<()> {
        match row[self.place] {
            Datum::Null => {}
            datum => text_out(datum, self.scalar, &self.settings, out),
        }
        Ok(())
    }

    fn difference(&mut self, row: &[Datum<'_>], _time: u64, _diff: i64, out: &mut Vec<u8>) -> EvalResult<()> {
        self.row(row, out)
    }

    fn change(
        &mut self,
        _before: Option<&[Datum<'_>]>,
        _after: Option<&[Datum<'_>]>,
        _time: u64,
        _out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        Err(EvalError::new("0A000", "ENVELOPE DEBEZIUM is not supported for FORMAT TEXT"))
    }
}
