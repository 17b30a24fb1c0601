/** CREATE TYPE … AS ENUM. */
import type { CreateEnumStmt } from '@pgsql/types';
import { nameParts, stringOf } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier, quoteLiteral } from '../../sql/functions/quote.ts';
import { commitCatalog } from '../catalog/commit.ts';
import type { EnumLabel, EnumTypeObject } from '../catalog/objects.ts';
import { showType } from '../catalog/reader.ts';
import type { System } from '../system.ts';
import { newTypeName } from './create-type.ts';
import { type Runnable, command } from './prepared.ts';

/** Between labels that were declared together there is room for so many others, each between two that are there. */
const STEP = 1n << 40n;
/** In the middle of what 64 bits hold, so that there is room before it too. */
const FIRST = 1n << 62n;

export function prepareCreateEnumType(
  system: System,
  parsed: ParsedStatement,
  statement: CreateEnumStmt,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const labels = (statement.vals ?? []).map((node) => stringOf(node)!);
      labels.forEach(checkLabel);
      const target = newTypeName(system, session, parsed, {
        parts: nameParts(statement.typeName),
        location: 0,
        end: 0,
      });
      const id = system.catalog.allocateObject();
      const twice = labels.find((label, index) => labels.indexOf(label) !== index);
      if (twice !== undefined) {
        throw new SqlError({
          sqlstate: '23505',
          message: 'duplicate key value violates unique constraint "pg_enum_typid_label_index"',
          detail: `Key (enumtypid, enumlabel)=(${id}, ${twice}) already exists.`,
        });
      }
      const object: EnumTypeObject = {
        kind: 'type',
        form: 'enum',
        id,
        arrayId: system.catalog.allocateObject(),
        ...target,
        dependsOn: [],
        statement: parsed.text,
        labels: labels.map((label, index): EnumLabel => ({
          id: system.catalog.allocateObject(),
          label,
          place: FIRST + BigInt(index) * STEP,
          order: index + 1,
        })),
      };
      // Nobody knows its oid before it is committed.
      showType(object);
      defineEnum(system, object);
      await commitCatalog(system, [{ kind: 'add', object: withStatement(object) }]);
      return 'CREATE TYPE';
    }, session),
  );
}

/** A label is a name, which holds 63 bytes. */
export function checkLabel(label: string): void {
  if (Buffer.byteLength(label) <= 63 && label !== '') return;
  throw new SqlError({
    sqlstate: '42602',
    message: `invalid enum label "${label}"`,
    detail: 'Labels must be 63 bytes or less.',
  });
}

/** Tells the engine the type's labels. */
export function defineEnum(system: System, { id, name, labels }: EnumTypeObject): void {
  system.engine.defineEnum(
    id,
    quoteIdentifier(name),
    labels.map(({ label, place }) => ({ label, place: String(place) })),
  );
}

/** The type with the statement that would make it as it is. */
export function withStatement(object: EnumTypeObject): EnumTypeObject {
  const name = [object.schema, object.name].map(quoteIdentifier).join('.');
  const list = object.labels.map(({ label }) => quoteLiteral(label)).join(', ');
  return { ...object, statement: `CREATE TYPE ${name} AS ENUM (${list})` };
}

/** The labels with one more, before or behind another, or at the end. */
export function withLabel(
  labels: readonly EnumLabel[],
  added: { readonly id: number; readonly label: string },
  neighbor: { readonly label: string; readonly isAfter: boolean } | null,
): EnumLabel[] {
  let at = labels.length;
  if (neighbor) {
    const found = labels.findIndex(({ label }) => label === neighbor.label);
    if (found < 0) throw notALabel(neighbor.label);
    at = neighbor.isAfter ? found + 1 : found;
  }
  const [before, behind] = [labels[at - 1], labels[at]];
  const place =
    before && behind
      ? (before.place + behind.place) / 2n
      : before
        ? before.place + STEP
        : behind
          ? behind.place - STEP
          : FIRST;
  if (place === before?.place) {
    throw new SqlError({
      sqlstate: '54000',
      message: `no more labels fit between "${before.label}" and "${behind!.label}"`,
      hint: 'Create another type, and alter the columns to it.',
    });
  }
  const order =
    before && behind
      ? Math.fround((before.order + behind.order) / 2)
      : before
        ? before.order + 1
        : behind
          ? behind.order - 1
          : 1;
  const made = [...labels.slice(0, at), { ...added, place, order }, ...labels.slice(at)];
  // As PostgreSQL, when there is no float4 between two others.
  const renumber = order === before?.order || order === behind?.order;
  return renumber ? made.map((label, index) => ({ ...label, order: index + 1 })) : made;
}

export function notALabel(label: string): SqlError {
  return new SqlError({ sqlstate: '22023', message: `"${label}" is not an existing enum label` });
}
