//! Laws of expressions that are not functions: three-valued logic, laziness, errors, folding, refusals.

use tidewire_eval::{Context, TableCalls, TableScratch, compile, fold, opcodes};
use tidewire_plan::{CaseBranch, ColumnType, Expr, ScalarType, TableCall, TableFunction};
use tidewire_row::{Arena, Datum, FormatSettings};

fn literal(scalar: ScalarType, text: &str) -> Expr {
    Expr::Literal { scalar, text: Some(text.to_string()) }
}

fn int(value: i32) -> Expr {
    literal(ScalarType::Int4, &value.to_string())
}

fn boolean(value: Option<bool>) -> Expr {
    Expr::Literal { scalar: ScalarType::Bool, text: value.map(|value| value.to_string()) }
}

fn call(opcode: &str, arguments: Vec<Expr>, scalar: ScalarType) -> Expr {
    Expr::Call { opcode: opcode.to_string(), arguments, scalar }
}

/// `1 / 0 = 1`: an error when it is evaluated.
fn failing() -> Expr {
    let division = call("int4div", vec![int(1), int(0)], ScalarType::Int4);
    call("int4eq", vec![division, int(1)], ScalarType::Bool)
}

/// Text of a value, `NULL`, or the SQLSTATE.
fn show(expr: &Expr) -> String {
    match fold(expr) {
        Ok(Some(text)) => text,
        Ok(None) => "NULL".to_string(),
        Err(error) => error.sqlstate().to_string(),
    }
}

#[test]
fn and_and_or_stop_at_the_first_deciding_operand() {
    let and = |operands| show(&Expr::And { operands });
    let or = |operands| show(&Expr::Or { operands });
    assert_eq!(and(vec![boolean(Some(false)), failing()]), "f");
    assert_eq!(and(vec![failing(), boolean(Some(false))]), "22012");
    assert_eq!(and(vec![boolean(None), failing()]), "22012");
    assert_eq!(and(vec![boolean(None), boolean(Some(true))]), "NULL");
    assert_eq!(and(vec![boolean(None), boolean(Some(false))]), "f");
    assert_eq!(or(vec![boolean(Some(true)), failing()]), "t");
    assert_eq!(or(vec![boolean(None), boolean(Some(true))]), "t");
    assert_eq!(or(vec![boolean(None), boolean(Some(false))]), "NULL");
    assert_eq!(show(&Expr::Not { operand: Box::new(boolean(None)) }), "NULL");
    assert_eq!(show(&Expr::IsTrue { operand: Box::new(boolean(None)) }), "f");
    assert_eq!(show(&Expr::IsNull { operand: Box::new(boolean(None)) }), "t");
}

#[test]
fn case_and_coalesce_evaluate_only_what_they_need() {
    let case = Expr::Case {
        branches: vec![
            CaseBranch { condition: boolean(None), result: failing() },
            CaseBranch { condition: boolean(Some(true)), result: boolean(Some(true)) },
            CaseBranch { condition: failing(), result: failing() },
        ],
        otherwise: Box::new(failing()),
        scalar: ScalarType::Bool,
    };
    assert_eq!(show(&case), "t");
    let coalesce = Expr::Coalesce {
        operands: vec![boolean(None), boolean(Some(false)), failing()],
        scalar: ScalarType::Bool,
    };
    assert_eq!(show(&coalesce), "f");
}

#[test]
fn in_lists_follow_null_logic() {
    let within = |operand: Option<i32>, list: &[Option<i32>]| {
        let value = |value: &Option<i32>| Expr::Literal {
            scalar: ScalarType::Int4,
            text: value.map(|value| value.to_string()),
        };
        let list = list.iter().map(value).collect();
        show(&Expr::InList { operand: Box::new(value(&operand)), list, of: ScalarType::Int4 })
    };
    assert_eq!(within(Some(1), &[Some(2), Some(1)]), "t");
    assert_eq!(within(Some(1), &[Some(2), None]), "NULL");
    assert_eq!(within(Some(2), &[Some(2), None]), "t");
    assert_eq!(within(Some(1), &[Some(2)]), "f");
    assert_eq!(within(None, &[Some(2)]), "NULL");
    assert_eq!(within(None, &[]), "f");
}

