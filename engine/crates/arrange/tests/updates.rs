//! Packed updates: sorting, merging, serialising, batches.

use differential_dataflow::trace::{BatchReader, Trace, TraceReader};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tidewire_arrange::{
    Meter, RowBatch, RowSpine, ShardedSnapshot, Snapshot, Staging, Updates, consolidated,
    consolidated_by_time, frontier_at, output_batch,
};
use timely::dataflow::channels::ContainerBytes;

type Model = BTreeMap<(Vec<u8>, Vec<u8>, u64), i64>;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
    /// Rows that share prefixes of different lengths, with zeros, some empty.
    fn row(&mut self) -> Vec<u8> {
        let common = self.below(3) as usize * 5;
        let mut row = vec![0x61; common];
        row.extend((0..self.below(4)).map(|_| self.below(3) as u8));
        row
    }
}

fn random_updates(random: &mut Random, count: usize, times: u64, keyed: bool) -> (Updates, Model) {
    let (mut updates, mut model) = (Updates::new(), Model::new());
    for _ in 0..count {
        let key = if keyed { random.row() } else { Vec::new() };
        let (val, time, diff) = (random.row(), random.below(times), random.below(5) as i64 - 2);
        updates.push(&key, &val, time, diff);
        *model.entry((key, val, time)).or_default() += diff;
    }
    model.retain(|_, diff| *diff != 0);
    (updates, model)
}

fn listed(updates: &Updates) -> Vec<((Vec<u8>, Vec<u8>, u64), i64)> {
    updates.iter().map(|u| ((u.key.to_vec(), u.val.to_vec(), u.time), u.diff)).collect()
}

#[test]
fn consolidated_equals_a_map() {
    let mut random = Random(99);
    for round in 0..200 {
        let (updates, model) = random_updates(&mut random, round, 4, round % 2 == 0);
        let expected: Vec<_> = model.into_iter().collect();
        assert_eq!(listed(&consolidated(&updates)), expected, "round {round}: by key, value, time");
        let mut by_time = expected;
        by_time.sort_by(|((k, v, t), _), ((l, w, u), _)| (t, k, v).cmp(&(u, l, w)));
        assert_eq!(listed(&consolidated_by_time(&updates)), by_time, "round {round}: by time");
    }
}

#[test]
fn staging_seals_what_is_complete() {
    let mut random = Random(31);
    for (round, size) in [50, 900, 9_000].into_iter().enumerate() {
        let mut staging = Staging::default();
        let mut model = Model::new();
        let mut lower = 0;
        for step in 0..30u64 {
            let (mut updates, _) = random_updates(&mut random, size, 20, true);
            updates.retain(|update| update.time >= lower);
            for update in updates.iter() {
                *model.entry((update.key.to_vec(), update.val.to_vec(), update.time)).or_default() +=
                    update.diff;
            }
            staging.push(&mut updates);
            assert!(updates.is_empty(), "the updates were taken");
            if step % 9 == 8 {
                let upper = lower + 1 + random.below(4);
                let sealed = staging.seal(lower, upper);
                assert_eq!(sealed.description().lower(), &frontier_at(lower));
                assert_eq!(sealed.description().upper(), &frontier_at(upper));
                let later = model.split_off_times(upper);
                let expected: Vec<_> = std::mem::replace(&mut model, later).into_iter().collect();
                assert_eq!(listed_batch(&sealed), expected, "round {round}: sealed below {upper}");
                let least = model.keys().map(|(_, _, time)| *time).min();
                assert!(staging.least_time() <= least || least.is_none(), "nothing earlier waits");
                lower = upper;
            }
        }
    }
}

/// A batch's updates by key, value and time.
fn listed_batch(batch: &RowBatch) -> Vec<((Vec<u8>, Vec<u8>, u64), i64)> {
    let mut updates = Vec::new();
    for index in 0..batch.key_count() {
        let (low, high) = batch.values(index);
        for position in low..high {
            let (key, val) = (batch.key(index), batch.value(position));
            batch.updates(position, |time, diff| updates.push(((key.to_vec(), val.to_vec(), time), diff)));
        }
    }
    updates
}

