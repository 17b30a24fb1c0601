/** Which relations the actions of ALTER TABLE are of, and what PostgreSQL's messages call the actions. */
import type { AlterTableCmd } from '@pgsql/types';
import { SqlError } from '../../../../sql/error.ts';
import { type CatalogObject, kindName } from '../../../catalog/objects.ts';

/** Relations that are no tables, and are named by ALTER TABLE all the same. */
export type OtherRelation = Extract<
  CatalogObject,
  { kind: 'view' | 'materializedView' | 'index' | 'sequence' }
>;

export function isOtherRelation(object: CatalogObject): object is OtherRelation {
  return ['view', 'materializedView', 'index', 'sequence'].includes(object.kind);
}

interface ActionTarget {
  readonly name: string;
  /** What has it besides tables. */
  readonly others?: readonly OtherRelation['kind'][];
}

type Subtype = NonNullable<AlterTableCmd['subtype']>;

const ACTIONS: Readonly<Partial<Record<Subtype, ActionTarget>>> = {
  AT_AddColumn: { name: 'ADD COLUMN' },
  AT_ColumnDefault: { name: 'ALTER COLUMN ... SET DEFAULT', others: ['view'] },
  AT_DropNotNull: { name: 'ALTER COLUMN ... DROP NOT NULL' },
  AT_SetNotNull: { name: 'ALTER COLUMN ... SET NOT NULL' },
  AT_SetExpression: { name: 'ALTER COLUMN ... SET EXPRESSION' },
  AT_DropExpression: { name: 'ALTER COLUMN ... DROP EXPRESSION' },
  AT_SetStatistics: { name: 'ALTER COLUMN ... SET STATISTICS', others: ['materializedView', 'index'] },
  AT_SetOptions: { name: 'ALTER COLUMN ... SET', others: ['materializedView'] },
  AT_ResetOptions: { name: 'ALTER COLUMN ... RESET', others: ['materializedView'] },
  AT_SetStorage: { name: 'ALTER COLUMN ... SET STORAGE', others: ['materializedView'] },
  AT_SetCompression: { name: 'ALTER COLUMN ... SET COMPRESSION', others: ['materializedView'] },
  AT_DropColumn: { name: 'DROP COLUMN' },
  AT_AddConstraint: { name: 'ADD CONSTRAINT' },
  AT_AlterConstraint: { name: 'ALTER CONSTRAINT' },
  AT_ValidateConstraint: { name: 'VALIDATE CONSTRAINT' },
  AT_DropConstraint: { name: 'DROP CONSTRAINT' },
  AT_AlterColumnType: { name: 'ALTER COLUMN ... SET DATA TYPE' },
  AT_ChangeOwner: { name: 'OWNER TO', others: ['view', 'materializedView', 'index', 'sequence'] },
  AT_ClusterOn: { name: 'CLUSTER ON', others: ['materializedView'] },
  AT_DropCluster: { name: 'SET WITHOUT CLUSTER', others: ['materializedView'] },
  AT_SetLogged: { name: 'SET LOGGED', others: ['sequence'] },
  AT_SetUnLogged: { name: 'SET UNLOGGED', others: ['sequence'] },
  AT_DropOids: { name: 'SET WITHOUT OIDS' },
  AT_SetRelOptions: { name: 'SET', others: ['view', 'materializedView', 'index'] },
  AT_ResetRelOptions: { name: 'RESET', others: ['view', 'materializedView', 'index'] },
  AT_EnableTrig: { name: 'ENABLE TRIGGER' },
  AT_EnableTrigAll: { name: 'ENABLE TRIGGER ALL' },
  AT_EnableTrigUser: { name: 'ENABLE TRIGGER USER' },
  AT_DisableTrig: { name: 'DISABLE TRIGGER' },
  AT_DisableTrigAll: { name: 'DISABLE TRIGGER ALL' },
  AT_DisableTrigUser: { name: 'DISABLE TRIGGER USER' },
  AT_ReplicaIdentity: { name: 'REPLICA IDENTITY', others: ['materializedView'] },
  AT_EnableRowSecurity: { name: 'ENABLE ROW SECURITY' },
  AT_DisableRowSecurity: { name: 'DISABLE ROW SECURITY' },
  AT_ForceRowSecurity: { name: 'FORCE ROW SECURITY' },
  AT_NoForceRowSecurity: { name: 'NO FORCE ROW SECURITY' },
  AT_AddOf: { name: 'OF' },
  AT_DropOf: { name: 'NOT OF' },
  AT_AddIdentity: { name: 'ALTER COLUMN ... ADD IDENTITY', others: ['view'] },
  AT_SetIdentity: { name: 'ALTER COLUMN ... SET', others: ['view'] },
  AT_DropIdentity: { name: 'ALTER COLUMN ... DROP IDENTITY', others: ['view'] },
};

/** The words of an action; undefined where it has none here. */
export function actionName({ subtype = 'AT_AddColumn' }: AlterTableCmd): string | undefined {
  return ACTIONS[subtype]?.name;
}

/** 42809 where a relation of this kind has no such action. */
export function requireActionOf(object: OtherRelation, { subtype = 'AT_AddColumn' }: AlterTableCmd): void {
  const action = ACTIONS[subtype];
  if (action === undefined || action.others?.includes(object.kind) === true) return;
  throw new SqlError({
    sqlstate: '42809',
    message: `ALTER action ${action.name} cannot be performed on relation "${object.name}"`,
    detail: `This operation is not supported for ${object.kind === 'index' ? 'indexe' : kindName(object.kind)}s.`,
  });
}
