/** FuncCall: functions, casts written as calls, and what is handed on to aggregates. */
import type { FuncCall } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import { SqlError } from '../error.ts';
import { castByName, resolveFunction, resolvePlaced } from '../functions/resolve.ts';
import type { PlacedFunction } from '../functions/resolve.ts';
import { windowFunctionNamed } from '../functions/window-functions.ts';
import { isSetReturning } from '../functions/table-functions.ts';
import { isPostgresFunction } from '../functions/postgres-names.ts';
import { functionsNamed, raised } from '../functions/table.ts';
import type { FunctionEntry } from '../functions/table.ts';
import { catalogFunctionBody } from '../functions/catalog-functions.ts';
import type { HirScalar } from '../hir.ts';
import { castPath } from '../types/casts.ts';
import { recordFields } from '../types/record.ts';
import { elementType, plain, typeOid } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { bindAggregate } from './aggregate-call.ts';
import { bindBody, callFunction, parseExpression } from './body.ts';
import { bindArguments, callText, hasNamedArguments, noMatchHint } from './call-arguments.ts';
import type { CallArguments } from './call-arguments.ts';
import { asRecord } from './cast.ts';
import { bindCollationFor } from './collation-for.ts';
import { coerce, unknownToText } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { currentSchemas } from './current-schemas.ts';
import { bindExpression, leftmost } from './expression.ts';
import { operand } from './operator.ts';
import { fieldOf, makeRecord } from './record.ts';
import { isRecordFunction, recordFunctionValue } from './json-record.ts';
import { toJson, withObjects } from './json.ts';
import { bindInputIsValid, inputErrorFields, typeNamed } from './input-error.ts';
import { isMissing } from './registered.ts';
import { bindExisting, bindToRegistered, lookedForBy } from './to-registered.ts';
import { call, isNull, literal, typeOf } from './scalar.ts';
import { bindTypeText } from './registered-type.ts';
import { sessionValue } from './session-value.ts';
import { bindCurrentSetting } from './setting.ts';
import { functionsElsewhere } from './elsewhere.ts';
import { bindHypotheticalSet, isHypotheticalSet } from './hypothetical-set.ts';
import { bindSetInExpression } from './set-returning.ts';
import { bindSqlCall, sqlFunctionValue } from './sql-function.ts';
import type { Bound, Statement } from './statement.ts';
import { bindVariadicAny, isVariadicAny } from './variadic-any.ts';
import { argumentsOf, bindWindowCall, refuseWithoutOver } from './window-call.ts';

/** Binds a call. */
export function bindFunctionCall(node: FuncCall, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  const parts = nameParts(node.funcname);
  const name = parts[parts.length - 1]!;
  const own = bindSqlCall(node, context);
  if (own !== null) return { scalar: sqlFunctionValue(own, context), at };
  checkSchema(node, parts, context, at);
  const takesVariadic = functionsNamed(name).some((entry) => entry.variadic !== undefined);
  if (node.func_variadic === true && !takesPath.has(name) && !isVariadicAny(name) && !takesVariadic) {
    throw missing(node, bindArguments(node, context), 'none', context, at);
  }
  if (node.over !== undefined) return bindWindowCall(placedByName(node, name, context), name, context);
  const window = windowFunctionNamed(name);
  if (window !== undefined) {
    if (node.agg_within_group === true && isHypotheticalSet(name)) {
      return bindHypotheticalSet(node, name, context);
    }
    return refuseWithoutOver(window, node, context);
  }
  if (isRecordFunction(node)) return { scalar: recordFunctionValue(node, context), at };
  if (isSetReturning(name)) {
    const set = bindSetInExpression(node, context);
    return hasAggregateSyntax(node) ? refuseAggregateSyntax(node, name, context) : set;
  }
  if (functionsNamed(name).some((entry) => entry.kind === 'aggregate'))
    return bindAggregate(placedByName(node, name, context), name, context);
  if (hasAggregateSyntax(node)) {
    const args = argumentsOf(node, context);
    try {
      applyFunction(name, args, context, at, parts.join('.'));
    } catch (error) {
      const isMissing = error instanceof SqlError && error.sqlstate === '42883';
      if (!isMissing || (node.agg_order ?? []).length < 2) throw error;
      throw statement.error('42883', error.message, at, { hint: noMatchHint(node) });
    }
    return refuseAggregateSyntax(node, name, context);
  }
  const isNamed = hasNamedArguments(node) || (node.func_variadic === true && takesVariadic);
  const special = isNamed ? null : bindSpecial(node, name, context, at);
  if (special !== null) return special;
  const args = bindArgumentsOf(name, node, context);
  return {
    scalar: isNamed
      ? applyByName(node, args, context, at)
      : applyFunction(name, args.values, context, at, parts.join('.')),
    at: leftmost(at, ...args.values.map((argument) => argument.at)),
  };
}

