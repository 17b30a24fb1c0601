//! Prints the TypeScript types of the plan language (`engine/plan.generated.ts`).

use tidewire_plan::*;
use ts_rs::TS;

fn main() {
    println!(
        "// Generated from engine/crates/plan by `npm run generate`; a test holds it equal. Do not edit."
    );
    println!("export const FORMAT_VERSION = {FORMAT_VERSION};");
    let config = ts_rs::Config::default();
    macro_rules! print_types {
        ($($name:ty),* $(,)?) => { $(println!("export {}", <$name as TS>::decl(&config));)* };
    }
    print_types!(
        Plan,
        BaseType,
        ScalarType,
        ColumnType,
        Expr,
        CaseBranch,
        DomainSubject,
        Node,
        Layout,
        KeyExpr,
        ColumnPlace,
        Mfp,
        Predicate,
        OrderKey,
        ConstantRow,
        AggregateFunction,
        Aggregate,
        AggregateOrder,
        ReduceClass,
        KeyRange,
        TableCall,
        TableFunction,
        WindowFunction,
        FrameMode,
        FrameBound,
        FrameExclusion,
        Frame,
        WindowCall,
        DeltaPath,
        DeltaStage,
        Operator,
        Output,
        Finishing,
        OnConflict,
        Arbiter,
        Constraints,
        Check,
        UniqueConstraint,
        ForeignKey,
        ReferentialAction,
    );
}
