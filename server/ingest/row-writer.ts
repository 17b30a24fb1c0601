/** Rows that the server itself writes into a collection: few, such as offsets and refused records. */
import type { ArrangementId, Engine, RowDecoder, Transaction } from '../../engine/index.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { toColumnType } from '../../sql/types/column-type.ts';

/** Writes rows as JSON, which the engine decodes. */
export class RowWriter {
  readonly #columns: readonly CatalogColumn[];
  readonly #decoder: RowDecoder;

  constructor(engine: Engine, arrangement: ArrangementId, columns: readonly CatalogColumn[]) {
    this.#columns = columns;
    this.#decoder = engine.decoder({
      arrangement,
      format: { kind: 'json' },
      columns: columns.map(({ name, type }) => ({ name, type: toColumnType(type) })),
      metadata: 0,
      mfp: { expressions: [], predicates: [], projection: columns.map((_, index) => index) },
      timeZone: 'UTC',
    });
  }

  /** Values stand in the order of the columns. */
  write(
    rows: readonly (readonly (string | number | null)[])[],
    diff: 1 | -1,
    transaction: Transaction,
  ): void {
    if (rows.length === 0) return;
    const lines = rows.map((row) =>
      JSON.stringify(Object.fromEntries(this.#columns.map(({ name }, index) => [name, row[index]]))),
    );
    const chunk = Buffer.from(`${lines.join('\n')}\n`);
    const { errors } = this.#decoder.decode(chunk, { end: true, diff, transaction, metadata: [] });
    const error = errors[0];
    if (error !== undefined) throw new Error(`a row of the server was refused: ${error.message}`);
  }

  close(): void {
    this.#decoder.close();
  }
}