/** A call of an aggregate or a window function with its arguments by place. Named ones are for OVER alone, as in PostgreSQL. */
function placedByName(node: FuncCall, name: string, context: ExpressionContext): FuncCall {
  if (!hasNamedArguments(node)) return node;
  const at = locationOf(node);
  const args = bindArguments(node, context);
  const types = args.values.map(({ scalar }) => typeOf(scalar).name);
  const placed = resolvePlaced(name, types, args);
  if (typeof placed === 'string') throw missing(node, args, placed, context, at);
  if (node.over === undefined) {
    throw context.statement.error('0A000', 'aggregates cannot use named arguments', at);
  }
  const written = placed.places.map((place) => node.args![place!]!);
  return { ...node, args: written.map((argument) => nodeAs(argument, 'NamedArgExpr')?.arg ?? argument) };
}

function checkSchema(
  node: FuncCall,
  parts: readonly string[],
  context: ExpressionContext,
  at: number | undefined,
): void {
  if (parts.length === 1) return;
  const schema = parts[parts.length - 2]!;
  if (schema === 'pg_catalog') return;
  if (schema === 'information_schema' && parts[parts.length - 1] === '_pg_expandarray') return;
  const { statement } = context;
  if (!statement.environment.catalog.hasSchema(schema)) {
    throw statement.error('3F000', `schema "${schema}" does not exist`, at);
  }
  const args = (node.args ?? []).map((argument) => bindExpression(argument, context));
  throw notFound(parts[parts.length - 1]!, parts.join('.'), args, 'none', context, at);
}

/** The call of the function that these arguments mean. */
export function applyFunction(
  name: string,
  args: readonly Bound[],
  context: ExpressionContext,
  at: number | undefined,
  written = name,
): HirScalar {
  const { statement } = context;
  const types = args.map((argument) => typeOf(argument.scalar).name);
  const entry = resolveFunction(name, types);
  const field = entry === 'none' ? fieldAsCall(name, args, statement) : null;
  if (field !== null) return field;
  const exact = typeof entry !== 'string' && entry.arguments.every((type, i) => type === types[i]);
  if (!exact && args.length === 1) {
    const cast = castAsCall(name, args[0]!, context);
    if (cast !== null) return cast;
  }
  if (entry === 'none') {
    const placed = resolvePlaced(name, types, { names: args.map(() => null), spreads: false });
    if (typeof placed !== 'string') return applyPlaced(placed, args, context, at);
  }
  if (entry === 'none') {
    const named = withRegclass(name, args, context);
    if (named !== null) return applyFunction(name, named, context, at, written);
  }
  if (typeof entry === 'string') throw notFound(name, written, args, entry, context, at);
  if (entry.kind === 'aggregate')
    throw statement.error('42803', `aggregate function ${name}() is not allowed here`, at);
  const operands = args.map((argument, i) => operand(context, argument, entry.arguments[i]!));
  return applyEntry(entry, operands, context, at);
}

