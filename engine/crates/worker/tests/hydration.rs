//! Views that hydrate in the second runtime, and what can go wrong there.

mod support;

use support::{Bag, Engine, View};
use tidewire_worker::ReadError;

fn rows(count: u64, seed: u64) -> Vec<([u8; 2], i64)> {
    (0..count).map(|i| ([(i * 7 + seed) as u8, (i >> 3) as u8], 1)).collect()
}

#[test]
fn a_view_over_much_data_is_handed_over_while_commits_go_on() {
    for workers in [1, 2] {
        let engine = Engine::start(workers);
        engine.table(1, false);
        engine.table(2, false);
        engine.commit(1, vec![(1, rows(12_000, 0)), (2, rows(300, 5))]);
        engine.wait(1);
        // Above the default threshold: it hydrates elsewhere.
        let ready = engine.install(10, View::CountJoin(1, 2), 1);
        let mut time = 1;
        let answer = loop {
            time += 1;
            engine.commit(time, vec![(1 + time % 2, vec![([time as u8, 1], 1)])]);
            engine.wait(time);
            if let Ok(answer) = ready.try_recv() {
                break answer;
            }
        };
        answer.expect("it is handed over");
        for _ in 0..20 {
            time += 1;
            engine.commit(time, vec![(1 + time % 2, vec![([time as u8, 2], 1)])]);
            engine.wait(time);
            let expected = View::CountJoin(1, 2).expect(|id| engine.read(id, time));
            assert_eq!(engine.read(10, time), expected, "{workers} workers at {time}");
        }
        engine.runtime.stop();
    }
}

#[test]
fn failures_elsewhere_are_answers() {
    for workers in [1, 2] {
        let engine = Engine::start(workers);
        engine.runtime.hydrate_elsewhere_from(0);
        engine.table(1, false);
        engine.commit(1, vec![(1, rows(100, 0))]);
        let broken = engine.install(10, View::Broken(1), 1).recv().expect("an answer");
        assert_eq!(broken, Err("this plan can't be rendered".into()));
        // A panic there harms only the view that hydrates.
        let panics = engine.install(11, View::Panics(1), 1).recv().expect("an answer");
        assert_eq!(panics, Err("on purpose".into()));
        engine.commit(2, vec![(1, rows(10, 3))]);
        engine.wait(2);
        assert_eq!(engine.runtime.snapshot(&[11], 2).err(), Some(ReadError::Unknown(11)));
        let total: i64 = engine.read(1, 2).values().sum();
        assert_eq!(total, 110);
        engine.runtime.stop();
    }
}

#[test]
fn a_view_can_be_dropped_at_any_moment_of_its_hydration() {
    for workers in [1, 2] {
        let engine = Engine::start(workers);
        engine.runtime.hydrate_elsewhere_from(0);
        engine.table(1, false);
        let mut time = 0;
        for round in 0..40u64 {
            let ready = engine.install(100 + round, View::Count(1), time);
            for _ in 0..round {
                std::thread::yield_now();
            }
            time += 1;
            engine.commit(time, vec![(1, rows(20, round))]);
            engine.runtime.drop_collection(100 + round);
            let answer = ready.recv().expect("an answer");
            assert!(answer.is_ok() || answer == Err("it was dropped".into()), "not {answer:?}");
        }
        engine.install(10, View::Count(1), time).recv().expect("an answer").expect("it hydrates");
        time += 1;
        engine.commit(time, vec![(1, rows(20, 77))]);
        engine.wait(time);
        let contents: Bag = engine.read(1, time);
        assert_eq!(engine.read(10, time), View::Count(1).expect(|_| contents.clone()));
        engine.runtime.stop();
    }
}
