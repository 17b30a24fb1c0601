//! The one way back into JavaScript: a weak thread-safe function, so that an idle engine keeps no process alive.

use crate::cursor::NativeCursor;
use crate::error::to_json;
use napi::Status;
use napi::bindgen_prelude::{Buffer, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeCallContext, ThreadsafeFunction, ThreadsafeFunctionCallMode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use tidewire_row::EvalError;

/// Kind, id, two numbers, bytes, text, cursor: `engine/index.ts` says what they are for each kind.
pub type Arguments = FnArgs<(u32, f64, f64, f64, Option<Buffer>, Option<String>, Option<NativeCursor>)>;

type Callback = ThreadsafeFunction<Message, (), Arguments, Status, false, true>;

/// What a finished request gives.
pub enum Answer {
    /// Nothing.
    Done,
    /// Rows.
    Rows(NativeCursor),
    /// Affected count and RETURNING rows.
    Written(u64, Option<NativeCursor>),
    /// JSON.
    Json(String),
}

/// What is told.
pub enum Message {
    /// The time is read when the message arrives, so that waiting notices become one.
    Completed,
    /// Encoded changes; `whole`: none of those at or behind `up_to` is among them.
    Changes { subscription: u64, up_to: u64, chunk: Vec<u8>, rows: u64, whole: bool },
    /// A subscription ended.
    Ended { subscription: u64, error: Option<EvalError> },
    /// A worker panicked.
    Panic(String),
    /// A request ended.
    Answer(u64, Box<Result<Answer, EvalError>>),
}

/// Sends messages; cheap to clone.
#[derive(Clone)]
pub struct Dispatch(Arc<Inner>);

struct Inner {
    callback: Callback,
    completed: Arc<Completed>,
}

struct Completed {
    time: AtomicU64,
    waiting: AtomicBool,
    /// The least time of which JavaScript wants to hear that it is computed.
    awaited: AtomicU64,
    /// Messages of subscriptions that are on their way.
    deliveries: AtomicUsize,
}

impl Dispatch {
    /// Calls `callback` on its thread.
    pub fn new(callback: Function<'_, Arguments, ()>) -> napi::Result<Self> {
        let completed = Arc::new(Completed {
            time: AtomicU64::default(),
            waiting: AtomicBool::default(),
            awaited: AtomicU64::new(u64::MAX),
            deliveries: AtomicUsize::default(),
        });
        let latest = completed.clone();
        let callback = callback
            .build_threadsafe_function::<Message>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(move |context: ThreadsafeCallContext<Message>| {
                Ok(latest.arguments(context.value))
            })?;
        Ok(Dispatch(Arc::new(Inner { callback, completed })))
    }

    /// Sends a message. After the environment is gone it goes nowhere.
    pub fn send(&self, message: Message) {
        self.0.callback.call(message, ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// Sends a message of a subscription.
    pub fn deliver(&self, message: Message) {
        self.0.completed.deliveries.fetch_add(1, Ordering::AcqRel);
        self.send(message);
    }

    /// Whether such messages are on their way.
    pub fn has_deliveries(&self) -> bool {
        self.0.completed.deliveries.load(Ordering::Acquire) > 0
    }

    /// JavaScript wants to hear when `time` is computed; who calls this looks afterwards whether it is.
    pub fn await_completed(&self, time: u64) {
        self.0.completed.awaited.fetch_min(time, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Everything up to `time` is computed, as who awaits it sees. `delivers`: there is something to tell of it in any case.
    pub fn completed(&self, time: u64, delivers: bool) {
        let completed = &self.0.completed;
        completed.time.fetch_max(time, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let awaited = completed.awaited.load(Ordering::SeqCst) <= time;
        if (awaited || delivers) && !completed.waiting.swap(true, Ordering::AcqRel) {
            self.send(Message::Completed);
        }
    }
}

/// The greatest time that a JavaScript number carries; `u64::MAX` means that nothing comes any more.
pub fn number(time: u64) -> f64 {
    time.min((1 << 53) - 1) as f64
}

impl Completed {
    fn arguments(&self, message: Message) -> Arguments {
        if matches!(message, Message::Changes { .. } | Message::Ended { .. }) {
            self.deliveries.fetch_sub(1, Ordering::AcqRel);
        }
        match message {
            Message::Completed => {
                self.waiting.store(false, Ordering::Release);
                // Who still waits says so again.
                self.awaited.store(u64::MAX, Ordering::SeqCst);
                fence(Ordering::SeqCst);
                (0, 0.0, number(self.time.load(Ordering::Acquire)), 0.0, None, None, None)
            }
            Message::Changes { subscription, up_to, chunk, rows, whole } => {
                let part = (!whole).then(|| "part".to_owned());
                (1, subscription as f64, number(up_to), rows as f64, Some(chunk.into()), part, None)
            }
            Message::Ended { subscription, error } => {
                (2, subscription as f64, 0.0, 0.0, None, error.as_ref().map(to_json), None)
            }
            Message::Panic(message) => (3, 0.0, 0.0, 0.0, None, Some(message), None),
            Message::Answer(request, answer) => {
                let request = request as f64;
                match *answer {
                    Ok(Answer::Done) => (4, request, 0.0, 0.0, None, None, None),
                    Ok(Answer::Rows(cursor)) => (4, request, 0.0, 0.0, None, None, Some(cursor)),
                    Ok(Answer::Written(affected, cursor)) => {
                        (4, request, affected as f64, 0.0, None, None, cursor)
                    }
                    Ok(Answer::Json(text)) => (4, request, 0.0, 0.0, None, Some(text), None),
                    Err(error) => (5, request, 0.0, 0.0, None, Some(to_json(&error)), None),
                }
            }
        }
        .into()
    }
}
