//! Every function against PostgreSQL's own answers, text for text (`tests/cases`, written by
//! `scripts/generate-function-cases.mjs`).

use std::fmt::Write;
use std::path::Path;
use tidewire_eval::{Context, compile_with};
use tidewire_plan::{ColumnType, Expr, ScalarType};
use tidewire_row::{Arena, Datum, FormatSettings, text_in, text_out, timezone::Zone};

fn scalar(name: &str) -> ScalarType {
    serde_json::from_value(serde_json::Value::String(name.to_string()))
        .unwrap_or_else(|_| panic!("no type {name}"))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push(match characters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            other => out.push(other),
        }
    }
    out
}

/// What the evaluator answers, in the form of the case files.
fn answer(zone: &str, opcode: &str, result: ScalarType, arguments: &[&str]) -> String {
    let settings =
        FormatSettings { time_zone: Zone::lookup(zone).expect("a zone"), ..FormatSettings::default() };
    let arena = Arena::new();
    let mut columns = Vec::new();
    let mut row = Vec::new();
    for argument in arguments {
        let (name, text) = match argument.split_once('=') {
            Some((name, text)) => (name, Some(unescape(text))),
            None => (*argument, None),
        };
        let scalar = scalar(name);
        columns.push(ColumnType { scalar, typmod: -1, nullable: true });
        row.push(match text {
            None => Datum::Null,
            Some(text) => match text_in(scalar, -1, &text, &settings, &arena) {
                Ok(datum) => datum,
                Err(error) => return format!("!{} {}", error.sqlstate(), error.message()),
            },
        });
    }
    let arguments = (0..columns.len() as u32).map(|index| Expr::Column { index }).collect();
    let expr = Expr::Call { opcode: opcode.to_string(), arguments, scalar: result };
    let compiled = match compile_with(&expr, &columns, &[], &settings) {
        Ok(compiled) => compiled,
        Err(message) => return format!("refused: {message}"),
    };
    let context = Context { parameters: &[], settings: &settings, logical_time: 0 };
    match compiled.eval(&row, &context, &arena) {
        Ok(Datum::Null) => "NULL".to_string(),
        Ok(value) => {
            let mut bytes = vec![b'='];
            text_out(value, result, &settings, &mut bytes);
            String::from_utf8(bytes).expect("text is UTF-8")
        }
        Err(error) => format!("!{} {}", error.sqlstate(), error.message()),
    }
}

fn check(family: &str) {
    let directory = std::env::var("TIDEWIRE_CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases").to_string());
    let path = Path::new(&directory).join(format!("{family}.tsv"));
    let text = std::fs::read_to_string(&path).expect("the case file is there");
    let (mut cases, mut wrong, mut report) = (0, 0, String::new());
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [zone, opcode, result, expected, arguments @ ..] = fields.as_slice() else {
            panic!("malformed case: {line}");
        };
        cases += 1;
        let expected = unescape(expected);
        let got = answer(zone, opcode, scalar(result), arguments);
        if got != expected {
            wrong += 1;
            let _ =
                writeln!(report, "{zone} {opcode}({}): expected {expected}, got {got}", arguments.join(", "));
        }
    }
    assert!(cases > 0, "{family} has cases");
    assert!(wrong == 0, "{wrong} of {cases} cases of {family} differ from PostgreSQL:\n{report}");
}

macro_rules! families {
    ($($family:ident),* $(,)?) => {
        $(
            #[test]
            fn $family() {
                check(stringify!($family));
            }
        )*
    };
}

families!(
    range, integer, float, numeric, text, pattern, bytea, uuid, jsonb, jsonpath, datetime, interval,
    formatting, network, bits
);