/** `name(row)`: the row's field, where there is no such function. */
function fieldAsCall(
  name: string,
  [record, ...others]: readonly Bound[],
  statement: Statement,
): HirScalar | null {
  if (record === undefined || others.length > 0) return null;
  const index = statement.fieldNames(record.scalar)?.indexOf(name) ?? -1;
  return index < 0 ? null : fieldOf(record.scalar, index);
}

/** A text is the relation of its name where a function wants one: `nextval(pg_get_serial_sequence('t', 'id'))`. */
function withRegclass(name: string, args: readonly Bound[], context: ExpressionContext): Bound[] | null {
  const [first, ...others] = args;
  const types = args.map((argument) => typeOf(argument.scalar).name);
  if (first === undefined || !['text', 'varchar'].includes(types[0]!)) return null;
  if (typeof resolveFunction(name, ['regclass', ...types.slice(1)]) === 'string') return null;
  const found = bindExisting(context, 'regclass', first);
  return found && [{ scalar: found, at: first.at }, ...others];
}

/** A call whose arguments are, some of them, given by their names, or the last one as VARIADIC. */
function applyByName(
  node: FuncCall,
  args: CallArguments,
  context: ExpressionContext,
  at: number | undefined,
): HirScalar {
  const name = nameParts(node.funcname).pop()!;
  const types = args.values.map(({ scalar }) => typeOf(scalar).name);
  const placed = resolvePlaced(name, types, args);
  if (typeof placed === 'string') throw missing(node, args, placed, context, at);
  return applyPlaced(placed, args.values, context, at);
}

/** The call with defaults for what it leaves out, and what belongs to a VARIADIC parameter as an array. */
function applyPlaced(
  { entry, places, arguments: types, collectsFrom }: PlacedFunction,
  args: readonly Bound[],
  context: ExpressionContext,
  at: number | undefined,
): HirScalar {
  const { statement } = context;
  const { arguments: parameters, defaults = [] } = entry;
  const operands = parameters.map((type, i): HirScalar => {
    const place = places[i] ?? null;
    if (place !== null) return operand(context, args[place]!, types[place]!);
    if (collectsFrom !== null && i === parameters.length - 1) {
      const elements = args
        .slice(collectsFrom)
        .map((argument) => operand(context, argument, entry.variadic!));
      return { kind: 'array', elements, nested: false, type: plain(type as TypeName) };
    }
    const text = defaults[i - parameters.length + defaults.length]!;
    const bound = statement.withoutPositions(() => bindExpression(parseExpression(text), context));
    return coerce(statement, bound, type as TypeName, 'assignment')!;
  });
  return applyEntry(entry, operands, context, at);
}

function applyEntry(
  entry: FunctionEntry,
  operands: readonly HirScalar[],
  context: ExpressionContext,
  at: number | undefined,
): HirScalar {
  if (entry.body !== null) return bindBody(context, entry, operands);
  if (!entry.native) {
    const body = catalogFunctionBody(entry, context.statement.environment.catalog);
    if (body !== null) return bindBody(context, entry, operands, body);
  }
  if (ofSequences.has(entry.opcode)) refuseOthers(operands[0]!, context);
  return callFunction(context, entry, operands, entry.name, at);
}

/** Functions of a document and a path, whose steps are its further arguments or a VARIADIC array. */
const takesPath = new Set(
  ['json', 'jsonb'].flatMap((of) => [`${of}_extract_path`, `${of}_extract_path_text`]),
);

const ofSequences = new Set(['nextval_oid', 'currval_oid', 'setval_oid', 'setval3_oid']);

/** A regclass that is no sequence. */
function refuseOthers(sequence: HirScalar, { statement }: ExpressionContext): void {
  if (sequence.kind !== 'literal' || sequence.text === null) return;
  const found = statement.environment.catalog.classNamed(Number(sequence.text));
  if (found === null || found.kind === 'sequence') return;
  const plural = found.kind === 'index' ? 'indexes' : `${found.kind}s`;
  throw statement.error('42809', `cannot open relation "${found.name}"`, undefined, {
    detail: `This operation is not supported for ${plural}.`,
  });
}

