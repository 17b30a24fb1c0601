//! Rows that are put together, and looked up.

use crate::queries::{Query, pair};
use crate::support::*;
use crate::tables::*;
use std::collections::BTreeMap;
use tidewire_plan::AggregateFunction as F;
use tidewire_plan::*;
use tidewire_row::Datum;

pub fn queries() -> Vec<Query> {
    vec![except_all(), constant_and_union(), look_up(), look_up_of_a_range()]
}

fn except_all() -> Query {
    Query {
        name: "except all",
        plan: plan(vec![
            import(1),
            project(0, &[0, 1], &table()),
            import(2),
            project(2, &[0, 1], &table()),
            node(pair(), Operator::Negate { input: 3 }),
            node(pair(), Operator::Union { inputs: vec![1, 4] }),
            node(pair(), Operator::Threshold { input: 5 }),
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
    }
}

fn constant_and_union() -> Query {
    Query {
        name: "constant and union",
        plan: plan(vec![
            import(1),
            project(0, &[0, 1], &table()),
            node(
                pair(),
                Operator::Constant {
                    rows: vec![
                        ConstantRow { values: vec![Some("7".into()), None], diff: 2 },
                        ConstantRow { values: vec![Some("1".into()), Some("1".into())], diff: 1 },
                    ],
                },
            ),
            node(pair(), Operator::Union { inputs: vec![1, 2] }),
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
    }
}

fn look_up() -> Query {
    Query {
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
    }
}

fn look_up_of_a_range() -> Query {
    Query {
        name: "look-up of a range",
        plan: plan(vec![node(
            table(),
            Operator::Lookup {
                arrangement: 1,
                layout: layout(&table(), vec![key_of(0, Int4)]),
                keys: vec![vec![]],
                range: Some(KeyRange { from: Some(int4(1)), to: Some(int4(2)), present: false }),
                descending: None,
                each: None,
            },
        )]),
        expect: |[t, _]| {
            let found = t.iter().filter(|row| matches!(row.k, Some(1..=2)));
            (bag(found.map(R::pack)), vec![])
        },
    }
}
