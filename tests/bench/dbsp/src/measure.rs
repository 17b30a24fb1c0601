//! Feeds a circuit in the order of events and says what it took.

use crate::Rows;
use crate::read::{Auction, Bid, Edge, Person, Reader};
use anyhow::Result;
use dbsp::typed_batch::IndexedZSetReader;
use dbsp::{DBData, Runtime};
use std::collections::HashMap;
use std::fs;
use std::time::Instant;

/// Events of one transaction: of each fifty one is a person, three are auctions and the others bids.
const PERSONS: usize = 200;
const AUCTIONS: usize = 3 * PERSONS;
const BIDS: usize = 46 * PERSONS;
const WORDS: usize = 50 * PERSONS;
const EDGES: usize = WORDS;
/// Of a process's times.
const TICKS_PER_SECOND: f64 = 100.0;

/// The relations.
pub struct Inputs {
    pub persons: Rows<Person>,
    pub auctions: Rows<Auction>,
    pub bids: Rows<Bid>,
    pub words: Rows<String>,
    pub edges: Rows<Edge>,
}

/// Runs a query over the files that it wants; `fields` are a row's for the result.
pub fn measure<T: DBData>(
    threads: usize,
    folder: &str,
    result: Option<&str>,
    wanted: &[&str],
    query: impl FnOnce(Inputs) -> Rows<T> + Clone + Send + 'static,
    fields: impl Fn(&T) -> Vec<String>,
) -> Result<()> {
    let start = Instant::now();
    let (mut circuit, (persons, auctions, bids, words, edges, output)) =
        Runtime::init_circuit(threads, move |circuit| {
            let (p, persons) = circuit.add_input_zset::<Person>();
            let (a, auctions) = circuit.add_input_zset::<Auction>();
            let (b, bids) = circuit.add_input_zset::<Bid>();
            let (w, words) = circuit.add_input_zset::<String>();
            let (e, edges) = circuit.add_input_zset::<Edge>();
            let rows = query(Inputs { persons: p, auctions: a, bids: b, words: w, edges: e });
            Ok((persons, auctions, bids, words, edges, rows.accumulate_output()))
        })?;
    let open = |name| Reader::open(folder, name, wanted);
    let (mut person, mut auction, mut bid, mut word, mut edge) =
        (open("persons")?, open("auctions")?, open("bids")?, open("words")?, open("edges")?);
    let mut bag: HashMap<String, i64> = HashMap::new();
    loop {
        let mut p = person.as_mut().map_or(Ok(vec![]), |reader| reader.take::<Person>(PERSONS))?;
        let mut a = auction.as_mut().map_or(Ok(vec![]), |reader| reader.take::<Auction>(AUCTIONS))?;
        let mut b = bid.as_mut().map_or(Ok(vec![]), |reader| reader.take::<Bid>(BIDS))?;
        let mut w = word.as_mut().map_or(Ok(vec![]), |reader| reader.take::<String>(WORDS))?;
        let mut e = edge.as_mut().map_or(Ok(vec![]), |reader| reader.take::<Edge>(EDGES))?;
        if p.is_empty() && a.is_empty() && b.is_empty() && w.is_empty() && e.is_empty() {
            break;
        }
        persons.append(&mut p);
        auctions.append(&mut a);
        bids.append(&mut b);
        words.append(&mut w);
        edges.append(&mut e);
        circuit.transaction()?;
        let changes = output.concat().consolidate();
        if result.is_some() {
            for (row, (), weight) in changes.iter() {
                *bag.entry(fields(&row).join("\t")).or_default() += weight;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    if let Some(file) = result {
        let lines = bag.iter().flat_map(|(line, count)| (0..*count).map(move |_| format!("{line}\n")));
        fs::write(file, lines.collect::<String>())?;
    }
    println!(
        "{{\"seconds\":{seconds:.3},\"cpu\":{:.2},\"megabytes\":{:.1}}}",
        cpu_seconds()?,
        peak_megabytes()?
    );
    // The circuit's threads end with the process.
    std::process::exit(0)
}

fn cpu_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let behind_name = text.rsplit(") ").next().unwrap_or_default();
    let times = behind_name.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(times.collect::<Result<Vec<_>, _>>()?.iter().sum::<f64>() / TICKS_PER_SECOND)
}

fn peak_megabytes() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    let kilobytes: String = line.chars().filter(char::is_ascii_digit).collect();
    Ok(kilobytes.parse::<f64>()? / 1024.0)
}
