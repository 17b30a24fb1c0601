//! What the evaluator knows by number: enum types, sequences, and what sessions take of them.

use crate::engine::NativeEngine;
use crate::error::{call, internal};
use napi_derive::napi;
use tidewire_eval::seeds;
use tidewire_eval::sequences::{self, SequenceOptions};
use tidewire_plan::{EnumDefinition, EnumLabel, ScalarType};

/// A label of an enum type; the place is a whole number as text.
#[napi(object)]
pub struct EnumLabelDefinition {
    pub label: String,
    pub place: String,
}

/// A sequence's options; numbers as texts.
#[napi(object)]
pub struct SequenceDefinition {
    pub name: String,
    pub increment: String,
    pub least: String,
    pub greatest: String,
    pub cycles: bool,
    pub restart: Option<String>,
}

/// Where a sequence is.
#[napi(object)]
pub struct SequenceState {
    pub last: String,
    pub called: bool,
}

#[napi]
impl NativeEngine {
    /// An enum type, new or changed.
    #[napi(catch_unwind)]
    pub fn define_enum(&self, oid: f64, name: String, labels: Vec<EnumLabelDefinition>) -> napi::Result<()> {
        call(|| {
            let mut made = Vec::with_capacity(labels.len());
            for EnumLabelDefinition { label, place } in labels {
                let place = place.parse::<u64>().map_err(|error| internal(format!("{place}: {error}")))?;
                made.push(EnumLabel { place, label: label.into() });
            }
            if let ScalarType::Enum(of) = ScalarType::enumeration(oid as u32) {
                of.define(EnumDefinition::new(&name, made));
            }
            Ok(())
        })
    }

    /// A sequence, new or under other options; `restart`: the next value that it gives out.
    #[napi(catch_unwind)]
    pub fn define_sequence(&self, oid: f64, options: SequenceDefinition) -> napi::Result<()> {
        call(|| {
            let number = |text: &str| {
                text.parse::<i64>().map_err(|error| internal(format!("{text} is no bigint: {error}")))
            };
            let said = SequenceOptions {
                name: options.name,
                increment: number(&options.increment)?,
                least: number(&options.least)?,
                greatest: number(&options.greatest)?,
                cycles: options.cycles,
            };
            let restart = options.restart.as_deref().map(number).transpose()?;
            sequences::define(oid as u32, said, restart);
            Ok(())
        })
    }

    /// Forgets a sequence.
    #[napi(catch_unwind)]
    pub fn drop_sequence(&self, oid: f64) {
        sequences::remove(oid as u32);
    }

    /// A sequence's last value and whether it was given out.
    #[napi(catch_unwind)]
    pub fn sequence_state(&self, oid: f64) -> Option<SequenceState> {
        let (last, called) = sequences::state(oid as u32)?;
        Some(SequenceState { last: last.to_string(), called })
    }

    /// Whether what a session takes of sequences is noted.
    #[napi(catch_unwind)]
    pub fn note_taken(&self, session: f64, notes: bool) {
        sequences::note_taken(session as i64, notes);
    }

    /// What was noted is what the session takes next.
    #[napi(catch_unwind)]
    pub fn take_again(&self, session: f64) {
        sequences::take_again(session as i64);
    }

    /// A session has taken nothing of any sequence, as far as currval and lastval know.
    #[napi(catch_unwind)]
    pub fn forget_sequences(&self, session: f64) {
        sequences::forget_session(session as i64);
    }

    /// A session ended.
    #[napi(catch_unwind)]
    pub fn forget_session(&self, session: f64) {
        sequences::forget_session(session as i64);
        seeds::forget_session(session as i64);
    }

    /// What the session's random numbers follow from, from now on: -1 to 1.
    #[napi(catch_unwind)]
    pub fn seed_session(&self, session: f64, seed: f64) {
        seeds::seed(session as i64, seed);
    }
}
