//! pg_size_bytes: a size with a unit.

use crate::registry::{Function, fallible};
use tidewire_row::{Arena, EvalError, EvalResult, Numeric};

const UNITS: &[(&str, i64)] = &[
    ("bytes", 1),
    ("b", 1),
    ("kb", 1 << 10),
    ("mb", 1 << 20),
    ("gb", 1 << 30),
    ("tb", 1 << 40),
    ("pb", 1 << 50),
];

/// How long the number is that a text begins with; None: it begins with none.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = bytes.first().is_some_and(|byte| matches!(byte, b'-' | b'+')) as usize;
    let whole = digits(sign);
    let mut end = sign + whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if bytes.get(end).is_some_and(|byte| matches!(byte, b'e' | b'E')) {
        let sign = bytes.get(end + 1).is_some_and(|byte| matches!(byte, b'-' | b'+')) as usize;
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    Some(end)
}

fn size_bytes(text: &str, arena: &Arena) -> EvalResult<i64> {
    let invalid = || EvalError::new("22023", format!("invalid size: \"{text}\""));
    let given = text.trim_start();
    let (number, unit) = given.split_at(number_length(given).ok_or_else(invalid)?);
    let unit = unit.trim();
    let number = Numeric::parse(number, -1, arena)?;
    if unit.is_empty() {
        return number.to_i64();
    }
    let bytes = UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name)).map(|(_, bytes)| *bytes);
    let bytes = bytes.ok_or_else(|| {
        invalid()
            .with_detail(format!("Invalid size unit: \"{unit}\"."))
            .with_hint("Valid units are \"bytes\", \"B\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
    })?;
    number.mul(&Numeric::from_i64(bytes), arena)?.to_i64()
}

pub(super) const FUNCTIONS: &[Function] =
    &[fallible!("pg_size_bytes", (text: Text), env => size_bytes(text, env.arena))];
