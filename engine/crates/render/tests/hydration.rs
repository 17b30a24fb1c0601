//! A view with aggregates over a large input hydrates while one-row commits go on.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use support::*;
use tidewire_plan::*;
use tidewire_render::{Environment, Program};
use tidewire_row::{Datum, push_datum};
use tidewire_worker::WriteSet;

use AggregateFunction as F;

/// `SELECT k, count(*), sum(v), min(v), max(v) … GROUP BY k` over the first table.
fn aggregates() -> Plan {
    let sums = [column(Int4), column(Int8), column(Int8)];
    let extremes = [column(Int4), column(Int4), column(Int4)];
    let reduce = |class, columns: &[ColumnType]| {
        let layout = reduce_layout(columns, 1);
        node(columns.to_vec(), Operator::Reduce { input: 0, key: vec![key_of(0, Int4)], class, layout })
    };
    let counted = vec![aggregate(F::CountAll, None, Int8), aggregate(F::Sum, Some((1, Int4)), Int8)];
    let ordered = vec![aggregate(F::Min, Some((1, Int4)), Int4), aggregate(F::Max, Some((1, Int4)), Int4)];
    plan(vec![
        import(1),
        reduce(ReduceClass::Accumulable { aggregates: counted, monotonic: false }, &sums),
        reduce(ReduceClass::Hierarchical { aggregates: ordered }, &extremes),
        node(
            vec![column(Int4), column(Int8), column(Int8), column(Int4), column(Int4)],
            Operator::Join {
                left: 1,
                right: 2,
                null_safe: vec![true],
                closure: Mfp { expressions: vec![], predicates: vec![], projection: vec![0, 1, 2, 4, 5] },
            },
        ),
    ])
}

fn row(k: i32, v: i32) -> Vec<u8> {
    let mut row = Vec::new();
    for value in [Datum::Int32(k), Datum::Int32(v), Datum::Null, Datum::Null] {
        push_datum(&mut row, value);
    }
    row
}

fn expected(rows: &[(i32, i32)]) -> Bag {
    let mut groups: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (k, v) in rows {
        groups.entry(*k).or_default().push(*v);
    }
    let shown = groups.into_iter().map(|(k, values)| {
        let mut row = Vec::new();
        push_datum(&mut row, Datum::Int32(k));
        push_datum(&mut row, Datum::Int64(values.len() as i64));
        push_datum(&mut row, Datum::Int64(values.iter().map(|v| *v as i64).sum()));
        push_datum(&mut row, Datum::Int32(*values.iter().min().expect("not empty")));
        push_datum(&mut row, Datum::Int32(*values.iter().max().expect("not empty")));
        (row, 1)
    });
    shown.collect()
}

/// Takes a row away from the large table, or puts one in.
fn change(rows: &mut Vec<(i32, i32)>, step: u64) -> WriteSet {
    let mut set = WriteSet::new();
    if step.is_multiple_of(3) {
        let (k, v) = rows.swap_remove((step * 7919) as usize % rows.len());
        set.push(&row(k, v), -1);
    } else {
        // Old groups and new ones.
        let (k, v) = ((step * 31 % 3000) as i32, step as i32 - 500);
        set.push(&row(k, v), 1);
        rows.push((k, v));
    }
    set
}

fn check(engine: &Engine, rows: &[(i32, i32)], time: u64) {
    let ((got, errors), expected) = (engine.read(10, time), expected(rows));
    assert_eq!(errors, Vec::<String>::new());
    let missing = expected.iter().filter(|(row, count)| got.get(*row) != Some(count)).take(3);
    let surplus = got.iter().filter(|(row, count)| expected.get(*row) != Some(count)).take(3);
    let wrong: (Vec<_>, Vec<_>) = (missing.collect(), surplus.collect());
    assert_eq!(wrong, (vec![], vec![]), "missing and surplus rows at {time}, of {}", expected.len());
}

#[test]
fn aggregates_hydrate_while_commits_go_on() {
    let count = std::env::var("TIDEWIRE_HYDRATE_ROWS").map_or(30_000, |rows| rows.parse().expect("a number"));
    for workers in [1, 2] {
        let engine = Engine::start(workers);
        let mut rows: Vec<(i32, i32)> =
            (0..count).map(|i: i64| ((i * 7 % 2000) as i32, (i * 7919 % 10_007) as i32)).collect();
        let mut set = WriteSet::new();
        rows.iter().for_each(|(k, v)| set.push(&row(*k, *v), 1));
        engine.runtime.commit(1, &[vec![(1, Arc::new(set))]]).expect("accepted");
        engine.wait(1);
        let plan = maintained(&aggregates(), 10);
        let program =
            Program::compile(&plan, Environment { as_of: 1, ..Environment::default() }).expect("compiles");
        let (sender, done) = channel();
        let report = move |result| drop(sender.send(result));
        engine.runtime.install(10, "view", Arc::new(View(program)), 1, report).expect("accepted");
        let (mut time, mut worst, start) = (1, Duration::ZERO, Instant::now());
        loop {
            time += 1;
            let set = change(&mut rows, time);
            let sent = Instant::now();
            engine.runtime.commit(time, &[vec![(1, Arc::new(set))]]).expect("accepted");
            engine.wait(time);
            worst = worst.max(sent.elapsed());
            if let Ok(answer) = done.try_recv() {
                answer.expect("it hydrates");
                break;
            }
        }
        println!("{workers} workers: {} commits in {:?}, the slowest {worst:?}", time - 1, start.elapsed());
        check(&engine, &rows, time);
        // It goes on from the state that it was handed.
        for round in 0..20 {
            for _ in 0..=round % 3 {
                time += 1;
                let set = change(&mut rows, time);
                engine.runtime.commit(time, &[vec![(1, Arc::new(set))]]).expect("accepted");
            }
            engine.wait(time);
            check(&engine, &rows, time);
        }
        engine.runtime.stop();
    }
}
