//! Regular expressions: `~` and its kin, `regexp_…`, SIMILAR TO, `substring(… from pattern)`.

pub(crate) use super::regexp_syntax::Options;
use super::regexp_syntax::{invalid, translate};
use super::similar::{Parts, similar};
use super::text::characters;
use crate::context::Env;
use crate::registry::{Function, fallible};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::pool::Pool;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use tidewire_row::work::spend;
use tidewire_row::{Arena, ArrayBuilder, ArrayRef, Datum, EvalError, EvalResult, ScalarType};

/// A compiled pattern.
pub(crate) struct Pattern {
    engine: Engine,
    global: bool,
}

enum Engine {
    /// Linear time; the leftmost-first match is also PostgreSQL's leftmost-longest one.
    Plain(regex::Regex),
    /// Alternation: the DFA says how long the longest match is, the anchored form then finds the groups.
    Longest { plain: regex::Regex, whole: regex::Regex, dfa: Arc<DFA>, caches: Pool<Cache, MakeCache> },
    /// Back references and lookaround.
    Backtracking(fancy_regex::Regex),
    /// What SUBSTRING … SIMILAR looks for.
    Parts(Box<Parts>),
}

/// Makes the scratch space that a thread needs for a search.
type MakeCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// The byte ranges of a match's groups, the whole first.
type Groups = Vec<Option<(usize, usize)>>;

/// PostgreSQL's wording for what the regex crates refuse.
fn refused(message: &str) -> EvalError {
    let known = [
        ("unclosed group", "parentheses () not balanced"),
        ("unopened group", "parentheses () not balanced"),
        ("parenthes", "parentheses () not balanced"),
        ("unclosed character class", "brackets [] not balanced"),
        ("repetition operator missing expression", "quantifier operand invalid"),
        ("Target of repeat operator is invalid", "quantifier operand invalid"),
        ("invalid character class range", "invalid character range"),
        ("invalid repetition count range", "invalid repetition count(s)"),
        ("exceeds size limit", "regular expression is too complex"),
    ];
    for (part, reason) in known {
        if message.contains(part) {
            return invalid(reason);
        }
    }
    invalid(message.lines().last().unwrap_or("syntax error").trim())
}

/// Bytes that cost about as much to match as a row costs.
const UNIT_BYTES: u64 = 64;

#[cold]
fn failed(error: fancy_regex::Error) -> EvalError {
    EvalError::new("2201B", format!("regular expression failed: {error}"))
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str, options: Options) -> EvalResult<Self> {
        if let Some(parts) = Parts::of(pattern, options) {
            return Ok(Pattern { engine: Engine::Parts(Box::new(parts)), global: options.global });
        }
        let translated = translate(pattern, options)?;
        let global = options.global;
        if translated.backtracking {
            let engine =
                fancy_regex::Regex::new(&translated.pattern).map_err(|error| refused(&error.to_string()))?;
            return Ok(Pattern { engine: Engine::Backtracking(engine), global });
        }
        let plain = regex::Regex::new(&translated.pattern).map_err(|error| refused(&error.to_string()))?;
        if translated.longest {
            let whole = regex::Regex::new(&format!("(?:{})\\z", translated.pattern));
            let dfa = DFA::builder()
                .configure(DFA::config().match_kind(MatchKind::All))
                .syntax(syntax::Config::new().utf8(true))
                .build(&translated.pattern);
            if let (Ok(whole), Ok(dfa)) = (whole, dfa) {
                let dfa = Arc::new(dfa);
                let maker = Arc::clone(&dfa);
                let caches = Pool::new(Box::new(move || maker.create_cache()) as MakeCache);
                let engine = Engine::Longest { plain, whole, dfa, caches };
                return Ok(Pattern { engine, global });
            }
        }
        Ok(Pattern { engine: Engine::Plain(plain), global })
    }

    /// Whether it matches somewhere in a text.
    pub(crate) fn is_match(&self, text: &str) -> EvalResult<bool> {
        spend(text.len() as u64 / UNIT_BYTES);
        match &self.engine {
            Engine::Plain(plain) | Engine::Longest { plain, .. } => Ok(plain.is_match(text)),
            Engine::Backtracking(engine) => engine.is_match(text).map_err(failed),
            Engine::Parts(parts) => Ok(parts.find(text)?.is_some()),
        }
    }

    /// The leftmost match at or after a byte position, the longest from there.
    fn find_at(&self, text: &str, at: usize) -> EvalResult<Option<Groups>> {
        fn groups(captures: &regex::Captures<'_>) -> Groups {
            captures.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect()
        }
        match &self.engine {
            Engine::Plain(plain) => Ok(plain.captures_at(text, at).map(|captures| groups(&captures))),
            Engine::Longest { plain, whole, dfa, caches } => {
                let Some(captures) = plain.captures_at(text, at) else {
                    return Ok(None);
                };
                let found = groups(&captures);
                let Some(Some((start, end))) = found.first().copied() else {
                    return Ok(None);
                };
                let mut cache = caches.get();
                let input = Input::new(text).span(start..text.len()).anchored(Anchored::Yes);
                let longest = match dfa.try_search_fwd(&mut cache, &input) {
                    Ok(Some(half)) => half.offset(),
                    _ => end,
                };
                if longest <= end {
                    return Ok(Some(found));
                }
                let again = whole.captures_at(&text[..longest], start).map(|captures| groups(&captures));
                Ok(Some(match again {
                    Some(longer) if longer.first() == Some(&Some((start, longest))) => longer,
                    _ => found,
                }))
            }
            Engine::Backtracking(engine) => {
                let captures = engine.captures_from_pos(text, at).map_err(failed)?;
                Ok(captures.map(|captures| {
                    captures.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect()
                }))
            }
            Engine::Parts(_) if at > 0 => Ok(None),
            Engine::Parts(parts) => {
                Ok(parts.find(text)?.map(|part| vec![Some((0, text.len())), Some((part.start, part.end))]))
            }
        }
    }

    /// Calls `each` for the matches from a byte position on, until it gives false. After an empty match the search
    /// goes on one character further.
    fn each_match(&self, text: &str, from: usize, mut each: impl FnMut(&Groups) -> bool) -> EvalResult<()> {
        let mut at = from;
        while at <= text.len() {
            let Some(groups) = self.find_at(text, at)? else { break };
            let Some(Some((start, end))) = groups.first().copied() else { break };
            spend(1 + (end - at) as u64 / UNIT_BYTES);
            if !each(&groups) {
                break;
            }
            at = end;
            if start == end {
                at += text[end..].chars().next().map_or(1, char::len_utf8);
            }
        }
        Ok(())
    }
}

