/** The real pg_dump and pg_restore: what they write of Tidewire loads into PostgreSQL and into Tidewire, with the same rows. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, psqlMissing } from '../support/left-out.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { projectRoot } from '../support/root.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

interface Target {
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

const missing =
  psqlMissing() ??
  (['pg_dump', 'pg_restore'].every((program) => spawnSync(program, ['--version']).status === 0)
    ? null
    : 'pg_dump is not installed');

function run(program: string, { port, user, database }: Target, args: readonly string[], input = ''): string {
  const to = ['-h', '127.0.0.1', '-p', String(port), '-U', user, '-d', database];
  const done = spawnSync(program, [...to, ...args], { encoding: 'utf8', input, maxBuffer: 1 << 26 });
  // A table that refers to itself is worth a warning of --data-only.
  expect(done.stderr.replaceAll(/^pg_dump: (warning|detail|hint): .*\n/gm, '')).toBe('');
  expect(done.status).toBe(0);
  return done.stdout;
}

function load(target: Target, text: string): string {
  return run('psql', target, ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1'], text);
}

/** Of each kind of object what it does, not only that it is there. */
const ASKED = `
  SET search_path = public;
  SELECT b FROM shop.books b ORDER BY id; SELECT a FROM shop.authors a ORDER BY id;
  SELECT o FROM "Odd ""Name" o; SELECT p FROM plain p ORDER BY a, b; SELECT count(*) FROM empty;
  SELECT c FROM shop.cheap c ORDER BY id; SELECT x, y FROM cheap_again ORDER BY x; SELECT a, b FROM checked;
  SELECT p FROM shop.per_rating p ORDER BY rating; SELECT o FROM over_view o ORDER BY y;
  SELECT shop.label('PG'), shop.label('G', '!'), shop.twice(4); SELECT p FROM pairs(2) p;
  SELECT col_description('shop.books'::regclass, 2), obj_description('shop.books_author'::regclass, 'pg_class'),
    obj_description('shop'::regnamespace, 'pg_namespace'), obj_description('shop.twice(int)'::regprocedure, 'pg_proc');
  SELECT nextval('shop.numbers'), nextval('fresh');
  INSERT INTO shop.authors (name) VALUES ('next') RETURNING id, born;
  INSERT INTO shop.books (title, author_id) VALUES ('next', 100) RETURNING id, rating, double_price, code;`;

const REFUSED = [
  [`INSERT INTO checked VALUES (0, 'x')`, '44000'],
  [`INSERT INTO shop.books (title, author_id) VALUES ('', 100)`, '23514'],
  [`INSERT INTO shop.books (title, author_id) VALUES ('x', 5)`, '23503'],
  [`INSERT INTO shop.books (title, author_id, rating) VALUES ('a', 100, 'PG'), ('A', 100, 'PG')`, '23505'],
  [`INSERT INTO shop.authors (name, born) VALUES ('x', 1)`, '23514'],
] as const;

