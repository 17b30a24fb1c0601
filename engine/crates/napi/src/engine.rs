//! The engine's native side.

use crate::changes::ChangeEncoder;
use crate::constraints::TableConstraints;
use crate::cursor::{NativeCursor, ReadyRows};
use crate::decoder::NativeDecoder;
use crate::delivery::{Deliveries, Notice};
use crate::dispatch::{Answer, Arguments, Dispatch, Message, number};
use crate::encoding::{Encoding, SubscribeOptions, parse, settings};
use crate::error::{call, guarded, internal, stopped, to_json, too_old, unless_stopped};
use crate::execution::{
    AT_ONCE, Checks, Collection, Execution, NativeCancellation, NativePlan, Request, Target, limit_of,
};
use crate::jobs::Pool;
use crate::read::{NativeRead, ReadColumn};
use crate::references::{Deferred, ForeignKey, violated};
use crate::subscriptions::Subscriber;
use crate::transaction::{NativeTransaction, WriteSets, lock};
use crate::write::NativeWrite;
use napi::bindgen_prelude::{Buffer, ClassInstance, Function};
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use tidewire_arrange::{ImportProvider, Rendered, set_up_allocator};
use tidewire_eval::seeds;
use tidewire_eval::sequences::{self, SequenceOptions};
use tidewire_eval::{fold_with, opcodes};
use tidewire_generate::{EventSink, Nexmark, counter};
use tidewire_plan::{Constraints, EnumDefinition, EnumLabel, Expr, Output, Plan, ScalarType, TOO_DEEP};
use tidewire_render::{CompileError, Environment, Prepared, Program};
use tidewire_row::work::{Limit, limited};
use tidewire_row::{EvalError, FormatSettings};
use tidewire_worker::{
    Build, Conflict, Event, Hold, HoldApart, LayoutSplitter, Runtime, TimeSlice, Writes, ask_for,
};
use timely::dataflow::Scope;

/// A group of so few bytes is committed on the thread that serves all sessions: some rows are checked in microseconds.
const COMMIT_NOW_BYTES: usize = 16 << 10;
/// Threads for one-shot statements.
const QUERY_THREADS: usize = 2;
/// The rate of Nexmark's own time.
const NEXMARK_EVENTS_PER_SECOND: u64 = 10_000;

/// A message of a subscription that is given directly: changes, or its end.
#[napi(object, object_from_js = false)]
pub struct Delivered {
    pub subscription: f64,
    pub up_to: f64,
    pub rows: f64,
    /// None: the subscription has ended.
    pub chunk: Option<Buffer>,
    pub whole: bool,
    /// Why it has ended, if by an error.
    pub error: Option<String>,
}

impl Delivered {
    fn of(message: Message) -> Option<Self> {
        match message {
            Message::Changes { subscription, up_to, chunk, rows, whole } => Some(Delivered {
                subscription: subscription as f64,
                up_to: number(up_to),
                rows: rows as f64,
                chunk: Some(chunk.into()),
                whole,
                error: None,
            }),
            Message::Ended { subscription, error } => Some(Delivered {
                subscription: subscription as f64,
                up_to: 0.0,
                rows: 0.0,
                chunk: None,
                whole: true,
                error: error.as_ref().map(to_json),
            }),
            Message::Completed | Message::Panic(_) | Message::Answer(..) => None,
        }
    }
}

/// A compiled plan, as the workers build it.
struct View(Program);

impl Build for View {
    fn build<'s>(
        &self,
        scope: Scope<'s, u64>,
        imports: &mut dyn ImportProvider<'s>,
    ) -> Result<Rendered<'s>, String> {
        self.0.render(scope, imports)
    }
    fn inputs(&self) -> Vec<u64> {
        self.0.imports()
    }
    fn most_rows(&self, rows_of: &dyn Fn(u64) -> u64) -> u64 {
        self.0.most_rows(rows_of)
    }
}

/// By arrangement: what is written to.
pub type Collections = Arc<RwLock<HashMap<u64, Arc<Collection>>>>;

/// The engine of one process.
#[napi]
pub struct NativeEngine {
    runtime: Arc<Runtime>,
    dispatch: Dispatch,
    queries: Pool,
    /// Commits, ticks, installs and drops, in the order in which they were asked for.
    sequence: Pool,
    deliveries: Deliveries,
    /// How many sets of constraints there have been: their numbers.
    constrained: AtomicU64,
    collections: Collections,
}

