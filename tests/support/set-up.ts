/** Setting up what tests and benchmarks need of the machine besides Node and Rust. */

/** Why something cannot be had here; null: it can. */
export type Missing = string | null;

/** `steps` in order; the first that throws says what is missing. */
export function setUp(steps: () => void): Missing {
  try {
    steps();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
