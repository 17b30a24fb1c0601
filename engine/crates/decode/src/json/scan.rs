//! A validating scanner of one JSON text (RFC 8259) that finds where values are and copies nothing.

use tidewire_row::{EvalError, EvalResult};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    Number,
    /// Its span includes the quotes.
    String {
        escaped: bool,
    },
    /// An object or array.
    Structure,
}

/// A string's content, without quotes.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: usize,
    end: usize,
    /// It has escapes.
    pub(crate) escaped: bool,
}

impl Span {
    pub(crate) fn text<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }

    pub(crate) fn bytes<'a>(&self, text: &'a str) -> &'a [u8] {
        &text.as_bytes()[self.start..self.end]
    }
}

/// Nesting deeper than this is refused.
const MAX_DEPTH: usize = 1000;

pub(crate) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Scanner { text, bytes: text.as_bytes(), at: 0 }
    }

    /// From a place in the text on.
    pub(crate) fn within(text: &'a str, at: usize) -> Self {
        Scanner { text, bytes: text.as_bytes(), at }
    }

    #[cold]
    fn error(&self, expected: &str) -> EvalError {
        let detail = match self.text[self.at.min(self.text.len())..].chars().next() {
            Some(found) => format!("Expected {expected}, but found \"{found}\" at byte {}.", self.at + 1),
            None => "The input string ended unexpectedly.".to_string(),
        };
        EvalError::new("22P02", "invalid input syntax for type json").with_detail(detail)
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// Takes a character if it comes next.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.bytes.get(self.at) == Some(&byte);
        if found {
            self.at += 1;
        }
        found
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> EvalResult<()> {
        if self.take(byte) { Ok(()) } else { Err(self.error(&format!("\"{}\"", byte as char))) }
    }

    /// Nothing but white space is left.
    pub(crate) fn end(&mut self) -> EvalResult<()> {
        self.skip_space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error("end of input")) }
    }

    /// A string.
    #[inline]
    pub(crate) fn string(&mut self) -> EvalResult<Span> {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.error("string"));
        }
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &self.bytes[at..]) else {
                self.at = self.bytes.len();
                return Err(self.error("\""));
            };
            let stop = at + found;
            if let Some(control) = self.bytes[at..stop].iter().position(|&byte| byte < 0x20) {
                self.at = at + control;
                return Err(self.control());
            }
            if self.bytes[stop] == b'"' {
                self.at = stop + 1;
                return Ok(Span { start, end: stop, escaped });
            }
            escaped = true;
            at = stop + self.escape(stop)?;
        }
    }

    #[cold]
    fn control(&self) -> EvalError {
        EvalError::new("22P02", "invalid input syntax for type json")
            .with_detail(format!("Character with value 0x{:02x} must be escaped.", self.bytes[self.at]))
    }

    /// Length of the escape sequence at a place.
    fn escape(&mut self, at: usize) -> EvalResult<usize> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => match self.bytes.get(at + 2..at + 6) {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(6),
                _ => {
                    self.at = at;
                    Err(EvalError::new("22P02", "invalid input syntax for type json")
                        .with_detail("\"\\u\" must be followed by four hexadecimal digits."))
                }
            },
            _ => {
                self.at = at;
                Err(self.error("escape sequence"))
            }
        }
    }

    /// Any value: its kind and span.
    #[inline]
    pub(crate) fn value(&mut self) -> EvalResult<(Kind, usize, usize)> {
        self.skip_space();
        let start = self.at;
        let kind = match self.bytes.get(start) {
            Some(b'"') => Kind::String { escaped: self.string()?.escaped },
            Some(b'{' | b'[') => {
                self.structure()?;
                Kind::Structure
            }
            _ => self.scalar()?,
        };
        Ok((kind, start, self.at))
    }

    fn scalar(&mut self) -> EvalResult<Kind> {
        match self.bytes.get(self.at) {
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Ok(Kind::Number)
            }
            Some(b't') => self.word("true", Kind::True),
            Some(b'f') => self.word("false", Kind::False),
            Some(b'n') => self.word("null", Kind::Null),
            _ => Err(self.error("JSON value")),
        }
    }

    fn word(&mut self, word: &str, kind: Kind) -> EvalResult<Kind> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(kind)
        } else {
            Err(self.error("JSON value"))
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> EvalResult<()> {
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return Err(self.error("number"));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.error("digit"));
            }
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.error("digit"));
            }
        }
        Ok(())
    }

    /// An object or array, without recursion.
    fn structure(&mut self) -> EvalResult<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            // A value is due here.
            self.skip_space();
            let mut complete = true;
            match self.bytes.get(self.at) {
                Some(b'{') => {
                    self.at += 1;
                    if !self.take(b'}') {
                        open.push(b'}');
                        self.string()?;
                        self.expect(b':')?;
                        complete = false;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.take(b']') {
                        open.push(b']');
                        complete = false;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                _ => {
                    self.scalar()?;
                }
            }
            if open.len() > MAX_DEPTH {
                return Err(EvalError::new("54001", "stack depth limit exceeded"));
            }
            if !complete {
                continue;
            }
            // A value is behind: close what it ends, or go on to the next.
            loop {
                let Some(&closing) = open.last() else { return Ok(()) };
                if self.take(b',') {
                    if closing == b'}' {
                        self.string()?;
                        self.expect(b':')?;
                    }
                    break;
                }
                if !self.take(closing) {
                    return Err(self.error(&format!("\",\" or \"{}\"", closing as char)));
                }
                open.pop();
            }
        }
    }
}

/// Appends a string's value. The scanner has checked its escapes.
pub(crate) fn unescape(text: &str, out: &mut String) -> EvalResult<()> {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes()[at + 1];
        let mut length = 2;
        match escape {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let (character, used) = unicode(&rest[at..])?;
                out.push(character);
                length = used;
            }
            other => out.push(other as char),
        }
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    Ok(())
}

/// The character of `\uXXXX`, or of a pair of them.
fn unicode(text: &str) -> EvalResult<(char, usize)> {
    let unit = |at: usize| text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let refuse =
        |detail: &str| EvalError::new("22P02", "invalid input syntax for type json").with_detail(detail);
    let first = unit(2).ok_or_else(|| refuse("\"\\u\" must be followed by four hexadecimal digits."))?;
    match first {
        0 => Err(EvalError::new("22P05", "unsupported Unicode escape sequence")
            .with_detail("\\u0000 cannot be converted to text.")),
        0xd800..=0xdbff => match (text.get(6..8), unit(8)) {
            (Some("\\u"), Some(second @ 0xdc00..=0xdfff)) => {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                Ok((char::from_u32(code).unwrap_or('\u{fffd}'), 12))
            }
            _ => Err(refuse("Unicode low surrogate must follow a high surrogate.")),
        },
        0xdc00..=0xdfff => Err(refuse("Unicode low surrogate must follow a high surrogate.")),
        code => Ok((char::from_u32(code).unwrap_or('\u{fffd}'), 6)),
    }
}
