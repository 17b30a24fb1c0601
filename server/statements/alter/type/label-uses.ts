/**
 * What depends on how the labels of an enum type are called. Rows do not: a value is its label's place. But the texts that
 * define views name labels, and what is maintained was computed with the labels of its time.
 */
import type { ObjectId } from '../../../../sql/catalog.ts';
import { SqlError } from '../../../../sql/error.ts';
import { quoteLiteral } from '../../../../sql/functions/quote.ts';
import { mentionsType } from '../../../../sql/types/mentions.ts';
import { typeRow } from '../../../../sql/types/table.ts';
import type { TypeName } from '../../../../sql/types/type.ts';
import { type CatalogObject, type EnumTypeObject, describeObject } from '../../../catalog/objects.ts';
import { typeOfObject } from '../../../catalog/reader.ts';
import type { System } from '../../../system.ts';
import { type Stored, bindIndex } from '../../create-index.ts';

/** Refuses RENAME VALUE where what is maintained shows labels, or where a stored text names this one. */
export function refuseLabelUses(system: System, type: EnumTypeObject, label: string): void {
  const own = typeOfObject(type);
  for (const object of readersOf(system, type)) {
    const uses = usesIn(system, object, own, label);
    if (!uses.names && !(isMaintained(object) && (uses.shows || uses.reads))) continue;
    throw new SqlError({
      sqlstate: '0A000',
      message: `renaming a label of ${describeObject(type, system.catalog)} that ${describeObject(object, system.catalog)} uses is not supported`,
      hint: `Drop ${describeObject(object, system.catalog)} first, and create it again afterwards.`,
    });
  }
}

/** Refuses ADD VALUE where what is maintained was made of all labels, or of texts that may be the new one. */
export function refuseLabelReaders(system: System, type: EnumTypeObject): void {
  const own = typeOfObject(type);
  for (const object of readersOf(system, type)) {
    if (!isMaintained(object) || !usesIn(system, object, own, null).reads) continue;
    throw new SqlError({
      sqlstate: '0A000',
      message: `adding a label to ${describeObject(type, system.catalog)}, whose labels ${describeObject(object, system.catalog)} reads, is not supported`,
      hint: `Drop ${describeObject(object, system.catalog)} first, and create it again afterwards.`,
    });
  }
}

/** Its rows, or its keys, were computed with the labels of their time. */
function isMaintained({ kind }: CatalogObject): boolean {
  return kind === 'materializedView' || kind === 'sink' || kind === 'index';
}

/** What names the type or has columns of it, and what reads these, and so on. */
function readersOf(system: System, type: EnumTypeObject): CatalogObject[] {
  const own = typeOfObject(type);
  const found = new Map<ObjectId, CatalogObject>();
  const visit = (object: CatalogObject): void => {
    if (found.has(object.id)) return;
    found.set(object.id, object);
    system.catalog.dependents(object.id).forEach(visit);
  };
  system.catalog.dependents(type.id).forEach(visit);
  for (const object of system.catalog.objects()) {
    if (object.kind !== 'table' && object.kind !== 'source') continue;
    if (object.columns.some((column) => mentionsType(column.type.name, own))) visit(object);
  }
  return [...found.values()];
}

interface Uses {
  /** It names the label that is asked for. */
  names: boolean;
  /** It has labels as texts. */
  shows: boolean;
  /** It makes values of texts, or of all labels that there are. */
  reads: boolean;
}

function usesIn(system: System, object: CatalogObject, type: TypeName, label: string | null): Uses {
  const uses: Uses = { names: false, shows: false, reads: false };
  const inText = (text: string | null): void => {
    if (label !== null && text?.includes(quoteLiteral(label)) === true) uses.names = true;
  };
  switch (object.kind) {
    case 'view':
    case 'materializedView':
      walk(system.planning.bindView(object), type, label, uses);
      break;
    case 'sink':
      // It writes labels.
      uses.shows = true;
      inText(object.statement);
      break;
    case 'table':
      for (const column of object.columns) inText(column.defaultText);
      for (const check of object.checks) inText(check.text);
      break;
    case 'index': {
      const relation = system.catalog.object(object.table) as Stored;
      walk(bindIndex(system, object, object.columns, relation), type, label, uses);
      break;
    }
    case 'function':
      inText(object.statement);
      break;
  }
  return uses;
}

/** Functions of all labels. */
const OF_ALL = new Set(['enum_first', 'enum_last', 'enum_range_all', 'enum_range_bounds']);

/** What a bound tree has of labels. */
function walk(node: unknown, type: TypeName, label: string | null, uses: Uses): void {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, type, label, uses);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  const { kind, text, opcode } = node as { kind?: string; text?: string | null; opcode?: string };
  const isOf = (part: unknown): boolean => {
    const of = (part as { type?: { name?: TypeName } } | undefined)?.type?.name;
    return of !== undefined && mentionsType(of, type);
  };
  const { argument, arguments: args } = node as { argument?: unknown; arguments?: readonly unknown[] };
  if (kind === 'literal' && isOf(node) && label !== null && text?.includes(label) === true) uses.names = true;
  if (kind === 'input' && isOf(node)) uses.reads = true;
  if (kind === 'output' && isOf(argument)) uses.shows = true;
  if (opcode !== undefined && OF_ALL.has(opcode) && (isOf(node) || args?.some(isOf) === true)) {
    uses.reads = true;
  }
  if (args?.some(isOf) === true && !isOf(node)) {
    // Texts and jsonb are made of labels; truths and numbers of places.
    const given = (node as { type?: { name?: TypeName } }).type?.name;
    if (given !== undefined && ['S', 'U', 'A'].includes(typeRow(given).category)) uses.shows = true;
  }
  for (const child of Object.values(node)) walk(child, type, label, uses);
}
