//! A subscription's changes as the rows or records that its reader sees.

use crate::encoding::{Encoding, EnvelopeOptions};
use crate::error::internal;
use rustc_hash::FxHashSet;
use tidewire_arrange::{UpdateRef, Updates};
use tidewire_decode::encode::envelope::{Change, Envelope as SinkEnvelope};
use tidewire_decode::encode::messages::SinkMessages;
use tidewire_decode::encode::{CsvStyle, OutputFormat, RowEncoder};
use tidewire_plan::{OrderKey, ScalarType};
use tidewire_render::{MessageEncoder, order_bytes};
use tidewire_row::{
    Arena, Datum, EvalError, EvalResult, FormatSettings, Numeric, column_bounds, decode_datum, hash_bytes,
    hash_bytes_seeded, push_datum, push_null, text_out,
};

/// Keys are told apart by two hashes.
const SECOND_SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// How differences are shown.
enum Envelope {
    Diff,
    Upsert,
    Debezium,
}

enum Form {
    /// Rows for a client, with the tw_ columns in front.
    Rows(MessageEncoder),
    /// Records of a sink, one behind the other.
    Records(RowEncoder),
    /// Messages of a sink.
    Messages(Box<SinkMessages>),
}

/// Encodes changes.
pub struct ChangeEncoder {
    types: Vec<ScalarType>,
    envelope: Envelope,
    key: Vec<usize>,
    rest: Vec<usize>,
    /// WITHIN TIMESTAMP ORDER BY, over the shown columns.
    order: Vec<OrderKey>,
    /// Types of the shown columns of a client's rows.
    shown: Vec<ScalarType>,
    progress: bool,
    form: Form,
    /// A key of a sink with two rows is an error: the keys that have one.
    present: Option<FxHashSet<u128>>,
    bounds: Vec<u32>,
    row: Vec<u8>,
}

/// The rows of one time as their reader sees them, in their order, and how far they were sent.
#[derive(Default)]
pub struct ShownRows {
    bytes: Vec<u8>,
    /// Where a row's sort key begins, where the row begins, where it ends.
    rows: Vec<(usize, usize, usize)>,
    next: usize,
}

impl ShownRows {
    /// Whether all were sent.
    pub fn is_done(&self) -> bool {
        self.next == self.rows.len()
    }
}

impl ChangeEncoder {
    /// An encoder for rows of `types`.
    pub fn new(
        types: Vec<ScalarType>,
        envelope: EnvelopeOptions,
        order: Vec<OrderKey>,
        progress: bool,
        encoding: Encoding,
        settings: FormatSettings,
    ) -> Result<Self, EvalError> {
        let (envelope, key, unique) = match envelope {
            EnvelopeOptions::Diff => (Envelope::Diff, vec![], false),
            EnvelopeOptions::Upsert { key, unique } => (Envelope::Upsert, key, unique),
            EnvelopeOptions::Debezium { key, unique } => (Envelope::Debezium, key, unique),
        };
        if let Some(column) = key.iter().find(|column| **column >= types.len()) {
            return Err(internal(format!("the envelope's key reads column {column} of {}", types.len())));
        }
        let rest: Vec<usize> = (0..types.len()).filter(|column| !key.contains(column)).collect();
        let mut shown = vec![ScalarType::Numeric];
        let form = match encoding {
            Encoding::JsonLines { columns } | Encoding::Csv { columns } if columns.len() != types.len() => {
                return Err(internal(format!("{} names for {} columns", columns.len(), types.len())));
            }
            Encoding::JsonLines { columns } => {
                let columns = columns.into_iter().zip(types.iter().copied()).collect();
                Form::Records(RowEncoder::new(OutputFormat::JsonLines, columns, settings))
            }
            Encoding::Messages(messages) => {
                let envelope = match envelope {
                    Envelope::Diff => SinkEnvelope::Append,
                    Envelope::Upsert => SinkEnvelope::Upsert(key.clone()),
                    Envelope::Debezium => SinkEnvelope::Debezium(key.clone()),
                };
                let parts = messages.parts(envelope, &types, settings)?;
                Form::Messages(Box::new(SinkMessages::new(parts, types.clone())))
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
                Form::Rows(MessageEncoder::new(shown.iter().copied(), &names, format, settings))
            }
        };
        if let Some(key) = order.iter().find(|key| key.column as usize >= shown.len()) {
            return Err(internal(format!("the order reads column {} of {}", key.column, shown.len())));
        }
        let present = unique.then(FxHashSet::default);
        let (bounds, row) = (vec![], vec![]);
        Ok(ChangeEncoder { types, envelope, key, rest, order, shown, progress, form, present, bounds, row })
    }

