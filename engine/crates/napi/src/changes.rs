//! A subscription's changes as the rows or records that its reader sees.

use crate::encoding::{Encoding, EnvelopeOptions};
use crate::error::internal;
use std::collections::BTreeMap;
use tidewire_arrange::{UpdateRef, Updates};
use tidewire_decode::encode::envelope::Change;
use tidewire_decode::encode::{CsvStyle, OutputFormat, RowEncoder};
use tidewire_plan::ScalarType;
use tidewire_render::MessageEncoder;
use tidewire_row::{Datum, EvalError, FormatSettings, Numeric, column_bounds, push_datum, push_null};

/// How differences are shown.
enum Envelope {
    Diff,
    Upsert,
    Debezium,
}

enum Form {
    /// Rows for a client, with the tw_ columns in front.
    Rows(MessageEncoder),
    /// Records of a sink.
    Records(RowEncoder),
}

/// Encodes changes.
pub struct ChangeEncoder {
    types: Vec<ScalarType>,
    envelope: Envelope,
    key: Vec<usize>,
    rest: Vec<usize>,
    progress: bool,
    form: Form,
    bounds: Vec<u32>,
    row: Vec<u8>,
}

impl ChangeEncoder {
    /// An encoder for rows of `types`.
    pub fn new(
        types: Vec<ScalarType>,
        envelope: EnvelopeOptions,
        progress: bool,
        encoding: Encoding,
        settings: FormatSettings,
    ) -> Result<Self, EvalError> {
        let (envelope, key) = match envelope {
            EnvelopeOptions::Diff => (Envelope::Diff, vec![]),
            EnvelopeOptions::Upsert { key } => (Envelope::Upsert, key),
            EnvelopeOptions::Debezium { key } => (Envelope::Debezium, key),
        };
        if let Some(column) = key.iter().find(|column| **column >= types.len()) {
            return Err(internal(format!("the envelope's key reads column {column} of {}", types.len())));
        }
        let rest: Vec<usize> = (0..types.len()).filter(|column| !key.contains(column)).collect();
        let form = match encoding {
            Encoding::JsonLines { columns } | Encoding::Csv { columns } if columns.len() != types.len() => {
                return Err(internal(format!("{} names for {} columns", columns.len(), types.len())));
            }
            Encoding::JsonLines { columns } => {
                let columns = columns.into_iter().zip(types.iter().copied()).collect();
                Form::Records(RowEncoder::new(OutputFormat::JsonLines, columns, settings))
            }
            Encoding::Csv { .. } if matches!(envelope, Envelope::Debezium) => {
                return Err(EvalError::new("0A000", "ENVELOPE DEBEZIUM is not supported for FORMAT CSV")
                    .with_hint("Use FORMAT JSON."));
            }
            Encoding::Csv { columns } => {
                let columns = columns.into_iter().zip(types.iter().copied()).collect();
                Form::Records(RowEncoder::new(OutputFormat::Csv(CsvStyle::default()), columns, settings))
            }
            encoding => {
                let (format, names) = encoding.row_format()?;
                let mut shown = vec![ScalarType::Numeric];
                if progress {
                    shown.push(ScalarType::Bool);
                }
                let of = |columns: &[usize]| columns.iter().map(|column| types[*column]).collect::<Vec<_>>();
                match envelope {
                    Envelope::Diff => {
                        shown.push(ScalarType::Int8);
                        shown.extend_from_slice(&types);
                    }
                    Envelope::Upsert => {
                        shown.push(ScalarType::Text);
                        shown.extend(of(&key));
                        shown.extend(of(&rest));
                    }
                    Envelope::Debezium => {
                        shown.push(ScalarType::Text);
                        shown.extend(of(&key));
                        shown.extend(of(&rest));
                        shown.extend(of(&rest));
                    }
                }
                let name = |index: usize| names.get(index).cloned().unwrap_or_default();
                let columns =
                    shown.iter().enumerate().map(|(index, scalar)| (name(index), *scalar)).collect();
                Form::Rows(MessageEncoder::new(columns, format, settings))
            }
        };
        Ok(ChangeEncoder { types, envelope, key, rest, progress, form, bounds: vec![], row: vec![] })
    }

    /// Whether it writes a sink's records.
    pub fn is_sink(&self) -> bool {
        matches!(self.form, Form::Records(_))
    }

    /// Whether the changes of one time may be encoded in parts.
    pub fn splits(&self) -> bool {
        matches!(self.envelope, Envelope::Diff)
    }

    /// Whether the reader sees progress.
    pub fn shows_progress(&self) -> bool {
        self.progress && !self.is_sink()
    }

    /// What stands before the first row.
    pub fn header(&mut self, out: &mut Vec<u8>) {
        if let Form::Rows(encoder) = &mut self.form {
            encoder.header(out);
        }
    }

