//! Plans that the planner's golden tests write are decoded here, so that both languages read one plan language.

use std::path::Path;
use tidewire_plan::Plan;

#[test]
fn golden_plans_decode_and_encode_to_the_same() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/plans/golden/plans.jsonl");
    let text = std::fs::read_to_string(&file).expect("tests/plans/golden/plans.jsonl");
    assert!(text.lines().count() > 10, "golden plans are missing");
    for (number, line) in text.lines().enumerate() {
        let plan = Plan::decode(line).unwrap_or_else(|error| panic!("plan {}: {error}", number + 1));
        let again: serde_json::Value = serde_json::to_value(&plan).expect("a plan is JSON");
        let before: serde_json::Value = serde_json::from_str(line).expect("a plan is JSON");
        assert_eq!(again, before, "plan {} loses something", number + 1);
    }
}
