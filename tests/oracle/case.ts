/** One case: tables, views and a stream of transactions, all of it a function of the seed. */
import { isIndexable } from './computed-columns.ts';
import { render, type Node } from './node.ts';
import { CREATE_OWN_TYPES } from './own-types.ts';
import { randomPages } from './pages.ts';
import { randomBase, randomQuery, type Base } from './queries.ts';
import { Random } from './random.ts';
import { createComposite, randomFunctions } from './functions.ts';
import { CHECKED_AT_END, createTable, randomSchema, type Schema } from './schema.ts';
import { randomTransactions, type Transaction } from './stream.ts';
import { twinsOf } from './twins.ts';

export interface View {
  readonly name: string;
  readonly tree: Node;
  /** Made before this transaction, and dropped before that one. */
  readonly madeBefore: number;
  readonly droppedBefore: number;
  /** Compared as PostgreSQL's equality has it, not by text. */
  readonly byEquality: boolean;
  readonly features: ReadonlySet<string>;
}

/** A view that others are made on. In PostgreSQL it is a plain view. */
export interface BaseView {
  readonly name: string;
  readonly tree: Node;
  readonly materialized: boolean;
}

/** An index comes or goes before a transaction; in Tidewire only, where nothing may change. */
export interface IndexEvent {
  readonly before: number;
  readonly statement: string;
}

export interface Case {
  readonly seed: number;
  /** Types that columns have. */
  readonly types: readonly string[];
  readonly tables: readonly string[];
  /** Functions in SQL and a composite type, after the tables. */
  readonly functions: readonly string[];
  readonly bases: readonly BaseView[];
  readonly transactions: readonly Transaction[];
  readonly views: readonly View[];
  readonly indexes: readonly IndexEvent[];
  /** Queries whose rows are compared in their order. */
  readonly pages: readonly string[];
}

/** Pages of a case. */
const PAGES = 3;

export function generateCase(seed: number, level: number | null = null): Case {
  const random = new Random(seed);
  const bare = randomSchema(random);
  const schema: Schema = { ...bare, ...randomFunctions(random, bare) };
  const transactions = randomTransactions(random, schema, random.between(12, 32));
  const named: Base[] = [];
  const bases: BaseView[] = [];
  const wanted = schema.extremes ? 0 : random.below(4);
  for (let b = 1; b <= wanted; b++) {
    const base = randomBase(random, schema, named, `u${b}`);
    named.push(base);
    bases.push({ name: base.name, tree: base.tree, materialized: random.chance(0.5) });
  }
  const views: View[] = [];
  for (let v = 1; v <= random.between(4, 6); v++) {
    const query = randomQuery(random, schema, named, level);
    const byEquality = schema.mixedScale || query.features.has('ambiguous') || named.length > 0;
    const madeBefore = random.chance(0.5) ? 0 : random.between(1, Math.floor(transactions.length / 2));
    const droppedBefore = random.chance(0.9) ? Infinity : random.between(madeBefore + 1, transactions.length);
    const features = new Set(query.features);
    if (query.features.has('named relation') && named.length > 0) features.add('view on view');
    for (const tag of streamTags(transactions)) features.add(tag);
    views.push({ name: `v${v}`, tree: query.tree, madeBefore, droppedBefore, byEquality, features });
  }
  views.push(...twins(random.fork(), views, transactions.length));
  // What others refer to is made first.
  const tables = schema.tables
    .toSorted((one, other) => Number(other.isParent) - Number(one.isParent))
    .map(createTable);
  return {
    seed,
    types: CREATE_OWN_TYPES,
    tables,
    functions: [
      ...(schema.composite ? [createComposite(schema.composite)] : []),
      ...schema.functions.map(({ text }) => text),
    ],
    bases,
    transactions: withLooks(random.fork(), transactions, bases),
    views,
    indexes: indexEvents(random, schema, transactions.length),
    pages: randomPages(random.fork(), schema, PAGES),
  };
}