/// Keeps a time readable.
#[napi]
pub struct NativeHold {
    hold: Option<Hold>,
}

#[napi]
impl NativeHold {
    /// The time; 0 when it was let go.
    #[napi(catch_unwind)]
    pub fn timestamp(&self) -> f64 {
        self.hold.as_ref().map_or(0, Hold::time) as f64
    }

    /// Lets go.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.hold = None;
    }
}

/// Keeps some collections readable at a time that moves on.
#[napi]
pub struct NativeHoldApart {
    hold: Option<HoldApart>,
}

#[napi]
impl NativeHoldApart {
    /// Holds a later time.
    #[napi(catch_unwind)]
    pub fn advance(&mut self, timestamp: f64) {
        if let Some(hold) = self.hold.as_mut() {
            hold.advance(timestamp as u64);
        }
    }

    /// Lets go.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.hold = None;
    }
}

/// Rows of its inputs that a hydrating collection has read, and of how many.
#[napi(object)]
pub struct Hydrated {
    pub done: f64,
    pub expected: f64,
}

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

/// Rows and bytes.
#[napi(object)]
pub struct Size {
    pub rows: f64,
    pub bytes: f64,
    /// Bytes of all arrangements of the dataflow that maintains it.
    pub state: f64,
}

fn compile(plan: &Plan, as_of: u64) -> Result<Program, EvalError> {
    let environment = Environment { as_of, settings: FormatSettings::default(), parameters: vec![] };
    Program::compile(plan, environment).map_err(|error| match error {
        CompileError::Refused(message) => internal(message),
        CompileError::Data(error) => error,
    })
}

fn decode_plan(json: &str) -> Result<Plan, EvalError> {
    Plan::decode(json).map_err(refused)
}

/// Why a plan or an expression was not decoded.
fn refused(message: String) -> EvalError {
    match message == TOO_DEEP {
        true => EvalError::new("54001", message).with_hint("Write the expression with less nesting."),
        false => internal(message),
    }
}

/// One of them.
pub fn collection(collections: &Collections, id: u64) -> Option<Arc<Collection>> {
    collections.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&id).cloned()
}

/// Whether rows that no statement has checked against the present constraints satisfy them: those of COPY, and those of
/// transactions that are older than a constraint.
fn check_rows(writes: &Writes, collections: &Collections) -> Result<(), EvalError> {
    for (id, set) in writes {
        let Some(constraints) = collection(collections, *id).and_then(|known| known.constraints.clone())
        else {
            continue;
        };
        let rows = set.rows();
        let (from, settings) = (set.unchecked_from(constraints.number), FormatSettings::default());
        let mut checker = constraints.checker(&settings);
        for row in (from..rows.len()).map(|index| rows.get(index)).filter(|row| row.diff > 0) {
            checker.check(row.val)?;
        }
    }
    Ok(())
}

fn deferred_of(arrangements: Option<Vec<f64>>) -> Deferred {
    match arrangements {
        None => Deferred::AsDeclared,
        Some(arrangements) => Deferred::These(arrangements.into_iter().map(|id| id as u64).collect()),
    }
}

/// What a statement does about foreign keys: 0 nothing, 1 it follows them, 2 it looks at them too.
fn checks(references: u32, deferred: Option<Vec<f64>>) -> Checks {
    match references {
        0 => Checks::Commit,
        1 => Checks::Follow,
        _ => Checks::Statement(deferred_of(deferred)),
    }
}

/// A transaction's conflict as PostgreSQL reports it.
pub fn conflict_error(conflict: Conflict, collections: &Collections) -> EvalError {
    match conflict {
        Conflict::RowGone { .. } => {
            EvalError::new("40001", "could not serialize access due to concurrent update")
                .with_hint("Run the transaction again.")
        }
        Conflict::DuplicateKey { collection: id, constraint, key, row } => {
            match collection(collections, id) {
                Some(collection) => collection.duplicate_key(&key, constraint, row.as_deref()),
                None => EvalError::new("23505", "duplicate key value violates unique constraint"),
            }
        }
        Conflict::ForeignKey { child, constraint, key, row, missing } => {
            let foreign = collection(collections, child)
                .and_then(|child| child.constraints.as_ref()?.foreign_key(constraint).cloned());
            match foreign {
                Some(foreign) => violated(&foreign, &key, row.as_deref(), missing, collections),
                None => EvalError::new("23503", "a foreign key constraint is violated"),
            }
        }
        Conflict::Invalid { collection: id, message } => {
            let name = collection(collections, id).map_or_else(|| id.to_string(), |c| c.name.clone());
            EvalError::new("55000", format!("cannot write to \"{name}\": {message}"))
        }
    }
}