describeWith(missing, 'pg_dump of Tidewire', () => {
  let tidewire: Tidewire;
  let postgres: Postgres;
  let source: Target;
  let answers: string;
  const directory = mkdtempSync(join(tmpdir(), 'tidewire-dump-'));
  let databases = 0;

  const emptyPostgres = (): Target => {
    const target = { port: postgres.port, user: 'tidewire', database: `loaded${++databases}` };
    run('psql', { ...target, database: 'postgres' }, ['-q', '-c', `CREATE DATABASE ${target.database}`]);
    return target;
  };
  /** What it answers, without what the questions write. */
  const ask = (target: Target): string => load(target, `BEGIN; ${ASKED} ROLLBACK;`);

  beforeAll(async () => {
    [tidewire, postgres] = await Promise.all([startTidewire(), startPostgres()]);
    const owner = { port: postgres.port, user: 'postgres', database: 'postgres' };
    run('psql', owner, ['-q', '-c', 'CREATE ROLE tidewire SUPERUSER LOGIN']);
    source = { port: tidewire.port, user: 'tidewire', database: 'tidewire' };
    load(source, readFileSync(join(projectRoot, 'tests/fixtures/dumped.sql'), 'utf8'));
    load(
      source,
      `CREATE SOURCE counted FROM GENERATOR COUNTER (EVENTS 3);
       CREATE VIEW of_source AS SELECT * FROM counted; CREATE MATERIALIZED VIEW of_view AS SELECT count(*) FROM of_source;`,
    );
    // The questions take numbers of sequences, which no ROLLBACK gives back: the dumps come first.
  });
  afterAll(async () => {
    await Promise.all([tidewire?.stop(), postgres?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  test('loads into PostgreSQL, whatever its form', () => {
    const custom = join(directory, 'dump');
    run('pg_dump', source, ['-Fc', '-f', custom]);
    const plain = run('pg_dump', source, []);
    const inserts = run('pg_dump', source, ['--inserts']);
    const schema = run('pg_dump', source, ['--schema-only']);
    const data = run('pg_dump', source, ['--data-only', '--disable-triggers']);
    for (const text of [plain, schema]) expect(text).not.toMatch(/counted|of_source|of_view|tw_|TABLESPACE/);
    const first = emptyPostgres();
    load(first, plain);
    answers = ask(first);
    expect(answers).toContain('The Dispossessed');
    for (const [statement, sqlstate] of REFUSED) {
      const refused = spawnSync(
        'psql',
        [
          '-h',
          '127.0.0.1',
          '-p',
          String(first.port),
          '-U',
          first.user,
          '-d',
          first.database,
          '-v',
          'VERBOSITY=sqlstate',
        ],
        { encoding: 'utf8', input: statement },
      );
      expect(refused.stderr).toContain(sqlstate);
    }
    const second = emptyPostgres();
    load(second, inserts);
    expect(ask(second)).toBe(answers);
    const third = emptyPostgres();
    run('pg_restore', third, ['--exit-on-error', custom]);
    expect(ask(third)).toBe(answers);
    const fourth = emptyPostgres();
    load(fourth, schema);
    load(fourth, data);
    load(fourth, 'REFRESH MATERIALIZED VIEW shop.per_rating; REFRESH MATERIALIZED VIEW public.over_view');
    expect(ask(fourth)).toBe(answers);
  });

  test('loads into Tidewire', async () => {
    for (const form of [[], ['--inserts'], ['--no-owner', '--no-privileges', '--no-comments']]) {
      const other = await startTidewire();
      try {
        const target = { ...source, port: other.port };
        load(target, run('pg_dump', source, form));
        if (!form.includes('--no-comments')) expect(ask(target)).toBe(answers);
        const again = run('pg_dump', target, ['--schema-only']);
        const before = run('pg_dump', source, [
          '--schema-only',
          ...form.filter((each) => each === '--no-comments'),
        ]);
        const text = (dump: string): string => dump.replaceAll(/^\\(un)?restrict .*$/gm, '');
        expect(text(again)).toBe(text(before));
      } finally {
        await other.stop();
      }
    }
  });

  test('what it has locked stays as it is until it ends', async () => {
    const [dump, ddl] = [await tidewire.connect(), await tidewire.connect()];
    await ddl.query('CREATE TABLE kept (a int); CREATE VIEW over_kept AS SELECT a FROM kept');
    await dump.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await dump.query('LOCK TABLE over_kept IN ACCESS SHARE MODE');
    await expect(dump.query('LOCK TABLE missing IN ACCESS SHARE MODE')).rejects.toMatchObject({
      code: '42P01',
    });
    await dump.query('ROLLBACK');
    await dump.query('BEGIN; LOCK over_kept IN ACCESS SHARE MODE');
    await ddl.query('CREATE TABLE beside (a int)');
    await ddl.query(`SET lock_timeout = '100ms'`);
    await expect(ddl.query('DROP TABLE kept CASCADE')).rejects.toMatchObject({ code: '55P03' });
    await ddl.query('SET lock_timeout = 0');
    const dropped = ddl.query('DROP TABLE kept CASCADE');
    expect((await dump.query('SELECT count(*)::int AS n FROM over_kept')).rows).toEqual([{ n: 0 }]);
    await dump.query('COMMIT');
    await dropped;
    await expect(dump.query('LOCK TABLE beside IN ACCESS SHARE MODE')).rejects.toMatchObject({
      code: '25P01',
    });
    await Promise.all([dump.end(), ddl.end()]);
  });
});
