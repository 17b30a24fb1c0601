/**
 * What each rule does to a query, and what the error law keeps it from doing.
 */
import { describe, expect, test } from 'vitest';
import { printMir } from '../../sql/explain/mir.ts';
import type { CatalogViewBody, Reference } from '../../sql/catalog.ts';
import { lowerQuery } from '../../sql/lower/lower.ts';
import { column, TRUE } from '../../sql/mir/scalar.ts';
import { filter, get, union } from '../../sql/mir/relation.ts';
import { evaluatorFor } from '../../sql/optimize/evaluate.ts';
import { optimize } from '../../sql/optimize/pipeline.ts';
import type { ReadableViews } from '../../sql/optimize/rules/read-views.ts';
import { bodyOf } from '../../sql/optimize/rules/read-views.ts';
import { PlanVerificationError, verify } from '../../sql/optimize/verify.ts';
import { bindText, catalog } from './compile.ts';
import { evaluate } from './evaluate.ts';
import { type } from './fake-catalog.ts';

function optimized(text: string): string {
  const keysOfObject = (object: number) => catalog.relation(object).keys;
  const lowered = lowerQuery(bindText(text), { keysOfObject, maintained: false });
  const rules = { fold: evaluatorFor((expression) => evaluate(expression, [])), keysOfObject, strict: true };
  return printMir(optimize(lowered, rules).relation, catalog);
}

/** As if `orders.customer_id` referred to `customers`. */
function withForeignKey(text: string, reference: Partial<Reference> = {}): string {
  const keysOfObject = (object: number) => catalog.relation(object).keys;
  const [orders, customers] = ['orders', 'customers'].map((name) => catalog.findRelation('public', name)!.id);
  const declared: Reference = {
    name: 'orders_customer_id_fkey',
    child: orders!,
    columns: [1],
    parentColumns: [0],
    onDelete: 'noAction',
    onUpdate: 'noAction',
    deferrable: false,
    validated: true,
    ...reference,
  };
  const lowered = lowerQuery(bindText(text), { keysOfObject, maintained: false });
  const rules = {
    fold: evaluatorFor((expression) => evaluate(expression, [])),
    keysOfObject,
    strict: true,
    foreignKeys: { to: (object: number) => (object === customers ? [declared] : []), use: () => undefined },
  };
  return printMir(optimize(lowered, rules).relation, catalog);
}

/** As if `u` were a materialized view of a query of two columns, of the types that `u` has. */
function withView(view: string, text: string, settings = 'UTC'): string {
  const keysOfObject = (object: number) => catalog.relation(object).keys;
  const rules = { fold: evaluatorFor((expression) => evaluate(expression, [])), keysOfObject, strict: true };
  const forms = { rowsOf: () => '', settings: 'UTC' };
  const lowered = (sql: string, maintained: boolean) =>
    lowerQuery(bindText(sql, maintained), { keysOfObject, maintained });
  const body = bodyOf(optimize(lowered(view, true), rules).simplified, rules, forms);
  const u = catalog.findRelation('public', 'u')!;
  const kept = { object: u.id, arrangement: 1, columns: u.columns.map((each) => each.type) };
  const used = new Set<CatalogViewBody>();
  const views: ReadableViews = {
    ...forms,
    settings,
    used,
    over: () => (body === null ? [] : [{ ...kept, body }]),
    use: (each) => used.add(each),
  };
  return printMir(optimize(lowered(text, false), { ...rules, views }).relation, catalog);
}