impl NativeEngine {
    /// An execution as JavaScript asks for it; of a plan that writes, with the collection that is written to.
    fn execution(
        &self,
        plan: &NativePlan,
        timestamp: f64,
        formats: &[u32],
        values: &[Option<Buffer>],
        time_zone: &str,
        transaction: Option<&NativeTransaction>,
        encoding: Encoding,
        limit: Limit,
        references: Checks,
    ) -> Result<Execution, EvalError> {
        let target = match plan.prepared.plan().output {
            Output::Write { arrangement, .. } => collection(&self.collections, arrangement)
                .map(|collection| Target { collection, collections: self.collections.clone(), references }),
            _ => None,
        };
        let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
        let request = Request {
            timestamp: timestamp as u64,
            formats,
            values: &values,
            settings: settings(time_zone)?,
            transaction: transaction.map(NativeTransaction::shared),
            encoding,
            limit,
            target,
        };
        Execution::new(&self.runtime, &plan.prepared, request)
    }
}

#[napi]
impl NativeEngine {
    /// Starts it.
    #[napi(constructor)]
    pub fn new(workers: u32, callback: Function<'_, Arguments, ()>) -> napi::Result<Self> {
        let dispatch = Dispatch::new(callback)?;
        call(|| {
            set_up_allocator();
            let deliveries = Deliveries::start(dispatch.clone())?;
            let (events, sink) = (deliveries.clone(), dispatch.clone());
            let runtime = Runtime::start(workers as usize, move |event| match event {
                Event::Completed(time) => {
                    events.completed(time);
                    sink.completed(time);
                }
                Event::Changes { subscription, up_to, rows, errors } => {
                    events.changes(subscription, up_to, rows, errors);
                }
                Event::Panic(message) => sink.send(Message::Panic(message)),
            })
            .map_err(internal)?;
            let runtime = Arc::new(runtime);
            deliveries.tell(Notice::Engine(Arc::downgrade(&runtime)));
            // This is the thread of all sessions.
            ask_for(TimeSlice::Short);
            Ok(NativeEngine {
                runtime,
                queries: Pool::new("tidewire-query", QUERY_THREADS, TimeSlice::Usual, &dispatch)?,
                sequence: Pool::new("tidewire-commit", 1, TimeSlice::Short, &dispatch)?,
                dispatch,
                deliveries,
                collections: Collections::default(),
                constrained: AtomicU64::default(),
            })
        })
    }

    /// The text form of a constant expression.
    #[napi(catch_unwind)]
    pub fn evaluate(&self, expression: String, time_zone: String) -> napi::Result<Option<String>> {
        call(|| fold_with(&Expr::decode(&expression).map_err(refused)?, &settings(&time_zone)?))
    }

    /// [`Self::evaluate`] where that does not cost much; else it throws.
    #[napi(catch_unwind)]
    pub fn fold(&self, expression: String, time_zone: String) -> napi::Result<Option<String>> {
        call(|| {
            let (expression, settings) = (Expr::decode(&expression).map_err(refused)?, settings(&time_zone)?);
            limited(AT_ONCE, || fold_with(&expression, &settings)).map_err(stopped)?
        })
    }

    /// All scalar functions.
    #[napi(catch_unwind)]
    pub fn opcodes(&self) -> Vec<String> {
        opcodes().into_iter().map(|info| info.name.to_owned()).collect()
    }

    /// A collection that is written to.
    #[napi(catch_unwind)]
    pub fn create_collection(
        &self,
        id: f64,
        name: String,
        columns: String,
        layout: String,
        unique: bool,
        constraint: Option<String>,
        column_names: Vec<String>,
    ) -> napi::Result<()> {
        call(|| {
            let id = id as u64;
            let collection = Collection {
                name,
                columns: parse(&columns)?,
                layout: parse(&layout)?,
                unique,
                constraint,
                column_names,
                constraints: None,
                referenced: Vec::new(),
            };
            let splitter = LayoutSplitter::new(&collection.columns, &collection.layout).map_err(internal)?;
            self.runtime.create_collection(id, Arc::new(splitter), unique).map_err(internal)?;
            let mut collections = self.collections.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            collections.insert(id, Arc::new(collection));
            Ok(())
        })
    }

