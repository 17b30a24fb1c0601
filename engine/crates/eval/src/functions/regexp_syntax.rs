//! From PostgreSQL's advanced regular expressions to the syntax of the regex crates.
//!
//! Differences that are translated: word-boundary escapes, `\b` as backspace, octal and hexadecimal escapes, braces that are
//! no bounds, POSIX classes over Unicode, newline modes, embedded options, director prefixes.

use tidewire_row::{EvalError, EvalResult};

/// Options of a regular expression, by letter in flags or at the pattern's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub ignore_case: bool,
    /// `.` and negated brackets do not match a newline.
    pub newline_stops: bool,
    /// `^` and `$` match at lines.
    pub newline_anchors: bool,
    pub expanded: bool,
    pub literal: bool,
    pub global: bool,
}

impl Options {
    /// Applies one letter of a flags argument or of embedded options; false if there is no such option.
    pub fn apply(&mut self, letter: char) -> bool {
        match letter {
            'i' => self.ignore_case = true,
            'c' => self.ignore_case = false,
            'n' | 'm' => (self.newline_stops, self.newline_anchors) = (true, true),
            'p' => (self.newline_stops, self.newline_anchors) = (true, false),
            'w' => (self.newline_stops, self.newline_anchors) = (false, true),
            's' => (self.newline_stops, self.newline_anchors) = (false, false),
            'x' => self.expanded = true,
            't' => self.expanded = false,
            'q' => self.literal = true,
            'e' => self.literal = false,
            _ => return false,
        }
        true
    }

    /// The options of a flags argument.
    pub fn parse(flags: &str) -> EvalResult<Self> {
        let mut options = Options::default();
        for letter in flags.chars() {
            if letter == 'g' {
                options.global = true;
            } else if letter == 'b' {
                return Err(EvalError::new("0A000", "basic regular expressions are not supported")
                    .with_hint("Write the pattern as an advanced regular expression, without flag \"b\"."));
            } else if !options.apply(letter) {
                return Err(EvalError::new(
                    "22023",
                    format!("invalid regular expression option: \"{letter}\""),
                ));
            }
        }
        Ok(options)
    }
}

/// A translated pattern.
pub(super) struct Translated {
    pub pattern: String,
    /// Back references or lookaround: the backtracking engine must run it.
    pub backtracking: bool,
    /// Alternation without non-greedy quantifiers: the longest match may not be the first.
    pub longest: bool,
}

#[cold]
pub(super) fn invalid(reason: &str) -> EvalError {
    EvalError::new("2201B", format!("invalid regular expression: {reason}"))
}

struct Translator<'p> {
    input: &'p [char],
    at: usize,
    out: String,
    options: Options,
    groups: u32,
    backtracking: bool,
    alternation: bool,
    lazy: bool,
    /// What was read last may be followed by a quantifier.
    quantifiable: bool,
    /// Whether each group that is open may be.
    open: Vec<bool>,
}

/// Translates a pattern.
pub(super) fn translate(pattern: &str, mut options: Options) -> EvalResult<Translated> {
    let mut body = pattern;
    if let Some(rest) = body.strip_prefix("***=") {
        options.literal = true;
        body = rest;
    } else if let Some(rest) = body.strip_prefix("***:") {
        body = rest;
    } else if body.starts_with("***") {
        return Err(invalid("invalid argument to regex function"));
    }
    if !options.literal
        && let Some(rest) = body.strip_prefix("(?")
        && let Some(end) = rest.find(')')
        && end > 0
        && rest[..end].chars().all(|letter| letter.is_ascii_alphabetic())
    {
        for letter in rest[..end].chars() {
            if !options.apply(letter) {
                return Err(invalid("invalid embedded option"));
            }
        }
        body = &rest[end + 1..];
    }
    let mut prefix = String::from("(?");
    if options.ignore_case {
        prefix.push('i');
    }
    if !options.newline_stops {
        prefix.push('s');
    }
    if options.newline_anchors {
        prefix.push('m');
    }
    let prefix = if prefix == "(?" { String::new() } else { prefix + ")" };
    if options.literal {
        let pattern = prefix + &regex::escape(body);
        return Ok(Translated { pattern, backtracking: false, longest: false });
    }
    let input: Vec<char> = body.chars().collect();
    let mut translator = Translator {
        input: &input,
        at: 0,
        out: prefix,
        options,
        groups: 0,
        backtracking: false,
        alternation: false,
        lazy: false,
        quantifiable: false,
        open: Vec::new(),
    };
    translator.run()?;
    Ok(Translated {
        pattern: translator.out,
        backtracking: translator.backtracking,
        longest: translator.alternation && !translator.lazy && !translator.backtracking,
    })
}