    /// Whether it writes for a sink.
    pub fn is_sink(&self) -> bool {
        matches!(self.form, Form::Records(_) | Form::Messages(_))
    }

    /// Whether each change becomes a row by itself, so that those of one time can be encoded in any portions.
    pub fn is_direct(&self) -> bool {
        matches!(self.envelope, Envelope::Diff) && self.order.is_empty()
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

    /// Appends changes one by one; for an encoder that [is direct](Self::is_direct).
    pub fn differences(
        &mut self,
        updates: &Updates,
        from: usize,
        to: usize,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        for index in from..to {
            let update = updates.get(index);
            match &mut self.form {
                Form::Records(encoder) => encoder.append(update.val, update.time, update.diff, out),
                Form::Messages(encoder) => encoder.difference(update.val, update.time, update.diff, out)?,
                Form::Rows(_) => {
                    self.difference(update);
                    if let Form::Rows(encoder) = &mut self.form {
                        encoder.row(&self.row, out);
                    }
                }
            }
        }
        Ok(())
    }

    /// The changes of one time, consolidated, by their keys.
    pub fn group(&self, updates: &Updates, from: usize, to: usize) -> Groups {
        let mut groups = Groups::default();
        let order = self.key_order();
        for index in from..to {
            let start = groups.keys.len();
            order_bytes(updates.get(index).val, &self.types, &order, &mut groups.keys);
            groups.rows.push((start, groups.keys.len(), index));
        }
        let keys = &groups.keys;
        groups.rows.sort_unstable_by(|a, b| keys[a.0..a.1].cmp(&keys[b.0..b.1]).then(a.2.cmp(&b.2)));
        groups
    }

    fn key_order(&self) -> Vec<OrderKey> {
        let order =
            |column: &usize| OrderKey { column: *column as u32, descending: false, nulls_first: false };
        self.key.iter().map(order).collect()
    }

    /// Appends what became of some keys, as a sink's records; gives their number.
    pub fn records(
        &mut self,
        updates: &Updates,
        groups: &mut Groups,
        most: usize,
        out: &mut Vec<u8>,
    ) -> EvalResult<u64> {
        let mut count = 0;
        while count < most
            && let Some(net) = groups.take(updates)
        {
            let Some(time) = net.time else { continue };
            self.keep_unique(&net)?;
            self.record(Change { before: net.before, after: net.after }, time, out)?;
            count += 1;
        }
        Ok(count as u64)
    }

    /// Appends rows that come, where none goes at their time: the snapshot mostly, which needs no grouping.
    pub fn inserts(
        &mut self,
        updates: &Updates,
        from: usize,
        to: usize,
        out: &mut Vec<u8>,
    ) -> EvalResult<()> {
        for update in (from..to).map(|index| updates.get(index)) {
            let mut net = Net::default();
            net.add(update);
            self.keep_unique(&net)?;
            self.record(Change { before: None, after: Some(update.val) }, update.time, out)?;
        }
        Ok(())
    }

    /// Takes note of rows that are not written, so that a second one of their keys is noticed.
    pub fn absorb<'a>(&mut self, updates: impl Iterator<Item = UpdateRef<'a>>) -> EvalResult<()> {
        if self.present.is_none() {
            return Ok(());
        }
        for update in updates {
            let mut net = Net::default();
            net.add(update);
            self.keep_unique(&net)?;
        }
        Ok(())
    }

