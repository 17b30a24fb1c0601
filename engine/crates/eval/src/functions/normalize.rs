//! Unicode's normalization forms.

use crate::registry::{Function, fallible};
use regex::Regex;
use std::sync::LazyLock;
use tidewire_row::{EvalError, EvalResult};
use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfd, is_nfkc, is_nfkd};

#[derive(Clone, Copy)]
enum Form {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}

fn form(name: &str) -> EvalResult<Form> {
    [("NFC", Form::Nfc), ("NFD", Form::Nfd), ("NFKC", Form::Nfkc), ("NFKD", Form::Nfkd)]
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, form)| form)
        .ok_or_else(|| EvalError::new("22023", format!("invalid normalization form: {name}")))
}

fn normalized(text: &str, form: Form) -> String {
    match form {
        Form::Nfc => text.nfc().collect(),
        Form::Nfd => text.nfd().collect(),
        Form::Nfkc => text.nfkc().collect(),
        Form::Nfkd => text.nfkd().collect(),
    }
}

fn is_normalized(text: &str, form: Form) -> bool {
    match form {
        Form::Nfc => is_nfc(text),
        Form::Nfd => is_nfd(text),
        Form::Nfkc => is_nfkc(text),
        Form::Nfkd => is_nfkd(text),
    }
}

/// Whether every character has a meaning in Unicode.
fn is_assigned(text: &str) -> EvalResult<bool> {
    static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\A\P{Cn}*\z").ok());
    let assigned = ASSIGNED.as_ref().ok_or_else(|| EvalError::new("XX000", "no table of Unicode"))?;
    Ok(assigned.is_match(text))
}

pub(super) const FUNCTIONS: &[Function] = &[
    fallible!("unicode_assigned", (a: Text) => is_assigned(a)),
    fallible!("unicode_normalize_func", (a: Text, name: Text), env => match form(name) {
        Ok(_) if a.is_ascii() => Ok(a),
        Ok(form) => Ok(env.arena.push_str(normalized(a, form))),
        Err(error) => Err(error),
    }),
    fallible!("unicode_is_normalized", (a: Text, name: Text) => form(name).map(|form| is_normalized(a, form))),
];
