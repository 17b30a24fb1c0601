//! What a spine's batches add up to is what was put into them, in order, however rows begin and end.

use differential_dataflow::trace::{Trace, TraceReader};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tidewire_arrange::{Meter, RowBatch, RowSpine, Staging, Updates, frontier_at};

/// A generator of numbers (Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
}

/// How the rows of a case look.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Keys of one length that share most bytes; few values a key.
    FixedKeys,
    /// Keys of any length, zero bytes among them, some a beginning of others.
    AnyKeys,
    /// Whole rows, longer than the bytes that are looked at first, that differ late.
    LongRows,
    /// Few keys with many values.
    ManyValues,
    /// Keys that ascend with time, so that batches hardly overlap.
    Ascending,
}

fn row(shape: Shape, numbers: &mut Numbers, commit: u64) -> (Vec<u8>, Vec<u8>) {
    let bytes =
        |numbers: &mut Numbers, length: u64| (0..length).map(|_| numbers.below(3) as u8).collect::<Vec<_>>();
    match shape {
        Shape::FixedKeys => {
            let key = [&[1, 128, 0, 0, 0, 0][..], &(numbers.below(700) as u16).to_be_bytes()].concat();
            (key, vec![numbers.below(3) as u8])
        }
        Shape::AnyKeys => {
            let length = numbers.below(7);
            (bytes(numbers, length), bytes(numbers, 1))
        }
        Shape::LongRows => {
            let length = numbers.below(3);
            ([vec![7; 70], bytes(numbers, 4 + length)].concat(), Vec::new())
        }
        Shape::ManyValues => {
            (bytes(numbers, 1), [vec![9; 20], numbers.below(500).to_be_bytes().to_vec()].concat())
        }
        Shape::Ascending => ((commit * 40 + numbers.below(60)).to_be_bytes().to_vec(), bytes(numbers, 1)),
    }
}

fn check(shape: Shape, seed: u64, rows_per_commit: u64, commits: u64) {
    let mut numbers = Numbers(seed);
    let mut spine = RowSpine::telling(None, Rc::new(Cell::new(false)), &Meter::default());
    let mut expected: BTreeMap<(Vec<u8>, Vec<u8>), i64> = BTreeMap::new();
    let mut staging = Staging::default();
    for commit in 0..commits {
        let mut updates = Updates::new();
        for _ in 0..numbers.below(rows_per_commit) + 1 {
            let (key, val) = row(shape, &mut numbers, commit);
            let diff = [1, 1, 2, -1][numbers.below(4) as usize];
            updates.push(&key, &val, commit, diff);
            *expected.entry((key, val)).or_default() += diff;
        }
        staging.push(&mut updates);
        spine.insert(staging.seal(commit, commit + 1));
        let frontier = frontier_at(commit + 1);
        spine.set_logical_compaction(frontier.borrow());
        spine.set_physical_compaction(frontier.borrow());
        spine.exert();
    }
    let mut found: BTreeMap<(Vec<u8>, Vec<u8>), i64> = BTreeMap::new();
    spine.map_batches(|batch| add(batch, &mut found));
    found.retain(|_, diff| *diff != 0);
    expected.retain(|_, diff| *diff != 0);
    assert!(found == expected, "{shape:?}, seed {seed}: {} rows instead of {}", found.len(), expected.len());
}

fn add(batch: &RowBatch, sums: &mut BTreeMap<(Vec<u8>, Vec<u8>), i64>) {
    for index in 0..batch.key_count() {
        let (low, high) = batch.values(index);
        assert!(index == 0 || batch.key(index - 1) < batch.key(index), "keys ascend");
        assert!(low < high, "a key has values");
        for position in low..high {
            assert!(position == low || batch.value(position - 1) < batch.value(position), "values ascend");
            batch.updates(position, |_, diff| {
                *sums.entry((batch.key(index).to_vec(), batch.value(position).to_vec())).or_default() += diff;
            });
        }
    }
}

#[test]
fn batches_add_up() {
    for shape in [Shape::FixedKeys, Shape::AnyKeys, Shape::LongRows, Shape::ManyValues, Shape::Ascending] {
        for seed in 0..20 {
            check(shape, seed, 60, 40);
        }
        check(shape, 77, 3_000, 30);
    }
}

/// Slabs of megabytes have their pages asked for before; what is in them is the same.
#[test]
fn large_batches_add_up() {
    let mut staging = Staging::default();
    let mut spine = RowSpine::telling(None, Rc::new(Cell::new(false)), &Meter::default());
    let (commits, rows) = (9, 20_000u64);
    for commit in 0..commits {
        let mut updates = Updates::new();
        for index in 0..rows {
            let number = index * commits + commit;
            updates.push(&[&number.to_be_bytes()[..], &[3; 120]].concat(), &[], commit, 1);
        }
        staging.push(&mut updates);
        spine.insert(staging.seal(commit, commit + 1));
        spine.set_logical_compaction(frontier_at(commit + 1).borrow());
        spine.set_physical_compaction(frontier_at(commit + 1).borrow());
    }
    (0..100_000).for_each(|_| spine.exert());
    let mut numbers = Vec::new();
    spine.map_batches(|batch| {
        numbers.extend((0..batch.key_count()).map(|index| {
            let key = batch.key(index);
            assert_eq!(key[8..], [3; 120], "the rest of a row");
            u64::from_be_bytes(key[..8].try_into().unwrap())
        }));
    });
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..commits * rows), "every row once");
}
