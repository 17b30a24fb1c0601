//! One-shot plans: parameters, look-ups, finishing, writes with RETURNING, table functions, what subscriptions send.

use std::sync::Arc;
use tidewire_arrange::{CollectionSnapshot, ShardedSnapshot, Snapshot, Updates, frontier_at, output_batch};
use tidewire_plan::ScalarType::{Int4, Int8, Interval, Text, Timestamp};
use tidewire_plan::*;
use tidewire_render::*;
use tidewire_row::{Arena, Datum, FormatSettings, Row, text_out};

fn column(scalar: ScalarType) -> ColumnType {
    ColumnType { scalar, typmod: -1, nullable: true }
}

fn col(index: u32) -> Expr {
    Expr::Column { index }
}

fn literal(scalar: ScalarType, text: &str) -> Expr {
    Expr::Literal { scalar, text: Some(text.into()) }
}

fn call(opcode: &str, arguments: Vec<Expr>, scalar: ScalarType) -> Expr {
    Expr::Call { opcode: opcode.into(), arguments, scalar }
}

/// (id int4 key, name text)
fn table() -> Vec<ColumnType> {
    vec![column(Int4), column(Text)]
}

fn table_layout() -> Layout {
    Layout {
        key: vec![KeyExpr { expr: col(0), column: column(Int4) }],
        value: vec![1],
        restore: vec![ColumnPlace::Key { index: 0 }, ColumnPlace::Value { index: 0 }],
    }
}

fn sources() -> Sources {
    let mut rows = Updates::new();
    for (id, name) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
        let (key, value) = (Row::pack(&[Datum::Int32(id)]), Row::pack(&[Datum::Text(name)]));
        rows.push(key.as_bytes(), value.as_bytes(), 0, 1);
    }
    let empty = ShardedSnapshot::new(vec![Arc::new(Snapshot::empty(0))], 9);
    Sources::from_iter([(1, CollectionSnapshot { ok: overlaid(&empty, &rows), err: empty })])
}

fn node(columns: Vec<ColumnType>, operator: Operator) -> Node {
    Node { label: "node".into(), columns, operator }
}

fn plan(parameters: Vec<ScalarType>, nodes: Vec<Node>, output: Output) -> Plan {
    Plan { format_version: FORMAT_VERSION, name: "test".into(), parameters, nodes, output }
}

fn text_of(gathered: Collector, types: &[ScalarType]) -> Vec<String> {
    let rows = gathered.finish();
    let arena = Arena::new();
    let mut shown = Vec::new();
    for (row, count) in rows.iter() {
        let mut columns = Vec::new();
        tidewire_row::decode(row, types, &arena, &mut columns);
        let mut line = Vec::new();
        for (value, scalar) in columns.iter().zip(types) {
            if !line.is_empty() {
                line.push(b'|');
            }
            text_out(*value, *scalar, &FormatSettings::default(), &mut line);
        }
        let line = String::from_utf8(line).expect("text");
        shown.extend(std::iter::repeat_n(line, count as usize));
    }
    shown
}

fn overlaid(snapshot: &ShardedSnapshot, updates: &Updates) -> ShardedSnapshot {
    snapshot.overlaid(&[vec![output_batch(updates, &frontier_at(0), &frontier_at(1))]])
}

fn finishing(order: Vec<OrderKey>, limit: Option<Expr>, projection: Vec<u32>) -> Finishing {
    Finishing { order, sorted: None, limit, offset: None, with_ties: false, completed: None, projection }
}

#[test]
fn a_look_up_with_a_parameter_is_immediate() {
    let lookup = Operator::Lookup {
        arrangement: 1,
        layout: table_layout(),
        keys: vec![vec![Expr::Parameter { index: 0 }]],
        range: None,
        descending: None,
        each: None,
    };
    let output = Output::Rows { node: 0, finishing: finishing(vec![], None, vec![1]) };
    let plan = plan(vec![Int4], vec![node(table(), lookup)], output);
    let prepared = Prepared::new(plan);
    assert!(prepared.is_immediate());
    for (value, expected) in
        [(Datum::Int32(3), b"three".to_vec()), (Datum::Int32(9), vec![]), (Datum::Null, vec![])]
    {
        let parameters = Row::pack(&[value]).as_bytes().to_vec();
        let environment = Environment { parameters, ..Environment::default() };
        let format = RowFormat::DataRow(vec![false]);
        let results = |finish| Results::new(finish, format, &[], FormatSettings::default());
        let (gathered, rest) = prepared.execute(environment, sources(), results).expect("a result");
        let mut result = gathered.finish(rest);
        let mut out = Vec::new();
        let (rows, done) = result.next(0, &mut out);
        assert_eq!((rows, done), (!expected.is_empty() as u64, true));
        assert!(out.ends_with(&expected), "{out:?}");
    }
}

