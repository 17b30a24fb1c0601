/**
 * One case: tables, materialized views and a stream of transactions, run on Tidewire and on PostgreSQL side by side.
 * After every transaction each view, the one-shot SELECT of the same text and the fold of a SUBSCRIBE to the view
 * equal what PostgreSQL answers to the text.
 */
import type pg from 'pg';
import { bag, difference, same } from './bag.ts';
import { ask, failed, Fold, type Answer } from './client.ts';
import { render, type Node } from './node.ts';
import { randomQuery } from './queries.ts';
import { Random } from './random.ts';
import { createTable, randomSchema } from './schema.ts';
import { randomTransactions, type Transaction } from './stream.ts';

export interface View {
  readonly name: string;
  readonly tree: Node;
  /** Made before this transaction. */
  readonly madeBefore: number;
  readonly byEquality: boolean;
  readonly features: ReadonlySet<string>;
}

export interface Case {
  readonly seed: number;
  readonly tables: readonly string[];
  readonly transactions: readonly Transaction[];
  readonly views: readonly View[];
}

export interface Systems {
  readonly postgres: pg.Client;
  readonly tidewire: pg.Client;
  connect(): Promise<pg.Client>;
  /** Both sides are PostgreSQL: tests the harness itself. */
  readonly self: boolean;
}

export type FailureKind =
  'refused' | 'only we error' | 'view' | 'one-shot' | 'subscribe' | 'statement' | 'columns';

export interface Failure {
  readonly kind: FailureKind;
  readonly view: View | null;
  readonly transaction: number;
  readonly sqlstate: string | null;
  readonly text: string;
}

export interface Outcome {
  checks: number;
  nonEmpty: number;
  /** Views whose result changed during the stream, and all views. */
  changing: number;
  views: number;
  refusedByPostgres: number;
  errors: number;
  readonly features: Map<string, number>;
  failure: Failure | null;
}

const PATIENCE = 10_000;

export function generateCase(seed: number): Case {
  const random = new Random(seed);
  const schema = randomSchema(random);
  const transactions = randomTransactions(random, schema, random.between(8, 16));
  const views: View[] = [];
  for (let v = 1; v <= random.between(4, 6); v++) {
    const query = randomQuery(random, schema);
    const has = (feature: string): boolean => query.features.has(feature);
    const byEquality = schema.mixedScale || (has('grouping') && has('numeric scale'));
    const madeBefore = random.chance(0.5) ? 0 : random.between(1, transactions.length - 1);
    views.push({ name: `v${v}`, tree: query.tree, madeBefore, byEquality, features: query.features });
  }
  return { seed, tables: schema.tables.map(createTable), transactions, views };
}

let schemas = 0;

export async function runCase(systems: Systems, test: Case): Promise<Outcome> {
  const outcome: Outcome = {
    ...{ checks: 0, nonEmpty: 0, changing: 0, views: 0, refusedByPostgres: 0, errors: 0 },
    ...{ features: new Map(), failure: null },
  };
  const schema = `s${process.pid}_${++schemas}`;
  const run = new Run(systems, test, schema, outcome);
  try {
    outcome.failure = await run.all();
  } finally {
    await run.cleanUp();
  }
  return outcome;
}

interface Live {
  readonly view: View;
  readonly text: string;
  fold: Fold | null;
  results: Set<string>;
  transactions: number;
}

class Run {
  readonly #systems: Systems;
  readonly #test: Case;
  readonly #schema: string;
  readonly #outcome: Outcome;
  readonly #live: Live[] = [];

  constructor(systems: Systems, test: Case, schema: string, outcome: Outcome) {
    this.#systems = systems;
    this.#test = test;
    this.#schema = schema;
    this.#outcome = outcome;
  }

