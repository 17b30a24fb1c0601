//! jsonpath's grammar, by recursive descent. Predicates and expressions are apart, as in PostgreSQL's: where either may
//! stand the parser reads on and looks what it was, so that errors are about the same token.

use super::lexer::{Lexer, Token};
use super::{
    Arithmetic, Chain, Comparison, Item, LAST_LEVEL, Method, Number, Path, RegexFlags, Subscript, Template,
    Timed, check,
};
use crate::io::parse_int4;
use crate::{Arena, EvalError, EvalResult, Numeric};

/// How deep a path may nest: far deeper than anybody writes, far from a thread's stack.
const MOST_LEVELS: usize = 300;
/// How deep parentheses may nest: a path's canonical text, which is read again, has up to two for each of its levels.
const MOST_PARENTHESES: usize = 3 * MOST_LEVELS;

/// Reads a path. 42601 or 22P02 for what is none.
pub fn parse(input: &str) -> EvalResult<Path> {
    let mut parser =
        Parser { lexer: Lexer::new(input), token: Token::End, level: 0, parts: 0, arena: Arena::new() };
    parser.advance()?;
    if parser.token == Token::End {
        return Err(EvalError::invalid_syntax("jsonpath", input));
    }
    let strict = parser.is_word("strict");
    if strict || parser.is_word("lax") {
        parser.advance()?;
    }
    let root = parser.any()?.chain;
    if parser.token != Token::End {
        return Err(parser.unexpected());
    }
    let path = Path { strict, root };
    check::check(&path)?;
    Ok(path)
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    level: usize,
    /// How many parts to prepare there are so far.
    parts: usize,
    arena: Arena,
}

/// What was read where an expression or a predicate may stand.
struct Read {
    chain: Chain,
    is_predicate: bool,
    /// How deep it nests.
    depth: usize,
}

impl Read {
    fn expression(chain: Chain, depth: usize) -> Self {
        Read { chain, is_predicate: false, depth }
    }

    fn predicate(item: Item, depth: usize) -> Self {
        Read { chain: vec![item], is_predicate: true, depth }
    }
}

#[cold]
fn too_deep() -> EvalError {
    EvalError::new("54001", "stack depth limit exceeded").with_detail("The jsonpath is nested too deeply.")
}

/// One level more than the deepest of these.
fn above(depths: &[usize]) -> EvalResult<usize> {
    let depth = depths.iter().max().map_or(0, |deepest| deepest + 1);
    if depth > MOST_LEVELS { Err(too_deep()) } else { Ok(depth) }
}

#[cold]
fn invalid(detail: String) -> EvalError {
    EvalError::new("42601", "invalid input syntax for type jsonpath").with_detail(detail)
}

