//! Packed updates: sorting, merging, serialising, batches.

use differential_dataflow::trace::implementations::merge_batcher::Merger;
use differential_dataflow::trace::{BatchReader, Batcher};
use std::collections::BTreeMap;
use tidewire_arrange::{
    ChunkMerger, RowBatcher, ShardedSnapshot, Snapshot, Updates, consolidated, consolidated_by_time,
    frontier_at, output_batch,
};
use timely::container::PushInto;
use timely::dataflow::channels::ContainerBytes;
use timely::progress::Antichain;

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
fn chains_merge_and_are_cut_by_time() {
    let mut random = Random(5);
    for round in 0..60 {
        let (one, mut model) = random_updates(&mut random, 100 * round % 9000, 10, true);
        let (two, other) = random_updates(&mut random, 70 * round % 9000, 10, true);
        for (update, diff) in other {
            *model.entry(update).or_default() += diff;
        }
        model.retain(|_, diff| *diff != 0);
        let mut merged = Vec::new();
        let mut merger = ChunkMerger;
        merger.merge(vec![consolidated(&one)], vec![consolidated(&two)], &mut merged, &mut Vec::new());
        let all: Vec<_> = merged.iter().flat_map(listed).collect();
        assert_eq!(all, model.clone().into_iter().collect::<Vec<_>>(), "round {round}: merged");
        let cut = random.below(11);
        let (mut ready, mut kept, mut frontier) = (Vec::new(), Vec::new(), Antichain::new());
        let upper = frontier_at(cut);
        merger.extract(merged, upper.borrow(), &mut frontier, &mut ready, &mut kept, &mut Vec::new());
        let (now, later): (Vec<_>, Vec<_>) = model.into_iter().partition(|((_, _, time), _)| *time < cut);
        assert_eq!(ready.iter().flat_map(listed).collect::<Vec<_>>(), now, "round {round}: before {cut}");
        assert_eq!(frontier.first().copied(), later.iter().map(|((_, _, time), _)| *time).min());
        assert_eq!(kept.iter().flat_map(listed).collect::<Vec<_>>(), later, "round {round}: from {cut} on");
    }
}

#[test]
fn the_batcher_seals_what_is_complete() {
    let mut random = Random(31);
    let mut batcher = RowBatcher::new(None, 0);
    let mut model = Model::new();
    let mut lower = 0;
    for round in 0..100u64 {
        let (mut updates, _) = random_updates(&mut random, 50, 20, true);
        updates.retain(|update| update.time >= lower);
        for update in updates.iter() {
            *model.entry((update.key.to_vec(), update.val.to_vec(), update.time)).or_default() += update.diff;
        }
        batcher.push_into(consolidated(&updates));
        if round % 9 == 8 {
            lower += 1;
            let (sealed, description) = batcher.seal(frontier_at(lower));
            assert_eq!(description.upper(), &frontier_at(lower));
            let got: Vec<_> = sealed.iter().flat_map(listed).collect();
            let later = model.split_off_times(lower);
            let expected: Vec<_> = std::mem::replace(&mut model, later).into_iter().collect();
            assert_eq!(got, expected, "sealed below {lower}");
        }
    }
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