  async all(): Promise<Failure | null> {
    const test = this.#test;
    const ours = this.#systems.self ? `${this.#schema}_self` : this.#schema;
    for (const statement of ['CREATE SCHEMA X', 'SET search_path = X', ...test.tables]) {
      const theirs = await ask(this.#systems.postgres, statement.replace('X', this.#schema));
      const answer = await ask(this.#systems.tidewire, statement.replace('X', ours));
      if (failed(theirs)) throw new Error(`PostgreSQL refuses the set-up: ${theirs.message}: ${statement}`);
      if (failed(answer)) return failure('statement', null, 0, answer, statement);
    }
    for (const [index, transaction] of test.transactions.entries()) {
      for (const view of test.views) {
        if (view.madeBefore !== index) continue;
        const refused = await this.#create(view, index);
        if (refused) return refused;
      }
      const wrong = (await this.#apply(transaction, index)) ?? (await this.#check(index));
      if (wrong) return wrong;
    }
    return null;
  }

  async cleanUp(): Promise<void> {
    const { postgres, tidewire, self } = this.#systems;
    for (const live of this.#live) {
      live.fold?.close();
      this.#outcome.views++;
      if (live.results.size > 1) this.#outcome.changing++;
    }
    await ask(postgres, `DROP SCHEMA IF EXISTS ${this.#schema} CASCADE`);
    await ask(tidewire, `DROP SCHEMA IF EXISTS ${this.#schema}${self ? '_self' : ''} CASCADE`);
  }

  async #create(view: View, index: number): Promise<Failure | null> {
    const { postgres, tidewire, self } = this.#systems;
    const text = render(view.tree);
    const plan = await ask(postgres, `EXPLAIN ${text}`);
    if (failed(plan)) {
      // A data error while folding constants is no refusal, but says nothing about what we should do either.
      this.#outcome.refusedByPostgres += plan.error.startsWith('22') ? 0 : 1;
      this.#outcome.errors += plan.error.startsWith('22') ? 1 : 0;
      return null;
    }
    const create = `CREATE MATERIALIZED VIEW ${view.name} AS ${text}${self ? ' WITH NO DATA' : ''}`;
    const made = await ask(tidewire, create);
    if (failed(made)) return failure('refused', view, index, made, create);
    const fold = self ? null : await this.#subscribe(view);
    this.#live.push({ view, text, fold, results: new Set(), transactions: 0 });
    for (const feature of view.features) {
      this.#outcome.features.set(feature, (this.#outcome.features.get(feature) ?? 0) + 1);
    }
    return null;
  }

  async #subscribe(view: View): Promise<Fold> {
    return new Fold(await this.#systems.connect(), `${this.#schema}.${view.name}`);
  }

  async #apply(transaction: Transaction, index: number): Promise<Failure | null> {
    const { postgres, tidewire } = this.#systems;
    let broken = false;
    const texts = ['BEGIN', ...transaction.statements, transaction.rollback ? 'ROLLBACK' : 'COMMIT'];
    for (const text of texts) {
      const statement = broken && text === 'COMMIT' ? 'ROLLBACK' : text;
      const [theirs, answer] = await Promise.all([ask(postgres, statement), ask(tidewire, statement)]);
      const wanted = failed(theirs) ? theirs.error : 'ok';
      const found = failed(answer) ? answer.error : 'ok';
      if (wanted !== found) {
        const message = failed(answer) ? answer.message : failed(theirs) ? theirs.message : '';
        const what = `${statement}\nPostgreSQL: ${wanted}, Tidewire: ${found} ${message}`;
        return { kind: 'statement', view: null, transaction: index, sqlstate: found, text: what };
      }
      broken ||= failed(theirs);
    }
    for (const live of this.#live) live.transactions++;
    return null;
  }

  async #check(index: number): Promise<Failure | null> {
    const { postgres, tidewire, self } = this.#systems;
    const answers: [Answer, Answer, Answer][] = [];
    for (const { view, text } of this.#live) {
      if (self) await ask(tidewire, `REFRESH MATERIALIZED VIEW ${view.name}`);
      const ours = async (): Promise<[Answer, Answer]> => [
        await ask(tidewire, `SELECT * FROM ${view.name}`),
        await ask(tidewire, text),
      ];
      const [theirs, [ofView, oneShot]] = await Promise.all([ask(postgres, text), ours()]);
      answers.push([theirs, ofView, oneShot]);
    }
    for (const [i, [theirs, ofView, oneShot]] of answers.entries()) {
      const live = this.#live[i]!;
      const { view } = live;
      this.#outcome.checks++;
      if (failed(theirs)) {
        this.#outcome.errors++;
        live.fold?.close();
        live.fold = null;
        continue;
      }
      const expected = bag(theirs.rows, theirs.types, view.byEquality);
      if (expected.length > 0) this.#outcome.nonEmpty++;
      live.results.add(expected.join('\n'));
      const found: [FailureKind, Answer][] = [
        ['one-shot', oneShot],
        ['view', ofView],
      ];
      for (const [kind, answer] of found) {
        if (failed(answer)) return failure('only we error', view, index, answer, kind);
        if (!same(theirs.names, answer.names) || theirs.types.join() !== answer.types.join()) {
          const text = `${kind}: PostgreSQL has ${columnsOf(theirs)}, Tidewire ${columnsOf(answer)}`;
          return { kind: 'columns', view, transaction: index, sqlstate: null, text };
        }
        const rows = bag(answer.rows, answer.types, view.byEquality);
        if (!same(expected, rows)) {
          return { kind, view, transaction: index, sqlstate: null, text: difference(expected, rows) };
        }
      }
      const wrong = await this.#checkFold(live, expected, theirs.types, index);
      if (wrong) return wrong;
    }
    return null;
  }

  async #checkFold(
    live: Live,
    expected: readonly string[],
    types: readonly number[],
    index: number,
  ): Promise<Failure | null> {
    if (this.#systems.self) return null;
    const { view } = live;
    const resumed = live.fold === null;
    const fold = (live.fold ??= await this.#subscribe(view));
    const before = fold.timestamps;
    const state = (): string[] => bag(fold.rows(), types, view.byEquality);
    const arrived = await fold.until(() => same(expected, state()), PATIENCE);
    const wrong = (text: string): Failure => ({
      kind: 'subscribe',
      view,
      transaction: index,
      sqlstate: null,
      text,
    });
    if (fold.error) return failure('only we error', view, index, fold.error, 'subscribe');
    if (fold.violation) return wrong(fold.violation);
    if (!arrived) return wrong(difference(expected, state()));
    const first = resumed || before === 0;
    if (!first && fold.timestamps - before > live.transactions) {
      return wrong(`${fold.timestamps - before} timestamps for ${live.transactions} transactions`);
    }
    live.transactions = 0;
    return null;
  }
}

function columnsOf(result: { names: readonly string[]; types: readonly number[] }): string {
  return result.names.map((name, index) => `${name}:${result.types[index]}`).join(', ');
}

function failure(
  kind: FailureKind,
  view: View | null,
  transaction: number,
  answer: { readonly error: string; readonly message: string },
  text: string,
): Failure {
  return {
    kind,
    view,
    transaction,
    sqlstate: answer.error,
    text: `${answer.error} ${answer.message}\n${text}`,
  };
}

/** The case as a script that can be pasted into psql, up to the transaction that went wrong. */
export function script(test: Case, failed: Failure): string {
  const lines = [`-- seed ${test.seed}: ${failed.kind}`, ...test.tables.map((table) => `${table};`)];
  for (const [index, transaction] of test.transactions.entries()) {
    if (index > failed.transaction) break;
    for (const view of test.views) {
      if (view.madeBefore === index)
        lines.push(`CREATE MATERIALIZED VIEW ${view.name} AS ${render(view.tree)};`);
    }
    if (failed.kind === 'refused' && index === failed.transaction) break;
    const end = transaction.rollback ? 'ROLLBACK' : 'COMMIT';
    lines.push(...['BEGIN', ...transaction.statements, end].map((statement) => `${statement};`));
  }
  if (failed.view) {
    lines.push(`SELECT * FROM ${failed.view.name};`, `${render(failed.view.tree)};`);
  }
  lines.push(...failed.text.split('\n').map((line) => `-- ${line}`));
  return `${lines.join('\n')}\n`;
}
