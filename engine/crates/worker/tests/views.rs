//! Views behind the gate equal brute force after every commit: random commits, pipelined or not, stacked, late and
//! dropped views, random compaction and ticks, one and two workers.

mod support;

use std::collections::BTreeMap;
use support::{Bag, Engine, Random, View};

const TABLES: u64 = 3;

struct Model {
    contents: BTreeMap<u64, Bag>,
    views: BTreeMap<u64, View>,
}

impl Model {
    fn recompute(&mut self) {
        // Views have greater ids than what they read.
        for (id, view) in &self.views {
            let bag = view.expect(|input| self.contents[&input].clone());
            self.contents.insert(*id, bag);
        }
    }
    fn readers(&self, id: u64) -> bool {
        self.views.values().any(|view| view.inputs().contains(&id))
    }
}

fn run(seed: u64, workers: usize, steps: u64) {
    let engine = Engine::start(workers);
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 77);
    let mut model =
        Model { contents: (1..=TABLES).map(|id| (id, Bag::new())).collect(), views: BTreeMap::new() };
    (1..=TABLES).for_each(|id| engine.table(id, false));
    engine.runtime.set_lag(random.below(6));
    if seed.is_multiple_of(2) {
        // Every view hydrates in the second runtime.
        engine.runtime.hydrate_elsewhere_from(0);
    }
    let (mut time, mut next_id) = (0, TABLES + 1);
    for step in 0..steps {
        if step % 13 == 3 && model.views.len() < 10 {
            let ids: Vec<u64> = model.contents.keys().copied().collect();
            let mut pick = || ids[random.below(ids.len() as u64) as usize];
            let (a, b) = (pick(), pick());
            let view = match random.below(7) {
                0 => View::Join(a, b),
                1 => View::Count(a),
                2 => View::CountJoin(a, b),
                3 => View::JoinCount(a, b),
                4 => View::Swap(a),
                5 => View::Constant,
                _ => View::Fallible(a),
            };
            // Growth of stacked joins is bounded.
            let size: i64 = view.expect(|id| model.contents[&id].clone()).values().map(|n| n.abs()).sum();
            if size < 3000 {
                let as_of = time;
                let ready = engine.install(next_id, view, as_of);
                model.contents.insert(next_id, Bag::new());
                model.views.insert(next_id, view);
                next_id += 1;
                let mut late = Vec::new();
                if random.below(2) == 0 {
                    // Commits announced while it hydrates.
                    time += 1;
                    late = random_writes(&mut random, &mut model);
                    engine.commit(time, late.clone());
                }
                ready.recv().expect("an answer").expect("the view installs");
                drop(late);
            }
        }
        if step % 29 == 28 {
            let leaves: Vec<u64> = model.views.keys().copied().filter(|id| !model.readers(*id)).collect();
            if let Some(id) = leaves.get(random.below(leaves.len().max(1) as u64) as usize) {
                engine.runtime.drop_collection(*id);
                model.views.remove(id);
                model.contents.remove(id);
            }
        }
        let pipelined = if random.below(2) == 0 { 1 } else { 1 + random.below(4) };
        for _ in 0..pipelined {
            time += 1 + random.below(3);
            let writes = random_writes(&mut random, &mut model);
            engine.commit(time, writes);
        }
        if random.below(8) == 0 {
            time += 1;
            engine.runtime.tick(time);
        }
        engine.wait(time);
        model.recompute();
        for (id, expected) in &model.contents {
            let got = engine.read(*id, time);
            assert_eq!(
                &got,
                expected,
                "seed {seed} workers {workers} step {step} collection {id} {:?}",
                model.views.get(id)
            );
        }
        engine.runtime.set_lag(random.below(6));
    }
    for id in model.views.keys() {
        engine.runtime.drop_collection(*id);
    }
    engine.runtime.stop();
}

fn random_writes(random: &mut Random, model: &mut Model) -> Vec<(u64, Vec<([u8; 2], i64)>)> {
    let mask = if random.below(4) == 0 { 1 + random.below(7) } else { 1 << random.below(3) };
    let mut writes = Vec::new();
    for table in (1..=TABLES).filter(|table| mask >> (table - 1) & 1 == 1) {
        let contents = model.contents.get_mut(&table).expect("a table");
        let mut rows = Vec::new();
        for _ in 0..random.below(4) {
            let row = [random.below(5) as u8, random.below(3) as u8];
            let key = (vec![row[0]], vec![row[1]]);
            let present = contents.get(&key).copied().unwrap_or(0);
            let diff = if present > 0 && (present > 2 || random.below(2) == 0) { -1 } else { 1 };
            *contents.entry(key).or_default() += diff;
            rows.push((row, diff));
        }
        contents.retain(|_, n| *n != 0);
        writes.push((table, rows));
    }
    writes
}

/// Runs `count` seeds; `TIDEWIRE_SEEDS` says how many instead.
fn run_seeds(first: u64, count: u64, workers: usize, steps: u64) {
    let count = std::env::var("TIDEWIRE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(count);
    (first..first + count).for_each(|seed| run(seed, workers, steps));
}

#[test]
fn one_worker_equals_brute_force() {
    run_seeds(1, 12, 1, 120);
}

#[test]
fn two_workers_equal_brute_force() {
    run_seeds(1001, 8, 2, 100);
}

#[test]
fn three_workers_equal_brute_force() {
    run_seeds(2001, 4, 3, 60);
}
