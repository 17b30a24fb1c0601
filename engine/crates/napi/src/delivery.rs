//! Delivery of subscriptions: what the workers give is encoded as fast as each reader takes it, and what is over ended.
//!
//! A little, as a commit of some rows brings it, is encoded and given where JavaScript hears that the commit is complete:
//! no other thread has to wake for it. All else is a thread's, which sends messages; while any of these is on its way,
//! nothing is given directly, so that chunks come in order. Where the reader has lent its socket, a worker that completes a
//! commit sends a little itself, and JavaScript hears nothing of it.

use crate::dispatch::{Dispatch, Message};
use crate::error::{guarded, internal};
use crate::outlet::Outlet;
use crate::subscriptions::{CHUNK_BYTES, Chunk, Subscriber};
use crate::transaction::lock;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread::Thread;
use tidewire_arrange::Updates;
use tidewire_row::EvalError;
use tidewire_worker::Runtime;

/// Changes of more than this are the thread's.
const LITTLE_BYTES: usize = 32 << 10;

/// So many readers' changes a worker sends itself.
const FEW_READERS: usize = 8;

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
    /// Its reader took this many bytes.
    Taken(u64, usize),
    /// Changes of one.
    Changes { subscription: u64, up_to: u64, rows: Updates, errors: Updates },
    /// Everything up to this is computed.
    Completed(u64),
    /// The engine, to drop what ended.
    Engine(Weak<Runtime>),
}

/// All subscriptions of an engine; cheap to clone.
#[derive(Clone)]
pub struct Deliveries(Arc<Shared>);

struct Shared {
    inbox: Mutex<Inbox>,
    delivery: Mutex<Delivery>,
    thread: OnceLock<Thread>,
    /// Subscriptions that are told of time that passes without changes.
    following: Arc<AtomicUsize>,
    /// Sockets that are lent.
    lent: Arc<AtomicUsize>,
    over: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    notices: VecDeque<Notice>,
    /// Of the changes among them.
    bytes: usize,
}

impl Deliveries {
    /// Starts the thread; it ends with `stop`.
    pub fn start(dispatch: Dispatch) -> Result<Self, EvalError> {
        let (following, lent): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
        let delivery = Delivery {
            dispatch,
            engine: Weak::new(),
            subscribers: HashMap::new(),
            line: VecDeque::new(),
            following: following.clone(),
            lent: lent.clone(),
            outbox: Vec::new(),
            ended: Vec::new(),
        };
        let deliveries = Deliveries(Arc::new(Shared {
            inbox: Mutex::default(),
            delivery: Mutex::new(delivery),
            thread: OnceLock::new(),
            following,
            lent,
            over: AtomicBool::new(false),
        }));
        let mine = deliveries.clone();
        let thread = std::thread::Builder::new()
            .name("tidewire-subscriptions".into())
            .spawn(move || mine.run())
            .map_err(|error| internal(format!("a thread could not start: {error}")))?;
        let _ = deliveries.0.thread.set(thread.thread().clone());
        Ok(deliveries)
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.0.over.store(true, Ordering::Release);
        self.wake();
    }

    /// There is a subscription. It is to be added before its dataflow is started: from here on it hears of what is computed.
    pub fn add(&self, id: u64, subscriber: Subscriber) {
        self.0.following.fetch_add(usize::from(subscriber.follows_time()), Ordering::AcqRel);
        self.tell(Notice::Add(id, Box::new(subscriber)));
    }

    /// Has the thread see to it.
    pub fn tell(&self, notice: Notice) {
        lock(&self.0.inbox).notices.push_back(notice);
        self.wake();
    }

    /// Of a worker: changes, which are complete before JavaScript hears that their time is.
    pub fn changes(&self, subscription: u64, up_to: u64, rows: Updates, errors: Updates) {
        let mut inbox = lock(&self.0.inbox);
        inbox.bytes += rows.byte_len() + errors.byte_len();
        let little = inbox.bytes <= LITTLE_BYTES;
        inbox.notices.push_back(Notice::Changes { subscription, up_to, rows, errors });
        drop(inbox);
        if !little {
            self.wake();
        }
    }

    /// Of a worker: everything up to `time` is computed. Gives whether JavaScript must hear that, to deliver.
    pub fn completed(&self, time: u64) -> bool {
        let mut inbox = lock(&self.0.inbox);
        if self.0.following.load(Ordering::Acquire) > 0 {
            inbox.notices.push_back(Notice::Completed(time));
        }
        let (is_empty, little) = (inbox.notices.is_empty(), inbox.bytes <= LITTLE_BYTES);
        drop(inbox);
        if is_empty || !little || self.0.lent.load(Ordering::Acquire) == 0 {
            return !is_empty;
        }
        let Ok(mut delivery) = self.0.delivery.try_lock() else { return true };
        self.read_inbox(&mut delivery);
        let outcome = guarded(|| {
            delivery.send_lent();
            Ok(())
        });
        delivery.survive(outcome);
        let for_javascript = delivery.line.iter().filter(|id| !delivery.is_lent(**id)).count();
        if for_javascript < delivery.line.len() || !delivery.ended.is_empty() {
            self.wake();
        }
        for_javascript > 0 || !delivery.outbox.is_empty()
    }

