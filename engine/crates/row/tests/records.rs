//! Records: text and binary forms, the packed column, order.

use std::cmp::Ordering;
use tidewire_row::{
    Arena, Datum, FormatSettings, ScalarType, binary_in, binary_out, canonical, compare, decode_datum,
    push_datum, skip_column, text_in, text_out,
};

fn record(name: &str) -> ScalarType {
    ScalarType::named(name).expect("a record's name")
}

fn text(datum: Datum<'_>, of: ScalarType) -> String {
    let mut out = Vec::new();
    text_out(datum, of, &FormatSettings::default(), &mut out);
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn types_are_named_by_their_fields() {
    let nested = record("(int4,(text,_int8),_(bool))");
    assert_eq!(nested.name(), "(int4,(text,_int8),_(bool))");
    assert_eq!(nested, record("(int4,(text,_int8),_(bool))"));
    assert_ne!(nested, record("(int4,(text,_int8),_bool)"));
    assert_eq!(record("()").name(), "()");
    for wrong in ["(int4", "int4)", "(int4,)", "(,)", "(nosuch)", "((int4)"] {
        assert_eq!(ScalarType::named(wrong), None, "{wrong}");
    }
}

#[test]
fn values_come_back_from_each_form() {
    let cases = [
        ("(int4,text)", r#"(1,"a b")"#),
        ("(int4,text)", "(,)"),
        ("(text,text)", r#"("","q""u\\o")"#),
        ("(numeric,text)", "(1.500,x)"),
        ("((int4,text),_int4)", r#"("(7,""a,b"")","{1,NULL}")"#),
        ("()", "()"),
    ];
    let settings = FormatSettings::default();
    for (name, written) in cases {
        let of = record(name);
        let arena = Arena::new();
        let value = text_in(of, -1, written, &settings, &arena).expect("it is read");
        assert_eq!(text(value, of), written, "text of {name}");
        let mut packed = Vec::new();
        push_datum(&mut packed, value);
        assert_eq!(skip_column(&packed, 0, of), packed.len(), "length of {written}");
        assert_eq!(text(decode_datum(&packed, of, &arena), of), written, "packed form");
        let mut binary = Vec::new();
        binary_out(value, of, &mut binary);
        let back = binary_in(of, -1, &binary, &arena).expect("it is received");
        assert_eq!(text(back, of), written, "binary form");
    }
}

#[test]
fn order_is_that_of_the_fields_and_null_is_last() {
    let of = record("(numeric,text)");
    let settings = FormatSettings::default();
    let arena = Arena::new();
    let read = |written: &str| text_in(of, -1, written, &settings, &arena).expect("it is read");
    let ascending = ["(-1,z)", "(1.5,a)", "(1.5,b)", "(1.5,)", "(10,a)", "(,a)", "(,)"];
    for pair in ascending.windows(2) {
        let (less, more) = (read(pair[0]), read(pair[1]));
        assert_eq!(compare(of, less, more), Ordering::Less, "{pair:?}");
        let (mut a, mut b) = (Vec::new(), Vec::new());
        push_datum(&mut a, less);
        push_datum(&mut b, more);
        assert!(a < b, "packed order of {pair:?}");
    }
    assert_eq!(compare(of, read("(1.5,a)"), read("(1.500,a)")), Ordering::Equal);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    push_datum(&mut a, canonical(of, read("(1.5,a)"), &arena));
    push_datum(&mut b, canonical(of, read("(1.500,a)"), &arena));
    assert_eq!(a, b, "canonical bytes");
}

#[test]
fn malformed_texts_are_refused() {
    let settings = FormatSettings::default();
    let cases = [
        ("1,2)", "Missing left parenthesis."),
        ("(1)", "Too few columns."),
        ("(1,2,3)", "Too many columns."),
        ("(1,2", "Unexpected end of input."),
        ("(1,2) x", "Junk after right parenthesis."),
    ];
    for (written, detail) in cases {
        let arena = Arena::new();
        let error = text_in(record("(int4,int4)"), -1, written, &settings, &arena).expect_err(written);
        assert_eq!(error.detail(), Some(detail), "{written}");
    }
}
