/** Functions in FROM that give rows: alone, several in step, numbered. They never raise an error. */
import type { ScopeColumn } from './expressions.ts';
import type { From } from './from.ts';
import { node, type Node } from './node.ts';
import { context, type State } from './queries.ts';
import { want } from './expressions.ts';
import type { Type } from './schema.ts';

interface Call {
  readonly tree: Node;
  readonly types: readonly Type[];
}

/** `outer`: what stands to its left. */
export function tableFunction(state: State, alias: string, outer: readonly ScopeColumn[]): From {
  const { random, features } = state;
  const together = random.chance(0.35);
  const calls = Array.from({ length: together ? random.between(2, 3) : 1 }, () => call(state, outer));
  const numbered = random.chance(0.4);
  // Unlike other rows those of a call have a place, and PostgreSQL numbers them by it.
  if (numbered) features.add('with ordinality');
  if (together) features.add('rows from');
  const types: Type[] = [...calls.flatMap((one) => one.types), ...(numbered ? (['int8'] as const) : [])];
  const names = types.map((_, index) => `c${index + 1}`);
  const inner = calls.flatMap(({ tree }, index) => (index === 0 ? [tree] : [', ', tree]));
  return {
    tree: node(
      'plain',
      ...(together ? ['ROWS FROM (', ...inner, ')'] : inner),
      `${numbered ? ' WITH ORDINALITY' : ''} AS ${alias} (${names.join(', ')})`,
    ),
    scope: types.map((type, index) => ({ sql: `${alias}.${names[index]!}`, type })),
  };
}

const ARRAYS = ['int4[]', 'text[]', 'mood[]'] as const;
const elementOf = (type: (typeof ARRAYS)[number]): Type => type.slice(0, -2) as Type;

function call(state: State, outer: readonly ScopeColumn[]): Call {
  const { random, features } = state;
  const scope = { ...context(state, outer, false), safe: true };
  const value = (type: Type): Node => want(scope, type, random.below(2));
  const made = (name: string, types: readonly Type[], ...parts: (string | Node)[]): Call => {
    features.add(name);
    return { tree: node('plain', ...parts), types };
  };
  return random.weighted<() => Call>([
    [3, () => made('generate_series', ['int4'], series(state, outer))],
    [
      2,
      () => {
        const type = random.pick(ARRAYS);
        return made('unnest', [elementOf(type)], 'unnest(', value(type), ')');
      },
    ],
    [
      1,
      () => {
        const [one, other] = [random.pick(ARRAYS), random.pick(ARRAYS)];
        const parts = ['unnest(', value(one), ', ', value(other), ')'];
        return made('unnest of several arrays', [elementOf(one), elementOf(other)], ...parts);
      },
    ],
    [
      1,
      () =>
        made(
          'string_to_table',
          ['text'],
          'string_to_table(',
          value('text'),
          `, ${random.pick(["'a'", 'NULL', "' '"])})`,
        ),
    ],
    [
      1,
      () =>
        made(
          'regexp_split_to_table',
          ['text'],
          'regexp_split_to_table(',
          value('text'),
          `, ${random.pick(["'a'", "''", "'[ab]'"])})`,
        ),
    ],
    [
      1,
      () =>
        made(
          'jsonb_path_query',
          ['jsonb'],
          'jsonb_path_query(',
          value('jsonb'),
          `, ${random.pick(["'$.*'", "'$[*]'", "'$.a'"])})`,
        ),
    ],
    [1, () => made('unnest of a multirange', ['int4range'], 'unnest(', value('int4multirange'), ')')],
    [
      0.7,
      () => made('generate_subscripts', ['int4'], 'generate_subscripts(', value(random.pick(ARRAYS)), ', 1)'),
    ],
  ])();
}

/** A short series of integers. */
function series({ random }: State, outer: readonly ScopeColumn[]): string {
  const integers = outer.filter(({ type }) => ['int2', 'int4', 'int8'].includes(type));
  const bound = (): string =>
    integers.length > 0 && random.chance(0.8)
      ? `(${random.pick(integers).sql} % 4)::int4`
      : String(random.between(0, 3));
  return `generate_series(${bound()}, ${bound()}${random.pick(['', '', ', 2', ', -1'])})`;
}
