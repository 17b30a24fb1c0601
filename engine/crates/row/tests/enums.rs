//! Enum types: text and binary forms, the packed column, and definitions that change beneath values.

use std::cmp::Ordering;
use tidewire_plan::{EnumDefinition, EnumLabel};
use tidewire_row::{
    Arena, Datum, FormatSettings, ScalarType, binary_in, binary_out, compare, decode_datum, push_datum,
    skip_column, text_in, text_out,
};

fn define(oid: u32, labels: &[(&str, u64)]) -> ScalarType {
    let of = *ScalarType::enumeration(oid);
    if let ScalarType::Enum(of) = of {
        let label = |(label, place): &(&str, u64)| EnumLabel { place: *place, label: (*label).into() };
        of.define(EnumDefinition::new("mood", labels.iter().map(label).collect()));
    }
    of
}

fn text(datum: Datum<'_>, of: ScalarType) -> String {
    let mut out = Vec::new();
    text_out(datum, of, &FormatSettings::default(), &mut out);
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn types_are_named_by_their_oids() {
    for name in ["enum:16385", "_enum:16385", "(int4,enum:16385,_enum:16386)", "_(enum:16385)"] {
        assert_eq!(ScalarType::named(name).expect(name).name(), name);
    }
    assert_eq!(ScalarType::named("enum:16385").as_ref(), Some(ScalarType::enumeration(16385)));
    for wrong in ["enum:", "enum:x", "enum:-1", "enum:+1", "enum:01", "enum:99999999999", "enum"] {
        assert_eq!(ScalarType::named(wrong), None, "{wrong}");
    }
}

#[test]
fn values_come_back_from_each_form_and_sort_as_declared() {
    let of = define(20_000, &[("ok", 200), ("sad", 100), ("happy", u64::MAX)]);
    let (settings, arena) = (FormatSettings::default(), Arena::new());
    let mut before: Option<(Datum<'_>, Vec<u8>)> = None;
    for label in ["sad", "ok", "happy"] {
        let value = text_in(of, -1, label, &settings, &arena).expect("a label");
        let mut packed = Vec::new();
        push_datum(&mut packed, value);
        assert_eq!(skip_column(&packed, 0, of), packed.len(), "length of {label}");
        assert_eq!(text(decode_datum(arena.push_bytes(&packed), of, &arena), of), label, "packed form");
        let mut binary = Vec::new();
        binary_out(value, of, &mut binary);
        assert_eq!(binary, label.as_bytes(), "enum_send");
        assert_eq!(text(binary_in(of, -1, &binary, &arena).expect("received"), of), label);
        if let Some((smaller, bytes)) = &before {
            assert_eq!(compare(of, *smaller, value), Ordering::Less, "before {label}");
            assert!(*bytes < packed, "bytes before {label}");
        }
        before = Some((value, packed));
    }
    let error = text_in(of, -1, "Sad", &settings, &arena).expect_err("no label");
    assert_eq!(error.to_string(), "22P02: invalid input value for enum mood: \"Sad\"");
}

#[test]
fn labels_change_beneath_values() {
    let of = define(20_001, &[("a", 10), ("c", 30)]);
    let (settings, arena) = (FormatSettings::default(), Arena::new());
    let [a, c] = ["a", "c"].map(|label| text_in(of, -1, label, &settings, &arena).expect("a label"));
    define(20_001, &[("a", 10), ("b", 20), ("C", 30)]);
    let b = text_in(of, -1, "b", &settings, &arena).expect("it was added");
    assert_eq!(compare(of, a, b), Ordering::Less);
    assert_eq!(compare(of, b, c), Ordering::Less);
    assert_eq!(text(c, of), "C");
    assert!(text_in(of, -1, "c", &settings, &arena).is_err(), "it was renamed");
}
