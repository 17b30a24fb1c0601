/** The HIR that statements become, as EXPLAIN prints it. */
import { expect, test } from 'vitest';
import { bindQuery, bindWrite } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { printHir } from '../../sql/explain/hir.ts';
import { environmentFor, makeCatalog, statementOf } from './fixture.ts';

const catalog = makeCatalog(undefined, {
  w: 'SELECT a, upper(b) AS b FROM t WHERE a > 1',
  top: 'SELECT a FROM t ORDER BY c DESC LIMIT 3',
  twice: 'WITH x AS (SELECT a FROM t) SELECT l.a FROM x l JOIN x r ON l.a = r.a',
});

function query(text: string, inView = false): string {
  const bound = bindQuery(statementOf(text).node, { ...environmentFor(text, catalog), inView });
  return `${printHir(bound.relation, catalog).trim()}\n`;
}

function write(text: string): string {
  const bound = bindWrite(statementOf(text).node, environmentFor(text, catalog));
  return `${printHir(bound.relation, catalog).trim()}\n`;
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SqlError) return `${error.sqlstate} at ${error.position ?? '-'}: ${error.message}`;
    throw error;
  }
  throw new Error('was accepted');
}

test('projection and filter', () => {
  expect(query(`SELECT a, b || 'x' AS y FROM t WHERE c > 1.5`)).toMatchInlineSnapshot(`
    "project #0, #5
      map (#1 || 'x')
        filter (#2 > 1.5)
          get public.t
    "
  `);
});

test('group by with functional dependency, having and hidden sort key', () => {
  expect(
    query('SELECT t.b, count(*) FROM t JOIN u ON t.a = u.a GROUP BY t.a HAVING sum(f) > 1 ORDER BY max(h)'),
  ).toMatchInlineSnapshot(`
    "project #1, #2, #4
      filter (#3 > 1)
        aggregate by (#0, #1): count(*), sum(#7), max(#9)
          inner join on (#0 = #5)
            get public.t
            get public.u
    "
  `);
});

test('IN lists, quantified subqueries, EXISTS', () => {
  expect(
    query(`SELECT a FROM t WHERE a IN (1, 2) AND a NOT IN (SELECT a FROM u) AND EXISTS (SELECT 1 FROM u)`),
  ).toMatchInlineSnapshot(`
    "project #0
      filter ((#0 in (1, 2)) and (not (int8(#0) any (#0 = #1) of subquery 1)) and exists(subquery 2))
        subquery 1:
          project #0
            get public.u
        subquery 2:
          project #5
            map 1
              get public.u
        get public.t
    "
  `);
});

test('full join using: the merged column is the first that is not null', () => {
  expect(query('SELECT a FROM t FULL JOIN u USING (a)')).toMatchInlineSnapshot(`
    "project #10
      map coalesce(int8(#0), #5)
        full join on (#0 = #5)
          get public.t
          get public.u
    "
  `);
});

test('distinct on is top-k', () => {
  expect(query('SELECT DISTINCT ON (b) a FROM t ORDER BY b, c DESC')).toMatchInlineSnapshot(`
    "top-k by #1 order by #1, #2 desc limit 1
      project #0..#2
        get public.t
    "
  `);
});

test('views stand for their definitions', () => {
  expect(query('SELECT b FROM w')).toMatchInlineSnapshot(`
    "project #1
      project #0, #5
        map upper(#1)
          filter (#0 > 1)
            get public.t
    "
  `);
  expect(query('SELECT a FROM top', true)).toMatchInlineSnapshot(`
    "project #0
      top-k order by #1 desc limit 3
        project #0, #2
          get public.t
    "
  `);
});

test('a view that is read twice has bindings of its own each time', () => {
  const text = query('SELECT count(*) FROM twice p, twice q');
  expect(new Set(text.match(/let l\d+/g))).toHaveLength(2);
});

test('time windows', () => {
  expect(query(`SELECT bid.auction, window_start FROM TUMBLE(bid, date_time, INTERVAL '10 s')`))
    .toMatchInlineSnapshot(`
    "project #0, #7
      time window of #5, slide interval '10 s', size interval '10 s'
        get public.bid
    "
  `);
  expect(query(`SELECT h.auction FROM HOP(bid, date_time, INTERVAL '2 s', INTERVAL '10 s') AS h`))
    .toMatchInlineSnapshot(`
    "project #0
      time window of #5, slide interval '2 s', size interval '10 s'
        get public.bid
    "
  `);
});

