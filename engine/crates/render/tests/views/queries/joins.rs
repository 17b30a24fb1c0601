//! Joins.

use crate::queries::Query;
use crate::support::*;
use crate::tables::*;
use std::collections::BTreeMap;
use tidewire_plan::AggregateFunction as F;
use tidewire_plan::*;
use tidewire_row::{Arena, Datum, canonical, push_datum};

pub fn queries() -> Vec<Query> {
    vec![join("join", false), join("null-safe join", true), delta_join(), joined_with_itself()]
}

fn join(name: &'static str, safe: bool) -> Query {
    let joined: Vec<ColumnType> = vec![column(Int4), column(Int4), column(Int4)];
    let by_v = layout(&table(), vec![key_of(1, Int4)]);
    let closure = Mfp {
        expressions: vec![call("int4pl", vec![col(1), col(5)], Int4)],
        predicates: vec![],
        projection: vec![0, 4, 8],
    };
    Query {
        name,
        plan: plan(vec![
            import(1),
            import(2),
            node(table(), Operator::Arrange { input: 1, layout: by_v }),
            node(joined, Operator::Join { left: 0, right: 2, null_safe: vec![safe], closure }),
        ]),
        expect: match safe {
            false => |tables| (joined_rows(tables, false), vec![]),
            true => |tables| (joined_rows(tables, true), vec![]),
        },
    }
}

fn delta_join() -> Query {
    Query {
        name: "delta join",
        plan: plan(vec![
            import(1),
            import(2),
            node(table(), Operator::Arrange { input: 1, layout: layout(&table(), vec![key_of(1, Int4)]) }),
            node(vec![column(Int4); 3], Operator::DeltaJoin { paths: delta_paths(&table()) }),
        ]),
        expect: |tables| (delta_joined(tables), vec![]),
    }
}

fn joined_with_itself() -> Query {
    let by_n = [column(Numeric), column(Int8)];
    Query {
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
    }
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
