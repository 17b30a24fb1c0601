//! Arrays: array_in, array_out, array_recv, array_send.

use super::composed::{int4, is_space, send_value};
use super::{FormatSettings, binary_in, text_in, text_out, type_name};
use crate::array::{ArrayBuilder, ArrayRef, Dimension, Dimensions, MAX_DIMENSIONS, MAX_ELEMENTS};
use crate::{Arena, EvalError, EvalResult, ScalarType};

const DELIMITER: u8 = b',';

/// scanner_isspace
fn malformed(text: &str, detail: impl Into<String>) -> EvalError {
    EvalError::new("22P02", format!("malformed array literal: \"{text}\"")).with_detail(detail)
}

fn too_many_dimensions() -> EvalError {
    let message = format!("number of array dimensions exceeds the maximum allowed ({MAX_DIMENSIONS})");
    EvalError::new("54000", message)
}

fn too_large() -> EvalError {
    EvalError::new("54000", format!("array size exceeds the maximum allowed ({MAX_ELEMENTS})"))
}

enum Token {
    Open,
    Close,
    Delimiter,
    Null,
    /// Its text is in the scanner's buffer.
    Element,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    element: Vec<u8>,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn error(&self, detail: impl Into<String>) -> EvalError {
        malformed(self.text, detail)
    }

    fn unexpected(&self, character: char) -> EvalError {
        self.error(format!("Unexpected \"{character}\" character."))
    }

    fn ended(&self) -> EvalError {
        self.error("Unexpected end of input.")
    }

    /// An integer of the dimensions' form; None where there is none.
    fn integer(&mut self) -> EvalResult<Option<i32>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        if !bytes.get(start).is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+')) {
            return Ok(None);
        }
        let mut end = start + 1;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
        if end == start + 1 && !bytes[start].is_ascii_digit() {
            return Ok(None);
        }
        self.at = end;
        match self.text[start..end].parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(EvalError::new("54000", "array bound is out of integer range")),
        }
    }

    /// `[n]` and `[m:n]` items.
    fn dimensions(&mut self) -> EvalResult<Dimensions> {
        let mut dimensions = Dimensions::new();
        loop {
            self.skip_space();
            if self.peek() != Some(b'[') {
                return Ok(dimensions);
            }
            self.at += 1;
            if dimensions.len() >= MAX_DIMENSIONS {
                return Err(too_many_dimensions());
            }
            let Some(first) = self.integer()? else {
                return Err(self.error("\"[\" must introduce explicitly-specified array dimensions."));
            };
            let (lower, upper) = match self.peek() {
                Some(b':') => {
                    self.at += 1;
                    let Some(upper) = self.integer()? else {
                        return Err(self.error("Missing array dimension value."));
                    };
                    (first, upper)
                }
                _ => (1, first),
            };
            if self.peek() != Some(b']') {
                return Err(self.error("Missing \"]\" after array dimensions."));
            }
            self.at += 1;
            if upper < lower {
                return Err(EvalError::new("2202E", "upper bound cannot be less than lower bound"));
            }
            if upper == i32::MAX {
                return Err(EvalError::new("54000", format!("array upper bound is too large: {upper}")));
            }
            let length = upper as i64 - lower as i64 + 1;
            let length = i32::try_from(length).map_err(|_| too_large())?;
            dimensions.push(Dimension { length, lower });
        }
    }

    fn token(&mut self) -> EvalResult<Token> {
        self.skip_space();
        let Some(byte) = self.peek() else { return Err(self.ended()) };
        self.element.clear();
        match byte {
            b'"' => self.quoted(),
            b'{' => {
                self.at += 1;
                Ok(Token::Open)
            }
            b'}' => {
                self.at += 1;
                Ok(Token::Close)
            }
            DELIMITER => {
                self.at += 1;
                Ok(Token::Delimiter)
            }
            _ => self.unquoted(),
        }
    }

    /// The byte behind a backslash.
    fn escaped(&mut self) -> EvalResult<()> {
        self.at += 1;
        let Some(byte) = self.peek() else { return Err(self.ended()) };
        self.element.push(byte);
        self.at += 1;
        Ok(())
    }

    fn quoted(&mut self) -> EvalResult<Token> {
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.ended()),
                Some(b'\\') => self.escaped()?,
                Some(b'"') => {
                    self.at += 1;
                    self.skip_space();
                    return match self.peek() {
                        None => Err(self.ended()),
                        Some(DELIMITER | b'{' | b'}') => Ok(Token::Element),
                        Some(_) => Err(self.error("Incorrectly quoted array element.")),
                    };
                }
                Some(byte) => {
                    self.element.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn unquoted(&mut self) -> EvalResult<Token> {
        // Trailing blanks are not the element's.
        let mut kept = 0;
        let mut has_escapes = false;
        loop {
            match self.peek() {
                None => return Err(self.ended()),
                Some(b'{') => return Err(self.unexpected('{')),
                Some(b'"') => return Err(self.error("Incorrectly quoted array element.")),
                Some(b'\\') => {
                    self.escaped()?;
                    kept = self.element.len();
                    has_escapes = true;
                }
                Some(DELIMITER | b'}') => {
                    self.element.truncate(kept);
                    return Ok(match !has_escapes && self.element.eq_ignore_ascii_case(b"null") {
                        true => Token::Null,
                        false => Token::Element,
                    });
                }
                Some(byte) => {
                    self.element.push(byte);
                    if !is_space(byte) {
                        kept = self.element.len();
                    }
                    self.at += 1;
                }
            }
        }
    }
}