    /// Appends the changes of one time, consolidated; gives the number of rows.
    pub fn changes(&mut self, updates: &Updates, from: usize, to: usize, out: &mut Vec<u8>) -> u64 {
        let updates = || (from..to).map(|index| updates.get(index));
        if matches!(self.envelope, Envelope::Diff) {
            let mut rows = 0;
            for update in updates() {
                self.difference(update, out);
                rows += 1;
            }
            return rows;
        }
        // By key: the rows that go and those that come.
        let mut keys: BTreeMap<Vec<u8>, Net<'_>> = BTreeMap::new();
        for update in updates() {
            let mut key = Vec::new();
            self.columns(update.val, &self.key.clone(), &mut key);
            let net = keys.entry(key).or_default();
            let (side, count) = match update.diff > 0 {
                true => (&mut net.after, &mut net.entering),
                false => (&mut net.before, &mut net.leaving),
            };
            *side = Some(update.val);
            *count += update.diff.unsigned_abs();
        }
        let time = updates().next().map_or(0, |update| update.time);
        let rows = keys.len() as u64;
        for (key, net) in keys {
            self.keyed(time, &key, &net, out);
        }
        rows
    }

    /// Appends a progress row: everything before `time` was sent.
    pub fn progress(&mut self, time: u64, out: &mut Vec<u8>) {
        let Form::Rows(encoder) = &mut self.form else { return };
        let columns = match self.envelope {
            Envelope::Diff | Envelope::Upsert => 1 + self.types.len(),
            Envelope::Debezium => 1 + self.key.len() + 2 * self.rest.len(),
        };
        self.row.clear();
        push_datum(&mut self.row, Datum::Numeric(Numeric::from_i64(time as i64)));
        push_datum(&mut self.row, Datum::Bool(true));
        for _ in 0..columns {
            push_null(&mut self.row);
        }
        encoder.row(&self.row, out);
    }

    fn prefix(&mut self, time: u64) {
        self.row.clear();
        push_datum(&mut self.row, Datum::Numeric(Numeric::from_i64(time as i64)));
        if self.progress {
            push_datum(&mut self.row, Datum::Bool(false));
        }
    }

    fn difference(&mut self, update: UpdateRef<'_>, out: &mut Vec<u8>) {
        if let Form::Records(encoder) = &mut self.form {
            encoder.append(update.val, update.time, update.diff, out);
            return;
        }
        self.prefix(update.time);
        push_datum(&mut self.row, Datum::Int64(update.diff));
        self.row.extend_from_slice(update.val);
        if let Form::Rows(encoder) = &mut self.form {
            encoder.row(&self.row, out);
        }
    }

    /// Appends the chosen columns of a packed row.
    fn columns(&mut self, row: &[u8], columns: &[usize], out: &mut Vec<u8>) {
        column_bounds(row, &self.types, &mut self.bounds);
        for column in columns {
            out.extend_from_slice(&row[self.bounds[*column] as usize..self.bounds[*column + 1] as usize]);
        }
    }

    fn keyed(&mut self, time: u64, key: &[u8], net: &Net<'_>, out: &mut Vec<u8>) {
        if let Form::Records(encoder) = &mut self.form {
            match (&self.envelope, net.after, net.before) {
                (Envelope::Debezium, after, before) => encoder.debezium(Change { before, after }, time, out),
                (_, Some(after), _) => encoder.upsert(after, false, &self.key, time, out),
                (_, None, Some(before)) => encoder.upsert(before, true, &self.key, time, out),
                (_, None, None) => {}
            }
            return;
        }
        let violation = net.entering > 1 || net.leaving > 1;
        let state = match (&self.envelope, net.before, net.after) {
            _ if violation => "key_violation",
            (_, _, None) => "delete",
            (Envelope::Debezium, None, Some(_)) => "insert",
            _ => "upsert",
        };
        self.prefix(time);
        push_datum(&mut self.row, Datum::Text(state));
        self.row.extend_from_slice(key);
        let sides: &[Option<&[u8]>] = match self.envelope {
            Envelope::Debezium => &[net.before, net.after],
            _ => &[net.after],
        };
        let mut row = std::mem::take(&mut self.row);
        let rest = std::mem::take(&mut self.rest);
        for side in sides {
            match side.filter(|_| !violation) {
                Some(values) => self.columns(values, &rest, &mut row),
                None => rest.iter().for_each(|_| push_null(&mut row)),
            }
        }
        self.rest = rest;
        self.row = row;
        if let Form::Rows(encoder) = &mut self.form {
            encoder.row(&self.row, out);
        }
    }
}

/// The rows of one key that go and come at one time.
#[derive(Default)]
struct Net<'a> {
    before: Option<&'a [u8]>,
    after: Option<&'a [u8]>,
    leaving: u64,
    entering: u64,
}
