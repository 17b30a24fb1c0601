/** ALTER TYPE … ADD VALUE, RENAME VALUE. */
import type { AlterEnumStmt } from '@pgsql/types';
import { nameParts } from '../../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import { SqlError } from '../../../../sql/error.ts';
import { commitCatalog } from '../../../catalog/commit.ts';
import type { EnumLabel, EnumTypeObject } from '../../../catalog/objects.ts';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';
import { checkLabel, defineEnum, notALabel, withLabel, withStatement } from '../../create-enum-type.ts';
import { type Runnable, command } from '../../prepared.ts';
import { refuseLabelReaders, refuseLabelUses } from './label-uses.ts';
import { requireType } from './require-type.ts';

export function prepareAlterEnum(
  system: System,
  parsed: ParsedStatement,
  statement: AlterEnumStmt,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const parts = nameParts(statement.typeName);
      const object = requireType(system, session, parsed, parts);
      if (object.form !== 'enum') {
        throw new SqlError({ sqlstate: '42809', message: `${parts.join('.')} is not an enum` });
      }
      const labels =
        statement.oldVal === undefined
          ? added(system, session, object, statement)
          : renamed(system, object, statement.oldVal, statement.newVal ?? '');
      if (labels) await commitLabels(system, object, labels);
      return 'ALTER TYPE';
    }, session),
  );
}

/** Null where the label is there already, and may be. */
function added(
  system: System,
  session: SessionContext,
  object: EnumTypeObject,
  statement: AlterEnumStmt,
): EnumLabel[] | null {
  const { newVal: label = '', newValNeighbor, newValIsAfter = false, skipIfNewValExists } = statement;
  checkLabel(label);
  if (object.labels.some((other) => other.label === label)) {
    const message = `enum label "${label}" already exists`;
    if (skipIfNewValExists !== true) throw new SqlError({ sqlstate: '42710', message });
    session.notice({ severity: 'NOTICE', sqlstate: '42710', message: `${message}, skipping` });
    return null;
  }
  refuseLabelReaders(system, object);
  const neighbor = newValNeighbor === undefined ? null : { label: newValNeighbor, isAfter: newValIsAfter };
  return withLabel(object.labels, { id: system.catalog.allocateObject(), label }, neighbor);
}

function renamed(system: System, object: EnumTypeObject, from: string, to: string): EnumLabel[] {
  checkLabel(to);
  if (!object.labels.some(({ label }) => label === from)) throw notALabel(from);
  if (object.labels.some(({ label }) => label === to)) {
    throw new SqlError({ sqlstate: '42710', message: `enum label "${to}" already exists` });
  }
  refuseLabelUses(system, object, from);
  return object.labels.map((each) => (each.label === from ? { ...each, label: to } : each));
}

/**
 * Labels are the process's: in a transaction, those of a type that others know change when it commits (PostgreSQL does not
 * let a transaction use a label that it added either).
 */
async function commitLabels(system: System, object: EnumTypeObject, labels: EnumLabel[]): Promise<void> {
  const changed = withStatement({ ...object, labels });
  if (system.staged?.isNew(object.id) === true) {
    defineEnum(system, changed);
    await commitCatalog(system, [{ kind: 'replace', object: changed }], {
      abandoned: () => defineEnum(system, object),
    });
    return;
  }
  await commitCatalog(system, [{ kind: 'replace', object: changed }], {
    committed: () => defineEnum(system, changed),
  });
}
