//! Length limits of varchar, bpchar and name; binary forms; SQLSTATEs.

mod common;

use tidewire_row::{
    Arena, Datum, EvalError, FormatSettings, InputRow, ScalarType, binary_in, binary_out, text_in,
};

fn read(of: ScalarType, typmod: i32, text: &str) -> Result<String, String> {
    let arena = Arena::new();
    match text_in(of, typmod, text, &FormatSettings::default(), &arena) {
        Ok(Datum::Text(value)) => Ok(value.to_string()),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn only_blanks_are_cut_off() {
    let varchar = |text| read(ScalarType::Varchar, 3 + 4, text);
    assert_eq!(varchar("abc").as_deref(), Ok("abc"));
    assert_eq!(varchar("éé☃").as_deref(), Ok("éé☃"));
    assert_eq!(varchar("abc   ").as_deref(), Ok("abc"));
    assert_eq!(varchar("ab ").as_deref(), Ok("ab "));
    assert_eq!(varchar("abcd"), Err("22001: value too long for type character varying(3)".into()));
    assert_eq!(varchar("abc d"), Err("22001: value too long for type character varying(3)".into()));
    assert_eq!(read(ScalarType::Varchar, -1, "abcdef ").as_deref(), Ok("abcdef "));
}

#[test]
fn bpchar_is_padded_by_characters() {
    let bpchar = |text| read(ScalarType::Bpchar, 3 + 4, text);
    assert_eq!(bpchar("a").as_deref(), Ok("a  "));
    assert_eq!(bpchar("é").as_deref(), Ok("é  "));
    assert_eq!(bpchar("").as_deref(), Ok("   "));
    assert_eq!(bpchar("abc    ").as_deref(), Ok("abc"));
    assert_eq!(bpchar("abcd"), Err("22001: value too long for type character(3)".into()));
}

#[test]
fn nul_is_refused() {
    let error = Err("22021: invalid byte sequence for encoding \"UTF8\": 0x00".into());
    for of in [ScalarType::Text, ScalarType::Varchar, ScalarType::Bpchar, ScalarType::Name] {
        assert_eq!(read(of, -1, "a\0b"), error, "{of:?}");
    }
}

#[test]
fn invalid_utf8_is_refused() {
    let arena = Arena::new();
    let error = binary_in(ScalarType::Text, -1, b"a\xe9\x80", &arena).unwrap_err();
    assert_eq!(error.to_string(), "22021: invalid byte sequence for encoding \"UTF8\": 0xe9 0x80");
}

#[test]
fn numeric_binary_form() {
    let arena = Arena::new();
    let binary = |text: &str| {
        let value = text_in(ScalarType::Numeric, -1, text, &FormatSettings::default(), &arena).unwrap();
        let mut out = Vec::new();
        binary_out(value, ScalarType::Numeric, &mut out);
        out.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    // numeric_send of PostgreSQL 18.
    assert_eq!(binary("0"), "0000000000000000");
    assert_eq!(binary("0.00"), "0000000000000002");
    assert_eq!(binary("1"), "00010000000000000001");
    assert_eq!(binary("-12345.678"), "0003000140000003000109291a7c");
    assert_eq!(binary("0.0001"), "0001ffff000000040001");
    assert_eq!(binary("NaN"), "00000000c0000000");
    assert_eq!(binary("-Infinity"), "00000000f0000020");
    assert_eq!(binary("100000000"), "00010002000000000001");
}

#[test]
fn errors_travel_as_rows() {
    let error = EvalError::new("22012", "division by zero").with_detail("d").with_hint("h");
    assert_eq!(EvalError::from_row(&error.to_row()), error);
    let bare = EvalError::new("22003", "integer out of range");
    assert_eq!(EvalError::from_row(&bare.to_row()), bare);
    let row = InputRow { arrangement: 7, key: "1, x".into() };
    let located = bare.in_function("int4mul").in_function("int4pl").for_row(row).of_view(u64::from(u32::MAX));
    assert_eq!(EvalError::from_row(&located.to_row()), located);
    assert_eq!(located.origin().function.as_deref(), Some("int4mul"));
}
