/** The names that values of regclass, regtype… stand for. */
import { functionByOid } from '../functions/table.ts';
import { quoteIdentifier, quoteLiteral } from '../functions/quote.ts';
import { registeredName, typeDisplay } from '../functions/catalog-functions.ts';
import { signatureTypes } from '../types/signature-types.ts';
import { allTypes, elementType, isRegistered, isVector, typeRow } from '../types/table.ts';
import type { CatalogReader } from '../catalog.ts';
import type { HirScalar } from '../hir.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import { bindBody } from './body.ts';
import { coerce } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { literal, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** format_type(oid, int4), which gives a text. */
const FORMAT_TYPE = 1081;

/** Whether values of a type are shown otherwise than they are kept: as names, or as lists without braces. */
export function isShownByName(name: TypeName): boolean {
  return isVector(name) || isRegistered(elementType(name) ?? name);
}

/** The text of a value that is shown otherwise than it is kept, where it becomes one of a type of texts; null for others. */
export function shownText(context: ExpressionContext, bound: Bound, to: SqlType): Bound | null {
  if (typeRow(to.name).category !== 'S' || !isShownByName(typeOf(bound.scalar).name)) return null;
  const scalar = registeredText(context, bound);
  return scalar && { scalar, at: bound.at };
}

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
  const nameOf = (type: TypeName): string =>
    type === 'regtype' ? typeName(inView === true, catalog) : registeredName(type, catalog);
  const element = elementType(name);
  if (element !== null) {
    const oids = coerce(statement, bound, '_oid', 'explicit')!;
    // Of several dimensions the numbers are shown.
    const names = `(SELECT array_agg(${nameOf(element).replaceAll('$1', 'e.oid')} ORDER BY e.place)::text
      FROM unnest($1) WITH ORDINALITY AS e (oid, place))`;
    const bounds = `CASE WHEN array_lower($1, 1) = 1 THEN '' ELSE '[' || array_lower($1, 1) || ':' || array_upper($1, 1) || ']=' END`;
    const body = `CASE WHEN array_ndims($1) = 1 THEN ${bounds} || ${names} ELSE $1::text END`;
    return bindBody(context, functionByOid(FORMAT_TYPE), [oids], body);
  }
  const oid = coerce(statement, bound, 'oid', 'explicit')!;
  return bindBody(context, functionByOid(FORMAT_TYPE), [oid], nameOf(name));
}

function relationName({ statement }: ExpressionContext, oid: string): string {
  if (oid === '0') return '-';
  const found = statement.environment.catalog.classNamed(Number(oid));
  if (found === null) return oid;
  const { schema, name, visible } = found;
  return visible ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The name of a type; those of one's own are looked up. */
function typeName(inView: boolean, catalog: CatalogReader): string {
  const own = inView && catalog.ownTypes().length === 0 ? '' : `${typeDisplay(catalog)}, `;
  return `coalesce(${BUILT_IN_NAMES}::jsonb ->> $1::text, ${own}$1::text)`;
}

/** By oid. They are one value: a branch for each would be planned with each statement. */
const BUILT_IN_NAMES = quoteLiteral(
  JSON.stringify(
    Object.fromEntries([
      ...[
        ['0', '-'],
        ...signatureTypes.flatMap(({ name, oid, array }) => [
          [oid, name],
          ...(array === 0 ? [] : [[array, `${name}[]`]]),
        ]),
      ],
      ...allTypes.map(({ oid, display }) => [oid, display]),
    ]),
  ),
);