    /// Of JavaScript: a subscription may send to its reader's socket itself. Gives whether it does from now on: not while it
    /// has chunks on the way.
    pub fn lend(&self, id: u64, socket: i32) -> bool {
        let mut delivery = lock(&self.0.delivery);
        let lent = delivery.lend(id, socket);
        if !delivery.line.is_empty() {
            self.wake();
        }
        lent
    }

    /// Of JavaScript: the socket is wanted back. Gives how many rows were sent; none are from now on.
    pub fn take_back(&self, id: u64) -> u64 {
        lock(&self.0.delivery).take_back(id)
    }

    /// Of JavaScript: the reader of one took so many bytes.
    pub fn taken(&self, id: u64, bytes: usize) {
        let Ok(mut delivery) = self.0.delivery.try_lock() else {
            self.tell(Notice::Taken(id, bytes));
            return;
        };
        delivery.notice(Notice::Taken(id, bytes));
        if !delivery.line.is_empty() {
            self.wake();
        }
    }

    /// Of JavaScript: what there is to deliver, if it is little and nothing else is on its way; the rest comes by itself.
    pub fn take(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        let Ok(mut delivery) = self.0.delivery.try_lock() else {
            // The thread looks again before it rests.
            self.wake();
            return messages;
        };
        let little = lock(&self.0.inbox).bytes <= LITTLE_BYTES && !delivery.dispatch.has_deliveries();
        if little {
            let mut left = LITTLE_BYTES;
            self.read_inbox(&mut delivery);
            messages.append(&mut delivery.outbox);
            while left > 0 && !delivery.line.is_empty() {
                let outcome = guarded(|| {
                    left = left.saturating_sub(delivery.send(left));
                    Ok(())
                });
                delivery.survive(outcome);
                messages.append(&mut delivery.outbox);
            }
        }
        if !little || !delivery.line.is_empty() || !delivery.ended.is_empty() {
            self.wake();
        }
        messages
    }

    fn wake(&self) {
        if let Some(thread) = self.0.thread.get() {
            thread.unpark();
        }
    }

    fn read_inbox(&self, delivery: &mut Delivery) {
        let inbox = std::mem::take(&mut *lock(&self.0.inbox));
        for notice in inbox.notices {
            let outcome = guarded(|| {
                delivery.notice(notice);
                Ok(())
            });
            delivery.survive(outcome);
        }
    }

    /// Notices go before sending: what waits then waits where it is counted.
    fn run(self) {
        while !self.0.over.load(Ordering::Acquire) {
            let mut delivery = lock(&self.0.delivery);
            self.read_inbox(&mut delivery);
            if !delivery.line.is_empty() {
                let outcome = guarded(|| {
                    delivery.send(CHUNK_BYTES);
                    Ok(())
                });
                delivery.survive(outcome);
            }
            for message in std::mem::take(&mut delivery.outbox) {
                delivery.dispatch.deliver(message);
            }
            let rests = delivery.line.is_empty();
            let (ended, engine) = (std::mem::take(&mut delivery.ended), delivery.engine.upgrade());
            drop(delivery);
            if let Some(engine) = engine {
                ended.into_iter().for_each(|id| engine.drop_collection(id));
            }
            if rests {
                // Woken meanwhile, it comes back at once.
                std::thread::park();
            }
        }
    }
}

struct Delivery {
    dispatch: Dispatch,
    engine: Weak<Runtime>,
    subscribers: HashMap<u64, Subscriber>,
    /// Those that can be sent something, each once: they take turns.
    line: VecDeque<u64>,
    following: Arc<AtomicUsize>,
    lent: Arc<AtomicUsize>,
    /// To be sent, or given.
    outbox: Vec<Message>,
    /// Whose dataflows are not needed any more; the thread drops them, since that may wait for a commit.
    ended: Vec<u64>,
}