    /// Other names for a collection, its key's constraint and its columns, as messages tell them.
    #[napi(catch_unwind)]
    pub fn rename_collection(
        &self,
        id: f64,
        name: String,
        constraint: Option<String>,
        column_names: Vec<String>,
    ) {
        let mut collections = self.collections.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(collection) = collections.get_mut(&(id as u64)) {
            *collection =
                Arc::new(Collection { name, constraint, column_names, ..Collection::clone(collection) });
        }
    }

    /// What the rows of a collection must satisfy, from now on. The arrangements of its keys are there.
    #[napi(catch_unwind)]
    pub fn constrain(&self, id: f64, constraints: String, time_zone: String) -> napi::Result<()> {
        call(|| {
            let id = id as u64;
            let said: Constraints = parse(&constraints)?;
            let settings = settings(&time_zone)?;
            let mut collections = self.collections.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            let Some(collection) = collections.get(&id) else {
                return Err(internal(format!("there is no collection {id} to constrain")));
            };
            let columns = collection.columns.clone();
            let schema = collection.name.strip_suffix(&said.relation).unwrap_or_default();
            let schema = schema.trim_end_matches('.').to_owned();
            let mut foreign = Vec::with_capacity(said.foreign.len());
            for key in &said.foreign {
                let parent = collections
                    .get(&key.parent)
                    .ok_or_else(|| internal(format!("there is no collection {} to refer to", key.parent)))?;
                let key = ForeignKey::new(id, &columns, &parent.columns, key.clone(), &settings)?;
                foreign.push(Arc::new(key));
            }
            let number = self.constrained.fetch_add(1, Ordering::Relaxed) + 1;
            let compiled = TableConstraints::new(number, schema, said, &columns, foreign.clone(), &settings)?;
            self.runtime.set_unique_keys(id, compiled.keys.clone());
            let sides: Vec<_> = foreign.iter().map(|key| key.sides.clone()).collect();
            self.runtime.set_foreign_keys(id, &sides);
            let constraints = Arc::new(compiled);
            for (other, collection) in collections.iter_mut() {
                let was = collection.referenced.iter().any(|key| key.sides.child.collection == id);
                let refers = || foreign.iter().filter(|key| key.said.parent == *other);
                if *other != id && !was && refers().next().is_none() {
                    continue;
                }
                let stay = collection.referenced.iter().filter(|key| key.sides.child.collection != id);
                let mut changed = Collection::clone(collection);
                changed.referenced = stay.chain(refers()).cloned().collect();
                if *other == id {
                    changed.constraints = Some(constraints.clone());
                }
                *collection = Arc::new(changed);
            }
            Ok(())
        })
    }

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

