/** COMMENT ON: a text that goes with an object, shown by the catalog. NULL or an empty text takes it away. */
import type { CommentStmt, Node } from '@pgsql/types';
import { nameParts, nodeAs, stringOf, typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { type CatalogChange, SYSTEM_SCHEMAS } from '../catalog/catalog.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { article, lookUp } from '../catalog/names.ts';
import {
  type CatalogObject,
  type IndexObject,
  type ObjectKind,
  type TableObject,
  kindName,
  ownConstraints,
  withConstraint,
} from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { findOwnType, requireType } from './alter/type/require-type.ts';
import { findFunction } from './drop-function.ts';
import { requireExtension } from './extension/create-extension.ts';
import { WITHOUT_EFFECT } from '../catalog/known-extensions.ts';
import { hasNoEffect } from './no-effect.ts';
import { type Runnable, command } from './prepared.ts';

/** What COMMENT ON calls relations; a source appears as a table. */
const RELATIONS: Readonly<Record<string, readonly ObjectKind[]>> = {
  OBJECT_TABLE: ['table', 'source'],
  OBJECT_VIEW: ['view'],
  OBJECT_MATVIEW: ['materializedView'],
  OBJECT_INDEX: ['index'],
  OBJECT_SEQUENCE: ['sequence'],
};

interface Context {
  readonly system: System;
  readonly session: SessionContext;
  readonly parsed: ParsedStatement;
}

export function prepareComment(system: System, parsed: ParsedStatement, statement: CommentStmt): Runnable {
  const text = statement.comment === undefined || statement.comment === '' ? undefined : statement.comment;
  return command((session) =>
    system.ddl.run(async () => {
      const nothing = withoutEffect(statement);
      if (nothing !== null) {
        hasNoEffect(session, nothing, 'There is no such object here.');
        return 'COMMENT';
      }
      await commitCatalog(system, [change({ system, session, parsed }, statement, text)]);
      return 'COMMENT';
    }, session),
  );
}

/** An extension that CREATE EXTENSION makes nothing of. */
function withoutEffect({ objtype, object }: CommentStmt): string | null {
  if (objtype !== 'OBJECT_EXTENSION' || !WITHOUT_EFFECT.has(stringOf(object))) return null;
  return `COMMENT ON EXTENSION ${stringOf(object)}`;
}

function change(
  context: Context,
  { objtype = 'OBJECT_TABLE', object }: CommentStmt,
  comment: string | undefined,
): CatalogChange {
  const { system, session, parsed } = context;
  switch (objtype) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_INDEX':
    case 'OBJECT_SEQUENCE': {
      const found = requireRelation(context, partsOf(object), RELATIONS[objtype]!);
      return { kind: 'replace', object: { ...found, comment } };
    }
    case 'OBJECT_COLUMN':
      return { kind: 'replace', object: withColumnComment(context, partsOf(object), comment) };
    case 'OBJECT_TABCONSTRAINT':
      return { kind: 'replace', object: withConstraintComment(context, partsOf(object), comment) };
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const { names } = typeReference(nodeAs(object, 'TypeName')!);
      const type = requireType(system, session, parsed, names);
      if (objtype === 'OBJECT_DOMAIN' && type.form !== 'domain') {
        throw new SqlError({ sqlstate: '42809', message: `"${names.join('.')}" is not a domain` });
      }
      return { kind: 'replace', object: { ...type, comment } };
    }
    case 'OBJECT_DOMCONSTRAINT':
      return { kind: 'replace', object: withDomainConstraintComment(context, object, comment) };
    case 'OBJECT_FUNCTION':
    case 'OBJECT_ROUTINE': {
      const found = findFunction(system, session, parsed, nodeAs(object, 'ObjectWithArgs')!, false)!;
      return { kind: 'replace', object: { ...found, comment } };
    }
    case 'OBJECT_SCHEMA': {
      const name = stringOf(object);
      const schema = system.catalog.schema(name);
      if (!schema) throw new SqlError({ sqlstate: '3F000', message: `schema "${name}" does not exist` });
      if ((SYSTEM_SCHEMAS as readonly string[]).includes(name)) {
        throw new SqlError({ sqlstate: '42501', message: `must be owner of schema ${name}` });
      }
      return { kind: 'commentSchema', id: schema.id, comment };
    }
    case 'OBJECT_EXTENSION':
      return { kind: 'replace', object: { ...requireExtension(system, stringOf(object)), comment } };
    default: {
      const what = objtype.replace('OBJECT_', '').replaceAll('_', ' ');
      throw new SqlError({ sqlstate: '0A000', message: `COMMENT ON ${what} is not supported` });
    }
  }
}