impl Parser<'_> {
    fn advance(&mut self) -> EvalResult<Token> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    #[cold]
    fn unexpected(&self) -> EvalError {
        self.lexer.wrong("syntax error")
    }

    fn is_mark(&self, mark: u8) -> bool {
        self.token == Token::Mark(mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token, Token::Word(found, _) if found == word)
    }

    fn expect(&mut self, mark: u8) -> EvalResult<()> {
        if !self.is_mark(mark) {
            return Err(self.unexpected());
        }
        self.advance().map(drop)
    }

    fn expect_word(&mut self, word: &str) -> EvalResult<()> {
        if !self.is_word(word) {
            return Err(self.unexpected());
        }
        self.advance().map(drop)
    }

    /// Takes what `inner` reads one level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> EvalResult<T>) -> EvalResult<T> {
        self.level += 1;
        if self.level > MOST_PARENTHESES {
            return Err(too_deep());
        }
        let read = inner(self);
        self.level -= 1;
        read
    }

    /// An expression or a predicate.
    fn any(&mut self) -> EvalResult<Read> {
        self.nested(|parser| {
            let mut left = parser.conjunction()?;
            while parser.token == Token::Or {
                let (right, depth) = parser.operand(&left, Self::conjunction)?;
                left = Read::predicate(Item::Or(Box::new([left.chain, right.chain])), depth);
            }
            Ok(left)
        })
    }

    fn conjunction(&mut self) -> EvalResult<Read> {
        let mut left = self.simple()?;
        while self.token == Token::And {
            let (right, depth) = self.operand(&left, Self::simple)?;
            left = Read::predicate(Item::And(Box::new([left.chain, right.chain])), depth);
        }
        Ok(left)
    }

    /// The right side of AND or OR, whose sign is at hand.
    fn operand(
        &mut self,
        left: &Read,
        read: impl FnOnce(&mut Self) -> EvalResult<Read>,
    ) -> EvalResult<(Read, usize)> {
        if !left.is_predicate {
            return Err(self.unexpected());
        }
        self.advance()?;
        let right = read(self)?;
        if !right.is_predicate {
            return Err(self.unexpected());
        }
        let depth = above(&[left.depth, right.depth])?;
        Ok((right, depth))
    }

    /// What stands between AND and OR.
    fn simple(&mut self) -> EvalResult<Read> {
        match &self.token {
            Token::Not => {
                self.advance()?;
                let inner = match &self.token {
                    Token::Mark(b'(') => self.parenthesized_predicate()?,
                    _ => self.exists()?,
                };
                let depth = above(&[inner.depth])?;
                Ok(Read::predicate(Item::Not(inner.chain), depth))
            }
            Token::Word("exists", _) => self.exists(),
            Token::Mark(b'(') => {
                let inner = self.parenthesized()?;
                let accessed = self.is_accessor();
                if inner.is_predicate && !accessed {
                    if !self.is_word("is") {
                        return Ok(inner);
                    }
                    self.advance()?;
                    self.expect_word("unknown")?;
                    let depth = above(&[inner.depth])?;
                    return Ok(Read::predicate(Item::IsUnknown(inner.chain), depth));
                }
                let first = self.accessors(inner)?;
                self.comparison(Some(first))
            }
            _ => self.comparison(None),
        }
    }

    /// `( … )`
    fn parenthesized(&mut self) -> EvalResult<Read> {
        self.expect(b'(')?;
        let inner = self.any()?;
        self.expect(b')')?;
        Ok(inner)
    }

    fn parenthesized_predicate(&mut self) -> EvalResult<Read> {
        self.expect(b'(')?;
        let inner = self.any()?;
        if !inner.is_predicate {
            return Err(self.unexpected());
        }
        self.expect(b')')?;
        Ok(inner)
    }

    fn exists(&mut self) -> EvalResult<Read> {
        self.expect_word("exists")?;
        self.expect(b'(')?;
        let inner = self.expression()?;
        self.expect(b')')?;
        let depth = above(&[inner.depth])?;
        Ok(Read::predicate(Item::Exists(inner.chain), depth))
    }

    /// An expression, and what compares it if anything does.
    fn comparison(&mut self, first: Option<Read>) -> EvalResult<Read> {
        let left = self.sum(first)?;
        let operator = match &self.token {
            Token::Equal => Comparison::Equal,
            Token::NotEqual => Comparison::NotEqual,
            Token::Less => Comparison::Less,
            Token::Greater => Comparison::Greater,
            Token::LessOrEqual => Comparison::LessOrEqual,
            Token::GreaterOrEqual => Comparison::GreaterOrEqual,
            Token::Word("starts", _) => {
                self.advance()?;
                self.expect_word("with")?;
                let initial =
                    match self.advance_if(|token| matches!(token, Token::String(_) | Token::Variable(_)))? {
                        Token::String(text) => Item::String(text.into()),
                        Token::Variable(name) => Item::Variable(name.into()),
                        _ => return Err(self.unexpected()),
                    };
                let depth = above(&[left.depth])?;
                return Ok(Read::predicate(Item::StartsWith(Box::new([left.chain, vec![initial]])), depth));
            }
            Token::Word("like_regex", _) => return self.like_regex(left),
            _ => return Ok(left),
        };
        self.advance()?;
        let right = self.expression()?;
        let depth = above(&[left.depth, right.depth])?;
        Ok(Read::predicate(Item::Comparison(operator, Box::new([left.chain, right.chain])), depth))
    }

    /// The token at hand if it is one of these; an error about it otherwise.
    fn advance_if(&mut self, wanted: impl FnOnce(&Token) -> bool) -> EvalResult<Token> {
        if wanted(&self.token) { self.advance() } else { Err(self.unexpected()) }
    }

    fn string(&mut self) -> EvalResult<String> {
        match self.advance_if(|token| matches!(token, Token::String(_)))? {
            Token::String(text) => Ok(text),
            _ => Err(self.unexpected()),
        }
    }

    fn like_regex(&mut self, value: Read) -> EvalResult<Read> {
        self.advance()?;
        let pattern = self.string()?;
        let mut flags = RegexFlags::default();
        if self.is_word("flag") {
            self.advance()?;
            for letter in self.string()?.chars() {
                match letter {
                    'i' => flags.ignore_case = true,
                    's' => flags.dot_all = true,
                    'm' => flags.multiline = true,
                    'x' => flags.expanded = true,
                    'q' => flags.quote = true,
                    _ => {
                        return Err(invalid(format!(
                            "Unrecognized flag character \"{letter}\" in LIKE_REGEX predicate."
                        )));
                    }
                }
            }
        }
        if flags.expanded && !flags.quote {
            let message = "XQuery \"x\" flag (expanded regular expressions) is not implemented";
            return Err(EvalError::new("0A000", message));
        }
        let number = self.part();
        let depth = above(&[value.depth])?;
        let pattern = pattern.into();
        Ok(Read::predicate(Item::LikeRegex { value: value.chain, pattern, flags, number }, depth))
    }

    /// An expression where no predicate may stand.
    fn expression(&mut self) -> EvalResult<Read> {
        self.nested(|parser| parser.sum(None))
    }

    fn sum(&mut self, first: Option<Read>) -> EvalResult<Read> {
        let mut left = self.product(first)?;
        loop {
            let operator = match self.token {
                Token::Mark(b'+') => Arithmetic::Add,
                Token::Mark(b'-') => Arithmetic::Subtract,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.product(None)?;
            left = arithmetic(operator, left, right)?;
        }
    }

    fn product(&mut self, first: Option<Read>) -> EvalResult<Read> {
        let mut left = match first {
            Some(first) => first,
            None => self.signed()?,
        };
        loop {
            let operator = match self.token {
                Token::Mark(b'*') => Arithmetic::Multiply,
                Token::Mark(b'/') => Arithmetic::Divide,
                Token::Mark(b'%') => Arithmetic::Modulo,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.signed()?;
            left = arithmetic(operator, left, right)?;
        }
    }

    fn signed(&mut self) -> EvalResult<Read> {
        let negative = match self.token {
            Token::Mark(b'+') => false,
            Token::Mark(b'-') => true,
            _ => return self.accessed(),
        };
        self.advance()?;
        let inner = self.nested(Self::signed)?;
        if let [Item::Number(number)] = inner.chain.as_slice() {
            let value = number.value(&self.arena);
            let value = if negative { value.neg(&self.arena) } else { value };
            return Ok(Read::expression(vec![Item::Number(Number::of(value))], inner.depth));
        }
        let depth = above(&[inner.depth])?;
        let item = if negative { Item::Minus(inner.chain) } else { Item::Plus(inner.chain) };
        Ok(Read::expression(vec![item], depth))
    }

    /// A value and its accessors.
    fn accessed(&mut self) -> EvalResult<Read> {
        if self.is_mark(b'(') {
            let inner = self.parenthesized()?;
            if inner.is_predicate && !self.is_accessor() {
                return Err(self.unexpected());
            }
            return self.accessors(inner);
        }
        let item = match &self.token {
            Token::String(text) => Item::String(text.as_str().into()),
            Token::Variable(name) => Item::Variable(name.as_str().into()),
            Token::Integer(text) | Token::Decimal(text) => {
                Item::Number(Number::of(Numeric::parse(text, -1, &self.arena)?))
            }
            Token::Word("null", _) => Item::Null,
            Token::Word("true", _) => Item::Bool(true),
            Token::Word("false", _) => Item::Bool(false),
            Token::Word("last", _) => Item::Last,
            Token::Mark(b'$') => Item::Root,
            Token::Mark(b'@') => Item::Current,
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        self.accessors(Read::expression(vec![item], 0))
    }

    fn is_accessor(&self) -> bool {
        matches!(self.token, Token::Mark(b'.' | b'[' | b'?'))
    }

    fn accessors(&mut self, first: Read) -> EvalResult<Read> {
        let Read { mut chain, mut depth, .. } = first;
        loop {
            let (item, inner) = match self.token {
                Token::Mark(b'.') => {
                    self.advance()?;
                    (self.member()?, 0)
                }
                Token::Mark(b'[') => {
                    self.advance()?;
                    self.subscripts()?
                }
                Token::Mark(b'?') => {
                    self.advance()?;
                    let inner = self.parenthesized_predicate()?;
                    (Item::Filter(inner.chain), inner.depth)
                }
                _ => return Ok(Read::expression(chain, depth)),
            };
            chain.push(item);
            depth = depth.max(above(&[inner])?);
        }
    }

    fn subscripts(&mut self) -> EvalResult<(Item, usize)> {
        if self.is_mark(b'*') {
            self.advance()?;
            self.expect(b']')?;
            return Ok((Item::AnyElement, 0));
        }
        let (mut subscripts, mut depth) = (Vec::new(), 0);
        loop {
            let from = self.expression()?;
            depth = depth.max(from.depth);
            let mut to = None;
            if self.is_word("to") {
                self.advance()?;
                let last = self.expression()?;
                depth = depth.max(last.depth);
                to = Some(last.chain);
            }
            subscripts.push(Subscript { from: from.chain, to });
            if !self.is_mark(b',') {
                break;
            }
            self.advance()?;
        }
        self.expect(b']')?;
        Ok((Item::Subscripts(subscripts), depth))
    }

    /// What stands behind a point.
    fn member(&mut self) -> EvalResult<Item> {
        match self.advance_if(|token| {
            matches!(
                token,
                Token::Mark(b'*') | Token::Any | Token::Name(_) | Token::String(_) | Token::Word(..)
            )
        })? {
            Token::Mark(_) => Ok(Item::AnyKey),
            Token::Any => self.levels(),
            Token::Word(word, written) => {
                let called = self.is_mark(b'(');
                match method(word).filter(|_| called) {
                    Some(method) => {
                        self.advance()?;
                        let item = self.arguments(method)?;
                        self.expect(b')')?;
                        self.finished(item)
                    }
                    None => Ok(Item::Key(written.into())),
                }
            }
            Token::Name(text) | Token::String(text) => Ok(Item::Key(text.into())),
            _ => Err(self.unexpected()),
        }
    }

    fn levels(&mut self) -> EvalResult<Item> {
        if !self.is_mark(b'{') {
            return Ok(Item::Any { first: 0, last: LAST_LEVEL });
        }
        self.advance()?;
        let first = self.any_level()?;
        let mut last = first;
        if self.is_word("to") {
            self.advance()?;
            last = self.any_level()?;
        }
        self.expect(b'}')?;
        Ok(Item::Any { first, last })
    }

    fn any_level(&mut self) -> EvalResult<u32> {
        match self.advance_if(|token| matches!(token, Token::Integer(_) | Token::Word("last", _)))? {
            Token::Integer(text) => Ok(parse_int4(&text)? as u32),
            _ => Ok(LAST_LEVEL),
        }
    }

    fn integer(&mut self) -> EvalResult<Number> {
        match self.advance_if(|token| matches!(token, Token::Integer(_)))? {
            Token::Integer(text) => Ok(Number::of(Numeric::parse(&text, -1, &self.arena)?)),
            _ => Err(self.unexpected()),
        }
    }

    /// What stands between a method's parentheses.
    fn arguments(&mut self, method: Called) -> EvalResult<Called> {
        match method {
            Called::Datetime(_) if matches!(self.token, Token::String(_)) => {
                Ok(Called::Datetime(Some(self.string()?)))
            }
            Called::Timed(timed, _) if !self.is_mark(b')') => Ok(Called::Timed(timed, Some(self.integer()?))),
            Called::Decimal(_) if !self.is_mark(b')') => {
                let mut numbers = Vec::new();
                loop {
                    let negative = self.is_mark(b'-');
                    if negative || self.is_mark(b'+') {
                        self.advance()?;
                    }
                    let number = self.integer()?;
                    numbers.push(if negative {
                        Number::of(number.value(&self.arena).neg(&self.arena))
                    } else {
                        number
                    });
                    if !self.is_mark(b',') {
                        return Ok(Called::Decimal(numbers));
                    }
                    self.advance()?;
                }
            }
            other => Ok(other),
        }
    }

    /// The number of another part to prepare.
    fn part(&mut self) -> usize {
        self.parts += 1;
        self.parts - 1
    }

    fn finished(&mut self, called: Called) -> EvalResult<Item> {
        Ok(match called {
            Called::Plain(method) => Item::Method(method),
            Called::Datetime(template) => {
                Item::Datetime(template.map(|text| Template { text: text.into(), number: self.part() }))
            }
            Called::Timed(timed, precision) => Item::Timed(timed, precision),
            Called::Decimal(numbers) => {
                if numbers.len() > 2 {
                    return Err(invalid(".decimal() can only have an optional precision[,scale].".into()));
                }
                let mut numbers = numbers.into_iter();
                Item::Decimal { precision: numbers.next(), scale: numbers.next() }
            }
        })
    }
}

fn arithmetic(operator: Arithmetic, left: Read, right: Read) -> EvalResult<Read> {
    let depth = above(&[left.depth, right.depth])?;
    let item = Item::Arithmetic(operator, Box::new([left.chain, right.chain]));
    Ok(Read::expression(vec![item], depth))
}

/// A method and its arguments.
enum Called {
    Plain(Method),
    Datetime(Option<String>),
    Timed(Timed, Option<Number>),
    Decimal(Vec<Number>),
}

fn method(word: &str) -> Option<Called> {
    Some(match word {
        "type" => Called::Plain(Method::Type),
        "size" => Called::Plain(Method::Size),
        "abs" => Called::Plain(Method::Abs),
        "floor" => Called::Plain(Method::Floor),
        "ceiling" => Called::Plain(Method::Ceiling),
        "double" => Called::Plain(Method::Double),
        "keyvalue" => Called::Plain(Method::KeyValue),
        "bigint" => Called::Plain(Method::Bigint),
        "boolean" => Called::Plain(Method::Boolean),
        "date" => Called::Plain(Method::Date),
        "integer" => Called::Plain(Method::Integer),
        "number" => Called::Plain(Method::Number),
        "string" => Called::Plain(Method::String),
        "datetime" => Called::Datetime(None),
        "decimal" => Called::Decimal(Vec::new()),
        "time" => Called::Timed(Timed::Time, None),
        "time_tz" => Called::Timed(Timed::TimeTz, None),
        "timestamp" => Called::Timed(Timed::Timestamp, None),
        "timestamp_tz" => Called::Timed(Timed::TimestampTz, None),
        _ => return None,
    })
}
