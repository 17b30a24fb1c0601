/** Who holds a shared arrangement: views and indexes by their names, and foreign keys by theirs. */
import type { ArrangementId } from '../../engine/index.ts';
import type { Catalog } from './catalog.ts';

export function holdersOf(catalog: Catalog, arrangement: ArrangementId): string[] {
  return [...catalog.objects()].flatMap((object) => {
    const { schema } = object;
    if ('uses' in object) return object.uses.includes(arrangement) ? [`${schema}.${object.name}`] : [];
    if (object.kind !== 'table') return [];
    const own = object.foreignKeys.filter((foreignKey) => foreignKey.arrangement === arrangement);
    return own.map(({ name }) => `${schema}.${object.name}.${name}`);
  });
}
