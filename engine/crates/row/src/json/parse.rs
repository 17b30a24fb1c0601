//! Strict JSON, with the errors of PostgreSQL's parser.

use crate::{EvalError, EvalResult};
use std::ops::Range;

/// Takes what a JSON text consists of, in its order, and passes over what it has no use for; `span`: where it stands in the text.
pub trait Events {
    /// Whether it wants strings without their escapes. Where nobody does, `\u0000` and surrogates alone are no error.
    const UNESCAPES: bool;
    /// `{`
    fn begin_object(&mut self, _at: usize) -> EvalResult<()> {
        Ok(())
    }
    /// `[`
    fn begin_array(&mut self, _at: usize) -> EvalResult<()> {
        Ok(())
    }
    /// `}` or `]`; `at`: behind it.
    fn end(&mut self, _at: usize) -> EvalResult<()> {
        Ok(())
    }
    /// The name of an object's member.
    fn key(&mut self, _key: &str, _span: Range<usize>) -> EvalResult<()> {
        Ok(())
    }
    /// A string.
    fn string(&mut self, _text: &str, _span: Range<usize>) -> EvalResult<()> {
        Ok(())
    }
    /// A number.
    fn number(&mut self, _text: &str, _span: Range<usize>) -> EvalResult<()> {
        Ok(())
    }
    /// true or false.
    fn boolean(&mut self, _value: bool, _span: Range<usize>) -> EvalResult<()> {
        Ok(())
    }
    /// null
    fn null(&mut self, _span: Range<usize>) -> EvalResult<()> {
        Ok(())
    }
}

/// Nothing but whether it is JSON.
struct Validity;

impl Events for Validity {
    const UNESCAPES: bool = false;
}

/// `json_in`: refuses what is no JSON.
pub fn validate(input: &str) -> EvalResult<()> {
    read(input, &mut Validity)
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Comma,
    Colon,
    String,
    Number,
    True,
    False,
    Null,
    End,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    ArrayFirst,
    ArrayNext,
    ObjectFirst,
    ObjectKey,
    Colon,
    ObjectNext,
    End,
}

struct Lexer<'i> {
    unescapes: bool,
    input: &'i str,
    at: usize,
    token_start: usize,
    /// The unescaped text of the last string token.
    string: String,
}

fn syntax(detail: String) -> EvalError {
    EvalError::new("22P02", "invalid input syntax for type json").with_detail(detail)
}

/// Reads JSON text.
pub fn read<E: Events>(input: &str, events: &mut E) -> EvalResult<()> {
    let mut lexer = Lexer { unescapes: E::UNESCAPES, input, at: 0, token_start: 0, string: String::new() };
    read_tokens(&mut lexer, events).map_err(|error| match error.detail() {
        Some(_) => error.with_context(lexer.context()),
        None => error,
    })
}

fn read_tokens<E: Events>(lexer: &mut Lexer<'_>, events: &mut E) -> EvalResult<()> {
    let mut open: Vec<bool> = Vec::new(); // true: object
    let mut expect = Expect::Value;
    loop {
        let token = lexer.next()?;
        match (expect, token) {
            (Expect::End, Token::End) => return Ok(()),
            (Expect::ArrayFirst, Token::ArrayEnd)
            | (Expect::ArrayNext, Token::ArrayEnd)
            | (Expect::ObjectFirst, Token::ObjectEnd)
            | (Expect::ObjectNext, Token::ObjectEnd) => {
                events.end(lexer.at)?;
                open.pop();
                expect = after_value(&open);
            }
            (Expect::ArrayNext, Token::Comma) => expect = Expect::Value,
            (Expect::ObjectNext, Token::Comma) => expect = Expect::ObjectKey,
            (Expect::ObjectFirst | Expect::ObjectKey, Token::String) => {
                events.key(&lexer.string, lexer.span())?;
                expect = Expect::Colon;
            }
            (Expect::Colon, Token::Colon) => expect = Expect::Value,
            (Expect::Value | Expect::ArrayFirst, _) => {
                match token {
                    Token::ObjectStart => {
                        events.begin_object(lexer.token_start)?;
                        open.push(true);
                        expect = Expect::ObjectFirst;
                        continue;
                    }
                    Token::ArrayStart => {
                        events.begin_array(lexer.token_start)?;
                        open.push(false);
                        expect = Expect::ArrayFirst;
                        continue;
                    }
                    Token::String => events.string(&lexer.string, lexer.span())?,
                    Token::Number => events.number(lexer.token(), lexer.span())?,
                    Token::True => events.boolean(true, lexer.span())?,
                    Token::False => events.boolean(false, lexer.span())?,
                    Token::Null => events.null(lexer.span())?,
                    _ => return Err(lexer.unexpected(expect, token)),
                }
                expect = after_value(&open);
            }
            _ => return Err(lexer.unexpected(expect, token)),
        }
    }
}

