//! The benchmarks' data as files, each as CSV with a header and as JSON lines:
//!
//! `bench-data FOLDER nexmark|words|graph COUNT` writes persons, auctions and bids of COUNT events, COUNT words of a
//! dictionary of 10,000, or COUNT edges between 100,000 vertices. Timestamps are milliseconds since 1970. Files
//! appear under their names when they are complete.

use std::fs::{File, create_dir_all, rename};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tidewire_generate::{EventSink, Nexmark, Table, edges, words};
use tidewire_row::{Arena, Datum, ScalarType, decode};

const EVENTS_A_SECOND: u64 = 10_000;
const DISTINCT_WORDS: u64 = 10_000;
const VERTICES: u64 = 100_000;
/// 2000-01-01, PostgreSQL's epoch, in milliseconds since 1970.
const EPOCH: i64 = 946_684_800_000;

const INTEGER: ScalarType = ScalarType::Int8;
const TEXT: ScalarType = ScalarType::Text;
const TIME: ScalarType = ScalarType::Timestamp;

/// Columns of the tables, as [`Table`] says them.
const PERSON: [(&str, ScalarType); 8] = [
    ("id", INTEGER),
    ("name", TEXT),
    ("email_address", TEXT),
    ("credit_card", TEXT),
    ("city", TEXT),
    ("state", TEXT),
    ("date_time", TIME),
    ("extra", TEXT),
];
const AUCTION: [(&str, ScalarType); 10] = [
    ("id", INTEGER),
    ("item_name", TEXT),
    ("description", TEXT),
    ("initial_bid", INTEGER),
    ("reserve", INTEGER),
    ("date_time", TIME),
    ("expires", TIME),
    ("seller", INTEGER),
    ("category", INTEGER),
    ("extra", TEXT),
];
const BID: [(&str, ScalarType); 7] = [
    ("auction", INTEGER),
    ("bidder", INTEGER),
    ("price", INTEGER),
    ("channel", TEXT),
    ("url", TEXT),
    ("date_time", TIME),
    ("extra", TEXT),
];

/// One relation's two files.
struct Files {
    columns: &'static [(&'static str, ScalarType)],
    types: Vec<ScalarType>,
    csv: Output,
    json: Output,
}

/// A file that has its name only once it is complete.
struct Output {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl Output {
    fn create(path: PathBuf) -> io::Result<Self> {
        let file = File::create(unfinished(&path))?;
        Ok(Output { path, writer: BufWriter::with_capacity(1 << 20, file) })
    }

    fn finish(mut self) -> io::Result<()> {
        self.writer.flush()?;
        rename(unfinished(&self.path), &self.path)
    }
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    PathBuf::from(name)
}

impl Files {
    fn create(folder: &Path, name: &str, columns: &'static [(&'static str, ScalarType)]) -> io::Result<Self> {
        let mut csv = Output::create(folder.join(format!("{name}.csv")))?;
        let json = Output::create(folder.join(format!("{name}.jsonl")))?;
        let header: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        writeln!(csv.writer, "{}", header.join(","))?;
        Ok(Files { columns, types: columns.iter().map(|(_, scalar)| *scalar).collect(), csv, json })
    }

    /// Writes a record. None of the generators' texts needs quotes or escapes.
    fn record(&mut self, values: &[Datum<'_>]) -> io::Result<()> {
        let (csv, json) = (&mut self.csv.writer, &mut self.json.writer);
        for (i, ((name, _), value)) in self.columns.iter().zip(values).enumerate() {
            let (comma, open) = if i == 0 { ("", "{") } else { (",", ",") };
            let number = match value {
                Datum::Int64(number) => *number,
                Datum::Timestamp(micros) => micros / 1000 + EPOCH,
                Datum::Text(text) => {
                    write!(csv, "{comma}{text}")?;
                    write!(json, "{open}\"{name}\":\"{text}\"")?;
                    continue;
                }
                other => unreachable!("no generator makes {other:?}"),
            };
            write!(csv, "{comma}{number}")?;
            write!(json, "{open}\"{name}\":{number}")?;
        }
        csv.write_all(b"\n")?;
        json.write_all(b"}\n")
    }

    fn packed(&mut self, row: &[u8]) -> io::Result<()> {
        let arena = Arena::new();
        let mut values = Vec::with_capacity(self.types.len());
        decode(row, &self.types, &arena, &mut values);
        self.record(&values)
    }

    fn finish(self) -> io::Result<()> {
        self.csv.finish()?;
        self.json.finish()
    }
}

/// Nexmark's files by table; the first error stops all writing.
struct Tables {
    files: [Files; 3],
    result: io::Result<()>,
}

impl EventSink for Tables {
    fn row(&mut self, table: usize, row: &[u8]) {
        if self.result.is_ok() {
            self.result = self.files[table].packed(row);
        }
    }
}

fn write(folder: &Path, data: &str, count: u64) -> io::Result<()> {
    create_dir_all(folder)?;
    match data {
        "nexmark" => {
            let mut tables = Tables {
                files: [
                    Files::create(folder, "persons", &PERSON)?,
                    Files::create(folder, "auctions", &AUCTION)?,
                    Files::create(folder, "bids", &BID)?,
                ],
                result: Ok(()),
            };
            const { assert!(Table::Person as usize == 0 && Table::Bid as usize == 2) };
            Nexmark::new(1, EVENTS_A_SECOND).generate(0, count, [true; 3], &mut tables);
            tables.result?;
            tables.files.into_iter().try_for_each(Files::finish)
        }
        "words" => {
            let mut files = Files::create(folder, "words", &[("word", TEXT)])?;
            let mut result = Ok(());
            words(count, DISTINCT_WORDS, |word| {
                if result.is_ok() {
                    result = files.record(&[Datum::Text(word)]);
                }
            });
            result?;
            files.finish()
        }
        "graph" => {
            let mut files = Files::create(folder, "edges", &[("u", INTEGER), ("v", INTEGER)])?;
            let mut result = Ok(());
            edges(count, VERTICES, |from, to| {
                if result.is_ok() {
                    result = files.record(&[Datum::Int64(from as i64), Datum::Int64(to as i64)]);
                }
            });
            result?;
            files.finish()
        }
        _ => Err(io::Error::other(format!("no data \"{data}\"; there are: nexmark, words, graph"))),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, data, count] = arguments.as_slice() else {
        eprintln!("usage: bench-data FOLDER nexmark|words|graph COUNT");
        return ExitCode::from(2);
    };
    let Ok(count) = count.parse() else {
        eprintln!("bench-data: \"{count}\" is not a number of records");
        return ExitCode::from(2);
    };
    match write(Path::new(folder), data, count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-data: {error}");
            ExitCode::FAILURE
        }
    }
}
