/**
 * The constraints of a table, as the catalog holds them and as the engine checks them. A unique key besides the primary
 * key is an index; NOT NULL is the column's; a CHECK is the table's. What is NOT ENFORCED the engine does not know.
 */
import type { Constraints } from '../../engine/plan.generated.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { domainsWithin } from '../../sql/types/record.ts';
import type { System } from '../system.ts';
import type { Catalog } from './catalog.ts';
import { engineForeignKeys } from './foreign-keys.ts';
import { elementTexts } from './definition-text.ts';
import { type CatalogObject, type IndexObject, type TableObject, isKey } from './objects.ts';
import { namesOwn } from './stored-expressions.ts';

/** The unique indexes of a table, without the primary key's. */
export function uniqueIndexes(catalog: Catalog, table: ObjectId): IndexObject[] {
  return catalog.ask(`unique indexes ${table}`, (catalog) =>
    catalog
      .dependents(table)
      .filter(
        (object): object is IndexObject =>
          object.kind === 'index' && object.table === table && object.unique && !object.primary,
      )
      .toSorted((a, b) => a.id - b.id),
  );
}

/** From now on the engine checks the rows of a table against these. The indexes' arrangements are there. */
export function constrain(system: System, table: TableObject, indexes: readonly IndexObject[]): void {
  const virtual = table.columns.flatMap(({ generated }, index) =>
    generated?.stored === false ? [index] : [],
  );
  const constraints: Constraints = {
    relation: table.name,
    columns: table.columns.map(({ name }) => name),
    ...(virtual.length === 0 ? {} : { virtual }),
    domains: system.planning.compileDomains(table.columns, 'UTC'),
    notNull: table.columns.flatMap(({ type, notNull }, index) =>
      type.nullable && notNull === undefined ? [] : [index],
    ),
    // In the order of their names, as PostgreSQL.
    checks: table.checks
      .filter(({ enforced }) => enforced)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((check) => ({ name: check.name, condition: system.planning.compileCheck(table, check) })),
    unique: indexes.map((index) => {
      const { name, arrangement, layout, nullsEqual } = index;
      const elements = isKey(index) ? [] : elementTexts(index, table.columns);
      return { name, arrangement, layout, nullsEqual, elements };
    }),
    foreign: engineForeignKeys(system, table, indexes),
  };
  system.engine.constrain(table.arrangement, constraints, table.checks[0]?.timeZone ?? 'UTC');
}

/** Functions are others than before: what is checked with any is compiled with what they are now. */
export function constrainCallers(system: System): void {
  for (const table of system.catalog.objects()) {
    if (table.kind !== 'table') continue;
    const domains = table.columns.flatMap(({ domain, type }) =>
      [domain, ...domainsWithin(type.name)].flatMap((each) => domainsBeneath(system, each)),
    );
    if ([table, ...domains].some((object) => namesOwn(object))) constrainAgain(system, table.id);
  }
}

/** A domain and those that it is over. */
function domainsBeneath(system: System, id: ObjectId | null | undefined): CatalogObject[] {
  if (id === null || id === undefined) return [];
  const domain = system.catalog.object(id);
  const over = domain.kind === 'type' && domain.form === 'domain' ? domain.over : null;
  return [domain, ...domainsBeneath(system, over)];
}

/** The same for a table as the catalog has it, if it still does. */
export function constrainAgain(system: System, table: ObjectId): void {
  if (!system.catalog.has(table)) return;
  const object = system.catalog.object(table);
  if (object.kind === 'table') constrain(system, object, uniqueIndexes(system.catalog, table));
}