fn after_value(open: &[bool]) -> Expect {
    match open.last() {
        None => Expect::End,
        Some(true) => Expect::ObjectNext,
        Some(false) => Expect::ArrayNext,
    }
}

impl Lexer<'_> {
    fn span(&self) -> Range<usize> {
        self.token_start..self.at
    }

    fn token(&self) -> &str {
        &self.input[self.token_start..self.at]
    }

    /// Where it went wrong, as PostgreSQL's report_json_context tells it: the line up to the token, its last 50 bytes.
    #[cold]
    fn context(&self) -> String {
        let before = &self.input[..self.at];
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let mut start = line_start;
        while self.at - start >= 50 {
            start += self.input[start..].chars().next().map_or(1, char::len_utf8);
        }
        if start - line_start <= 3 {
            start = line_start;
        }
        let prefix = if start > line_start { "..." } else { "" };
        let ends = matches!(self.input.as_bytes().get(self.at), None | Some(b'\n' | b'\r'));
        let suffix = if ends { "" } else { "..." };
        format!("JSON data, line {line}: {prefix}{}{suffix}", &self.input[start..self.at])
    }

    #[cold]
    fn unexpected(&self, expect: Expect, token: Token) -> EvalError {
        if token == Token::End {
            return syntax("The input string ended unexpectedly.".into());
        }
        let wanted = match expect {
            Expect::Value | Expect::ArrayFirst => "JSON value",
            Expect::ArrayNext => "\",\" or \"]\"",
            Expect::ObjectFirst => "string or \"}\"",
            Expect::ObjectKey => "string",
            Expect::Colon => "\":\"",
            Expect::ObjectNext => "\",\" or \"}\"",
            Expect::End => "end of input",
        };
        syntax(format!("Expected {wanted}, but found \"{}\".", self.token()))
    }

    #[cold]
    fn invalid_token(&mut self) -> EvalError {
        // The message shows the whole word, or one character.
        let rest = &self.input[self.at..];
        let word = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
            .count();
        if word > 0 {
            self.at += word;
        } else if self.at == self.token_start {
            self.at += rest.chars().next().map_or(0, char::len_utf8);
        }
        syntax(format!("Token \"{}\" is invalid.", self.token()))
    }

    fn next(&mut self) -> EvalResult<Token> {
        let bytes = self.input.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        self.token_start = self.at;
        let Some(first) = bytes.get(self.at) else { return Ok(Token::End) };
        let single = match first {
            b'{' => Some(Token::ObjectStart),
            b'}' => Some(Token::ObjectEnd),
            b'[' => Some(Token::ArrayStart),
            b']' => Some(Token::ArrayEnd),
            b',' => Some(Token::Comma),
            b':' => Some(Token::Colon),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Ok(token);
        }
        match first {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let word = bytes[self.at..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80)
                    .count();
                let token = match &bytes[self.at..self.at + word] {
                    b"true" => Token::True,
                    b"false" => Token::False,
                    b"null" => Token::Null,
                    _ => return Err(self.invalid_token()),
                };
                self.at += word;
                Ok(token)
            }
        }
    }

    fn number(&mut self) -> EvalResult<Token> {
        let bytes = self.input.as_bytes();
        let digits = |at: &mut usize| {
            let start = *at;
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            *at - start
        };
        let mut at = self.at;
        let mut valid = true;
        if bytes[at] == b'-' {
            at += 1;
        }
        if bytes.get(at) == Some(&b'0') {
            at += 1;
        } else {
            valid &= digits(&mut at) > 0;
        }
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            valid &= digits(&mut at) > 0;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            at += 1;
            if let Some(b'+' | b'-') = bytes.get(at) {
                at += 1;
            }
            valid &= digits(&mut at) > 0;
        }
        let trailing =
            bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80);
        self.at = at;
        if !valid || trailing {
            return Err(self.invalid_token());
        }
        Ok(Token::Number)
    }

    fn string(&mut self) -> EvalResult<Token> {
        let bytes = self.input.as_bytes();
        self.string.clear();
        let mut at = self.at + 1;
        let mut plain = at;
        loop {
            let Some(byte) = bytes.get(at) else {
                self.at = bytes.len();
                // PostgreSQL calls an unterminated string an invalid token.
                return Err(syntax(format!("Token \"{}\" is invalid.", self.token())));
            };
            match byte {
                b'"' => {
                    self.string.push_str(&self.input[plain..at]);
                    self.at = at + 1;
                    return Ok(Token::String);
                }
                b'\\' => {
                    self.string.push_str(&self.input[plain..at]);
                    at = self.escape(at)?;
                    plain = at;
                }
                0..=0x1f => {
                    self.at = at;
                    return Err(syntax(format!("Character with value 0x{byte:02x} must be escaped.")));
                }
                _ => at += 1,
            }
        }
    }

    /// Reads the escape sequence at `at`; returns the position after it.
    fn escape(&mut self, at: usize) -> EvalResult<usize> {
        let Some(escaped) = self.input[at + 1..].chars().next() else {
            self.at = self.input.len();
            return Err(syntax(format!("Token \"{}\" is invalid.", self.token())));
        };
        let plain = match escaped {
            '"' | '\\' | '/' => escaped,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(at),
            other => {
                self.at = at + 1 + other.len_utf8();
                return Err(syntax(format!("Escape sequence \"\\{other}\" is invalid.")));
            }
        };
        self.string.push(plain);
        Ok(at + 2)
    }

    fn unicode_escape(&mut self, at: usize) -> EvalResult<usize> {
        // An error lies at the end of the escape, as far as it goes.
        self.at = at + 2;
        let digits = self.input.as_bytes()[self.at..].iter().take(4);
        self.at += digits.take_while(|byte| byte.is_ascii_hexdigit()).count();
        if self.at < at + 6 {
            self.at += self.input[self.at..].chars().next().map_or(0, char::len_utf8);
        }
        let unit = |at: usize| -> Option<u32> {
            let digits = self.input.as_bytes().get(at + 2..at + 6)?;
            digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + (*digit as char).to_digit(16)?))
        };
        let format = || syntax("\"\\u\" must be followed by four hexadecimal digits.".into());
        let low_expected = || syntax("Unicode low surrogate must follow a high surrogate.".into());
        let first = unit(at).ok_or_else(format)?;
        if !self.unescapes {
            return Ok(at + 6);
        }
        let (code, end) = match first {
            0 => {
                return Err(EvalError::new("22P05", "unsupported Unicode escape sequence")
                    .with_detail("\\u0000 cannot be converted to text."));
            }
            0xd800..=0xdbff => {
                if !self.input[at + 6..].starts_with("\\u") {
                    // It lies where the other would be.
                    let mut rest = self.input[at + 6..].chars();
                    let first = rest.next();
                    let escaped = if first == Some('\\') { rest.next() } else { None };
                    self.at += [first, escaped].into_iter().flatten().map(char::len_utf8).sum::<usize>();
                    return Err(low_expected());
                }
                let second = unit(at + 6).ok_or_else(format)?;
                match second {
                    0xdc00..=0xdfff => (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), at + 12),
                    0xd800..=0xdbff => {
                        return Err(syntax(
                            "Unicode high surrogate must not follow a high surrogate.".into(),
                        ));
                    }
                    _ => return Err(low_expected()),
                }
            }
            0xdc00..=0xdfff => return Err(low_expected()),
            code => (code, at + 6),
        };
        self.string.push(char::from_u32(code).unwrap_or('\u{fffd}'));
        Ok(end)
    }
}
