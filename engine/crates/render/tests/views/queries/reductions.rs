//! Reductions, and the first rows of groups.

use crate::queries::Query;
use crate::support::*;
use crate::tables::*;
use tidewire_plan::AggregateFunction as F;
use tidewire_plan::ScalarType::Bool;
use tidewire_plan::*;
use tidewire_row::{Arena, Datum};

pub fn queries() -> Vec<Query> {
    vec![
        distinct(),
        sums(),
        extremes(),
        top_k("top-k", [1, 2], false, |[t, _]| (top(t, [1, 2], false), vec![])),
        top_k("top-k with ties", [1, 2], true, |[t, _]| (top(t, [1, 2], true), vec![])),
        top_k("first rows with ties", [0, 1], true, |[t, _]| (top(t, [0, 1], true), vec![])),
    ]
}

fn distinct() -> Query {
    let distinct = [column(Int4)];
    Query {
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
    }
}

fn sums() -> Query {
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
    let mut filtered = aggregate(F::CountAll, None, Int8);
    filtered.filter = Some(call("int4gt", vec![col(1), int4(2)], Bool));
    let mut every = aggregate(F::BoolAnd, Some((1, Bool)), Bool);
    every.arguments =
        vec![KeyExpr { expr: call("int4gt", vec![col(1), int4(0)], Bool), column: column(Bool) }];
    Query {
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
    }
}

fn extremes() -> Query {
    let extremes = [column(Int4), column(Int4), column(Int4), column(Numeric)];
    Query {
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
    }
}

fn top_k(
    name: &'static str,
    [offset, limit]: [i64; 2],
    with_ties: bool,
    expect: fn(&Tables) -> Answer,
) -> Query {
    Query {
        name,
        plan: plan(vec![
            import(1),
            project(0, &[0, 1], &table()),
            node(
                vec![column(Int4), column(Int4)],
                Operator::TopK {
                    input: 1,
                    key: vec![key_of(0, Int4)],
                    order: vec![OrderKey { column: 1, descending: true, nulls_first: true }],
                    limit: Some(int8(limit)),
                    offset: Some(int8(offset)),
                    with_ties,
                    monotonic: false,
                    sorted: None,
                },
            ),
        ]),
        expect,
    }
}

fn top(t: &[R], [offset, limit]: [usize; 2], ties: bool) -> Bag {
    let mut shown = Vec::new();
    for (k, mut rows) in groups(t) {
        // DESC NULLS FIRST.
        rows.sort_by_key(|row| (row.v.is_some(), std::cmp::Reverse(row.v)));
        let mut window: Vec<R> = rows.iter().skip(offset).take(limit).copied().collect();
        if ties && window.len() == limit {
            let last = window[limit - 1].v;
            window.extend(rows.iter().skip(offset + limit).filter(|row| row.v == last));
        }
        shown.extend(window.iter().map(|row| pack(&[opt(k, Datum::Int32), opt(row.v, Datum::Int32)])));
    }
    bag(shown)
}
