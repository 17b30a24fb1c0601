//! Input and output functions against PostgreSQL 18's answers (`golden/text.tsv`).

mod common;

use common::{describe, report, scalar, unescape};
use tidewire_row::{
    Arena, Datum, FormatSettings, ScalarType, binary_in, binary_out, decode, equal, push_datum, skip_column,
    text_in, text_out,
};

#[test]
fn text_forms_are_those_of_postgresql() {
    let settings = FormatSettings::default();
    let mut differences = Vec::new();
    let mut cases = 0;
    for line in include_str!("golden/text.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [type_name, typmod, input, expected] = fields[..] else { panic!("line {line:?}") };
        let (of, input, expected) = (scalar(type_name), unescape(input), unescape(expected));
        let arena = Arena::new();
        let actual = match text_in(of, typmod.parse().unwrap(), &input, &settings, &arena) {
            Ok(value) => {
                let mut out = b"=".to_vec();
                text_out(value, of, &settings, &mut out);
                check_round_trips(value, of, &settings);
                String::from_utf8(out).unwrap()
            }
            Err(error) => describe(&error),
        };
        cases += 1;
        if actual != expected {
            differences.push(format!("{type_name} {input:?}: expected {expected:?}, got {actual:?}"));
        }
    }
    report(differences, cases);
}

/// Packed, binary and text forms give the value back.
fn check_round_trips(value: Datum<'_>, of: ScalarType, settings: &FormatSettings) {
    let arena = Arena::new();
    let text = |value| {
        let mut out = Vec::new();
        text_out(value, of, settings, &mut out);
        String::from_utf8(out).unwrap()
    };
    let shown = text(value);

    let mut packed = Vec::new();
    push_datum(&mut packed, value);
    push_datum(&mut packed, Datum::Null);
    let mut decoded = Vec::new();
    decode(&packed, &[of, of], &arena, &mut decoded);
    assert_eq!(text(decoded[0]), shown, "{of:?} packed");
    assert!(equal(of, decoded[0], value), "{of:?} {shown} packed equals");
    assert!(matches!(decoded[1], Datum::Null), "{of:?} {shown} packed, next column");
    assert_eq!(skip_column(&packed, 0, of), packed.len() - 1, "{of:?} {shown} skipped");
    let mut again = Vec::new();
    push_datum(&mut again, decoded[0]);
    assert_eq!(again, packed[..packed.len() - 1], "{of:?} {shown} packed again");

    let mut binary = Vec::new();
    binary_out(value, of, &mut binary);
    let received =
        binary_in(of, -1, &binary, &arena).unwrap_or_else(|error| panic!("{of:?} {shown}: {error}"));
    assert_eq!(text(received), shown, "{of:?} binary");
    let mut packed_binary = Vec::new();
    push_datum(&mut packed_binary, received);
    assert_eq!(packed_binary, again, "{of:?} {shown} binary, identity");
}
