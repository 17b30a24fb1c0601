//! The container that streams between operators carry: packed updates, not owned rows one by one.

use crate::slabs;
use timely::Accountable;
use timely::bytes::arc::Bytes;
use timely::container::{DrainContainer, PushInto, SizableContainer};
use timely::dataflow::channels::ContainerBytes;

/// At this many updates or bytes a container is shipped.
const TARGET_UPDATES: usize = 4096;
const TARGET_BYTES: usize = 1 << 18;
/// What becomes larger than an eighth of it gets this much room at once: about what a source commits.
const LARGE_BYTES: usize = 8 << 20;
/// Where there is less room for a row than this, more is made.
const SLACK_BYTES: usize = 512;

/// Packed `(key row, value row, time, diff)` updates in one byte slab.
///
/// A stream of whole rows (not arranged yet) leaves the key empty and holds the row as the value.
#[derive(Clone, Default, Debug)]
pub struct Updates {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// Where an update's key and value end in the slab; it begins where the one before it ends.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key_end: usize,
    end: usize,
    time: u64,
    diff: i64,
}

/// One update, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpdateRef<'a> {
    /// The key row; empty in a stream of whole rows.
    pub key: &'a [u8],
    /// The value row, or the whole row.
    pub val: &'a [u8],
    /// When.
    pub time: u64,
    /// How often more.
    pub diff: i64,
}

impl Updates {
    /// An empty container.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty container with room.
    pub fn with_capacity(updates: usize, bytes: usize) -> Self {
        Updates { bytes: Vec::with_capacity(bytes), entries: Vec::with_capacity(updates) }
    }

    /// Makes room for more.
    pub fn reserve(&mut self, updates: usize, bytes: usize) {
        self.bytes.reserve(bytes);
        self.entries.reserve(updates);
    }

    /// Number of updates.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all keys and values.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it has reached the size at which it should be shipped.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= TARGET_UPDATES || self.bytes.len() >= TARGET_BYTES
    }

    /// Forgets all updates, keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Keeps the first `len` updates.
    pub fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
        self.bytes.truncate(self.entries.last().map_or(0, |entry| entry.end));
    }

    /// Appends a keyed update.
    #[inline]
    pub fn push(&mut self, key: &[u8], val: &[u8], time: u64, diff: i64) {
        self.make_room(1, key.len() + val.len());
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(val);
        self.entries.push(Entry { key_end, end: self.bytes.len(), time, diff });
    }

    /// Appends a whole row.
    #[inline]
    pub fn push_row(&mut self, row: &[u8], time: u64, diff: i64) {
        self.push(&[], row, time, diff);
    }

    /// Appends an update whose key and value are written straight into the slab: `write` appends the key and then the
    /// value, and returns the key's length. On an error nothing is appended.
    #[inline]
    pub fn try_push_with<E>(
        &mut self,
        time: u64,
        diff: i64,
        write: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        if self.bytes.capacity() - start < SLACK_BYTES && (SLACK_BYTES..TARGET_BYTES).contains(&start) {
            // Fewer moves than by doubling.
            self.bytes.reserve(3 * start);
        }
        match write(&mut self.bytes) {
            Ok(key_len) => {
                debug_assert!(start + key_len <= self.bytes.len());
                self.entries.push(Entry { key_end: start + key_len, end: self.bytes.len(), time, diff });
                Ok(())
            }
            Err(error) => {
                self.bytes.truncate(start);
                Err(error)
            }
        }
    }

    /// Appends a whole row that `write` appends to the slab.
    #[inline]
    pub fn push_row_with(&mut self, time: u64, diff: i64, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        let key_end = self.entries.last().map_or(0, |entry| entry.end);
        self.entries.push(Entry { key_end, end: self.bytes.len(), time, diff });
    }

    /// The update at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> UpdateRef<'_> {
        let start = if index == 0 { 0 } else { self.entries[index - 1].end };
        let entry = self.entries[index];
        UpdateRef {
            key: &self.bytes[start..entry.key_end],
            val: &self.bytes[entry.key_end..entry.end],
            time: entry.time,
            diff: entry.diff,
        }
    }

    /// The key of the update at `index` and, after it, its value.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.entries[index - 1].end };
        &self.bytes[start..self.entries[index].end]
    }

    /// All updates in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = UpdateRef<'_>> + Clone {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Appends all updates of another container.
    pub fn append(&mut self, other: &Updates) {
        let base = self.bytes.len();
        self.make_room(other.len(), other.bytes.len());
        self.bytes.extend_from_slice(&other.bytes);
        self.entries.extend(other.entries.iter().map(|e| Entry {
            key_end: base + e.key_end,
            end: base + e.end,
            ..*e
        }));
    }

    /// Has room for more, if that makes it large.
    #[inline]
    fn make_room(&mut self, updates: usize, bytes: usize) {
        let needed = self.bytes.len() + bytes;
        if needed > self.bytes.capacity() && needed >= LARGE_BYTES / 8 {
            self.enlarge(needed, self.len() + updates);
        }
    }

    /// Makes room for much more: what has become large is about to become larger.
    #[cold]
    fn enlarge(&mut self, bytes: usize, updates: usize) {
        let room = if bytes <= LARGE_BYTES { LARGE_BYTES } else { 2 * bytes };
        let (mut slab, _) = slabs::slab(room);
        slab.extend_from_slice(&self.bytes);
        slabs::give(std::mem::replace(&mut self.bytes, slab));
        let expected = updates as u128 * room as u128 / bytes.max(1) as u128;
        self.entries.reserve(expected as usize - self.entries.len());
    }

    /// Forgets all updates and gives back what was large.
    pub(crate) fn release(&mut self) {
        self.entries.clear();
        self.bytes.clear();
        if self.bytes.capacity() >= LARGE_BYTES / 8 {
            slabs::give(std::mem::take(&mut self.bytes));
            self.entries = Vec::new();
        }
    }

    /// Makes each whole row the key, with an empty value.
    pub fn rows_to_keys(&mut self) {
        for entry in &mut self.entries {
            entry.key_end = entry.end;
        }
    }

    /// Multiplies all multiplicities by -1.
    pub fn negate(&mut self) {
        for entry in &mut self.entries {
            entry.diff = entry.diff.wrapping_neg();
        }
    }

    /// Keeps the updates for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(UpdateRef<'_>) -> bool) {
        if (0..self.len()).all(|index| keep(self.get(index))) {
            return;
        }
        let mut kept = Updates::with_capacity(self.len(), self.bytes.len());
        for update in self.iter().filter(|update| keep(*update)) {
            kept.push_into(update);
        }
        *self = kept;
    }

    /// Takes out those before `time`, in their order.
    pub fn take_before(&mut self, time: u64) -> Updates {
        match self.time_bounds() {
            Some((_, greatest)) if greatest < time => return std::mem::take(self),
            Some((least, _)) if least < time => {}
            _ => return Updates::new(),
        }
        let (mut before, mut later) = (Updates::new(), Updates::new());
        for update in self.iter() {
            if update.time < time { &mut before } else { &mut later }.push_into(update);
        }
        *self = later;
        before
    }

    /// The least and the greatest time; None when empty.
    pub fn time_bounds(&self) -> Option<(u64, u64)> {
        let first = self.entries.first()?.time;
        Some(self.entries.iter().fold((first, first), |(low, high), e| (low.min(e.time), high.max(e.time))))
    }
}

