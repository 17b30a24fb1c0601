/**
 * Views beside PostgreSQL: the same transactions go to both, and after each every view, made before the data or after some
 * of it, has the rows that PostgreSQL answers to its query.
 */
import type pg from 'pg';
import { bag, difference } from '../oracle/bag.ts';
import { ask, failed } from '../oracle/client.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

export interface ViewQuery {
  readonly name: string;
  readonly sql: string;
  /** What PostgreSQL is asked where the query is not its SQL. */
  readonly postgres?: string;
}

export class BesidePostgres {
  readonly #tidewire: Tidewire;
  readonly #postgres: Postgres;
  readonly ours: pg.Client;
  readonly theirs: pg.Client;
  /** Its queries read the views. */
  readonly #reader: pg.Client;
  readonly #views: (ViewQuery & { readonly view: string })[] = [];
  /** The most rows that each query had. */
  readonly most = new Map<string, number>();
  /** How often each query's answer was another than before. */
  readonly changes = new Map<string, number>();
  readonly #last = new Map<string, string>();

  private constructor(
    tidewire: Tidewire,
    postgres: Postgres,
    ours: pg.Client,
    theirs: pg.Client,
    reader: pg.Client,
  ) {
    this.#tidewire = tidewire;
    this.#postgres = postgres;
    this.ours = ours;
    this.theirs = theirs;
    this.#reader = reader;
  }

  static async start(workers = 1): Promise<BesidePostgres> {
    const [tidewire, postgres] = await Promise.all([startTidewire({ workers }), startPostgres()]);
    const [ours, theirs, reader] = await Promise.all([
      tidewire.connect(),
      postgres.connect(),
      tidewire.connect(),
    ]);
    // Each view is computed, though another is of the same query.
    await ours.query("SET disabled_rules = 'read-views'");
    return new BesidePostgres(tidewire, postgres, ours, theirs, reader);
  }

  async stop(): Promise<void> {
    await Promise.all([this.ours.end(), this.theirs.end(), this.#reader.end()]);
    await Promise.all([this.#tidewire.stop(), this.#postgres.stop()]);
  }

  /** A schema, or one transaction. */
  async both(statements: readonly string[]): Promise<void> {
    for (const client of [this.theirs, this.ours]) {
      await client.query('BEGIN');
      for (const statement of statements) {
        await client.query(statement).catch((error: unknown) => {
          throw new Error(`${String(error)}\n${statement}`, { cause: error });
        });
      }
      await client.query('COMMIT');
    }
  }

  async createViews(queries: readonly ViewQuery[], moment: string): Promise<void> {
    for (const query of queries) {
      const view = `${query.name}_${moment}`;
      await this.ours.query(`CREATE MATERIALIZED VIEW ${view} AS ${query.sql}`).catch((error: unknown) => {
        throw new Error(`${query.name}: ${String(error)}`, { cause: error });
      });
      this.#views.push({ ...query, view });
    }
  }

  /** What differs, by view; nothing if all is right. `oneShot`: the query itself is asked too. */
  async differences(oneShot: boolean): Promise<Record<string, string>> {
    const wrong: Record<string, string> = {};
    for (const { name, view, sql, postgres } of this.#views) {
      const expected = await ask(this.theirs, postgres ?? sql);
      if (failed(expected)) throw new Error(`PostgreSQL: ${name}: ${expected.message}`);
      const rows = bag(expected.rows, expected.types, false);
      this.most.set(name, Math.max(this.most.get(name) ?? 0, rows.length));
      const text = rows.join('\n');
      if (this.#last.get(view) !== text) this.changes.set(name, (this.changes.get(name) ?? 0) + 1);
      this.#last.set(view, text);
      for (const [way, asked, client] of [
        [view, `SELECT * FROM ${view}`, this.ours] as const,
        [`${name} at once`, sql, this.ours] as const,
        [`${name} from a view`, sql, this.#reader] as const,
      ]) {
        if (way !== view && !oneShot) continue;
        const found = await ask(client, asked);
        if (failed(found)) wrong[way] = `${found.error} ${found.message}`;
        else {
          const types = found.types.join() === expected.types.join() ? '' : `types ${found.types.join()}; `;
          const differing = types + difference(rows, bag(found.rows, found.types, false));
          if (differing !== '') wrong[way] = differing;
        }
      }
    }
    return wrong;
  }
}
