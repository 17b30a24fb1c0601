/** Which texts are taken for the same statement with other constants. */
import { expect, test } from 'vitest';
import { type Instance, instanceOf } from '../../sql/parse/template.ts';

/** As the second text of its shape. */
function instance(text: string): Instance | null {
  instanceOf(text);
  return instanceOf(text);
}

test('constants beside operators and assigned ones are parameters', () => {
  const cases: [string, string, string[]][] = [
    [
      "SELECT a FROM t WHERE b = 5 AND c < 'x''y'",
      'SELECT a FROM t WHERE b =  $1  AND c <  $2 ',
      ['5', "x'y"],
    ],
    ['select a from t where b + -1 > 2.5', 'select a from t where b +  $1  >  $2 ', ['-1', '2.5']],
    [
      'INSERT INTO t VALUES (1, - 2), (NULL, 3)',
      'INSERT INTO t VALUES ( $1 ,  $2 ), (NULL,  $3 )',
      ['1', '-2', '3'],
    ],
    [
      'UPDATE t SET a = 1 WHERE b IN (2, 3)',
      'UPDATE t SET a =  $1  WHERE b IN ( $2 ,  $3 )',
      ['1', '2', '3'],
    ],
    ['DELETE FROM "T" WHERE b BETWEEN 1 AND 2', 'DELETE FROM "T" WHERE b BETWEEN  $1  AND  $2 ', ['1', '2']],
  ];
  for (const [text, template, values] of cases) {
    const found = instance(text);
    expect([found?.template.parsed.source.text, found?.values]).toEqual([template, values]);
  }
});

test('other constants stay', () => {
  const found = instance(
    "SELECT 1, f(2), a + 3 FROM t WHERE b = 4 AND g(5) AND c = date '2026-01-01' GROUP BY a + 3 ORDER BY 1 LIMIT 6",
  );
  expect(found?.values).toEqual(['4']);
  for (const text of [
    'SELECT 1',
    'SELECT a FROM t WHERE 1 = 0',
    'SELECT a FROM t WHERE b = $1 AND c = 2',
    'SELECT a FROM t WHERE b = 1; SELECT 2',
    "SELECT a FROM t WHERE at < 'now'",
    'CREATE VIEW v AS SELECT a FROM t WHERE b = 1',
    "SELECT a FROM t WHERE b = E'x'",
  ]) {
    expect([text, instance(text)]).toEqual([text, null]);
  }
});

test('one template for all texts of a shape, another for other types and other constants that stay', () => {
  const of = (text: string): unknown => instance(text)?.template;
  const first = of('SELECT a FROM t WHERE b = 1 LIMIT 1');
  expect(first).toBeDefined();
  expect(of('select  a from T where b=2 limit 1 -- again')).toBe(first);
  expect(of('SELECT a FROM t WHERE b = 1 LIMIT 2')).not.toBe(first);
  expect(of('SELECT a FROM t WHERE b = 3000000000 LIMIT 1')).not.toBe(first);
  expect(of("SELECT a FROM t WHERE b = '1' LIMIT 1")).not.toBe(first);
  expect(of('SELECT a FROM "t" WHERE b = 1 LIMIT 1')).not.toBe(first);
});
