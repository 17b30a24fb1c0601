/**
 * A case on Tidewire and on PostgreSQL side by side. After every transaction each view, the one-shot SELECT of the
 * same text, the fold of a SUBSCRIBE to the view and reads of the past equal what PostgreSQL answers to the text.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { bag, difference, same, texts } from './bag.ts';
import { type Case, type View } from './case.ts';
import { CHECKED_AT_END } from './schema.ts';
import { ask, askAll, failed, Fold, type Answer } from './client.ts';
import { queriesIn, render } from './node.ts';
import { Random } from './random.ts';
import type { Transaction } from './stream.ts';

export interface Systems {
  readonly postgres: pg.Client;
  readonly tidewire: pg.Client;
  connect(): Promise<pg.Client>;
  /** Both sides are PostgreSQL: tests the harness itself. */
  readonly self: boolean;
}

export type FailureKind =
  | 'refused'
  | 'only we error'
  | 'view'
  | 'one-shot'
  | 'in place'
  | 'subscribe'
  | 'as of'
  | 'statement'
  | 'columns'
  | 'page';

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
  /** Checks of a view whose result is not empty and changes in the stream: the others prove little. */
  telling: number;
  views: number;
  refusedByPostgres: number;
  errors: number;
  /** Checks in which we raise an error of a part of the query that PostgreSQL did not compute. */
  uncomputed: number;
  /** Reads of the past, and those that came too late. */
  past: number;
  compacted: number;
  /** Each view's tags, and how many of its checks told something. */
  readonly features: { readonly tags: ReadonlySet<string>; checks: number; telling: number }[];
  failure: Failure | null;
}

export function noOutcome(): Outcome {
  return {
    ...{
      checks: 0,
      nonEmpty: 0,
      telling: 0,
      views: 0,
      refusedByPostgres: 0,
      errors: 0,
      uncomputed: 0,
      past: 0,
      compacted: 0,
    },
    ...{ features: [], failure: null },
  };
}

const PATIENCE = 10_000;
const TIMED_OUT = '57014';
/** A view of more rows than this is dropped: joins of duplicates can make millions. */
const MOST_ROWS = 50_000;
/** A view that had more rows than this is counted before it is read. */
const MANY_ROWS = 1000;
/** Past timestamps read after each transaction: a text with AS OF is planned each time. */
const PAST_READS = 1;

let schemas = 0;

export async function runCase(systems: Systems, test: Case): Promise<Outcome> {
  const outcome = noOutcome();
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
  readonly theirText: string;
  fold: Fold | null;
  /** Digests of its results. */
  results: Set<string>;
  /** Rows of its last result. */
  rows: number;
  checks: number;
  nonEmpty: number;
  transactions: number;
  /** Timestamps of the fold up to the last check. */
  seen: number;
  /** The timestamp of the last transaction, if it changed the view and the fold was there before. */
  changedAt: bigint | null;
  /** What PostgreSQL answered, by timestamp. */
  past: { at: bigint; expected: string[]; types: readonly number[] }[];
}

class Run {
  readonly #systems: Systems;
  readonly #test: Case;
  readonly #schema: string;
  readonly #outcome: Outcome;
  readonly #random: Random;
  /** Names of the case's own types in PostgreSQL and in Tidewire: their oids are each system's own. */
  #ownTypes: readonly [TypeNames, TypeNames] = [new Map(), new Map()];
  /** PostgreSQL has not had the time for a transaction. */
  #isOver = false;
  readonly #live: Live[] = [];
  readonly #all: Live[] = [];

  constructor(systems: Systems, test: Case, schema: string, outcome: Outcome) {
    this.#systems = systems;
    this.#test = test;
    this.#schema = schema;
    this.#outcome = outcome;
    this.#random = new Random(test.seed ^ 0x5bd1e995);
  }

