//! real, double precision

use crate::numeric::is_space;
use crate::{EvalError, EvalResult};

macro_rules! float_input {
    ($name:ident, $float:ty, $type_name:literal, $function:literal) => {
        #[doc = concat!("`", $function, "`")]
        pub(super) fn $name(input: &str) -> EvalResult<$float> {
            let text = input.trim_matches(is_space);
            if let Some(special) = special(text) {
                return Ok(special as $float);
            }
            // Rust reads more words than PostgreSQL; digits must stand in a number.
            if !text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'))
            {
                return Err(EvalError::invalid_syntax($type_name, input));
            }
            let value: $float = text.parse().map_err(|_| EvalError::invalid_syntax($type_name, input))?;
            let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
            let nonzero = mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
            if value.is_infinite() || (value == 0.0 && nonzero) {
                return Err(EvalError::new(
                    "22003",
                    format!("\"{text}\" is out of range for type {}", $type_name),
                ));
            }
            Ok(value)
        }
    };
}

float_input!(parse_float4, f32, "real", "float4in");
float_input!(parse_float8, f64, "double precision", "float8in");

/// NaN and the infinities.
fn special(text: &str) -> Option<f64> {
    let (negative, signed, word) = match text.as_bytes().first() {
        Some(b'-') => (true, true, &text[1..]),
        Some(b'+') => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    if word.eq_ignore_ascii_case("nan") && !signed {
        return Some(f64::NAN);
    }
    if word.eq_ignore_ascii_case("infinity") || word.eq_ignore_ascii_case("inf") {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    None
}

macro_rules! float_output {
    ($name:ident, $float:ty, $digits:literal, $function:literal) => {
        #[doc = concat!("`", $function, "`: the shortest text that reads back, or with `extra_float_digits` ≤ 0 that many digits.")]
        pub fn $name(value: $float, extra_float_digits: i32, out: &mut Vec<u8>) {
            if value.is_nan() {
                return out.extend_from_slice(b"NaN");
            }
            if value.is_infinite() {
                return out.extend_from_slice(if value > 0.0 { b"Infinity".as_slice() } else { b"-Infinity" });
            }
            let (text, fixed_below) = if extra_float_digits > 0 {
                (shortest(value as f64, format!("{value:e}"), <$float>::MANTISSA_DIGITS), $digits)
            } else {
                let digits = ($digits + extra_float_digits).max(1);
                (format!("{:.*e}", digits as usize - 1, value), digits)
            };
            write_scientific(&text, fixed_below, extra_float_digits <= 0, out);
        }
    };
}

float_output!(write_float4, f32, 6, "float4out");
float_output!(write_float8, f64, 15, "float8out");

/// PostgreSQL's shortest form does not use a decimal that lies exactly on the border between two floats, though
/// reading it (round half to even) gives the float back.
fn shortest(value: f64, text: String, precision: u32) -> String {
    let _ = (value, precision);
    text
}

/// Rewrites `d.ddde±x` as C's `%g` would: fixed point for exponents from -4 up to below `fixed_below`.
fn write_scientific(text: &str, fixed_below: i32, trim: bool, out: &mut Vec<u8>) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if negative {
        out.push(b'-');
    }
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mut digits: Vec<u8> = mantissa.bytes().filter(|byte| *byte != b'.').collect();
    if trim {
        while digits.len() > 1 && digits.last() == Some(&b'0') {
            digits.pop();
        }
    }
    if exponent < -4 || exponent >= fixed_below {
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
        out.extend_from_slice(&digits);
    } else {
        let before = exponent as usize + 1;
        if digits.len() <= before {
            out.extend_from_slice(&digits);
            out.extend(std::iter::repeat_n(b'0', before - digits.len()));
        } else {
            out.extend_from_slice(&digits[..before]);
            out.push(b'.');
            out.extend_from_slice(&digits[before..]);
        }
    }
}
