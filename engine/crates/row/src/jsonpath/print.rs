//! `jsonpath_out`.

use super::{Arithmetic, Chain, Item, LAST_LEVEL, Path};
use crate::jsonb::write_string;

/// How tightly an item binds; what binds no tighter than what is around it stands in parentheses.
fn priority(item: &Item) -> u8 {
    match item {
        Item::Or(_) => 0,
        Item::And(_) => 1,
        Item::Comparison(..) | Item::StartsWith(_) => 2,
        Item::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, _) => 3,
        Item::Arithmetic(..) => 4,
        Item::Plus(_) | Item::Minus(_) => 5,
        _ => 6,
    }
}

impl Path {
    /// Appends the path's canonical text.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        if self.strict {
            out.extend_from_slice(b"strict ");
        }
        write(&self.root, true, out);
    }
}

fn write(chain: &Chain, parenthesized: bool, out: &mut Vec<u8>) {
    for (index, item) in chain.iter().enumerate() {
        // What follows the first item is an accessor, which has no parentheses of its own.
        write_item(item, index > 0 || parenthesized, chain.len() > index + 1, out);
    }
}

/// An operand of `around`.
fn operand(chain: &Chain, around: &Item, out: &mut Vec<u8>) {
    let parenthesized = chain.first().is_some_and(|first| priority(first) <= priority(around));
    write(chain, parenthesized, out);
}

fn write_item(item: &Item, parenthesized: bool, has_next: bool, out: &mut Vec<u8>) {
    let open = |out: &mut Vec<u8>| {
        if parenthesized {
            out.push(b'(');
        }
    };
    let close = |out: &mut Vec<u8>| {
        if parenthesized {
            out.push(b')');
        }
    };
    let binary = |both: &[Chain; 2], sign: &str, out: &mut Vec<u8>| {
        open(out);
        operand(&both[0], item, out);
        out.push(b' ');
        out.extend_from_slice(sign.as_bytes());
        out.push(b' ');
        operand(&both[1], item, out);
        close(out);
    };
    let mut text = |text: &str| out.extend_from_slice(text.as_bytes());
    match item {
        Item::Null => text("null"),
        Item::Bool(value) => text(if *value { "true" } else { "false" }),
        Item::Number(number) if has_next => text(&format!("({})", number.text())),
        Item::Number(number) => text(number.text()),
        Item::String(value) => write_string(value, out),
        Item::Variable(name) => {
            text("$");
            write_string(name, out);
        }
        Item::Root => text("$"),
        Item::Current => text("@"),
        Item::Last => text("last"),
        Item::Arithmetic(operator, both) => binary(both, operator.sign(), out),
        Item::Comparison(operator, both) => binary(both, operator.sign(), out),
        Item::And(both) => binary(both, "&&", out),
        Item::Or(both) => binary(both, "||", out),
        Item::StartsWith(both) => binary(both, "starts with", out),
        Item::Plus(of) | Item::Minus(of) => {
            open(out);
            out.push(if matches!(item, Item::Plus(_)) { b'+' } else { b'-' });
            operand(of, item, out);
            close(out);
        }
        Item::Not(of) => {
            text("!(");
            write(of, false, out);
            out.push(b')');
        }
        Item::IsUnknown(of) => {
            text("(");
            write(of, false, out);
            out.extend_from_slice(b") is unknown");
        }
        Item::Exists(of) => {
            text("exists (");
            write(of, false, out);
            out.push(b')');
        }
        Item::LikeRegex { value, pattern, flags, .. } => {
            open(out);
            operand(value, item, out);
            out.extend_from_slice(b" like_regex ");
            write_string(pattern, out);
            let letters = [
                (flags.ignore_case, b'i'),
                (flags.dot_all, b's'),
                (flags.multiline, b'm'),
                (flags.expanded, b'x'),
                (flags.quote, b'q'),
            ];
            if letters.iter().any(|(is_set, _)| *is_set) {
                out.extend_from_slice(b" flag \"");
                out.extend(letters.iter().filter(|(is_set, _)| *is_set).map(|(_, letter)| *letter));
                out.push(b'"');
            }
            close(out);
        }
        Item::Key(name) => {
            text(".");
            write_string(name, out);
        }
        Item::AnyKey => text(".*"),
        Item::AnyElement => text("[*]"),
        Item::Subscripts(subscripts) => {
            text("[");
            for (index, subscript) in subscripts.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(&subscript.from, false, out);
                if let Some(to) = &subscript.to {
                    out.extend_from_slice(b" to ");
                    write(to, false, out);
                }
            }
            out.push(b']');
        }
        Item::Any { first: 0, last: LAST_LEVEL } => text(".**"),
        Item::Any { first, last } => {
            let level = |level: u32| if level == LAST_LEVEL { "last".to_string() } else { level.to_string() };
            if first == last {
                text(&format!(".**{{{}}}", level(*first)));
            } else {
                text(&format!(".**{{{} to {}}}", level(*first), level(*last)));
            }
        }
        Item::Filter(of) => {
            text("?(");
            write(of, false, out);
            out.push(b')');
        }
        Item::Method(method) => text(&format!(".{}()", method.name())),
        Item::Decimal { precision, scale } => {
            text(".decimal(");
            text(precision.as_ref().map_or("", |number| number.text()));
            if let Some(scale) = scale {
                text(",");
                text(scale.text());
            }
            text(")");
        }
        Item::Datetime(template) => {
            text(".datetime(");
            if let Some(template) = template {
                write_string(&template.text, out);
            }
            out.push(b')');
        }
        Item::Timed(timed, precision) => {
            text(&format!(".{}({})", timed.name(), precision.as_ref().map_or("", |number| number.text())));
        }
    }
}
