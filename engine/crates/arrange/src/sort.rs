//! Sorting, consolidating and merging packed updates: what stands between a stream and a batch.

use crate::{UpdateRef, Updates};
use differential_dataflow::trace::implementations::merge_batcher;
use std::cmp::Ordering;
use timely::container::PushInto;
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;

/// The first eight bytes as a number that orders as they do; ties need the whole comparison.
#[inline]
fn prefix(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            u64::from_be_bytes(padded)
        }
    }
}

fn pair(update: &UpdateRef<'_>) -> (usize, usize) {
    (update.key.len(), update.val.len())
}

/// By key, value, time.
#[inline]
fn by_data(a: &UpdateRef<'_>, b: &UpdateRef<'_>) -> Ordering {
    a.key.cmp(b.key).then_with(|| a.val.cmp(b.val)).then_with(|| a.time.cmp(&b.time))
}

/// Sorted by key, value and time, equal ones added up, zeros left out.
pub fn consolidated(updates: &Updates) -> Updates {
    let whole_rows = updates.iter().all(|update| update.key.is_empty());
    let mut order: Vec<(u64, usize)> = updates
        .iter()
        .enumerate()
        .map(|(index, update)| (prefix(if whole_rows { update.val } else { update.key }), index))
        .collect();
    order.sort_unstable_by(|(p, a), (q, b)| {
        p.cmp(q).then_with(|| by_data(&updates.get(*a), &updates.get(*b)))
    });
    sum_runs(updates, order.iter().map(|(_, index)| *index))
}

/// Sorted by time, then key and value; equal ones added up, zeros left out.
pub fn consolidated_by_time(updates: &Updates) -> Updates {
    let mut order: Vec<usize> = (0..updates.len()).collect();
    order.sort_unstable_by(|a, b| {
        let (a, b) = (updates.get(*a), updates.get(*b));
        a.time.cmp(&b.time).then_with(|| a.key.cmp(b.key)).then_with(|| a.val.cmp(b.val))
    });
    sum_runs(updates, order.into_iter())
}

fn sum_runs(updates: &Updates, order: impl Iterator<Item = usize>) -> Updates {
    let mut result = Updates::with_capacity(updates.len(), updates.byte_len());
    let mut run: Option<UpdateRef<'_>> = None;
    for update in order.map(|index| updates.get(index)) {
        match &mut run {
            Some(open)
                if open.time == update.time
                    && pair(open) == pair(&update)
                    && open.key == update.key
                    && open.val == update.val =>
            {
                open.diff = open.diff.wrapping_add(update.diff);
            }
            _ => {
                if let Some(done) = run.replace(update).filter(|done| done.diff != 0) {
                    result.push_into(done);
                }
            }
        }
    }
    if let Some(done) = run.filter(|done| done.diff != 0) {
        result.push_into(done);
    }
    result
}

/// Merges sorted chains of packed chunks, for the library's merge batcher.
#[derive(Default)]
pub struct ChunkMerger;

/// A position in a chain of chunks.
struct ChainReader {
    chunks: std::vec::IntoIter<Updates>,
    chunk: Updates,
    index: usize,
}

impl ChainReader {
    fn new(chain: Vec<Updates>) -> Self {
        let mut reader = ChainReader { chunks: chain.into_iter(), chunk: Updates::new(), index: 0 };
        reader.settle();
        reader
    }
    fn settle(&mut self) {
        while self.index == self.chunk.len() {
            let Some(next) = self.chunks.next() else { return };
            (self.chunk, self.index) = (next, 0);
        }
    }
    fn head(&self) -> Option<UpdateRef<'_>> {
        (self.index < self.chunk.len()).then(|| self.chunk.get(self.index))
    }
    fn step(&mut self) {
        self.index += 1;
        self.settle();
    }
    /// What is left, whole chunks unmoved.
    fn drain_into(self, result: &mut Updates, output: &mut Vec<Updates>) {
        if self.index == 0 && !self.chunk.is_empty() {
            flush(result, output);
            output.push(self.chunk);
        } else {
            for index in self.index..self.chunk.len() {
                append(result, self.chunk.get(index), output);
            }
            flush(result, output);
        }
        output.extend(self.chunks);
    }
}

fn append(result: &mut Updates, update: UpdateRef<'_>, output: &mut Vec<Updates>) {
    result.push_into(update);
    if result.is_full() {
        output.push(std::mem::take(result));
    }
}

fn flush(result: &mut Updates, output: &mut Vec<Updates>) {
    if !result.is_empty() {
        output.push(std::mem::take(result));
    }
}

impl merge_batcher::Merger for ChunkMerger {
    type Chunk = Updates;
    type Time = u64;

    fn merge(
        &mut self,
        one: Vec<Updates>,
        two: Vec<Updates>,
        output: &mut Vec<Updates>,
        _stash: &mut Vec<Updates>,
    ) {
        let (mut one, mut two) = (ChainReader::new(one), ChainReader::new(two));
        let mut result = Updates::new();
        while let (Some(a), Some(b)) = (one.head(), two.head()) {
            match by_data(&a, &b) {
                Ordering::Less => {
                    append(&mut result, a, output);
                    one.step();
                }
                Ordering::Greater => {
                    append(&mut result, b, output);
                    two.step();
                }
                Ordering::Equal => {
                    let diff = a.diff.wrapping_add(b.diff);
                    if diff != 0 {
                        append(&mut result, UpdateRef { diff, ..a }, output);
                    }
                    one.step();
                    two.step();
                }
            }
        }
        one.drain_into(&mut result, output);
        two.drain_into(&mut result, output);
        flush(&mut result, output);
    }

    fn extract(
        &mut self,
        merged: Vec<Updates>,
        upper: AntichainRef<u64>,
        frontier: &mut Antichain<u64>,
        ready: &mut Vec<Updates>,
        kept: &mut Vec<Updates>,
        _stash: &mut Vec<Updates>,
    ) {
        let upper = crate::time_of(upper);
        let (mut now, mut later) = (Updates::new(), Updates::new());
        for chunk in merged {
            let Some((least, greatest)) = chunk.time_bounds() else { continue };
            // The usual case: a chunk of one side goes there unmoved.
            if greatest < upper {
                flush(&mut now, ready);
                ready.push(chunk);
                continue;
            }
            if least >= upper {
                frontier.insert(least);
                flush(&mut later, kept);
                kept.push(chunk);
                continue;
            }
            for update in chunk.iter() {
                if update.time >= upper {
                    frontier.insert(update.time);
                    append(&mut later, update, kept);
                } else {
                    append(&mut now, update, ready);
                }
            }
        }
        flush(&mut now, ready);
        flush(&mut later, kept);
    }

    fn len(chunk: &Updates) -> usize {
        chunk.len()
    }
}