    /// Whether what a transaction has written so far keeps the foreign keys. `deferred`: the arrangements of those that are
    /// not looked at; null: as they were declared.
    #[napi(catch_unwind)]
    pub fn check_references(
        &self,
        transaction: &NativeTransaction,
        deferred: Option<Vec<f64>>,
    ) -> napi::Result<()> {
        call(|| {
            let writes = transaction.lock().writes();
            let deferred = deferred_of(deferred);
            let left_out: Vec<u64> = self
                .collections
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .values()
                .flat_map(|table| &table.referenced)
                .filter(|key| deferred.has(&key.said))
                .map(|key| key.said.arrangement)
                .collect();
            let checked = self.runtime.check_references(&writes, |id| left_out.contains(&id));
            checked.map_err(|conflict| conflict_error(conflict, &self.collections))
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

    /// Starts a maintained plan; the request is answered when it can be read.
    #[napi(catch_unwind)]
    pub fn install(&self, request: f64, plan: String, as_of: f64) -> napi::Result<()> {
        call(|| {
            let (request, as_of) = (request as u64, as_of as u64);
            let plan = decode_plan(&plan)?;
            let Output::Arrangement { arrangement, .. } = plan.output else {
                return Err(internal("the plan maintains no arrangement"));
            };
            let program = compile(&plan, as_of)?;
            let hold = self.runtime.hold(as_of).map_err(|error| too_old(as_of, error))?;
            let (runtime, dispatch) = (self.runtime.clone(), self.dispatch.clone());
            self.sequence.start(request, move || {
                let done = move |result: Result<(), String>| {
                    let answer = result.map(|()| Answer::Done).map_err(internal);
                    dispatch.send(Message::Answer(request, Box::new(answer)));
                };
                let installed =
                    runtime.install(arrangement, &plan.name, Arc::new(View(program)), as_of, done);
                drop(hold);
                installed.map_err(internal)
            });
            Ok(())
        })
    }

    /// Drops a collection, a maintained plan or a subscription.
    #[napi(catch_unwind)]
    pub fn drop(&self, id: f64) {
        let id = id as u64;
        self.deliveries.tell(Notice::Remove(id));
        let (runtime, collections) = (self.runtime.clone(), self.collections.clone());
        self.sequence.run(move || {
            runtime.drop_collection(id);
            collections.write().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(&id);
        });
    }

    /// Starts a subscription.
    #[napi(catch_unwind)]
    pub fn subscribe(&self, id: f64, plan: String, options: String) -> napi::Result<()> {
        call(|| {
            let id = id as u64;
            let plan = decode_plan(&plan)?;
            let options: SubscribeOptions = parse(&options)?;
            let Output::Subscription { node } = plan.output else {
                return Err(internal("the plan is not a subscription's"));
            };
            let node = plan.nodes.get(node as usize).ok_or_else(|| internal("the plan has no such node"))?;
            let types = node.columns.iter().map(|column| column.scalar).collect();
            let as_of = options.as_of;
            let encoder = ChangeEncoder::new(
                types,
                options.envelope,
                options.order,
                options.progress,
                options.encoding,
                settings(&options.time_zone)?,
            )?;
            let program = compile(&plan, as_of)?;
            let view = View(program);
            let hold =
                self.runtime.hold_inputs(&view.inputs(), as_of).map_err(|error| too_old(as_of, error))?;
            let subscriber = Subscriber::new(encoder, as_of, options.snapshot, options.up_to);
            self.deliveries.tell(Notice::Add(id, Box::new(subscriber)));
            let (runtime, deliveries) = (self.runtime.clone(), self.deliveries.clone());
            self.sequence.run(move || {
                let failed = deliveries.clone();
                let done = move |result: Result<(), String>| {
                    deliveries.tell(match result {
                        Ok(()) => Notice::Ready(id),
                        Err(message) => Notice::Failed(id, internal(message)),
                    });
                };
                let started = guarded(|| {
                    runtime.subscribe(id, &plan.name, Arc::new(view), as_of, done).map_err(internal)
                });
                drop(hold);
                if let Err(error) = started {
                    failed.tell(Notice::Failed(id, error));
                }
            });
            Ok(())
        })
    }

    /// The reader has taken this much of what was delivered, so that more can come.
    #[napi(catch_unwind)]
    pub fn subscription_taken(&self, id: f64, bytes: f64) {
        self.deliveries.taken(id as u64, bytes as usize);
    }

    /// What subscriptions have to deliver, if it is little; the rest comes as messages do. To be called when a time is computed.
    #[napi(catch_unwind)]
    pub fn take_deliveries(&self) -> Vec<Delivered> {
        self.deliveries.take().into_iter().filter_map(Delivered::of).collect()
    }

    /// Stops or resumes delivery.
    #[napi(catch_unwind)]
    pub fn pause_subscription(&self, id: f64, paused: bool) {
        self.deliveries.tell(Notice::Pause(id as u64, paused));
    }

    /// Decodes a one-shot plan.
    #[napi(catch_unwind)]
    pub fn prepare(&self, plan: String) -> napi::Result<NativePlan> {
        call(|| Ok(NativePlan { prepared: Arc::new(Prepared::new(decode_plan(&plan)?)) }))
    }

    /// A plan as a read that is answered in one call; None where it is none.
    #[napi(catch_unwind)]
    pub fn direct_read(
        &self,
        plan: &NativePlan,
        time_zone: String,
        columns: Vec<ReadColumn>,
    ) -> napi::Result<Option<NativeRead>> {
        call(|| NativeRead::new(&self.runtime, plan, &time_zone, columns))
    }

    /// A plan as a write that is run in one call; None where it is none.
    #[napi(catch_unwind)]
    pub fn direct_write(&self, plan: &NativePlan, time_zone: String) -> napi::Result<Option<NativeWrite>> {
        call(|| NativeWrite::new(&self.runtime, &self.collections, plan, &time_zone))
    }

    /// Runs a plan that yields rows as DataRow messages, in formats `columns`, if it is immediate and reads little; else
    /// None, and `execute` runs it.
    #[napi(catch_unwind)]
    pub fn execute_now(
        &self,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: Option<&NativeTransaction>,
        columns: Vec<u8>,
    ) -> napi::Result<Option<ReadyRows>> {
        call(|| {
            if !plan.prepared.is_immediate() {
                return Ok(None);
            }
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                transaction,
                Encoding::DataRow { formats: columns },
                AT_ONCE,
                Checks::Commit,
            )?;
            if !execution.is_small() {
                return Ok(None);
            }
            Ok(unless_stopped(execution.rows())?.map(ReadyRows::of))
        })
    }

    /// Runs a plan that yields rows; the request is answered.
    #[napi(catch_unwind)]
    pub fn execute(
        &self,
        request: f64,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: Option<&NativeTransaction>,
        encoding: String,
        cancellation: Option<&NativeCancellation>,
    ) -> napi::Result<()> {
        call(|| {
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                transaction,
                parse(&encoding)?,
                limit_of(cancellation),
                Checks::Commit,
            )?;
            self.queries.answer(request as u64, move || {
                let limit = execution.limit();
                execution.first_rows().map(|rows| Answer::Rows(NativeCursor::new(rows, limit)))
            });
            Ok(())
        })
    }

    /// Has the next portion of a result computed; the request is answered.
    #[napi(catch_unwind)]
    pub fn fill(&self, request: f64, cursor: &NativeCursor) {
        self.queries.answer(request as u64, cursor.filling());
    }

    /// Runs a plan that writes, without RETURNING, if it is immediate and reads little: how many rows it affected. Else
    /// None, and `write` runs it.
    #[napi(catch_unwind)]
    pub fn write_now(
        &self,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: &NativeTransaction,
        references: u32,
        deferred: Option<Vec<f64>>,
    ) -> napi::Result<Option<f64>> {
        call(|| {
            let Output::Write { arrangement, returning: None, .. } = plan.prepared.plan().output else {
                return Ok(None);
            };
            let acts = |target: Arc<Collection>| target.referenced.iter().any(|key| key.acts());
            if !plan.prepared.is_immediate() || collection(&self.collections, arrangement).is_some_and(acts) {
                return Ok(None);
            }
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                Some(transaction),
                Encoding::DataRow { formats: Vec::new() },
                AT_ONCE,
                checks(references, deferred),
            )?;
            if !execution.is_small() {
                return Ok(None);
            }
            match unless_stopped(execution.write(&transaction.shared()))? {
                None => Ok(None),
                Some(Answer::Written(affected, _)) => Ok(Some(affected as f64)),
                Some(_) => Err(internal("a write without a count")),
            }
        })
    }

