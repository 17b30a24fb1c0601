import type { FuncCall, SubLink } from '@pgsql/types';
import { SqlError, type SqlErrorOptions } from '../error.ts';
import { plain } from '../types/table.ts';
import { displayType } from '../types/format.ts';
import { recordFields } from '../types/record.ts';
import type { ObjectId } from '../catalog.ts';
import { typeOf } from './scalar.ts';
import type { HirScalar, ColumnOrigin as RelationColumn } from '../hir.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import type { RelationName } from './body-templates.ts';
import type { BindEnvironment } from './environment.ts';

/** A bound expression and where it begins in the text (UTF-8 bytes). */
export interface Bound {
  readonly scalar: HirScalar;
  readonly at: number | undefined;
}

/** Where a column reference stands and how it was resolved, for messages. */
export interface ColumnOrigin {
  readonly at: number | undefined;
  /** `t.a` */
  readonly qualified: string;
  /** The relation's column that it is shown from. */
  readonly column?: RelationColumn | undefined;
}

/** What binding one statement shares: the environment, the parameters, numbers for CTE bindings. */
export class Statement {
  readonly environment: BindEnvironment;
  /** Where column references came from. */
  readonly origins = new WeakMap<HirScalar, ColumnOrigin>();
  /** What a scalar subquery calls its column. */
  readonly subqueryColumns = new WeakMap<SubLink, string>();
  /** The collation that what COLLATION FOR asks about says itself. */
  readonly collationsSaid = new WeakMap<FuncCall, string>();
  /** Where the text that is bound calls functions in SQL. */
  readonly ownCalls: (number | undefined)[] = [];
  /** Where the fields of rows that are written out stand. */
  readonly fieldPlaces = new WeakMap<HirScalar, readonly (number | undefined)[]>();
  /** Values of functions that are declared IMMUTABLE, which are so whatever their bodies are, with their arguments. */
  readonly immutableCalls = new WeakMap<HirScalar, readonly HirScalar[]>();
  /** The domains that expressions are of: their types are those that the domains are over. */
  readonly #domains = new WeakMap<HirScalar, ObjectId>();
  /** What FROM calls the columns of a row that stands as a whole, whatever its type calls them: `FROM t AS q (k)`. */
  readonly #rowColumns = new WeakMap<HirScalar, readonly string[]>();
  #parameters: (SqlType | null)[];
  /** The relations that it names. */
  readonly relations: RelationName[] = [];
  #nextBinding = 0;
  #hidden = 0;

  constructor(environment: BindEnvironment) {
    this.environment = environment;
    this.#parameters = [...(environment.parameterTypes ?? [])];
  }

  /** The expression, which is of a domain. */
  ofDomain(scalar: HirScalar, domain: ObjectId): HirScalar {
    this.#domains.set(scalar, domain);
    return scalar;
  }

  /** The domain that an expression is of. */
  domainOf(scalar: HirScalar): ObjectId | undefined {
    return this.#domains.get(scalar);
  }

  /** The expression, which is a row of FROM with these columns. */
  ofRow(scalar: HirScalar, columns: readonly { readonly name: string }[]): HirScalar {
    this.#rowColumns.set(
      scalar,
      columns.map(({ name }) => name),
    );
    return scalar;
  }

  /** The names by which the fields of a record are asked for; null for what is no record. */
  fieldNames(scalar: HirScalar): readonly string[] | null {
    return this.#rowColumns.get(scalar) ?? recordFields(typeOf(scalar).name)?.map(({ name }) => name) ?? null;
  }

  /** The type of an expression as messages show it. */
  shownType(scalar: HirScalar): string {
    const domain = this.domainOf(scalar);
    return domain === undefined
      ? displayType(typeOf(scalar).name)
      : this.environment.catalog.domain(domain).display;
  }

  /** The type of a place as messages show it. */
  shownPlace({ type, domain }: { readonly type: SqlType; readonly domain?: ObjectId | undefined }): string {
    if (domain !== undefined) return this.environment.catalog.domain(domain).display;
    return displayType(type.name);
  }

  /** `copy` is the same column reference as `original`. */
  sameOrigin(original: HirScalar, copy: HirScalar): HirScalar {
    const origin = this.origins.get(original);
    if (origin !== undefined) this.origins.set(copy, origin);
    return copy;
  }

  /** An untyped parameter whose type was found since it was bound. */
  refresh(bound: Bound): Bound {
    const { scalar } = bound;
    if (scalar.kind !== 'parameter' || scalar.type.name !== 'unknown') return bound;
    return { ...bound, scalar: { ...scalar, type: this.parameterType(scalar.index) } };
  }

  get hasBindings(): boolean {
    return this.#nextBinding > 0;
  }

  /** A new number for a CTE binding. */
  newBinding(): number {
    return this.#nextBinding++;
  }

  /** The position that a client is told. */
  position(at: number | undefined): number | undefined {
    return this.#hidden > 0 ? undefined : this.environment.source.positionOfByte(at);
  }

  /** Runs `action` on a tree that is not the user's text: its locations mean nothing to the client. */
  withoutPositions<T>(action: () => T): T {
    this.#hidden++;
    try {
      return action();
    } finally {
      this.#hidden--;
    }
  }

  /** Whether the tree at hand is the user's text. */
  get isUserText(): boolean {
    return this.#hidden === 0;
  }

  /** Where a name stands in the user's text; undefined in another, in which names have no places. */
  placeOf(at: number | undefined): number | undefined {
    return this.isUserText ? at : undefined;
  }

  error(
    sqlstate: string,
    message: string,
    at?: number | undefined,
    more: Pick<SqlErrorOptions, 'hint' | 'detail' | 'where'> = {},
  ): SqlError {
    return new SqlError({ sqlstate, message, position: this.position(at), ...more });
  }

  /** What Tidewire does not have (yet), by its name. */
  unsupported(construct: string, at?: number | undefined, hint?: string): SqlError {
    return this.error(
      '0A000',
      `${construct} ${/[^s]s$|CUBE$/.test(construct) ? 'are' : 'is'} not supported`,
      at,
      {
        hint,
      },
    );
  }

  /** The type of a parameter as far as it is known. */
  parameterType(index: number): SqlType {
    return this.#parameters[index] ?? plain('unknown');
  }

  /** A reference to a parameter: from now on it counts. */
  useParameter(index: number): void {
    while (this.#parameters.length <= index) this.#parameters.push(null);
  }

  /** The use of an untyped parameter settles its type. */
  settleParameter(index: number, name: TypeName, at: number | undefined): void {
    const known = this.#parameters[index];
    if (known === null || known === undefined) this.#parameters[index] = plain(name);
    else if (known.name !== name) {
      throw this.error('42P08', `inconsistent types deduced for parameter $${index + 1}`, at, {
        detail: `${displayType(known.name)} versus ${displayType(name)}`,
      });
    }
  }

  /** The types of all parameters, at the end. */
  parameters(): SqlType[] {
    return this.#parameters.map((type, index) => {
      if (type !== null) return type;
      throw this.error('42P18', `could not determine data type of parameter $${index + 1}`);
    });
  }
}