/// array_in
pub(super) fn parse<'a>(
    element: &'static ScalarType,
    typmod: i32,
    text: &str,
    settings: &FormatSettings,
    arena: &'a Arena,
) -> EvalResult<ArrayRef<'a>> {
    let mut scanner = Scanner { text, at: 0, element: Vec::new() };
    let mut dimensions = scanner.dimensions()?;
    let specified = !dimensions.is_empty();
    if specified {
        if scanner.peek() != Some(b'=') {
            return Err(scanner.error("Missing \"=\" after array dimensions."));
        }
        scanner.at += 1;
        scanner.skip_space();
        if scanner.peek() != Some(b'{') {
            return Err(scanner.error("Array contents must start with \"{\"."));
        }
    } else if scanner.peek() != Some(b'{') {
        return Err(scanner.error("Array value must start with \"{\" or dimension information."));
    }
    let mismatch = || {
        malformed(
            text,
            match specified {
                true => "Specified array dimensions do not match array contents.",
                false => "Multidimensional arrays must have sub-arrays with matching dimensions.",
            },
        )
    };
    let mut builder = ArrayBuilder::new(element);
    let mut lengths: [i32; MAX_DIMENSIONS] = [-1; MAX_DIMENSIONS];
    for (length, dimension) in lengths.iter_mut().zip(&dimensions) {
        *length = dimension.length;
    }
    let mut counts = [0i32; MAX_DIMENSIONS];
    let (mut depth, mut deepest) = (0, dimensions.len());
    let (mut frozen, mut expect_delimiter) = (specified, false);
    loop {
        match scanner.token()? {
            Token::Open => {
                if expect_delimiter {
                    return Err(scanner.unexpected('{'));
                }
                if depth >= MAX_DIMENSIONS {
                    return Err(too_many_dimensions());
                }
                counts[depth] = 0;
                depth += 1;
                if depth > deepest {
                    if frozen {
                        return Err(mismatch());
                    }
                    deepest = depth;
                }
            }
            Token::Close => {
                if counts[depth - 1] > 0 && !expect_delimiter {
                    return Err(scanner.unexpected('}'));
                }
                depth -= 1;
                if depth > 0 {
                    counts[depth - 1] += 1;
                }
                if lengths[depth] < 0 {
                    lengths[depth] = counts[depth];
                } else if counts[depth] != lengths[depth] {
                    return Err(mismatch());
                }
                expect_delimiter = true;
                if depth == 0 {
                    break;
                }
            }
            Token::Delimiter => {
                if !expect_delimiter {
                    return Err(scanner.unexpected(DELIMITER as char));
                }
                expect_delimiter = false;
            }
            token => {
                if expect_delimiter {
                    return Err(scanner.error("Unexpected array element."));
                }
                match token {
                    Token::Null => builder.push(crate::Datum::Null),
                    _ => {
                        let value = std::str::from_utf8(&scanner.element).map_err(|_| {
                            EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\"")
                        })?;
                        builder.push(text_in(*element, typmod, value, settings, arena)?);
                    }
                }
                if builder.len() > MAX_ELEMENTS {
                    return Err(too_large());
                }
                frozen = true;
                if depth != deepest {
                    return Err(mismatch());
                }
                counts[depth - 1] += 1;
                expect_delimiter = true;
            }
        }
    }
    scanner.skip_space();
    if scanner.peek().is_some() {
        return Err(scanner.error("Junk after closing right brace."));
    }
    if !specified {
        dimensions =
            lengths[..deepest].iter().map(|length| Dimension { length: *length, lower: 1 }).collect();
    }
    Ok(builder.finish_as(&dimensions, arena))
}