    /// Runs a plan that writes; the request is answered.
    #[napi(catch_unwind)]
    pub fn write(
        &self,
        request: f64,
        plan: &NativePlan,
        timestamp: f64,
        formats: Vec<u32>,
        values: Vec<Option<Buffer>>,
        time_zone: String,
        transaction: &NativeTransaction,
        references: u32,
        deferred: Option<Vec<f64>>,
        encoding: String,
        cancellation: Option<&NativeCancellation>,
    ) -> napi::Result<()> {
        call(|| {
            let execution = self.execution(
                plan,
                timestamp,
                &formats,
                &values,
                &time_zone,
                Some(transaction),
                parse(&encoding)?,
                limit_of(cancellation),
                checks(references, deferred),
            )?;
            let sets = transaction.shared();
            self.queries.answer(request as u64, move || execution.write(&sets));
            Ok(())
        })
    }

    /// A transaction.
    #[napi(catch_unwind)]
    pub fn begin_transaction(&self) -> NativeTransaction {
        NativeTransaction::empty()
    }

    /// Commits a group; the answer is JSON: for each transaction its error or null; or nothing, where all are committed. A
    /// small group with nothing before it is committed at once, and the answer given.
    #[napi(catch_unwind)]
    pub fn commit(
        &self,
        request: f64,
        timestamp: f64,
        transactions: Vec<ClassInstance<'_, NativeTransaction>>,
    ) -> napi::Result<Option<String>> {
        let writes: Vec<_> = transactions.iter().map(|transaction| transaction.lock().writes()).collect();
        let (runtime, collections) = (self.runtime.clone(), self.collections.clone());
        let bytes: usize = writes.iter().flatten().map(|(_, set)| set.byte_len()).sum();
        let is_small = bytes <= COMMIT_NOW_BYTES;
        // The handles of large ones may stay long: JavaScript does not know what they hold.
        let large: Vec<_> = transactions.iter().filter(|_| !is_small).map(|each| each.shared()).collect();
        let run = move || {
            let mut writes: Vec<Writes> = writes;
            let refused: Vec<Option<EvalError>> = writes
                .iter_mut()
                .map(|writes| {
                    let refused = check_rows(writes, &collections).err();
                    if refused.is_some() {
                        writes.clear();
                    }
                    refused
                })
                .collect();
            let conflicts = runtime.commit(timestamp as u64, &writes).map_err(internal)?;
            for ((sets, refused), conflict) in large.iter().zip(&refused).zip(&conflicts) {
                if refused.is_none() && conflict.is_none() {
                    *lock(sets) = WriteSets::default();
                }
            }
            if conflicts.iter().all(Option::is_none) && refused.iter().all(Option::is_none) {
                return Ok(String::new());
            }
            let errors = conflicts.into_iter().zip(refused).map(|(conflict, refused)| {
                let error = refused.or_else(|| Some(conflict_error(conflict?, &collections)));
                error.map_or_else(|| "null".to_owned(), |error| to_json(&error))
            });
            Ok(format!("[{}]", errors.collect::<Vec<_>>().join(",")))
        };
        if is_small && self.sequence.is_idle() {
            return call(run).map(Some);
        }
        self.sequence.answer(request as u64, move || run().map(Answer::Json));
        Ok(None)
    }

