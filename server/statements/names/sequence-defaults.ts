/** DEFAULTs name their sequences in texts: those follow a sequence that gets another name. */
import type { ObjectId } from '../../../sql/catalog.ts';
import { sequenceNames, withSequenceNames } from '../../../sql/bind/sequence-names.ts';
import type { CatalogObject } from '../../catalog/objects.ts';
import type { System } from '../../system.ts';

interface Move {
  readonly object: CatalogObject;
  readonly to: { readonly schema: string; readonly name: string };
}

/** Rewrites the DEFAULTs of all tables and views whose sequences are among `moves`; `next` has what changes besides. */
export function followSequences(
  system: System,
  next: Map<ObjectId, CatalogObject>,
  moves: readonly Move[],
): void {
  const sequences = moves.filter(({ object }) => object.kind === 'sequence');
  if (sequences.length === 0) return;
  for (const object of system.catalog.objects()) {
    const table = next.get(object.id) ?? object;
    if (table.kind !== 'table' && table.kind !== 'view') continue;
    const columns = table.columns.map((column) => {
      const { defaultText } = column;
      return defaultText === null ? column : { ...column, defaultText: rewritten(defaultText, sequences) };
    });
    const changed = columns.some(({ defaultText }, at) => defaultText !== table.columns[at]!.defaultText);
    if (!changed) continue;
    const { statement } = table;
    const again = statement === null || table.kind === 'view' ? statement : rewritten(statement, sequences);
    next.set(table.id, { ...table, columns, statement: again } satisfies CatalogObject);
  }
}

/** Whether a DEFAULT takes its values from this sequence. */
export function callsSequence(text: string, sequence: Pick<CatalogObject, 'schema' | 'name'>): boolean {
  return sequenceNames(text).some((parts) => names(parts, sequence));
}

/** Whether the parts of a name are this object's. */
function names(parts: readonly string[], { schema, name }: Pick<CatalogObject, 'schema' | 'name'>): boolean {
  return parts.at(-1) === name && (parts.length === 1 || parts.at(-2) === schema);
}

function rewritten(text: string, moves: readonly Move[]): string {
  return withSequenceNames(text, (parts) => moves.find(({ object }) => names(parts, object))?.to ?? null);
}
