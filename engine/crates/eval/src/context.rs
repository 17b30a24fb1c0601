//! What an evaluation depends on besides the row.

use crate::registry::Site;
use tidewire_row::{Arena, Datum, FormatSettings, ScalarType};

/// Values of parameters, settings and time of one execution.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Values of `Expr::Parameter`, by index.
    pub parameters: &'a [Datum<'a>],
    /// Time zone and formats.
    pub settings: &'a FormatSettings,
    /// The logical time in microseconds since the Unix epoch.
    pub logical_time: u64,
}

/// Microseconds between 1970-01-01 and 2000-01-01.
pub(crate) const EPOCH_SHIFT_MICROS: i64 = 946_684_800_000_000;

impl Context<'_> {
    /// The logical time as timestamptz.
    pub(crate) fn now(&self) -> Datum<'static> {
        Datum::Timestamptz((self.logical_time as i64).saturating_sub(EPOCH_SHIFT_MICROS))
    }
}

/// A context without parameters that owns its settings, for maintained plans.
#[derive(Debug, Default)]
pub struct OwnedContext {
    /// Time zone and formats, as captured at the view's creation.
    pub settings: FormatSettings,
}

impl OwnedContext {
    /// The context at a logical time.
    pub fn at(&self, logical_time: u64) -> Context<'_> {
        Context { parameters: &[], settings: &self.settings, logical_time }
    }
}

/// What a function body sees: where to put values, the settings, and its call site's cache.
#[derive(Clone, Copy)]
pub(crate) struct Env<'a> {
    /// Storage for the result.
    pub arena: &'a Arena,
    /// The execution's context.
    pub context: &'a Context<'a>,
    /// The call site.
    pub site: &'a Site,
    /// The type that the call is to give.
    pub result: ScalarType,
}

impl<'a> Env<'a> {
    /// Time zone and formats.
    pub fn settings(&self) -> &'a FormatSettings {
        self.context.settings
    }
}