    /// Time moves on.
    #[napi(catch_unwind)]
    pub fn advance(&self, timestamp: f64) {
        let runtime = self.runtime.clone();
        self.sequence.run(move || runtime.tick(timestamp as u64));
    }

    /// All that is computed.
    #[napi(catch_unwind)]
    pub fn computed(&self) -> f64 {
        self.runtime.computed() as f64
    }

    /// The oldest time at which these can be read.
    #[napi(catch_unwind)]
    pub fn since(&self, ids: Vec<f64>) -> f64 {
        let ids: Vec<u64> = ids.into_iter().map(|id| id as u64).collect();
        self.runtime.since(&ids) as f64
    }

    /// Keeps a time readable; with `at_least` the oldest readable one where that is too old.
    #[napi(catch_unwind)]
    pub fn hold(&self, timestamp: f64, at_least: bool) -> napi::Result<NativeHold> {
        call(|| {
            let time = timestamp as u64;
            let hold = match at_least {
                true => self.runtime.hold_at_least(time),
                false => self.runtime.hold(time).map_err(|error| too_old(time, error))?,
            };
            Ok(NativeHold { hold: Some(hold) })
        })
    }

    /// Keeps these readable at a time, and no others.
    #[napi(catch_unwind)]
    pub fn hold_apart(&self, ids: Vec<f64>, timestamp: f64) -> napi::Result<NativeHoldApart> {
        call(|| {
            let (ids, time): (Vec<u64>, _) =
                (ids.into_iter().map(|id| id as u64).collect(), timestamp as u64);
            let hold = self.runtime.hold_apart(&ids, time).map_err(|error| too_old(time, error))?;
            Ok(NativeHoldApart { hold: Some(hold) })
        })
    }

    /// Whether readers get a collection's rows only, where it has errors too.
    #[napi(catch_unwind)]
    pub fn skip_errors(&self, id: f64, skip: bool) {
        self.runtime.skip_errors(id as u64, skip);
    }

    /// The number of a collection's errors.
    #[napi(catch_unwind)]
    pub fn error_count(&self, id: f64) -> f64 {
        self.runtime.error_count(id as u64).unwrap_or(0) as f64
    }

    /// How much of its inputs a collection that hydrates has read.
    #[napi(catch_unwind)]
    pub fn hydration(&self, id: f64) -> Option<Hydrated> {
        let (done, expected) = self.runtime.hydration(id as u64)?;
        Some(Hydrated { done: done as f64, expected: expected as f64 })
    }

    /// How far compaction trails.
    #[napi(catch_unwind)]
    pub fn set_retention(&self, microseconds: f64) {
        self.runtime.set_lag(microseconds as u64);
    }