test.each([
  [`SELECT 1 FROM TUMBLE(bid, url, INTERVAL '1 s')`, '42804'],
  [`SELECT 1 FROM TUMBLE(bid, nope, INTERVAL '1 s')`, '42703'],
  [`SELECT 1 FROM TUMBLE(nope, date_time, INTERVAL '1 s')`, '42P01'],
  [`SELECT 1 FROM TUMBLE(bid, date_time, INTERVAL '1 month')`, '22023'],
  [`SELECT 1 FROM TUMBLE(bid, date_time, INTERVAL '0 s')`, '22023'],
  [`SELECT 1 FROM TUMBLE(bid, date_time)`, '42883'],
])('refused: %s', (text, sqlstate) => {
  expect(refusal(() => query(text))).toMatch(new RegExp(`^${sqlstate} at \\d+: `));
});

test('the n-th group of a regular expression', () => {
  expect(query(`SELECT (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] FROM bid`)).toMatchInlineSnapshot(`
    "project #7
      map subscript(regexp_match(#4, '(&|^)channel_id=([^&]*)'), 2)
        get public.bid
    "
  `);
});

test.each([
  ['SELECT now() AS n FROM t', '0A000 at 8: now() in a view is not supported'],
  ['SELECT current_date AS d FROM t', '0A000 at 8: CURRENT_DATE in a view is not supported'],
  [
    'SELECT gen_random_uuid() AS r FROM t',
    '0A000 at 8: volatile function gen_random_uuid() in a view is not supported',
  ],
  ['SELECT tw_now() AS n FROM t', '0A000 at 8: tw_now() is not supported'],
  ['SELECT a, a FROM t', '42701 at -: column "a" specified more than once'],
  ['SELECT a FROM t WHERE a = $1', '42P02 at 27: there is no parameter $1'],
])('not in a view: %s', (text, expected) => {
  expect(refusal(() => query(text, true))).toBe(expected);
});

test('deep nesting is an error, not a crash', () => {
  const text = `SELECT ${Array.from({ length: 4000 }, () => '1').join(' + ')}`;
  expect(['54001', 'ok']).toContain(
    (() => {
      try {
        query(text);
        return 'ok';
      } catch (error) {
        return (error as SqlError).sqlstate;
      }
    })(),
  );
});

test('insert: defaults, casts', () => {
  expect(write(`INSERT INTO u (f, b) VALUES (1, 'x'), ('2.5', 3)`)).toMatchInlineSnapshot(`
    "values (NULL, 'x', 1, t, date '2020-01-01'), (NULL, text(3), 2.5, t, date '2020-01-01')
    "
  `);
  expect(write(`INSERT INTO t (a, e) SELECT a, b FROM u`)).toMatchInlineSnapshot(`
    "project #2..#6
      map int4(#0), NULL, NULL, NULL, varchar(#1, 9, f)
        project #0, #1
          get public.u
    "
  `);
});

test('update: old row, then new row', () => {
  expect(write(`UPDATE u SET f = a, g = DEFAULT WHERE b = 'x'`)).toMatchInlineSnapshot(`
    "project #0..#4, #0, #1, #5, #6, #4
      map float8(#0), t
        filter (#1 = 'x')
          get public.u
    "
  `);
});

test('delete', () => {
  expect(write(`DELETE FROM u WHERE a IN (SELECT a FROM t)`)).toMatchInlineSnapshot(`
    "filter (#0 any (#0 = #1) of subquery 1)
      subquery 1:
        project #1
          map int8(#0)
            project #0
              get public.t
      get public.u
    "
  `);
});

test('update from and delete using keep what others join, for lowering to take once', () => {
  const text = 'UPDATE u SET b = t.b FROM t RETURNING t.a';
  const { joined, returning } = bindWrite(statementOf(text).node, environmentFor(text, catalog));
  expect([joined, returning?.length]).toEqual([5, 1]);
  expect(write(`UPDATE t SET b = u.b FROM u WHERE u.a = t.a`)).toMatchInlineSnapshot(`
    "project #0..#4, #0, #6, #2..#4
      filter (#5 = #0)
        cross join
          get public.t
          get public.u
    "
  `);
  expect(write(`DELETE FROM t USING u, v WHERE u.a = t.a AND v.x = t.a`)).toMatchInlineSnapshot(`
    "project #0..#4
      filter ((#5 = #0) and (#10 = #0))
        cross join
          get public.t
          cross join
            get public.u
            get public.v
    "
  `);
});

test('parameters are typed by their use or as declared', () => {
  const text = 'SELECT $1 + 1, b = $2, $3 FROM t LIMIT $4';
  const declared = [{ name: 'int8', typmod: -1 } as const];
  const { parameters } = bindQuery(statementOf(text).node, environmentFor(text, catalog, declared));
  expect(parameters.map((type) => type.name)).toEqual(['int8', 'text', 'text', 'int8']);
});
