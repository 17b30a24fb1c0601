//! Text to numbers by a picture.

use super::number_picture::{LocaleSign, Part, Picture};
use super::roman;
use crate::context::Env;
use crate::registry::{Function, fallible};
use tidewire_row::{EvalError, EvalResult, Numeric};

/// The state of reading a number.
struct Reader<'p> {
    picture: &'p Picture,
    input: &'p [u8],
    at: usize,
    /// `-`, `+` or blank, then the digits and the point that were read.
    sign: u8,
    digits: Vec<u8>,
    before: usize,
    after: usize,
    point: bool,
    /// How many digits the number's whole part has at most.
    most: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn skip_character(&mut self) {
        self.at += 1;
        while self.peek().is_some_and(|byte| byte & 0xc0 == 0x80) {
            self.at += 1;
        }
    }

    /// Skips characters that can't belong to a number.
    fn skip_others(&mut self, most: usize) {
        for _ in 0..most {
            match self.peek() {
                None | Some(b'0'..=b'9' | b'.' | b',' | b'+' | b'-') => return,
                Some(_) => self.skip_character(),
            }
        }
    }

    fn sign_before(&mut self) {
        let locale = self.picture.sign == LocaleSign::Before;
        match self.peek() {
            Some(b'-') => self.sign = b'-',
            Some(b'<') if !locale && self.picture.bracket => self.sign = b'-',
            Some(b'+') => self.sign = b'+',
            _ => return,
        }
        // A sign that the picture has behind the number is left for there.
        self.at += 1;
    }

    /// Reads at a digit position or the point.
    fn digit(&mut self, part: Part) {
        if self.peek().is_none() {
            return;
        }
        if self.peek() == Some(b' ') {
            self.at += 1;
        }
        if self.peek().is_none() {
            return;
        }
        if self.sign == b' ' && part != Part::Point && self.before + self.after == 0 {
            self.sign_before();
        }
        let mut read = false;
        match self.peek() {
            None => return,
            Some(digit @ b'0'..=b'9') => {
                if self.point && self.after == self.picture.after {
                    return;
                }
                self.digits.push(digit);
                if self.point {
                    self.after += 1;
                } else {
                    self.before += 1;
                }
                read = true;
            }
            Some(b'.') if self.picture.point && !self.point => {
                self.digits.push(b'.');
                self.point = true;
                read = true;
            }
            _ => {}
        }
        if self.sign != b' ' || self.before + self.after == 0 {
            return;
        }
        let next = self.input.get(self.at + 1).copied();
        if self.picture.sign != LocaleSign::None {
            // S behind the number: right after the last digit.
            if read && let Some(sign @ (b'-' | b'+')) = next {
                self.at += 1;
                self.sign = sign;
            }
        } else if !read
            && (self.picture.plus || self.picture.minus)
            && let Some(sign @ (b'-' | b'+')) = self.peek()
        {
            self.sign = sign;
        }
    }

    fn run(&mut self) -> EvalResult<()> {
        let fill = self.picture.fill;
        for part in &self.picture.parts {
            if self.peek().is_none() {
                break;
            }
            match *part {
                Part::Nine | Part::Zero | Part::Point => self.digit(*part),
                // Reading never notes that it is within the number, so FM skips separators.
                Part::Comma | Part::Group => {
                    if fill || self.peek() != Some(b',') {
                        continue;
                    }
                }
                Part::Currency => {
                    self.skip_others(1);
                    continue;
                }
                Part::Ordinal { .. } => {
                    if self.sign != b'-' && !self.picture.point && !self.picture.roman {
                        self.skip_others(2);
                    }
                    continue;
                }
                Part::Minus | Part::Plus | Part::SignHere => {
                    let wanted = match self.peek() {
                        Some(b'-') if *part != Part::Plus => Some(b'-'),
                        Some(b'+') if *part != Part::Minus => Some(b'+'),
                        _ => None,
                    };
                    match wanted {
                        Some(sign) => self.sign = sign,
                        None => {
                            self.skip_others(1);
                            continue;
                        }
                    }
                }
                Part::Character(_) => {
                    self.skip_character();
                    continue;
                }
                Part::Roman { .. } => {
                    self.numeral()?;
                    continue;
                }
                Part::Silent => continue,
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Reads a Roman numeral, whose digits are all that the number may have.
    fn numeral(&mut self) -> EvalResult<()> {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || byte == 0x0b) {
            self.at += 1;
        }
        let rest = &self.input[self.at..];
        let most = &rest[..rest.len().min(roman::WIDTH)];
        let end = most.iter().position(|byte| !roman::is_letter(*byte)).unwrap_or(most.len());
        let value = std::str::from_utf8(&most[..end]).ok().and_then(roman::value);
        let digits = value.ok_or_else(|| EvalError::new("22P02", "invalid Roman numeral"))?.to_string();
        self.at += end;
        self.most = digits.len();
        self.digits.extend_from_slice(digits.as_bytes());
        Ok(())
    }
}

fn to_number<'a>(text: &str, format: &str, env: &Env<'a>) -> EvalResult<Option<Numeric<'a>>> {
    let picture = env.site.cached(format, || Picture::parse(format))?;
    if picture.empty {
        return Ok(None);
    }
    if picture.scientific {
        return Err(EvalError::new("0A000", "\"EEEE\" not supported for input"));
    }
    let mut reader = Reader {
        picture: &picture,
        input: text.as_bytes(),
        at: 0,
        sign: b' ',
        digits: Vec::new(),
        before: 0,
        after: 0,
        point: false,
        most: picture.before,
    };
    reader.run()?;
    let mut number = vec![reader.sign];
    number.extend_from_slice(&reader.digits);
    if number.last() == Some(&b'.') {
        number.pop();
    }
    let scale = reader.after as i32;
    let precision = (reader.most + picture.shift) as i32 + scale;
    let number = String::from_utf8(number).unwrap_or_default();
    let mut value = Numeric::parse(&number, ((precision << 16) | scale) + 4, env.arena)?;
    if picture.multiplied {
        let factor = Numeric::from_i64(10).power(&Numeric::from_i64(-(picture.shift as i64)), env.arena)?;
        value = value.mul(&factor, env.arena)?;
    }
    Ok(Some(value))
}

pub(super) const FUNCTIONS: &[&[Function]] =
    &[&[fallible!("numeric_to_number", (text: Text, format: Text), env => to_number(text, format, env))
        .stable()]];