impl Translator<'_> {
    fn peek(&self) -> Option<char> {
        self.input.get(self.at).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, wanted)| self.input.get(self.at + offset) == Some(&wanted))
    }

    fn run(&mut self) -> EvalResult<()> {
        while let Some(character) = self.peek() {
            self.at += 1;
            self.quantifiable = match character {
                '\\' => {
                    let constrains = matches!(self.peek(), Some('A' | 'Z' | 'm' | 'M' | 'y' | 'Y'));
                    self.escape(false)?;
                    !constrains
                }
                '[' if self.looking_at("[:<:]]") => {
                    self.at += 6;
                    self.out.push_str("\\b{start}");
                    false
                }
                '[' if self.looking_at("[:>:]]") => {
                    self.at += 6;
                    self.out.push_str("\\b{end}");
                    false
                }
                '[' => {
                    self.bracket()?;
                    true
                }
                '(' => self.group()?,
                '|' => {
                    self.alternation = true;
                    self.out.push('|');
                    false
                }
                '*' | '+' | '?' => {
                    self.require_quantifiable()?;
                    self.out.push(character);
                    self.laziness();
                    false
                }
                '{' if self.peek().is_some_and(|next| next.is_ascii_digit()) => {
                    self.require_quantifiable()?;
                    self.bound()?;
                    false
                }
                '{' | '}' | ']' => {
                    self.out.push('\\');
                    self.out.push(character);
                    true
                }
                ')' => {
                    self.out.push(')');
                    self.open.pop().unwrap_or(true)
                }
                '^' | '$' => {
                    self.out.push(character);
                    false
                }
                '.' => {
                    self.out.push('.');
                    true
                }
                _ if self.options.expanded && character.is_whitespace() => self.quantifiable,
                '#' if self.options.expanded => {
                    while self.peek().is_some_and(|next| next != '\n') {
                        self.at += 1;
                    }
                    self.quantifiable
                }
                _ => {
                    self.literal(character);
                    true
                }
            };
        }
        Ok(())
    }

    fn literal(&mut self, character: char) {
        self.out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
    }

    fn require_quantifiable(&self) -> EvalResult<()> {
        if self.quantifiable { Ok(()) } else { Err(invalid("quantifier operand invalid")) }
    }

    fn laziness(&mut self) {
        if self.peek() == Some('?') {
            self.at += 1;
            self.lazy = true;
            self.out.push('?');
        }
    }

    fn bound(&mut self) -> EvalResult<()> {
        let end = self.input[self.at..]
            .iter()
            .position(|character| *character == '}')
            .ok_or_else(|| invalid("braces {} not balanced"))?;
        let text: String = self.input[self.at..self.at + end].iter().collect();
        self.at += end + 1;
        let number = |part: &str| part.parse::<u32>().ok().filter(|count| *count <= 255);
        let (low, high) = match text.split_once(',') {
            None => (number(&text), number(&text)),
            Some((low, "")) => (number(low), Some(255)),
            Some((low, high)) => (number(low), number(high)),
        };
        match (low, high) {
            (Some(low), Some(high)) if low <= high => {}
            _ => return Err(invalid("invalid repetition count(s)")),
        }
        self.out.push('{');
        self.out.push_str(&text);
        self.out.push('}');
        self.laziness();
        Ok(())
    }

    /// What follows a parenthesis that opens; gives what `quantifiable` is behind that.
    fn group(&mut self) -> EvalResult<bool> {
        if self.peek() != Some('?') {
            self.groups += 1;
            self.out.push('(');
            self.open.push(true);
            return Ok(false);
        }
        for (opening, backtracking) in
            [("?:", false), ("?=", true), ("?!", true), ("?<=", true), ("?<!", true)]
        {
            if self.looking_at(opening) {
                self.at += opening.len();
                self.out.push('(');
                self.out.push_str(opening);
                self.backtracking |= backtracking;
                self.open.push(!backtracking);
                return Ok(false);
            }
        }
        if self.looking_at("?#") {
            while self.peek().is_some_and(|next| next != ')') {
                self.at += 1;
            }
            self.at += 1;
            return Ok(self.quantifiable);
        }
        Err(invalid("quantifier operand invalid"))
    }

    fn number(&mut self, radix: u32, least: usize, most: usize) -> EvalResult<u32> {
        let mut value = 0u32;
        let mut count = 0;
        while count < most
            && let Some(digit) = self.peek().and_then(|next| next.to_digit(radix))
        {
            self.at += 1;
            count += 1;
            value = value.saturating_mul(radix).saturating_add(digit);
        }
        if count < least { Err(invalid("invalid escape \\ sequence")) } else { Ok(value) }
    }

    fn code_point(&mut self, code: u32) -> EvalResult<()> {
        match char::from_u32(code) {
            Some(character) => {
                self.out.push_str(&format!("\\x{{{:x}}}", character as u32));
                Ok(())
            }
            None => Err(invalid("invalid escape \\ sequence")),
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, in_bracket: bool) -> EvalResult<()> {
        let Some(character) = self.peek() else {
            return Err(invalid("invalid escape \\ sequence"));
        };
        self.at += 1;
        match character {
            'a' => self.code_point(7),
            'b' => self.code_point(8),
            'B' => {
                self.out.push_str("\\\\");
                Ok(())
            }
            'c' => {
                let control = self.peek().ok_or_else(|| invalid("invalid escape \\ sequence"))?;
                self.at += 1;
                self.code_point(control as u32 & 31)
            }
            'e' => self.code_point(0x1b),
            'f' => self.code_point(0x0c),
            'n' => self.code_point(0x0a),
            'r' => self.code_point(0x0d),
            't' => self.code_point(0x09),
            'v' => self.code_point(0x0b),
            'u' => {
                let code = self.number(16, 4, 4)?;
                self.code_point(code)
            }
            'U' => {
                let code = self.number(16, 8, 8)?;
                self.code_point(code)
            }
            'x' => {
                let code = self.number(16, 1, 255)?;
                self.code_point(code)
            }
            'd' => {
                self.out.push_str(if in_bracket { "0-9" } else { "[0-9]" });
                Ok(())
            }
            'D' if !in_bracket => {
                self.out.push_str(if self.options.newline_stops { "[^0-9\\n]" } else { "[^0-9]" });
                Ok(())
            }
            's' | 'w' => {
                self.out.push('\\');
                self.out.push(character);
                Ok(())
            }
            'S' | 'W' if !in_bracket => {
                self.out.push('\\');
                self.out.push(character);
                Ok(())
            }
            'A' | 'Z' | 'm' | 'M' | 'y' | 'Y' if !in_bracket => {
                self.out.push_str(match character {
                    'A' => "\\A",
                    'Z' => "\\z",
                    'm' => "\\b{start}",
                    'M' => "\\b{end}",
                    'y' => "\\b",
                    _ => "\\B",
                });
                Ok(())
            }
            '0' => {
                let code = self.number(8, 0, 2)?;
                self.code_point(code)
            }
            '1'..='9' => self.reference(character, in_bracket),
            _ if character.is_ascii_alphanumeric() => Err(invalid("invalid escape \\ sequence")),
            _ => {
                self.bracket_literal(character);
                Ok(())
            }
        }
    }

    /// A back reference, or an octal character where there are not so many groups.
    fn reference(&mut self, first: char, in_bracket: bool) -> EvalResult<()> {
        let start = self.at;
        let mut value = first as u32 - '0' as u32;
        while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
            self.at += 1;
            value = value.saturating_mul(10).saturating_add(digit);
        }
        let single = self.at == start;
        if !in_bracket && (single || value <= self.groups) {
            if value > self.groups {
                return Err(invalid("invalid backreference number"));
            }
            self.backtracking = true;
            // Digits that follow must not join the number.
            self.out.push_str(&format!("(?:\\{value})"));
            return Ok(());
        }
        self.at = start - 1;
        let code = self.number(8, 1, 3)?;
        self.code_point(code)
    }

    fn bracket_literal(&mut self, character: char) {
        if character.is_ascii_alphanumeric() || !character.is_ascii() || character == '_' {
            self.out.push(character);
        } else {
            self.out.push_str(&format!("\\x{{{:x}}}", character as u32));
        }
    }

    fn bracket(&mut self) -> EvalResult<()> {
        let unbalanced = || invalid("brackets [] not balanced");
        self.out.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.out.push('^');
            if self.options.newline_stops {
                self.out.push_str("\\n");
            }
        }
        let mut first = true;
        loop {
            let character = self.peek().ok_or_else(unbalanced)?;
            self.at += 1;
            match character {
                ']' if !first => break,
                '[' if matches!(self.peek(), Some(':' | '.' | '=')) => self.bracket_element()?,
                '\\' => self.escape(true)?,
                '-' if !first && self.peek().is_some_and(|next| next != ']') => self.out.push('-'),
                _ => self.bracket_literal(character),
            }
            first = false;
        }
        self.out.push(']');
        Ok(())
    }

    /// `[:class:]`, `[.x.]`, `[=x=]` within brackets.
    fn bracket_element(&mut self) -> EvalResult<()> {
        let kind = self.input[self.at];
        let start = self.at + 1;
        let end = (start..self.input.len().saturating_sub(1))
            .find(|at| self.input[*at] == kind && self.input[*at + 1] == ']')
            .ok_or_else(|| invalid("brackets [] not balanced"))?;
        let name: String = self.input[start..end].iter().collect();
        self.at = end + 2;
        if kind != ':' {
            let mut characters = name.chars();
            return match (characters.next(), characters.next()) {
                (Some(only), None) => {
                    self.bracket_literal(only);
                    Ok(())
                }
                _ => Err(invalid("invalid collating element")),
            };
        }
        self.out.push_str(match name.as_str() {
            "alpha" => "\\p{Alphabetic}",
            "digit" => "0-9",
            "alnum" => "\\p{Alphabetic}0-9",
            "upper" => "\\p{Uppercase}",
            "lower" => "\\p{Lowercase}",
            "space" => "\\s",
            "blank" => "\\t\\p{Zs}",
            "punct" => "\\p{P}\\$\\+<=>\\^`\\|\\x7e",
            "cntrl" => "\\p{Cc}",
            "xdigit" => "0-9A-Fa-f",
            "graph" => "[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]",
            "print" => "[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}]",
            "word" => "\\w",
            _ => return Err(invalid("invalid character class")),
        });
        Ok(())
    }
}