    fn record(&mut self, change: Change<'_>, time: u64, out: &mut Vec<u8>) -> EvalResult<()> {
        match (&mut self.form, &self.envelope) {
            (Form::Messages(encoder), _) => encoder.change(change, time, out)?,
            (Form::Records(encoder), Envelope::Debezium) => encoder.debezium(change, time, out),
            (Form::Records(encoder), _) => {
                if let Some(row) = change.after.or(change.before) {
                    encoder.upsert(row, change.after.is_none(), &self.key, time, out);
                }
            }
            (Form::Rows(_), _) => {}
        }
        Ok(())
    }

    /// Checks that a key has one row at most, where that is not known.
    fn keep_unique(&mut self, net: &Net<'_>) -> EvalResult<()> {
        let Some(row) = net.after.or(net.before) else { return Ok(()) };
        if self.present.is_none() {
            return Ok(());
        }
        let mut key = Vec::new();
        order_bytes(row, &self.types, &self.key_order(), &mut key);
        let hash = u128::from(hash_bytes(&key)) << 64 | u128::from(hash_bytes_seeded(&key, SECOND_SEED));
        let Some(present) = &mut self.present else { return Ok(()) };
        let before = u64::from(present.contains(&hash));
        match (before + net.entering).checked_sub(net.leaving) {
            Some(0) => present.remove(&hash),
            Some(1) => present.insert(hash),
            _ => return Err(self.violation(row)),
        };
        Ok(())
    }

    /// The changes of one time, consolidated, as rows in the order that was asked for.
    pub fn arrange(&mut self, updates: &Updates, from: usize, to: usize) -> ShownRows {
        let mut shown = ShownRows::default();
        if matches!(self.envelope, Envelope::Diff) {
            for index in from..to {
                self.difference(updates.get(index));
                self.show(&mut shown);
            }
        } else {
            let time = updates.get(from).time;
            let mut groups = self.group(updates, from, to);
            while let Some(net) = groups.take(updates) {
                self.keyed(time, &net);
                self.show(&mut shown);
            }
        }
        if !self.order.is_empty() {
            let bytes = &shown.bytes;
            // Rows that tie come in the order of their bytes, so that the order is total.
            shown.rows.sort_unstable_by(|a, b| bytes[a.0..a.2].cmp(&bytes[b.0..b.2]));
        }
        shown
    }

    /// Appends rows until `out` has this many bytes; gives their number.
    pub fn shown(&mut self, shown: &mut ShownRows, bytes: usize, out: &mut Vec<u8>) -> u64 {
        let first = shown.next;
        let Form::Rows(encoder) = &mut self.form else { return 0 };
        while out.len() < bytes
            && let Some((_, start, end)) = shown.rows.get(shown.next)
        {
            encoder.row(&shown.bytes[*start..*end], out);
            shown.next += 1;
        }
        (shown.next - first) as u64
    }

    /// Puts the row that was built behind the others.
    fn show(&self, shown: &mut ShownRows) {
        let key = shown.bytes.len();
        order_bytes(&self.row, &self.shown, &self.order, &mut shown.bytes);
        let start = shown.bytes.len();
        shown.bytes.extend_from_slice(&self.row);
        shown.rows.push((key, start, shown.bytes.len()));
    }