/// Whether array_out puts an element in quotes.
fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case(b"null")
        || text.iter().any(|byte| matches!(byte, b'"' | b'\\' | b'{' | b'}' | b',') || is_space(*byte))
}

/// array_out
pub(super) fn write(array: ArrayRef<'_>, settings: &FormatSettings, out: &mut Vec<u8>) {
    let dimensions = array.dimensions();
    if dimensions.is_empty() {
        out.extend_from_slice(b"{}");
        return;
    }
    if dimensions.iter().any(|dimension| dimension.lower != 1) {
        for dimension in &dimensions {
            out.extend_from_slice(format!("[{}:{}]", dimension.lower, dimension.upper()).as_bytes());
        }
        out.push(b'=');
    }
    let arena = Arena::new();
    let mut text = Vec::new();
    let mut left: Vec<i32> = vec![0; dimensions.len()];
    for value in array.elements(&arena) {
        // Braces of the dimensions that begin here.
        let opened = left.iter().rev().take_while(|left| **left == 0).count();
        if opened < dimensions.len() {
            out.push(DELIMITER);
        }
        let from = dimensions.len() - opened;
        for (left, dimension) in left.iter_mut().zip(&dimensions).skip(from) {
            out.push(b'{');
            *left = dimension.length;
        }
        if matches!(value, crate::Datum::Null) {
            out.extend_from_slice(b"NULL");
        } else {
            text.clear();
            text_out(value, *array.element(), settings, &mut text);
            if needs_quotes(&text) {
                out.push(b'"');
                for byte in &text {
                    if matches!(byte, b'"' | b'\\') {
                        out.push(b'\\');
                    }
                    out.push(*byte);
                }
                out.push(b'"');
            } else {
                out.extend_from_slice(&text);
            }
        }
        for left in left.iter_mut().rev() {
            *left -= 1;
            if *left > 0 {
                break;
            }
            out.push(b'}');
        }
    }
}

