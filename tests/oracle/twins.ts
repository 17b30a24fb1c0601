/**
 * Views that are, or have for a part, what others are, and views that nearly are: what is kept for one must be read for the
 * other, or must not.
 */
import { node, smaller, type Node } from './node.ts';
import type { Random } from './random.ts';

/** Of these, which rows are the answer is a matter of a total order, which a smaller query need not have. */
const ORDERED = /^(top-k|window|rank filter|distinct on|exclude|session window|level 6|ambiguous)/;

/** Smaller queries that are looked at, of which one is taken. */
const CANDIDATES = 80;

/** A query that has to do with a view's; PostgreSQL may refuse it. */
export function twinOf(random: Random, tree: Node, features: ReadonlySet<string>): Node {
  const isOrdered = [...features].some((tag) => ORDERED.test(tag));
  return random.weighted<() => Node>([
    [2, () => tree],
    [2, () => node('plain', 'SELECT count(*) AS n FROM (', tree, ') AS x')],
    [1, () => node('plain', 'SELECT DISTINCT x.c1 FROM (', tree, ') AS x')],
    [
      1,
      () =>
        node('plain', 'SELECT count(*) AS n FROM (', tree, ') AS x JOIN (', tree, ') AS y ON x.c1 = y.c1'),
    ],
    [1, () => node('plain', 'SELECT count(x.c1) AS n FROM (', tree, ') AS x WHERE x.c1 IS NOT NULL')],
    [isOrdered ? 0 : 6, () => random.pick(nearby(tree))],
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