  async all(): Promise<Failure | null> {
    const test = this.#test;
    const { postgres, tidewire, self } = this.#systems;
    const ours = self ? `${this.#schema}_self` : this.#schema;
    await ask(postgres, `SET statement_timeout = ${PATIENCE}`);
    const setUp = (schema: string): readonly string[] => [
      `CREATE SCHEMA ${schema}`,
      `SET search_path = ${schema}`,
      ...test.types,
      ...test.tables,
      ...test.functions,
    ];
    const own = setUp(ours);
    for (const [index, statement] of setUp(this.#schema).entries()) {
      const theirs = await ask(postgres, statement);
      const answer = await ask(tidewire, self ? own[index]! : own[index]!.replace(CHECKED_AT_END, ''));
      if (failed(theirs)) throw new Error(`PostgreSQL refuses the set-up: ${theirs.message}: ${statement}`);
      if (failed(answer)) return failure('statement', null, 0, answer, statement);
    }
    this.#ownTypes = [await ownTypes(postgres, this.#schema), await ownTypes(tidewire, ours)];
    for (const { name, tree, materialized } of test.bases) {
      const text = render(tree, self ? 'postgres' : 'tidewire');
      const theirs = await ask(postgres, `CREATE VIEW ${name} AS ${render(tree, 'postgres')}`);
      if (failed(theirs)) this.#outcome.refusedByPostgres++;
      const create = `CREATE ${materialized && !self ? 'MATERIALIZED ' : ''}VIEW ${name} AS ${text}`;
      const answer = failed(theirs) ? theirs : await ask(tidewire, create);
      if (failed(answer) && !failed(theirs)) return failure('statement', null, 0, answer, create);
    }
    for (const [index, transaction] of test.transactions.entries()) {
      const wrong =
        (await this.#define(index)) ??
        (await this.#apply(transaction, index)) ??
        (this.#isOver ? null : await this.#check(index));
      if (wrong || this.#isOver) return wrong;
    }
    return null;
  }

  async cleanUp(): Promise<void> {
    const { postgres, tidewire, self } = this.#systems;
    for (const live of this.#all) {
      live.fold?.close();
      this.#outcome.views++;
      const telling = live.results.size > 1 ? live.nonEmpty : 0;
      this.#outcome.telling += telling;
      this.#outcome.features.push({ tags: live.view.features, checks: live.checks, telling });
    }
    await ask(postgres, `DROP SCHEMA IF EXISTS ${this.#schema} CASCADE`);
    await ask(tidewire, `DROP SCHEMA IF EXISTS ${this.#schema}${self ? '_self' : ''} CASCADE`);
  }

  /** Indexes and views that come and go before a transaction. */
  async #define(index: number): Promise<Failure | null> {
    const { tidewire } = this.#systems;
    for (const event of this.#test.indexes) {
      if (event.before !== index) continue;
      const answer = await ask(tidewire, event.statement);
      if (failed(answer)) return failure('statement', null, index, answer, event.statement);
    }
    for (const view of this.#test.views) {
      const at = this.#live.findIndex((live) => live.view === view);
      if (view.droppedBefore === index && at >= 0) {
        const wrong = await this.#drop(this.#live[at]!, index);
        if (wrong) return wrong;
      }
      if (view.madeBefore !== index) continue;
      const refused = await this.#create(view, index);
      if (refused) return refused;
    }
    return null;
  }

  async #drop(live: Live, index: number): Promise<Failure | null> {
    const { tidewire, self } = this.#systems;
    live.fold?.close();
    this.#live.splice(this.#live.indexOf(live), 1);
    const drop = `DROP MATERIALIZED VIEW ${live.view.name}${self ? '' : ' CASCADE'}`;
    const answer = await ask(tidewire, drop);
    return failed(answer) ? failure('statement', null, index, answer, drop) : null;
  }

  /** Drops the views that have become too large to be compared. */
  async #dropLarge(index: number): Promise<Failure | null> {
    for (const live of this.#live.filter(({ rows }) => rows > MANY_ROWS)) {
      const counted = await ask(
        this.#systems.postgres,
        `SELECT count(*) FROM (${live.theirText}) AS counted`,
      );
      if (failed(counted) || Number(counted.rows[0]![0]) <= MOST_ROWS) continue;
      const wrong = await this.#drop(live, index);
      if (wrong) return wrong;
    }
    return null;
  }

  async #create(view: View, index: number): Promise<Failure | null> {
    const { postgres, tidewire, self } = this.#systems;
    const text = render(view.tree, self ? 'postgres' : 'tidewire');
    const theirText = render(view.tree, 'postgres');
    const plan = await ask(postgres, `EXPLAIN ${theirText}`);
    if (failed(plan)) {
      // A data error while folding constants is no refusal, but says nothing about what we should do either.
      const isData = plan.error.startsWith('22');
      this.#outcome.refusedByPostgres += isData || view.features.has('twin') ? 0 : 1;
      this.#outcome.errors += isData ? 1 : 0;
      if (!isData && process.env.ORACLE_REFUSED) console.error(`${plan.error} ${plan.message}\n${text}`);
      return null;
    }
    const create = `CREATE MATERIALIZED VIEW ${view.name} AS ${text}${self ? ' WITH NO DATA' : ''}`;
    const made = await ask(tidewire, create);
    if (failed(made)) return failure('refused', view, index, made, create);
    // A view that is in error now ends its subscription; the first good check opens another.
    const fold = self || failed(await ask(postgres, theirText)) ? null : await this.#subscribe(view);
    const live: Live = {
      ...{
        view,
        text,
        theirText,
        fold,
        results: new Set(),
        rows: Infinity,
        checks: 0,
        nonEmpty: 0,
        transactions: 0,
        seen: 0,
        changedAt: null,
        past: [],
      },
    };
    this.#live.push(live);
    this.#all.push(live);
    return null;
  }

  async #subscribe(view: View): Promise<Fold> {
    return new Fold(await this.#systems.connect(), `${this.#schema}.${view.name}`);
  }

  async #apply(transaction: Transaction, index: number): Promise<Failure | null> {
    const { postgres, tidewire } = this.#systems;
    const texts = ['BEGIN', ...transaction.statements, transaction.rollback ? 'ROLLBACK' : 'COMMIT'];
    const [theirs, answer] = await Promise.all([askAll(postgres, texts), askAll(tidewire, texts)]);
    const wrong = (what: string, found: string): Failure => ({
      ...{ kind: 'statement', view: null, transaction: index, sqlstate: found },
      text: `${texts.join(';\n')}\n${what}`,
    });
    if ('error' in theirs || 'error' in answer) {
      await Promise.all([ask(postgres, 'ROLLBACK'), ask(tidewire, 'ROLLBACK')]);
      const [wanted, found] = [theirs, answer].map((each) => ('error' in each ? each.error : 'ok'));
      // A look at a large view: the tables are not the same any more.
      this.#isOver = wanted === TIMED_OUT;
      if (this.#isOver) return null;
      if (wanted !== found) {
        const [message] = [answer, theirs].flatMap((each) => ('error' in each ? [each.message] : []));
        return wrong(`PostgreSQL: ${wanted}, Tidewire: ${found} ${message}`, found!);
      }
    } else {
      for (const [at, { count, rows, types }] of theirs.entries()) {
        const ours = answer[at]!;
        if (count !== ours.count) return wrong(`${texts[at]}: ${count} rows, Tidewire ${ours.count}`, 'ok');
        const [wanted, given] = [bag(rows, types, false), bag(ours.rows, ours.types, false)];
        if (!same(wanted, given)) return wrong(`${texts[at]}: ${difference(wanted, given)}`, 'ok');
      }
    }
    for (const live of this.#live) live.transactions++;
    return null;
  }

  async #check(index: number): Promise<Failure | null> {
    const { postgres, tidewire, self } = this.#systems;
    const undropped = await this.#dropLarge(index);
    if (undropped) return undropped;
    if (self)
      for (const { view } of this.#live) await ask(tidewire, `REFRESH MATERIALIZED VIEW ${view.name}`);
    // One by one: the plan of a text that comes again is kept.
    const oneShotsNow = (): Promise<Answer[]> =>
      oneByOne(
        tidewire,
        this.#live.map(({ text }) => text),
      );
    const ours = async (): Promise<[Answer[], Answer[], Answer[]]> => [
      await each(
        tidewire,
        this.#live.map(({ view }) => `SELECT * FROM ${view.name}`),
      ),
      self ? await oneShotsNow() : await this.#computed(oneShotsNow),
      await oneShotsNow(),
    ];
    const [theirAnswers, [ofViews, oneShots, inPlace]] = await Promise.all([
      each(
        postgres,
        this.#live.map(({ theirText }) => theirText),
      ),
      ours(),
    ]);
    const answers = this.#live.map(
      (_, at) => [theirAnswers[at]!, ofViews[at]!, oneShots[at]!, inPlace[at]!] as const,
    );
    const now: { live: Live; expected: string[]; types: readonly number[] }[] = [];
    for (const [i, [theirs, ofView, oneShot, read]] of answers.entries()) {
      const live = this.#live[i]!;
      const { view } = live;
      this.#outcome.checks++;
      live.checks++;
      if (failed(theirs)) {
        this.#outcome.errors++;
        live.fold?.close();
        live.fold = null;
        live.changedAt = null;
        const all = [ofView, oneShot, read].filter(failed);
        const differs = all.length === 3 ? this.#otherError(live, index, theirs, all) : null;
        if (differs) return differs;
        if (failed(ofView) && failed(oneShot) && !failed(read)) {
          const text = `${oneShot.error} ${oneShot.message} is not raised`;
          return { kind: 'in place', view, transaction: index, sqlstate: null, text };
        }
        continue;
      }
      const expected = bag(theirs.rows, theirs.types, view.byEquality);
      if (expected.length > 0) {
        this.#outcome.nonEmpty++;
        live.nonEmpty++;
      }
      live.rows = expected.length;
      live.results.add(createHash('sha1').update(expected.join('\n')).digest('base64'));
      const found: [FailureKind, Answer][] = [
        ['one-shot', oneShot],
        ['in place', read],
        ['view', ofView],
      ];
      const refused = found.find(([, answer]) => failed(answer));
      if (refused !== undefined && failed(refused[1])) {
        const [kind, error] = refused;
        if (!(await this.#raisedByPart(live, error.error)))
          return failure('only we error', view, index, error, kind);
        this.#outcome.uncomputed++;
        live.fold?.close();
        live.fold = null;
        live.changedAt = null;
        continue;
      }
      for (const [kind, answer] of found) {
        if (failed(answer)) continue;
        const [theirTypes, ourTypes] = this.#ownTypes;
        const given = columnsOf(answer, ourTypes);
        let wanted = columnsOf(theirs, theirTypes);
        if (wanted !== given) wanted = columnsOf(await this.#analyzed(theirs, live.theirText), theirTypes);
        if (wanted !== given) {
          const text = `${kind}: PostgreSQL has ${wanted}, Tidewire ${given}`;
          return { kind: 'columns', view, transaction: index, sqlstate: null, text };
        }
        const rows = bag(answer.rows, answer.types, view.byEquality);
        if (!same(expected, rows)) {
          return { kind, view, transaction: index, sqlstate: null, text: difference(expected, rows) };
        }
      }
      const wrong = await this.#checkFold(live, expected, theirs.types, index);
      if (wrong) return wrong;
      now.push({ live, expected, types: theirs.types });
    }
    return (await this.#checkPages(index)) ?? this.#checkPast(now, index);
  }

  /** What queries answer that read no views which they do not name. */
  async #computed(answer: () => Promise<Answer[]>): Promise<Answer[]> {
    const { tidewire } = this.#systems;
    const off = await ask(tidewire, 'SHOW disabled_rules');
    if (failed(off)) throw new Error(off.message);
    const rules = off.rows[0]![0]!;
    await ask(tidewire, `SET disabled_rules = '${rules === '' ? '' : `${rules},`}read-views'`);
    const answers = await answer();
    await ask(tidewire, `SET disabled_rules = '${rules}'`);
    return answers;
  }

  async #checkPages(index: number): Promise<Failure | null> {
    const { postgres, tidewire } = this.#systems;
    const { pages } = this.#test;
    const [theirs, ours] = await Promise.all([each(postgres, pages), each(tidewire, pages)]);
    for (const [at, page] of pages.entries()) {
      const [wanted, given] = [theirs[at]!, ours[at]!];
      if (failed(wanted)) throw new Error(`PostgreSQL refuses a page: ${wanted.message}: ${page}`);
      if (failed(given)) return failure('page', null, index, given, page);
      const [expected, found] = [wanted, given].map(({ rows, types }) => texts(rows, types, true));
      if (!same(expected!, found!)) {
        const text = `${page}\n${expected!.join('\n')}\nTidewire:\n${found!.join('\n')}`;
        return { kind: 'page', view: null, transaction: index, sqlstate: null, text };
      }
    }
    return null;
  }

  /**
   * The columns as PostgreSQL's analysis has them. With an answer it describes them as it has planned them: those of INTERSECT
   * with the modifiers of the left input, those of a CASE or of a SQL function with what remains of it.
   */
  async #analyzed(theirs: Columns, text: string): Promise<Columns> {
    const { postgres } = this.#systems;
    const [, modifiers] = await oneByOne(postgres, [
      `CREATE TEMP VIEW analyzed AS ${text}`,
      "SELECT atttypmod FROM pg_attribute WHERE attrelid = 'analyzed'::regclass ORDER BY attnum",
      'DROP VIEW analyzed',
    ]);
    if (modifiers === undefined || failed(modifiers)) return theirs;
    return { ...theirs, modifiers: modifiers.rows.map(([modifier]) => Number(modifier)) };
  }

  /**
   * Whether a query within the view's fails with this SQLSTATE in PostgreSQL too, if it is asked alone. In the view PostgreSQL need not
   * compute it: the other input of its join has no rows (docs/differences.md).
   */
  async #raisedByPart({ view }: Live, sqlstate: string): Promise<boolean> {
    for (const part of queriesIn(view.tree)) {
      const from = part.parts[part.parts.indexOf(' FROM ') + 1];
      const texts = [render(part, 'postgres')];
      // As it is written FROM comes before WHERE, but PostgreSQL may look at WHERE first.
      if (typeof from === 'object') texts.push(`SELECT * FROM ${render(from, 'postgres')}`);
      for (const text of texts) {
        const answer = await ask(this.#systems.postgres, text);
        if (failed(answer) && answer.error === sqlstate) return true;
      }
    }
    return false;
  }

  /** Where one expression only can fail, it fails with the same SQLSTATE. */
  #otherError(
    live: Live,
    index: number,
    theirs: { readonly error: string },
    ours: readonly { readonly error: string; readonly message: string }[],
  ): Failure | null {
    if (!live.view.features.has('calls')) return null;
    const other = ours.find(({ error }) => error !== theirs.error);
    const states = new Set([...ours.map(({ error }) => error), theirs.error]);
    if (!other || ![...live.view.features].includes('one fallible')) return null;
    return failure(
      'only we error',
      live.view,
      index,
      other,
      `PostgreSQL: ${theirs.error}, of ${[...states].join()}`,
    );
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
    const before = resumed ? 0 : live.seen;
    const state = (): string[] => bag(fold.rows(), types, view.byEquality);
    const arrived = await fold.until(() => same(expected, state()), PATIENCE);
    const wrong = (text: string): Failure => ({
      ...{ kind: 'subscribe', view, transaction: index, sqlstate: null, text },
    });
    if (fold.error) return failure('only we error', view, index, fold.error, 'subscribe');
    if (fold.violation) return wrong(fold.violation);
    if (!arrived) return wrong(difference(expected, state()));
    const first = resumed || before === 0;
    const came = fold.timestamps - before;
    if (!first && came > live.transactions) {
      return wrong(`${came} timestamps for ${live.transactions} transactions`);
    }
    live.changedAt = !first && came === 1 && live.transactions === 1 ? fold.lastChange : null;
    live.transactions = 0;
    live.seen = fold.timestamps;
    return null;
  }

  /** One timestamp for all views that a transaction changed, at which they can be read again for a while. */
  async #checkPast(
    now: readonly { live: Live; expected: string[]; types: readonly number[] }[],
    index: number,
  ): Promise<Failure | null> {
    const changed = now.filter(({ live }) => live.changedAt !== null);
    const at = changed[0]?.live.changedAt;
    if (at !== undefined && at !== null) {
      const other = changed.find(({ live }) => live.changedAt !== at);
      if (other) {
        const text = `${other.live.view.name} changed at ${other.live.changedAt}, ${changed[0]!.live.view.name} at ${at}`;
        return { kind: 'subscribe', view: other.live.view, transaction: index, sqlstate: null, text };
      }
      for (const { live, expected, types } of now) live.past.push({ at, expected, types });
    }
    const readable = this.#live.filter((live) => live.past.length > 1);
    for (let read = 0; read < PAST_READS && readable.length > 0; read++) {
      const live = this.#random.pick(readable);
      const { at: then, expected, types } = this.#random.pick(live.past.slice(-8));
      const { view } = live;
      const text = this.#random.chance(0.5) ? `SELECT * FROM ${view.name}` : live.text;
      const answer = await ask(this.#systems.tidewire, `${text} AS OF ${then}`);
      this.#outcome.past++;
      if (failed(answer)) {
        // 22023 names the oldest readable timestamp: this one has been compacted away, or the view is younger.
        if (answer.error === '22023') this.#outcome.compacted++;
        else return failure('only we error', view, index, answer, `as of ${then}`);
        continue;
      }
      const rows = bag(answer.rows, types, view.byEquality);
      if (!same(expected, rows)) {
        const what = `${text} AS OF ${then}\n${difference(expected, rows)}`;
        return { kind: 'as of', view, transaction: index, sqlstate: null, text: what };
      }
    }
    return null;
  }
}

/** The answer to each text, in one round trip unless one of them fails. */
async function each(client: pg.Client, texts: readonly string[]): Promise<Answer[]> {
  if (texts.length < 2) return oneByOne(client, texts);
  const answers = await askAll(client, texts);
  return 'error' in answers ? oneByOne(client, texts) : answers;
}

async function oneByOne(client: pg.Client, texts: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const text of texts) answers.push(await ask(client, text));
  return answers;
}

