//! Records that sources refused: all in a relation of the source's own, the latest in a log that all sources share.

use crate::error::call;
use crate::transaction::{NativeTransaction, WriteSets, lock};
use napi_derive::napi;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};
use tidewire_decode::RecordError;
use tidewire_row::{Datum, push_datum};

/// Bytes of a record that the log keeps.
const LOGGED_BYTES: usize = 1024;
/// Microseconds from 1970 to 2000, where timestamps begin.
const EPOCH: i64 = 946_684_800_000_000;

/// Appends the columns of a refused record: code, message, detail, path, position, line, bytes.
pub fn push_refused(out: &mut Vec<u8>, refused: &RecordError, path: Option<&str>, max_bytes: usize) {
    push_datum(out, Datum::Text(refused.error.sqlstate()));
    push_datum(out, text(Some(refused.error.message())));
    push_datum(out, text(refused.error.detail()));
    push_datum(out, text(path));
    push_datum(out, Datum::Int64(refused.position.offset as i64));
    push_datum(out, Datum::Int64(refused.position.line as i64));
    push_datum(out, Datum::Bytea(&refused.bytes[..refused.bytes.len().min(max_bytes)]));
}

/// Text, up to a NUL: PostgreSQL's has none.
fn text(value: Option<&str>) -> Datum<'_> {
    value.map_or(Datum::Null, |text| Datum::Text(text.split('\0').next().unwrap_or_default()))
}

/// One refused record, packed but for the columns in front that say whose it is and when it came.
struct Entry {
    at: i64,
    refused: Vec<u8>,
}

enum Change {
    Added,
    Evicted(Entry),
    TakenBack(usize, Entry),
}

/// A source's part of the log.
pub struct ErrorLog {
    arrangement: u64,
    owner: u32,
    capacity: usize,
    entries: VecDeque<Entry>,
    /// What uncommitted transactions did, by the number of the transaction, so that it can be undone.
    journal: VecDeque<(u64, Change)>,
    begun: u64,
    committed: u64,
}

impl ErrorLog {
    /// Collects what a chunk adds.
    pub fn additions(&mut self) -> Additions<'_> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        Additions { log: self, at: at - EPOCH, fresh: VecDeque::new(), taken_back: Vec::new() }
    }

    fn push_row(&self, entry: &Entry, diff: i64, sets: &mut WriteSets) {
        let mut row = Vec::with_capacity(entry.refused.len() + 16);
        push_datum(&mut row, Datum::Oid(self.owner));
        push_datum(&mut row, Datum::Timestamptz(entry.at));
        row.extend_from_slice(&entry.refused);
        sets.of(self.arrangement).push(&row, diff);
    }

    fn journal(&mut self, change: Change) {
        self.journal.push_back((self.begun, change));
    }
}

/// What a chunk adds to a log: of many records only the latest are ever written.
pub struct Additions<'a> {
    log: &'a mut ErrorLog,
    at: i64,
    fresh: VecDeque<Entry>,
    taken_back: Vec<Entry>,
}

impl Additions<'_> {
    /// A refused record, or (`diff` -1) one that is taken back with the rows beside it.
    pub fn add(&mut self, record: &RecordError, path: Option<&str>, diff: i64) {
        let mut refused = Vec::new();
        push_refused(&mut refused, record, path, LOGGED_BYTES);
        if diff > 0 {
            if self.fresh.len() == self.log.capacity {
                self.fresh.pop_front();
            }
            self.fresh.push_back(Entry { at: self.at, refused });
        } else if let Some(at) = self.log.entries.iter().position(|entry| entry.refused == refused) {
            let entry = self.log.entries.remove(at).expect("found");
            self.taken_back.push(Entry { at: entry.at, refused });
            self.log.journal(Change::TakenBack(at, entry));
        }
    }

    /// Writes it.
    pub fn write(self, sets: &mut WriteSets) {
        for entry in &self.taken_back {
            self.log.push_row(entry, -1, sets);
        }
        for entry in self.fresh {
            if self.log.entries.len() == self.log.capacity {
                let evicted = self.log.entries.pop_front().expect("full");
                self.log.push_row(&evicted, -1, sets);
                self.log.journal(Change::Evicted(evicted));
            }
            self.log.push_row(&entry, 1, sets);
            self.log.entries.push_back(entry);
            self.log.journal(Change::Added);
        }
    }
}

/// The log of one source: its latest refused records. It is written in the transactions that leave them out.
#[napi]
pub struct NativeErrorLog {
    log: Mutex<ErrorLog>,
}

impl NativeErrorLog {
    /// The log, to add to.
    pub fn lock(&self) -> MutexGuard<'_, ErrorLog> {
        lock(&self.log)
    }
}

#[napi]
impl NativeErrorLog {
    /// An empty log of `owner` in an arrangement, of at most `capacity` records.
    #[napi(constructor, catch_unwind)]
    pub fn new(arrangement: f64, owner: u32, capacity: u32) -> Self {
        NativeErrorLog {
            log: Mutex::new(ErrorLog {
                arrangement: arrangement as u64,
                owner,
                capacity: capacity as usize,
                entries: VecDeque::new(),
                journal: VecDeque::new(),
                begun: 0,
                committed: 0,
            }),
        }
    }

    /// A transaction begins: what is added from now on belongs to it.
    #[napi(catch_unwind)]
    pub fn begin(&self) {
        self.lock().begun += 1;
    }

    /// The oldest transaction that was not committed is.
    #[napi(catch_unwind)]
    pub fn committed(&self) {
        let mut log = self.lock();
        log.committed += 1;
        let committed = log.committed;
        while log.journal.front().is_some_and(|(number, _)| *number <= committed) {
            log.journal.pop_front();
        }
    }

    /// No transaction that is open will be committed.
    #[napi(catch_unwind)]
    pub fn rollback(&self) {
        let mut log = self.lock();
        while let Some((_, change)) = log.journal.pop_back() {
            match change {
                Change::Added => drop(log.entries.pop_back()),
                Change::Evicted(entry) => log.entries.push_front(entry),
                Change::TakenBack(at, entry) => log.entries.insert(at, entry),
            }
        }
        log.committed = log.begun;
    }

    /// Takes all its records out.
    #[napi(catch_unwind)]
    pub fn clear(&self, transaction: &NativeTransaction) -> napi::Result<()> {
        call(|| {
            let mut log = self.lock();
            let mut sets = transaction.lock();
            for entry in std::mem::take(&mut log.entries) {
                log.push_row(&entry, -1, &mut sets);
            }
            log.journal.clear();
            Ok(())
        })
    }
}
