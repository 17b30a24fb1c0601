/** DROP TYPE, DROP DOMAIN. CASCADE takes columns, views and functions along. */
import type { DropStmt } from '@pgsql/types';
import { nodeAs, typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { formatType } from '../../sql/types/format.ts';
import { domainType } from '../../sql/types/enum.ts';
import { mentionsType } from '../../sql/types/mentions.ts';
import { elementType, findType } from '../../sql/types/table.ts';
import type { TypeName } from '../../sql/types/type.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { declarableType, showType, typeOfObject } from '../catalog/reader.ts';
import { positionOf } from '../catalog/names.ts';
import { inOneCommit } from '../catalog/staged-ddl.ts';
import { type CatalogObject, type TypeObject, describeObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { findOwnType } from './alter/type/require-type.ts';
import { dropColumnsOfTypes } from './alter/table/drop-columns.ts';
import { dropExpressionsNaming } from './alter/table/drop-expressions.ts';
import { columnsOfType, dropObjects } from './drop.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareDropType(system: System, parsed: ParsedStatement, statement: DropStmt): Runnable {
  return command((session) =>
    inOneCommit(system, session, async (system) => {
      const isDomain = statement.removeType === 'OBJECT_DOMAIN';
      const cascade = statement.behavior === 'DROP_CASCADE';
      const ids = (statement.objects ?? []).flatMap((node) => {
        const { names, location } = typeReference(nodeAs(node, 'TypeName')!);
        const written = names.join('.');
        const found = findOwnType(system, session, names);
        if (found && isDomain && found.form !== 'domain') {
          throw new SqlError({ sqlstate: '42809', message: `"${written}" is not a domain` });
        }
        if (found) return [found.id];
        if (names.length === 1 && findType(written) !== undefined) {
          const message = `cannot drop type ${written} because it is required by the database system`;
          throw new SqlError({ sqlstate: '2BP01', message });
        }
        const message = `type "${written}" does not exist`;
        if (statement.missing_ok !== true) {
          throw new SqlError({ sqlstate: '42704', message, position: positionOf(parsed, location) });
        }
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${message}, skipping` });
        return [];
      });
      const named = [...new Set(ids)];
      if (!cascade) refuseDependents(system, named);
      const cascaded = cascade
        ? [
            ...(await dropColumns(system, session, parsed, named)),
            ...(await dropExpressionsNaming(system, session, parsed, new Set(named))),
          ]
        : [];
      await dropObjects(system, session, named, { cascade, cascaded });
      return isDomain ? 'DROP DOMAIN' : 'DROP TYPE';
    }),
  );
}

/** CASCADE: the columns of these types, and of those that go with them. */
export async function dropColumns(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  ids: readonly ObjectId[],
): Promise<string[]> {
  const objects = system.catalog.dropOrder(ids, true);
  const dropped = new Set(objects.map(({ id }) => id));
  const types = objects.filter((object): object is TypeObject => object.kind === 'type');
  const composites = types.flatMap((type) =>
    type.form === 'composite' && !ids.includes(type.id) ? [type] : [],
  );
  const rest = composites.map((composite) => withoutFieldsOf(system, composite, objects));
  const used = composites.find((_, index) => rest[index] === null);
  if (used) {
    const first = describeObject(system.catalog.object(ids[0]!), system.catalog);
    throw new SqlError({
      sqlstate: '0A000',
      message: `dropping ${first} together with a column of composite ${describeObject(used, system.catalog)} is not supported`,
      hint: `Drop ${describeObject(used, system.catalog)} first.`,
    });
  }
  const gone = composites.flatMap((composite) => {
    const going = fieldsOf(composite, objects);
    return going.map(
      ({ name }) => `column ${name} of composite ${describeObject(composite, system.catalog)}`,
    );
  });
  const replacing = rest.flatMap((object): CatalogChange[] =>
    object === null ? [] : [{ kind: 'replace', object }],
  );
  if (replacing.length > 0) await commitCatalog(system, replacing);
  const others = objects.filter((object) => !composites.some(({ id }) => id === object.id));
  return [...gone, ...(await dropColumnsOfTypes(system, session, parsed, others, dropped))];
}

type Composite = Extract<TypeObject, { form: 'composite' }>;

/** The fields of a composite type that are of these types. */
function fieldsOf(composite: Composite, types: readonly CatalogObject[]): Composite['fields'] {
  const others = types.flatMap((each) => (each.id === composite.id ? [] : (declarableType(each) ?? [])));
  return composite.fields.filter(({ type, domain }) =>
    others.some(
      (other) => mentionsType(type.name, other) || (domain !== undefined && domainType(domain) === other),
    ),
  );
}

/** A composite type that nothing uses, without its fields of these types; null where rows of it may be kept, or none is left. */
function withoutFieldsOf(
  system: System,
  composite: Composite,
  types: readonly CatalogObject[],
): Composite | null {
  const going = fieldsOf(composite, types);
  const isUsed = system.catalog.dependents(composite.id).length > 0;
  if (isUsed || columnsOfType(system, composite).length > 0) return null;
  const fields = composite.fields.filter((field) => !going.includes(field));
  if (fields.length === 0) return null;
  const gone = new Set(types.map(({ id }) => id));
  const listed = fields.map(({ name, type }) => `${quoteIdentifier(name)} ${formatType(type)}`);
  const object: Composite = {
    ...composite,
    fields,
    dependsOn: composite.dependsOn.filter((id) => !gone.has(id)),
    statement: `CREATE TYPE ${quoteIdentifier(composite.schema)}.${quoteIdentifier(composite.name)} AS (${listed.join(', ')})`,
  };
  showType(object);
  return object;
}

/** Columns are told of before other objects that depend on a type. */
function refuseDependents(system: System, ids: readonly ObjectId[]): void {
  const shown = (object: CatalogObject): string => describeObject(object, system.catalog);
  const composites = new Set<string>();
  const readers = ids.flatMap((id) => {
    const type = system.catalog.object(id) as TypeObject;
    const own = typeOfObject(type);
    // What has a field of the type depends on the composite type, which depends on this one.
    const isDirect = (name: TypeName): boolean => name === own || elementType(name) === own;
    const columns = columnsOfType(system, type).flatMap(({ stored, columns }) =>
      stored.columns
        .filter(
          ({ name, domain, type: of }) => columns.includes(name) && (domain === id || isDirect(of.name)),
        )
        .map(({ name }) => ({ at: stored.id, text: `column ${name} of ${shown(stored)}` })),
    );
    const fields = system.catalog.dependents(id).flatMap((object) => {
      if (object.kind !== 'type' || object.form !== 'composite') return [];
      composites.add(shown(object));
      return object.fields
        .filter(({ type: of, domain }) => domain === id || isDirect(of.name))
        .map(({ name }) => ({ at: object.id, text: `column ${name} of composite ${shown(object)}` }));
    });
    return [...columns, ...fields]
      .toSorted((a, b) => a.at - b.at)
      .map(({ text }) => `${text} depends on ${shown(type)}`);
  });
  try {
    system.catalog.dropOrder(ids, false);
  } catch (error) {
    if (!(error instanceof SqlError) || readers.length === 0) throw error;
    const { sqlstate, message, detail, hint } = error;
    const isOfComposite = (line: string): boolean => {
      const [reader, on] = line.split(' depends on ');
      return composites.has(reader!) || composites.has(on!);
    };
    const others = (detail ?? '').split('\n').filter((line) => line !== '' && !isOfComposite(line));
    throw new SqlError({ sqlstate, message, detail: [...readers, ...others].join('\n'), hint });
  }
}