/** Functions that have no entry, because they take what entries cannot say. */
const boundHere = new Set(['row_to_json', 'pg_collation_for']);

/** The arguments of a call. Those of another database's function may be no expressions here: `datediff(day, a, b)`. */
function bindArgumentsOf(name: string, node: FuncCall, context: ExpressionContext): CallArguments {
  try {
    return bindArguments(node, context);
  } catch (error) {
    const hint = functionsElsewhere.get(name);
    if (!(error instanceof SqlError) || error.sqlstate !== '42703' || hint === undefined) throw error;
    if (functionsNamed(name).length > 0) throw error;
    const { sqlstate, message, detail, position } = error;
    throw new SqlError({ sqlstate, message, detail, hint, position });
  }
}

/** No function is meant by a call. */
function missing(
  node: FuncCall,
  args: CallArguments,
  reason: 'none' | 'ambiguous',
  context: ExpressionContext,
  at: number | undefined,
): Error {
  const name = nameParts(node.funcname).pop()!;
  return refusal(name, callText(context.statement, node, args), reason, context, at);
}

function notFound(
  name: string,
  written: string,
  args: readonly Bound[],
  reason: 'none' | 'ambiguous',
  context: ExpressionContext,
  at: number | undefined,
): Error {
  const types = args.map(({ scalar }) => context.statement.shownType(scalar));
  return refusal(name, `${written}(${types.join(', ')})`, reason, context, at);
}

function refusal(
  name: string,
  signature: string,
  reason: 'none' | 'ambiguous',
  { statement }: ExpressionContext,
  at: number | undefined,
): Error {
  if (reason === 'ambiguous') {
    return statement.error('42725', `function ${signature} is not unique`, at, {
      hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
    });
  }
  const known = functionsNamed(name).length > 0 || boundHere.has(name) || isVariadicAny(name);
  if (!known && isPostgresFunction(name)) return statement.unsupported(`function ${name}()`, at);
  return statement.error('42883', `function ${signature} does not exist`, at, {
    hint:
      functionsElsewhere.get(name) ??
      'No function matches the given name and argument types. You might need to add explicit type casts.',
  });
}

/** `float8('1')`, `text(5)`: a type's name used as a function, where the cast costs nothing or goes through text. */
function castAsCall(name: string, argument: Bound, context: ExpressionContext): HirScalar | null {
  const target = castByName(name);
  if (target === undefined) return null;
  const source = typeOf(argument.scalar).name;
  if (source !== 'unknown') {
    const path = castPath(source, target, 'explicit');
    if (path === null || path.kind === 'function') return null;
    // A row becomes a text by a cast alone.
    if (path.kind === 'io' && recordFields(source) !== null) return null;
  }
  return coerce(context.statement, argument, target, 'explicit');
}

/** Whether a call says what only an aggregate's can. */
function hasAggregateSyntax(node: FuncCall): boolean {
  const { agg_star: star, agg_distinct: distinct, agg_order: order, agg_filter: filter } = node;
  return star === true || distinct === true || order !== undefined || filter !== undefined;
}

function refuseAggregateSyntax(node: FuncCall, name: string, context: ExpressionContext): never {
  const { statement } = context;
  const at = locationOf(node);
  if (node.agg_star === true) {
    throw statement.error('42809', `${name}(*) specified, but ${name} is not an aggregate function`, at);
  }
  if (node.agg_distinct === true) {
    throw statement.error('42809', `DISTINCT specified, but ${name} is not an aggregate function`, at);
  }
  if (node.agg_within_group === true) {
    throw statement.error('42809', `WITHIN GROUP specified, but ${name} is not an aggregate function`, at);
  }
  if (node.agg_order !== undefined) {
    throw statement.error('42809', `ORDER BY specified, but ${name} is not an aggregate function`, at);
  }
  throw statement.error('42809', `FILTER specified, but ${name} is not an aggregate function`, at);
}