function partsOf(object: Node | undefined): string[] {
  return nameParts(nodeAs(object, 'List')?.items);
}

function requireRelation(
  { system, session, parsed }: Context,
  parts: string[],
  kinds: readonly ObjectKind[] | null,
): CatalogObject {
  const found = lookUp(system.catalog, session, parsed, { parts, location: 0, end: 0 });
  const written = parts.join('.');
  if (!found) throw new SqlError({ sqlstate: '42P01', message: `relation "${written}" does not exist` });
  if ((SYSTEM_SCHEMAS as readonly string[]).includes(found.schema)) {
    const message = `permission denied: "${found.name}" is a system catalog`;
    throw new SqlError({ sqlstate: '42501', message });
  }
  if (kinds !== null && !kinds.includes(found.kind)) {
    throw new SqlError({
      sqlstate: '42809',
      message: `"${found.name}" is not ${article(kindName(kinds[0]!))}`,
      hint: `It is ${article(kindName(found.kind))}.`,
    });
  }
  return found;
}

function withColumnComment(
  context: Context,
  parts: readonly string[],
  comment: string | undefined,
): CatalogObject {
  const name = parts[parts.length - 1]!;
  if (parts.length < 2) throw new SqlError({ sqlstate: '42601', message: 'column name must be qualified' });
  const relation = parts.slice(0, -1);
  const type = lookUp(context.system.catalog, context.session, context.parsed, {
    ...{ parts: relation, location: 0, end: 0 },
  })
    ? null
    : findOwnType(context.system, context.session, relation);
  if (type?.form === 'composite') {
    throw new SqlError({ sqlstate: '0A000', message: 'COMMENT ON the field of a type is not supported' });
  }
  const found = requireRelation(context, relation, null);
  switch (found.kind) {
    case 'table':
    case 'source':
    case 'view':
    case 'materializedView': {
      if (!found.columns.some((column) => column.name === name)) {
        const message = `column "${name}" of relation "${found.name}" does not exist`;
        throw new SqlError({ sqlstate: '42703', message });
      }
      const columns = found.columns.map((column) => (column.name === name ? { ...column, comment } : column));
      return { ...found, columns };
    }
    default:
      throw new SqlError({
        sqlstate: '42809',
        message: `cannot set comment on relation "${found.name}"`,
        detail: `This operation is not supported for ${found.kind === 'index' ? 'indexes' : `${kindName(found.kind)}s`}.`,
      });
  }
}

function withConstraintComment(
  context: Context,
  parts: readonly string[],
  comment: string | undefined,
): CatalogObject {
  const name = parts[parts.length - 1]!;
  const table = requireRelation(context, parts.slice(0, -1), ['table']) as TableObject;
  const key = context.system.catalog
    .dependents(table.id)
    .find(
      (object): object is IndexObject =>
        object.kind === 'index' && object.constraint && object.table === table.id && object.name === name,
    );
  if (key) return { ...key, constraintComment: comment };
  if (!ownConstraints(table).some((constraint) => constraint.name === name)) {
    const message = `constraint "${name}" for table "${table.name}" does not exist`;
    throw new SqlError({ sqlstate: '42704', message });
  }
  return withConstraint(table, name, { comment });
}

function withDomainConstraintComment(
  { system, session, parsed }: Context,
  object: Node | undefined,
  comment: string | undefined,
): CatalogObject {
  const [typeName, constraint] = nodeAs(object, 'List')?.items ?? [];
  const { names } = typeReference(nodeAs(typeName, 'TypeName')!);
  const domain = requireType(system, session, parsed, names);
  if (domain.form !== 'domain') {
    throw new SqlError({ sqlstate: '42809', message: `${names.join('.')} is not a domain` });
  }
  const name = stringOf(constraint);
  if (domain.notNull?.name === name) return { ...domain, notNull: { ...domain.notNull, comment } };
  if (!domain.checks.some((check) => check.name === name)) {
    const message = `constraint "${name}" for domain ${domain.name} does not exist`;
    throw new SqlError({ sqlstate: '42704', message });
  }
  const checks = domain.checks.map((check) => (check.name === name ? { ...check, comment } : check));
  return { ...domain, checks };
}