type Columns = Pick<Exclude<Answer, { error: string }>, 'names' | 'types' | 'modifiers'>;

type TypeNames = ReadonlyMap<number, string>;

/** Names, and for the arrays of domains, which are arrays of the type beneath in Tidewire, the oids of these. */
async function ownTypes(client: pg.Client, schema: string): Promise<TypeNames> {
  const answer = await ask(
    client,
    `SELECT t.oid, coalesce(coalesce(lower.typarray, beneath.typarray)::text, t.typname)
      FROM pg_type AS t LEFT JOIN pg_type AS d ON d.oid = t.typelem AND d.typtype = 'd'
      LEFT JOIN pg_type AS beneath ON beneath.oid = d.typbasetype
      LEFT JOIN pg_type AS lower ON lower.oid = beneath.typbasetype AND beneath.typtype = 'd'
      WHERE t.typnamespace = '${schema}'::regnamespace`,
  );
  if (failed(answer)) throw new Error(answer.message);
  return new Map(answer.rows.map(([oid, name]) => [Number(oid), name!]));
}

function columnsOf(result: Columns, ownTypes: TypeNames): string {
  const { names, types, modifiers } = result;
  const modifier = (i: number): string => (modifiers[i] === -1 ? '' : `(${modifiers[i]})`);
  return names.map((name, i) => `${name}:${ownTypes.get(types[i]!) ?? types[i]}${modifier(i)}`).join(', ');
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