describe('a part that is all of a view', () => {
  const groups = 'select b, max(a) as m from t where c is not null group by b';
  const reads = (text: string, view = groups): boolean => withView(view, text).includes('get public.u');

  test('is read there', () => {
    expect(withView(groups, 'select max(a), b from t where c is not null group by b')).toBe(
      'project #1, #0\n  get public.u',
    );
    expect(
      withView(
        groups,
        'select o.id from (select b from t where c is not null group by b having max(a) > 3) x join orders o on o.id = x.b',
      ),
    ).not.toContain('public.t');
    expect(reads('select b, 2 * max(a) from t where c is not null group by b order by 2 limit 3')).toBe(true);
    const joined = 'select t.a, t.b from t join orders o on o.id = t.a';
    expect(reads('select count(*) as n from orders o, t where t.a = o.id group by t.b', joined)).toBe(true);
    // A filter alone keeps nothing.
    expect(reads('select a, b from t where b > 1', 'select a, b from t where b > 1')).toBe(false);
  });

  test.each([
    'select b, max(a) from t group by b',
    'select b, max(a) from t where c is not null and a > 1 group by b',
    'select b, min(a) from t where c is not null group by b',
    'select a, max(b) from t where c is not null group by a',
    'select max(a) from t where c is not null',
    'select b, max(a) from t where c is null group by b',
    'select b, max(a) from t where c is not null group by b, c',
    'select b, max(a) from (select b, a from t where c is not null limit 5) x group by b',
    'select b, max(a) from t join w on w.s = t.c group by b',
    'select b, max(a) filter (where a > 1) from t where c is not null group by b',
    'select b, max(a) from t where c is not null group by b having b > 5',
    'select b, max(a) from t where c is not null and a = 5 group by b',
  ])('is not %s', (text) => {
    expect(reads(text)).toBe(false);
  });

  test('is read for the groups that are wanted by their whole key', () => {
    const wanted = 'select max(a), b from t where c is not null and b = 5 group by b';
    expect(withView(groups, wanted)).toBe('project #1, #0\n  filter (#0 = 5)\n    get public.u');
    expect(reads(`select b, max(a) from t where c is not null group by b having b in (1, 2)`)).toBe(true);
    expect(reads('select distinct b, a from t where b = 3 and 4 = a', 'select distinct a, b from t')).toBe(
      true,
    );
    const joined = 'select t.b, max(t.a) as n from t join orders o on o.id = t.a group by t.b';
    expect(reads(joined.replace('group', 'where t.b = 3 group'), joined)).toBe(true);
    const pairs = 'select b, c, max(a) as n from t group by b, c';
    expect(
      reads('select n from (select a, b, count(*) as n from t group by a, b) x where a = 1', pairs),
    ).toBe(false);
    // The view has the error of another group.
    const sums = 'select b, sum(10 / a)::int4 as n from t group by b';
    expect(reads(sums.replace('group', 'where b = 3 group'), sums)).toBe(false);
  });

  test('is not one that raises what the view does not, or the other way round', () => {
    const view = 'select b, count(*)::int4 as n from t where 10 / a > 1 and b > 0 group by b';
    expect(reads('select b, count(*)::int4 from t where 10 / a > 1 and b > 0 group by b', view)).toBe(true);
    expect(reads('select b, count(*)::int4 from t where b > 0 and 10 / a > 1 group by b', view)).toBe(false);
    // The cast can fail, and is not read.
    expect(reads('select b from t where 10 / a > 1 and b > 0 group by b', view)).toBe(false);
    const safe = 'select b, max(a) as m from t where b > 0 and a <> 2 group by b';
    expect(reads('select max(a), b from t where a <> 2 and b > 0 group by b', safe)).toBe(true);
  });

  test('is computed under the same settings, where that matters', () => {
    const view = `select length((placed::timestamptz)::text) as l, max(id)::int4 as m from orders group by 1`;
    expect(withView(view, view)).toContain('get public.u');
    expect(withView(view, view, 'Asia/Tokyo')).not.toContain('get public.u');
    expect(withView(groups, groups, 'Asia/Tokyo')).toContain('get public.u');
  });
});