fn pattern(source: &str, options: Options, env: &Env<'_>) -> EvalResult<Arc<Pattern>> {
    env.site.cached(source, || Pattern::new(source, options))
}

/// A pattern with a flags argument; `global_in` names the function if it does not take flag "g".
fn flagged(source: &str, flags: &str, global_in: Option<&str>, env: &Env<'_>) -> EvalResult<Arc<Pattern>> {
    // NUL is in neither of them.
    let key = format!("{flags}\0{source}");
    env.site.cached(&key, || {
        let options = Options::parse(flags)?;
        match global_in {
            Some(function) if options.global => {
                let message = format!("{function} does not support the \"global\" option");
                let error = EvalError::new("22023", message);
                Err(match function {
                    "regexp_match()" => error.with_hint("Use the regexp_matches function instead."),
                    _ => error,
                })
            }
            _ => Pattern::new(source, options),
        }
    })
}

/// The pieces between matches. A match of no length at either end or right behind another match is none.
pub(crate) fn split_pieces<'a>(
    text: &'a str,
    source: &str,
    flags: &str,
    function: &str,
    env: &Env<'_>,
) -> EvalResult<Vec<&'a str>> {
    let pattern = flagged(source, flags, Some(function), env)?;
    let mut pieces = Vec::new();
    let mut last = 0;
    pattern.each_match(text, 0, |groups| {
        if let Some(Some((start, end))) = groups.first().copied()
            && start < text.len()
            && end > last
        {
            pieces.push(&text[last..start]);
            last = end;
        }
        true
    })?;
    pieces.push(&text[last..]);
    Ok(pieces)
}

fn matches(text: &str, source: &str, ignore_case: bool, env: &Env<'_>) -> EvalResult<bool> {
    pattern(source, Options { ignore_case, ..Options::default() }, env)?.is_match(text)
}

/// Appends a replacement: `\1`…`\9`, `\&`, `\\`.
fn expand(replacement: &str, text: &str, groups: &Groups, out: &mut String) {
    let mut characters = replacement.chars().peekable();
    let group =
        |index: usize| groups.get(index).copied().flatten().map_or("", |(start, end)| &text[start..end]);
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.peek().copied() {
            Some(digit @ '1'..='9') => out.push_str(group(digit as usize - '0' as usize)),
            Some('&') => out.push_str(group(0)),
            Some('\\') => out.push('\\'),
            _ => {
                out.push('\\');
                continue;
            }
        }
        characters.next();
    }
}

