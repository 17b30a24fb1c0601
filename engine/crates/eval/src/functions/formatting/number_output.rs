//! Numbers to text by a picture.

use super::number_picture::{LocaleSign, Part, Picture};
use super::{ordinal, roman};
use crate::context::Env;
use crate::registry::{Function, fallible};
use std::sync::Arc;
use tidewire_row::{EvalError, EvalResult, Numeric};

/// A number prepared for a picture: its digits (with a point), sign, and how many positions stay blank before it.
struct Prepared {
    digits: String,
    negative: bool,
    blanks: usize,
    picture: Picture,
}

/// Fits digits into the picture's positions before the point; too many become `#`.
fn fit(digits: String, negative: bool, picture: Picture) -> Prepared {
    let before = digits.find('.').unwrap_or(digits.len());
    if before > picture.before {
        let mut hashes = vec![b'#'; picture.before + picture.after + 1];
        hashes[picture.before] = b'.';
        let digits = String::from_utf8(hashes).unwrap_or_default();
        return Prepared { digits, negative, blanks: 0, picture };
    }
    let blanks = picture.before - before;
    Prepared { digits, negative, blanks, picture }
}

/// The state of writing a number.
struct Writer<'p> {
    picture: &'p Picture,
    digits: &'p [u8],
    /// The next digit or point.
    at: usize,
    negative: bool,
    blanks: usize,
    /// Positions that the picture has, which closes brackets and the sign behind.
    count: usize,
    position: usize,
    sign: LocaleSign,
    bracket: bool,
    sign_written: bool,
    /// The last character that FM keeps; None keeps all.
    last_relevant: Option<usize>,
    /// A digit was written, so that a group separator shows.
    in_number: bool,
    out: String,
}

impl<'p> Writer<'p> {
    fn new(prepared: &'p Prepared) -> Self {
        let picture = &prepared.picture;
        let digits = prepared.digits.as_bytes();
        let mut sign = picture.sign;
        let mut bracket = picture.bracket;
        let sign_written;
        if picture.plus || picture.minus {
            // PL alone still leaves a place for the sign.
            sign_written = !picture.plus || picture.minus;
        } else {
            if !prepared.negative && picture.fill {
                bracket = false;
            }
            sign_written = !prepared.negative && picture.fill && sign == LocaleSign::None;
            if sign == LocaleSign::Before && picture.before == picture.before_sign {
                sign = LocaleSign::After;
            }
        }
        let mut last_relevant = None;
        if picture.fill && picture.point {
            last_relevant = digits.iter().position(|byte| *byte == b'.').map(|point| {
                digits.iter().rposition(|byte| *byte != b'0').map_or(point, |last| last.max(point))
            });
            if let Some(last) = last_relevant
                && picture.zero_end > prepared.blanks
            {
                let last_zero = (digits.len() - 1).min(picture.zero_end - prepared.blanks);
                last_relevant = Some(last.max(last_zero));
            }
        }
        let mut count = (picture.after + picture.before).wrapping_sub(1);
        if !sign_written && prepared.blanks == 0 {
            count = count.wrapping_add(1);
        }
        Writer {
            picture,
            digits,
            at: 0,
            negative: prepared.negative,
            blanks: prepared.blanks,
            count,
            position: 0,
            sign,
            bracket,
            sign_written,
            last_relevant,
            in_number: false,
            out: String::with_capacity(digits.len() + picture.parts.len()),
        }
    }

    fn sign_character(&self) -> char {
        if self.negative { '-' } else { '+' }
    }

    fn current(&self) -> Option<u8> {
        self.digits.get(self.at).copied()
    }

    /// The zero before the point that 9.9 does not show.
    fn is_hidden_zero(&self) -> bool {
        !self.picture.zero && self.at == 0 && self.digits.first() == Some(&b'0') && self.picture.after != 0
    }

    fn ends_at_point(&self) -> bool {
        self.last_relevant.is_some_and(|last| self.digits.get(last) == Some(&b'.'))
    }

    fn zero_start(&self) -> usize {
        self.picture.zero_start.saturating_sub(1)
    }

