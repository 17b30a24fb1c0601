//! The generators' data, and that any range of it can be made alone.

use tidewire_generate::{EventSink, Nexmark, Table, counter, edges, words};
use tidewire_row::{Arena, Datum, ScalarType, decode};

#[derive(Default)]
struct Rows(Vec<(usize, Vec<u8>)>);

impl EventSink for Rows {
    fn row(&mut self, table: usize, row: &[u8]) {
        self.0.push((table, row.to_vec()));
    }
}

const ALL: [bool; 3] = [true; 3];
const WORDS: [&str; 3] = ["khystyjmky", "odszrynpsd", "knrfudxmgv"];
const EDGES: [(u64, u64); 3] = [(13957, 51661), (54603, 14868), (92041, 42198)];

fn types(table: usize) -> Vec<ScalarType> {
    use ScalarType::{Int8, Text, Timestamp};
    match table {
        0 => vec![Int8, Text, Text, Text, Text, Text, Timestamp, Text],
        1 => vec![Int8, Text, Text, Int8, Int8, Timestamp, Timestamp, Int8, Int8, Text],
        _ => vec![Int8, Int8, Int8, Text, Text, Timestamp, Text],
    }
}

/// A row as the reference generator writes it to CSV, timestamps as milliseconds since 1970.
fn csv(table: usize, row: &[u8]) -> String {
    let arena = Arena::new();
    let mut values = Vec::new();
    decode(row, &types(table), &arena, &mut values);
    let fields: Vec<String> = values
        .iter()
        .map(|value| match value {
            Datum::Int64(value) => value.to_string(),
            Datum::Text(text) => text.to_string(),
            Datum::Timestamp(micros) => (micros / 1000 + 946_684_800_000).to_string(),
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    fields.join(",")
}

fn generate(seed: u64, from: u64, count: u64) -> Vec<(usize, Vec<u8>)> {
    let mut rows = Rows::default();
    Nexmark::new(seed, 10_000).generate(from, count, ALL, &mut rows);
    rows.0
}

#[test]
fn counter_counts_from_one() {
    let mut rows = Rows::default();
    counter(5, 3, &mut rows);
    let values: Vec<String> = rows
        .0
        .iter()
        .map(|(_, row)| {
            let arena = Arena::new();
            let mut values = Vec::new();
            decode(row, &[ScalarType::Int8], &arena, &mut values);
            format!("{:?}", values[0])
        })
        .collect();
    assert_eq!(values, ["Int64(6)", "Int64(7)", "Int64(8)"]);
}

#[test]
fn of_fifty_events_one_is_a_person_and_three_are_auctions() {
    let rows = generate(1, 0, 5000);
    let count = |table: Table| rows.iter().filter(|(t, _)| *t == table as usize).count();
    assert_eq!((count(Table::Person), count(Table::Auction), count(Table::Bid)), (100, 300, 4600));
}

#[test]
fn seed_one_is_the_reference_data() {
    let expected = include_str!("nexmark-seed-1.csv");
    let actual: Vec<String> =
        generate(1, 0, 1000).iter().map(|(table, row)| format!("{table},{}", csv(*table, row))).collect();
    for (i, (actual, expected)) in actual.iter().zip(expected.lines()).enumerate() {
        assert_eq!(actual, expected, "event {i}");
    }
    assert_eq!(actual.len(), expected.lines().count());
}

#[test]
fn a_range_is_the_same_alone() {
    let whole = generate(7, 0, 3000);
    let mut pieces = Vec::new();
    for from in (0..3000).step_by(300) {
        pieces.extend(generate(7, from, 300));
    }
    assert_eq!(whole, pieces);
    assert_ne!(whole, generate(8, 0, 3000), "another seed gives other data");
}

#[test]
fn tables_that_nobody_reads_are_left_out() {
    let mut rows = Rows::default();
    Nexmark::new(1, 10_000).generate(0, 1000, [false, false, true], &mut rows);
    let bids: Vec<_> = generate(1, 0, 1000).into_iter().filter(|(table, _)| *table == 2).collect();
    assert_eq!(rows.0, bids);
}

#[test]
fn plain_streams_are_the_reference_and_begin_alike() {
    let take = |rows| {
        let mut found = Vec::new();
        words(rows, 10_000, |word| found.push(word.to_string()));
        found
    };
    assert_eq!(take(3), WORDS, "the first words of the reference data");
    assert_eq!(take(100)[..3], WORDS, "a longer stream begins with a shorter one");
    let mut pairs = Vec::new();
    edges(3, 100_000, |from, to| pairs.push((from, to)));
    assert_eq!(pairs, EDGES, "the first edges of the reference data");
}