/// Which matches are replaced.
#[derive(Clone, Copy)]
struct Replaced {
    /// The byte position where the search begins.
    from: usize,
    /// Counted from 1; 0 for all.
    n: i32,
}

fn replace<'a>(text: &'a str, pattern: &Pattern, replacement: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    let which = Replaced { from: 0, n: if pattern.global { 0 } else { 1 } };
    replace_some(text, pattern, replacement, which, arena)
}

fn replace_some<'a>(
    text: &'a str,
    pattern: &Pattern,
    replacement: &str,
    Replaced { from, n }: Replaced,
    arena: &'a Arena,
) -> EvalResult<&'a str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut any = false;
    let mut seen = 0;
    pattern.each_match(text, from, |groups| {
        let Some(Some((start, end))) = groups.first().copied() else { return false };
        seen += 1;
        if n > seen {
            return true;
        }
        any = true;
        out.push_str(&text[copied..start]);
        expand(replacement, text, groups, &mut out);
        copied = end;
        n == 0 && out.len() <= super::text::MAX_BYTES
    })?;
    if !any {
        return Ok(text);
    }
    out.push_str(&text[copied..]);
    if out.len() > super::text::MAX_BYTES {
        return Err(super::text::too_large());
    }
    Ok(arena.push_str(out))
}

fn replace_flagged<'a>(
    text: &'a str,
    source: &str,
    replacement: &str,
    flags: &str,
    env: &Env<'a>,
) -> EvalResult<&'a str> {
    if flags.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(EvalError::new("22023", format!("invalid regular expression option: \"{flags}\"")).with_hint(
            "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.",
        ));
    }
    replace(text, &*flagged(source, flags, None, env)?, replacement, env.arena)
}

/// regexp_replace with a start: which match is replaced is said by `n` alone, not by flag g.
fn replace_from<'a>(
    text: &'a str,
    pattern: impl FnOnce() -> EvalResult<Arc<Pattern>>,
    replacement: &str,
    start: i32,
    n: i32,
    arena: &'a Arena,
) -> EvalResult<&'a str> {
    let from = start_of(text, start)?;
    if n < 0 {
        return Err(bad_parameter("n", n));
    }
    let pattern = pattern()?;
    match from {
        Some(from) => replace_some(text, &pattern, replacement, Replaced { from, n }, arena),
        None => Ok(text),
    }
}

#[cold]
fn bad_parameter(name: &str, value: i32) -> EvalError {
    EvalError::new("22023", format!("invalid value for parameter \"{name}\": {value}"))
}

/// The byte position of the 1-based character position; None beyond the end.
fn start_of(text: &str, start: i32) -> EvalResult<Option<usize>> {
    if start <= 0 {
        return Err(bad_parameter("start", start));
    }
    let skip = start as usize - 1;
    let length = text.chars().count();
    Ok((skip <= length).then(|| super::text::byte_of(text, skip)))
}

/// Positions are checked before the pattern is looked at, as in PostgreSQL.
fn count(text: &str, pattern: impl FnOnce() -> EvalResult<Arc<Pattern>>, start: i32) -> EvalResult<i32> {
    let mut count = 0;
    let from = start_of(text, start)?;
    let pattern = pattern()?;
    if let Some(from) = from {
        pattern.each_match(text, from, |_| {
            count += 1;
            true
        })?;
    }
    Ok(count)
}

/// The text of the n-th match, or of a group in it.
fn nth(
    text: &str,
    pattern: impl FnOnce() -> EvalResult<Arc<Pattern>>,
    start: i32,
    n: i32,
    group: i32,
) -> EvalResult<Option<&str>> {
    Ok(nth_place(text, pattern, start, n, 0, group)?.map(|(start, end)| &text[start..end]))
}

/// The place of the n-th match, or of a group in it: of its first character, or with `end` of the one behind it.
fn position_of_nth(
    text: &str,
    pattern: impl FnOnce() -> EvalResult<Arc<Pattern>>,
    start: i32,
    n: i32,
    end: i32,
    group: i32,
) -> EvalResult<i32> {
    let found = nth_place(text, pattern, start, n, end, group)?;
    let at = found.map(|(from, to)| if end == 1 { to } else { from });
    Ok(at.map_or(0, |at| characters(&text[..at]) + 1))
}

