/** Objects that are no relations, as statements name them that want them to be there and do no more. */
import type { Node } from '@pgsql/types';
import { nameParts, nodeAs, stringOf, typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { requireType } from './alter/type/require-type.ts';
import { findFunction } from './drop-function.ts';

/** Throws where the object is not there; false: objects of this kind are not looked for here. */
export function requireNamed(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  kind: string | undefined,
  node: Node | undefined,
): boolean {
  switch (kind) {
    case 'OBJECT_FUNCTION':
    case 'OBJECT_ROUTINE':
      findFunction(system, session, parsed, nodeAs(node, 'ObjectWithArgs')!, false);
      return true;
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const type = nodeAs(node, 'TypeName');
      const names = type ? typeReference(type).names : nameParts(nodeAs(node, 'List')?.items);
      requireType(system, session, parsed, names);
      return true;
    }
    case 'OBJECT_SCHEMA':
      requireSchema(system, stringOf(node));
      return true;
    case 'OBJECT_DATABASE':
      if (stringOf(node) === session.database) return true;
      throw new SqlError({ sqlstate: '3D000', message: `database "${stringOf(node)}" does not exist` });
    default:
      return false;
  }
}

export function requireSchema(system: System, name: string): void {
  if (system.catalog.schema(name)) return;
  throw new SqlError({ sqlstate: '3F000', message: `schema "${name}" does not exist` });
}
