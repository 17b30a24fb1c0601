/**
 * `*=`, `*<>`, `*<`, `*<=`, `*>`, `*>=` of rows: by what values are made of, and not by what they mean. 1.0 is not 1.00, and numbers
 * below zero come after all others.
 */
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { recordFields } from '../types/record.ts';
import { plain, typeRow } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import type { ExpressionContext } from './context.ts';
import { bool, makeOperator } from './operator.ts';
import { fieldsOf } from './record.ts';
import { and, isNull, literal, not, or, truth, typeOf } from './scalar.ts';

const OPERATORS: ReadonlySet<string> = new Set(['*=', '*<>', '*<', '*<=', '*>', '*>=']);

/** Types of which equal values are the same. */
const SAME: ReadonlySet<string> = new Set([
  ...['bool', 'int2', 'int4', 'int8', 'oid', 'text', 'varchar', 'name', 'bytea', 'uuid'],
  ...['date', 'time', 'timestamp', 'timestamptz'],
]);
/** Types whose values are compared as bytes are, in their own order. */
const BYTES: ReadonlySet<string> = new Set(['bool', 'oid', 'text', 'varchar', 'name', 'bytea', 'uuid']);
/** What parts the values of a type that are below zero, which come last, from others. */
const ZEROS: Readonly<Record<string, string>> = {
  ...{ int2: '0', int4: '0', int8: '0', time: '00:00' },
  ...{ date: '2000-01-01', timestamp: '2000-01-01', timestamptz: '2000-01-01 00:00:00+00' },
};

/** The comparison of two rows; null for another operator, or for what are no rows. */
export function imageComparison(
  name: string,
  left: HirScalar,
  right: HirScalar,
  context: ExpressionContext,
): HirScalar | null {
  if (!OPERATORS.has(name)) return null;
  const [given, other] = [left, right].map((row) => recordFields(typeOf(row).name));
  if (given === null || other === null) return null;
  const { statement } = context;
  if (given!.length !== other!.length) {
    throw statement.error('42804', 'cannot compare record types with different numbers of columns');
  }
  given!.forEach(({ type }, i) => {
    const [a, b] = [displayType(type.name), displayType(other![i]!.type.name)];
    if (a === b) return;
    const message = `cannot compare dissimilar column types ${a} and ${b} at record column ${i + 1}`;
    throw statement.error('42804', message);
  });
  const [lefts, rights] = [left, right].map((row) => fieldsOf(row).map(({ scalar }) => scalar));
  const pairs = lefts!.map((value, i) => [value, rights![i]!] as const);
  const same = and(pairs.map(([a, b]) => isSame(a, b)));
  const compared = (): HirScalar => {
    switch (name) {
      case '*=':
        return same;
      case '*<>':
        return not(same);
      case '*<':
        return isBefore(pairs, context);
      case '*>=':
        return not(isBefore(pairs, context));
      case '*<=':
        return or([same, isBefore(pairs, context)]);
      default:
        return not(or([same, isBefore(pairs, context)]));
    }
  };
  return {
    kind: 'case',
    branches: [{ condition: or([isNull(left), isNull(right)]), result: literal('bool', null) }],
    otherwise: compared(),
    type: bool,
  };
}

function isSame(left: HirScalar, right: HirScalar): HirScalar {
  const type = typeOf(left).name;
  if (SAME.has(type) || typeRow(type).kind === 'e') return { kind: 'notDistinct', left, right };
  const text = (argument: HirScalar): HirScalar => ({ kind: 'output', argument, type: plain('text') });
  return { kind: 'notDistinct', left: text(left), right: text(right) };
}

type Pair = readonly [HirScalar, HirScalar];

/** The first pair that is not the same decides; NULL is last. */
function isBefore(pairs: readonly Pair[], context: ExpressionContext): HirScalar {
  return {
    kind: 'case',
    branches: pairs.map(([left, right]) => ({
      condition: not(isSame(left, right)),
      result: and([not(isNull(left)), or([isNull(right), comesBefore(left, right, context)])]),
    })),
    otherwise: truth(false),
    type: bool,
  };
}

function comesBefore(left: HirScalar, right: HirScalar, context: ExpressionContext): HirScalar {
  const type = typeOf(left).name as TypeName;
  const bound = (scalar: HirScalar): { scalar: HirScalar; at: undefined } => ({ scalar, at: undefined });
  const less = (a: HirScalar, b: HirScalar): HirScalar =>
    makeOperator(context, '<', bound(a), bound(b), undefined);
  const zero = ZEROS[type];
  if (BYTES.has(type)) return less(left, right);
  if (zero === undefined) {
    throw context.statement.unsupported(`the order of the bytes of type ${displayType(type)}`);
  }
  const [below, beyond] = [left, right].map((value) => less(value, literal(type, zero)));
  const alike: HirScalar = { kind: 'notDistinct', left: below!, right: beyond! };
  return {
    kind: 'case',
    branches: [{ condition: alike, result: less(left, right) }],
    otherwise: beyond!,
    type: bool,
  };
}
