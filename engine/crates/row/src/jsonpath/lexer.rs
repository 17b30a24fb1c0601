//! jsonpath's tokens. PostgreSQL's errors quote the text that its scanner took last, which is not always the token: `shown`.

use super::literal::{Escape, escape};
use super::number::{self, Found};
use crate::{EvalError, EvalResult};

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    /// A character that stands for itself.
    Mark(u8),
    And,
    Or,
    Not,
    /// `**`
    Any,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
    Integer(String),
    Decimal(String),
    String(String),
    Variable(String),
    /// A name that is no key word.
    Name(String),
    /// A key word, in small letters, and how it was written.
    Word(&'static str, String),
}

/// The key words; those of JSON are key words in small letters only.
const WORDS: &[&str] = &[
    "is",
    "to",
    "abs",
    "lax",
    "date",
    "flag",
    "last",
    "null",
    "size",
    "time",
    "true",
    "type",
    "with",
    "false",
    "floor",
    "bigint",
    "double",
    "exists",
    "number",
    "starts",
    "strict",
    "string",
    "boolean",
    "ceiling",
    "decimal",
    "integer",
    "time_tz",
    "unknown",
    "datetime",
    "keyvalue",
    "timestamp",
    "like_regex",
    "timestamp_tz",
];
const SMALL_ONLY: &[&str] = &["null", "true", "false"];

/// Characters that end a name and mean something themselves.
fn is_special(byte: u8) -> bool {
    b"?%$.[]{}()|&!=<>@#,*:-+/".contains(&byte)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

/// Takes tokens off a text.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// What the scanner took last; empty at the end of the input, and behind a name that a special character ends.
    pub shown: &'t str,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str) -> Self {
        Lexer { text, at: 0, shown: "" }
    }

    /// An error about what was taken last.
    #[cold]
    pub fn wrong(&self, message: &str) -> EvalError {
        EvalError::new(
            "42601",
            if self.shown.is_empty() {
                format!("{message} at end of jsonpath input")
            } else {
                format!("{message} at or near \"{}\" of jsonpath input", self.shown)
            },
        )
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, length: usize) -> &'t str {
        self.shown = &self.rest()[..length];
        self.at += length;
        self.shown
    }

    /// The length of the characters from a place on that a name can have.
    fn plain_length(&self, from: usize) -> usize {
        let rest = &self.text.as_bytes()[from..];
        let ends = |byte: &u8| is_special(*byte) || is_blank(*byte) || matches!(byte, b'\\' | b'"');
        rest.iter().position(ends).unwrap_or(rest.len())
    }

    /// Skips what stands up to `*/`.
    fn comment(&mut self) -> EvalResult<()> {
        match self.rest()[2..].find("*/") {
            Some(end) => {
                self.at += end + 4;
                Ok(())
            }
            None => {
                self.shown = "";
                Err(self.wrong("unexpected end of comment"))
            }
        }
    }

    fn escaped(&mut self, into: &mut String) -> EvalResult<()> {
        match escape(self.rest())? {
            Escape::Text(text, length) => {
                into.push_str(&text);
                self.take(length);
                Ok(())
            }
            Escape::Wrong(message, length) => {
                self.take(length);
                Err(self.wrong(message))
            }
        }
    }

    /// The text up to a closing quote; the opening one was taken.
    fn quoted(&mut self) -> EvalResult<String> {
        let mut text = String::new();
        loop {
            match self.peek() {
                None => {
                    self.shown = "";
                    return Err(self.wrong("unterminated quoted string"));
                }
                Some(b'"') => {
                    self.take(1);
                    return Ok(text);
                }
                Some(b'\\') => self.escaped(&mut text)?,
                Some(_) => {
                    let rest = self.rest();
                    let end = rest.find(['"', '\\']).unwrap_or(rest.len());
                    text.push_str(self.take(end));
                }
            }
        }
    }

    /// A name, or a key word.
    fn name(&mut self) -> EvalResult<Token> {
        let mut text = String::new();
        loop {
            let length = self.plain_length(self.at);
            text.push_str(self.take(length));
            match self.peek() {
                Some(b'\\') => self.escaped(&mut text)?,
                Some(byte) if is_blank(byte) => {
                    let blanks = self.rest().bytes().take_while(|byte| is_blank(*byte)).count();
                    self.take(blanks);
                    break;
                }
                _ => {
                    self.shown = "";
                    break;
                }
            }
        }
        let word = WORDS.iter().find(|word| word.eq_ignore_ascii_case(&text));
        Ok(match word {
            Some(word) if **word == text || !SMALL_ONLY.contains(word) => Token::Word(word, text),
            _ => Token::Name(text),
        })
    }

    /// The next token.
    pub fn next(&mut self) -> EvalResult<Token> {
        loop {
            match self.peek() {
                Some(byte) if is_blank(byte) => self.at += 1,
                Some(b'/') if self.rest().starts_with("/*") => self.comment()?,
                _ => break,
            }
        }
        let bytes = self.rest().as_bytes();
        let Some(&first) = bytes.first() else {
            self.shown = "";
            return Ok(Token::End);
        };
        let plain = self.plain_length(self.at);
        if let Some((found, length)) = number::longest(bytes, |at| {
            let character = self.rest()[at..].chars().next();
            if self.plain_length(self.at + at) == 0 { 0 } else { character.map_or(0, char::len_utf8) }
        }) && length >= plain
        {
            let text = self.take(length).to_string();
            return match found {
                Found::Integer => Ok(Token::Integer(text)),
                Found::Decimal => Ok(Token::Decimal(text)),
                Found::NoExponent => Err(self.wrong("invalid numeric literal")),
                Found::Junk => Err(self.wrong("trailing junk after numeric literal")),
            };
        }
        if plain > 0 || first == b'\\' {
            return self.name();
        }
        let two = bytes.get(1).copied().unwrap_or(0);
        let (token, length) = match (first, two) {
            (b'"', _) => {
                self.take(1);
                return self.quoted().map(Token::String);
            }
            (b'$', b'"') => {
                self.take(2);
                return self.quoted().map(Token::Variable);
            }
            (b'$', _) => match self.plain_length(self.at + 1) {
                0 => (Token::Mark(b'$'), 1),
                length => return Ok(Token::Variable(self.take(length + 1)[1..].to_string())),
            },
            (b'&', b'&') => (Token::And, 2),
            (b'|', b'|') => (Token::Or, 2),
            (b'*', b'*') => (Token::Any, 2),
            (b'<', b'=') => (Token::LessOrEqual, 2),
            (b'<', b'>') | (b'!', b'=') => (Token::NotEqual, 2),
            (b'=', b'=') => (Token::Equal, 2),
            (b'>', b'=') => (Token::GreaterOrEqual, 2),
            (b'<', _) => (Token::Less, 1),
            (b'>', _) => (Token::Greater, 1),
            (b'!', _) => (Token::Not, 1),
            (mark, _) => (Token::Mark(mark), 1),
        };
        self.take(length);
        Ok(token)
    }
}