#[test]
fn a_range_is_read_from_either_end() {
    let int4 = |text: &str| Some(literal(Int4, text));
    let sorted = |range: KeyRange, descending: bool, limit: &str| {
        let lookup = Operator::Lookup {
            arrangement: 1,
            layout: table_layout(),
            keys: vec![vec![]],
            range: Some(range),
            descending: Some(descending),
            each: None,
        };
        let order = vec![OrderKey { column: 0, descending, nulls_first: descending }];
        let finishing =
            Finishing { sorted: Some(1), ..finishing(order, Some(literal(Int8, limit)), vec![0, 1]) };
        let plan = plan(vec![], vec![node(table(), lookup)], Output::Rows { node: 0, finishing });
        let (rows, _) =
            Prepared::new(plan).execute(Environment::default(), sources(), Collector::new).expect("a result");
        text_of(rows, &[Int4, Text])
    };
    let all = || KeyRange { from: None, to: None, present: false };
    assert_eq!(sorted(all(), false, "2"), ["1|one", "2|two"]);
    assert_eq!(sorted(all(), true, "2"), ["4|four", "3|three"]);
    assert_eq!(
        sorted(KeyRange { from: None, to: int4("3"), present: false }, true, "9"),
        ["3|three", "2|two", "1|one"]
    );
    assert_eq!(
        sorted(KeyRange { from: int4("2"), to: int4("3"), present: false }, true, "9"),
        ["3|three", "2|two"]
    );
    assert_eq!(sorted(KeyRange { from: int4("5"), to: None, present: false }, true, "9"), [""; 0]);
    assert_eq!(sorted(KeyRange { from: int4("2"), to: None, present: false }, false, "1"), ["2|two"]);
}