impl Delivery {
    /// A bug in encoding ends all: which subscription it was is not known any more.
    fn survive(&mut self, outcome: Result<(), EvalError>) {
        if let Err(error) = outcome {
            self.line.clear();
            for id in self.subscribers.keys().copied().collect::<Vec<_>>() {
                self.end(id, Some(error.clone()));
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
                    // Nobody may ever tell of it again.
                    let complete = subscriber.complete;
                    self.receive(id, complete, Updates::new(), &Updates::new());
                }
            }
            Notice::Failed(id, error) => self.end(id, Some(error)),
            Notice::Remove(id) => {
                self.remove(id);
            }
            Notice::Pause(id, paused) => {
                if let Some(subscriber) = self.subscribers.get_mut(&id) {
                    subscriber.paused = paused;
                    self.line_up(id);
                }
            }
            Notice::Taken(id, bytes) => {
                if let Some(subscriber) = self.subscribers.get_mut(&id) {
                    subscriber.on_the_way = subscriber.on_the_way.saturating_sub(bytes);
                    self.line_up(id);
                }
            }
            Notice::Changes { subscription, up_to, rows, errors } => {
                self.receive(subscription, up_to, rows, &errors);
            }
            Notice::Completed(time) => {
                let complete = time.saturating_add(1);
                let told = self.subscribers.iter_mut().filter(|(_, each)| each.follows_time());
                let ready = told.filter_map(|(id, each)| {
                    each.complete = complete;
                    each.ready.then_some(*id)
                });
                for id in ready.collect::<Vec<_>>() {
                    self.receive(id, complete, Updates::new(), &Updates::new());
                }
            }
        }
    }

    fn receive(&mut self, id: u64, up_to: u64, rows: Updates, errors: &Updates) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        subscriber.receive(up_to, rows, errors);
        if subscriber.is_behind() {
            let error = subscriber.cut_off();
            self.end(id, Some(error));
            return;
        }
        if subscriber.over.is_some() {
            // Its reader may take long; the dataflow need not wait.
            self.ended.push(id);
        }
        self.line_up(id);
        self.end_if_over(id);
    }

    fn line_up(&mut self, id: u64) {
        if let Some(subscriber) = self.subscribers.get_mut(&id)
            && !subscriber.in_line
            && subscriber.can_send()
        {
            subscriber.in_line = true;
            self.line.push_back(id);
        }
    }

    /// Sends a chunk of the first in line, of about so many bytes; gives how many it has.
    fn send(&mut self, most_bytes: usize) -> usize {
        let Some(id) = self.line.pop_front() else { return 0 };
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return 0 };
        subscriber.in_line = false;
        let mut sent = 0;
        if subscriber.can_send()
            && let Some(Chunk { up_to, bytes, rows, whole }) = subscriber.chunk(most_bytes)
        {
            sent = bytes.len();
            let taken = match &mut subscriber.outlet {
                Some(outlet) if !outlet.is_full() => outlet.send(&bytes, rows),
                _ => 0,
            };
            if taken < sent {
                let chunk = if taken == 0 { bytes } else { bytes[taken..].to_vec() };
                subscriber.on_the_way += chunk.len();
                self.outbox.push(Message::Changes { subscription: id, up_to, chunk, rows, whole });
            }
        }
        self.line_up(id);
        self.end_if_over(id);
        sent
    }

    fn is_lent(&self, id: u64) -> bool {
        self.subscribers.get(&id).is_some_and(Subscriber::is_lent)
    }

    /// Sends a little of those in line whose readers' sockets are lent.
    fn send_lent(&mut self) {
        let (mut left, mut readers) = (LITTLE_BYTES, FEW_READERS);
        for _ in 0..self.line.len() {
            let is_lent = self.line.front().is_some_and(|id| self.is_lent(*id));
            if is_lent && left > 0 && readers > 0 {
                left = left.saturating_sub(self.send(left));
                readers -= 1;
            } else {
                self.line.rotate_left(1);
            }
        }
    }

    fn lend(&mut self, id: u64, socket: i32) -> bool {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return false };
        if subscriber.on_the_way > 0 || subscriber.outlet.is_some() {
            return false;
        }
        subscriber.outlet = Outlet::to(socket);
        let is_lent = subscriber.outlet.is_some();
        self.lent.fetch_add(usize::from(is_lent), Ordering::AcqRel);
        is_lent
    }

    fn take_back(&mut self, id: u64) -> u64 {
        let Some(outlet) = self.subscribers.get_mut(&id).and_then(|each| each.outlet.take()) else {
            return 0;
        };
        self.lent.fetch_sub(1, Ordering::AcqRel);
        outlet.rows()
    }

    /// Ends a subscription of which everything was sent.
    fn end_if_over(&mut self, id: u64) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        if subscriber.is_drained()
            && let Some(error) = subscriber.over.take()
        {
            self.end(id, error);
        }
    }

    fn remove(&mut self, id: u64) -> bool {
        self.take_back(id);
        let Some(removed) = self.subscribers.remove(&id) else { return false };
        self.following.fetch_sub(usize::from(removed.follows_time()), Ordering::AcqRel);
        true
    }

    /// Ends a subscription; what waits for its reader goes.
    fn end(&mut self, id: u64, error: Option<EvalError>) {
        // The rows that its reader never saw count for the reader.
        let rows = self.take_back(id);
        if rows > 0 {
            let (chunk, up_to, whole) = (Vec::new(), 0, true);
            self.outbox.push(Message::Changes { subscription: id, up_to, chunk, rows, whole });
        }
        if !self.remove(id) {
            return;
        }
        self.outbox.push(Message::Ended { subscription: id, error });
        self.ended.push(id);
    }
}
