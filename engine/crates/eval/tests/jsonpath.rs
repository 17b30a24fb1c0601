//! Paths and documents that nest without end are errors, on a thread with the usual stack.

use tidewire_eval::fold;
use tidewire_plan::{Expr, ScalarType};

fn literal(scalar: ScalarType, text: &str) -> Expr {
    Expr::Literal { scalar, text: Some(text.to_string()) }
}

/// What a path gives of a document: text, or SQLSTATE.
fn query(document: &str, path: &str) -> String {
    let call = Expr::Call {
        opcode: "jsonb_path_query_array".into(),
        arguments: vec![
            literal(ScalarType::Jsonb, document),
            Expr::Input {
                argument: Box::new(literal(ScalarType::Text, path)),
                scalar: ScalarType::Jsonpath,
                typmod: -1,
            },
            literal(ScalarType::Jsonb, "{}"),
            literal(ScalarType::Bool, "f"),
        ],
        scalar: ScalarType::Jsonb,
    };
    match fold(&call) {
        Ok(text) => text.unwrap_or_else(|| "NULL".into()),
        Err(error) => error.sqlstate().to_string(),
    }
}

#[test]
fn what_nests_within_reason_is_computed() {
    assert_eq!(query("1", &format!("{}1{}", "(".repeat(280), ")".repeat(280))), "[1]");
    assert_eq!(query("1", &format!("1{}", "+$".repeat(280))), "[281]");
    assert_eq!(query("1", &format!("{}$", "-".repeat(280))), "[1]");
    assert_eq!(query("[]", &format!("$ ? ({}@ == 1{})", "(".repeat(280), ")".repeat(280))), "[]");
    assert_eq!(query("1", &format!("${}", "[0]".repeat(1_000))), "[1]");
    let deep = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(query(&deep, "$.**{last}"), "[1]");
}

#[test]
fn what_nests_without_end_is_refused() {
    let refused = "54001";
    assert_eq!(query("1", &format!("{}1{}", "(".repeat(50_000), ")".repeat(50_000))), refused);
    assert_eq!(query("1", &format!("1{}", "+$".repeat(50_000))), refused);
    assert_eq!(query("1", &format!("{}$", "-".repeat(50_000))), refused);
    assert_eq!(query("1", &format!("{}$ == 1{}", "!(".repeat(50_000), ")".repeat(50_000))), refused);
    assert_eq!(query("1", &format!("$ ? ({}@{})", "@[".repeat(50_000), "]".repeat(50_000))), refused);
    assert_eq!(query("1", &format!("${}", "[0]".repeat(50_000))), refused);
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(query(&deep, "$.**"), refused);
    let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    assert_eq!(query(&deep, "$.**.keyvalue()"), refused);
}

#[test]
fn a_path_whose_pattern_is_none_is_refused_where_it_is_read() {
    assert_eq!(query("1", "$ ? (@ like_regex \"(a\")"), "2201B");
}
