/** Storage parameters are accepted without effect, with a NOTICE. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { declarationOf } from '../../catalog/definition-text.ts';
import type { CatalogObject } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import { hasNoEffect } from '../no-effect.ts';
import {
  type GivenParameter,
  type ParameterOwner,
  givenOption,
  refuseRepeated,
  requireParameter,
} from '../storage-parameters.ts';

/** Parameters that are PostgreSQL's are told of and left out, others are not known. */
export function leaveOutOptions(
  session: SessionContext,
  parsed: ParsedStatement,
  parameters: readonly GivenParameter[],
  owner: ParameterOwner,
): void {
  refuseRepeated(parameters);
  for (const parameter of parameters) requireParameter(parsed, parameter, owner);
  for (const { name } of parameters) {
    hasNoEffect(session, `storage parameter "${name}"`, 'Rows are kept in memory, in one form.');
  }
}

/** What ALTER … SET (…) or RESET (…) names. */
export function alteredParameters({ action }: Alter): readonly GivenParameter[] {
  if (action.kind === 'set_options') return action.options.map(givenOption);
  if (action.kind !== 'reset_options') return [];
  return action.names.map(({ name, location }) => ({ name, text: null, location }));
}

/** What an object's parameters are those of. */
export function parameterOwner(object: CatalogObject): ParameterOwner {
  if (object.kind === 'view' || object.kind === 'materializedView') return object.kind;
  if (object.kind === 'index') return declarationOf(object)?.method === 'hash' ? 'hash' : 'btree';
  return 'table';
}

/** SET (…) and RESET (…) of an object without options of ours. */
export function alterOptions(
  parsed: ParsedStatement,
  statement: Alter,
): (object: CatalogObject, session: SessionContext) => Promise<void> {
  return async (object, session) =>
    leaveOutOptions(session, parsed, alteredParameters(statement), parameterOwner(object));
}