    /// Two rows of a key at one time.
    fn violation(&mut self, row: &[u8]) -> EvalError {
        let error = EvalError::new("23505", "two rows have the same key of the sink")
            .with_hint("The KEY must identify rows; with KEY (…) NOT ENFORCED any of them is written.");
        column_bounds(row, &self.types, &mut self.bounds);
        let values = self.key.iter().map(|column| {
            let bytes = &row[self.bounds[*column] as usize..self.bounds[*column + 1] as usize];
            let arena = Arena::new();
            let mut text = Vec::new();
            match decode_datum(bytes, self.types[*column], &arena) {
                Datum::Null => text.extend_from_slice(b"NULL"),
                datum => text_out(datum, self.types[*column], &FormatSettings::default(), &mut text),
            }
            String::from_utf8_lossy(&text).into_owned()
        });
        error.with_detail(format!("Key ({}) has more than one row.", values.collect::<Vec<_>>().join(", ")))
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

    /// Builds the row of a change.
    fn difference(&mut self, update: UpdateRef<'_>) {
        self.prefix(update.time);
        push_datum(&mut self.row, Datum::Int64(update.diff));
        self.row.extend_from_slice(update.val);
    }

    /// Appends the chosen columns of a packed row.
    fn columns(&mut self, row: &[u8], columns: &[usize], out: &mut Vec<u8>) {
        column_bounds(row, &self.types, &mut self.bounds);
        for column in columns {
            out.extend_from_slice(&row[self.bounds[*column] as usize..self.bounds[*column + 1] as usize]);
        }
    }

    /// Builds the row of a key that changed. A key that had or gets more than one row is a violation, which shows no
    /// values, as in Materialize.
    fn keyed(&mut self, time: u64, net: &Net<'_>) {
        let violation = net.entering > 1 || net.leaving > 1;
        let state = match (&self.envelope, net.before, net.after) {
            _ if violation => "key_violation",
            (_, _, None) => "delete",
            (Envelope::Debezium, None, Some(_)) => "insert",
            _ => "upsert",
        };
        self.prefix(time);
        push_datum(&mut self.row, Datum::Text(state));
        let mut row = std::mem::take(&mut self.row);
        let (key, rest) = (std::mem::take(&mut self.key), std::mem::take(&mut self.rest));
        let values = net.after.or(net.before).expect("a change has a side");
        self.columns(values, &key, &mut row);
        let sides: &[Option<&[u8]>] = match self.envelope {
            Envelope::Debezium => &[net.before, net.after],
            _ => &[net.after],
        };
        for side in sides {
            match side.filter(|_| !violation) {
                Some(values) => self.columns(values, &rest, &mut row),
                None => rest.iter().for_each(|_| push_null(&mut row)),
            }
        }
        (self.key, self.rest, self.row) = (key, rest, row);
    }
}

/// Changes of one time by their keys, in the keys' order, and how far they were encoded. Keys that SQL holds equal are one.
#[derive(Default)]
pub struct Groups {
    keys: Vec<u8>,
    /// Where a key begins and ends, and the change.
    rows: Vec<(usize, usize, usize)>,
    next: usize,
}

impl Groups {
    /// Whether all were encoded.
    pub fn is_done(&self) -> bool {
        self.next == self.rows.len()
    }

    /// The next key's rows that go and that come.
    fn take<'a>(&mut self, updates: &'a Updates) -> Option<Net<'a>> {
        let (start, end, _) = *self.rows.get(self.next)?;
        let mut net = Net::default();
        while let Some((from, to, index)) = self.rows.get(self.next)
            && self.keys[*from..*to] == self.keys[start..end]
        {
            net.add(updates.get(*index));
            self.next += 1;
        }
        Some(net)
    }
}

/// The rows of one key that go and come at one time.
#[derive(Default)]
struct Net<'a> {
    time: Option<u64>,
    before: Option<&'a [u8]>,
    after: Option<&'a [u8]>,
    leaving: u64,
    entering: u64,
}

impl<'a> Net<'a> {
    fn add(&mut self, update: UpdateRef<'a>) {
        let (side, count) = match update.diff > 0 {
            true => (&mut self.after, &mut self.entering),
            false => (&mut self.before, &mut self.leaving),
        };
        *side = Some(update.val);
        *count += update.diff.unsigned_abs();
        self.time = Some(update.time);
    }
}
