//! A batch finds each of its keys, and no other, whatever width keys have.

use tidewire_arrange::{RowBatch, Updates, frontier_at, output_batch};

/// Every third number as a key that `width` tells the length of, the least byte last.
fn batch(count: u32, width: impl Fn(u32) -> usize) -> RowBatch {
    let mut updates = Updates::new();
    for number in 0..count {
        updates.push(&key(3 * number, width(number)), &[1], 1, 1);
    }
    output_batch(&updates, &frontier_at(0), &frontier_at(2))
}

fn key(number: u32, width: usize) -> Vec<u8> {
    let mut key = vec![0x80; width.saturating_sub(4)];
    key.extend(&number.to_be_bytes()[4 - width.min(4)..]);
    key
}

fn check(batch: &RowBatch, wanted: &[u8]) {
    let expected = (0..batch.key_count()).find(|index| batch.key(*index) == wanted);
    assert_eq!(batch.find(wanted), expected, "{wanted:?} among {} keys", batch.key_count());
}

#[test]
fn of_one_width() {
    for width in 2..=20 {
        for count in [0, 1, 2, 3, 7, 64, 85] {
            let batch = batch(count, |_| width);
            for number in 0..3 * count + 3 {
                check(&batch, &key(number, width));
            }
            for other in [0, 1, width - 1, width + 1] {
                check(&batch, &key(3, other));
            }
        }
    }
}

/// Numbers that differ in each byte of their width, so that none is left out of a comparison.
#[test]
fn by_each_byte() {
    for width in 8..=20 {
        let mut updates = Updates::new();
        let keys: Vec<Vec<u8>> = (0..width).map(|place| place_set(width, place)).collect();
        keys.iter().step_by(2).for_each(|key| updates.push(key, &[], 1, 1));
        let batch = output_batch(&updates, &frontier_at(0), &frontier_at(2));
        keys.iter().for_each(|key| check(&batch, key));
    }
}

fn place_set(width: usize, place: usize) -> Vec<u8> {
    let mut key = vec![7; width];
    key[place] = 8;
    key
}

#[test]
fn of_several_widths() {
    let batch = batch(60, |number| 4 + number as usize % 14);
    for number in 0..183 {
        for width in 4..19 {
            check(&batch, &key(number, width));
        }
    }
}