#[test]
fn equality_is_the_types_own() {
    let same = |left: Expr, right: Expr, of| {
        show(&Expr::NotDistinct { left: Box::new(left), right: Box::new(right), of })
    };
    let numeric = |text| literal(ScalarType::Numeric, text);
    assert_eq!(same(numeric("1.0"), numeric("1.000"), ScalarType::Numeric), "t");
    let null = Expr::Literal { scalar: ScalarType::Numeric, text: None };
    assert_eq!(same(null.clone(), null.clone(), ScalarType::Numeric), "t");
    assert_eq!(same(null, numeric("1"), ScalarType::Numeric), "f");
    let canonical = Expr::Canonical { operand: Box::new(numeric("1.500")), of: ScalarType::Numeric };
    assert_eq!(show(&canonical), "1.5");
}

#[test]
fn strict_functions_give_null_but_arguments_are_evaluated() {
    let null = Expr::Literal { scalar: ScalarType::Int4, text: None };
    assert_eq!(show(&call("int4pl", vec![null, int(1)], ScalarType::Int4)), "NULL");
    let null = Expr::Literal { scalar: ScalarType::Bool, text: None };
    assert_eq!(show(&call("booleq", vec![null, failing()], ScalarType::Bool)), "22012");
}

#[test]
fn casts_through_text() {
    let input = |text: &str, scalar, typmod| {
        show(&Expr::Input { argument: Box::new(literal(ScalarType::Text, text)), scalar, typmod })
    };
    assert_eq!(input(" 12 ", ScalarType::Int4, -1), "12");
    assert_eq!(input("x", ScalarType::Int4, -1), "22P02");
    assert_eq!(input("1.005", ScalarType::Numeric, ((10 << 16) | 2) + 4), "1.01");
    let output =
        Expr::Output { argument: Box::new(literal(ScalarType::Numeric, "1.50")), from: ScalarType::Numeric };
    assert_eq!(show(&output), "1.50");
}

#[test]
fn variadic_functions() {
    let text = |text| literal(ScalarType::Text, text);
    let null = Expr::Literal { scalar: ScalarType::Text, text: None };
    let strings = |opcode, arguments| show(&call(opcode, arguments, ScalarType::Text));
    assert_eq!(strings("text_concat", vec![text("a"), null.clone(), int(1), boolean(Some(true))]), "a1t");
    assert_eq!(strings("text_concat_ws", vec![text("-"), text("a"), null.clone(), int(1)]), "a-1");
    assert_eq!(strings("text_concat_ws", vec![null.clone(), text("a")]), "NULL");
    let format =
        |template, arguments: Vec<Expr>| strings("text_format", [vec![text(template)], arguments].concat());
    assert_eq!(format("Hello %s, %1$s", vec![text("x")]), "Hello x, x");
    assert_eq!(format("%I %L %L", vec![text("a b"), text("it's"), null.clone()]), "\"a b\" 'it''s' NULL");
    assert_eq!(format("|%5s|%-5s|%*s|", vec![text("a"), text("b"), int(3), text("c")]), "|    a|b    |  c|");
    assert_eq!(format("100%%", vec![]), "100%");
    assert_eq!(format("%s", vec![]), "22023");
    assert_eq!(format("%y", vec![text("a")]), "22023");
    assert_eq!(format("%I", vec![null]), "22004");
}

#[test]
fn plans_are_refused_by_name() {
    let refused = |expr: &Expr| compile(expr, &[], &[]).err().unwrap_or_default();
    assert!(refused(&call("no_such", vec![], ScalarType::Int4)).contains("unknown opcode \"no_such\""));
    assert!(refused(&Expr::Column { index: 0 }).contains("column 0"));
    assert!(refused(&Expr::Parameter { index: 3 }).contains("parameter 3"));
    assert!(refused(&literal(ScalarType::Int4, "x")).contains("invalid input syntax"));
}