    fn write_sign(&mut self) {
        let reached =
            self.position >= self.blanks || (self.picture.zero && self.zero_start() == self.position);
        if self.sign_written || !reached || (self.is_hidden_zero() && !self.ends_at_point()) {
            return;
        }
        if self.sign != LocaleSign::None {
            if self.sign == LocaleSign::Before {
                self.out.push(self.sign_character());
                self.sign_written = true;
            }
        } else {
            if self.bracket {
                self.out.push(if self.negative { '<' } else { ' ' });
            } else if self.negative {
                self.out.push('-');
            } else if !self.picture.fill {
                self.out.push(' ');
            }
            self.sign_written = true;
        }
    }

    /// A digit position or the point.
    fn digit(&mut self, part: Part) {
        self.in_number = false;
        self.write_sign();
        let before_digits = self.position < self.blanks;
        if before_digits && (!self.picture.zero || self.zero_start() > self.position) {
            if !self.picture.fill {
                self.out.push(' ');
            }
        } else if before_digits {
            self.out.push('0');
            self.in_number = true;
        } else {
            self.write_digit(part);
        }
        let mut end =
            self.count.wrapping_add((self.blanks > 0) as usize).wrapping_add(self.picture.point as usize);
        if self.last_relevant == Some(self.at) {
            end = self.position;
        }
        if self.position.wrapping_add(1) == end {
            if self.sign_written && self.bracket {
                self.out.push(if self.negative { '>' } else { ' ' });
            } else if self.sign == LocaleSign::After {
                self.out.push(self.sign_character());
            }
        }
        self.position += 1;
    }

    fn write_digit(&mut self, part: Part) {
        match self.current() {
            Some(b'.') => {
                if !self.ends_at_point() || self.picture.fill {
                    self.out.push('.');
                }
            }
            digit => {
                if self.last_relevant.is_some_and(|last| self.at > last) && part != Part::Zero {
                    // FM leaves out zeros at the end.
                } else if self.is_hidden_zero() {
                    if !self.picture.fill {
                        self.out.push(' ');
                    } else if self.ends_at_point() {
                        self.out.push('0');
                    }
                } else {
                    if let Some(digit) = digit {
                        self.out.push(digit as char);
                    }
                    self.in_number = true;
                }
            }
        }
        if self.at < self.digits.len() {
            self.at += 1;
        }
    }

    fn run(mut self) -> EvalResult<String> {
        let fill = self.picture.fill;
        for part in &self.picture.parts {
            match *part {
                Part::Nine | Part::Zero | Part::Point => self.digit(*part),
                Part::Comma | Part::Group => {
                    if self.in_number {
                        self.out.push(',');
                    } else if !fill {
                        self.out.push(' ');
                    }
                }
                Part::Currency => self.out.push(' '),
                Part::Minus => {
                    if self.negative {
                        self.out.push('-');
                    } else if !fill {
                        self.out.push(' ');
                    }
                }
                Part::Plus => {
                    if !self.negative {
                        self.out.push('+');
                    } else if !fill {
                        self.out.push(' ');
                    }
                }
                Part::SignHere => self.out.push(self.sign_character()),
                Part::Ordinal { upper } => {
                    if self.digits.first() != Some(&b'#') && !self.negative && !self.picture.point {
                        let digits = std::str::from_utf8(self.digits).unwrap_or_default();
                        self.out.push_str(ordinal(digits, upper)?);
                    }
                }
                Part::Character(character) => self.out.push(character),
                Part::Roman { .. } | Part::Silent => {}
            }
        }
        Ok(self.out)
    }
}

fn roman_text(number: Option<i32>, picture: &Picture) -> String {
    let numeral = number.and_then(roman::numeral).unwrap_or_else(|| "#".repeat(roman::WIDTH));
    let mut out = String::new();
    for part in &picture.parts {
        match *part {
            Part::Roman { upper } => {
                let numeral = if upper { numeral.clone() } else { numeral.to_ascii_lowercase() };
                if picture.fill {
                    out.push_str(&numeral);
                } else {
                    out.push_str(&format!("{numeral:>width$}", width = roman::WIDTH));
                }
            }
            // No digit stands before these.
            Part::Comma | Part::Group if !picture.fill => out.push(' '),
            Part::Currency => out.push(' '),
            Part::Character(character) => out.push(character),
            _ => {}
        }
    }
    out
}

