//! Golden files: tab-separated, with `\\`, `\n`, `\t`, `\r` escaped. An expected field is `=output` or
//! `!sqlstate|message|detail|hint`.

#![allow(dead_code)] // Not every test uses all of it.

use tidewire_row::{EvalError, ScalarType};

/// The column type of a type name, without its modifier.
pub fn scalar(name: &str) -> ScalarType {
    match name.split(['(', ' ']).next().unwrap_or_default() {
        "bool" => ScalarType::Bool,
        "int2" => ScalarType::Int2,
        "int4" => ScalarType::Int4,
        "int8" => ScalarType::Int8,
        "oid" => ScalarType::Oid,
        "float4" => ScalarType::Float4,
        "float8" => ScalarType::Float8,
        "numeric" => ScalarType::Numeric,
        "uuid" => ScalarType::Uuid,
        "bytea" => ScalarType::Bytea,
        "text" => ScalarType::Text,
        "name" => ScalarType::Name,
        "\"char\"" => ScalarType::Char,
        "date" => ScalarType::Date,
        "time" => ScalarType::Time,
        "timestamp" => ScalarType::Timestamp,
        "timestamptz" => ScalarType::Timestamptz,
        "interval" => ScalarType::Interval,
        "jsonb" => ScalarType::Jsonb,
        "jsonpath" => ScalarType::Jsonpath,
        other => ScalarType::named(other).unwrap_or_else(|| panic!("type {other}")),
    }
}

pub fn unescape(field: &str) -> String {
    let mut out = String::new();
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push(match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            other => out.push(other),
        }
    }
    out
}

pub fn describe(error: &EvalError) -> String {
    format!(
        "!{}|{}|{}|{}",
        error.sqlstate(),
        error.message(),
        error.detail().unwrap_or(""),
        error.hint().unwrap_or("")
    )
}

/// Fails with the first lines that differ.
pub fn report(differences: Vec<String>, cases: usize) {
    assert!(cases > 0, "no cases");
    let shown = differences.iter().take(60).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {cases} cases differ:\n{shown}", differences.len());
}