/** Functions whose value is the session's or whose arguments are of any type. */
function bindSpecial(
  node: FuncCall,
  name: string,
  context: ExpressionContext,
  at: number | undefined,
): Bound | null {
  const { statement } = context;
  const count = node.args?.length ?? 0;
  const session = (value: Parameters<typeof sessionValue>[1], type: TypeName): Bound => ({
    scalar: sessionValue(context, value, type, `${name}()`, at),
    at,
  });
  if (count === 0) {
    switch (name) {
      case 'now':
      case 'transaction_timestamp':
        return session('transactionTimestamp', 'timestamptz');
      case 'statement_timestamp':
        return session('statementTimestamp', 'timestamptz');
      case 'clock_timestamp':
        return session('clockTimestamp', 'timestamptz');
      case 'timeofday': {
        const form = { scalar: literal('text', 'Dy Mon DD HH24:MI:SS.US YYYY TZ'), at };
        const time = session('clockTimestamp', 'timestamptz');
        return { scalar: applyFunction('to_char', [time, form], context, at), at };
      }
      case 'current_user':
        return session('currentUser', 'name');
      case 'session_user':
        return session('sessionUser', 'name');
      case 'current_query':
        return session('currentQuery', 'text');
      case 'current_schema':
        return session('currentSchema', 'name');
      case 'current_database':
        return { scalar: literal('name', statement.environment.catalog.database), at };
      case 'pg_backend_pid':
        return session('backendProcess', 'int4');
      // There is no type xid8: its numbers are those of bigint.
      case 'pg_current_xact_id':
      case 'txid_current':
        return session('transactionNumber', 'int8');
      // Of the catalog's own functions and views.
      case 'tw_object_sizes':
        return session('objectSizes', 'jsonb');
      case 'tw_sequence_values':
        return session('sequenceValues', 'jsonb');
      case 'tw_session_activity':
        return session('sessionActivity', 'jsonb');
      case 'tw_session_objects':
        return session('sessionObjects', 'jsonb');
      case 'tw_now':
        throw statement.error('0A000', 'tw_now() is not supported', at, {
          hint: 'Filters on the current time are not there yet.',
        });
    }
  }
  const args = (): Bound[] => (node.args ?? []).map((argument) => bindExpression(argument, context));
  switch (name) {
    // In bodies of PostgreSQL's functions: an error, in the place of a truth value.
    case 'tw_raise': {
      if (context.query.ofPostgres !== true) return null;
      const texts = args().map((argument) => coerce(statement, argument, 'text', 'implicit')!);
      return { scalar: call(raised, texts, 'raise', plain('bool')), at };
    }
    case 'to_json':
    case 'to_jsonb': {
      const to = name === 'to_json' ? 'json' : 'jsonb';
      const [argument] = count === 1 ? args() : [];
      if (argument === undefined || typeOf(argument.scalar).name === 'unknown') return null;
      return { scalar: toJson(argument.scalar, to), at };
    }
    case 'json_extract_path':
    case 'json_extract_path_text':
    case 'jsonb_extract_path':
    case 'jsonb_extract_path_text': {
      const [document, ...steps] = args();
      if (document === undefined || steps.length === 0 || node.func_variadic === true) return null;
      const elements = steps.map((step) => coerce(statement, step, 'text', 'implicit'));
      if (elements.some((element) => element === null)) return null;
      const path = { kind: 'array', elements: elements as HirScalar[], nested: false, type: plain('_text') };
      return { scalar: applyFunction(name, [document, { scalar: path as HirScalar, at }], context, at), at };
    }
    case 'pg_collation_for':
      return bindCollationFor(node, context);
    case 'row_to_json':
      return bindRowToJson(args(), context, at);
    case 'array_to_json': {
      const [array, ...rest] = args();
      if (array === undefined || elementType(typeOf(array.scalar).name) === null) return null;
      const objects = { scalar: withObjects(array.scalar, 'json'), at: array.at };
      return { scalar: applyFunction(name, [objects, ...rest], context, at), at };
    }
    case 'current_schemas': {
      const [argument] = args();
      const text = argument?.scalar.kind === 'literal' ? argument.scalar.text : null;
      if (count !== 1 || (text !== 't' && text !== 'f')) return null;
      const names = currentSchemas(statement.environment.catalog, text === 't');
      const elements = names.map((schema) => literal('name', schema));
      return { scalar: { kind: 'array', elements, nested: false, type: plain('_name') }, at };
    }
    case 'current_setting':
      return bindCurrentSetting(args(), context, at);
    case 'to_regclass':
    case 'to_regtype':
    case 'to_regproc':
    case 'to_regprocedure':
    case 'to_regoper':
    case 'to_regoperator':
    case 'to_regcollation':
    case 'to_regnamespace':
    case 'to_regrole': {
      if (count !== 1) return null;
      const scalar = bindToRegistered(context, lookedForBy(name)!, args()[0]!);
      if (scalar === null && statement.environment.inView === true) {
        throw statement.unsupported(`${name}() in a view`, at, 'A view follows no names.');
      }
      return scalar && { scalar, at };
    }
    case 'to_regtypemod': {
      const [argument] = args();
      if (count !== 1 || argument === undefined) return null;
      return { scalar: modifierNamed(argument, context), at };
    }
    case 'pg_input_is_valid':
      return count === 2 ? { scalar: bindInputIsValid(args(), context), at } : null;
    case 'pg_input_error_info':
      return count === 2 ? { scalar: makeRecord(inputErrorFields(args(), context)), at } : null;
    case 'pg_typeof': {
      if (count !== 1) return null;
      const [argument] = args();
      return { scalar: typeOfValue(statement, argument!), at };
    }
    default:
      return isVariadicAny(name) ? bindVariadicAny(node, name, context, at) : null;
  }
}

