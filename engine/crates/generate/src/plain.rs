//! Streams of plain values for benchmarks: words to count, and the edges of a random graph. A shorter stream is the
//! beginning of a longer one.

use crate::random::Random;

const LETTERS_A_WORD: u64 = 10;

/// Words, each one of a dictionary of `distinct` random ones.
pub fn words(rows: u64, distinct: u64, mut each: impl FnMut(&str)) {
    let mut random = Random::new(42);
    let dictionary: Vec<String> = (0..distinct)
        .map(|_| {
            let mut word = String::new();
            random.letters(LETTERS_A_WORD, &mut word);
            word
        })
        .collect();
    for _ in 0..rows {
        each(random.choose(&dictionary).as_str());
    }
}

/// Directed edges between vertices that are numbered from 0; the same edge may come again.
pub fn edges(rows: u64, vertices: u64, mut each: impl FnMut(u64, u64)) {
    let mut random = Random::new(7);
    for _ in 0..rows {
        let from = random.below(vertices);
        let to = random.below(vertices);
        each(from, to);
    }
}
