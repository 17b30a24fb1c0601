/** Expressions over the types that each case makes for itself. */
import { want, type Context } from './expressions.ts';
import { expression, type Node } from './node.ts';
import { OWN_DOMAINS, OWN_TYPES } from './own-types.ts';
import type { Type } from './schema.ts';

type Production = readonly [number, () => Node];

/** Expressions of the type that have to do with types of one's own; nothing of them can raise an error but the casts to domains. */
export function ownTypeForms(context: Context, type: Type, depth: number): Production[] {
  const { random, features } = context;
  const value = (of: Type): Node => want(context, of, Math.max(0, depth));
  const form = (tag: string, ...parts: (string | Node)[]): Node => {
    features.add(tag);
    return expression(type, parts);
  };
  const at = (): string => `[${random.between(0, 2)}]`;
  const domains = context.safe ? [] : OWN_DOMAINS.filter(({ base, notNull }) => base === type && !notNull);
  const forms: Production[] = [
    [
      domains.length > 0 ? 0.2 : 0,
      () => form('domain cast', '(', value(type), `)::${random.pick(domains).name}`),
    ],
  ];
  const array = `${type}[]` as Type;
  if ((OWN_TYPES as readonly string[]).includes(array)) {
    forms.push([0.3, () => form('array value', '(', value(array), `)${at()}`)]);
  }
  switch (type) {
    case 'mood':
      forms.push(
        [2, () => form('enum function', random.pick(['enum_first(', 'enum_last(']), value('mood'), ')')],
        [1, () => form('enum function', '(enum_range(', value('mood'), ', ', value('mood'), `))${at()}`)],
        [1, () => form('enum cast', '((', value('mood'), ')::text)::mood')],
        [2, () => form('composite field', '(', value('duo'), ').m')],
      );
      break;
    case 'duo':
      forms.push(
        [
          3,
          () =>
            form(
              'composite value',
              'ROW(',
              value('int4'),
              ', ',
              value('text'),
              ', ',
              value('mood'),
              ')::duo',
            ),
        ],
        [1, () => form('composite value', '((', value('duo'), ')::text)::duo')],
      );
      break;
    case 'int4[]':
    case 'text[]':
    case 'mood[]':
      forms.push(...arrayForms(type, value, (...parts) => form('array value', ...parts)));
      break;
    case 'int4':
      forms.push(
        [0.5, () => form('composite field', '(', value('duo'), ').n')],
        [
          0.3,
          () => form('enum function', 'cardinality(enum_range(', value('mood'), ', ', value('mood'), '))'),
        ],
        [
          0.2,
          () => form('array value', 'cardinality(', value(random.pick(['int4[]', 'text[]', 'mood[]'])), ')'),
        ],
      );
      break;
    case 'text':
      forms.push(
        [0.4, () => form('composite field', '(', value('duo'), ').t')],
        [0.5, () => form('cast of own type', '(', value(random.pick(OWN_TYPES)), ')::text')],
        [0.3, () => form('collate', '(', value('text'), ' COLLATE "C")')],
      );
      break;
    case 'jsonb':
      forms.push([2, () => form('json of own type', 'to_jsonb(', value(random.pick(OWN_TYPES)), ')')]);
      break;
    default:
  }
  return forms;
}

type Form = (...parts: (string | Node)[]) => Node;

/** Of arrays that have one dimension, or none. */
function arrayForms(
  type: 'int4[]' | 'text[]' | 'mood[]',
  value: (of: Type) => Node,
  form: Form,
): Production[] {
  const element = type.slice(0, -2) as Type;
  const forms: Production[] = [
    [2, () => form('ARRAY[', value(element), ', ', value(element), ']')],
    [1, () => form('array_remove(', value(type), ', ', value(element), ')')],
    [1, () => form('array_replace(', value(type), ', ', value(element), ', ', value(element), ')')],
    [1, () => form('(', value(type), ')[:2]')],
  ];
  if (type === 'mood[]') {
    forms.push(
      [2, () => form('enum_range(', value('mood'), ', ', value('mood'), ')')],
      [1, () => form('enum_range(', value('mood'), ')')],
    );
  }
  return forms;
}

/** Conditions on values of one's own types. */
export function ownTypeConditions(context: Context): Production[] {
  const { random, features } = context;
  const bool = (tag: string, ...parts: (string | Node)[]): Node => {
    features.add(tag);
    return expression('bool', ['(', ...parts, ')']);
  };
  const value = (of: Type): Node => want(context, of, 0);
  const has = (...types: readonly Type[]): boolean =>
    context.columns.some(({ type }) => types.includes(type as Type));
  return [
    [
      has('mood') ? 1 : 0,
      () =>
        bool('enum function', value('mood'), ' = ANY (enum_range(', value('mood'), ', ', value('mood'), '))'),
    ],
    [
      has('int4[]', 'text[]', 'mood[]') ? 1 : 0,
      () => {
        const type = random.pick(['int4[]', 'text[]', 'mood[]'] as const);
        const element = type.slice(0, -2) as Type;
        return random.chance(0.5)
          ? bool('array value', value(type), random.pick([' @> ', ' <@ ', ' && ']), value(type))
          : bool(
              'array value',
              value(element),
              random.pick([' = ANY (', ' <> ALL (', ' < ANY (']),
              value(type),
              ')',
            );
      },
    ],
    [
      has('duo') ? 1 : 0,
      () => bool('composite value', value('duo'), random.pick([' IS NULL', ' IS NOT NULL'])),
    ],
  ];
}