/** to_regtypemod: the modifier in a type's name; NULL where there is no such type. */
function modifierNamed({ scalar, at }: Bound, context: ExpressionContext): HirScalar {
  if (scalar.kind !== 'literal') {
    throw context.statement.unsupported('to_regtypemod() of a text that is not a literal', at);
  }
  if (scalar.text === null) return literal('int4', null);
  try {
    bindTypeText(context.statement, scalar.text, undefined);
    return literal('int4', String(typeNamed(scalar.text, context).type.typmod));
  } catch (error) {
    if (isMissing(error)) return literal('int4', null);
    throw error;
  }
}

/** A regtype, whose name is shown; a view, which shows numbers of those, has the name itself. */
function typeOfValue(statement: Statement, argument: Bound): HirScalar {
  const { inView } = statement.environment;
  if (argument.scalar.kind === 'literal' && typeOf(argument.scalar).name === 'unknown') {
    return inView === true ? literal('text', 'unknown') : literal('regtype', String(typeOid('unknown')));
  }
  if (inView === true) return literal('text', statement.shownType(unknownToText(statement, argument)));
  const value = unknownToText(statement, argument);
  return literal('regtype', String(statement.domainOf(value) ?? typeOid(typeOf(value).name)));
}

/** `row_to_json(record [, pretty])` */
function bindRowToJson(
  args: readonly Bound[],
  context: ExpressionContext,
  at: number | undefined,
): Bound | null {
  const { statement } = context;
  const [row, pretty] = args;
  if (row === undefined || args.length > 2) return null;
  const { name: given } = typeOf(row.scalar);
  const record = given === 'unknown' || recordFields(given) !== null ? asRecord(statement, row) : null;
  if (record === null) return null;
  const closed = unknownToText(statement, record);
  const plainly = withObjects(closed, 'json');
  if (pretty === undefined) return { scalar: plainly, at };
  const lines = coerce(statement, pretty, 'bool', 'implicit');
  if (lines === null) return null;
  const type = plain('json');
  const branches = [
    { condition: isNull(lines), result: literal('json', null) },
    { condition: lines, result: withObjects(closed, 'json', true) },
  ];
  return { scalar: { kind: 'case', branches, otherwise: plainly, type }, at };
}