describe('a join with the table that a foreign key refers to', () => {
  const over = 'from orders o join customers c on c.id = o.customer_id';
  const plain = 'filter (#1 is not null)\n    project #0, #1\n      get public.orders';

  test('goes where only the key is read', () => {
    expect(withForeignKey(`select o.id ${over}`)).toBe(`project #0\n  ${plain}`);
    expect(withForeignKey(`select c.id ${over}`)).toBe(
      'filter (#0 is not null)\n  project #1\n    get public.orders',
    );
    expect(withForeignKey(`select count(*) as n ${over}`)).not.toContain('customers');
    expect(withForeignKey(`select o.id ${over} where c.id > 5`)).not.toContain('customers');
    expect(withForeignKey(`select o.id, t.c ${over} join t on t.a = o.id`)).not.toContain('customers');
    expect(
      withForeignKey(
        `select x.id from (select * from orders where total > 5) x join customers c on c.id = x.customer_id`,
      ),
    ).not.toContain('customers');
  });

  test('stays where more of it is read, or it may drop rows', () => {
    expect(withForeignKey(`select c.name ${over}`)).toContain('customers');
    expect(withForeignKey(`select o.id ${over} where c.credit > 5`)).toContain('customers');
    expect(withForeignKey('select o.id from orders o join customers c on c.id = o.id')).toContain(
      'customers',
    );
    expect(
      withForeignKey('select o.id from orders o join customers c on c.id = o.customer_id + 1'),
    ).toContain('customers');
    expect(
      withForeignKey(
        `select x.id from (select id, customer_id + 1 as customer_id from orders) x join customers c on c.id = x.customer_id`,
      ),
    ).toContain('customers');
  });

  test('stays where the foreign key may not hold', () => {
    expect(optimized(`select o.id ${over}`)).toContain('customers');
    expect(withForeignKey(`select o.id ${over}`, { deferrable: true })).toContain('customers');
    expect(withForeignKey(`select o.id ${over}`, { validated: false })).toContain('customers');
  });
});

describe('a top-k takes no more of a table than it wants of a join with what that refers to', () => {
  const over = 'from orders o join customers c on c.id = o.customer_id';
  const shown = (text: string, reference: Partial<Reference> = {}): string =>
    withForeignKey(`select x.id, x.name from (${text}) x`, reference).replaceAll(/\n */g, ' ');
  const below = /top-k .*join .*top-k order by #0 limit 10 filter \(#1 is not null\)/;

  test('where the order is by its columns', () => {
    expect(shown(`select o.id, c.name ${over} order by o.id limit 10`)).toMatch(below);
    expect(shown(`select o.id, c.name ${over} order by o.id offset 5 limit 10`)).toContain('limit 15 ');
    expect(shown(`select o.id, c.name ${over} order by o.placed limit 10`)).toContain('limit 10 with ties');
    expect(shown(`select o.id, c.name ${over} where o.total > 5 order by o.id limit 10`)).toMatch(
      /top-k.*top-k/,
    );
    expect(withForeignKey(`select o.id, c.name ${over} order by o.id desc limit 10`)).toMatch(
      /join[^]*top-k order by #0 desc limit 10\n/,
    );
  });

  test('not where rows may be dropped or come twice, the order is by others, or the foreign key may not hold', () => {
    for (const query of [
      `select o.id, c.name ${over} order by c.name limit 10`,
      `select o.id, c.name ${over} order by o.id, c.name limit 10`,
      `select o.id, c.name ${over} where c.credit > 5 order by o.id limit 10`,
      `select o.id, c.name ${over} and c.credit > o.total order by o.id limit 10`,
      `select c.id, c.name ${over} order by c.credit limit 10`,
      `select o.id, c.name ${over} join t on t.a = c.id order by o.id limit 10`,
    ])
      expect(shown(query).match(/top-k/g), query).toHaveLength(1);
    const plain = `select o.id, c.name ${over} order by o.id limit 10`;
    expect(shown(plain, { deferrable: true }).match(/top-k/g)).toHaveLength(1);
    expect(shown(plain, { validated: false }).match(/top-k/g)).toHaveLength(1);
  });
});