/// What scientific notation shows for NaN and infinities.
fn scientific_hashes(picture: &Picture) -> String {
    let mut text = vec![b'#'; picture.before + picture.after + 6];
    text[0] = b' ';
    text[picture.before + 1] = b'.';
    String::from_utf8(text).unwrap_or_default()
}

/// `d.dde+xx` with a blank for the plus sign.
fn scientific_float(value: f64, picture: &Picture) -> String {
    if !value.is_finite() {
        return scientific_hashes(picture);
    }
    let text = format!("{value:.*e}", picture.after);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    with_exponent(mantissa, exponent.parse().unwrap_or(0))
}

fn with_exponent(mantissa: &str, exponent: i64) -> String {
    let blank = if mantissa.starts_with('-') { "" } else { " " };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{blank}{mantissa}e{sign}{:02}", exponent.abs())
}

fn scientific_numeric(value: Numeric<'_>, picture: &Picture) -> String {
    if !value.is_finite() {
        return scientific_hashes(picture);
    }
    let text = value.to_string();
    let negative = text.starts_with('-');
    let plain: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let unsigned = text.trim_start_matches('-');
    let point = unsigned.find('.').unwrap_or(unsigned.len()) as i64;
    let leading = plain.iter().position(|digit| *digit != 0);
    let (mut digits, exponent) = match leading {
        None => (vec![0], 0),
        Some(leading) => (plain[leading..].to_vec(), point - 1 - leading as i64),
    };
    // Half away from zero. PostgreSQL does not normalise what a carry makes: 9.96 with one digit is 10.0e+00.
    let mut before = 1;
    let kept = picture.after + 1;
    let round_up = digits.get(kept).is_some_and(|digit| *digit >= 5);
    digits.resize(kept, 0);
    if round_up {
        let mut at = kept;
        loop {
            if at == 0 {
                digits.insert(0, 1);
                before = 2;
                break;
            }
            at -= 1;
            if digits[at] < 9 {
                digits[at] += 1;
                break;
            }
            digits[at] = 0;
        }
    }
    let mut mantissa = String::new();
    if negative {
        mantissa.push('-');
    }
    for (index, digit) in digits.iter().enumerate() {
        if index == before {
            mantissa.push('.');
        }
        mantissa.push((b'0' + digit) as char);
    }
    with_exponent(&mantissa, exponent)
}

fn picture(text: &str, env: &Env<'_>) -> EvalResult<Arc<Picture>> {
    env.site.cached(text, || Picture::parse(text))
}

fn split_sign(text: String) -> (String, bool) {
    match text.strip_prefix('-') {
        Some(digits) => (digits.to_string(), true),
        None => (text, false),
    }
}

fn write<'a>(prepared: Prepared, env: &Env<'a>) -> EvalResult<&'a str> {
    Ok(env.arena.push_str(Writer::new(&prepared).run()?))
}

/// An integer with the picture's zeros after the point.
fn integer_text<'a>(text: String, picture: Picture, env: &Env<'a>) -> EvalResult<&'a str> {
    let (mut digits, negative) = split_sign(text);
    if picture.after > 0 {
        digits.push('.');
        digits.extend(std::iter::repeat_n('0', picture.after));
    }
    write(fit(digits, negative, picture), env)
}

fn shifted(picture: &Picture) -> Picture {
    let mut picture = picture.clone();
    picture.before += picture.shift;
    picture
}

fn int4<'a>(value: i32, format: &str, env: &Env<'a>) -> EvalResult<&'a str> {
    let picture = picture(format, env)?;
    if picture.empty {
        return Ok("");
    }
    if picture.roman {
        return Ok(env.arena.push_str(roman_text(Some(value), &picture)));
    }
    if picture.scientific {
        return Ok(env.arena.push_str(scientific_float(value as f64, &picture)));
    }
    let value =
        if picture.multiplied { value.wrapping_mul(10f64.powi(picture.shift as i32) as i32) } else { value };
    integer_text(value.to_string(), shifted(&picture), env)
}

