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
    let (negative, word) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if word.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    if word.eq_ignore_ascii_case("infinity") || word.eq_ignore_ascii_case("inf") {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let hexadecimal = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))?;
    let value = parse_hexadecimal(hexadecimal)?;
    Some(if negative { -value } else { value })
}

/// C's hexadecimal floats: digits with a point, and a binary exponent.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = match text.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    if before.is_empty() && after.is_empty() {
        return None;
    }
    let mut value = 0.0f64;
    for digit in before.chars().chain(after.chars()) {
        value = value * 16.0 + digit.to_digit(16)? as f64;
    }
    let shift = exponent.checked_sub(4 * after.len() as i32)?;
    // In two steps, so that a subnormal result is not lost on the way.
    let half = shift / 2;
    let scaled = value * 2f64.powi(half) * 2f64.powi(shift - half);
    (scaled.is_finite() && (scaled != 0.0 || value == 0.0)).then_some(scaled)
}

macro_rules! float_output {
    ($name:ident, $float:ty, $digits:literal, $parts:ident, $function:literal) => {
        #[doc = concat!("`", $function, "`: the shortest text that reads back, or with `extra_float_digits` ≤ 0 that many digits.")]
        pub fn $name(value: $float, extra_float_digits: i32, out: &mut Vec<u8>) {
            if value.is_nan() {
                return out.extend_from_slice(b"NaN");
            }
            if value.is_infinite() {
                return out.extend_from_slice(if value > 0.0 { b"Infinity".as_slice() } else { b"-Infinity" });
            }
            let (text, fixed_below) = if extra_float_digits > 0 {
                let (mantissa, exponent) = $parts(value);
                let text = adjust_shortest(
                    format!("{value:e}"),
                    mantissa,
                    exponent,
                    |count| format!("{:.*e}", count - 1, value),
                    |text| text.parse::<$float>().is_ok_and(|read| read == value),
                );
                (text, $digits)
            } else {
                let digits = ($digits + extra_float_digits).max(1);
                (format!("{:.*e}", digits as usize - 1, value), digits)
            };
            write_scientific(&text, fixed_below, extra_float_digits <= 0, out);
        }
    };
}

float_output!(write_float4, f32, 6, parts_f32, "float4out");
float_output!(write_float8, f64, 15, parts_f64, "float8out");

/// Magnitude of a finite float as `mantissa · 2^exponent`.
fn parts_f64(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) }
}

/// Magnitude of a finite float as `mantissa · 2^exponent`.
fn parts_f32(value: f32) -> (u64, i32) {
    let bits = value.to_bits();
    let biased = (bits >> 23 & 0xff) as i32;
    let fraction = (bits & ((1 << 23) - 1)) as u64;
    if biased == 0 { (fraction, -149) } else { (fraction | 1 << 23, biased - 150) }
}

/// Rust's shortest digits, made PostgreSQL's (Ryu without `STRICTLY_SHORTEST`) in two respects.
///
/// PostgreSQL does not use a decimal that lies exactly halfway to the next float, though reading it gives the float
/// back; and of two shortest decimals equally near it takes the one with an even last digit.
/// `mantissa · 2^exponent` is the value's magnitude.
fn adjust_shortest(
    text: String,
    mantissa: u64,
    exponent: i32,
    precise: impl Fn(usize) -> String,
    reads_back: impl Fn(&str) -> bool,
) -> String {
    let Some((mut digits, mut place)) = split_scientific(&text) else { return text };
    if mantissa == 0 {
        return text;
    }
    // Shorter decimals than the float's precision are neither borders nor ties: only long integers and exact
    // binary fractions can be.
    let fraction_bits = (-(exponent + mantissa.trailing_zeros() as i32)).max(0);
    if fraction_bits == 0 || fraction_bits == 1 - place {
        // A tie: the digits written exactly, then rounded half to even, differ from Rust's half up.
        let count = decimal_digits(digits);
        let exact = precise(count);
        if digits % 2 == 1
            && count >= 7
            && let Some((longer, longer_place)) = split_scientific(&precise(count + 1))
            && longer_place == place - 1
            && longer % 10 == 5
            && longer / 10 + 1 == digits
            && is_exactly(longer, longer_place, mantissa, exponent)
        {
            let candidate = exact;
            let even = replace_digits(&candidate, digits - 1);
            if reads_back(&even) {
                return even;
            }
        }
    }
    while digits.is_multiple_of(10) && digits > 0 {
        digits /= 10;
        place += 1;
    }
    let above = (2 * mantissa as u128 + 1, exponent - 1);
    let below = (2 * mantissa as u128 - 1, exponent - 1);
    let on_border = |digits: u64, place: i32| {
        odd_form(digits, place).is_some_and(|form| form == odd(above) || form == odd(below))
    };
    if !on_border(digits, place) {
        return text;
    }
    let count = decimal_digits(digits);
    for longer in count + 1..=17 {
        let candidate = precise(longer);
        let inside = split_scientific(&candidate).is_some_and(|(digits, place)| !on_border(digits, place));
        if inside && reads_back(&candidate) {
            return candidate;
        }
    }
    text
}

/// Digits as an integer and the power of ten of the last one.
fn split_scientific(text: &str) -> Option<(u64, i32)> {
    let (mantissa, exponent) = text.trim_start_matches('-').split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let after = mantissa.len().saturating_sub(2) as i32;
    let digits = mantissa.replace('.', "").parse().ok()?;
    Some((digits, exponent - after))
}

/// The text with other digits, as many.
fn replace_digits(text: &str, digits: u64) -> String {
    let sign = if text.starts_with('-') { "-" } else { "" };
    let exponent = text.split_once('e').map_or("0", |(_, exponent)| exponent);
    let digits = digits.to_string();
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e{exponent}")
}

fn decimal_digits(digits: u64) -> usize {
    digits.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// An odd number and a power of two.
fn odd((value, exponent): (u128, i32)) -> (u128, i32) {
    let zeros = value.trailing_zeros();
    (value >> zeros, exponent + zeros as i32)
}

/// `digits · 10^place` as an odd number and a power of two; None if it is no such number of moderate size.
fn odd_form(digits: u64, place: i32) -> Option<(u128, i32)> {
    if digits == 0 || place.abs() > 40 {
        return None;
    }
    let power = 5u128.checked_pow(place.unsigned_abs())?;
    let value = if place >= 0 {
        (digits as u128).checked_mul(power)?
    } else if (digits as u128).is_multiple_of(power) {
        digits as u128 / power
    } else {
        return None;
    };
    Some(odd((value, place)))
}

/// Whether a decimal is exactly a binary value.
fn is_exactly(digits: u64, place: i32, mantissa: u64, exponent: i32) -> bool {
    odd_form(digits, place) == Some(odd((mantissa as u128, exponent)))
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