describe('a top-k takes no more of the kept side of an outer join than it wants', () => {
  const shown = (query: string): string =>
    optimized(`select x.id, x.name from (${query}) x`).replaceAll(/\n */g, ' ');
  const over = 'from orders o left join customers c on c.id = o.customer_id';
  const after = /let l0 = (?:project #0, #1 )?top-k order by #0 limit (\d+) get public.orders .*union/;

  test('where the order is by its columns', () => {
    expect(shown(`select o.id, c.name ${over} order by o.id limit 10`)).toMatch(after);
    expect(shown(`select o.id, c.name ${over} order by o.id offset 5 limit 10`)).toContain('limit 15 ');
    expect(shown(`select o.id, c.name ${over} order by o.placed limit 10`)).toContain('limit 10 with ties');
    expect(
      shown(
        'select o.id, c.name from customers c right join orders o on c.id = o.customer_id order by o.id limit 3',
      ),
    ).toMatch(after);
    expect(
      shown(
        'select o.id, c.name from customers c full join orders o on c.id = o.customer_id order by o.id limit 3',
      ),
    ).toMatch(after);
    expect(
      shown(`select o.id, c.name ${over} union all select o.id, 'x' ${over} order by 1 limit 4`),
    ).toContain('limit 4 get public.orders');
  });

  test('where they are the last that the query says', () => {
    const last = (query: string): string => optimized(query).replaceAll(/\n */g, ' ');
    expect(last(`select o.id, c.name ${over} order by o.id limit 10`)).toMatch(
      /^let l0 = .*top-k order by #0 limit 10 get/,
    );
    expect(last(`select o.id, c.name ${over} order by o.placed offset 1 limit 2`)).toContain(
      'limit 3 with ties',
    );
    expect(last(`select o.id, c.name ${over} limit 10`)).not.toContain('top-k');
    expect(last(`select o.id, c.name ${over} order by c.name limit 10`)).not.toContain('top-k');
  });

  test('not where it is by others, there is no limit, or what can fail is computed for all rows', () => {
    for (const query of [
      `select o.id, c.name ${over} order by c.name limit 10`,
      `select o.id, c.name ${over} order by o.id, c.name limit 10`,
      `select o.id, c.name ${over} order by o.id offset 10`,
      `select o.id, c.name, 1 / o.id as q ${over} order by o.id limit 10`,
      `select o.id, c.name from orders o join customers c on c.id = o.customer_id order by o.id limit 10`,
    ]) {
      expect(shown(query), query).not.toMatch(/let l\d = (?:project [#\d, .]+ )?top-k/);
      expect(shown(query).match(/top-k/g), query).toHaveLength(1);
    }
  });
});

describe('what is computed the same on both sides of a join', () => {
  const groups = '(select b, count(*) as n from t group by b)';
  const joins = (query: string): number => optimized(query).match(/join/g)?.length ?? 0;

  test('is read once where a key tells its rows apart', () => {
    expect(joins('select b / nullif((select max(v) from u), 0) as q from t')).toBe(1);
    expect(joins('select b + (select max(v) from u) as q, b - (select max(v) from u) as r from t')).toBe(1);
    expect(joins(`select x.n, y.n as m from ${groups} x join ${groups} y on x.b = y.b`)).toBe(0);
    expect(optimized(`select x.n from ${groups} x join ${groups} y on x.b = y.b`)).toContain('is not null');
  });

  test('not by other columns, nor where something else is computed', () => {
    expect(joins(`select x.b, y.b as c from ${groups} x join ${groups} y on x.n = y.n`)).toBe(1);
    const extremes = 'select b + (select max(v) from u) as q, b - (select min(v) from u) as r from t';
    expect(optimized(extremes).match(/constant \(\)/g)).toHaveLength(2);
  });
});

describe('an outer join looks for its partners once', () => {
  const joins = (query: string): string[] => optimized(query).match(/(anti )?join|negate/g) ?? [];
  const left = 'from orders o left join customers c on c.id = o.customer_id';

  test('where a row has at most one', () => {
    expect(joins(`select o.id, c.name ${left}`)).toEqual(['join', 'negate']);
    expect(joins(`select o.id, c.name ${left} and c.credit > 5 where o.total > 3`)).toEqual([
      'join',
      'negate',
    ]);
    expect(
      joins('select t.a, s.n from t left join (select k, count(*) as n from u group by k) s on s.k = t.b'),
    ).toEqual(['join', 'negate']);
    expect(joins('select o.id, c.name from customers c right join orders o on c.id = o.customer_id')).toEqual(
      ['join', 'negate'],
    );
  });

  test('of both sides of a full join, or of the side whose rows have one at most', () => {
    expect(joins('select o.total, c.name from orders o full join customers c on c.id = o.id')).toEqual([
      'join',
      'negate',
      'negate',
    ]);
    expect(joins('select x.a, x.b, y.b as c from t x full join t y on x.b = y.a').toSorted()).toEqual([
      'anti join',
      'join',
      'negate',
    ]);
  });

  test('not where there may be several, or other rows are joined than those that count', () => {
    expect(joins('select t.a, u.v from t left join u on u.k = t.b')).toEqual(['join', 'anti join']);
    expect(joins(`select o.id, c.name ${left} where c.credit > 5 or c.id is null`)).toContain('anti join');
    expect(joins(`select o.id, c.name ${left} where coalesce(c.credit, 0) < o.total`)).toContain('anti join');
  });
});

describe('what a top-k does not order by is computed behind it', () => {
  const inner = (text: string): string => optimized(`select x.y from (${text}) x where x.y <> 'z'`);
  const above = /\|\|[^]*top-k/;

  test('where the order has a key, or nothing is dropped', () => {
    expect(inner(`select a, c || 'x' as y from t order by a limit 5`)).toMatch(above);
    expect(inner(`select b, a, c || 'x' as y from t order by b desc, a limit 5`)).toMatch(above);
    expect(inner(`select distinct on (a) a, c || 'x' as y from t order by a`)).not.toMatch(/top-k/);
  });

  test('not where rows may tie, it can fail, or the order reads it', () => {
    expect(inner(`select b, c || 'x' as y from t order by b limit 5`)).not.toMatch(above);
    expect(inner(`select a, (1 / b)::text || 'x' as y from t order by a limit 5`)).not.toMatch(above);
    expect(inner(`select a, c || 'x' as y from t order by 2, a limit 5`)).not.toMatch(above);
  });

  test('not where more columns would be kept', () => {
    const text = `select x.y from (select o.id, o.total::text || c.name || o.placed::text as y
      from orders o join customers c on c.id = o.id order by o.id limit 5) x`;
    expect(optimized(text)).not.toMatch(above);
  });
});

describe('rules', () => {
  test('a binding that is read once goes', () => {
    expect(optimized('with x as (select a, b from t where b > 1) select a from x')).not.toContain('let');
  });

  test('a computed binding that is read twice stays', () => {
    const text =
      'with x as (select b, count(*) as n from t group by b) select x.n from x join x y on x.b = y.n';
    expect(optimized(text)).toContain('let');
  });

  test('constants are folded, what raises stays until it is reached', () => {
    expect(optimized('select a + (1 + 1) as x from t')).toContain('(#0 + 2)');
    expect(optimized('select 1 / 0 as x from t')).toContain('(1 / 0)');
    expect(optimized('select case when true then a else 1 / 0 end as x from t')).not.toContain('1 / 0');
  });

  test('predicates take one form', () => {
    expect(optimized('select a from t where not (b = 1 or b < 2)')).toContain(
      'filter (#1 <> 1) and (#1 >= 2)',
    );
    expect(optimized('select a from t where b = 1 or b = 2')).toContain('(#1 in (1, 2))');
    expect(optimized('select a from t where b = b')).toContain('(#1 is not null)');
  });

  test('an empty input empties what reads it', () => {
    expect(optimized('select t.a from t join u on t.b = u.k where false')).toBe('constant: no rows');
    expect(optimized('select b from t union all select k from u where null')).toBe(
      'project #1\n  get public.t',
    );
  });

  test('a condition on the NULL side makes an outer join an inner one', () => {
    const text = optimized('select t.a, u.v from t left join u on t.b = u.k where u.v = 2');
    expect(text).not.toContain('anti');
    expect(text).not.toContain('union');
  });

  test('a join on the NULL side makes an outer join an inner one', () => {
    const text = 'select x.a from (t left join u on t.b = u.k) x join customers c on c.id = x.v';
    expect(optimized(text)).not.toMatch(/anti|union/);
  });

  test('an outer join of which only rows without a partner are wanted is an anti join', () => {
    const text = optimized('select t.a from t left join u on t.b = u.k where u.k is null');
    expect(text).toMatch(/^project #0\n {2}anti join on #1 = right #0/);
  });

  test('a condition on the rows that outer joins keep is asked before all of them', () => {
    const over = 'from t x join t y on x.b = y.a left join u on u.k = x.b left join u z on z.k = u.v';
    const kept = optimized(`select x.a, u.v, z.v ${over} where y.b = 2 and x.b < y.b`);
    expect(kept.match(/filter/g)).toHaveLength(1);
    expect(kept).toMatch(
      /join on #1 = #2 and \(#1 < #3\)\n *project #0, #1\n *get public.t\n *filter \(#1 = 2\)/,
    );
    const raises = optimized(`select x.a, u.v, z.v ${over} where 1 / x.a = 2`);
    expect(raises).toMatch(/^let [^]*\nunion[^]*1 \/ #0[^]*1 \/ #0/);
  });

  test('equalities spread constants over a join', () => {
    const text = optimized(
      'select o.total from orders o join customers c on c.id = o.customer_id where c.id = 7',
    );
    expect(text).toMatch(/filter \(#0 is not distinct from 7\)\n *project #1, #2\n *get public.orders/);
  });

  test('a comma join gets its keys from WHERE', () => {
    expect(optimized('select t.a from t, u where t.b = u.k')).toContain('join on #1 = #2');
  });

  test('a predicate goes below a reduction by the keys that it reads', () => {
    const text = optimized(
      'select * from (select b, count(*) as n from t group by b) s where b = 2 and n > 1',
    );
    expect(text).toMatch(/^filter \(#1 > 1\)\n {2}reduce.*\n {4}filter \(#0 = 2\)/);
  });

  test('only columns that are read are carried', () => {
    expect(
      optimized('select n from (select b, count(*) as n, max(c) as m from t group by b) s'),
    ).not.toContain('max');
  });
});

describe('what keys make needless', () => {
  test('DISTINCT of rows with a key', () => {
    expect(optimized('select distinct a, b from t')).not.toContain('distinct');
    expect(optimized('select distinct b, c from t')).toContain('distinct');
    expect(optimized('select distinct on (a) a, b from t order by a, c')).not.toContain('top-k');
  });

  test('grouping by a key', () => {
    const text = optimized('select a, count(*) as n, max(c) as hi, sum(b) as s from t group by a, c');
    expect(text).not.toContain('reduce');
    expect(text).toContain('map #0, 1, #2, int8(#1)');
    // avg has no such form.
    expect(optimized('select a, avg(b) as m from t group by a')).toContain('reduce');
  });

  test('a guard for one row', () => {
    expect(optimized('select a, (select c from t y where y.a = t.b) as c from t')).not.toContain('guard');
    expect(optimized('select a, (select v from u where u.k = t.b) as c from t')).toContain('guard');
  });

  test('a join of a relation with itself by its key', () => {
    const text = optimized('select x.b, y.c from t x join t y on x.a = y.a where y.b > 1');
    expect(text).not.toContain('join');
    expect(text).toContain('filter (#0 > 1)\n  project #1, #2');
    expect(optimized('select x.b, y.c from t x join t y on x.a = y.b')).toContain('join');
  });

  test('an outer join of which only the kept side is read', () => {
    expect(optimized('select o.total from orders o left join customers c on c.id = o.customer_id')).toBe(
      'project #2\n  get public.orders',
    );
    // Several partners multiply the rows.
    expect(optimized('select t.a from t left join u on t.b = u.k')).toContain('join');
    expect(
      optimized('select o.id, c.name from orders o left join customers c on c.id = o.customer_id'),
    ).toContain('join');
  });

  test('an aggregate that has a row in any case, which nobody reads', () => {
    const text = 'select t.a from t left join (select max(k) as m, count(*) as n from u) s on true';
    expect(optimized(text)).toBe('project #0\n  get public.t');
  });

  test('DISTINCT inside an aggregate', () => {
    const text = 'select b, count(distinct a) as n, max(distinct c) as m from t group by b';
    expect(optimized(text)).toContain('reduce by (#1): count(#0), max(#2)');
    expect(
      optimized('select x.b, count(distinct x.a) as n from t x join u on u.k = x.b group by x.b'),
    ).toContain('count(distinct');
  });

  test('the canonical form of numbers that have one', () => {
    const text = optimized('select x, count(*) as n from (select a::numeric as x from t) y group by x');
    expect(text).not.toMatch(/canonical|least/);
    expect(optimized('select n, count(*) as c from w group by n')).toMatch(/canonical.*least/);
  });

  test('a threshold of what is never negative', () => {
    const text = 'select distinct b from (select b from t except all select k from u) s';
    expect(optimized(text)).not.toContain('threshold');
    expect(optimized('select b from t except all select k from u')).toContain('threshold');
  });
});

test('what two places compute the same is computed once', () => {
  const joined = 'select t.b, u.v from t join u on t.b = u.k';
  const text = optimized(
    `select b from (${joined}) x group by b having max(v) >= (select avg(v) from (${joined}) y)`,
  );
  expect(text.match(/get public.u/g)).toHaveLength(1);
  // A filter is not worth a name.
  expect(optimized('select a from t where b > 1 union all select a from t where b > 1')).not.toContain('let');
});

describe('the error law', () => {
  test('a predicate that can fail stays above the join that drops its rows', () => {
    const text = optimized('select t.a from t join u on t.b = u.k where 6 / t.b > 1');
    expect(text).toContain('join on #1 = #2 and ((6 / #1) > 1)');
  });

  test('one that cannot fail goes below', () => {
    expect(optimized('select t.a from t join u on t.b = u.k where t.b / 2 > 1')).toMatch(
      /filter \(\(#1 \/ 2\) > 1\)/,
    );
  });

  test('conditions keep their order after one that can fail', () => {
    expect(optimized('select a from t where b <> 0 and 6 / b > 1')).toContain(
      'filter (#1 <> 0) and ((6 / #1) > 1)',
    );
  });

  test('a subquery under CASE is computed for the rows that reach it', () => {
    const text = optimized('select case when b > 1 then (select 1 / v from u) end as x from t');
    expect(text).toMatch(/map \(1 \/ #\d\)\n *cross join/);
  });
});

describe('the verifier', () => {
  const columns = [type('int4'), type('text')];

  test('names the rule that broke a plan', () => {
    const broken = filter(get(16385, columns), [column(7, type('bool'))]);
    expect(() => verify(broken, columns, 'some-rule', true)).toThrow(PlanVerificationError);
    expect(() => verify(broken, columns, 'some-rule', true)).toThrow(
      'after some-rule: filter reads column 7 of 2',
    );
  });

  test('refuses other columns than before', () => {
    const relation = get(16385, columns);
    expect(() => verify(relation, [type('int4')], 'r', true)).toThrow('result has 2 columns, not 1');
    expect(() => verify(relation, [type('int4'), type('int4')], 'r', true)).toThrow('column 1 is text');
  });

  test('refuses a union of different types', () => {
    const mixed = union([get(16385, columns), filter(get(16385, [...columns].reverse()), [TRUE])]);
    expect(() => verify(mixed, mixed.columns, 'r', true)).toThrow('union of text with int4');
  });
});

describe('a top-k takes no more of each input of a union than it wants', () => {
  const count = (text: string): number => optimized(text).split('top-k').length - 1;

  test('of each that is not limited itself', () => {
    const union = 'select a, b from t union all select k, v from u';
    expect(count(`select * from (${union} order by b limit 4) s`)).toBe(3);
    expect(count(`select a from (${union}) s order by b limit 4 offset 1`)).toBe(2);
    expect(
      count(`(select a, b from t order by b limit 2) union all select k, v from u order by 2 limit 4`),
    ).toBe(2);
  });

  test('not where rows take others back, or all are wanted', () => {
    expect(count('select a from t except all select k from u order by 1 limit 4')).toBe(0);
    expect(count('select a from t union all select k from u order by 1')).toBe(0);
  });
});
