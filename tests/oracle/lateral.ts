/** Items of FROM that read what stands to their left, from level 5: LATERAL subqueries and table functions. */
import type { From } from './from.ts';
import { node, type Node } from './node.ts';
import { tableFunction } from './table-functions.ts';
import { select, type Relation, type State } from './queries.ts';

const LEAST_LEVEL = 5;

/** The joined FROM with such an item, or null where there shall be none. */
export function lateralJoin(state: State, left: From): From | null {
  const { random, features } = state;
  const outer = left.scope.filter((column) => column.type !== 'shown');
  if (state.level < LEAST_LEVEL || state.safe || outer.length === 0 || !random.chance(0.25)) return null;
  const alias = `r${state.names.next++}`;
  const right = random.chance(0.65) ? subqueryItem(state, left, alias) : tableFunction(state, alias, outer);
  const keepsLeft = random.chance(0.4);
  features.add(keepsLeft ? 'left join lateral' : 'join lateral');
  const [word, end] = keepsLeft ? [' LEFT JOIN LATERAL ', ' ON true'] : [' CROSS JOIN LATERAL ', ''];
  return {
    tree: node('plain', left.tree, word, right.tree, end),
    scope: [...left.scope, ...right.scope],
  };
}

function subqueryItem(state: State, left: From, alias: string): From {
  const { tree, columns } = subquery(state, left);
  return {
    tree: node('plain', tree, ` AS ${alias} (${names(columns)})`),
    scope: columns.map((column) => ({ sql: `${alias}.${column.name}`, type: column.type })),
  };
}

const names = (columns: Relation['columns']): string => columns.map((column) => column.name).join(', ');

/** Aggregates, duplicates and limits within each row of the left side. */
function subquery(state: State, left: From): Relation {
  const { random, features } = state;
  const outer = left.scope.filter((column) => column.type !== 'shown');
  const body = select({ ...state, level: random.pick([2, 3, 3]) }, null, 0, outer);
  if (random.chance(0.7)) return { ...body, tree: node('plain', '(', body.tree, ')') };
  features.add('top-k per row');
  // By all columns: the order is total, up to values that are equal and look different.
  const order = body.columns.map((_, index) => `${index + 1}${random.pick(['', ' DESC', ' NULLS FIRST'])}`);
  const limit = ` ORDER BY ${order.join(', ')} LIMIT ${random.between(1, 2)}`;
  if (
    body.columns.some(({ type }) =>
      ['shown', 'numeric', 'interval', 'jsonb', 'bpchar', 'numrange'].includes(type),
    )
  ) {
    features.add('ambiguous');
  }
  return { ...body, tree: node('plain', '(', body.tree, limit, ')') };
}

/** GROUP BY of these keys, some of them in grouping sets. */
export function groupingSets(state: State, keys: readonly Node[], plain: Node): Node {
  const { random, features } = state;
  if (state.level < LEAST_LEVEL || state.safe || keys.length === 0 || !random.chance(0.2)) return plain;
  features.add('grouping sets');
  const all = keys.flatMap((key, index) => (index === 0 ? [key] : [', ', key]));
  return random.weighted<() => Node>([
    [2, () => node('plain', ' GROUP BY ROLLUP (', ...all, ')')],
    [1, () => node('plain', ' GROUP BY CUBE (', ...all, ')')],
    [
      1,
      () => {
        const each = keys.flatMap((key) => ['(', key, '), ']);
        return node('plain', ' GROUP BY GROUPING SETS (', ...each, '())');
      },
    ],
  ])();
}
