//! Merging any number of batches at once, a bounded step at a time.

use crate::{RowBatch, StorageBuilder, frontier_at, time_of};
use differential_dataflow::trace::{BatchReader, Description, Merger};
use std::cmp::Ordering;
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;

/// What an update costs besides its bytes.
const UPDATE_COST: usize = 32;

/// Consecutive batches on their way to be one.
pub struct Merge {
    sources: Vec<Source>,
    builder: StorageBuilder,
    since: u64,
    upper: Antichain<u64>,
    /// The sources at the least key; kept for its room.
    least: Vec<usize>,
}

struct Source {
    batch: RowBatch,
    /// The next key.
    key: usize,
    /// The beginning of the next key; `None` at the end.
    head: Option<u128>,
}

impl Source {
    fn step(&mut self) {
        self.key += 1;
        self.head = head(&self.batch, self.key);
    }
}

fn head(batch: &RowBatch, key: usize) -> Option<u128> {
    (key < batch.key_count()).then(|| prefix(batch.key(key)))
}

/// The first sixteen bytes as a number that orders as they do; ties need the whole comparison.
#[inline]
pub(crate) fn prefix(bytes: &[u8]) -> u128 {
    match bytes.first_chunk::<16>() {
        Some(chunk) => u128::from_be_bytes(*chunk),
        None => {
            let mut padded = [0; 16];
            padded[..bytes.len()].copy_from_slice(bytes);
            u128::from_be_bytes(padded)
        }
    }
}

impl Merge {
    /// Of consecutive batches, oldest first, at least one. Times before `since` become it.
    pub fn new(batches: Vec<RowBatch>, since: u64) -> Self {
        let upper = batches.last().expect("at least one batch").upper().clone();
        let since = batches.iter().fold(since, |since, batch| since.max(batch.since()));
        let key_bytes = batches.iter().map(|batch| batch.storage().keys.byte_len()).sum();
        let value_bytes = batches.iter().map(|batch| batch.storage().vals.byte_len()).sum();
        let sources =
            batches.into_iter().map(|batch| Source { head: head(&batch, 0), key: 0, batch }).collect();
        Merge {
            sources,
            builder: StorageBuilder::with_capacity(key_bytes, value_bytes),
            since,
            upper,
            least: Vec::new(),
        }
    }

    /// The batches that are merged.
    pub fn batches(&self) -> impl Iterator<Item = &RowBatch> {
        self.sources.iter().map(|source| &source.batch)
    }

    /// An empty batch follows at once: the result reaches up to its end.
    pub fn extend(&mut self, upper: &Antichain<u64>) {
        self.upper.clone_from(upper);
        let last = self.sources.last_mut().expect("at least one batch");
        last.batch = last.batch.clone().extended(upper);
    }

    /// Works until `fuel`, about bytes, is used up; true when nothing is left to do.
    pub fn work(&mut self, fuel: &mut isize) -> bool {
        while *fuel > 0 {
            self.find_least();
            if self.least.is_empty() {
                return true;
            }
            *fuel -= self.merge_key() as isize;
        }
        self.sources.iter().all(|source| source.head.is_none())
    }

    fn find_least(&mut self) {
        let Merge { sources, least, .. } = self;
        least.clear();
        for (index, source) in sources.iter().enumerate() {
            let Some(candidate) = source.head else { continue };
            let order = match least.first() {
                None => Ordering::Less,
                Some(best) => {
                    let best = &sources[*best];
                    candidate
                        .cmp(&best.head.expect("the least is not at its end"))
                        .then_with(|| source.batch.key(source.key).cmp(best.batch.key(best.key)))
                }
            };
            match order {
                Ordering::Less => {
                    least.clear();
                    least.push(index);
                }
                Ordering::Equal => least.push(index),
                Ordering::Greater => {}
            }
        }
    }

    /// Takes the least key from the sources that have it; gives what that cost.
    fn merge_key(&mut self) -> usize {
        let Merge { sources, builder, since, least, .. } = self;
        let mut cost = 0;
        if let [only] = least[..] {
            let source = &mut sources[only];
            let (low, high) = source.batch.values(source.key);
            for position in low..high {
                let val = source.batch.value(position);
                source.batch.updates(position, |time, diff| builder.update(time.max(*since), diff));
                builder.end_value(val);
                cost += val.len() + UPDATE_COST;
            }
            let key = source.batch.key(source.key);
            builder.end_key(key);
            cost += key.len();
            source.step();
            return cost;
        }
        let mut runs: Vec<(usize, usize, usize)> = least
            .iter()
            .map(|index| {
                let source = &sources[*index];
                let (low, high) = source.batch.values(source.key);
                (*index, low, high)
            })
            .collect();
        while let Some(val) = runs.iter().map(|(index, low, _)| sources[*index].batch.value(*low)).min() {
            for (index, low, _) in &mut runs {
                let batch = &sources[*index].batch;
                if batch.value(*low) == val {
                    batch.updates(*low, |time, diff| builder.update(time.max(*since), diff));
                    *low += 1;
                    cost += val.len() + UPDATE_COST;
                }
            }
            builder.end_value(val);
            runs.retain(|(_, low, high)| low < high);
        }
        let first = &sources[least[0]];
        let key = first.batch.key(first.key);
        builder.end_key(key);
        cost += key.len();
        for index in least.iter() {
            sources[*index].step();
        }
        cost
    }

    /// The merged batch, once the work is done.
    pub fn done(self) -> RowBatch {
        let lower = self.sources[0].batch.lower().clone();
        let description = Description::new(lower, self.upper, frontier_at(self.since));
        RowBatch::new(self.builder.done(), description)
    }
}

/// The library's form of it.
impl Merger<RowBatch> for Merge {
    fn new(one: &RowBatch, two: &RowBatch, since: AntichainRef<u64>) -> Self {
        Merge::new(vec![one.clone(), two.clone()], time_of(since))
    }
    fn work(&mut self, _one: &RowBatch, _two: &RowBatch, fuel: &mut isize) {
        Merge::work(self, fuel);
    }
    fn done(self) -> RowBatch {
        Merge::done(self)
    }
}
