/** The names that values of regclass, regtype… stand for. */
import { functionByOid } from '../functions/table.ts';
import { quoteIdentifier, quoteLiteral } from '../functions/quote.ts';
import { registeredName } from '../functions/catalog-functions.ts';
import { allTypes, isVector } from '../types/table.ts';
import type { HirScalar } from '../hir.ts';
import { bindBody } from './body.ts';
import { coerce } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { literal, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** format_type(oid, int4), which gives a text. */
const FORMAT_TYPE = 1081;

/** `x::regtype::text`: what the value is shown as. Null where a view would keep a name that can change. */
export function registeredText(context: ExpressionContext, bound: Bound): HirScalar | null {
  const { statement } = context;
  const { scalar } = bound;
  const { name } = typeOf(scalar);
  if (isVector(name)) {
    const body = `array_to_string($1, ' ')`;
    return bindBody(context, functionByOid(FORMAT_TYPE), [scalar], body);
  }
  const { catalog, inView } = statement.environment;
  if (name === 'regclass' && scalar.kind === 'literal') {
    // A view would keep the name that the object had.
    if (inView === true) return null;
    return literal('text', scalar.text === null ? null : relationName(context, scalar.text));
  }
  const oid = coerce(statement, bound, 'oid', 'explicit')!;
  const body = name === 'regtype' ? typeNames(catalog.ownTypes().length > 0) : registeredName(name, catalog);
  return bindBody(context, functionByOid(FORMAT_TYPE), [oid], body);
}

function relationName({ statement }: ExpressionContext, oid: string): string {
  if (oid === '0') return '-';
  const found = statement.environment.catalog.classNamed(Number(oid));
  if (found === null) return oid;
  const { schema, name, visible } = found;
  return visible ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** Types of one's own are looked up. */
function typeNames(withOwn: boolean): string {
  return withOwn ? ALL_TYPE_NAMES : BUILT_IN_TYPE_NAMES;
}

/** By oid. They are one value: a branch for each would be planned with each statement. */
const BUILT_IN_NAMES = quoteLiteral(
  JSON.stringify(
    Object.fromEntries([
      ...[
        ['0', '-'],
        ['2249', 'record'],
      ],
      ...allTypes.map(({ oid, display }) => [oid, display]),
    ]),
  ),
);

const BUILT_IN_TYPE_NAMES = `coalesce(${BUILT_IN_NAMES}::jsonb ->> $1::text, $1::text)`;
const ALL_TYPE_NAMES = `coalesce(${BUILT_IN_NAMES}::jsonb ->> $1::text, (SELECT display FROM tw_internal.types WHERE oid = $1), $1::text)`;