#[test]
fn a_wrong_signature_is_an_error_and_no_panic() {
    let wrong = call("int4pl", vec![literal(ScalarType::Text, "a"), int(1)], ScalarType::Int4);
    assert_eq!(show(&wrong), "XX000");
    assert_eq!(show(&call("int4pl", vec![int(1)], ScalarType::Int4)), "XX000");
}

#[test]
fn opcodes_are_listed_once_and_sorted() {
    let all = opcodes();
    assert!(all.len() > 600, "{} opcodes", all.len());
    assert!(all.windows(2).all(|two| two[0].name < two[1].name), "sorted and distinct");
    assert!(all.iter().any(|info| info.name == "quote_nullable" && !info.strict));
}

#[test]
fn parameters_and_time_come_from_the_context() {
    let settings = FormatSettings::default();
    let arena = Arena::new();
    let parameters = [Datum::Int32(41)];
    let context = Context { parameters: &parameters, settings: &settings, logical_time: 946_684_800_000_001 };
    let sum = call("int4pl", vec![Expr::Parameter { index: 0 }, int(1)], ScalarType::Int4);
    let compiled = compile(&sum, &[], &[ScalarType::Int4]).expect("compiles");
    assert!(matches!(compiled.eval(&[], &context, &arena), Ok(Datum::Int32(42))));
    let now = compile(&Expr::LogicalNow, &[], &[]).expect("compiles");
    assert!(matches!(now.eval(&[], &context, &arena), Ok(Datum::Timestamptz(1))));
}

fn windows(timestamp: &str, slide: &str, size: &str) -> Result<Vec<(i64, i64)>, String> {
    let columns = [ColumnType { scalar: ScalarType::Timestamp, typmod: -1, nullable: true }];
    let arguments = vec![
        Expr::Column { index: 0 },
        literal(ScalarType::Interval, slide),
        literal(ScalarType::Interval, size),
    ];
    let settings = FormatSettings::default();
    let call = TableCall { function: TableFunction::Hop, arguments };
    let hop = TableCalls::new(&[call], false, &columns, &[], &settings).expect("compiles");
    let arena = Arena::new();
    let at =
        tidewire_row::text_in(ScalarType::Timestamp, -1, timestamp, &settings, &arena).expect("a timestamp");
    let context = Context { parameters: &[], settings: &settings, logical_time: 0 };
    let mut found = Vec::new();
    hop.rows(&[at], &context, &arena, &mut TableScratch::default(), |row| {
        let arena = Arena::new();
        let mut window = Vec::new();
        tidewire_row::decode(row, &[ScalarType::Timestamp; 2], &arena, &mut window);
        match window[..] {
            [Datum::Timestamp(start), Datum::Timestamp(end)] => found.push((start, end)),
            _ => panic!("windows are timestamps"),
        }
    })
    .map_err(|error| error.sqlstate().to_string())?;
    Ok(found)
}

#[test]
fn hop_gives_the_windows_that_hold_a_timestamp() {
    const SECOND: i64 = 1_000_000;
    let found = windows("2000-01-01 00:00:07", "2 seconds", "10 seconds").expect("windows");
    let expected: Vec<_> = (-1..=3).map(|window| (window * 2 * SECOND, (window * 2 + 10) * SECOND)).collect();
    assert_eq!(found, expected);
    // On a boundary the window that ends there is over.
    let found = windows("2000-01-01 00:00:10", "5 seconds", "10 seconds").expect("windows");
    assert_eq!(found, vec![(5 * SECOND, 15 * SECOND), (10 * SECOND, 20 * SECOND)]);
    // Windows shorter than the slide leave gaps.
    assert_eq!(windows("2000-01-01 00:00:07", "10 seconds", "5 seconds"), Ok(vec![]));
    assert_eq!(windows("infinity", "1 second", "1 second"), Ok(vec![]));
    assert_eq!(windows("2000-01-01", "0", "1 second"), Err("22023".into()));
    assert_eq!(windows("2000-01-01", "1 month", "1 month"), Err("0A000".into()));
    assert_eq!(windows("2000-01-01", "1 microsecond", "1 day"), Err("54000".into()));
}