fn nth_place(
    text: &str,
    pattern: impl FnOnce() -> EvalResult<Arc<Pattern>>,
    start: i32,
    n: i32,
    end: i32,
    group: i32,
) -> EvalResult<Option<(usize, usize)>> {
    let from = start_of(text, start)?;
    if n <= 0 {
        return Err(bad_parameter("n", n));
    }
    if !(0..=1).contains(&end) {
        return Err(bad_parameter("endoption", end));
    }
    if group < 0 {
        return Err(bad_parameter("subexpr", group));
    }
    let pattern = pattern()?;
    let (mut seen, mut found) = (0, None);
    if let Some(from) = from {
        pattern.each_match(text, from, |groups| {
            seen += 1;
            if seen == n {
                // Without groups the whole match counts as the first.
                let group = if groups.len() == 1 && group == 1 { 0 } else { group as usize };
                found = groups.get(group).copied().flatten();
            }
            seen < n
        })?;
    }
    Ok(found)
}

/// `(regexp_match(text, pattern))[n]`: the n-th group, or the whole match as the only element where there are no groups.
fn match_group<'a>(text: &'a str, pattern: &Pattern, n: i32) -> EvalResult<Option<&'a str>> {
    let Some(groups) = pattern.find_at(text, 0)? else { return Ok(None) };
    let found = match groups.len() {
        1 if n == 1 => groups[0],
        1 => None,
        _ => usize::try_from(n).ok().filter(|n| *n > 0).and_then(|n| groups.get(n).copied()).flatten(),
    };
    Ok(found.map(|(start, end)| &text[start..end]))
}

/// What regexp_match gives for a match: its groups, or all of it where there are no groups.
fn groups_array<'a>(text: &str, groups: &Groups, arena: &'a Arena) -> EvalResult<ArrayRef<'a>> {
    let mut builder = ArrayBuilder::new(&ScalarType::Text);
    let from = usize::from(groups.len() > 1);
    for group in &groups[from..] {
        builder.push(group.map_or(Datum::Null, |(start, end)| Datum::Text(&text[start..end])));
    }
    builder.finish(arena)
}

/// regexp_match
fn first_match<'a>(text: &str, pattern: &Pattern, arena: &'a Arena) -> EvalResult<Option<ArrayRef<'a>>> {
    pattern.find_at(text, 0)?.map(|groups| groups_array(text, &groups, arena)).transpose()
}

/// regexp_matches: of the first match, or with flag g of all.
pub(crate) fn all_matches<'a>(
    text: &str,
    source: &str,
    flags: &str,
    env: &Env<'a>,
) -> EvalResult<Vec<ArrayRef<'a>>> {
    let pattern = flagged(source, flags, None, env)?;
    let global = Options::parse(flags)?.global;
    let mut found = Vec::new();
    let mut failed = None;
    pattern.each_match(text, 0, |groups| match groups_array(text, groups, env.arena) {
        Ok(array) => {
            found.push(array);
            global
        }
        Err(error) => {
            failed = Some(error);
            false
        }
    })?;
    failed.map_or(Ok(found), Err)
}

/// regexp_split_to_array
fn split_to_array<'a>(text: &str, source: &str, flags: &str, env: &Env<'a>) -> EvalResult<ArrayRef<'a>> {
    let mut builder = ArrayBuilder::new(&ScalarType::Text);
    for piece in split_pieces(text, source, flags, "regexp_split_to_array()", env)? {
        builder.push(Datum::Text(piece));
    }
    builder.finish(env.arena)
}

/// `substring(text from pattern)`: the first group, or the whole match where there are no groups.
fn substring<'a>(text: &'a str, pattern: &Pattern) -> EvalResult<Option<&'a str>> {
    match_group(text, pattern, 1)
}

