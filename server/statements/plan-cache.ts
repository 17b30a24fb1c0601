/**
 * Compiled queries and writes that come again, for all sessions and both protocols: by statement, declared parameter
 * types, and the settings that planning depends on; each as long as the catalog answers what was asked of it for the plan as
 * it did then. Bounded by bytes; what was used last stays.
 */
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Questions } from '../catalog/questions.ts';
import type { Dataflows } from '../dataflows/dataflows.ts';
import type { Runnable } from './prepared.ts';

/** A plan's objects and what the engine compiles from it take several times the room of the plan's text. */
const BYTES_PER_CHARACTER = 8;

/** What a plan can change with. */
export interface Surroundings {
  readonly catalog: Pick<Catalog, 'version' | 'holds'>;
  readonly dataflows: Pick<Dataflows, 'version'>;
}

/** A runnable with what it was compiled out of. */
export class Plan {
  readonly runnable: Runnable;
  /** Null: it is compiled again after any change of the catalog. */
  readonly #questions: Questions | null;
  /** When the answers were last found to be the same. */
  #catalog: number;
  #dataflows: number;

  constructor(runnable: Runnable, questions: Questions | null, { catalog, dataflows }: Surroundings) {
    this.runnable = runnable;
    this.#questions = questions;
    this.#catalog = catalog.version;
    this.#dataflows = dataflows.version;
  }

  /** Whether compiling it now would give the same. */
  isCurrent({ catalog, dataflows }: Surroundings): boolean {
    if (this.#catalog === catalog.version) {
      if (this.#questions === null || this.#dataflows === dataflows.version) return true;
    }
    if (this.#questions === null || !catalog.holds(this.#questions)) return false;
    this.#catalog = catalog.version;
    this.#dataflows = dataflows.version;
    return true;
  }
}

interface Entry {
  readonly plan: Plan;
  readonly bytes: number;
}

export class PlanCache {
  readonly #limit: number;
  /** Statements are the same object when their text is (`sql/parse/memo.ts`); a Map's order is that of use. */
  readonly #statements = new Map<ParsedStatement, Map<string, Entry>>();
  #bytes = 0;

  constructor(limit = 64 << 20) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The plan that was compiled for this statement under `key`, or a new one. */
  get(parsed: ParsedStatement, key: string, surroundings: Surroundings, compile: () => Plan): Plan {
    const plans = this.#statements.get(parsed) ?? new Map<string, Entry>();
    const known = plans.get(key);
    if (known?.plan.isCurrent(surroundings) === true) {
      this.#statements.delete(parsed);
      this.#statements.set(parsed, plans);
      return known.plan;
    }
    if (known) {
      plans.delete(key);
      this.#bytes -= known.bytes;
    }
    const plan = compile();
    const { planLength } = plan.runnable;
    if (planLength === undefined) return plan;
    const bytes = planLength * BYTES_PER_CHARACTER;
    this.#statements.delete(parsed);
    this.#statements.set(parsed, plans.set(key, { plan, bytes }));
    this.#bytes += bytes;
    this.#shrink();
    return plan;
  }

  #shrink(): void {
    for (const [parsed, plans] of this.#statements) {
      if (this.#bytes <= this.#limit) return;
      this.#statements.delete(parsed);
      for (const { bytes } of plans.values()) this.#bytes -= bytes;
    }
  }
}
