//! Merging any number of batches at once, a bounded step at a time.

use crate::order::{common_prefix, prefix};
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
    /// The least of the other sources, if there is one.
    next: Option<usize>,
}

struct Source {
    batch: RowBatch,
    /// With how many bytes all keys of all sources begin alike.
    common: usize,
    /// The next key.
    key: usize,
    /// What follows the common bytes of the next key; `None` at the end.
    head: Option<u128>,
}

impl Source {
    fn seek(&mut self, key: usize) {
        self.key = key;
        self.head = (key < self.batch.key_count()).then(|| prefix(&self.batch.key(key)[self.common..]));
    }

    /// How its next key compares with another source's; the end is after all.
    #[inline]
    fn compare(&self, other: &Source) -> Ordering {
        match (self.head, other.head) {
            (Some(one), Some(two)) => {
                one.cmp(&two).then_with(|| self.batch.key(self.key).cmp(other.batch.key(other.key)))
            }
            (one, two) => one.is_none().cmp(&two.is_none()),
        }
    }
}

/// The values that a batch has under a key.
struct Run<'a> {
    batch: &'a RowBatch,
    low: usize,
    high: usize,
    /// With how many bytes all values of all runs begin alike.
    common: usize,
    /// The next value, and what follows the common bytes of it.
    value: &'a [u8],
    head: u128,
}

impl<'a> Run<'a> {
    fn of(batch: &'a RowBatch, key: usize, common: usize) -> Self {
        let (low, high) = batch.values(key);
        let value = batch.value(low);
        Run { batch, low, high, common, value, head: prefix(&value[common..]) }
    }

    fn step(&mut self) {
        self.low += 1;
        if self.low < self.high {
            self.value = self.batch.value(self.low);
            self.head = prefix(&self.value[self.common..]);
        }
    }

    fn compare(&self, other: &Run<'_>) -> Ordering {
        self.head.cmp(&other.head).then_with(|| self.value.cmp(other.value))
    }
}

impl Merge {
    /// Of consecutive batches, oldest first, at least one. Times before `since` become it.
    pub fn new(batches: Vec<RowBatch>, since: u64) -> Self {
        let upper = batches.last().expect("at least one batch").upper().clone();
        let since = batches.iter().fold(since, |since, batch| since.max(batch.since()));
        let key_bytes = batches.iter().map(|batch| batch.storage().keys.byte_len()).sum();
        let value_bytes = batches.iter().map(|batch| batch.storage().vals.byte_len()).sum();
        let filled = batches.iter().filter(|batch| batch.key_count() > 0);
        let common = common_prefix(filled.flat_map(|batch| [batch.key(0), batch.key(batch.key_count() - 1)]));
        let sources = batches
            .into_iter()
            .map(|batch| {
                let mut source = Source { batch, common, key: 0, head: None };
                source.seek(0);
                source
            })
            .collect();
        Merge {
            sources,
            builder: StorageBuilder::with_capacity(key_bytes, value_bytes),
            since,
            upper,
            least: Vec::new(),
            next: None,
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
            *fuel -= self.merge_keys(*fuel as usize) as isize;
        }
        self.sources.iter().all(|source| source.head.is_none())
    }

    fn find_least(&mut self) {
        let Merge { sources, least, next, .. } = self;
        least.clear();
        *next = None;
        for (index, source) in sources.iter().enumerate().filter(|(_, source)| source.head.is_some()) {
            match least.first().map_or(Ordering::Less, |best| source.compare(&sources[*best])) {
                Ordering::Less => {
                    *next = least.first().copied();
                    least.clear();
                    least.push(index);
                }
                Ordering::Equal => least.push(index),
                Ordering::Greater if next.is_none_or(|next| source.compare(&sources[next]).is_lt()) => {
                    *next = Some(index);
                }
                Ordering::Greater => {}
            }
        }
    }

    /// Takes the least key from the sources that have it, and with it those after it that one source alone has; gives
    /// what that cost.
    fn merge_keys(&mut self, fuel: usize) -> usize {
        if let [only] = self.least[..] { self.take_run(only, fuel) } else { self.merge_key() }
    }

    /// Takes the keys that are before all other sources', as far as the fuel goes.
    fn take_run(&mut self, only: usize, fuel: usize) -> usize {
        let start = self.sources[only].key;
        let most = self.sources[only].batch.key_count().min(start + 1 + fuel / UPDATE_COST);
        match self.next {
            None => self.sources[only].seek(most),
            Some(next) => loop {
                let key = self.sources[only].key + 1;
                self.sources[only].seek(key);
                if key >= most || self.sources[only].compare(&self.sources[next]).is_ge() {
                    break;
                }
            },
        }
        let source = &self.sources[only];
        let before = self.builder.byte_count();
        self.builder.append(source.batch.storage(), start..source.key, self.since);
        let (first, end) = (source.batch.values(start).0, source.batch.values(source.key - 1).1);
        self.builder.byte_count() - before + (end - first) * UPDATE_COST
    }

    fn merge_key(&mut self) -> usize {
        let Merge { sources, builder, since, least, .. } = self;
        let mut cost = 0;
        let values = least.iter().flat_map(|index| {
            let Source { batch, key, .. } = &sources[*index];
            let (low, high) = batch.values(*key);
            [batch.value(low), batch.value(high - 1)]
        });
        let common = common_prefix(values);
        let mut runs: Vec<Run<'_>> = least
            .iter()
            .map(|index| &sources[*index])
            .map(|source| Run::of(&source.batch, source.key, common))
            .collect();
        while let Some(least) = runs.iter().min_by(|a, b| a.compare(b)) {
            let (head, val) = (least.head, least.value);
            for run in &mut runs {
                if run.head == head && run.value == val {
                    run.batch.updates(run.low, |time, diff| builder.update(time.max(*since), diff));
                    run.step();
                    cost += val.len() + UPDATE_COST;
                }
            }
            builder.end_value(val);
            runs.retain(|run| run.low < run.high);
        }
        let first = &sources[least[0]];
        let key = first.batch.key(first.key);
        builder.end_key(key);
        cost += key.len();
        for index in least.iter() {
            let key = sources[*index].key + 1;
            sources[*index].seek(key);
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