fn int8<'a>(value: i64, format: &str, env: &Env<'a>) -> EvalResult<&'a str> {
    let picture = picture(format, env)?;
    if picture.empty {
        return Ok("");
    }
    if picture.roman {
        return Ok(env.arena.push_str(roman_text(i32::try_from(value).ok(), &picture)));
    }
    if picture.scientific {
        return Ok(env.arena.push_str(scientific_numeric(Numeric::from_i64(value), &picture)));
    }
    let value = if picture.multiplied {
        let factor = 10i64.checked_pow(picture.shift as u32);
        factor
            .and_then(|factor| value.checked_mul(factor))
            .ok_or_else(|| EvalError::out_of_range("bigint"))?
    } else {
        value
    };
    integer_text(value.to_string(), shifted(&picture), env)
}

/// C's `%.*f`, which also names the infinities in full.
fn fixed(value: f64, digits: usize) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_string();
    }
    format!("{value:.digits$}")
}

/// `precision` is how many digits the type holds for certain.
fn float<'a>(
    value: f64,
    multiply: impl Fn(f64, usize) -> f64,
    precision: usize,
    format: &str,
    env: &Env<'a>,
) -> EvalResult<&'a str> {
    let picture = picture(format, env)?;
    if picture.empty {
        return Ok("");
    }
    if picture.roman {
        let rounded = value.round_ties_even();
        let number = (rounded >= i32::MIN as f64 && rounded <= i32::MAX as f64).then_some(rounded as i32);
        return Ok(env.arena.push_str(roman_text(number, &picture)));
    }
    if picture.scientific {
        return Ok(env.arena.push_str(scientific_float(value, &picture)));
    }
    let value = if picture.multiplied { multiply(value, picture.shift) } else { value };
    let mut picture = shifted(&picture);
    let whole = fixed(value.abs(), 0).len();
    if whole >= precision {
        picture.after = 0;
    } else if whole + picture.after > precision {
        picture.after = precision - whole;
    }
    let text = if value.is_nan() { "NaN".to_string() } else { fixed(value, picture.after) };
    let (digits, negative) = split_sign(text);
    write(fit(digits, negative, picture), env)
}

fn numeric<'a>(value: Numeric<'a>, format: &str, env: &Env<'a>) -> EvalResult<&'a str> {
    let picture = picture(format, env)?;
    if picture.empty {
        return Ok("");
    }
    if picture.roman {
        return Ok(env.arena.push_str(roman_text(value.to_i32().ok(), &picture)));
    }
    if picture.scientific {
        return Ok(env.arena.push_str(scientific_numeric(value, &picture)));
    }
    let mut value = value;
    if picture.multiplied {
        let factor = Numeric::from_i64(10).power(&Numeric::from_i64(picture.shift as i64), env.arena)?;
        value = value.mul(&factor, env.arena)?;
    }
    let rounded = value.round(picture.after as i32, env.arena)?;
    let (digits, negative) = split_sign(rounded.to_string());
    write(fit(digits, negative, shifted(&picture)), env)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("int4_to_char", (value: Int32, format: Text), env => int4(value, format, env)).stable(),
    fallible!("int8_to_char", (value: Int64, format: Text), env => int8(value, format, env)).stable(),
    fallible!("float4_to_char", (value: Float32, format: Text), env =>
    float(
        value as f64,
        |value, shift| (value as f32 * 10f64.powi(shift as i32) as f32) as f64,
        f32::DIGITS as usize,
        format,
        env,
    ))
    .stable(),
    fallible!("float8_to_char", (value: Float64, format: Text), env =>
        float(value, |value, shift| value * 10f64.powi(shift as i32), f64::DIGITS as usize, format, env))
    .stable(),
    fallible!("numeric_to_char", (value: Numeric, format: Text), env => numeric(value, format, env)).stable(),
]];
