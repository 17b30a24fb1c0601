/**
 * Small TPC-H data whose values are those that the queries ask for, and transactions that change it: rows come, change in
 * keys and in values, and go.
 */
import { Random } from '../../oracle/random.ts';

const REGIONS = ['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'];
const NATIONS: readonly (readonly [string, number])[] = [
  ['ALGERIA', 0],
  ['BRAZIL', 1],
  ['CANADA', 1],
  ['FRANCE', 3],
  ['GERMANY', 3],
  ['INDIA', 2],
  ['JAPAN', 2],
  ['SAUDI ARABIA', 4],
];
const SEGMENTS = ['BUILDING', 'AUTOMOBILE', 'MACHINERY'];
const PRIORITIES = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'];
const MODES = ['AIR', 'AIR REG', 'MAIL', 'SHIP', 'TRUCK'];
const INSTRUCTIONS = ['DELIVER IN PERSON', 'NONE', 'TAKE BACK RETURN'];
const BRANDS = ['Brand#12', 'Brand#23', 'Brand#23', 'Brand#34', 'Brand#45'];
const TYPES = [
  'ECONOMY ANODIZED STEEL',
  'PROMO BURNISHED BRASS',
  'STANDARD POLISHED BRASS',
  'MEDIUM POLISHED TIN',
  'PROMO PLATED COPPER',
];
const CONTAINERS = ['SM CASE', 'SM BOX', 'MED BOX', 'MED BOX', 'MED BOX', 'MED BAG', 'LG CASE', 'LG BOX'];
const NAMES = ['forest green', 'almond green mint', 'forest red', 'blue lace', 'dim green rose'];
const SIZES = [1, 2, 3, 4, 5, 9, 14, 15, 15, 15, 23, 36, 45, 49];
const PREFIXES = ['13', '31', '23', '29', '30', '18', '17', '10'];
const SUPPLIERS = 12;
const PARTS = 30;
const CUSTOMERS = 24;

const text = (value: string): string => `'${value}'`;

export class TpchData {
  readonly #random: Random;
  #nextOrder = 1;
  /** Lines of each order that there is. */
  readonly #orders = new Map<number, number>();

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  #money(least: number, most: number): string {
    return (this.#random.between(least * 100, most * 100) / 100).toFixed(2);
  }

  #date(from: string, days: number): string {
    const day = new Date(Date.parse(from) + this.#random.below(days) * 86_400_000);
    return `date '${day.toISOString().slice(0, 10)}'`;
  }

  /** Everything but orders. */
  base(): string[] {
    const random = this.#random;
    const rows = (table: string, count: number, row: (key: number) => string): string =>
      `INSERT INTO ${table} VALUES ${Array.from({ length: count }, (_, index) => `(${row(index)})`).join(', ')}`;
    return [
      rows('region', REGIONS.length, (key) => `${key}, ${text(REGIONS[key]!)}, 'r'`),
      rows('nation', NATIONS.length, (key) => `${key}, ${text(NATIONS[key]![0])}, ${NATIONS[key]![1]}, 'n'`),
      rows('supplier', SUPPLIERS, (key) => this.#supplier(key)),
      rows('part', PARTS, (key) => this.#part(key)),
      rows('partsupp', PARTS * 3, (index) => {
        const part = Math.floor(index / 3);
        const supplier = (part + (index % 3) * 4) % SUPPLIERS;
        return `${part}, ${supplier}, ${random.between(1, 400)}, ${this.#money(1, 900)}, 'ps'`;
      }),
      rows('customer', CUSTOMERS, (key) => this.#customer(key)),
    ];
  }

  #supplier(key: number): string {
    const random = this.#random;
    const comment = random.chance(0.2) ? 'the Customer has Complaints' : 'quiet';
    return `${key}, 'Supplier#${key}', 'street ${key}', ${random.below(NATIONS.length)}, '1${key}-1', ${this.#money(-99, 999)}, '${comment}'`;
  }

  #part(key: number): string {
    const random = this.#random;
    const [name, brand, type, container] = [NAMES, BRANDS, TYPES, CONTAINERS].map((list) =>
      text(random.pick(list)),
    );
    return `${key}, ${name}, 'Manufacturer#1', ${brand}, ${type}, ${random.pick(SIZES)}, ${container}, ${this.#money(900, 999)}, 'p'`;
  }

  #customer(key: number): string {
    const random = this.#random;
    return `${key}, 'Customer#${key}', 'road ${key}', ${random.below(NATIONS.length)}, '${random.pick(PREFIXES)}-${key}', ${this.#money(-99, 999)}, ${text(random.pick(SEGMENTS))}, 'c'`;
  }

