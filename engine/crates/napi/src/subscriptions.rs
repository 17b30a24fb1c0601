//! Delivery of subscriptions: one thread encodes what the workers give, and ends what is over.

use crate::changes::ChangeEncoder;
use crate::dispatch::{Dispatch, Message};
use crate::error::{guarded, internal};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::HashMap;
use std::sync::Weak;
use tidewire_arrange::Updates;
use tidewire_row::EvalError;
use tidewire_worker::Runtime;

/// A chunk is sent when it holds this much.
const CHUNK_BYTES: usize = 256 << 10;
/// What may wait while a subscription is paused.
const PAUSED_BYTES: usize = 64 << 20;

/// What the thread is told.
pub enum Notice {
    /// There is a subscription.
    Add(u64, Box<Subscriber>),
    /// All workers have caught up with it.
    Ready(u64),
    /// It could not be started.
    Failed(u64, EvalError),
    /// It was dropped.
    Remove(u64),
    /// Its delivery stops or resumes.
    Pause(u64, bool),
    /// Changes of one.
    Changes { subscription: u64, up_to: u64, rows: Updates, errors: Updates },
    /// Everything up to this is computed.
    Completed(u64),
    /// The engine, to drop what ended.
    Engine(Weak<Runtime>),
}

/// One subscription.
pub struct Subscriber {
    encoder: ChangeEncoder,
    as_of: u64,
    snapshot: bool,
    end: u64,
    ready: bool,
    started: bool,
    /// Everything before this was sent.
    sent: u64,
    paused: bool,
    waiting: Vec<Message>,
    waiting_bytes: usize,
}

impl Subscriber {
    /// One that has sent nothing.
    pub fn new(encoder: ChangeEncoder, as_of: u64, snapshot: bool, up_to: Option<u64>) -> Self {
        Subscriber {
            encoder,
            as_of,
            snapshot,
            end: up_to.unwrap_or(u64::MAX),
            ready: false,
            started: false,
            sent: as_of,
            paused: false,
            waiting: Vec::new(),
            waiting_bytes: 0,
        }
    }
}

/// Starts the thread; it ends when all senders are gone.
pub fn start(dispatch: Dispatch) -> Result<Sender<Notice>, EvalError> {
    let (sender, receiver) = unbounded();
    std::thread::Builder::new()
        .name("tidewire-subscriptions".into())
        .spawn(move || Delivery { dispatch, engine: Weak::new(), subscribers: HashMap::new() }.run(receiver))
        .map_err(|error| internal(format!("a thread could not start: {error}")))?;
    Ok(sender)
}

struct Delivery {
    dispatch: Dispatch,
    engine: Weak<Runtime>,
    subscribers: HashMap<u64, Subscriber>,
}

impl Delivery {
    fn run(mut self, notices: Receiver<Notice>) {
        for notice in notices {
            let outcome = guarded(|| {
                self.notice(notice);
                Ok(())
            });
            if let Err(error) = outcome {
                // A bug in encoding: which subscription it was is not known any more.
                for id in self.subscribers.keys().copied().collect::<Vec<_>>() {
                    self.end(id, Some(error.clone()));
                }
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Engine(engine) => self.engine = engine,
            Notice::Add(id, subscriber) => {
                self.subscribers.insert(id, *subscriber);
            }
            Notice::Ready(id) => {
                if let Some(subscriber) = self.subscribers.get_mut(&id) {
                    subscriber.ready = true;
                }
            }
            Notice::Failed(id, error) => self.end(id, Some(error)),
            Notice::Remove(id) => {
                self.subscribers.remove(&id);
            }
            Notice::Pause(id, paused) => self.pause(id, paused),
            Notice::Changes { subscription, up_to, rows, errors } => {
                self.changes(subscription, up_to, &rows, &errors);
            }
            Notice::Completed(time) => {
                let ready = self.subscribers.iter().filter(|(_, subscriber)| subscriber.ready);
                for id in ready.map(|(id, _)| *id).collect::<Vec<_>>() {
                    self.changes(id, time.saturating_add(1), &Updates::new(), &Updates::new());
                }
            }
        }
    }

    fn changes(&mut self, id: u64, up_to: u64, rows: &Updates, errors: &Updates) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        if up_to <= subscriber.sent {
            return;
        }
        let error = errors.iter().filter(|error| error.diff > 0 && error.time < subscriber.end);
        let error = error.min_by_key(|error| error.time);
        let limit = error.map_or(subscriber.end, |error| error.time);
        let mut chunks = Vec::new();
        let (mut chunk, mut count) = (Vec::new(), 0);
        if !subscriber.started {
            subscriber.started = true;
            subscriber.encoder.header(&mut chunk);
        }
        let mut index = 0;
        while index < rows.len() {
            let time = rows.get(index).time;
            let mut next = index + 1;
            while next < rows.len() && rows.get(next).time == time {
                next += 1;
            }
            if time < limit && (subscriber.snapshot || time > subscriber.as_of) {
                // Without an envelope a large snapshot need not become one chunk.
                let step = if subscriber.encoder.splits() { 1024 } else { next - index };
                for from in (index..next).step_by(step.max(1)) {
                    count += subscriber.encoder.changes(rows, from, (from + step).min(next), &mut chunk);
                    if chunk.len() >= CHUNK_BYTES {
                        chunks.push((
                            subscriber.sent,
                            std::mem::take(&mut chunk),
                            std::mem::take(&mut count),
                        ));
                    }
                }
            }
            index = next;
        }
        let reached = up_to.min(limit);
        if reached > subscriber.sent {
            subscriber.sent = reached;
            if subscriber.encoder.shows_progress() && reached < u64::MAX {
                subscriber.encoder.progress(reached, &mut chunk);
                count += 1;
            }
        }
        if !chunk.is_empty() || subscriber.encoder.is_sink() {
            chunks.push((reached, chunk, count));
        }
        let error = error.map(|error| EvalError::from_row(error.val));
        let over = error.is_some() || up_to >= subscriber.end;
        for (up_to, chunk, rows) in chunks {
            self.deliver(id, Message::Changes { subscription: id, up_to, chunk, rows });
        }
        if over {
            self.end(id, error);
        }
    }

    fn deliver(&mut self, id: u64, message: Message) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        if !subscriber.paused {
            self.dispatch.send(message);
            return;
        }
        if let Message::Changes { chunk, .. } = &message {
            subscriber.waiting_bytes += chunk.len();
        }
        subscriber.waiting.push(message);
        if subscriber.waiting_bytes > PAUSED_BYTES {
            subscriber.waiting.clear();
            let error = EvalError::new(
                "53400",
                "subscription cut off: the client reads more slowly than the relation changes",
            )
            .with_detail(format!("More than {PAUSED_BYTES} bytes waited to be read."))
            .with_hint("Subscribe again, to fewer columns or rows, and read faster.");
            self.end(id, Some(error));
        }
    }

    fn pause(&mut self, id: u64, paused: bool) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        subscriber.paused = paused;
        if !paused {
            subscriber.waiting_bytes = 0;
            for message in subscriber.waiting.drain(..) {
                self.dispatch.send(message);
            }
        }
    }

    /// Ends a subscription after what waits for its reader.
    fn end(&mut self, id: u64, error: Option<EvalError>) {
        let Some(subscriber) = self.subscribers.remove(&id) else { return };
        for message in subscriber.waiting {
            self.dispatch.send(message);
        }
        self.dispatch.send(Message::Ended { subscription: id, error });
        if let Some(engine) = self.engine.upgrade() {
            engine.drop_collection(id);
        }
    }
}
