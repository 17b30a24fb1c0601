//! Prints the opcodes that the evaluator has, one a line: what `generate-function-cases.mjs` asks PostgreSQL about.

fn main() {
    for opcode in tidewire_eval::opcodes() {
        println!("{}", opcode.name);
    }
}
