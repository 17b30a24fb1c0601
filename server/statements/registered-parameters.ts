/** Parameters of reg* types: what their texts name is looked up when they are bound, as their input functions do. */
import type { ParameterValue } from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { registeredParameter } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { elementType, isRegistered } from '../../sql/types/table.ts';
import type { SqlType } from '../../sql/types/type.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';

/** The values with numbers in the place of names. */
export function readNames(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  {
    types,
    parameters,
    portal,
  }: {
    readonly types: readonly SqlType[];
    readonly parameters: readonly ParameterValue[];
    readonly portal: string;
  },
): readonly ParameterValue[] {
  if (!types.some(({ name }) => isRegistered(elementType(name) ?? name))) return parameters;
  const environment = system.planning.bindEnvironment(session, parsed);
  return parameters.map((parameter, index) => {
    const { format, value } = parameter;
    const { name } = types[index]!;
    if (format !== 0 || value === null || !isRegistered(elementType(name) ?? name)) return parameter;
    try {
      return { format, value: Buffer.from(registeredParameter(value.toString('utf8'), name, environment)) };
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      // PostgreSQL quotes no more of the value than log_parameter_max_length_on_error, which is nothing.
      const where = `${portal === '' ? 'unnamed portal' : `portal "${portal}"`} parameter $${index + 1} = '...'`;
      throw new SqlError({ ...error, message: error.message, where: error.where ?? where });
    }
  });
}
