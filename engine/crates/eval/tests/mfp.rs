//! Map, filter, project over packed rows: the order of evaluation, projection by copying, several sources.

use tidewire_eval::{CompiledMfp, Context, MfpInput, Scratch};
use tidewire_plan::{ColumnType, Expr, Mfp, Predicate, ScalarType};
use tidewire_row::{Arena, Datum, FormatSettings, Row, decode};

fn column(scalar: ScalarType) -> ColumnType {
    ColumnType { scalar, typmod: -1, nullable: true }
}

fn at(index: u32) -> Expr {
    Expr::Column { index }
}

fn int(value: i32) -> Expr {
    Expr::Literal { scalar: ScalarType::Int4, text: Some(value.to_string()) }
}

fn call(opcode: &str, arguments: Vec<Expr>, scalar: ScalarType) -> Expr {
    Expr::Call { opcode: opcode.to_string(), arguments, scalar }
}

fn predicate(position: u32, condition: Expr) -> Predicate {
    Predicate { position, condition }
}

/// Runs over packed rows; the output as text, None for a dropped row, or the SQLSTATE.
fn run(mfp: &Mfp, input: &MfpInput, rows: &[&[Datum<'_>]]) -> Result<Option<String>, String> {
    let settings = FormatSettings::default();
    let compiled = CompiledMfp::over(mfp, input, &[], &settings).expect("compiles");
    let context = Context { parameters: &[], settings: &settings, logical_time: 0 };
    let arena = Arena::new();
    let packed: Vec<Row> = rows.iter().map(|row| Row::pack(row)).collect();
    let sources: Vec<&[u8]> = packed.iter().map(|row| row.as_bytes()).collect();
    let mut scratch = Scratch::new();
    let mut out = b"before".to_vec();
    // Twice with the same scratch: nothing may leak from one row into the next.
    let first = compiled.apply_sources(&sources, &context, &arena, &mut scratch, &mut out);
    out.truncate(6);
    let second = compiled.apply_sources(&sources, &context, &arena, &mut scratch, &mut out);
    assert_eq!(first.is_ok(), second.is_ok(), "the same row, the same outcome");
    match second {
        Err(error) => {
            assert_eq!(out, b"before", "an error writes nothing");
            Err(error.sqlstate().to_string())
        }
        Ok(false) => {
            assert_eq!(out, b"before", "a dropped row writes nothing");
            Ok(None)
        }
        Ok(true) => {
            let mut values = Vec::new();
            decode(&out[6..], compiled.output(), &arena, &mut values);
            Ok(Some(format!("{values:?}")))
        }
    }
}

fn three() -> MfpInput {
    MfpInput::row(&[column(ScalarType::Int4), column(ScalarType::Text), column(ScalarType::Int4)])
}

const ROW: &[Datum<'static>] = &[Datum::Int32(6), Datum::Text("abc"), Datum::Int32(0)];

#[test]
fn columns_are_copied_and_expressions_appended() {
    let mfp = Mfp {
        expressions: vec![
            call("int4pl", vec![at(0), int(1)], ScalarType::Int4),
            call("int4mul", vec![at(3), int(10)], ScalarType::Int4),
        ],
        predicates: vec![],
        projection: vec![1, 4, 2, 0, 1],
    };
    let expected = r#"[Text("abc"), Int32(70), Int32(0), Int32(6), Text("abc")]"#;
    assert_eq!(run(&mfp, &three(), &[ROW]), Ok(Some(expected.to_string())));
}

#[test]
fn the_identity_copies_the_row() {
    let mfp = Mfp { expressions: vec![], predicates: vec![], projection: vec![0, 1, 2] };
    let settings = FormatSettings::default();
    let compiled = CompiledMfp::over(&mfp, &three(), &[], &settings).expect("compiles");
    assert!(compiled.is_identity());
    let expected = r#"[Int32(6), Text("abc"), Int32(0)]"#;
    assert_eq!(run(&mfp, &three(), &[ROW]), Ok(Some(expected.to_string())));
}

#[test]
fn expressions_run_only_when_needed() {
    let division = call("int4div", vec![at(0), at(2)], ScalarType::Int4);
    let nonzero = call("int4ne", vec![at(2), int(0)], ScalarType::Bool);
    // The filter comes before the division that it guards.
    let guarded = Mfp {
        expressions: vec![division.clone()],
        predicates: vec![predicate(3, nonzero.clone())],
        projection: vec![3],
    };
    assert_eq!(run(&guarded, &three(), &[ROW]), Ok(None));
    // A predicate that needs the division comes first: the row is an error.
    let early = Mfp {
        expressions: vec![division.clone()],
        predicates: vec![
            predicate(4, call("int4gt", vec![at(3), int(0)], ScalarType::Bool)),
            predicate(3, nonzero),
        ],
        projection: vec![0],
    };
    assert_eq!(run(&early, &three(), &[ROW]), Err("22012".into()));
    // Nobody needs it: it is not evaluated.
    let unused = Mfp { expressions: vec![division.clone()], predicates: vec![], projection: vec![0] };
    assert_eq!(run(&unused, &three(), &[ROW]), Ok(Some("[Int32(6)]".into())));
    let used = Mfp { expressions: vec![division], predicates: vec![], projection: vec![0, 3] };
    assert_eq!(run(&used, &three(), &[ROW]), Err("22012".into()));
}

#[test]
fn a_null_predicate_drops_the_row() {
    let mfp = Mfp {
        expressions: vec![],
        predicates: vec![predicate(3, call("int4eq", vec![at(0), at(2)], ScalarType::Bool))],
        projection: vec![0, 1, 2],
    };
    let row: &[Datum<'_>] = &[Datum::Null, Datum::Text("x"), Datum::Int32(1)];
    assert_eq!(run(&mfp, &three(), &[row]), Ok(None));
}

#[test]
fn a_predicate_sees_only_what_stands_before_its_position() {
    let mfp = Mfp {
        expressions: vec![int(1)],
        predicates: vec![predicate(3, call("int4eq", vec![at(3), int(1)], ScalarType::Bool))],
        projection: vec![0],
    };
    let settings = FormatSettings::default();
    let refused = CompiledMfp::over(&mfp, &three(), &[], &settings).err().unwrap_or_default();
    assert!(refused.contains("column 3"), "{refused}");
}

#[test]
fn a_pair_of_rows_is_left_then_right() {
    let (left, right) = ([column(ScalarType::Int4), column(ScalarType::Text)], [column(ScalarType::Int8)]);
    let input = MfpInput::rows(&[&left, &right]);
    let mfp = Mfp {
        expressions: vec![call("int48pl", vec![at(0), at(2)], ScalarType::Int8)],
        predicates: vec![predicate(3, call("int48lt", vec![at(0), at(2)], ScalarType::Bool))],
        projection: vec![1, 2, 3],
    };
    let rows: [&[Datum<'_>]; 2] = [&[Datum::Int32(1), Datum::Text("l")], &[Datum::Int64(5)]];
    assert_eq!(run(&mfp, &input, &rows), Ok(Some(r#"[Text("l"), Int64(5), Int64(6)]"#.into())));
}

#[test]
fn sources_can_hold_columns_in_any_place() {
    // Key, left value, right value: the key serves a column of both sides; the left value is empty.
    let input = MfpInput {
        sources: vec![vec![ScalarType::Int4], vec![], vec![ScalarType::Text, ScalarType::Int4]],
        columns: vec![(0, 0), (2, 1), (0, 0), (2, 0)],
    };
    let mfp = Mfp {
        expressions: vec![call("int4mi", vec![at(1), at(2)], ScalarType::Int4)],
        predicates: vec![],
        projection: vec![0, 1, 2, 3, 4],
    };
    let rows: [&[Datum<'_>]; 3] = [&[Datum::Int32(7)], &[], &[Datum::Text("r"), Datum::Int32(9)]];
    let expected = r#"[Int32(7), Int32(9), Int32(7), Text("r"), Int32(2)]"#;
    assert_eq!(run(&mfp, &input, &rows), Ok(Some(expected.into())));
}

#[test]
fn aliases_of_columns_are_copied() {
    let mfp = Mfp { expressions: vec![at(1), at(3)], predicates: vec![], projection: vec![4, 0] };
    let settings = FormatSettings::default();
    let compiled = CompiledMfp::over(&mfp, &three(), &[], &settings).expect("compiles");
    assert!(compiled.is_projection());
    assert_eq!(run(&mfp, &three(), &[ROW]), Ok(Some(r#"[Text("abc"), Int32(6)]"#.into())));
}
