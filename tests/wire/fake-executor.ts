/**
 * A StatementExecutor for tests of the protocol alone: it knows a handful of texts and computes nothing. What a
 * statement means is tested elsewhere, against the real server.
 */
import type { TypeName as TypeNode } from '@pgsql/types';
import type { ParameterValue, Transaction } from '../../engine/index.ts';
import { typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { findType, plain } from '../../sql/types/table.ts';
import type { SqlType, TypeName } from '../../sql/types/type.ts';
import { ReadyCursor } from '../../server/results/messages.ts';
import type {
  DeclaredType,
  OpenTransaction,
  PreparedStatement,
  ResultColumn,
  RowStream,
  SessionContext,
  StatementExecutor,
  StatementResult,
} from '../../server/session/statement.ts';

/** One DataRow of the given values; numbers as int4 in either format. */
export function dataRow(values: readonly (string | number | null)[], formats: readonly number[]): Buffer {
  const fields = values.map((value, index) => {
    if (value === null) return null;
    if (typeof value === 'string' || formats[index] !== 1) return Buffer.from(String(value));
    const binary = Buffer.alloc(4);
    binary.writeInt32BE(value);
    return binary;
  });
  const body = Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(field?.length ?? -1);
      return field ? [length, field] : [length];
    }),
  );
  const head = Buffer.alloc(7);
  head.write('D');
  head.writeInt32BE(6 + body.length, 1);
  head.writeInt16BE(fields.length, 5);
  return Buffer.concat([head, body]);
}

