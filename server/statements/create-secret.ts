/** CREATE SECRET: a name for a value that is not shown again. */
import type { Node } from '@pgsql/types';
import { Secret } from '../../connectors/secret.ts';
import { findLocation } from '../../sql/ast/accessors.ts';
import type { CreateSecret } from '../../sql/ast/create-secret.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName, positionOf } from '../catalog/names.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { evaluateConstant } from './constant.ts';
import { type Runnable, command } from './prepared.ts';

const TAG = 'CREATE SECRET';

export function prepareCreateSecret(
  system: System,
  parsed: ParsedStatement,
  statement: CreateSecret,
): Runnable {
  const [option] = statement.with;
  if (option) {
    throw new SqlError({
      sqlstate: '22023',
      message: `unknown option "${option.name}" of CREATE SECRET`,
      hint: 'There are no options here.',
      position: positionOf(parsed, option.location),
    });
  }
  return command((session) =>
    system.ddl.run(async () => {
      const target = newName(system.catalog, session, parsed, statement.name, 'permanent');
      if (nameIsTaken(system.catalog, session, target, statement.ifNotExists)) return TAG;
      const value = secretValue(system, session, parsed, statement.value);
      const id = system.catalog.allocateObject();
      await commitCatalog(system, [
        {
          kind: 'add',
          object: {
            kind: 'secret',
            id,
            ...target,
            dependsOn: [],
            statement: null,
            value: new Secret(id, value),
          },
        },
      ]);
      return TAG;
    }),
  );
}

/** The value that a statement gives a secret. What is wrong with it is told without quoting it. */
export function secretValue(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  expression: Node,
): string {
  let value: string | null = null;
  try {
    value = evaluateConstant(system, session, parsed, expression, 'AS');
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
  }
  if (value !== null) return value;
  throw new SqlError({
    sqlstate: '22023',
    message: 'the value of a secret must be a constant text that is not NULL',
    position: positionOf(parsed, findLocation(expression)),
  });
}
