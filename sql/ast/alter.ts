import type { Node } from '@pgsql/types';
import type { Identifier, QualifiedName } from './name.ts';
import type { ObjectKind } from './object-kind.ts';
import type { Option } from './options.ts';
import type { Query } from './query.ts';

/** What ALTER does. */
export type AlterAction =
  | { kind: 'rename'; to: Identifier }
  | { kind: 'rename_column'; column: Identifier; to: Identifier }
  | { kind: 'set_schema'; schema: Identifier }
  | { kind: 'set_options'; options: Option[] }
  | { kind: 'reset_options'; names: Identifier[] }
  | { kind: 'owner_to'; role: Identifier }
  | { kind: 'swap_with'; other: QualifiedName }
  | { kind: 'pause'; location: number }
  | { kind: 'resume'; location: number }
  | { kind: 'as_query'; query: Query }
  /** ALTER SECRET … AS constant. */
  | { kind: 'as_value'; value: Node }
  | { kind: 'add_table'; table: QualifiedName; alias?: QualifiedName }
  | { kind: 'drop_table'; table: QualifiedName };

/** ALTER kind name action. What else PostgreSQL alters (ALTER TABLE … ADD COLUMN) stays PostgreSQL's node. */
export interface Alter {
  kind: 'alter';
  objectKind: ObjectKind;
  ifExists: boolean;
  name: QualifiedName;
  action: AlterAction;
}
