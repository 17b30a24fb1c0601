//! Batches: what of a fetched chunk of a partition is to be read, and the records in it.

use super::compression::{Compression, decompress_into};
use super::legacy;
use super::record::{Message, Reader};
use tidewire_row::{EvalError, EvalResult};

/// Bytes of a batch before its records.
const OVERHEAD: usize = 61;
/// Bytes of offset and length, which the length does not count.
const PREFIX: usize = 12;
/// From where on the checksum counts.
const CHECKED: usize = 21;
/// Where the version of the format stands, in all of them.
const MAGIC: usize = 16;

const LOG_APPEND_TIME: i16 = 8;
const TRANSACTIONAL: i16 = 16;
const CONTROL: i16 = 32;
/// The type of a control record that ends an aborted transaction.
const ABORT: i16 = 0;

/// A transaction that was aborted: its producer, and where it began in the partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted {
    pub producer: i64,
    pub first: i64,
}

/// Where the messages of a chunk are from.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChunkPlace<'a> {
    pub topic: &'a str,
    pub partition: i32,
    /// Messages before this offset are not wanted.
    pub from: i64,
}

/// Batches that stand one behind the other and are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The bytes of the chunk; none where only the offset moves.
    pub start: usize,
    pub end: usize,
    /// Where the partition goes on behind them.
    pub next: i64,
    /// How many records the batches say that they have.
    pub records: u64,
}

/// A batch, or a message of an older format.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    bytes: &'a [u8],
}

/// The whole entries of a chunk. What is cut at its end is not among them: a broker cuts where the reader has had enough.
pub(crate) struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    pub(crate) fn new(chunk: &'a [u8]) -> Self {
        Entries { rest: chunk }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = EvalResult<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let prefix = self.rest.get(..=MAGIC)?;
        let offset = long(prefix, 0);
        let Ok(length) = usize::try_from(int(prefix, 8)) else {
            self.rest = &[];
            return Some(Err(corrupt(offset, "its length is negative")));
        };
        let (bytes, rest) = self.rest.split_at_checked(PREFIX + length)?;
        let entry = Entry { bytes };
        let least = if entry.magic() == 2 { OVERHEAD } else { legacy::LEAST };
        if bytes.len() < least {
            self.rest = &[];
            return Some(Err(corrupt(offset, "it is too short")));
        }
        self.rest = rest;
        Some(Ok(entry))
    }
}

impl<'a> Entry<'a> {
    fn magic(&self) -> u8 {
        self.bytes[MAGIC]
    }

    fn base_offset(&self) -> i64 {
        long(self.bytes, 0)
    }

    fn attributes(&self) -> i16 {
        short(self.bytes, 21)
    }

    fn is(&self, attribute: i16) -> bool {
        self.magic() == 2 && self.attributes() & attribute != 0
    }

    /// The greatest offset that it can have.
    fn last_offset(&self) -> i64 {
        match self.magic() {
            2 => self.base_offset().saturating_add(int(self.bytes, 23).into()),
            _ => self.base_offset(),
        }
    }

    fn producer(&self) -> i64 {
        long(self.bytes, 43)
    }

    /// Records, as it says.
    fn count(&self) -> i32 {
        match self.magic() {
            2 => int(self.bytes, 57),
            _ => 1,
        }
    }

    fn corrupt(&self, how: &str) -> EvalError {
        corrupt(self.base_offset(), how)
    }

    /// Of a control batch, the type of its record: it has one, which is never compressed.
    fn control_type(&self) -> EvalResult<i16> {
        let mut reader = Reader::new(&self.bytes[OVERHEAD..]);
        let record = reader
            .record(0, 0, ChunkPlace::default())
            .ok_or_else(|| self.corrupt("its control record is cut"))?;
        match record.key {
            Some([_, _, high, low, ..]) => Ok(i16::from_be_bytes([*high, *low])),
            _ => Err(self.corrupt("its control record has no type")),
        }
    }

    /// Calls for each record that is wanted. `content` is for what is compressed, and is overwritten.
    pub(crate) fn records(
        &self,
        place: ChunkPlace,
        content: &mut Vec<u8>,
        mut each: impl FnMut(&Message),
    ) -> EvalResult<()> {
        match self.magic() {
            0 | 1 => return legacy::records(self.bytes, place, content, &mut each),
            2 => {}
            other => return Err(self.corrupt(&format!("it is in version {other} of the format"))),
        }
        if crc32c::crc32c(&self.bytes[CHECKED..]) != int(self.bytes, 17) as u32 {
            return Err(self.corrupt("its checksum is wrong"));
        }
        let records = &self.bytes[OVERHEAD..];
        let records = match Compression::of(self.attributes())? {
            None => records,
            Some(compression) => {
                decompress_into(compression, records, content).map_err(|error| self.corrupt(&error))?;
                &content[..]
            }
        };
        // With LogAppendTime all have the time at which the broker took the batch.
        let appended = self.is(LOG_APPEND_TIME).then(|| long(self.bytes, 35));
        let (offset, time) = (self.base_offset(), long(self.bytes, 27));
        let mut reader = Reader::new(records);
        for _ in 0..self.count() {
            let Some(mut message) = reader.record(offset, time, place) else {
                return Err(self.corrupt("a record in it is cut"));
            };
            if let Some(time) = appended {
                message.timestamp = time;
            }
            if message.offset >= place.from {
                each(&message);
            }
        }
        Ok(())
    }
}

/// What of a fetched chunk is to be read by who reads only what is committed: batches from offset `from` on, without control
/// batches and those of `aborted` transactions (in the order of where they began), in portions of about `most` bytes.
pub fn portions(chunk: &[u8], from: i64, aborted: &[Aborted], most: usize) -> EvalResult<Vec<Portion>> {
    let mut portions: Vec<Portion> = Vec::new();
    let mut coming = aborted.iter().copied().peekable();
    let mut open: Vec<i64> = Vec::new();
    let mut at = 0;
    for entry in Entries::new(chunk) {
        let entry = entry?;
        let (start, end) = (at, at + entry.bytes.len());
        at = end;
        let last = entry.last_offset();
        while let Some(transaction) = coming.next_if(|transaction| transaction.first <= last) {
            if !open.contains(&transaction.producer) {
                open.push(transaction.producer);
            }
        }
        let read = if entry.is(CONTROL) {
            if entry.control_type()? == ABORT {
                open.retain(|producer| *producer != entry.producer());
            }
            false
        } else {
            !(entry.is(TRANSACTIONAL) && open.contains(&entry.producer()))
        };
        if last < from {
            continue;
        }
        let next = last.saturating_add(1);
        let records = if read { entry.count().max(0) as u64 } else { 0 };
        match portions.last_mut() {
            Some(portion) if !read => portion.next = next,
            Some(portion) if portion.end == start && portion.start < start && end - portion.start <= most => {
                *portion = Portion { end, next, records: portion.records + records, ..*portion };
            }
            _ => portions.push(Portion { start, end: if read { end } else { start }, next, records }),
        }
    }
    Ok(portions)
}

/// A batch that cannot be read. Offsets are all that it can be known by.
#[cold]
pub(super) fn corrupt(offset: i64, how: &str) -> EvalError {
    EvalError::new("XX001", format!("the batch at offset {offset} cannot be read: {how}"))
}

pub(super) fn long(bytes: &[u8], at: usize) -> i64 {
    i64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

pub(super) fn int(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn short(bytes: &[u8], at: usize) -> i16 {
    i16::from_be_bytes([bytes[at], bytes[at + 1]])
}
