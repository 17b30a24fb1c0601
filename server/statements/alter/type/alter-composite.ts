/** ALTER TYPE … ADD, DROP, ALTER and RENAME ATTRIBUTE. What keeps values of the type keeps the type as it is. */
import type { AlterTableCmd, AlterTableStmt, ColumnDef, RangeVar, RenameStmt } from '@pgsql/types';
import { nodeAs, rangeName } from '../../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import { bindFields } from '../../../../sql/bind/bind.ts';
import { SqlError } from '../../../../sql/error.ts';
import { quoteIdentifier } from '../../../../sql/functions/quote.ts';
import { ownTypesOf } from '../../../../sql/types/mentions.ts';
import type { RecordField } from '../../../../sql/types/record.ts';
import { commitCatalog } from '../../../catalog/commit.ts';
import { lookUp } from '../../../catalog/names.ts';
import { type CompositeTypeObject, type TableObject, describeObject } from '../../../catalog/objects.ts';
import { showType } from '../../../catalog/reader.ts';
import { inOneCommit } from '../../../catalog/staged-ddl.ts';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';
import { columnsOfType } from '../../drop.ts';
import { type Runnable, command } from '../../prepared.ts';
import { fieldType } from '../../typed-table.ts';
import { renameColumn } from '../rename-column.ts';
import { applyAction, passOf } from '../table/actions.ts';
import { carryOut } from '../table/carry-out.ts';
import { TableDraft } from '../table/draft.ts';
import { findOwnType } from './require-type.ts';

export function prepareAlterComposite(
  system: System,
  parsed: ParsedStatement,
  { relation, cmds = [] }: AlterTableStmt,
): Runnable {
  const commands = cmds
    .map((node) => nodeAs(node, 'AlterTableCmd')!)
    .toSorted((a, b) => passOf(a) - passOf(b));
  const cascade = commands.every(({ behavior }) => behavior === 'DROP_CASCADE');
  return command((session) =>
    inOneCommit(system, session, async (staged) => {
      const type = requireComposite(staged, session, parsed, relation);
      const fields = commands.reduce(
        (before, each) => alteredFields(staged, session, parsed, { ...type, fields: before }, each),
        type.fields,
      );
      await commitFields(staged, type, fields, cascade, async (table) => {
        const draft = new TableDraft(staged, table);
        draft.ofType = undefined;
        const context = { system: staged, session, parsed };
        for (const each of commands) applyAction(context, draft, { command: each, segment: [] });
        draft.ofType = type.id;
        await carryOut(context, draft);
      });
      return 'ALTER TYPE';
    }),
  );
}

export function prepareRenameAttribute(
  system: System,
  parsed: ParsedStatement,
  { relation, subname: from = '', newname: to = '', behavior }: RenameStmt,
): Runnable {
  return command((session) =>
    inOneCommit(system, session, async (staged) => {
      const type = requireComposite(staged, session, parsed, relation);
      if (!type.fields.some(({ name }) => name === from)) {
        throw new SqlError({ sqlstate: '42703', message: `column "${from}" does not exist` });
      }
      if (type.fields.some(({ name }) => name === to)) throw isThere(type, to);
      const fields = type.fields.map((field) => (field.name === from ? { ...field, name: to } : field));
      await commitFields(staged, type, fields, behavior === 'DROP_CASCADE', async (table) => {
        const column = { name: from, location: 0, end: 0 };
        await renameColumn(staged, parsed, { ...table, ofType: undefined }, column, to);
        const renamed = staged.catalog.object(table.id) as TableObject;
        await commitCatalog(staged, [{ kind: 'replace', object: { ...renamed, ofType: type.id } }]);
      });
      return 'ALTER TYPE';
    }),
  );
}

function requireComposite(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  relation: RangeVar | undefined,
): CompositeTypeObject {
  const name = rangeName(relation);
  const found = findOwnType(system, session, name.parts);
  if (found?.form === 'composite') return found;
  const written = name.parts.join('.');
  if (lookUp(system.catalog, session, parsed, name) !== null) {
    throw new SqlError({ sqlstate: '42809', message: `"${written}" is not a composite type` });
  }
  throw new SqlError({ sqlstate: '42P01', message: `relation "${written}" does not exist` });
}

