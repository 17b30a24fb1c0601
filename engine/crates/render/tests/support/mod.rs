//! Plans over two tables of one shape, and the runtime that maintains them.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use tidewire_arrange::{ImportProvider, Rendered, ShardedSnapshot};
use tidewire_plan::*;
use tidewire_render::{Environment, Program, Sources};
use tidewire_row::EvalError;
use tidewire_worker::{Build, Event, LayoutSplitter, Runtime};
use timely::dataflow::Scope;

pub fn column(scalar: ScalarType) -> ColumnType {
    ColumnType { scalar, typmod: -1, nullable: true }
}

pub fn col(index: u32) -> Expr {
    Expr::Column { index }
}

pub fn key_of(index: u32, scalar: ScalarType) -> KeyExpr {
    let wide = matches!(scalar, ScalarType::Numeric | ScalarType::Float8);
    let expr = match wide {
        true => Expr::Canonical { operand: Box::new(col(index)), of: scalar },
        false => col(index),
    };
    KeyExpr { expr, column: column(scalar) }
}

/// As the planner makes layouts: columns that the key holds unchanged are not in the value.
pub fn layout(columns: &[ColumnType], key: Vec<KeyExpr>) -> Layout {
    let mut value = Vec::new();
    let restore = (0..columns.len() as u32)
        .map(|column| match key.iter().position(|key| key.expr == col(column)) {
            Some(index) => ColumnPlace::Key { index: index as u32 },
            None => {
                value.push(column);
                ColumnPlace::Value { index: value.len() as u32 - 1 }
            }
        })
        .collect();
    Layout { key, value, restore }
}

pub fn whole(columns: &[ColumnType]) -> Layout {
    let key =
        (0..columns.len() as u32).map(|index| KeyExpr { expr: col(index), column: columns[index as usize] });
    layout(columns, key.collect())
}

pub fn reduce_layout(columns: &[ColumnType], keys: usize) -> Layout {
    let key = (0..keys as u32).map(|index| KeyExpr { expr: col(index), column: columns[index as usize] });
    Layout {
        key: key.collect(),
        value: (keys as u32..columns.len() as u32).collect(),
        restore: (0..columns.len() as u32)
            .map(|index| match index < keys as u32 {
                true => ColumnPlace::Key { index },
                false => ColumnPlace::Value { index: index - keys as u32 },
            })
            .collect(),
    }
}

pub use ScalarType::{Float8, Int4, Int8, Numeric};

/// k, v, n, f
pub fn table() -> Vec<ColumnType> {
    vec![column(Int4), column(Int4), column(Numeric), column(Float8)]
}

pub fn import(id: u64) -> Node {
    let operator = Operator::Import { arrangement: id, layout: layout(&table(), vec![key_of(0, Int4)]) };
    node(table(), operator)
}

pub fn node(columns: Vec<ColumnType>, operator: Operator) -> Node {
    Node { label: "node".into(), columns, operator }
}

pub fn aggregate(
    function: AggregateFunction,
    argument: Option<(u32, ScalarType)>,
    result: ScalarType,
) -> Aggregate {
    Aggregate {
        function,
        arguments: argument
            .map(|(index, scalar)| KeyExpr { expr: col(index), column: column(scalar) })
            .into_iter()
            .collect(),
        filter: None,
        result: column(result),
    }
}

pub fn call(opcode: &str, arguments: Vec<Expr>, scalar: ScalarType) -> Expr {
    Expr::Call { opcode: opcode.into(), arguments, scalar }
}

pub fn int4(value: i32) -> Expr {
    Expr::Literal { scalar: Int4, text: Some(value.to_string()) }
}

pub fn int8(value: i64) -> Expr {
    Expr::Literal { scalar: Int8, text: Some(value.to_string()) }
}

