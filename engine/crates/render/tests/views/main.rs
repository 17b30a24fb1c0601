//! Plans as maintained views in the runtime, after every commit compared with a brute-force evaluation of the same
//! query, and with the one-shot execution of the same plan over the same snapshots.

mod queries;
#[path = "../support/mod.rs"]
mod support;
mod tables;

use queries::queries;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use support::*;
use tables::*;
use tidewire_plan::*;
use tidewire_render::{Collector, Environment, ExecuteError, Prepared};
use tidewire_row::Datum;
use tidewire_row::work::{Limit, Stopped, limited};
use tidewire_worker::WriteSet;

fn check(name: &str, what: &str, time: u64, got: &Answer, expected: &Answer) {
    assert_eq!(got.1, expected.1, "{name}: errors of the {what} at {time}");
    assert_eq!(got.0, expected.0, "{name}: rows of the {what} at {time}");
}

fn random_stream(workers: usize, seed: u64, rounds: u64) {
    let engine = Engine::start(workers);
    let queries = queries();
    for (index, query) in queries.iter().enumerate() {
        engine.install(100 + index as u64, &query.plan, 0);
    }
    let mut random = Random(seed);
    let mut tables: Tables = [vec![], vec![]];
    let mut history: Vec<(u64, Tables)> = Vec::new();
    let (mut time, mut later) = (0, None);
    for round in 0..rounds {
        // Several commits may wait together.
        time += 1 + random.next(3);
        let mut writes = Vec::new();
        for (index, rows) in tables.iter_mut().enumerate() {
            if random.next(3) == 0 {
                continue;
            }
            let mut set = WriteSet::new();
            for _ in 0..1 + random.next(4) {
                if !rows.is_empty() && random.next(100) < 45 {
                    let at = random.next(rows.len() as u64) as usize;
                    set.push(&rows.swap_remove(at).pack(), -1);
                } else {
                    let row = random.row();
                    set.push(&row.pack(), 1);
                    rows.push(row);
                }
            }
            writes.push((index as u64 + 1, Arc::new(set)));
        }
        let conflicts = engine.runtime.commit(time, &[writes]).expect("accepted");
        assert!(conflicts.iter().all(Option::is_none), "{conflicts:?}");
        history.push((time, tables.clone()));
        if round % 4 == 3 {
            engine.wait(time);
            for (time, tables) in history.drain(..) {
                for (index, query) in queries.iter().enumerate() {
                    let expected = (query.expect)(&tables);
                    check(query.name, "view", time, &engine.read(100 + index as u64, time), &expected);
                    if later.is_some_and(|later| time >= later) {
                        let got = engine.read(200 + index as u64, time);
                        check(query.name, "later view", time, &got, &expected);
                    }
                    let shot = Prepared::new(one_shot(&query.plan)).execute(
                        Environment { as_of: time, ..Environment::default() },
                        engine.sources(time),
                        Collector::new,
                    );
                    match shot {
                        Err(ExecuteError::Data(error)) => {
                            let states = vec![error.sqlstate().to_string()];
                            assert_eq!(states, expected.1, "{}: error of the SELECT at {time}", query.name);
                        }
                        Err(error) => panic!("{}: {error:?}", query.name),
                        Ok((gathered, _)) => {
                            let rows = gathered.finish();
                            let mut bag = Bag::new();
                            for (row, count) in rows.iter() {
                                *bag.entry(row.to_vec()).or_default() += count as i64;
                            }
                            check(query.name, "SELECT", time, &(bag, vec![]), &expected);
                        }
                    }
                }
            }
        }
        // A view made later sees the same, and goes on from the state that it got elsewhere.
        if round == rounds / 2 {
            engine.wait(time);
            engine.runtime.hydrate_elsewhere_from(0);
            later = Some(time);
            for (index, query) in queries.iter().enumerate() {
                engine.install(200 + index as u64, &query.plan, time);
            }
        }
    }
    engine.wait(time);
    for (index, query) in queries.iter().enumerate() {
        let expected = (query.expect)(&tables);
        check(query.name, "later view", time, &engine.read(200 + index as u64, time), &expected);
    }
    engine.runtime.stop();
}

#[test]
fn views_equal_brute_force_with_one_worker() {
    for seed in 1..4 {
        random_stream(1, seed * 7919, 120);
    }
}

#[test]
fn views_equal_brute_force_with_two_workers() {
    for seed in 1..4 {
        random_stream(2, seed * 104_729, 120);
    }
}

#[test]
fn a_cancelled_execution_says_so() {
    let engine = Engine::start(1);
    let mut set = WriteSet::new();
    set.push(&Random(3).row().pack(), 1);
    engine.runtime.commit(1, &[vec![(1, Arc::new(set))]]).expect("accepted");
    engine.wait(1);
    for query in queries() {
        let plan = one_shot(&query.plan);
        if plan.nodes.iter().any(|node| matches!(node.operator, Operator::Lookup { .. })) {
            continue;
        }
        let reads_one =
            plan.nodes.iter().any(|node| matches!(node.operator, Operator::Import { arrangement: 1, .. }));
        if reads_one {
            let cancelled = Arc::new(AtomicBool::new(true));
            let result = limited(Limit::Cancellation(cancelled), || {
                Prepared::new(plan).execute(Environment::default(), engine.sources(1), Collector::new).is_ok()
            });
            assert_eq!(result, Err(Stopped), "{}", query.name);
        }
    }
    engine.runtime.stop();
}

#[test]
fn null_last_is_the_order_of_packed_bytes() {
    let pairs = [Some(-1), Some(3), None];
    for a in pairs {
        for b in pairs {
            let bytes = pack(&[opt(a, Datum::Int32)]).cmp(&pack(&[opt(b, Datum::Int32)]));
            assert_eq!(bytes, null_last(a).cmp(&null_last(b)), "{a:?} {b:?}");
        }
    }
}
