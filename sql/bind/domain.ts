/**
 * Domains: a type with conditions on its values. An expression is of the type that the domain is over; the conditions are
 * looked at where a value becomes one of the domain, which is a cast, or a row's column when it is written.
 */
import type { Node } from '@pgsql/types';
import type { DomainSubject } from '../../engine/plan.generated.ts';
import { typeReference } from '../ast/accessors.ts';
import type { CatalogDomain } from '../catalog.ts';
import { EditableText } from '../parse/edits.ts';
import { columnReferences } from '../parse/column-references.ts';
import type { HirScalar } from '../hir.ts';
import { findType } from '../types/table.ts';
import type { SqlType } from '../types/type.ts';
import { EXPRESSION_PREFIX, parseExpression } from './body.ts';
import { bindCheckCondition } from './check-constraint.ts';
import { coerceToBoolean } from './coerce.ts';
import type { QueryContext } from './context.ts';
import { expressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { isNull, literal, not, typeOf } from './scalar.ts';
import { computedOnce } from './once.ts';
import { emptyScope } from './scope.ts';
import type { Statement } from './statement.ts';
import { bindTypeName } from './type-name.ts';

/** A type, or the domain that a name means with the type that it is over. */
export interface DeclaredType {
  readonly type: SqlType;
  readonly domain: CatalogDomain | null;
}

/** As `bindTypeName`, where a domain can stand too. */
export function bindTypeOrDomain(
  statement: Statement,
  node: Parameters<typeof bindTypeName>[1],
): DeclaredType {
  const { names, arrayBounds, location, typmods } = typeReference(node);
  const name = names[names.length - 1]!;
  const schema = names.length > 1 ? names[names.length - 2]! : null;
  const { catalog } = statement.environment;
  const builtIn = (schema === null || schema === 'pg_catalog') && findType(name) !== undefined;
  const domain =
    arrayBounds.length > 0 || builtIn ? null : catalog.findDomain(schema, name, statement.placeOf(location));
  if (domain === null) return { type: bindTypeName(statement, node), domain: null };
  if (typmods.length > 0) {
    throw statement.error('42601', `type modifier is not allowed for type "${name}"`, location);
  }
  return { type: domain.type, domain };
}

/** The value, which is of the domain's type, as one of the domain: it raises what it breaks. */
export function asDomain(domain: CatalogDomain, value: HirScalar, context: QueryContext): HirScalar {
  const { name, typmod } = typeOf(value);
  const type = { name, typmod };
  return computedOnce(context.statement, { scalar: value, at: undefined }, ({ scalar }) => {
    const branches = domainViolations(domain, scalar, context).map(({ condition, ...raised }) => ({
      condition,
      result: { kind: 'raise', ...raised, type } as const,
    }));
    return branches.length === 0 ? scalar : { kind: 'case', branches, otherwise: scalar, type };
  });
}

/** A condition that is true, or raises what a value breaks. */
export function domainCondition(domain: CatalogDomain, value: HirScalar, context: QueryContext): HirScalar {
  const type = { name: 'bool', typmod: -1 } as const;
  const branches = domainViolations(domain, value, context).map(({ condition, ...raised }) => ({
    condition,
    result: { kind: 'raise', ...raised, type } as const,
  }));
  return { kind: 'case', branches, otherwise: literal('bool', 't'), type };
}

/** What a value of a domain must not be. */
export interface Violation {
  readonly condition: HirScalar;
  readonly sqlstate: string;
  readonly message: string;
  readonly about: DomainSubject;
}

/** NOT NULL comes first, then the conditions of the domains that it is over. */
export function domainViolations(
  domain: CatalogDomain,
  value: HirScalar,
  context: QueryContext,
): Violation[] {
  const { display, schema, name: datatype } = domain;
  const found: Violation[] = [];
  if (domain.notNull) {
    const message = `domain ${display} does not allow null values`;
    const about = { schema, datatype, constraint: null };
    found.push({ condition: isNull(value), sqlstate: '23502', message, about });
  }
  for (const check of domain.checks) {
    const condition = bindOverValue(check.text, value, context);
    found.push({
      condition: { kind: 'isTrue', operand: not(condition) },
      sqlstate: '23514',
      message: `value for domain ${display} violates check constraint "${check.name}"`,
      about: { schema, datatype, constraint: check.name },
    });
  }
  return found;
}

/** A condition's text over a value. */
function bindOverValue(text: string, value: HirScalar, context: QueryContext): HirScalar {
  const { statement } = context;
  return statement.withoutPositions(() => {
    const query = { ...context, ctes: [], outer: null, bodyArguments: [value] };
    const expression = expressionContext(query, emptyScope, 'check constraints');
    return coerceToBoolean(
      statement,
      bindExpression(parseExpression(overParameter(text)), expression),
      'CHECK',
    );
  });
}

const rewritten = new Map<string, string>();

/** The condition with $1 for VALUE. */
function overParameter(text: string): string {
  const known = rewritten.get(text);
  if (known !== undefined) return known;
  const made = withForValue(text, '$1');
  rewritten.set(text, made);
  return made;
}

/** The condition as it is shown: VALUE is a keyword. */
export function shownDomainCondition(text: string): string {
  return withForValue(text, 'VALUE');
}

function withForValue(text: string, word: string): string {
  const editable = new EditableText(text);
  const references = columnReferences(editable, parseExpression(text), EXPRESSION_PREFIX.length);
  return editable.edited(references.map(({ tokens: [first] }) => editable.replace(first!, first!, word)));
}

/** Binds the condition of a domain's CHECK, to see whether it can be one. */
export function checkDomainCondition(node: Node, name: string, type: SqlType, statement: Statement): void {
  const value = { name: 'value', type: { ...type, nullable: true } };
  bindCheckCondition(node, { name, columns: [value] }, statement);
}
