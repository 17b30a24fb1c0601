//! Queries in which rows are errors.

use crate::queries::{Query, pair};
use crate::support::*;
use crate::tables::*;
use tidewire_plan::AggregateFunction as F;
use tidewire_plan::ScalarType::Bool;
use tidewire_plan::*;
use tidewire_row::Datum;

pub fn queries() -> Vec<Query> {
    vec![guard(), division(), overflow()]
}

fn guard() -> Query {
    Query {
        name: "guard",
        plan: plan(vec![
            import(2),
            node(
                pair(),
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
                pair(),
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
    }
}

fn division() -> Query {
    let inverse = |input| {
        node(
            pair(),
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
    Query {
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
    }
}

fn overflow() -> Query {
    let global = [column(Int8)];
    Query {
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
    }
}
