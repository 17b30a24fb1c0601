//! Numbers that order rows as their bytes do, so that most comparisons read no row.

use std::cmp::Ordering;
use tidewire_row::work::{checkpoint, spend};

/// So few rows are compared as they are.
const FEW: u32 = 16;
/// So many numbers are sorted in one go, which nothing stops: a few hundredths of a second.
const AT_ONCE: usize = 1 << 20;

/// The indexes of rows in an order that `bytes` tell, and `compare` where they do not: rows whose bytes differ compare as
/// their bytes do.
///
/// What is sorted are numbers of eight telling bytes of each row; whole rows are compared only where these are equal.
pub fn sorted_by_bytes<'a>(
    count: usize,
    bytes: impl Fn(usize) -> &'a [u8],
    compare: impl Fn(usize, usize) -> Ordering,
) -> Vec<u32> {
    let count = u32::try_from(count).expect("fewer than 2^32 rows are sorted");
    if count < FEW {
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by(|a, b| compare(*a as usize, *b as usize));
        return order;
    }
    let discriminator = Discriminator::of((0..count).map(|index| bytes(index as usize)));
    let mut order: Vec<(u64, u32)> =
        (0..count).map(|index| (discriminator.number(bytes(index as usize)), index)).collect();
    sort_by_number(&mut order);
    let mut rest = &mut order[..];
    while let Some((number, _)) = rest.first() {
        let number = *number;
        let equal = 1 + rest[1..].iter().take_while(|(other, _)| *other == number).count();
        let (ties, after) = rest.split_at_mut(equal);
        if equal > 1 {
            ties.sort_unstable_by(|(_, a), (_, b)| {
                checkpoint();
                compare(*a as usize, *b as usize)
            });
        }
        rest = after;
    }
    order.into_iter().map(|(_, index)| index).collect()
}

fn sort_by_number(numbers: &mut [(u64, u32)]) {
    if numbers.len() <= AT_ONCE {
        spend(numbers.len() as u64 / 64);
        numbers.sort_unstable_by_key(|(number, _)| *number);
        return;
    }
    let middle = numbers.len() / 2;
    numbers.select_nth_unstable_by_key(middle, |(number, _)| *number);
    let (lower, upper) = numbers.split_at_mut(middle);
    sort_by_number(lower);
    sort_by_number(upper);
}

/// How far into a row is looked for bytes that tell rows apart.
const WINDOW: usize = 64;

/// The bytes by which rows of a set differ: the first eight of their positions, which together are a number. Its order is
/// the rows', but for rows whose numbers are equal.
///
/// The positions left out hold one byte in all rows, and a row that ends within the window is read as if zeros followed:
/// neither changes an order, it only makes more numbers equal.
pub(crate) struct Discriminator {
    positions: [u8; 8],
}

impl Discriminator {
    pub(crate) fn of<'a>(mut rows: impl Iterator<Item = &'a [u8]>) -> Self {
        let first = window(rows.next().unwrap_or_default());
        let mut differing = [0u8; WINDOW];
        for row in rows {
            let row = match row.first_chunk::<WINDOW>() {
                Some(chunk) => *chunk,
                None => window(row),
            };
            for ((differing, byte), first) in differing.iter_mut().zip(row).zip(first) {
                *differing |= byte ^ first;
            }
        }
        let mut positions = [WINDOW as u8 - 1; 8];
        let telling = (0..WINDOW).filter(|position| differing[*position] != 0);
        for (slot, position) in positions.iter_mut().zip(telling) {
            *slot = position as u8;
        }
        Discriminator { positions }
    }

    #[inline]
    pub(crate) fn number(&self, row: &[u8]) -> u64 {
        let bytes = match row.first_chunk::<WINDOW>() {
            Some(chunk) => self.positions.map(|position| chunk[position as usize % WINDOW]),
            None => self.positions.map(|position| row.get(position as usize).copied().unwrap_or(0)),
        };
        u64::from_be_bytes(bytes)
    }
}

/// The beginning of a row, zeros after its end.
fn window(row: &[u8]) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    let length = row.len().min(WINDOW);
    window[..length].copy_from_slice(&row[..length]);
    window
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

/// How many bytes all rows of sorted runs begin with, given the first and last rows of the runs.
pub(crate) fn common_prefix<'a>(mut ends: impl Iterator<Item = &'a [u8]>) -> usize {
    let Some(first) = ends.next() else { return 0 };
    ends.fold(first.len(), |length, row| first[..length].iter().zip(row).take_while(|(a, b)| a == b).count())
}
