//! Plans as maintained views in the runtime, after every commit compared with a brute-force evaluation of the same
//! query, and with the one-shot execution of the same plan over the same snapshots.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use support::*;
use tidewire_plan::ScalarType::Bool;
use tidewire_plan::*;
use tidewire_render::{Collector, Environment, ExecuteError, Prepared};
use tidewire_row::work::{Limit, Stopped, limited};
use tidewire_row::{Arena, Datum, FormatSettings, Row, canonical, push_datum, push_null, text_in};
use tidewire_worker::WriteSet;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct R {
    k: Option<i32>,
    v: Option<i32>,
    n: Option<&'static str>,
    f: Option<f64>,
}

const NUMERICS: [&str; 7] = ["1", "1.0", "1.50", "-2.25000", "1e30", "NaN", "0.000001"];
const FLOATS: [f64; 6] = [1e16, 1.0, -1e16, 0.5, -0.0, 3.25];

fn number<'a>(text: &str, arena: &'a Arena) -> Datum<'a> {
    text_in(Numeric, -1, text, &FormatSettings::default(), arena).expect("a numeric")
}

fn opt<'a, T>(value: Option<T>, datum: impl Fn(T) -> Datum<'a>) -> Datum<'a> {
    value.map_or(Datum::Null, datum)
}

impl R {
    fn pack(&self) -> Vec<u8> {
        let arena = Arena::new();
        let mut out = Vec::new();
        push_datum(&mut out, opt(self.k, Datum::Int32));
        push_datum(&mut out, opt(self.v, Datum::Int32));
        match self.n {
            Some(text) => push_datum(&mut out, number(text, &arena)),
            None => push_null(&mut out),
        }
        push_datum(&mut out, opt(self.f, Datum::Float64));
        out
    }
}

type Tables = [Vec<R>; 2];

fn pack(values: &[Datum<'_>]) -> Vec<u8> {
    Row::pack(values).as_bytes().to_vec()
}

fn bag(rows: impl IntoIterator<Item = Vec<u8>>) -> Bag {
    let mut bag = Bag::new();
    for row in rows {
        *bag.entry(row).or_default() += 1;
    }
    bag
}

fn groups(rows: &[R]) -> BTreeMap<Option<i32>, Vec<R>> {
    let mut groups: BTreeMap<Option<i32>, Vec<R>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.k).or_default().push(*row);
    }
    groups
}

/// Ascending with NULL last.
fn null_last(value: Option<i32>) -> (bool, Option<i32>) {
    (value.is_none(), value)
}

struct Query {
    name: &'static str,
    plan: Plan,
    expect: fn(&Tables) -> Answer,
}

