/**
 * Golden output of every stage. `UPDATE_GOLDEN=1 npx vitest run tests/plans/golden.test.ts` rewrites the files.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Purpose } from '../../sql/compile.ts';
import { compileText, compileWriteText } from './compile.ts';

const folder = new URL('./golden/', import.meta.url);
const view: Purpose = { kind: 'maintain', arrangement: 1, name: 'view' };
const subscribe: Purpose = { kind: 'subscribe', name: 'subscription' };

interface Case {
  readonly name: string;
  readonly sql: string;
  readonly purpose?: Purpose | 'write';
}

const CASES: readonly Case[] = [
  { name: 'point-look-up', sql: 'select b from t where a = $1' },
  { name: 'look-up-of-several-keys', sql: 'select b from t where a in (1, 2) or a = 3' },
  { name: 'index-look-up', sql: 'select a from t where b = 5 and c > $$x$$' },
  { name: 'range-scan', sql: 'select c from t where b between $1 and 10 and c is not null' },
  { name: 'range-scan-of-a-key', sql: 'select b from t where 100 < a' },
  { name: 'order-and-limit', sql: 'select c from t where b > 1 order by b desc, a limit 10 offset 2' },
  { name: 'sorted-scan', sql: 'select b, c from t order by a limit 3' },
  { name: 'sorted-scan-of-a-part', sql: 'select a from t where b = 5 and c > $1 order by a desc limit $2' },
  { name: 'extremes-in-order', sql: 'select min(a) as lo, max(a) as hi from t' },
  { name: 'extremes-of-a-part', sql: 'select min(b) as lo, max(b) as hi from t where c > $1' },
  {
    name: 'first-rows-in-a-join',
    sql: 'select s.a, u.v from (select a, b from t order by a desc limit 3) s join u on u.k = s.b',
  },
  {
    name: 'first-rows-of-a-union',
    sql: 'select a, b from t union all select k, v from u order by b desc nulls last, a limit 3',
  },
  {
    name: 'view-first-rows-of-a-union',
    sql: 'select a from (select a, b from t where c is not null union all select k, v from u) s order by b limit 2 offset 1',
    purpose: view,
  },
  {
    name: 'view-join-aggregate',
    sql: 'select c.name, sum(o.total) as total, count(*) as n from orders o join customers c on c.id = o.customer_id group by c.name',
    purpose: view,
  },
  { name: 'join-once', sql: 'select o.total from orders o join u on u.k = o.customer_id where u.v = 5' },
  {
    name: 'view-share-of-the-whole',
    sql: 'select k, sum(v) / nullif((select sum(v) from u), 0) as share from u group by k',
    purpose: view,
  },
  {
    name: 'view-partners-once',
    sql: `select o.id, o.total, c.name from orders o left join customers c on c.id = o.customer_id and c.credit > 5
      where o.total > 3`,
    purpose: view,
  },
  {
    name: 'view-delta-join',
    sql: `select x.c, y.c as d, z.c as e from t x join t y on y.b = x.b join t z on z.a = y.b where x.a < y.a`,
    purpose: view,
  },
  {
    name: 'view-monotonic',
    sql: `select m.k, m.n, m.least, f.v from (select k, count(*) as n, min(v) as least from feed group by k) m
      join (select distinct on (k) k, v from feed order by k, v desc) f on f.k = m.k`,
    purpose: view,
  },
  {
    name: 'view-rows-of-extremes',
    sql: `select f.k, f.v, m.most from feed f join (select k, max(v) as most from feed group by k) m
      on m.k = f.k and m.most = f.v where f.v > 'm'`,
    purpose: view,
  },
  {
    name: 'view-left-join-without-partner',
    sql: 'select o.id from orders o left join customers c on c.id = o.customer_id where c.id is null',
    purpose: view,
  },
  {
    name: 'view-no-later-row',
    sql: `select f.k, f.v from feed f where not exists (select 1 from feed g where g.k = f.k and g.v > f.v)`,
    purpose: view,
  },
  {
    name: 'view-another-row',
    sql: `select f.k, f.v from feed f where exists (select 1 from feed g where g.k = f.k and g.v <> f.v)`,
    purpose: view,
  },
  {
    name: 'view-comma-join',
    sql: `select c.name, o.placed, t.c from orders o, customers c, t
      where o.customer_id = c.id and t.a = c.id and c.name = 'ann' and o.total > 10`,
    purpose: view,
  },
  { name: 'view-left-join', sql: 'select t.a, u.v from t left join u on t.b = u.k', purpose: view },
  { name: 'view-full-join-residual', sql: 'select t.a, u.v from t full join u on t.b < u.k', purpose: view },
  {
    name: 'view-aggregate-classes',
    sql: 'select b, count(*) as n, max(c) as hi, count(distinct c) as m, sum(a) filter (where c is null) as s from t group by b',
    purpose: view,
  },
  { name: 'view-numeric-group', sql: 'select n, count(*) as c from w group by n', purpose: view },
  { name: 'view-global-aggregate', sql: 'select count(*) as n, sum(b) as s from t', purpose: view },
  { name: 'view-not-in', sql: 'select a from t where b not in (select k from u)', purpose: view },
  {
    name: 'view-scalar-subquery',
    sql: 'select a from t where b > (select avg(v) from u where k = 1)',
    purpose: view,
  },
  {
    name: 'subquery-under-case',
    sql: 'select a, case when b > 1 then (select 1 / v from u) else 0 end as x from t',
  },
  {
    name: 'view-correlated-count',
    sql: 'select a, (select count(*) + 1 from u where u.k = t.b) as n from t',
    purpose: view,
  },
  {
    name: 'view-correlated-domain',
    sql: 'select a from t where exists (select 1 from u where u.k = t.b and u.v <> t.a) or b is null',
    purpose: view,
  },
  {
    name: 'view-lateral-top-k',
    sql: 'select c.name, o.total from customers c left join lateral (select total from orders where customer_id = c.id order by total desc limit 2) o on true',
    purpose: view,
  },
  {
    name: 'view-generate-series',
    sql: 'select t.a, g, n from t, generate_series(1, t.b) with ordinality s(g, n)',
    purpose: view,
  },
  {
    name: 'view-grouping-sets',
    sql: 'select b, c, count(*) as n, grouping(b, c) as g from t group by rollup (b, c)',
    purpose: view,
  },
  { name: 'view-except-all', sql: 'select b from t except all select k from u', purpose: view },
  { name: 'view-top-k', sql: 'select a, b from t order by b desc limit 3', purpose: view },
  {
    name: 'view-window',
    sql: `select id, row_number() over (partition by customer_id order by placed desc) as n,
      sum(total) over (partition by customer_id order by id rows between 2 preceding and current row) as s from orders`,
    purpose: view,
  },
  {
    name: 'view-latest-of-each',
    sql: `select customer_id, id, total from (
      select *, row_number() over (partition by customer_id order by placed desc) as n from orders) x where n = 1`,
    purpose: view,
  },
  {
    name: 'view-rank-top-k',
    sql: `select customer_id, id, r from (
      select *, rank() over (partition by customer_id order by total desc) as r from orders) x where r <= 3`,
    purpose: view,
  },
  {
    name: 'view-dense-rank',
    sql: `select customer_id, id from (
      select *, dense_rank() over (partition by customer_id order by total desc) as r from orders) x where r <= 3`,
    purpose: view,
  },
  {
    name: 'view-tumble',
    sql: `select window_start, count(*) as n from tumble(orders, placed, interval '10 seconds') group by window_start`,
    purpose: view,
  },
  {
    name: 'view-hop',
    sql: `select window_start, count(*) as n from hop(orders, placed, interval '2 seconds', interval '10 seconds') group by window_start`,
    purpose: view,
  },
  {
    name: 'view-predicate-push-down',
    sql: 'select * from (select b, count(*) as n, max(a) as m from t group by b) s where b = 2 and n > 1',
    purpose: view,
  },
  { name: 'subscribe-filter', sql: 'select a from t where b = 2', purpose: subscribe },
  {
    name: 'insert-values',
    sql: "insert into t values (1, 2, 'x'), (2, 1 + 1, upper('y')) returning a",
    purpose: 'write',
  },
  { name: 'insert-select', sql: 'insert into u select a, b from t', purpose: 'write' },
  { name: 'update', sql: 'update t set b = b + 1 where a = 3 returning b', purpose: 'write' },
  { name: 'delete', sql: 'delete from t where b = 1', purpose: 'write' },
];

/** Stages in which what each operator reuses and makes is shown too. */
const WITH_ARRANGEMENTS = new Set([
  'view-join-aggregate',
  'view-left-join',
  'view-aggregate-classes',
  'view-window',
  'view-rank-top-k',
  'view-scalar-subquery',
  'join-once',
]);