#[test]
fn a_large_result_is_computed_in_portions() {
    let mut rows = Updates::new();
    let text = "x".repeat(100_000);
    for number in 0..30 {
        rows.push(
            Row::pack(&[Datum::Int32(number)]).as_bytes(),
            Row::pack(&[Datum::Text(&text)]).as_bytes(),
            0,
            1,
        );
    }
    let empty = sources().get(1).expect("there").clone();
    let source = CollectionSnapshot { ok: overlaid(&empty.ok.emptied(), &rows), err: empty.err };
    let import = node(table(), Operator::Import { arrangement: 1, layout: table_layout() });
    let output = Output::Rows { node: 0, finishing: finishing(vec![], None, vec![0, 1]) };
    let results = |finish| Results::new(finish, RowFormat::DataRow(vec![]), &[], FormatSettings::default());
    let (gathered, rest) = Prepared::new(plan(vec![], vec![import], output))
        .execute(Environment::default(), Sources::from_iter([(1, source)]), results)
        .expect("a result");
    let mut result = gathered.finish(rest);
    let (mut seen, mut portions) = (Vec::new(), 1);
    loop {
        let mut out = Vec::new();
        let (rows, done) = result.next(1, &mut out);
        if rows > 0 {
            // 'D', a length, a count, and the first field with its length.
            let length = u32::from_be_bytes(out[7..11].try_into().expect("four bytes")) as usize;
            seen.push(String::from_utf8(out[11..11 + length].to_vec()).expect("text"));
        }
        if done {
            break;
        }
        if result.is_waiting() {
            assert_eq!(result.row_count(), None);
            result.fill().expect("the next portion");
            portions += 1;
        }
    }
    assert_eq!(seen, (0..30).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(portions > 4, "{portions} portions");
}

#[test]
fn finishing_orders_and_limits() {
    let import = node(table(), Operator::Import { arrangement: 1, layout: table_layout() });
    let order = vec![OrderKey { column: 1, descending: true, nulls_first: true }];
    let limited = |limit: Expr| {
        let output = Output::Rows { node: 0, finishing: finishing(order.clone(), Some(limit), vec![0, 1]) };
        Prepared::new(plan(vec![], vec![import.clone()], output)).execute(
            Environment::default(),
            sources(),
            Collector::new,
        )
    };
    let (rows, _) = limited(literal(Int8, "2")).expect("rows");
    assert_eq!(text_of(rows, &[Int4, Text]), ["2|two", "3|three"]);
    let (all, _) = limited(Expr::Literal { scalar: Int8, text: None }).expect("rows");
    assert_eq!(all.finish().row_count(), 4);
    match limited(literal(Int8, "-1")) {
        Err(ExecuteError::Data(error)) => {
            assert_eq!((error.sqlstate(), error.message()), ("2201W", "LIMIT must not be negative"));
        }
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn an_update_deletes_and_inserts_and_returns_new_rows() {
    let import = node(table(), Operator::Import { arrangement: 1, layout: table_layout() });
    let filter = Mfp {
        expressions: vec![],
        predicates: vec![Predicate {
            position: 2,
            condition: call("int4gt", vec![col(0), literal(Int4, "2")], ScalarType::Bool),
        }],
        projection: vec![0, 1],
    };
    let add = Mfp {
        expressions: vec![call("int4pl", vec![col(0), literal(Int4, "10")], Int4)],
        predicates: vec![],
        projection: vec![2, 1],
    };
    let returning = Mfp { expressions: vec![], predicates: vec![], projection: vec![0] };
    let plan = plan(
        vec![],
        vec![
            import,
            node(table(), Operator::Mfp { input: 0, mfp: filter }),
            node(table(), Operator::Mfp { input: 1, mfp: add }),
        ],
        Output::Write {
            arrangement: 1,
            deleted: Some(1),
            inserted: Some(2),
            returned: None,
            replaced: None,
            returning_query: None,
            ordered: false,
            completed: None,
            conflict: None,
            returning: Some(returning),
        },
    );
    let result = Prepared::new(plan.clone())
        .execute_write(Environment::default(), sources(), Collector::new, &mut |_| Ok(()))
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!((result.affected, result.deleted.len(), result.inserted.len()), (2, 2, 2));
    assert_eq!(text_of(result.returning.expect("rows"), &[Int4]), ["13", "14"]);
}

#[test]
fn inserting_constants_needs_no_collection() {
    let rows = vec![
        ConstantRow { values: vec![Some("5".into()), None], diff: 1 },
        ConstantRow { values: vec![Some("6".into()), Some("six".into())], diff: 2 },
    ];
    let output = Output::Write {
        arrangement: 1,
        deleted: None,
        inserted: Some(0),
        returned: None,
        replaced: None,
        returning_query: None,
        ordered: false,
        completed: None,
        returning: None,
        conflict: None,
    };
    let plan = plan(vec![], vec![node(table(), Operator::Constant { rows })], output);
    assert!(Prepared::new(plan.clone()).is_immediate());
    let result = Prepared::new(plan.clone())
        .execute_write(Environment::default(), Sources::default(), Collector::new, &mut |_| Ok(()))
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!((result.affected, result.deleted.len()), (3, 0));
}

#[test]
fn hop_gives_one_row_a_window() {
    let rows = vec![
        ConstantRow { values: vec![Some("2020-01-01 00:07:00".into())], diff: 1 },
        ConstantRow { values: vec![None], diff: 1 },
    ];
    let arguments = vec![col(0), literal(Interval, "5 minutes"), literal(Interval, "10 minutes")];
    let windows = vec![column(Timestamp), column(Timestamp), column(Timestamp)];
    let plan = plan(
        vec![],
        vec![
            node(vec![column(Timestamp)], Operator::Constant { rows }),
            node(
                windows,
                Operator::FlatMap {
                    input: 0,
                    calls: vec![TableCall { function: TableFunction::Hop, arguments }],
                    ordinality: false,
                },
            ),
        ],
        Output::Rows { node: 1, finishing: finishing(vec![], None, vec![1, 2]) },
    );
    let (rows, _) = Prepared::new(plan.clone())
        .execute(Environment::default(), Sources::default(), Collector::new)
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(
        text_of(rows, &[Timestamp, Timestamp, Timestamp]),
        [
            "2020-01-01 00:07:00|2020-01-01 00:00:00|2020-01-01 00:10:00",
            "2020-01-01 00:07:00|2020-01-01 00:05:00|2020-01-01 00:15:00"
        ]
    );
}

#[test]
fn interval_sums() {
    let rows = ["1 mon 3 days", "2 days 01:00:00"]
        .map(|text| ConstantRow { values: vec![Some(text.into())], diff: 1 })
        .to_vec();
    let of = |function| Aggregate {
        function,
        arguments: vec![KeyExpr { expr: col(0), column: column(Interval) }],
        filter: None,
        result: column(Interval),
    };
    let layout = Layout { key: vec![], value: vec![0], restore: vec![ColumnPlace::Value { index: 0 }] };
    let class = ReduceClass::Accumulable { aggregates: vec![of(AggregateFunction::Sum)], monotonic: false };
    let plan = plan(
        vec![],
        vec![
            node(vec![column(Interval)], Operator::Constant { rows }),
            node(vec![column(Interval)], Operator::Reduce { input: 0, key: vec![], class, layout }),
        ],
        Output::Rows { node: 1, finishing: finishing(vec![], None, vec![0]) },
    );
    let (rows, _) = Prepared::new(plan.clone())
        .execute(Environment::default(), Sources::default(), Collector::new)
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(text_of(rows, &[Interval]), ["1 mon 5 days 01:00:00"]);
}

#[test]
fn an_error_in_a_source_fails_its_readers() {
    let mut sources = sources();
    let mut errors = Updates::new();
    errors.push(tidewire_row::EvalError::new("22P02", "bad record").to_row().as_bytes(), &[], 0, 1);
    let CollectionSnapshot { ok, err } = sources.get(1).expect("there").clone();
    sources.insert(1, CollectionSnapshot { ok, err: overlaid(&err, &errors) });
    let import = node(table(), Operator::Import { arrangement: 1, layout: table_layout() });
    let output = Output::Rows { node: 0, finishing: finishing(vec![], None, vec![0]) };
    match Prepared::new(plan(vec![], vec![import], output)).execute(
        Environment::default(),
        sources,
        Collector::new,
    ) {
        Err(ExecuteError::Data(error)) => assert_eq!(error.message(), "bad record"),
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn what_differs_at_each_call_is_computed_once_a_row() {
    let uuid = || call("gen_random_uuid", vec![], ScalarType::Uuid);
    let columns = || vec![column(Int4), column(ScalarType::Uuid)];
    let rows = vec![ConstantRow { values: vec![Some("1".into())], diff: 3 }];
    let made = Mfp { expressions: vec![uuid()], predicates: vec![], projection: vec![0, 1] };
    let whole = || Mfp { expressions: vec![], predicates: vec![], projection: vec![0, 1] };
    let nodes = vec![
        node(vec![column(Int4)], Operator::Constant { rows }),
        node(columns(), Operator::Mfp { input: 0, mfp: made }),
        node(columns(), Operator::Mfp { input: 1, mfp: whole() }),
        node(columns(), Operator::Mfp { input: 1, mfp: whole() }),
    ];
    let output = Output::Write {
        arrangement: 1,
        deleted: Some(2),
        inserted: Some(3),
        returned: None,
        replaced: None,
        returning_query: None,
        ordered: false,
        completed: None,
        returning: None,
        conflict: None,
    };
    let result = Prepared::new(plan(vec![], nodes, output))
        .execute_write(Environment::default(), Sources::default(), Collector::new, &mut |_| Ok(()))
        .unwrap_or_else(|error| panic!("{error:?}"));
    let rows = |updates: &Updates| {
        let mut rows: Vec<Vec<u8>> = updates.iter().map(|update| update.val.to_vec()).collect();
        rows.sort();
        rows.dedup();
        rows
    };
    assert_eq!(rows(&result.inserted).len(), 3, "each copy of a row has a value of its own");
    assert_eq!(rows(&result.inserted), rows(&result.deleted), "both are parts of the same rows");
}
