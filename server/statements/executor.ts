/**
 * Which statement kind goes to which file. Prepared statements are compiled again when what they were compiled out of has
 * changed since.
 */
import type { DropStmt, Node, TypeName } from '@pgsql/types';
import type { Engine, ParameterValue } from '../../engine/index.ts';
import { nodeAs, stringOf } from '../../sql/ast/accessors.ts';
import { commandName, insteadOf } from '../../sql/ast/command-name.ts';
import { intoClauseOf, selectIntoAsCreate } from '../../sql/ast/select-into.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { bindDeclaredType, checkArguments } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { ownTypesOf } from '../../sql/types/mentions.ts';
import { elementType } from '../../sql/types/table.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { ddlName, isTransactional } from '../session/statement-class.ts';
import { asDeclared, hasWritten } from '../session/statement.ts';
import type {
  DeclaredType,
  Direct,
  OpenTransaction,
  PreparedStatement,
  SessionContext,
  StatementExecutor,
  StatementResult,
} from '../session/statement.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { DdlLock } from '../catalog/ddl-lock.ts';
import { located } from '../catalog/error-context.ts';
import { recording } from '../catalog/questions.ts';
import { StagedDdl, inOneCommit } from '../catalog/staged-ddl.ts';
import { schemasOf } from '../catalog/temporary.ts';
import type { System } from '../system.ts';
import { StaleWrite } from '../timeline/sequencer.ts';
import { asAlter, prepareAlter } from './alter/alter.ts';
import { prepareAlterFunction } from './alter/alter-function.ts';
import { prepareRenameFunction, prepareSetFunctionSchema } from './alter/rename-function.ts';
import { prepareAlterOtherOwner } from './alter/owner-to.ts';
import { prepareAlterComposite, prepareRenameAttribute } from './alter/type/alter-composite.ts';
import { prepareAlterEnum } from './alter/type/alter-enum.ts';
import { prepareRenameType, prepareSetTypeSchema } from './alter/type/rename-type.ts';
import { prepareAlterSequenceOptions, prepareAlterSequencePersistence } from './alter/alter-sequence.ts';
import { prepareAlterTableActions, prepareRenameConstraint } from './alter/table/alter-table.ts';
import { prepareComment } from './comment.ts';
import { prepareCopyFrom } from './copy-from.ts';
import { prepareCopySubscribe, prepareCopyTo } from './copy-to.ts';
import { prepareCreateConnection } from './create-connection.ts';
import { prepareCreateEnumType } from './create-enum-type.ts';
import { prepareCreateExtension } from './extension/create-extension.ts';
import { prepareDropExtension } from './extension/drop-extension.ts';
import { prepareCreateFunction } from './create-function.ts';
import { prepareCreateDefaultIndex, prepareCreateIndex } from './create-index.ts';
import { prepareCreateMaterializedView } from './create-materialized-view.ts';
import { prepareCreateSchema } from './create-schema.ts';
import { prepareCreateSecret } from './create-secret.ts';
import { prepareCreateSequence } from './create-sequence.ts';
import { prepareCreateSink } from './create-sink.ts';
import { prepareCreateSource } from './create-source.ts';
import { prepareCreateTable } from './create-table.ts';
import { prepareCreateTableAs } from './create-table-as.ts';
import { prepareCreateView } from './create-view.ts';
import { prepareDrop } from './drop.ts';
import { prepareAlterDomain, prepareRenameDomainConstraint } from './domain/alter-domain.ts';
import { prepareCreateDomain } from './domain/create-domain.ts';
import { prepareCreateType } from './create-type.ts';
import { prepareDropAbsent, prepareDropDatabase, prepareDropRole } from './drop-absent.ts';
import { prepareDropType } from './drop-type.ts';
import { prepareDropFunction } from './drop-function.ts';
import { prepareExplain } from './explain.ts';
import { prepareDefaultPrivileges, prepareGrant, prepareGrantRole } from './grant.ts';
import { Plan, PlanCache } from './plan-cache.ts';
import { type Runnable, command } from './prepared.ts';
import { prepareRefresh } from './refresh.ts';
import { readNames } from './registered-parameters.ts';
import { lockingFirst, lockingIn, RowLocks, withoutRows } from './row-locks.ts';
import { prepareSelect } from './select.ts';
import { prepareLockTable } from './lock-table.ts';
import { prepareMaintenance } from './maintenance.ts';
import { prepareSetConstraints } from './set-constraints.ts';
import { prepareShowCreate, prepareShowObjects } from './show.ts';
import { forgetSnapshot } from './snapshot.ts';
import { prepareSubscribe } from './subscribe.ts';
import { prepareValidateConnection } from './validate-connection.ts';
import { afterCommit, dropTemporary } from './temporary-objects.ts';
import { requireWritable } from '../session/access-mode.ts';
import { prepareTruncate } from './truncate.ts';
import { isWrite, prepareWrite } from './write.ts';