    /// A cancellation.
    #[napi(catch_unwind)]
    pub fn cancellation(&self) -> NativeCancellation {
        NativeCancellation::default()
    }

    /// A decoder.
    #[napi(catch_unwind)]
    pub fn decoder(&self, options: String) -> napi::Result<NativeDecoder> {
        call(|| {
            let options: crate::encoding::DecoderOptions = parse(&options)?;
            let collection = collection(&self.collections, options.arrangement);
            NativeDecoder::create(options, collection.as_deref())
        })
    }

    /// The columns that a format's schema has, as JSON.
    #[napi(catch_unwind)]
    pub fn schema_columns(&self, format: String) -> napi::Result<String> {
        call(|| {
            let format: crate::encoding::DecodeFormat = parse(&format)?;
            let Ok(format) = format.schema_format() else { return Err(internal("the format has no schema")) };
            let columns = format
                .columns()?
                .into_iter()
                .map(|column| serde_json::json!({ "name": column.name, "type": column.column }));
            Ok(serde_json::Value::from_iter(columns).to_string())
        })
    }

    /// The text of the schema of a sink's messages.
    #[napi(catch_unwind)]
    pub fn sink_schema(&self, options: String) -> napi::Result<String> {
        call(|| parse::<crate::encoding::SinkSchema>(&options)?.text())
    }

    /// Refuses columns that a format's schema does not have, or that its values cannot become.
    #[napi(catch_unwind)]
    pub fn check_columns(&self, format: String, columns: String) -> napi::Result<()> {
        call(|| {
            let format: crate::encoding::DecodeFormat = parse(&format)?;
            let columns: Vec<crate::encoding::DecodeColumn> = parse(&columns)?;
            let fields: Vec<_> = columns.into_iter().map(|column| column.field()).collect();
            format.message_format(&fields, &FormatSettings::default()).map(|_| ())
        })
    }

    /// Writes a generator's events into a transaction; gives the number of rows.
    #[napi(catch_unwind)]
    pub fn generate(
        &self,
        kind: String,
        seed: f64,
        from: f64,
        count: f64,
        arrangements: Vec<Option<f64>>,
        transaction: &NativeTransaction,
    ) -> napi::Result<f64> {
        call(|| {
            let arrangements: Vec<Option<u64>> =
                arrangements.into_iter().map(|id| id.map(|id| id as u64)).collect();
            let wanted = |table: usize| arrangements.get(table).copied().flatten().is_some();
            let mut sets = transaction.lock();
            let mut sink = Generated { arrangements: &arrangements, sets: &mut sets, rows: 0 };
            match kind.as_str() {
                "counter" => counter(from as u64, count as u64, &mut sink),
                "nexmark" => Nexmark::new(seed as u64, NEXMARK_EVENTS_PER_SECOND).generate(
                    from as u64,
                    count as u64,
                    [wanted(0), wanted(1), wanted(2)],
                    &mut sink,
                ),
                _ => return Err(EvalError::new("0A000", format!("there is no generator \"{kind}\""))),
            }
            Ok(sink.rows as f64)
        })
    }

    /// What an arrangement holds.
    #[napi(catch_unwind)]
    pub fn size(&self, id: f64) -> Size {
        let (rows, bytes) = self.runtime.size(id as u64).unwrap_or_default();
        let state = self.runtime.state_bytes(id as u64).unwrap_or_default();
        Size { rows: rows as f64, bytes: bytes as f64, state: state as f64 }
    }

    /// Stops; the request is answered when the workers are gone.
    #[napi(catch_unwind)]
    pub fn stop(&self, request: f64) {
        let runtime = self.runtime.clone();
        // After the commits that were asked for.
        self.sequence.answer(request as u64, move || {
            runtime.stop();
            Ok(Answer::Done)
        });
    }
}

impl Drop for NativeEngine {
    fn drop(&mut self) {
        self.deliveries.stop();
    }
}

struct Generated<'a> {
    arrangements: &'a [Option<u64>],
    sets: &'a mut WriteSets,
    rows: u64,
}

impl EventSink for Generated<'_> {
    fn row(&mut self, table: usize, row: &[u8]) {
        if let Some(Some(arrangement)) = self.arrangements.get(table) {
            self.sets.of(*arrangement).push(row, 1);
            self.rows += 1;
        }
    }
}
