/** Where an expression's text, or a larger text that it is part of, names columns. */
import type { Node } from '@pgsql/types';
import { nameParts, nodeAs } from '../ast/accessors.ts';
import type { Edit, EditableText } from './edits.ts';

export interface ColumnReference {
  /** The tokens of the name's parts; the last is the column's. */
  readonly tokens: readonly number[];
  readonly column: string;
}

/** The columns that `node` names. Its locations count in `text`, less `prefix` bytes. */
export function columnReferences(text: EditableText, node: Node, prefix = 0): ColumnReference[] {
  const found: ColumnReference[] = [];
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    const reference = nodeAs(value as Node, 'ColumnRef');
    if (reference === undefined) {
      Object.values(value).forEach(walk);
      return;
    }
    const first = text.tokenAt((reference.location ?? 0) - prefix);
    const column = nameParts(reference.fields).at(-1);
    if (first !== undefined && column !== undefined) found.push({ tokens: text.nameAt(first), column });
  };
  walk(node);
  return found;
}

/** A column under another name, wherever it is named. */
export function renamings(
  text: EditableText,
  references: readonly ColumnReference[],
  column: string,
  to: string,
): Edit[] {
  return references
    .filter((reference) => reference.column === column)
    .map(({ tokens }) => text.replace(tokens.at(-1)!, tokens.at(-1)!, to));
}