export function copyLine(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write('d');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

class FakeWrites implements Transaction {
  bytes = 0;
  arrangements(): readonly number[] {
    return this.bytes > 0 ? [1] : [];
  }
  byteLength(): number {
    return this.bytes;
  }
  mark(): readonly number[] {
    return [this.bytes];
  }
  rollbackTo([bytes = 0]: readonly number[]): void {
    this.bytes = bytes;
  }
  clear(): void {
    this.bytes = 0;
  }
  close(): void {}
}

/** A stream that the test feeds. */
export class FakeStream implements RowStream {
  readonly columns: readonly ResultColumn[];
  closed = false;
  #queue: ({ chunk: Buffer; rows: number } | Error | null)[] = [];
  #take: (() => void) | null = null;

  constructor(columns: readonly ResultColumn[] = [column('n', 'int4')]) {
    this.columns = columns;
  }

  push(...values: number[]): void {
    this.pushRows(...values.map((value) => [value]));
  }

  pushRows(...rows: (string | number | null)[][]): void {
    this.#queue.push({ chunk: Buffer.concat(rows.map((row) => dataRow(row, []))), rows: rows.length });
    this.#take?.();
  }

  end(error: Error | null): void {
    this.#queue.push(error);
    this.#take?.();
  }

  async next(): Promise<{ chunk: Buffer; rows: number } | null> {
    while (this.#queue.length === 0) {
      if (this.closed) return null;
      await new Promise<void>((resolve) => (this.#take = resolve));
    }
    const item = this.#queue.shift()!;
    if (item instanceof Error) throw item;
    return item;
  }

  close(): void {
    this.closed = true;
    this.#take?.();
  }
}

function column(name: string, type: TypeName): ResultColumn {
  return { name, type: plain(type) };
}

/** What SUBSCRIBE of a relation (n int4, name text) shows. */
const CHANGES = [
  column('tw_timestamp', 'numeric'),
  column('tw_diff', 'int8'),
  column('n', 'int4'),
  column('name', 'text'),
];

type Run = (
  session: SessionContext,
  parameters: readonly ParameterValue[],
  formats: readonly number[],
) => Promise<StatementResult>;

interface Known {
  readonly parameters?: readonly SqlType[];
  readonly columns: readonly ResultColumn[] | null;
  readonly run: Run;
}

export class FakeExecutor implements StatementExecutor {
  readonly log: string[] = [];
  /** Streams by the name of the subscribed relation. */
  readonly streams = new Map<string, FakeStream>();
  readonly copied: Buffer[] = [];
  /** Commits fail with this once. */
  commitError: SqlError | null = null;

  nameOfType({ name }: SqlType): TypeNode {
    return { names: [{ String: { sval: name } }], typemod: -1, location: -1 };
  }

  checkArguments(): void {}

  readNames(
    _: unknown,
    __: unknown,
    ___: unknown,
    parameters: readonly ParameterValue[],
  ): readonly ParameterValue[] {
    return parameters;
  }

  declaredType(_: unknown, __: unknown, node: TypeNode): DeclaredType {
    const { names } = typeReference(node);
    return { type: plain(findType(names.at(-1)!)!), isDomain: false };
  }

  prepare(
    _session: SessionContext,
    parsed: ParsedStatement,
    parameterTypes: readonly (SqlType | null)[],
  ): PreparedStatement {
    const known = this.#known(parsed, parameterTypes);
    return {
      parsed,
      parameterTypes: known.parameters ?? [],
      columns: known.columns,
      endsTransaction: false,
      plan: known.run,
    };
  }

  async execute(
    session: SessionContext,
    prepared: PreparedStatement,
    parameters: readonly ParameterValue[],
    resultFormats: readonly number[],
  ): Promise<StatementResult> {
    return (prepared.plan as Run)(session, parameters, resultFormats);
  }

  direct(): null {
    return null;
  }

  async beginDdl(): Promise<void> {
    this.log.push('begin ddl');
  }

  begin(options: { readonly readOnly: boolean; readonly explicit: boolean }): OpenTransaction {
    return {
      number: 1,
      timestamp: null,
      hold: null,
      reads: null,
      writes: new FakeWrites(),
      ddl: null,
      undo: [],
      fresh: new Set(),
      constraintModes: { all: null, each: new Map() },
      ...options,
    };
  }

  async commit(transaction: OpenTransaction): Promise<void> {
    const written = transaction.writes.byteLength();
    if (written > 0) this.log.push(`commit ${written}`);
    const error = this.commitError;
    this.commitError = null;
    if (error) throw error;
  }

  locate(error: unknown): unknown {
    return error;
  }

  afterCommit(): null {
    return null;
  }

  async dropTemporary(): Promise<void> {}

  rollback(transaction: OpenTransaction): void {
    const written = transaction.writes.byteLength();
    if (written > 0) this.log.push(`rollback ${written}`);
  }

  #known(parsed: ParsedStatement, types: readonly (SqlType | null)[]): Known {
    const { statement, text } = parsed;
    if (statement.kind === 'subscribe' || statement.kind === 'copy_subscribe') {
      return this.#subscription(text, statement.kind);
    }
    const rows = /SELECT n FROM numbers\((\d+)\)/i.exec(text);
    if (rows) return numbers(Number(rows[1]));
    if (/SELECT pg_sleep/i.test(text)) return SLEEP;
    if (/^SELECT 1\/0/i.test(text)) {
      throw new SqlError({ sqlstate: '22012', message: 'division by zero', hint: 'a hint', position: 9 });
    }
    if (/^SELECT \$1/i.test(text)) return echo(types[0] ?? plain('text'));
    if (/^SELECT '/i.test(text)) return constant(/'(.*)'/.exec(text)![1]!);
    if (/^SELECT bug/i.test(text)) throw new TypeError('a bug');
    if (/^INSERT/i.test(text)) return insert();
    if (/^CREATE TABLE/i.test(text))
      return { columns: null, run: async () => ({ kind: 'command', tag: 'CREATE TABLE' }) };
    if (/^COPY .* FROM/i.test(text)) return this.#copyIn();
    if (/^COPY .* TO/i.test(text)) return copyOut();
    throw new SqlError({ sqlstate: '42P01', message: `unknown to the fake: ${text}` });
  }

  #subscription(text: string, kind: 'subscribe' | 'copy_subscribe'): Known {
    const name = /(?:SUBSCRIBE|TAIL) (?:TO )?\(?(?:SELECT \* FROM )?(\w+)/i.exec(text)![1]!;
    const stream = new FakeStream(name.startsWith('changes') ? CHANGES : undefined);
    return {
      columns: kind === 'subscribe' ? stream.columns : null,
      run: async () => {
        this.streams.set(name, stream);
        if (kind === 'subscribe') return { kind: 'stream', stream, tag: 'SUBSCRIBE' };
        return { kind: 'copyStream', columnCount: 1, stream, header: null };
      },
    };
  }

  #copyIn(): Known {
    return {
      columns: null,
      run: async () => ({
        kind: 'copyIn',
        columnCount: 2,
        push: (chunk) => {
          if (chunk.includes('bad')) throw new SqlError({ sqlstate: '22P04', message: 'bad COPY data' });
          this.copied.push(Buffer.from(chunk));
        },
        // psql sends the line with the end mark as well.
        end: async () => {
          const lines = Buffer.concat(this.copied).toString().split('\n').slice(0, -1);
          return `COPY ${lines.filter((line) => line !== '\\.').length}`;
        },
        fail: (message) => this.log.push(`copy failed: ${message}`),
      }),
    };
  }
}

function numbers(count: number): Known {
  const columns = [column('n', 'int4')];
  return {
    columns,
    run: async (_session, _parameters, formats) => {
      const rows = Array.from({ length: count }, (_, index) => dataRow([index + 1], formats));
      return { kind: 'rows', columns, cursor: new ReadyCursor(rows), tag: 'SELECT' };
    },
  };
}

function constant(value: string): Known {
  const columns = [column('?column?', 'text')];
  return {
    columns,
    run: async () => ({
      kind: 'rows',
      columns,
      cursor: new ReadyCursor([dataRow([value], [0])]),
      tag: 'SELECT',
    }),
  };
}

function echo(type: SqlType): Known {
  const columns = [{ name: 'value', type }];
  return {
    parameters: [type],
    columns,
    run: async (_session, parameters, formats) => {
      const { value, format } = parameters[0]!;
      if (format !== (formats[0] ?? 0)) {
        throw new SqlError({ sqlstate: '0A000', message: 'the fake converts no formats' });
      }
      const row = dataRow([value === null ? null : value.toString('latin1')], formats);
      return { kind: 'rows', columns, cursor: new ReadyCursor([row]), tag: 'SELECT' };
    },
  };
}

const SLEEP: Known = {
  columns: [column('pg_sleep', 'text')],
  run: (session) => session.cancelled,
};

function insert(): Known {
  return {
    columns: null,
    run: async (session) => {
      (session.transaction.writes as FakeWrites).bytes += 1;
      session.notice({ severity: 'NOTICE', sqlstate: '00000', message: 'inserted' });
      return { kind: 'command', tag: 'INSERT 0 1' };
    },
  };
}

function copyOut(): Known {
  return {
    columns: null,
    run: async () => ({
      kind: 'copyOut',
      columnCount: 2,
      cursor: new ReadyCursor([copyLine('1\ta\n'), copyLine('2\tb\n')]),
      header: Buffer.from('id\tname\n'),
    }),
  };
}