/** What a prepared statement was compiled under; any difference compiles it again. */
interface CompiledUnder {
  plan: Plan;
  key: string;
  /** The version of the settings under which the key was found to be right outside of a transaction. */
  settingsVersion: number;
  /** And that of the sessions' temporary schemas. */
  temporarySchemas: number;
}

export class Executor implements StatementExecutor {
  readonly #system: System;
  readonly #engine: Engine;
  readonly #plans = new PlanCache();

  readonly #ddl: DdlLock;
  readonly #locks = new RowLocks();
  /** How many there have been. */
  #transactions = 0;

  constructor(system: System, ddl: DdlLock) {
    this.#system = system;
    this.#ddl = ddl;
    this.#engine = system.engine;
  }

  prepare(
    session: SessionContext,
    parsed: ParsedStatement,
    parameterTypes: readonly (SqlType | null)[],
  ): PreparedStatement {
    const key = keyOf(this.#systemOf(session).catalog, session, hasWritten(session.transaction));
    const plan = this.#compile(session, parsed, parameterTypes, key);
    const under: CompiledUnder = { plan, key, settingsVersion: -1, temporarySchemas: -1 };
    return {
      parsed,
      parameterTypes: plan.runnable.parameterTypes,
      columns: plan.runnable.columns,
      endsTransaction: false,
      plan: under,
    };
  }

  declaredType(session: SessionContext, parsed: ParsedStatement, node: TypeName): DeclaredType {
    const environment = this.#systemOf(session).planning.bindEnvironment(session, parsed);
    const { type, domain } = bindDeclaredType(node, environment);
    return { type, isDomain: domain !== null };
  }

  checkArguments(
    session: SessionContext,
    parsed: ParsedStatement,
    given: readonly Node[],
    types: readonly SqlType[],
  ): void {
    checkArguments(given, types, this.#systemOf(session).planning.bindEnvironment(session, parsed));
  }

  readNames(
    session: SessionContext,
    parsed: ParsedStatement,
    types: readonly SqlType[],
    parameters: readonly ParameterValue[],
    portal: string,
  ): readonly ParameterValue[] {
    return readNames(this.#systemOf(session), session, parsed, { types, parameters, portal });
  }

  nameOfType({ name }: SqlType): TypeName {
    const element = elementType(name);
    const [own] = ownTypesOf([name]);
    const object = own === undefined ? null : this.#system.catalog.object(own);
    const names = object === null ? ['pg_catalog', name] : [object.schema, object.name];
    const isArray = object !== null && element !== null;
    return {
      names: names.map((sval) => ({ String: { sval } })),
      ...(isArray ? { arrayBounds: [{ Integer: { ival: -1 } }] } : {}),
      typemod: -1,
      location: -1,
    };
  }

  async execute(
    session: SessionContext,
    prepared: PreparedStatement,
    parameters: Parameters<StatementExecutor['execute']>[2],
    formats: readonly number[],
  ): Promise<StatementResult> {
    const under = prepared.plan as CompiledUnder;
    const { catalog } = this.#systemOf(session);
    const key = keyOf(catalog, session, hasWritten(session.transaction));
    const { version } = catalog;
    if (under.key !== key || !under.plan.isCurrent({ catalog, dataflows: this.#system.dataflows })) {
      const types = prepared.parameterTypes;
      const plan = this.#compile(session, prepared.parsed, types, key);
      if (columnsText(plan.runnable) !== columnsText(prepared)) {
        throw new SqlError({ sqlstate: '0A000', message: 'cached plan must not change result type' });
      }
      under.plan = plan;
      under.key = key;
      under.settingsVersion = -1;
    }
    const ended = this.#system.running.enter();
    try {
      return await under.plan.runnable.run(session, { parsed: prepared.parsed, parameters, formats });
    } catch (error) {
      // The table was altered meanwhile: a statement on its own is planned anew.
      const again = error instanceof StaleWrite && !session.transaction.explicit;
      if (!again || this.#systemOf(session).catalog.version === version) throw error;
    } finally {
      ended();
    }
    forgetSnapshot(session.transaction);
    return this.execute(session, prepared, parameters, formats);
  }

  afterCommit(session: SessionContext): Promise<void> | null {
    return session.hasOnCommit ? afterCommit(this.#system, session) : null;
  }

  async dropTemporary(session: SessionContext, ends: boolean): Promise<void> {
    const system = ends ? this.#system : this.#systemOf(session);
    if (system.catalog.schema(session.temporarySchema) === null) return;
    if (ends) await system.ddl.run(() => dropTemporary(system, session, true));
    else await inOneCommit(system, session, (staged) => dropTemporary(staged, session, false));
  }

  direct(session: SessionContext, prepared: PreparedStatement): Direct | null {
    if (session.hasOnCommit) return null;
    const under = prepared.plan as CompiledUnder;
    const { catalog } = this.#system;
    const { settingsVersion } = session;
    const { temporarySchemas } = catalog;
    if (under.settingsVersion !== settingsVersion || under.temporarySchemas !== temporarySchemas) {
      if (under.key !== keyOf(catalog, session, false)) return null;
      Object.assign(under, { settingsVersion, temporarySchemas });
    }
    if (!under.plan.isCurrent(this.#system)) return null;
    return under.plan.runnable.direct?.(session) ?? null;
  }

  async beginDdl(session: SessionContext, prepared: PreparedStatement): Promise<void> {
    const { transaction } = session;
    const name = ddlName(prepared.parsed) ?? '';
    requireWritable(transaction, name);
    if (!isTransactional(prepared.parsed)) {
      throw new SqlError({
        sqlstate: '0A000',
        message: `${name} inside a transaction block is not supported`,
        hint: 'What reads or writes outside of the server cannot be rolled back: run it on its own.',
      });
    }
    if (transaction.ddl) return;
    const release = await this.#ddl.acquire(session);
    transaction.ddl = new StagedDdl(this.#system, transaction.writes, release);
  }

  begin(options: { readonly readOnly: boolean; readonly explicit: boolean }): OpenTransaction {
    this.#transactions += 1;
    return {
      number: this.#transactions,
      timestamp: null,
      hold: null,
      reads: null,
      writes: this.#engine.beginTransaction(),
      ddl: null,
      undo: [],
      fresh: new Set(),
      constraintModes: asDeclared,
      ...options,
    };
  }

  async commit(transaction: OpenTransaction): Promise<void> {
    try {
      await transaction.ddl?.beforeCommit();
      if (hasWritten(transaction)) await this.#system.sequencer.commit(transaction.writes, transaction.reads);
      transaction.ddl?.committed();
      transaction.undo.length = 0;
    } finally {
      this.rollback(transaction);
    }
  }

  locate(error: unknown): unknown {
    return located(error, this.#system);
  }

  rollback(transaction: OpenTransaction): void {
    this.#locks.release(transaction, this.#system.sequencer.last);
    this.#ddl.shared.release(transaction.number);
    for (const undo of transaction.undo.splice(0).toReversed()) undo();
    forgetSnapshot(transaction);
    transaction.ddl?.end();
    transaction.writes.close();
  }

  /** The server as the session's transaction sees it. */
  #systemOf(session: SessionContext): System {
    return session.transaction.ddl?.system ?? this.#system;
  }

  #compile(
    session: SessionContext,
    parsed: ParsedStatement,
    types: readonly (SqlType | null)[],
    key: string,
  ): Plan {
    const typed = [key, ...types.map((type) => (type ? `${type.name}:${type.typmod}` : ''))].join('\u0000');
    const system = this.#systemOf(session);
    const compile = (): Plan => {
      const { catalog } = system;
      const { outcome, questions } = recording(catalog, () =>
        this.#prepareStatement(system, session, parsed, types),
      );
      // What is not kept may look at more than the catalog.
      return new Plan(outcome, outcome.planLength === undefined ? null : questions, system);
    };
    // Nobody else sees the catalog of a transaction, and what others have compiled is not to go for it.
    return system.staged ? compile() : this.#plans.get(parsed.planned ?? parsed, typed, system, compile);
  }

  #prepareStatement(
    system: System,
    session: SessionContext,
    parsed: ParsedStatement,
    types: readonly (SqlType | null)[],
  ): Runnable {
    const runnable = prepareStatement(system, session, parsed, types);
    const node = parsed.statement.kind === 'postgres' ? parsed.statement.node : null;
    const locking = node && /\bfor\b/i.test(parsed.text) ? lockingIn(node) : [];
    if (!node || locking.length === 0) return runnable;
    return lockingFirst(system, this.#locks, parsed, locking, runnable, () => {
      const select = withoutRows(nodeAs(node, 'SelectStmt')!);
      return prepareSelect(system, session, parsed, { SelectStmt: select }, types);
    });
  }
}

/** A transaction that has written reads materialized views through their definitions: other plans. */
function keyOf(catalog: Catalog, session: SessionContext, wrote: boolean): string {
  const { user, database, timeZone } = session;
  const withoutRules = session.setting('disabled_rules');
  return [wrote, user, database, timeZone, withoutRules, ...schemasOf(catalog, session)].join('\u0000');
}

/** What ALTER … with actions is of. */
const ALTERED_RELATIONS: ReadonlySet<string> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_INDEX',
]);

/** DROP … IF EXISTS. */
function skipDrop(name: string, { objects = [] }: DropStmt): Runnable {
  return command(async (session) => {
    for (const object of objects) {
      const parts = nodeAs(object, 'ObjectWithArgs')?.objname ?? nodeAs(object, 'List')?.items ?? [object];
      const kind = name.replace('DROP ', '').toLowerCase();
      const message = `${kind} "${stringOf(parts.at(-1))}" does not exist, skipping`;
      session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
    }
    return name;
  });
}

function columnsText(of: Pick<PreparedStatement, 'columns'>): string {
  return JSON.stringify(of.columns?.map(({ name, type }) => [name, type.name, type.typmod]) ?? null);
}

function prepareStatement(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  parameterTypes: readonly (SqlType | null)[],
): Runnable {
  const { statement } = parsed;
  switch (statement.kind) {
    case 'postgres':
      return preparePostgres(system, session, parsed, parameterTypes);
    case 'create_view':
      return statement.materialized
        ? prepareCreateMaterializedView(system, session, parsed, statement)
        : prepareCreateView(system, session, parsed, statement);
    case 'create_source':
      return prepareCreateSource(system, session, parsed, statement);
    case 'create_sink':
      return prepareCreateSink(system, session, parsed, statement);
    case 'create_default_index':
      return prepareCreateDefaultIndex(system, parsed, statement.relation);
    case 'drop':
      return prepareDrop(system, parsed, statement);
    case 'alter':
      return prepareAlter(system, parsed, statement);
    case 'subscribe':
      return prepareSubscribe(system, session, parsed, statement);
    case 'copy_subscribe':
      return prepareCopySubscribe(system, session, parsed, statement);
    case 'explain':
      return prepareExplain(system, session, parsed, statement, parameterTypes);
    case 'show_objects':
      return prepareShowObjects(system, session, parsed, statement);
    case 'show_create':
      return prepareShowCreate(system, session, parsed, statement);
    case 'create_connection':
      return prepareCreateConnection(system, parsed, statement);
    case 'create_secret':
      return prepareCreateSecret(system, parsed, statement);
    case 'validate_connection':
      return prepareValidateConnection(system, parsed, statement);
    case 'create_table_from_source':
      throw new SqlError({
        sqlstate: '0A000',
        message: `${statement.kind.replaceAll('_', ' ').toUpperCase()} is not supported yet`,
      });
    case 'declare_cursor':
    case 'fetch':
    case 'flush':
    case 'show_setting':
      throw new Error(`${statement.kind} belongs to the session`);
  }
}

function preparePostgres(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  parameterTypes: readonly (SqlType | null)[],
): Runnable {
  if (parsed.statement.kind !== 'postgres') throw new Error('not a statement of PostgreSQL');
  const { node } = parsed.statement;
  if ('SelectStmt' in node) {
    if (intoClauseOf(node.SelectStmt) === undefined) {
      return prepareSelect(system, session, parsed, node, parameterTypes);
    }
    const created = selectIntoAsCreate(node.SelectStmt);
    return prepareCreateTableAs(system, session, parsed, created, parameterTypes);
  }
  if ('CreateTableAsStmt' in node && node.CreateTableAsStmt.objtype === 'OBJECT_TABLE') {
    return prepareCreateTableAs(system, session, parsed, node.CreateTableAsStmt, parameterTypes);
  }
  if (isWrite(node)) {
    return prepareWrite(system, session, parsed, node, parameterTypes);
  }
  const maintenance = prepareMaintenance(system, parsed, node);
  if (maintenance) return maintenance;
  if ('LockStmt' in node) return prepareLockTable(system, parsed, node.LockStmt);
  if ('ConstraintsSetStmt' in node) return prepareSetConstraints(system, node.ConstraintsSetStmt);
  if ('TruncateStmt' in node) return prepareTruncate(system, session, parsed, node.TruncateStmt);
  if ('CreateSeqStmt' in node) return prepareCreateSequence(system, parsed, node.CreateSeqStmt);
  if ('AlterTableStmt' in node && ALTERED_RELATIONS.has(node.AlterTableStmt.objtype ?? '')) {
    return prepareAlterTableActions(system, parsed, node.AlterTableStmt);
  }
  if ('AlterTableStmt' in node && node.AlterTableStmt.objtype === 'OBJECT_SEQUENCE') {
    return prepareAlterSequencePersistence(system, parsed, node.AlterTableStmt);
  }
  if ('AlterTableStmt' in node && node.AlterTableStmt.objtype === 'OBJECT_TYPE') {
    return prepareAlterComposite(system, parsed, node.AlterTableStmt);
  }
  if ('RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_ATTRIBUTE') {
    return prepareRenameAttribute(system, parsed, node.RenameStmt);
  }
  const renamed = 'RenameStmt' in node ? asAlter(node.RenameStmt) : null;
  if (renamed) return prepareAlter(system, parsed, renamed);
  if ('RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_TABCONSTRAINT') {
    return prepareRenameConstraint(system, parsed, node.RenameStmt);
  }
  if ('AlterSeqStmt' in node) return prepareAlterSequenceOptions(system, parsed, node.AlterSeqStmt);
  if ('CreateStmt' in node) return prepareCreateTable(system, session, parsed, node.CreateStmt);
  if ('CreateFunctionStmt' in node) {
    return prepareCreateFunction(system, session, parsed, node.CreateFunctionStmt);
  }
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_FUNCTION') {
    return prepareDropFunction(system, parsed, node.DropStmt);
  }
  if ('RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_FUNCTION') {
    return prepareRenameFunction(system, parsed, node.RenameStmt);
  }
  if ('AlterFunctionStmt' in node) return prepareAlterFunction(system, parsed, node.AlterFunctionStmt);
  if ('AlterObjectSchemaStmt' in node && node.AlterObjectSchemaStmt.objectType === 'OBJECT_FUNCTION') {
    return prepareSetFunctionSchema(system, parsed, node.AlterObjectSchemaStmt);
  }
  if ('CompositeTypeStmt' in node) return prepareCreateType(system, parsed, node.CompositeTypeStmt);
  if ('DropStmt' in node && ['OBJECT_TYPE', 'OBJECT_DOMAIN'].includes(node.DropStmt.removeType ?? '')) {
    return prepareDropType(system, parsed, node.DropStmt);
  }
  if ('CreateEnumStmt' in node) return prepareCreateEnumType(system, parsed, node.CreateEnumStmt);
  if ('CreateDomainStmt' in node) return prepareCreateDomain(system, parsed, node.CreateDomainStmt);
  if ('AlterDomainStmt' in node) return prepareAlterDomain(system, parsed, node.AlterDomainStmt);
  if ('RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_DOMCONSTRAINT') {
    return prepareRenameDomainConstraint(system, parsed, node.RenameStmt);
  }
  if ('AlterEnumStmt' in node) return prepareAlterEnum(system, parsed, node.AlterEnumStmt);
  if ('RenameStmt' in node && ['OBJECT_TYPE', 'OBJECT_DOMAIN'].includes(node.RenameStmt.renameType ?? '')) {
    return prepareRenameType(system, parsed, node.RenameStmt);
  }
  if (
    'AlterObjectSchemaStmt' in node &&
    ['OBJECT_TYPE', 'OBJECT_DOMAIN'].includes(node.AlterObjectSchemaStmt.objectType ?? '')
  ) {
    return prepareSetTypeSchema(system, parsed, node.AlterObjectSchemaStmt);
  }
  if ('CreateSchemaStmt' in node) return prepareCreateSchema(system, node.CreateSchemaStmt);
  if ('IndexStmt' in node) return prepareCreateIndex(system, session, parsed, node.IndexStmt);
  if ('CopyStmt' in node) {
    return node.CopyStmt.is_from
      ? prepareCopyFrom(system, session, parsed, node.CopyStmt)
      : prepareCopyTo(system, session, parsed, node.CopyStmt);
  }
  if ('CreateRangeStmt' in node) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'CREATE TYPE … AS RANGE is not supported',
      hint: 'There are int4range, int8range, numrange, daterange, tsrange and tstzrange.',
    });
  }
  if ('CommentStmt' in node) return prepareComment(system, parsed, node.CommentStmt);
  if ('AlterOwnerStmt' in node) return prepareAlterOtherOwner(system, parsed, node.AlterOwnerStmt);
  if ('GrantStmt' in node) return prepareGrant(system, parsed, node.GrantStmt);
  if ('GrantRoleStmt' in node) return prepareGrantRole(node.GrantRoleStmt);
  if ('AlterDefaultPrivilegesStmt' in node) {
    return prepareDefaultPrivileges(system, node.AlterDefaultPrivilegesStmt);
  }
  if ('RefreshMatViewStmt' in node) return prepareRefresh(system, parsed, node.RefreshMatViewStmt);
  if ('CreateExtensionStmt' in node) return prepareCreateExtension(system, parsed, node.CreateExtensionStmt);
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_EXTENSION') {
    return prepareDropExtension(system, parsed, node.DropStmt);
  }
  if ('DropRoleStmt' in node) return prepareDropRole(node.DropRoleStmt);
  if ('DropdbStmt' in node) return prepareDropDatabase(node.DropdbStmt);
  const name = commandName(node);
  const absent = 'DropStmt' in node ? prepareDropAbsent(system, parsed, name, node.DropStmt) : null;
  if (absent) return absent;
  // Of kinds of objects that there are none of, none is there.
  if ('DropStmt' in node && node.DropStmt.missing_ok === true) return skipDrop(name, node.DropStmt);
  throw new SqlError({ sqlstate: '0A000', message: `${name} is not supported`, hint: insteadOf(name) });
}