pub fn project(input: NodeIndex, columns: &[u32], types: &[ColumnType]) -> Node {
    let mfp = Mfp { expressions: vec![], predicates: vec![], projection: columns.to_vec() };
    let shown = columns.iter().map(|index| types[*index as usize]).collect();
    node(shown, Operator::Mfp { input, mfp })
}

pub fn plan(nodes: Vec<Node>) -> Plan {
    let last = nodes.len() as u32 - 1;
    let output = Output::Subscription { node: last };
    Plan { format_version: FORMAT_VERSION, name: "test".into(), parameters: vec![], nodes, output }
}

pub fn maintained(plan: &Plan, id: u64) -> Plan {
    let node = plan.nodes.len() as u32 - 1;
    let layout = whole(&plan.nodes[node as usize].columns);
    Plan { output: Output::Arrangement { node, arrangement: id, layout }, ..plan.clone() }
}

pub fn one_shot(plan: &Plan) -> Plan {
    let node = plan.nodes.len() as u32 - 1;
    let projection = (0..plan.nodes[node as usize].columns.len() as u32).collect();
    let finishing = Finishing {
        order: vec![],
        sorted: None,
        limit: None,
        offset: None,
        with_ties: false,
        completed: None,
        projection,
    };
    Plan { output: Output::Rows { node, finishing }, ..plan.clone() }
}

pub type Bag = BTreeMap<Vec<u8>, i64>;
/// Rows and SQLSTATEs.
pub type Answer = (Bag, Vec<String>);

pub struct View(pub Program);

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

pub struct Engine {
    pub runtime: Arc<Runtime>,
    pub completed: Receiver<u64>,
}

impl Engine {
    pub fn start(workers: usize) -> Self {
        let (sender, completed) = channel();
        let on_event = move |event| match event {
            Event::Completed(time) => drop(sender.send(time)),
            Event::Panic(message) => panic!("a worker panicked: {message}"),
            _ => {}
        };
        let runtime = Arc::new(Runtime::start(workers, on_event).expect("starts"));
        for id in [1, 2] {
            let layout = layout(&table(), vec![key_of(0, Int4)]);
            let splitter = LayoutSplitter::new(&table(), &layout).expect("columns");
            runtime.create_collection(id, Arc::new(splitter), false).expect("a new id");
        }
        Engine { runtime, completed }
    }

    pub fn install(&self, id: u64, plan: &Plan, as_of: u64) {
        let json = serde_json::to_string(&maintained(plan, id)).expect("serializes");
        let plan = Plan::decode(&json).expect("decodes");
        let environment = Environment { as_of, ..Environment::default() };
        let program = Program::compile(&plan, environment).unwrap_or_else(|error| panic!("{id}: {error}"));
        let (sender, done) = channel();
        let report = move |result| drop(sender.send(result));
        self.runtime.install(id, "view", Arc::new(View(program)), as_of, report).expect("accepted");
        done.recv().expect("an answer").expect("installed");
    }

    pub fn wait(&self, time: u64) {
        self.runtime.hasten();
        while self.runtime.computed() < time {
            self.completed.recv().expect("the engine lives");
        }
    }

    pub fn sources(&self, time: u64) -> Sources {
        let snapshots = self.runtime.snapshot(&[1, 2], time).expect("readable");
        [1, 2].into_iter().zip(snapshots).collect()
    }

    pub fn read(&self, id: u64, time: u64) -> Answer {
        let snapshot = self.runtime.snapshot(&[id], time).expect("readable").remove(0);
        let rows = |snapshot: &ShardedSnapshot| {
            snapshot.cursor().map(|(key, value, count)| ([key, value].concat(), count)).collect::<Bag>()
        };
        let errors = rows(&snapshot.err);
        assert!(errors.values().all(|count| *count == 1), "errors are distinct");
        let mut states: Vec<String> =
            errors.keys().map(|row| EvalError::from_row(row).sqlstate().to_string()).collect();
        states.dedup();
        (rows(&snapshot.ok), states)
    }
}
