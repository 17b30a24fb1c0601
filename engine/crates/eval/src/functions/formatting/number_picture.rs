//! Format pictures of numbers.

use tidewire_row::{EvalError, EvalResult};

/// What a part of a picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `9`
    Nine,
    /// `0`
    Zero,
    /// `.` and `D`
    Point,
    /// `,`
    Comma,
    /// `G`
    Group,
    /// `L`
    Currency,
    /// `MI`
    Minus,
    /// `PL`
    Plus,
    /// `SG`
    SignHere,
    /// `RN`, `rn`
    Roman { upper: bool },
    /// `TH`, `th`
    Ordinal { upper: bool },
    /// `FM`, `S`, `PR`, `V`, `B`, `C`, `EEEE`, `SP`: they change the whole and write nothing where they stand.
    Silent,
    /// Text that is no pattern.
    Character(char),
}

/// Where `S` puts the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum LocaleSign {
    #[default]
    None,
    Before,
    After,
}

/// A picture and what its patterns say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Picture {
    pub parts: Vec<Part>,
    /// Digit positions before and after the point, and after `V`.
    pub before: usize,
    pub after: usize,
    pub shift: usize,
    pub sign: LocaleSign,
    /// Digit positions before the `S`.
    pub before_sign: usize,
    pub point: bool,
    pub zero: bool,
    /// The position of the first `0`, counted from 1.
    pub zero_start: usize,
    /// The position of the last `0`.
    pub zero_end: usize,
    pub fill: bool,
    pub minus: bool,
    pub plus: bool,
    pub bracket: bool,
    pub roman: bool,
    pub scientific: bool,
    pub multiplied: bool,
    pub blank: bool,
    pub empty: bool,
}

/// Patterns, longer ones before those that they begin with.
const PATTERNS: &[&str] = &[
    ",", ".", "0", "9", "B", "C", "D", "EEEE", "FM", "G", "L", "MI", "PL", "PR", "RN", "SG", "SP", "S", "TH",
    "V",
];

#[cold]
fn refuse(message: &str) -> EvalError {
    EvalError::new("42601", message)
}

