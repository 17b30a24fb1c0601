//! Dataflows that are maintained: views, and subscriptions with what they deliver.

use crate::changes::ChangeEncoder;
use crate::delivery::Notice;
use crate::dispatch::{Answer, Message, number};
use crate::encoding::{SubscribeOptions, parse, settings};
use crate::engine::{NativeEngine, decode_plan};
use crate::error::{call, guarded, internal, to_json, too_old};
use crate::subscriptions::Subscriber;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use std::sync::Arc;
use tidewire_arrange::{ImportProvider, Rendered};
use tidewire_plan::{Output, Plan};
use tidewire_render::{CompileError, Environment, Program};
use tidewire_row::{EvalError, FormatSettings};
use tidewire_worker::Build;
use timely::dataflow::Scope;

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

/// Rows of its inputs that a hydrating collection has read, and of how many.
#[napi(object)]
pub struct Hydrated {
    pub done: f64,
    pub expected: f64,
}

#[napi]
impl NativeEngine {
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

    /// How much of its inputs a collection that hydrates has read.
    #[napi(catch_unwind)]
    pub fn hydration(&self, id: f64) -> Option<Hydrated> {
        let (done, expected) = self.runtime.hydration(id as u64)?;
        Some(Hydrated { done: done as f64, expected: expected as f64 })
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
            self.deliveries.add(id, subscriber);
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

    /// Changes may go straight to the reader's socket, until it is taken back. Gives whether they do: not while any are on
    /// the way. Nobody else writes there meanwhile.
    #[napi(catch_unwind)]
    pub fn lend_socket(&self, id: f64, socket: i32) -> bool {
        self.deliveries.lend(id as u64, socket)
    }

    /// Nothing goes there from now on; how many rows did.
    #[napi(catch_unwind)]
    pub fn take_socket_back(&self, id: f64) -> f64 {
        self.deliveries.take_back(id as u64) as f64
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
}

fn compile(plan: &Plan, as_of: u64) -> Result<Program, EvalError> {
    let environment = Environment { as_of, settings: FormatSettings::default(), parameters: vec![] };
    Program::compile(plan, environment).map_err(|error| match error {
        CompileError::Refused(message) => internal(message),
        CompileError::Data(error) => error,
    })
}
