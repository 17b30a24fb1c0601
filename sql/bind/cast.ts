import type { CollateClause, TypeCast } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import { collationOid, knownCollation } from '../types/collations.ts';
import { displayType } from '../types/format.ts';
import { castPath } from '../types/casts.ts';
import { elementType, isRegistered, typeRow } from '../types/table.ts';
import { compositeName, recordFields, recordType } from '../types/record.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import type { HirScalar } from '../hir.ts';
import { bindArray } from './array.ts';
import { coerceToType } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { type DeclaredType, asDomain, bindTypeOrDomain } from './domain.ts';
import { bindExpression, leftmost } from './expression.ts';
import { pseudoTypeNamed } from './pseudo-type.ts';
import { shownText } from './registered-text.ts';
import { literal, typeOf } from './scalar.ts';
import type { Bound, Statement } from './statement.ts';
import { bindExisting } from './to-registered.ts';
import { vectorOfText } from './vector-text.ts';

/** `CAST (x AS type)`, `x::type`, `type 'literal'`. */
export function bindCast(node: TypeCast, context: ExpressionContext): Bound {
  const { statement } = context;
  const pseudo = pseudoTypeNamed(node.typeName!);
  if (pseudo === 'record') return bindToRecord(node, context);
  const { type, domain } = bindTypeOrDomain(statement, node.typeName!);
  const elements = nodeAs(node.arg, 'A_ArrayExpr');
  // Elements that are written out are cast themselves.
  const inner = elements === undefined ? null : elementType(type.name);
  const bound =
    elements !== undefined && inner !== null
      ? bindArray(elements, { name: type.name, typmod: -1 }, context)
      : bindExpression(node.arg!, context);
  const at = locationOf(node) ?? locationOf(node.typeName!);
  const scalar =
    named(context, bound, type) ??
    looked(context, bound, type) ??
    vectorOfText(context, bound, type) ??
    coerceToType(statement, bound, type, 'explicit');
  if (scalar === null) {
    const source = statement.shownType(bound.scalar);
    throw statement.error(
      '42846',
      `cannot cast type ${source} to ${statement.shownPlace({ type, domain: domain?.id })}`,
      at,
      { detail: whyNot(typeOf(bound.scalar).name, type.name) },
    );
  }
  // A literal's cast is the literal, in messages too.
  const isLiteral = typeOf(bound.scalar).name === 'unknown' && bound.scalar.kind === 'literal';
  if (domain !== null) {
    // A node of its own: what it is made of is of no domain.
    const value = { ...asDomain(domain, scalar, context.query) };
    return { scalar: statement.ofDomain(value, domain.id), at: leftmost(at, bound.at) };
  }
  // A row that is written out stands, as another type's, where the cast does.
  const isRow = scalar !== bound.scalar && scalar.kind === 'call' && scalar.opcode === 'row';
  // Of a domain it is not any more.
  const cast =
    statement.domainOf(scalar) === undefined ? scalar : statement.sameOrigin(scalar, { ...scalar });
  return { scalar: cast, at: isLiteral ? bound.at : isRow ? at : leftmost(at, bound.at) };
}

function bindToRecord(node: TypeCast, context: ExpressionContext): Bound {
  const { statement } = context;
  const bound = bindExpression(node.arg!, context);
  const record = asRecord(statement, bound);
  if (record !== null) return record;
  const at = locationOf(node) ?? locationOf(node.typeName!);
  const source = statement.shownType(bound.scalar);
  throw statement.error('42846', `cannot cast type ${source} to record`, at);
}

/** A value as `record`: a row as it is, of the type that it is, and NULL as one without fields. Null: it is none. */
export function asRecord(statement: Statement, bound: Bound): Bound | null {
  const { name } = typeOf(bound.scalar);
  if (recordFields(name) !== null) return bound;
  const isNull = bound.scalar.kind === 'literal' && bound.scalar.text === null;
  if (isNull) return { scalar: literal(recordType([]), null), at: bound.at };
  if (name !== 'unknown') return null;
  throw statement.error('0A000', 'input of anonymous composite types is not implemented', bound.at);
}

/** What hinders the cast of a record. */
function whyNot(source: TypeName, target: TypeName): string | undefined {
  const [given, wanted] = [recordFields(source), recordFields(target)];
  if (given === null || wanted === null || compositeName(source) !== null) return undefined;
  if (given.length === wanted.length) {
    const cannot = (i: number): boolean =>
      castPath(given[i]!.type.name, wanted[i]!.type.name, 'explicit') === null;
    const column = given.findIndex((_, i) => cannot(i));
    const types = [given, wanted].map((fields) => displayType(fields[column]!.type.name));
    return `Cannot cast type ${types.join(' to ')} in column ${column + 1}.`;
  }
  return `Input has too ${given.length < wanted.length ? 'few' : 'many'} columns.`;
}

/** The name that a regclass, regtype… stands for, where it is cast to a text. */
function named(context: ExpressionContext, bound: Bound, type: SqlType): HirScalar | null {
  const text = shownText(context, bound, type);
  return text && coerceToType(context.statement, text, type, 'explicit');
}

/** The object that a text names, where it is cast to a regclass, regtype… */
function looked(context: ExpressionContext, bound: Bound, { name }: SqlType): HirScalar | null {
  const source = typeOf(bound.scalar).name;
  const isText = source !== 'unknown' && typeRow(source).category === 'S';
  return isText && isRegistered(name) ? bindExisting(context, name, bound) : null;
}

/** `x COLLATE c`: without effect for the collations that we have. */
export function bindCollate(node: CollateClause, context: ExpressionContext): Bound {
  const { statement } = context;
  const bound = bindExpression(node.arg!, context);
  checkCollation(context, node);
  const type = typeOf(bound.scalar).name;
  if (type !== 'unknown') requireCollations(statement, type, locationOf(node));
  return bound;
}

/** COLLATE behind a column's or a domain's type: the collation's name. */
export function checkColumnCollation(
  statement: Statement,
  node: CollateClause,
  { name }: SqlType,
  at = locationOf(node),
): string {
  const collation = checkCollation({ statement }, node);
  requireCollations(statement, name, at);
  return collation;
}

/** What is kept of a column, a field or a domain: the collation that COLLATE or its domain says. */
export function declaredCollation(
  statement: Statement,
  node: CollateClause | undefined,
  { type, domain }: DeclaredType,
  at?: number,
): { readonly collation?: string } {
  const collation =
    node === undefined
      ? domain?.collation
      : checkColumnCollation(statement, node, type, at ?? locationOf(node));
  const own = typeRow(elementType(type.name) ?? type.name).collation;
  return collation === undefined || collationOid(collation) === own ? {} : { collation };
}

function requireCollations(statement: Statement, type: TypeName, at: number | undefined): void {
  // An array has those of its elements.
  if (typeRow(elementType(type) ?? type).collation !== 0) return;
  throw statement.error('42804', `collations are not supported by type ${displayType(type)}`, at);
}

/** The name of a collation; refuses those that order otherwise than by code point, which is what we do. */
export function checkCollation(context: Pick<ExpressionContext, 'statement'>, node: CollateClause): string {
  const parts = nameParts(node.collname);
  const name = parts[parts.length - 1]!;
  const known = knownCollation(name);
  if (known !== undefined) return known;
  throw context.statement.error('0A000', `collation "${name}" is not supported`, locationOf(node), {
    hint: 'Strings compare by code point: COLLATE "C", "POSIX", "C.UTF-8", ucs_basic and "default" mean that.',
  });
}