macro_rules! operators {
    ($($opcode:literal => $ignore_case:literal $wanted:literal),* $(,)?) => {
        [$(fallible!($opcode, (text: Text, source: Text), env =>
            matches(text, source, $ignore_case, env).map(|matched| matched == $wanted))),*]
    };
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &operators! {
        "textregexeq" => false true, "textregexne" => false false,
        "texticregexeq" => true true, "texticregexne" => true false,
        "nameregexeq" => false true, "nameregexne" => false false,
        "nameicregexeq" => true true, "nameicregexne" => true false,
    },
    &[
        fallible!("similar_to_escape_1", (pattern: Text), env => similar(pattern, "\\", env.arena)),
        fallible!("similar_to_escape_2", (pattern: Text, escape: Text), env => similar(pattern, escape, env.arena)),
        fallible!("textregexsubstr", (text: Text, source: Text), env =>
            substring(text, &*pattern(source, Options::default(), env)?)),
        fallible!("regexp_match_no_flags", (text: Text, source: Text), env =>
            first_match(text, &*pattern(source, Options::default(), env)?, env.arena)),
        fallible!("regexp_match", (text: Text, source: Text, flags: Text), env =>
            first_match(text, &*flagged(source, flags, Some("regexp_match()"), env)?, env.arena)),
        fallible!("regexp_split_to_array_no_flags", (text: Text, source: Text), env =>
            split_to_array(text, source, "", env)),
        fallible!("regexp_split_to_array", (text: Text, source: Text, flags: Text), env =>
            split_to_array(text, source, flags, env)),
        fallible!("textregexreplace_noopt", (text: Text, source: Text, replacement: Text), env =>
            replace(text, &*pattern(source, Options::default(), env)?, replacement, env.arena)),
        fallible!("textregexreplace", (text: Text, source: Text, replacement: Text, flags: Text), env =>
            replace_flagged(text, source, replacement, flags, env)),
        fallible!("textregexreplace_extended_no_n",
            (text: Text, source: Text, replacement: Text, start: Int32), env =>
            replace_from(text, || pattern(source, Options::default(), env), replacement, start, 1, env.arena)),
        fallible!("textregexreplace_extended_no_flags",
            (text: Text, source: Text, replacement: Text, start: Int32, n: Int32), env =>
            replace_from(text, || pattern(source, Options::default(), env), replacement, start, n, env.arena)),
        fallible!("textregexreplace_extended",
            (text: Text, source: Text, replacement: Text, start: Int32, n: Int32, flags: Text), env =>
            replace_from(text, || flagged(source, flags, None, env), replacement, start, n, env.arena)),
        fallible!("regexp_like_no_flags", (text: Text, source: Text), env => matches(text, source, false, env)),
        fallible!("regexp_like", (text: Text, source: Text, flags: Text), env =>
            flagged(source, flags, Some("regexp_like()"), env)?.is_match(text)),
        fallible!("regexp_count_no_start", (text: Text, source: Text), env =>
            count(text, || pattern(source, Options::default(), env), 1)),
        fallible!("regexp_count_no_flags", (text: Text, source: Text, start: Int32), env =>
            count(text, || pattern(source, Options::default(), env), start)),
        fallible!("regexp_count", (text: Text, source: Text, start: Int32, flags: Text), env =>
            count(text, || flagged(source, flags, Some("regexp_count()"), env), start)),
        fallible!("regexp_instr_no_start", (text: Text, source: Text), env =>
            position_of_nth(text, || pattern(source, Options::default(), env), 1, 1, 0, 0)),
        fallible!("regexp_instr_no_n", (text: Text, source: Text, start: Int32), env =>
            position_of_nth(text, || pattern(source, Options::default(), env), start, 1, 0, 0)),
        fallible!("regexp_instr_no_endoption", (text: Text, source: Text, start: Int32, n: Int32), env =>
            position_of_nth(text, || pattern(source, Options::default(), env), start, n, 0, 0)),
        fallible!("regexp_instr_no_flags", (text: Text, source: Text, start: Int32, n: Int32, end: Int32), env =>
            position_of_nth(text, || pattern(source, Options::default(), env), start, n, end, 0)),
        fallible!("regexp_instr_no_subexpr",
            (text: Text, source: Text, start: Int32, n: Int32, end: Int32, flags: Text), env =>
            position_of_nth(text, || flagged(source, flags, Some("regexp_instr()"), env), start, n, end, 0)),
        fallible!("regexp_instr",
            (text: Text, source: Text, start: Int32, n: Int32, end: Int32, flags: Text, group: Int32), env =>
            position_of_nth(text, || flagged(source, flags, Some("regexp_instr()"), env), start, n, end, group)),
        fallible!("regexp_substr_no_start", (text: Text, source: Text), env =>
            nth(text, || pattern(source, Options::default(), env), 1, 1, 0)),
        fallible!("regexp_substr_no_n", (text: Text, source: Text, start: Int32), env =>
            nth(text, || pattern(source, Options::default(), env), start, 1, 0)),
        fallible!("regexp_substr_no_flags", (text: Text, source: Text, start: Int32, n: Int32), env =>
            nth(text, || pattern(source, Options::default(), env), start, n, 0)),
        fallible!("regexp_substr_no_subexpr", (text: Text, source: Text, start: Int32, n: Int32, flags: Text), env =>
            nth(text, || flagged(source, flags, Some("regexp_substr()"), env), start, n, 0)),
        fallible!("regexp_substr",
            (text: Text, source: Text, start: Int32, n: Int32, flags: Text, group: Int32), env =>
            nth(text, || flagged(source, flags, Some("regexp_substr()"), env), start, n, group)),
    ],
];