/** How often a transaction takes some of its statements back, and how often it reads a view after it has written. */
const TAKES_BACK = 0.15;
const LOOKS = 0.3;

/** The transactions with savepoints, and reads of the base views: what was written is seen before it is committed. */
function withLooks(
  random: Random,
  transactions: readonly Transaction[],
  bases: readonly BaseView[],
): readonly Transaction[] {
  const look = (): string[] =>
    bases.length > 0 && random.chance(LOOKS) ? [`SELECT count(*) FROM ${random.pick(bases).name}`] : [];
  return transactions.map(({ statements, rollback }) => {
    if (statements.length === 0) return { statements, rollback };
    if (!random.chance(TAKES_BACK)) return { statements: [...statements, ...look()], rollback };
    const at = random.below(statements.length);
    const taken = ['SAVEPOINT taken', ...statements.slice(at), ...look(), 'ROLLBACK TO taken'];
    return { statements: [...statements.slice(0, at), ...taken, ...look()], rollback };
  });
}

/** How often a view has a twin. */
const TWINS = 0.35;

function twins(random: Random, views: readonly View[], length: number): View[] {
  return views
    .filter(() => random.chance(TWINS))
    .flatMap((view) => twinsOf(random, view.tree, view.features).map((tree) => ({ view, tree })))
    .map(({ view, tree }, index) => ({
      name: `w${index + 1}`,
      tree,
      madeBefore: random.chance(0.3) ? 0 : random.between(1, Math.floor(length / 2)),
      droppedBefore: random.chance(0.8) ? Infinity : random.between(Math.floor(length / 2) + 1, length),
      byEquality: true,
      features: new Set([...view.features, 'twin']),
    }));
}

function indexEvents(random: Random, schema: Schema, length: number): IndexEvent[] {
  const events: IndexEvent[] = [];
  for (let i = 1; i <= random.below(4); i++) {
    const table = random.pick(schema.tables);
    const columns = table.columns
      .filter((column) => isIndexable(column) && random.chance(0.4))
      .map(({ name }) => name);
    const made = random.below(length);
    const on = `${table.name} (${columns.length > 0 ? columns.join(', ') : table.columns[0]!.name})`;
    events.push({ before: made, statement: `CREATE INDEX i${i} ON ${on}` });
    if (random.chance(0.6)) {
      events.push({ before: random.between(made + 1, length), statement: `DROP INDEX i${i}` });
    }
  }
  return events;
}

function streamTags(transactions: readonly Transaction[]): string[] {
  const texts = transactions.flatMap(({ statements }) => statements);
  return [
    ...['INSERT', 'UPDATE', 'DELETE'].filter((word) => texts.some((text) => text.startsWith(word))),
    ...(transactions.some(({ rollback }) => rollback) ? ['ROLLBACK'] : []),
  ];
}

/** The case as a script that can be pasted into psql, up to the transaction that went wrong. */
export function script(test: Case, failed: FailedAt): string {
  const lines = [
    `-- seed ${test.seed}: ${failed.kind}`,
    ...test.types.map((text) => `${text};`),
    ...test.tables.map((table) => `${table.replace(CHECKED_AT_END, '')};`),
    ...test.functions.map((text) => `${text};`),
  ];
  for (const base of test.bases) {
    lines.push(
      `CREATE ${base.materialized ? 'MATERIALIZED ' : ''}VIEW ${base.name} AS ${render(base.tree)};`,
    );
  }
  for (const [index, transaction] of test.transactions.entries()) {
    if (index > failed.transaction) break;
    for (const event of test.indexes) if (event.before === index) lines.push(`${event.statement};`);
    for (const view of test.views) {
      if (view.droppedBefore === index) lines.push(`DROP MATERIALIZED VIEW ${view.name};`);
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

interface FailedAt {
  readonly kind: string;
  readonly view: View | null;
  readonly transaction: number;
  readonly text: string;
}
