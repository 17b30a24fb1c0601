//! Sequences: numbers that are given out once, whatever becomes of the transaction that took them.
//!
//! They are of the process, by the object's oid, since a call of nextval stands in any expression. What a session took last
//! is kept for its currval and lastval. A statement that runs again, since its first run could not be finished or met
//! another's commit, takes the same numbers again: to its client it ran once.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use tidewire_row::{EvalError, EvalResult};

/// What CREATE SEQUENCE says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceOptions {
    /// The name that messages tell.
    pub name: String,
    /// INCREMENT BY; never 0.
    pub increment: i64,
    /// MINVALUE.
    pub least: i64,
    /// MAXVALUE.
    pub greatest: i64,
    /// CYCLE.
    pub cycles: bool,
}

struct Sequence {
    options: SequenceOptions,
    last: i64,
    /// `last` was given out.
    called: bool,
}

#[derive(Default)]
struct Session {
    values: HashMap<u32, i64>,
    last: Option<u32>,
    /// What its statement took, while that may run again.
    taken: Option<HashMap<u32, Taken>>,
}

/// What a statement took of a sequence, in order.
#[derive(Default)]
struct Taken {
    runs: Vec<Run>,
    /// What it takes again next: a run, and how far in it.
    again: Option<(usize, i64)>,
}

/// Values that nobody else took of between.
struct Run {
    first: i64,
    step: i64,
    count: i64,
}

impl Taken {
    fn note(&mut self, value: i64, step: i64) {
        if let Some(run) = self.runs.last_mut()
            && run.step == step
            && step.checked_mul(run.count).and_then(|behind| run.first.checked_add(behind)) == Some(value)
        {
            run.count += 1;
            return;
        }
        self.runs.push(Run { first: value, step, count: 1 });
    }

    fn take_again(&mut self) -> Option<i64> {
        let (index, offset) = self.again?;
        let run = &self.runs[index];
        let place = if offset + 1 < run.count { (index, offset + 1) } else { (index + 1, 0) };
        self.again = (place.0 < self.runs.len()).then_some(place);
        Some(run.first + run.step * offset)
    }
}

#[derive(Default)]
struct Sequences {
    all: HashMap<u32, Sequence>,
    sessions: HashMap<i64, Session>,
}

static SEQUENCES: LazyLock<Mutex<Sequences>> = LazyLock::new(Mutex::default);

fn lock() -> MutexGuard<'static, Sequences> {
    SEQUENCES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sequences {
    fn get(&mut self, oid: u32) -> EvalResult<&mut Sequence> {
        self.all.get_mut(&oid).ok_or_else(|| missing(oid))
    }
}

fn missing(oid: u32) -> EvalError {
    EvalError::new("42P01", format!("sequence with OID {oid} does not exist"))
}

/// A sequence, new or under other options. `restart`: the next value that it gives out; None: it goes on.
pub fn define(oid: u32, options: SequenceOptions, restart: Option<i64>) {
    let mut sequences = lock();
    match (sequences.all.get_mut(&oid), restart) {
        (Some(sequence), None) => sequence.options = options,
        (_, restart) => {
            let start = if options.increment > 0 { options.least } else { options.greatest };
            let last = restart.unwrap_or(start);
            sequences.all.insert(oid, Sequence { options, last, called: false });
        }
    }
}

/// Forgets a sequence.
pub fn remove(oid: u32) {
    lock().all.remove(&oid);
}

/// Forgets what a session took.
pub fn forget_session(session: i64) {
    lock().sessions.remove(&session);
}

/// From now on what a session takes is noted, or no longer: then it is forgotten. What is noted already stays.
pub fn note_taken(session: i64, notes: bool) {
    let mut sequences = lock();
    let session = sequences.sessions.entry(session).or_default();
    match notes {
        true => _ = session.taken.get_or_insert_default(),
        false => session.taken = None,
    }
}

/// What was noted of a session is what it takes next.
pub fn take_again(session: i64) {
    let mut sequences = lock();
    let session = sequences.sessions.get_mut(&session);
    for taken in session.and_then(|session| session.taken.as_mut()).into_iter().flat_map(HashMap::values_mut)
    {
        taken.again = (!taken.runs.is_empty()).then_some((0, 0));
    }
}

/// The last value and whether it was given out.
pub fn state(oid: u32) -> Option<(i64, bool)> {
    lock().all.get(&oid).map(|sequence| (sequence.last, sequence.called))
}

pub(crate) fn next(oid: u32, session: i64) -> EvalResult<i64> {
    let mut sequences = lock();
    let Sequences { all, sessions } = &mut *sequences;
    let Sequence { options, last, called } = all.get_mut(&oid).ok_or_else(|| missing(oid))?;
    let session = sessions.entry(session).or_default();
    if let Some(value) = session.taken.as_mut().and_then(|taken| taken.get_mut(&oid)?.take_again()) {
        session.values.insert(oid, value);
        session.last = Some(oid);
        return Ok(value);
    }
    let value = if !*called {
        *last
    } else {
        let next = last.checked_add(options.increment);
        match next.filter(|next| (options.least..=options.greatest).contains(next)) {
            Some(next) => next,
            None if options.cycles && options.increment > 0 => options.least,
            None if options.cycles => options.greatest,
            None => {
                let (end, bound) = match options.increment > 0 {
                    true => ("maximum", options.greatest),
                    false => ("minimum", options.least),
                };
                let name = &options.name;
                let message = format!("nextval: reached {end} value of sequence \"{name}\" ({bound})");
                return Err(EvalError::new("2200H", message));
            }
        }
    };
    (*last, *called) = (value, true);
    session.values.insert(oid, value);
    session.last = Some(oid);
    if let Some(taken) = &mut session.taken {
        taken.entry(oid).or_default().note(value, options.increment);
    }
    Ok(value)
}

pub(crate) fn current(oid: u32, session: i64) -> EvalResult<i64> {
    let mut sequences = lock();
    let name = sequences.get(oid)?.options.name.clone();
    let value = sequences.sessions.get(&session).and_then(|session| session.values.get(&oid));
    value.copied().ok_or_else(|| {
        let message = format!("currval of sequence \"{name}\" is not yet defined in this session");
        EvalError::new("55000", message)
    })
}

pub(crate) fn last(session: i64) -> EvalResult<i64> {
    let sequences = lock();
    let taken = sequences.sessions.get(&session);
    // A sequence that was dropped since has none.
    let oid = taken.and_then(|session| session.last).filter(|oid| sequences.all.contains_key(oid));
    let value = oid.and_then(|oid| taken?.values.get(&oid));
    value.copied().ok_or_else(|| EvalError::new("55000", "lastval is not yet defined in this session"))
}

pub(crate) fn set(oid: u32, value: i64, called: bool, session: i64) -> EvalResult<i64> {
    let mut sequences = lock();
    let sequence = sequences.get(oid)?;
    let SequenceOptions { name, least, greatest, .. } = &sequence.options;
    if !(*least..=*greatest).contains(&value) {
        let message =
            format!("setval: value {value} is out of bounds for sequence \"{name}\" ({least}..{greatest})");
        return Err(EvalError::new("22003", message));
    }
    (sequence.last, sequence.called) = (value, called);
    if called {
        sequences.sessions.entry(session).or_default().values.insert(oid, value);
    }
    Ok(value)
}