function isThere({ name }: CompositeTypeObject, field: string): SqlError {
  const message = `column "${field}" of relation "${name}" already exists`;
  return new SqlError({ sqlstate: '42701', message });
}

/** The fields after one action. */
function alteredFields(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  type: CompositeTypeObject,
  { subtype, name = '', def, missing_ok }: AlterTableCmd,
): readonly RecordField[] {
  const { fields } = type;
  const bound = (column: ColumnDef): RecordField => {
    const [field] = bindFields([column], system.planning.bindEnvironment(session, parsed));
    if (reaches(system, field!, type.id)) {
      const message = `composite type ${type.name} cannot be made a member of itself`;
      throw new SqlError({ sqlstate: '42P16', message });
    }
    return field!;
  };
  if (subtype === 'AT_AddColumn') {
    const column = nodeAs(def, 'ColumnDef')!;
    if (fields.some((field) => field.name === column.colname)) throw isThere(type, column.colname!);
    return [...fields, bound(column)];
  }
  const at = fields.findIndex((field) => field.name === name);
  if (at < 0) {
    const message = `column "${name}" of relation "${type.name}" does not exist`;
    if (missing_ok !== true) throw new SqlError({ sqlstate: '42703', message });
    session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${message}, skipping` });
    return fields;
  }
  if (subtype === 'AT_DropColumn') return fields.toSpliced(at, 1);
  if (subtype === 'AT_AlterColumnType') {
    return fields.with(at, bound({ ...nodeAs(def, 'ColumnDef'), colname: name }));
  }
  throw new SqlError({ sqlstate: '0A000', message: 'this form of ALTER TYPE is not supported' });
}

/** Whether values of a field have values of a type in them. */
function reaches(system: System, { type, domain }: RecordField, id: number): boolean {
  return [...ownTypesOf([type.name]), ...(domain === undefined ? [] : [domain])].some((other) => {
    if (other === id) return true;
    const object = system.catalog.object(other);
    if (object.kind === 'type' && object.form === 'domain') {
      const over = object.over === null ? {} : { domain: object.over };
      return reaches(system, { name: '', type: object.type, ...over }, id);
    }
    if (object.kind === 'type') {
      return object.form === 'composite' && object.fields.some((field) => reaches(system, field, id));
    }
    if (object.kind === 'index' || !('columns' in object)) return false;
    return object.columns.some((column) => reaches(system, column, id));
  });
}

/** The type with other fields, and the tables that are of it. */
async function commitFields(
  system: System,
  type: CompositeTypeObject,
  fields: readonly RecordField[],
  cascade: boolean,
  alter: (table: TableObject) => Promise<void>,
): Promise<void> {
  const dependents = system.catalog.dependents(type.id);
  const typed = dependents.filter(
    (object): object is TableObject => object.kind === 'table' && object.ofType === type.id,
  );
  const refused = (user: string): SqlError =>
    new SqlError({ sqlstate: '0A000', message: `cannot alter type "${type.name}" because ${user} uses it` });
  const [kept] = columnsOfType(system, type);
  if (kept !== undefined) throw refused(`column "${kept.stored.name}.${kept.columns[0]}"`);
  const other = dependents.find((object) => !typed.some(({ id }) => id === object.id));
  if (other !== undefined) throw refused(describeObject(other, system.catalog));
  if (typed.length > 0 && !cascade) {
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot alter type "${type.name}" because it is the type of a typed table`,
      hint: 'Use ALTER ... CASCADE to alter the typed tables too.',
    });
  }
  const name = `${quoteIdentifier(type.schema)}.${quoteIdentifier(type.name)}`;
  const list = fields.map((field) => `${quoteIdentifier(field.name)} ${fieldType(system, field)}`);
  const named = fields.flatMap(({ type: of, domain }) => [...ownTypesOf([of.name]), domain ?? []].flat());
  const object: CompositeTypeObject = {
    ...type,
    fields,
    dependsOn: [...new Set(named)],
    statement: `CREATE TYPE ${name} AS (${list.join(', ')})`,
  };
  await commitCatalog(system, [{ kind: 'replace', object }], { committed: () => showType(object) });
  for (const table of typed) await alter(table);
}