#[test]
fn a_spine_holds_what_it_was_given() {
    let mut random = Random(77);
    for round in 0..6 {
        let merged = Rc::new(Cell::new(false));
        let mut spine = RowSpine::telling(None, merged.clone(), &Meter::default());
        let mut model = Model::new();
        let (mut since, mut physical, mut upper) = (0, 0, 0);
        for _ in 0..40 {
            let next = upper + 1 + random.below(5);
            let size = if random.below(4) == 0 { 0 } else { [3, 40, 700][random.below(3) as usize] };
            let (updates, _) = random_updates(&mut random, size, next - upper, true);
            let mut moved = Updates::new();
            for update in updates.iter() {
                let time = upper + update.time;
                moved.push(update.key, update.val, time, update.diff);
                *model.entry((update.key.to_vec(), update.val.to_vec(), time)).or_default() += update.diff;
            }
            spine.insert(output_batch(&moved, &frontier_at(upper), &frontier_at(next)));
            upper = next;
            physical = physical.max(upper.saturating_sub(random.below(12)));
            since = physical.min(since.max(upper.saturating_sub(random.below(30))));
            spine.set_logical_compaction(frontier_at(since).borrow());
            spine.set_physical_compaction(frontier_at(physical).borrow());
            for _ in 0..random.below(3) {
                spine.exert();
            }
            let mut lower = frontier_at(0);
            let mut held = Vec::new();
            spine.map_batches(|batch| {
                assert_eq!(batch.description().lower(), &lower, "batches follow each other");
                lower = batch.description().upper().clone();
                held.extend(listed_batch(batch));
            });
            assert_eq!(lower, frontier_at(upper), "they reach up to what was inserted");
            for at in [since, (since + upper) / 2, upper] {
                let sum = |updates: &mut dyn Iterator<Item = ((Vec<u8>, Vec<u8>, u64), i64)>| {
                    let mut rows: BTreeMap<(Vec<u8>, Vec<u8>), i64> = BTreeMap::new();
                    for ((key, val, time), diff) in updates {
                        if time <= at {
                            *rows.entry((key, val)).or_default() += diff;
                        }
                    }
                    rows.retain(|_, count| *count != 0);
                    rows
                };
                let expected = sum(&mut model.clone().into_iter());
                assert_eq!(
                    sum(&mut held.clone().into_iter()),
                    expected,
                    "round {round}: at {at} of {since}..{upper}"
                );
            }
            let through = spine.batches_through(frontier_at(upper).borrow()).expect("it is complete there");
            let rows: usize = through.iter().map(RowBatch::len).sum();
            assert_eq!(rows, held.len(), "the same by a cut at its end");
        }
        assert!(merged.get(), "round {round}: something was merged");
    }
}

#[test]
fn merges_bound_the_number_of_batches_and_end_when_idle() {
    let mut spine = RowSpine::telling(None, Rc::default(), &Meter::default());
    let mut most = 0;
    for time in 0..20_000u64 {
        let mut updates = Updates::new();
        updates.push(&time.to_be_bytes(), &[7; 100], time, 1);
        spine.insert(output_batch(&updates, &frontier_at(time), &frontier_at(time + 1)));
        spine.set_logical_compaction(frontier_at(time).borrow());
        spine.set_physical_compaction(frontier_at(time + 1).borrow());
        let mut batches = 0;
        spine.map_batches(|_| batches += 1);
        most = most.max(batches);
    }
    assert!(most <= 24, "{most} batches after commits of one row");
    for _ in 0..1000 {
        spine.exert();
    }
    let mut bytes = Vec::new();
    spine.map_batches(|batch| bytes.push(batch.byte_count()));
    assert_eq!(bytes.iter().sum::<usize>(), 20_000 * 108, "each row once: {bytes:?}");
}

trait SplitTimes {
    fn split_off_times(&mut self, time: u64) -> Self;
}

impl SplitTimes for Model {
    /// Takes the updates from `time` on, and forgets zeros.
    fn split_off_times(&mut self, time: u64) -> Model {
        self.retain(|_, diff| *diff != 0);
        let later = self.iter().filter(|((_, _, at), _)| *at >= time).map(|(u, d)| (u.clone(), *d)).collect();
        self.retain(|(_, _, at), _| *at < time);
        later
    }
}

#[test]
fn containers_survive_serialisation() {
    let mut random = Random(7);
    for round in 0..50 {
        let (updates, _) = random_updates(&mut random, round, 9, true);
        let mut bytes = Vec::new();
        updates.into_bytes(&mut bytes);
        assert_eq!(bytes.len(), updates.length_in_bytes(), "the length that it announced");
        assert_eq!(bytes.len() % 8, 0, "aligned");
        let read = Updates::from_bytes(timely::bytes::arc::BytesMut::from(bytes).freeze());
        assert_eq!(listed(&read), listed(&updates));
    }
}

#[test]
fn a_cursor_merges_batches_at_a_time() {
    let mut random = Random(41);
    for round in 0..80 {
        let mut model = Model::new();
        let mut snapshot = ShardedSnapshot::new(vec![Snapshot::empty(0).into()], 5);
        let mut size = 0;
        for _ in 0..random.below(6) {
            let (updates, part) = random_updates(&mut random, 40, 1, true);
            let batch = output_batch(&updates, &frontier_at(0), &frontier_at(1));
            size += batch.len();
            snapshot = snapshot.overlaid(&[vec![batch]]);
            for ((key, val, _), diff) in part {
                *model.entry((key, val, 0)).or_default() += diff;
            }
        }
        model.retain(|_, diff| *diff != 0);
        assert_eq!(snapshot.update_count(), size);
        let expected: Vec<_> = model.iter().map(|((k, v, _), n)| (&k[..], &v[..], *n)).collect();
        assert_eq!(snapshot.cursor().collect::<Vec<_>>(), expected, "round {round}: all");
        assert_eq!(snapshot.is_empty(), expected.is_empty());
        let key = random.row();
        let from: Vec<_> = expected.iter().copied().filter(|(k, _, _)| *k >= &key[..]).collect();
        assert_eq!(snapshot.cursor_from(&key).collect::<Vec<_>>(), from, "round {round}: from {key:?}");
        let under: Vec<_> = expected.iter().copied().filter(|(k, _, _)| *k == &key[..]).collect();
        assert_eq!(snapshot.seek(&key).collect::<Vec<_>>(), under, "round {round}: under {key:?}");
        assert_eq!(snapshot.count(&key), under.iter().map(|(_, _, n)| n).sum::<i64>());
        for (k, v, n) in under {
            assert_eq!(snapshot.multiplicity(k, v), n);
        }
    }
}
