/** Tables and sources whose statement names a type, when that gets another name. */
import type { TypeName as TypeNameNode } from '@pgsql/types';
import { typeReference } from '../../../sql/ast/accessors.ts';
import { SqlError } from '../../../sql/error.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { type Edit, EditableText } from '../../../sql/parse/edits.ts';
import { parse } from '../../../sql/parse/parse.ts';
import { mentionsType } from '../../../sql/types/mentions.ts';
import { type CatalogObject, describeObject } from '../../catalog/objects.ts';
import { declarableType } from '../../catalog/reader.ts';
import type { System } from '../../system.ts';

/** Where nodes of a statement have a type's name. */
const TYPE_FIELDS = ['typeName', 'argType', 'returnType'];

interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** The tables and sources with columns of the type, as they read after it was renamed. */
export function columnsFollow(system: System, type: CatalogObject, to: QualifiedName): CatalogObject[] {
  const own = declarableType(type);
  if (own === null) return [];
  return [...system.catalog.objects()].flatMap((object): CatalogObject[] => {
    if (object.kind !== 'table' && object.kind !== 'source') return [];
    const isReader = object.columns.some(
      (column) => column.domain === type.id || mentionsType(column.type.name, own),
    );
    if (!isReader) return [];
    const texts = [
      ...object.columns.map(({ defaultText }) => defaultText ?? ''),
      ...(object.kind === 'table' ? object.checks.map(({ text }) => text) : []),
    ];
    if (texts.some((text) => names(text, type.name))) throw cannotFollow(system, type, object);
    const { statement } = object;
    return statement === null ? [] : [{ ...object, statement: withTypeName(statement, type, to) }];
  });
}

/** Whether an expression's text may name a type. */
function names(text: string, name: string): boolean {
  return new EditableText(text).tokens.some(
    (token) => (token.kind === 'word' || token.kind === 'quoted') && token.text === name,
  );
}

/** A statement with another name for a type wherever it names it as one. */
export function withTypeName(statement: string, from: QualifiedName, to: QualifiedName): string {
  const text = new EditableText(statement);
  const edits: Edit[] = [];
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const node of TYPE_FIELDS.flatMap((field) => (value as Record<string, TypeNameNode>)[field] ?? [])) {
      if (node.names === undefined) continue;
      const { names: parts, location } = typeReference(node);
      const first = location === undefined ? undefined : text.tokenAt(location);
      const isThis =
        parts[parts.length - 1] === from.name && (parts.length < 2 || parts.at(-2) === from.schema);
      if (first !== undefined && isThis) {
        const written = to.schema === from.schema && parts.length < 2 ? [to.name] : [to.schema, to.name];
        edits.push(text.replace(first, text.nameAt(first).at(-1)!, written.map(quoteIdentifier).join('.')));
      }
    }
    Object.values(value).forEach(walk);
  };
  walk(parse(statement)[0]?.statement);
  return text.edited(edits);
}

function cannotFollow(system: System, type: CatalogObject, reader: CatalogObject): SqlError {
  const what = describeObject(reader, system.catalog);
  return new SqlError({
    sqlstate: '0A000',
    message: `cannot rename ${describeObject(type, system.catalog)} because a default or a check of ${what} names it`,
    hint: `Drop the default or the check first.`,
  });
}
