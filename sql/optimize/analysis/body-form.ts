/**
 * What a relation says, in a form in which two queries say the same whatever the order of their columns, and though one
 * gives more of them: by which a part of a query is known to be the whole of a view.
 *
 * A relation is rows, and columns that are functions of them. `core` tells the rows: tables, conditions, joins, groups. A
 * column's text tells the function. Maps and projections change columns only, aggregates and window calls are columns of
 * groups and rows that are there without them. So of two relations with the same core one has all that the other has where
 * it has its columns.
 *
 * What can raise an error is part of the core, whether it is a column or not: who reads a view gets the view's errors, and
 * has to be one that would raise the same. Forms are of relations without unread columns (`demand`), so this is all that
 * either would compute. What depends on settings of a session, like the time zone, says what they are.
 */
import { createHash } from 'node:crypto';
import type { ObjectId } from '../../catalog.ts';
import { aggregateScalars } from '../../hir/aggregate.ts';
import { aggregateNeverFails, sumNeverFails, windowCallCanFail } from '../../mir/fallible.ts';
import type { MirAggregate, MirOrder, MirRelation, MirScalar, MirType, MirWindowCall } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import type { MirNode } from '../../mir/relation.ts';
import { canFail, scalarKeyOver } from '../../mir/scalar.ts';
import { dependsOnSettings, isShownBySettings } from '../../mir/settings.ts';
import { isVolatile } from '../../mir/volatile.ts';
import { windowColumns } from '../../mir/window.ts';
import { aggregateText } from './identity.ts';

/** The kinds of nodes that keep rows: what a filter or a map makes is as cheap to make again. */
export const KEEPS_STATE = kinds(
  'join',
  'semiJoin',
  'reduce',
  'distinct',
  'topK',
  'window',
  'threshold',
  'guard',
);

export interface BodyForm {
  readonly core: string;
  readonly columns: readonly string[];
}

/** What forms are of besides the relations. */
export interface FormContext {
  /** What stands for the rows of a named relation: another text where another collection holds them. */
  rowsOf(object: ObjectId): string;
  /** Those that values are computed under. */
  readonly settings: string;
}

/** Longer texts are hashed, so that none grows with the depth of a query. */
const LONGEST = 64;

/** One text of several parts, which no others make. */
function said(...parts: readonly (string | number | boolean | readonly (string | number)[])[]): string {
  const text = JSON.stringify(parts);
  if (text.length <= LONGEST) return text;
  return `~${createHash('sha256').update(text).digest('base64').slice(0, 22)}`;
}

/** In whichever order, and however often, they stand. */
const set = (texts: readonly string[]): string[] => [...new Set(texts)].toSorted();

const typeText = ({ name, typmod }: MirType): string => `${name},${typmod}`;

/** The forms of the parts of one query. */
export class BodyForms {
  readonly #context: FormContext;
  readonly #known = new Map<MirRelation, BodyForm>();
  readonly #bindings = new Map<number, BodyForm>();
  #volatile = 0;

  constructor(context: FormContext) {
    this.#context = context;
  }

  /** Of a part, after that of the whole. */
  of(relation: MirRelation): BodyForm {
    let form = this.#known.get(relation);
    if (form === undefined) {
      form = this.#form(relation);
      this.#known.set(relation, form);
    }
    return form;
  }