  /** A new order with its lines. */
  order(): string[] {
    const random = this.#random;
    const key = this.#nextOrder;
    this.#nextOrder += 1;
    const large = random.chance(0.15);
    const lines = large ? 8 : random.between(1, 5);
    this.#orders.set(key, lines);
    // A third of the customers never orders.
    const customer = random.below(CUSTOMERS / 3) * 3 + random.between(1, 2);
    const comment = random.chance(0.2) ? 'special late requests' : 'usual';
    const values = Array.from({ length: lines }, (_, line) => `(${this.#line(key, line + 1, large)})`);
    return [
      `INSERT INTO orders VALUES (${key}, ${customer % CUSTOMERS}, ${text(random.pick(['F', 'F', 'O', 'P']))}, ${this.#money(1000, 90_000)}, ` +
        `${this.#date('1993-07-01', 1100)}, ${text(random.pick(PRIORITIES))}, 'Clerk#1', 0, '${comment}')`,
      `INSERT INTO lineitem VALUES ${values.join(', ')}`,
    ];
  }

  #line(order: number, line: number, large: boolean): string {
    const random = this.#random;
    const part = random.below(PARTS);
    const supplier = (part + random.below(3) * 4) % SUPPLIERS;
    const quantity = large ? random.between(40, 50) : random.pick([1, 2, 5, 8, 12, 20, 30]);
    const ship = this.#date(random.pick(['1994-01-01', '1995-03-01', '1995-09-01', '1996-01-01']), 120);
    const commit = `${ship} + ${random.between(-5, 20)}`;
    const receipt = `${ship} + ${random.between(1, 30)}`;
    const discount = random.pick(['0.00', '0.05', '0.06', '0.07', '0.10']);
    return (
      `${order}, ${part}, ${supplier}, ${line}, ${quantity}, ${this.#money(900, 9000)}, ${discount}, ` +
      `${random.pick(['0.00', '0.02', '0.08'])}, ${text(random.pick(['R', 'A', 'N']))}, ${text(random.pick(['O', 'F']))}, ` +
      `${ship}, ${commit}, ${receipt}, ${text(random.pick(INSTRUCTIONS))}, ${text(random.pick(MODES))}, 'l'`
    );
  }

  #anyOrder(): number {
    return this.#random.pick([...this.#orders.keys()]);
  }

  /** A transaction of changes. */
  changes(): string[] {
    const random = this.#random;
    const change = (): string[] => {
      const order = this.#anyOrder();
      const line = random.between(1, this.#orders.get(order)!);
      const [customer, part, supplier] = [CUSTOMERS, PARTS, SUPPLIERS].map((count) => random.below(count));
      return random.weighted<() => string[]>([
        [6, () => this.order()],
        [
          4,
          () => {
            this.#orders.delete(order);
            return [
              `DELETE FROM lineitem WHERE l_orderkey = ${order}`,
              `DELETE FROM orders WHERE o_orderkey = ${order}`,
            ];
          },
        ],
        [
          4,
          () => [
            `UPDATE lineitem SET l_quantity = ${random.between(1, 50)}, l_discount = l_discount + 0.01,
              l_shipmode = ${text(random.pick(MODES))} WHERE l_orderkey = ${order} AND l_linenumber = ${line}`,
          ],
        ],
        [
          3,
          () => [
            `UPDATE orders SET o_custkey = ${customer}, o_orderdate = o_orderdate - 40 WHERE o_orderkey = ${order}`,
          ],
        ],
        [2, () => [`UPDATE lineitem SET l_receiptdate = l_receiptdate + 12 WHERE l_suppkey = ${supplier}`]],
        [
          2,
          () => [
            `UPDATE customer SET c_acctbal = -c_acctbal, c_nationkey = ${random.below(NATIONS.length)} WHERE c_custkey = ${customer}`,
          ],
        ],
        [
          2,
          () => [
            `UPDATE part SET p_type = ${text(random.pick(TYPES))}, p_name = ${text(random.pick(NAMES))}, p_size = ${random.pick(SIZES)} WHERE p_partkey = ${part}`,
          ],
        ],
        [
          2,
          () => [
            `UPDATE supplier SET s_nationkey = ${random.below(NATIONS.length)}, s_comment = ${text(random.pick(['quiet', 'Customer Complaints']))} WHERE s_suppkey = ${supplier}`,
          ],
        ],
        [
          2,
          () => [
            `UPDATE partsupp SET ps_supplycost = ${this.#money(1, 900)}, ps_availqty = ${random.between(1, 400)} WHERE ps_partkey = ${part}`,
          ],
        ],
        [
          1,
          () => [
            `DELETE FROM partsupp WHERE ps_partkey = ${part} AND ps_suppkey = ${(part! + 4) % SUPPLIERS}`,
          ],
        ],
        [1, () => [`UPDATE nation SET n_regionkey = (n_regionkey + 1) % 5 WHERE n_name = 'INDIA'`]],
        [1, () => [`DELETE FROM customer WHERE c_custkey = ${customer}`]],
      ])();
    };
    return Array.from({ length: random.between(3, 14) }, change).flat();
  }
}