const STAGES = ['raw', 'decorrelated', 'optimized', 'physical'] as const;

describe('golden plans', () => {
  test.each(CASES)('$name', ({ name, sql, purpose }) => {
    const compiled = purpose === 'write' ? compileWriteText(sql) : compileText(sql, purpose);
    const stages = STAGES.map((stage) => `-- ${stage}\n${compiled.explain(stage, 'text')}\n`);
    if (WITH_ARRANGEMENTS.has(name)) {
      const text = compiled.explain('physical', 'text', { arrangements: true });
      stages.push(`-- physical with arrangements\n${text}\n`);
    }
    const text = `${sql};\n\n${stages.join('\n')}`;
    const file = new URL(`${name}.txt`, folder);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, text);
    }
    if (!existsSync(file)) throw new Error(`no golden plan ${name}: run with UPDATE_GOLDEN=1`);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  test('the plans as the engine reads them', () => {
    // engine/crates/plan/tests/golden.rs decodes this file.
    const plans = CASES.map(({ sql, purpose }) =>
      purpose === 'write' ? compileWriteText(sql).plan : compileText(sql, purpose).plan,
    );
    const text = `${plans.map((plan) => JSON.stringify(plan)).join('\n')}\n`;
    const file = new URL('plans.jsonl', folder);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  test('JSON of each stage can be read', () => {
    const compiled = compileText('select a from t where b = 1');
    for (const stage of STAGES) {
      expect(() => JSON.parse(compiled.explain(stage, 'json')) as unknown).not.toThrow();
    }
    const { plan, arrangements, hints } = JSON.parse(
      compiled.explain('physical', 'json', { arrangements: true }),
    ) as { plan: unknown; arrangements: unknown; hints: unknown };
    expect(plan).toEqual(JSON.parse(compiled.explain('physical', 'json')));
    const index = { relation: 'public.t', key: ['b'], kind: 'index', name: 't_b', users: [] };
    expect(arrangements).toEqual([
      { node: 0, reuses: index },
      { node: 1, keeps: 'nothing' },
    ]);
    expect(hints).toEqual([]);
  });
});