  #form(relation: MirRelation): BodyForm {
    switch (relation.kind) {
      case 'constant': {
        const value = (text: string | null | undefined): string => JSON.stringify(text ?? null);
        return {
          core: said(
            'constant',
            relation.rows.map(({ diff }) => diff),
          ),
          columns: relation.columns.map((type, index) =>
            said(
              typeText(type),
              relation.rows.map(({ values }) => value(values[index])),
            ),
          ),
        };
      }
      case 'get':
        return {
          core: said('get', relation.object, this.#context.rowsOf(relation.object)),
          columns: relation.columns.map((_, index) => said(index)),
        };
      case 'let':
        this.#bindings.set(relation.binding, this.of(relation.value));
        return this.of(relation.body);
      case 'getLet':
        return this.#bindings.get(relation.binding)!;
      case 'negate': {
        const { core, columns } = this.of(relation.input);
        return { core: said('negate', core), columns };
      }
      case 'project': {
        const { core, columns } = this.of(relation.input);
        return { core, columns: relation.indexes.map((index) => columns[index]!) };
      }
      case 'map':
        return this.#map(relation);
      case 'filter': {
        const { core, columns } = this.of(relation.input);
        return { core: said('filter', core, this.#conditions(relation.predicates, columns)), columns };
      }
      case 'flatMap':
        return this.#flatMap(relation);
      case 'join':
        return this.#join(relation);
      case 'semiJoin': {
        const left = this.of(relation.left);
        const right = this.of(relation.right);
        const keys = relation.keys.map((key) =>
          said(key.nullSafe, this.#text(key.left, left.columns), this.#text(key.right, right.columns)),
        );
        return {
          core: said('semi join', relation.anti, left.core, right.core, set(keys)),
          columns: left.columns,
        };
      }
      case 'reduce':
        return this.#reduce(relation);
      case 'distinct':
      case 'threshold': {
        // Rows are the same if all their columns are, in whichever order these stand.
        const { core, columns } = this.of(relation.input);
        return {
          core: said(relation.kind, core, set(columns)),
          columns: columns.map((text) => said('of', text)),
        };
      }
      case 'topK': {
        const { core, columns } = this.of(relation.input);
        const { limit, offset, withTies } = relation;
        const counts = [limit, offset].map((scalar) => (scalar === null ? '' : this.#text(scalar, columns)));
        const order = [set(this.#texts(relation.partition, columns)), orderTexts(relation.order, columns)];
        // Whole rows break ties.
        return { core: said('top-k', core, columns, ...order, counts, withTies), columns };
      }
      case 'window':
        return this.#window(relation);
      case 'guard': {
        const { core, columns } = this.of(relation.input);
        const { sqlstate, message, hint = '' } = relation;
        const keys = set(this.#texts(relation.keys, columns));
        return { core: said('guard', core, keys, sqlstate, message, hint), columns };
      }
      case 'union': {
        const inputs = relation.inputs.map((input) => this.of(input)).toSorted(byCore);
        return {
          core: said(
            'union',
            inputs.map(({ core }) => core),
          ),
          columns: relation.columns.map((type, index) =>
            said(
              typeText(type),
              inputs.map(({ columns }) => columns[index]!),
            ),
          ),
        };
      }
    }
  }

  #map(relation: MirNode<'map'>): BodyForm {
    const { core, columns } = this.of(relation.input);
    const all = [...columns];
    const raising: string[] = [];
    for (const scalar of relation.scalars) {
      const read = scalar.kind === 'column' ? relation.columns[scalar.index]! : null;
      const isSame = read !== null && typeText(read) === typeText(scalar.type);
      const text = scalar.kind === 'column' && isSame ? all[scalar.index]! : this.#text(scalar, all);
      all.push(text);
      if (canFail(scalar)) raising.push(text);
    }
    return { core: withErrors(core, raising), columns: all };
  }

  #flatMap(relation: MirNode<'flatMap'>): BodyForm {
    const { core, columns } = this.of(relation.input);
    const calls = relation.calls.map((call) =>
      said(
        call.function,
        this.#texts(call.arguments, columns),
        this.#settingsFor(call.arguments.map(({ type }) => type)),
      ),
    );
    const appended = relation.columns.slice(relation.input.columns.length).map(typeText);
    const all = said('flat map', core, relation.ordinality, calls, appended);
    return { core: all, columns: [...columns, ...appended.map((_, index) => said(index, all))] };
  }

  #join(relation: MirNode<'join'>): BodyForm {
    const inputs = relation.inputs.map((input, place) => ({ ...this.of(input), place })).toSorted(byCore);
    /** In the order of the join's columns. */
    const columns = inputs
      .map((input, at) => ({ ...input, columns: input.columns.map((text) => said(at, text)) }))
      .toSorted((a, b) => a.place - b.place)
      .flatMap((input) => input.columns);
    const classes = relation.equivalences.map(({ nullSafe, scalars }) =>
      said(nullSafe, set(this.#texts(scalars, columns))),
    );
    const cores = inputs.map(({ core }) => core);
    return {
      core: said('join', cores, set(classes), this.#conditions(relation.residual, columns)),
      columns,
    };
  }

  #reduce(relation: MirNode<'reduce'>): BodyForm {
    const { core, columns } = this.of(relation.input);
    const keys = this.#texts(relation.keys, columns);
    const aggregates = relation.aggregates.map((aggregate) =>
      said(
        aggregateText(aggregate, (scalar) => this.#text(scalar, columns)),
        this.#settingsFor(aggregateScalars(aggregate).map(({ type }) => type)),
      ),
    );
    const raising = aggregates.filter((_, index) => aggregateCanFail(relation.aggregates[index]!));
    return {
      core: withErrors(said('reduce', core, set(keys)), raising),
      columns: [...keys.map((text) => said('by', text)), ...aggregates],
    };
  }

  /** Its rows are the input's: a call is a function of a row among all of them. */
  #window(relation: MirNode<'window'>): BodyForm {
    const { core, columns } = this.of(relation.input);
    const partition = set(this.#texts(relation.partition, columns));
    const order = orderTexts(relation.order, columns);
    const around = said(core, partition, order, this.#settingsFor(relation.input.columns));
    const calls = relation.calls.map((call) => {
      const { mode, start, end, exclusion } = call.frame;
      const frame = [mode, start.kind, end.kind, exclusion];
      const read = windowColumns(call).map((column) => columns[column]!);
      const others = breaksTies(call) ? columns : [];
      const own = JSON.stringify(call.function);
      return said(own, frame, typeText(call.type), call.filter !== null, read, around, others);
    });
    const raising = calls.filter((_, index) => windowCallCanFail(relation.calls[index]!));
    return { core: withErrors(core, raising), columns: [...columns, ...calls] };
  }

  /** In their order where one could raise an error for a row that another rules out. */
  #conditions(predicates: readonly MirScalar[], columns: readonly string[]): string[] {
    const texts = this.#texts(predicates, columns);
    return predicates.some(canFail) ? texts : set(texts);
  }

  #texts(scalars: readonly MirScalar[], columns: readonly string[]): string[] {
    return scalars.map((scalar) => this.#text(scalar, columns));
  }

  #text(scalar: MirScalar, columns: readonly string[]): string {
    const text = scalarKeyOver(scalar, (index) => JSON.stringify(columns[index]));
    const settings = dependsOnSettings(scalar) ? this.#context.settings : '';
    if (!isVolatile(scalar)) return said(text, settings);
    // It is another value each time that it is made.
    this.#volatile += 1;
    return said(text, settings, this.#volatile);
  }

  /** Where of values of these types something is made that may depend on settings. */
  #settingsFor(types: readonly MirType[]): string {
    return types.some(isShownBySettings) ? this.#context.settings : '';
  }
}

function withErrors(core: string, raising: readonly string[]): string {
  return raising.length === 0 ? core : said('raising', core, set(raising));
}

const byCore = (a: BodyForm, b: BodyForm): number => (a.core < b.core ? -1 : a.core > b.core ? 1 : 0);

export function aggregateCanFail(aggregate: MirAggregate): boolean {
  const { function: name, arguments: read, type } = aggregate;
  if (aggregateScalars(aggregate).some(canFail)) return true;
  return !aggregateNeverFails(name, type) && !(read[0] !== undefined && sumNeverFails(name, read[0]));
}

function orderTexts(order: readonly MirOrder[], columns: readonly string[]): string[] {
  return order.map(({ column, descending, nullsFirst }) => said(columns[column]!, descending, nullsFirst));
}

/** Whether rows that tie in a window's order are told apart by their other columns. */
function breaksTies({ function: called, frame }: MirWindowCall): boolean {
  const sameForTies = ['rank', 'denseRank', 'percentRank', 'cumeDist'].includes(called.kind);
  return !sameForTies && !(called.kind === 'aggregate' && frame.mode !== 'rows');
}