/// `pg_type.oid` of an element type.
pub(super) fn oid(scalar: ScalarType) -> u32 {
    match scalar {
        ScalarType::Bool => 16,
        ScalarType::Bytea => 17,
        ScalarType::Char => 18,
        ScalarType::Name => 19,
        ScalarType::Int8 => 20,
        ScalarType::Int2 => 21,
        ScalarType::Int4 => 23,
        ScalarType::Text => 25,
        ScalarType::Oid => 26,
        ScalarType::Float4 => 700,
        ScalarType::Float8 => 701,
        ScalarType::Bpchar => 1042,
        ScalarType::Varchar => 1043,
        ScalarType::Date => 1082,
        ScalarType::Time => 1083,
        ScalarType::Timestamp => 1114,
        ScalarType::Timestamptz => 1184,
        ScalarType::Interval => 1186,
        ScalarType::Numeric => 1700,
        ScalarType::Uuid => 2950,
        ScalarType::Inet => 869,
        ScalarType::Cidr => 650,
        ScalarType::Macaddr => 829,
        ScalarType::Macaddr8 => 774,
        ScalarType::Bit => 1560,
        ScalarType::Varbit => 1562,
        ScalarType::Jsonb => 3802,
        ScalarType::Json => 114,
        ScalarType::Jsonpath => 4072,
        ScalarType::Record(_) => 2249,
        ScalarType::Enum(of) => of.oid(),
        ScalarType::Range(of) => of.oid(),
        ScalarType::Multirange(of) => of.multirange_oid(),
        ScalarType::Array(_) => 0,
    }
}

/// array_send
pub(super) fn send(array: ArrayRef<'_>, out: &mut Vec<u8>) {
    let dimensions = array.dimensions();
    out.extend_from_slice(&(dimensions.len() as i32).to_be_bytes());
    out.extend_from_slice(&(array.has_null() as i32).to_be_bytes());
    out.extend_from_slice(&oid(*array.element()).to_be_bytes());
    for dimension in &dimensions {
        out.extend_from_slice(&dimension.length.to_be_bytes());
        out.extend_from_slice(&dimension.lower.to_be_bytes());
    }
    let arena = Arena::new();
    for value in array.elements(&arena) {
        send_value(value, *array.element(), out);
    }
}

/// array_recv
pub(super) fn receive<'a>(
    element: &'static ScalarType,
    typmod: i32,
    bytes: &[u8],
    arena: &'a Arena,
) -> EvalResult<ArrayRef<'a>> {
    let mut rest = bytes;
    let invalid = |message: String| EvalError::new("22P03", message);
    let count = int4(&mut rest)?;
    if count < 0 {
        return Err(invalid(format!("invalid number of dimensions: {count}")));
    }
    if count as usize > MAX_DIMENSIONS {
        return Err(EvalError::new(
            "54000",
            format!("number of array dimensions ({count}) exceeds the maximum allowed ({MAX_DIMENSIONS})"),
        ));
    }
    let flags = int4(&mut rest)?;
    if flags != 0 && flags != 1 {
        return Err(invalid("invalid array flags".into()));
    }
    let given = int4(&mut rest)? as u32;
    if given != oid(*element) {
        return Err(EvalError::new(
            "42804",
            format!(
                "binary data has array element type {given} instead of expected {} ({})",
                oid(*element),
                type_name(*element)
            ),
        ));
    }
    let mut dimensions = Dimensions::new();
    let mut total = 1usize;
    for _ in 0..count {
        let (length, lower) = (int4(&mut rest)?, int4(&mut rest)?);
        if length < 0 || length as usize > MAX_ELEMENTS || lower.checked_add(length).is_none() {
            return Err(too_large());
        }
        total = total.saturating_mul(length as usize);
        dimensions.push(Dimension { length, lower });
    }
    if total > MAX_ELEMENTS {
        return Err(too_large());
    }
    let mut builder = ArrayBuilder::new(element);
    if count > 0 {
        for _ in 0..total {
            let length = int4(&mut rest)?;
            if length == -1 {
                builder.push(crate::Datum::Null);
                continue;
            }
            let Some((value, after)) = usize::try_from(length).ok().and_then(|at| rest_split(rest, at))
            else {
                return Err(EvalError::new("08P01", "insufficient data left in message"));
            };
            builder.push(binary_in(*element, typmod, value, arena)?);
            rest = after;
        }
    }
    if !rest.is_empty() {
        return Err(invalid(super::EXCESS.into()));
    }
    Ok(builder.finish_as(&dimensions, arena))
}

fn rest_split(bytes: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    (at <= bytes.len()).then(|| bytes.split_at(at))
}