fn queries() -> Vec<Query> {
    let t = table();
    let mut queries = Vec::new();
    let distinct = [column(Int4)];
    queries.push(Query {
        name: "distinct",
        plan: plan(vec![
            import(1),
            node(
                distinct.to_vec(),
                Operator::Reduce {
                    input: 0,
                    key: vec![key_of(0, Int4)],
                    class: ReduceClass::Distinct,
                    layout: reduce_layout(&distinct, 1),
                },
            ),
        ]),
        expect: |[t, _]| (groups(t).keys().map(|k| (pack(&[opt(*k, Datum::Int32)]), 1)).collect(), vec![]),
    });
    let sums = [
        column(Int4),
        column(Int8),
        column(Int8),
        column(Int8),
        column(Numeric),
        column(Numeric),
        column(Float8),
        column(Int8),
        column(Bool),
    ];
    let mut filtered = aggregate(AggregateFunction::CountAll, None, Int8);
    filtered.filter = Some(call("int4gt", vec![col(1), int4(2)], Bool));
    let mut every = aggregate(AggregateFunction::BoolAnd, Some((1, Bool)), Bool);
    every.arguments =
        vec![KeyExpr { expr: call("int4gt", vec![col(1), int4(0)], Bool), column: column(Bool) }];
    use AggregateFunction as F;
    queries.push(Query {
        name: "sums",
        plan: plan(vec![
            import(1),
            node(
                sums.to_vec(),
                Operator::Reduce {
                    input: 0,
                    key: vec![key_of(0, Int4)],
                    class: ReduceClass::Accumulable {
                        monotonic: false,
                        aggregates: vec![
                            aggregate(F::CountAll, None, Int8),
                            aggregate(F::Count, Some((1, Int4)), Int8),
                            aggregate(F::Sum, Some((1, Int4)), Int8),
                            aggregate(F::Sum, Some((2, Numeric)), Numeric),
                            aggregate(F::Avg, Some((1, Int4)), Numeric),
                            aggregate(F::Sum, Some((3, Float8)), Float8),
                            filtered,
                            every,
                        ],
                    },
                    layout: reduce_layout(&sums, 1),
                },
            ),
        ]),
        expect: |[t, _]| {
            let arena = Arena::new();
            let rows = groups(t).into_iter().map(|(k, rows)| {
                let vs: Vec<i64> = rows.iter().filter_map(|row| row.v.map(i64::from)).collect();
                let sum: i64 = vs.iter().sum();
                let mut total = tidewire_row::Numeric::ZERO;
                let mut some = false;
                for text in rows.iter().filter_map(|row| row.n) {
                    let Datum::Numeric(value) = number(text, &arena) else { panic!("{text}") };
                    total = total.add(&value, &arena).expect("in range");
                    some = true;
                }
                let mean = match vs.len() {
                    0 => Datum::Null,
                    n => Datum::Numeric(
                        tidewire_row::Numeric::from_i64(sum)
                            .div(&tidewire_row::Numeric::from_i64(n as i64), &arena)
                            .expect("not zero"),
                    ),
                };
                // Multiples of 0.25 below 2^60: exact in i128 quarters.
                let fs: Vec<f64> = rows.iter().filter_map(|row| row.f).collect();
                let quarters: i128 = fs.iter().map(|f| (f * 4.0) as i128).sum();
                let negative = fs.iter().all(|f| *f == 0.0 && f.is_sign_negative());
                let float = if negative { -0.0 } else { quarters as f64 / 4.0 };
                pack(&[
                    opt(k, Datum::Int32),
                    Datum::Int64(rows.len() as i64),
                    Datum::Int64(vs.len() as i64),
                    if vs.is_empty() { Datum::Null } else { Datum::Int64(sum) },
                    if some { Datum::Numeric(total) } else { Datum::Null },
                    mean,
                    if fs.is_empty() { Datum::Null } else { Datum::Float64(float) },
                    Datum::Int64(vs.iter().filter(|v| **v > 2).count() as i64),
                    if vs.is_empty() { Datum::Null } else { Datum::Bool(vs.iter().all(|v| *v > 0)) },
                ])
            });
            (bag(rows), vec![])
        },
    });
    let extremes = [column(Int4), column(Int4), column(Int4), column(Numeric)];
    queries.push(Query {
        name: "min and max",
        plan: plan(vec![
            import(1),
            node(
                extremes.to_vec(),
                Operator::Reduce {
                    input: 0,
                    key: vec![key_of(0, Int4)],
                    class: ReduceClass::Hierarchical {
                        aggregates: vec![
                            aggregate(F::Min, Some((1, Int4)), Int4),
                            aggregate(F::Max, Some((1, Int4)), Int4),
                            aggregate(F::LeastRepresentation, Some((2, Numeric)), Numeric),
                        ],
                    },
                    layout: reduce_layout(&extremes, 1),
                },
            ),
        ]),
        expect: |[t, _]| {
            let rows = groups(t).into_iter().map(|(k, rows)| {
                let vs = || rows.iter().filter_map(|row| row.v);
                let mut out = pack(&[
                    opt(k, Datum::Int32),
                    opt(vs().min(), Datum::Int32),
                    opt(vs().max(), Datum::Int32),
                ]);
                let arena = Arena::new();
                let least = rows
                    .iter()
                    .map(|row| row.n.map_or(pack(&[Datum::Null]), |text| pack(&[number(text, &arena)])))
                    .min();
                out.extend(least.expect("a group has rows"));
                out
            });
            (bag(rows), vec![])
        },
    });
    for (name, with_ties) in [("top-k", false), ("top-k with ties", true)] {
        queries.push(Query {
            name,
            plan: plan(vec![
                import(1),
                project(0, &[0, 1], &t),
                node(
                    vec![column(Int4), column(Int4)],
                    Operator::TopK {
                        input: 1,
                        key: vec![key_of(0, Int4)],
                        order: vec![OrderKey { column: 1, descending: true, nulls_first: true }],
                        limit: Some(int8(2)),
                        offset: Some(int8(1)),
                        with_ties,
                        monotonic: false,
                    },
                ),
            ]),
            expect: match with_ties {
                false => |[t, _]| (top(t, false), vec![]),
                true => |[t, _]| (top(t, true), vec![]),
            },
        });
    }
    for (name, safe) in [("join", false), ("null-safe join", true)] {
        let joined: Vec<ColumnType> = vec![column(Int4), column(Int4), column(Int4)];
        let by_v = layout(&t, vec![key_of(1, Int4)]);
        let closure = Mfp {
            expressions: vec![call("int4pl", vec![col(1), col(5)], Int4)],
            predicates: vec![],
            projection: vec![0, 4, 8],
        };
        queries.push(Query {
            name,
            plan: plan(vec![
                import(1),
                import(2),
                node(t.clone(), Operator::Arrange { input: 1, layout: by_v }),
                node(joined, Operator::Join { left: 0, right: 2, null_safe: vec![safe], closure }),
            ]),
            expect: match safe {
                false => |tables| (joined_rows(tables, false), vec![]),
                true => |tables| (joined_rows(tables, true), vec![]),
            },
        });
    }
    queries.push(Query {
        name: "delta join",
        plan: plan(vec![
            import(1),
            import(2),
            node(t.clone(), Operator::Arrange { input: 1, layout: layout(&t, vec![key_of(1, Int4)]) }),
            node(vec![column(Int4); 3], Operator::DeltaJoin { paths: delta_paths(&t) }),
        ]),
        expect: |tables| (delta_joined(tables), vec![]),
    });
    let pair = vec![column(Int4), column(Int4)];
    queries.push(Query {
        name: "except all",
        plan: plan(vec![
            import(1),
            project(0, &[0, 1], &t),
            import(2),
            project(2, &[0, 1], &t),
            node(pair.clone(), Operator::Negate { input: 3 }),
            node(pair.clone(), Operator::Union { inputs: vec![1, 4] }),
            node(pair.clone(), Operator::Threshold { input: 5 }),
        ]),
        expect: |[a, b]| {
            let rows =
                |t: &[R]| bag(t.iter().map(|r| pack(&[opt(r.k, Datum::Int32), opt(r.v, Datum::Int32)])));
            let mut left = rows(a);
            for (row, count) in rows(b) {
                *left.entry(row).or_default() -= count;
            }
            left.retain(|_, count| *count > 0);
            (left, vec![])
        },
    });
    queries.push(Query {
        name: "guard",
        plan: plan(vec![
            import(2),
            node(
                pair.clone(),
                Operator::Mfp {
                    input: 0,
                    mfp: Mfp {
                        expressions: vec![],
                        predicates: vec![Predicate {
                            position: 4,
                            condition: call("int4gt", vec![col(1), int4(3)], Bool),
                        }],
                        projection: vec![0, 1],
                    },
                },
            ),
            node(
                pair.clone(),
                Operator::Guard {
                    input: 1,
                    key: vec![key_of(0, Int4)],
                    sqlstate: "21000".into(),
                    message: "more than one row returned by a subquery used as an expression".into(),
                    hint: None,
                },
            ),
        ]),
        expect: |[_, t]| {
            let kept: Vec<R> = t.iter().filter(|row| row.v.is_some_and(|v| v > 3)).copied().collect();
            let failed = groups(&kept).values().any(|rows| rows.len() > 1);
            let rows = bag(kept.iter().map(|r| pack(&[opt(r.k, Datum::Int32), opt(r.v, Datum::Int32)])));
            (rows, if failed { vec!["21000".into()] } else { vec![] })
        },
    });
    let inverse = |input| {
        node(
            pair.clone(),
            Operator::Mfp {
                input,
                mfp: Mfp {
                    expressions: vec![call("int4div", vec![int4(10), col(1)], Int4)],
                    predicates: vec![],
                    projection: vec![0, 4],
                },
            },
        )
    };
    queries.push(Query {
        name: "division",
        plan: plan(vec![import(1), inverse(0)]),
        expect: |[t, _]| {
            let rows = t
                .iter()
                .filter(|r| r.v != Some(0))
                .map(|r| pack(&[opt(r.k, Datum::Int32), opt(r.v.map(|v| 10 / v), Datum::Int32)]));
            let failed = t.iter().any(|r| r.v == Some(0));
            (bag(rows), if failed { vec!["22012".into()] } else { vec![] })
        },
    });
    let global = [column(Int8)];
    queries.push(Query {
        name: "overflow that goes away",
        plan: plan(vec![
            import(1),
            node(
                global.to_vec(),
                Operator::Reduce {
                    input: 0,
                    key: vec![],
                    class: ReduceClass::Accumulable {
                        monotonic: false,
                        aggregates: vec![Aggregate {
                            arguments: vec![KeyExpr {
                                expr: call(
                                    "float8_numeric",
                                    vec![call(
                                        "float8mul",
                                        vec![
                                            col(3),
                                            Expr::Literal { scalar: Float8, text: Some("1e300".into()) },
                                        ],
                                        Float8,
                                    )],
                                    Numeric,
                                ),
                                column: column(Numeric),
                            }],
                            ..aggregate(F::Count, Some((3, Numeric)), Int8)
                        }],
                    },
                    layout: reduce_layout(&global, 0),
                },
            ),
        ]),
        expect: |[t, _]| {
            // 1e316 does not fit: a row with 1e16 is an error of the argument.
            let failed = t.iter().any(|row| row.f.is_some_and(|f| f.abs() > 1e15));
            let fine: Vec<&R> = t.iter().filter(|row| row.f.is_none_or(|f| f.abs() < 1e15)).collect();
            let count = fine.iter().filter(|row| row.f.is_some()).count() as i64;
            let rows = if fine.is_empty() { Bag::new() } else { bag([pack(&[Datum::Int64(count)])]) };
            (rows, if failed { vec!["22003".into()] } else { vec![] })
        },
    });
    queries.push(Query {
        name: "constant and union",
        plan: plan(vec![
            import(1),
            project(0, &[0, 1], &t),
            node(
                pair.clone(),
                Operator::Constant {
                    rows: vec![
                        ConstantRow { values: vec![Some("7".into()), None], diff: 2 },
                        ConstantRow { values: vec![Some("1".into()), Some("1".into())], diff: 1 },
                    ],
                },
            ),
            node(pair.clone(), Operator::Union { inputs: vec![1, 2] }),
            node(
                vec![column(Int4), column(Int8)],
                Operator::Reduce {
                    input: 3,
                    key: vec![key_of(0, Int4)],
                    class: ReduceClass::Accumulable {
                        aggregates: vec![aggregate(F::CountAll, None, Int8)],
                        monotonic: false,
                    },
                    layout: reduce_layout(&[column(Int4), column(Int8)], 1),
                },
            ),
        ]),
        expect: |[t, _]| {
            let mut counts: BTreeMap<Option<i32>, i64> = BTreeMap::from([(Some(7), 2), (Some(1), 1)]);
            for row in t {
                *counts.entry(row.k).or_default() += 1;
            }
            let rows = counts.into_iter().map(|(k, n)| pack(&[opt(k, Datum::Int32), Datum::Int64(n)]));
            (bag(rows), vec![])
        },
    });
    queries.push(Query {
        name: "lookup",
        plan: plan(vec![node(
            table(),
            Operator::Lookup {
                arrangement: 1,
                layout: layout(&table(), vec![key_of(0, Int4)]),
                keys: vec![vec![int4(2)], vec![int4(1)], vec![int4(2)]],
                range: None,
                descending: None,
                each: None,
            },
        )]),
        expect: |[t, _]| {
            let found = t.iter().filter(|row| matches!(row.k, Some(1 | 2)));
            (bag(found.map(R::pack)), vec![])
        },
    });
    // Shared Mfp, reduce joined with a reduce, grouping by numeric.
    let by_n = [column(Numeric), column(Int8)];
    queries.push(Query {
        name: "look-up of a range",
        plan: plan(vec![node(
            table(),
            Operator::Lookup {
                arrangement: 1,
                layout: layout(&table(), vec![key_of(0, Int4)]),
                keys: vec![vec![]],
                range: Some(KeyRange { from: Some(int4(1)), to: Some(int4(2)) }),
                descending: None,
                each: None,
            },
        )]),
        expect: |[t, _]| {
            let found = t.iter().filter(|row| matches!(row.k, Some(1..=2)));
            (bag(found.map(R::pack)), vec![])
        },
    });
    queries.push(Query {
        name: "group by numeric, joined with itself",
        plan: plan(vec![
            import(1),
            node(
                by_n.to_vec(),
                Operator::Reduce {
                    input: 0,
                    key: vec![key_of(2, Numeric)],
                    class: ReduceClass::Accumulable {
                        aggregates: vec![aggregate(F::CountAll, None, Int8)],
                        monotonic: false,
                    },
                    layout: reduce_layout(&by_n, 1),
                },
            ),
            node(
                vec![column(Numeric), column(Int8), column(Int8)],
                Operator::Join {
                    left: 1,
                    right: 1,
                    null_safe: vec![true],
                    closure: Mfp { expressions: vec![], predicates: vec![], projection: vec![0, 1, 3] },
                },
            ),
        ]),
        expect: |[t, _]| {
            let arena = Arena::new();
            let mut counts: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
            for row in t {
                let key = row.n.map_or(Datum::Null, |text| canonical(Numeric, number(text, &arena), &arena));
                *counts.entry(pack(&[key])).or_default() += 1;
            }
            let rows = counts.into_iter().map(|(mut key, n)| {
                push_datum(&mut key, Datum::Int64(n));
                push_datum(&mut key, Datum::Int64(n));
                key
            });
            (bag(rows), vec![])
        },
    });
    queries
}