/// The draining iterator of [`Updates`]; it borrows, the container is cleared when it is written again.
pub struct DrainUpdates<'a> {
    updates: &'a Updates,
    index: usize,
}

impl<'a> Iterator for DrainUpdates<'a> {
    type Item = UpdateRef<'a>;
    #[inline]
    fn next(&mut self) -> Option<UpdateRef<'a>> {
        if self.index == self.updates.len() {
            return None;
        }
        self.index += 1;
        Some(self.updates.get(self.index - 1))
    }
}

impl Accountable for Updates {
    #[inline]
    fn record_count(&self) -> i64 {
        self.len() as i64
    }
}

impl DrainContainer for Updates {
    type Item<'a> = UpdateRef<'a>;
    type DrainIter<'a> = DrainUpdates<'a>;
    fn drain(&mut self) -> DrainUpdates<'_> {
        DrainUpdates { updates: self, index: 0 }
    }
}

impl SizableContainer for Updates {
    fn at_capacity(&self) -> bool {
        self.is_full()
    }
    fn ensure_capacity(&mut self, stash: &mut Option<Self>) {
        if self.entries.capacity() == 0
            && let Some(mut recycled) = stash.take()
        {
            recycled.clear();
            *self = recycled;
        }
    }
}

impl PushInto<UpdateRef<'_>> for Updates {
    #[inline]
    fn push_into(&mut self, update: UpdateRef<'_>) {
        self.push(update.key, update.val, update.time, update.diff);
    }
}

/// Little-endian: count, then per update key end, end, time, diff; length of the slab, the slab, padding to 8 bytes.
impl ContainerBytes for Updates {
    fn from_bytes(bytes: Bytes) -> Self {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        let count = word(0) as usize;
        let entries = (0..count)
            .map(|index| {
                let at = 8 + index * 32;
                Entry {
                    key_end: word(at) as usize,
                    end: word(at + 8) as usize,
                    time: word(at + 16),
                    diff: word(at + 24) as i64,
                }
            })
            .collect();
        let at = 8 + count * 32;
        let length = word(at) as usize;
        Updates { entries, bytes: bytes[at + 8..at + 8 + length].to_vec() }
    }

    fn length_in_bytes(&self) -> usize {
        16 + self.entries.len() * 32 + self.bytes.len().next_multiple_of(8)
    }

    fn into_bytes<W: std::io::Write>(&self, writer: &mut W) {
        let mut word =
            |value: u64| writer.write_all(&value.to_le_bytes()).expect("a buffer of the right length");
        word(self.entries.len() as u64);
        for entry in &self.entries {
            word(entry.key_end as u64);
            word(entry.end as u64);
            word(entry.time);
            word(entry.diff as u64);
        }
        word(self.bytes.len() as u64);
        let padding = self.bytes.len().next_multiple_of(8) - self.bytes.len();
        writer.write_all(&self.bytes).expect("a buffer of the right length");
        writer.write_all(&[0; 8][..padding]).expect("a buffer of the right length");
    }
}
