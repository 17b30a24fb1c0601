//! Runs one query as a hand-written DBSP circuit over CSV files and prints what it took as JSON. Arguments: the query, threads,
//! the folder of the files, and a file for the result; without one the rows go nowhere.

mod measure;
mod read;

use anyhow::{Result, bail};
use dbsp::OrdZSet;
use dbsp::RootCircuit;
use dbsp::Stream;
use dbsp::algebra::F64;
use dbsp::mimalloc::MiMalloc;
use dbsp::operator::Max;
use dbsp::utils::{Tup2, Tup3, Tup4, Tup5};
use measure::measure;
use read::{Auction, Bid, Edge, Person};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Rows<T> = Stream<RootCircuit, OrdZSet<T>>;

/// Windows of queries 7 and 8.
const TUMBLING_MILLISECONDS: i64 = 10_000;
/// The step of query 5's windows; each event is in five.
const HOPPING_MILLISECONDS: i64 = 2000;

fn q1(bids: Rows<Bid>) -> Rows<Tup5<i64, i64, F64, i64, String>> {
    bids.map(|b| Tup5(b.0, b.1, F64::new(b.2 as f64 * 0.908), b.5, b.6.clone()))
}

fn q2(bids: Rows<Bid>) -> Rows<Tup2<i64, i64>> {
    bids.flat_map(|b| (b.0 % 123 == 0).then_some(Tup2(b.0, b.2)))
}

fn q3(auctions: Rows<Auction>, persons: Rows<Person>) -> Rows<Tup4<String, String, String, i64>> {
    let auctions = auctions.filter(|a| a.8 == 10).map_index(|a| (a.7, a.0));
    let persons = persons
        .filter(|p| matches!(p.5.as_str(), "OR" | "ID" | "CA"))
        .map_index(|p| (p.0, Tup3(p.1.clone(), p.4.clone(), p.5.clone())));
    auctions.join(&persons, |_, auction, p| Tup4(p.0.clone(), p.1.clone(), p.2.clone(), *auction))
}

fn q4(auctions: Rows<Auction>, bids: Rows<Bid>) -> Rows<Tup2<i64, F64>> {
    let auctions = auctions.map_index(|a| (a.0, Tup3(a.8, a.5, a.6)));
    let bids = bids.map_index(|b| (b.0, Tup2(b.2, b.5)));
    auctions
        .join_index(&bids, |id, a, b| (b.1 >= a.1 && b.1 <= a.2).then_some((Tup2(*id, a.0), b.0)))
        .aggregate(Max)
        .map_index(|(key, price)| (key.1, *price))
        .aggregate_linear(|price: &i64| Tup2(*price, 1))
        .map(|(category, sum)| Tup2(*category, F64::new(sum.0 as f64 / sum.1 as f64)))
}

fn q5(bids: Rows<Bid>) -> Rows<Tup3<i64, i64, i64>> {
    let counts = bids
        .flat_map_index(|b| {
            let (window, auction) = (b.5 / HOPPING_MILLISECONDS, b.0);
            (0..5).map(move |back| (Tup2(window - back, auction), ()))
        })
        .weighted_count();
    let by_window = counts.map_index(|(key, count)| (key.0, Tup2(*count, key.1)));
    let highest = counts.map_index(|(key, count)| (key.0, *count)).aggregate(Max);
    by_window
        .join_index(&highest, |window, each, highest| (each.0 >= *highest).then_some((*window, *each)))
        .map(|(window, each)| Tup3(each.1, each.0, *window))
}

fn q7(bids: Rows<Bid>) -> Rows<Tup4<i64, i64, i64, i64>> {
    let highest = bids
        .map_index(|b| (b.5 / TUMBLING_MILLISECONDS, b.2))
        .aggregate(Max)
        .map_index(|(window, price)| (Tup2(*window, *price), ()));
    bids.map_index(|b| (Tup2(b.5 / TUMBLING_MILLISECONDS, b.2), Tup3(b.0, b.1, b.5)))
        .join(&highest, |key, bid, ()| Tup4(bid.0, key.1, bid.1, bid.2))
}

fn q8(auctions: Rows<Auction>, persons: Rows<Person>) -> Rows<Tup3<i64, String, i64>> {
    let persons = persons.map_index(|p| (Tup2(p.0, p.6 / TUMBLING_MILLISECONDS), p.1.clone())).distinct();
    let sellers = auctions.map_index(|a| (Tup2(a.7, a.5 / TUMBLING_MILLISECONDS), ())).distinct();
    persons.join(&sellers, |key, name, ()| Tup3(key.0, name.clone(), key.1))
}

fn words(words: Rows<String>) -> Rows<Tup2<String, i64>> {
    words
        .map_index(|word| (word.clone(), ()))
        .weighted_count()
        .map(|(word, count)| Tup2(word.clone(), *count))
}

fn hops(edges: Rows<Edge>) -> Rows<Tup2<i64, i64>> {
    let (by_source, by_target) = (edges.map_index(|e| (e.0, e.1)), edges.map_index(|e| (e.1, e.0)));
    by_target
        .join(&by_source, |_, from, to| Tup2(*from, *to))
        .distinct()
        .map_index(|pair| (pair.0, ()))
        .weighted_count()
        .map(|(from, count)| Tup2(*from, *count))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, query, threads, folder, result @ ..] = &arguments[..] else {
        bail!("dbsp-peer QUERY THREADS FOLDER [RESULT]");
    };
    let (threads, result) = (threads.parse()?, result.first().map(String::as_str));
    match query.as_str() {
        "q1" => measure(
            threads,
            folder,
            result,
            &["bids"],
            |i| q1(i.bids),
            |r| {
                vec![
                    r.0.to_string(),
                    r.1.to_string(),
                    r.2.into_inner().to_string(),
                    r.3.to_string(),
                    r.4.clone(),
                ]
            },
        ),
        "q2" => measure(
            threads,
            folder,
            result,
            &["bids"],
            |i| q2(i.bids),
            |r| vec![r.0.to_string(), r.1.to_string()],
        ),
        "q3" => measure(
            threads,
            folder,
            result,
            &["auctions", "persons"],
            |i| q3(i.auctions, i.persons),
            |r| vec![r.0.clone(), r.1.clone(), r.2.clone(), r.3.to_string()],
        ),
        "q4" => measure(
            threads,
            folder,
            result,
            &["auctions", "bids"],
            |i| q4(i.auctions, i.bids),
            |r| vec![r.0.to_string(), r.1.into_inner().to_string()],
        ),
        "q5" => measure(
            threads,
            folder,
            result,
            &["bids"],
            |i| q5(i.bids),
            |r| vec![r.0.to_string(), r.1.to_string(), r.2.to_string()],
        ),
        "q7" => measure(
            threads,
            folder,
            result,
            &["bids"],
            |i| q7(i.bids),
            |r| vec![r.0.to_string(), r.1.to_string(), r.2.to_string(), r.3.to_string()],
        ),
        "q8" => measure(
            threads,
            folder,
            result,
            &["auctions", "persons"],
            |i| q8(i.auctions, i.persons),
            |r| vec![r.0.to_string(), r.1.clone(), r.2.to_string()],
        ),
        "words" => measure(
            threads,
            folder,
            result,
            &["words"],
            |i| words(i.words),
            |r| vec![r.0.clone(), r.1.to_string()],
        ),
        "hops" => measure(
            threads,
            folder,
            result,
            &["edges"],
            |i| hops(i.edges),
            |r| vec![r.0.to_string(), r.1.to_string()],
        ),
        other => bail!("there is no query {other}"),
    }
}
