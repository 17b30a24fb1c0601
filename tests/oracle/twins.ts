/**
 * Views that are, or have for a part, what others are, and views that nearly are: what is kept for one must be read for the
 * other, or must not.
 */
import { node, smaller, withoutOptional, type Node } from './node.ts';
import type { Random } from './random.ts';

/** Of these, which rows are the answer is a matter of a total order, which a smaller query need not have. */
const ORDERED = /^(top-k|window|rank filter|distinct on|exclude|session window|level 6|ambiguous)/;

/** Smaller queries that are looked at, of which one is taken. */
const CANDIDATES = 80;

const SAME = ['x.c1 IS NOT NULL', 'x.c2 IS NOT NULL', 'x.c1 IS NULL OR x.c2 IS NOT NULL', 'true'];

/** Queries over a view's that differ in what one of them leaves out. */
const FAMILIES: readonly (readonly ((from: Node, partner: Node) => readonly (string | Node)[])[])[] = [
  [
    (from) => ['SELECT count(*) AS n, x.c1 FROM ', from, ' GROUP BY x.c1'],
    (from) => ['SELECT x.c1, x.c2, count(*) AS n FROM ', from, ' GROUP BY x.c1, x.c2'],
    (from) => ['SELECT x.c2, count(*) AS n FROM ', from, ' GROUP BY x.c2, x.c1'],
    (from) => ['SELECT count(*) AS n FROM ', from],
    // Of some types, as which it can be read.
    (from) => ['SELECT x.c1, count(*) AS n FROM ', from, " GROUP BY x.c1 HAVING x.c1 = '1'"],
    (from) => [
      'SELECT count(*) AS n FROM ',
      from,
      " WHERE x.c2 IN ('1', '2') AND x.c1 = '1' GROUP BY x.c1, x.c2",
    ],
  ],
  [
    (from) => ['SELECT DISTINCT x.c1 FROM ', from],
    (from) => ['SELECT DISTINCT x.c2, x.c1 FROM ', from],
    (from) => ['SELECT DISTINCT x.c2 FROM ', from],
  ],
  SAME.map((condition) => (from: Node) => ['SELECT count(*) AS n FROM ', from, ` WHERE ${condition}`]),
  ['', ' AND x.c2 IS DISTINCT FROM y.c2', ' AND (x.c2 IS NULL OR y.c2 IS NOT NULL)'].map(
    (and) => (from: Node, partner: Node) => [
      ...['SELECT count(*) AS n FROM (SELECT DISTINCT x.c1, x.c2 FROM ', from, ') AS x JOIN '],
      ...['(SELECT DISTINCT y.c1, y.c2 FROM ', partner, `) AS y ON x.c1 = y.c1${and}`],
    ],
  ),
  ['', 'NOT '].flatMap((not) =>
    ['', ' AND y.c2 IS NOT NULL'].map((and) => (from: Node, partner: Node) => [
      ...['SELECT x.c1 FROM ', from, ` WHERE ${not}EXISTS (SELECT FROM `],
      ...[partner, ` WHERE y.c1 = x.c1${and})`],
    ]),
  ),
];

/** Queries that have to do with a view's; PostgreSQL may refuse one. */
export function twinsOf(random: Random, tree: Node, features: ReadonlySet<string>): Node[] {
  const isOrdered = [...features].some((tag) => ORDERED.test(tag));
  return random.weighted<() => Node[]>([
    [1, () => [tree]],
    [
      4,
      () => {
        const family = random.pick(FAMILIES);
        const [one, other] = [random.pick(family), random.pick(family)];
        const [x, y] = ['x', 'y'].map((name) => node('plain', '(', tree, `) AS ${name}`));
        return [one, other].map((query) => node('plain', ...query(x!, y!)));
      },
    ],
    [isOrdered ? 0 : 3, () => [random.pick([tree, ...withoutOptional(tree)])]],
    [isOrdered ? 0 : 3, () => [random.pick(nearby(tree))]],
  ])();
}

function nearby(tree: Node): Node[] {
  const found: Node[] = [tree];
  for (const other of smaller(tree)) {
    // The last are the least changed.
    if (found.push(other) > CANDIDATES) found.splice(1, CANDIDATES / 2);
  }
  return found;
}
