//! Numeric literals of jsonpath, which are ECMAScript's: how long each kind of them is at the start of a text.

fn digits(text: &[u8], is_digit: impl Fn(u8) -> bool) -> usize {
    let at = |index: usize| text.get(index).copied().is_some_and(&is_digit);
    if !at(0) {
        return 0;
    }
    let mut length = 1;
    loop {
        if at(length) {
            length += 1;
        } else if text.get(length) == Some(&b'_') && at(length + 1) {
            length += 2;
        } else {
            return length;
        }
    }
}

fn decimal_digits(text: &[u8]) -> usize {
    digits(text, |byte| byte.is_ascii_digit())
}

/// `0`, or digits that do not begin with 0.
fn integer(text: &[u8]) -> usize {
    if text.first() == Some(&b'0') { 1 } else { decimal_digits(text) }
}

/// Digits with a point.
fn decimal(text: &[u8]) -> usize {
    let whole = integer(text);
    if text.get(whole) != Some(&b'.') {
        return 0;
    }
    match (whole, decimal_digits(&text[whole + 1..])) {
        (0, 0) => 0,
        (whole, fraction) => whole + 1 + fraction,
    }
}

/// Behind digits: `e`, and a sign if there is one; 0 where there is none.
fn exponent_mark(text: &[u8]) -> usize {
    match text {
        [b'e' | b'E', b'+' | b'-', ..] => 2,
        [b'e' | b'E', ..] => 1,
        _ => 0,
    }
}

fn prefixed(text: &[u8]) -> usize {
    let [b'0', base, rest @ ..] = text else { return 0 };
    let length = match base {
        b'x' | b'X' => digits(rest, |byte| byte.is_ascii_hexdigit()),
        b'o' | b'O' => digits(rest, |byte| (b'0'..=b'7').contains(&byte)),
        b'b' | b'B' => digits(rest, |byte| matches!(byte, b'0' | b'1')),
        _ => 0,
    };
    if length == 0 { 0 } else { length + 2 }
}

/// What a text begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Integer,
    Decimal,
    /// `1e+`
    NoExponent,
    /// A number with a character too many.
    Junk,
}

/// The longest of the literals that the text begins with, and its length; of equally long ones the one that is listed
/// first. `other`: the length of the character that stands at a place if names can have it, 0 otherwise.
pub(super) fn longest(text: &[u8], other: impl Fn(usize) -> usize) -> Option<(Found, usize)> {
    let (integer, decimal) = (integer(text), decimal(text));
    let base = integer.max(decimal);
    let mark = if base == 0 { 0 } else { exponent_mark(&text[base..]) };
    let exponent = if mark == 0 { 0 } else { decimal_digits(&text[base + mark..]) };
    let real = if exponent == 0 { 0 } else { base + mark + exponent };
    let junk = |length: usize| match length {
        0 => 0,
        length => match other(length) {
            0 => 0,
            more => length + more,
        },
    };
    let candidates = [
        (Found::Decimal, real),
        (Found::Decimal, decimal),
        (Found::Integer, integer),
        (Found::Integer, prefixed(text)),
        (Found::NoExponent, if mark == 2 { base + 2 } else { 0 }),
        (Found::Junk, junk(integer)),
        (Found::Junk, junk(decimal)),
        (Found::Junk, junk(real)),
    ];
    let most = candidates.iter().map(|(_, length)| *length).max().filter(|most| *most > 0)?;
    candidates.into_iter().find(|(_, length)| *length == most)
}