impl Picture {
    /// Reads a picture.
    pub fn parse(text: &str) -> EvalResult<Self> {
        let mut picture = Picture { empty: text.is_empty(), ..Picture::default() };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            // A pattern is upper case or lower case as a whole.
            let pattern = PATTERNS.iter().find(|pattern| {
                rest.starts_with(*pattern) || rest.starts_with(pattern.to_ascii_lowercase().as_str())
            });
            if let Some(pattern) = pattern {
                let upper = rest.starts_with(pattern);
                rest = &rest[pattern.len()..];
                let part = picture.add(pattern, upper)?;
                picture.parts.push(part);
                continue;
            }
            if first == '"' {
                rest = picture.quoted(&rest[1..]);
                continue;
            }
            if first == '\\' && rest[1..].starts_with('"') {
                rest = &rest[1..];
            }
            let literal = rest.chars().next().unwrap_or(first);
            picture.parts.push(Part::Character(literal));
            rest = &rest[literal.len_utf8()..];
        }
        Ok(picture)
    }

    /// Takes text up to the closing quote; a backslash quotes the next character. Gives what follows.
    fn quoted<'t>(&mut self, text: &'t str) -> &'t str {
        let mut characters = text.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => return &text[at + 1..],
                '\\' => {
                    let literal = characters.next().map_or('\\', |(_, escaped)| escaped);
                    self.parts.push(Part::Character(literal));
                }
                _ => self.parts.push(Part::Character(character)),
            }
        }
        ""
    }

    fn add(&mut self, pattern: &str, upper: bool) -> EvalResult<Part> {
        if self.scientific && pattern != "EEEE" {
            return Err(refuse("\"EEEE\" must be the last pattern used"));
        }
        let part = self.note(pattern, upper)?;
        // What says nothing of the whole stands beside RN: digits, separators, L and TH.
        let others = self.blank
            || self.sign != LocaleSign::None
            || self.bracket
            || self.minus
            || self.plus
            || self.multiplied
            || self.point
            || self.zero;
        if self.roman && others {
            return Err(incompatible_roman());
        }
        Ok(part)
    }

    fn note(&mut self, pattern: &str, upper: bool) -> EvalResult<Part> {
        match pattern {
            "9" => self.digit(false),
            "0" => self.digit(true),
            "B" => {
                self.blank |= self.before == 0 && self.after == 0 && !self.zero;
                Ok(Part::Silent)
            }
            "." | "D" => {
                if self.point {
                    return Err(refuse("multiple decimal points"));
                }
                if self.multiplied {
                    return Err(refuse("cannot use \"V\" and decimal point together"));
                }
                self.point = true;
                Ok(Part::Point)
            }
            "FM" => {
                self.fill = true;
                Ok(Part::Silent)
            }
            "S" => self.locale_sign(),
            "MI" => {
                self.not_with_locale_sign("MI")?;
                self.minus = true;
                Ok(Part::Minus)
            }
            "PL" => {
                self.not_with_locale_sign("PL")?;
                self.plus = true;
                Ok(Part::Plus)
            }
            "SG" => {
                self.not_with_locale_sign("SG")?;
                self.minus = true;
                self.plus = true;
                Ok(Part::SignHere)
            }
            "PR" => {
                if self.sign != LocaleSign::None || self.plus || self.minus {
                    return Err(refuse("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together"));
                }
                self.bracket = true;
                Ok(Part::Silent)
            }
            "RN" => {
                if self.roman {
                    return Err(refuse("cannot use \"RN\" twice"));
                }
                self.roman = true;
                Ok(Part::Roman { upper })
            }
            "V" => {
                if self.point {
                    return Err(refuse("cannot use \"V\" and decimal point together"));
                }
                self.multiplied = true;
                Ok(Part::Silent)
            }
            "EEEE" => {
                if self.scientific {
                    return Err(refuse("cannot use \"EEEE\" twice"));
                }
                let others = self.blank
                    || self.fill
                    || self.sign != LocaleSign::None
                    || self.bracket
                    || self.minus
                    || self.plus
                    || self.roman
                    || self.multiplied;
                if others {
                    return Err(refuse("\"EEEE\" is incompatible with other formats").with_detail(
                        "\"EEEE\" may only be used together with digit and decimal point patterns.",
                    ));
                }
                self.scientific = true;
                Ok(Part::Silent)
            }
            "," => Ok(Part::Comma),
            "G" => Ok(Part::Group),
            "L" => Ok(Part::Currency),
            "TH" => Ok(Part::Ordinal { upper }),
            _ => Ok(Part::Silent),
        }
    }

    fn digit(&mut self, zero: bool) -> EvalResult<Part> {
        if self.bracket {
            let digit = if zero { '0' } else { '9' };
            return Err(refuse(&format!("\"{digit}\" must be ahead of \"PR\"")));
        }
        if !zero && self.multiplied {
            self.shift += 1;
            return Ok(Part::Nine);
        }
        if zero && !self.zero && !self.point {
            self.zero = true;
            self.zero_start = self.before + 1;
        }
        if self.point {
            self.after += 1;
        } else {
            self.before += 1;
        }
        if zero {
            self.zero_end = self.before + self.after;
            return Ok(Part::Zero);
        }
        Ok(Part::Nine)
    }

    fn locale_sign(&mut self) -> EvalResult<Part> {
        if self.sign != LocaleSign::None {
            return Err(refuse("cannot use \"S\" twice"));
        }
        if self.plus || self.minus || self.bracket {
            return Err(refuse("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together"));
        }
        if self.point {
            self.sign = LocaleSign::After;
        } else {
            self.sign = LocaleSign::Before;
            self.before_sign = self.before;
        }
        Ok(Part::Silent)
    }

    fn not_with_locale_sign(&self, pattern: &str) -> EvalResult<()> {
        if self.sign == LocaleSign::None {
            return Ok(());
        }
        Err(refuse(&format!("cannot use \"S\" and \"{pattern}\" together")))
    }
}

fn incompatible_roman() -> EvalError {
    refuse("\"RN\" is incompatible with other formats")
        .with_detail("\"RN\" may only be used together with \"FM\".")
}