fn top(t: &[R], ties: bool) -> Bag {
    let mut shown = Vec::new();
    for (k, mut rows) in groups(t) {
        // DESC NULLS FIRST.
        rows.sort_by_key(|row| (row.v.is_some(), std::cmp::Reverse(row.v)));
        let mut window: Vec<R> = rows.iter().skip(1).take(2).copied().collect();
        if ties && window.len() == 2 {
            let last = window[1].v;
            window.extend(rows.iter().skip(3).filter(|row| row.v == last));
        }
        shown.extend(window.iter().map(|row| pack(&[opt(k, Datum::Int32), opt(row.v, Datum::Int32)])));
    }
    bag(shown)
}

fn joined_rows([a, b]: &Tables, safe: bool) -> Bag {
    let mut rows = Vec::new();
    for x in a {
        for y in b {
            if x.k == y.v && (safe || x.k.is_some()) {
                let sum = x.v.zip(y.v).map(|(a, b)| a + b);
                rows.push(pack(&[opt(x.k, Datum::Int32), opt(y.k, Datum::Int32), opt(sum, Datum::Int32)]));
            }
        }
    }
    bag(rows)
}

/// a.k = b.v and b.k = c.k: of a the first table by k, of b the second by k or v, of c the second by k.
fn delta_paths(t: &[ColumnType]) -> Vec<DeltaPath> {
    let whole = |columns: Vec<u32>| Mfp { expressions: vec![], predicates: vec![], projection: columns };
    let stage = |input: u32, arrangement: u32, key: u32, shown: Vec<u32>| DeltaStage {
        input,
        arrangement,
        key: vec![key_of(key, Int4)],
        null_safe: vec![false],
        columns: vec![column(Int4); shown.len()],
        closure: whole(shown),
    };
    let path = |source: u32, stages: Vec<DeltaStage>| DeltaPath {
        source,
        start: whole(vec![0, 1]),
        columns: t[..2].to_vec(),
        stages,
    };
    vec![
        // (a.k, a.v) → (a.v, b.k, b.v) → (a.v, b.v, c.v)
        path(0, vec![stage(1, 2, 0, vec![1, 2, 3]), stage(2, 1, 1, vec![0, 2, 4])]),
        // (b.k, b.v) → (b.k, b.v, a.v) → …
        path(1, vec![stage(0, 0, 1, vec![0, 1, 3]), stage(2, 1, 0, vec![2, 1, 4])]),
        // (c.k, c.v) → (c.v, b.v) → …
        path(1, vec![stage(1, 1, 0, vec![1, 3]), stage(0, 0, 1, vec![3, 1, 0])]),
    ]
}

fn delta_joined([first, second]: &Tables) -> Bag {
    let mut rows = Vec::new();
    for a in first {
        for b in second.iter().filter(|b| a.k.is_some() && a.k == b.v) {
            for c in second.iter().filter(|c| b.k.is_some() && b.k == c.k) {
                rows.push(pack(&[a.v, b.v, c.v].map(|value| opt(value, Datum::Int32))));
            }
        }
    }
    bag(rows)
}

struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    fn row(&mut self) -> R {
        let small = |value: u64, null: u64| (value != null).then_some(value as i32);
        R {
            k: small(self.next(5), 4),
            v: small(self.next(8), 7),
            n: NUMERICS.get(self.next(9) as usize).copied(),
            f: FLOATS.get(self.next(7) as usize).copied(),
        }
    }
}

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
