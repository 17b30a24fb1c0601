/** Small Nexmark data: persons, auctions and bids as they come, late ones among them, and changes that take some back. */
import { Random } from '../../oracle/random.ts';

const STATES = ['or', 'id', 'ca', 'ny', 'wa'];
const CHANNELS = ['Apple', 'Google', 'Facebook', 'Baidu', 'channel-1', 'channel-2'];
const START = Date.parse('2024-05-31T23:58:00Z');
const FIRST = 1000;

export class NexmarkData {
  readonly #random: Random;
  /** Seconds since the start. */
  #clock = 0;
  #persons = 0;
  #auctions = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  #time(seconds: number): string {
    return `timestamp '${new Date(START + Math.round(seconds * 1000)).toISOString().slice(0, 23).replace('T', ' ')}'`;
  }

  side(): string[] {
    return [`INSERT INTO side_input SELECT g, 'side ' || g FROM generate_series(0, 8) AS g`];
  }

  #person(): string {
    const key = FIRST + this.#persons;
    this.#persons += 1;
    const state = this.#random.pick(STATES);
    return `INSERT INTO person VALUES (${key}, 'person ${key % 7}', 'p@${key}', '1234', 'city ${key % 3}', '${state}', ${this.#time(this.#clock)}, 'x')`;
  }

  #auction(): string {
    const random = this.#random;
    const key = FIRST + this.#auctions;
    this.#auctions += 1;
    // Often the person who came last: q8 asks for sellers who are new.
    const recent = random.chance(0.5)
      ? Math.max(0, this.#persons - 1)
      : random.below(Math.max(1, this.#persons));
    const seller = FIRST + recent;
    const expires = this.#time(this.#clock + random.between(5, 60));
    return (
      `INSERT INTO auction VALUES (${key}, 'item ${key}', 'thing', ${random.between(1, 500)}, ${random.between(500, 20_000)}, ` +
      `${this.#time(this.#clock)}, ${expires}, ${seller}, ${random.between(10, 14)}, 'y')`
    );
  }

  #bid(): string {
    const random = this.#random;
    const auction = FIRST + random.below(Math.max(1, this.#auctions + 1));
    const bidder = FIRST + random.below(Math.max(1, this.#persons));
    const price = random.pick([
      random.between(1, 200),
      random.between(5000, 20_000),
      random.between(100_000, 3_000_000),
    ]);
    const channel = random.pick(CHANNELS);
    const id = random.chance(0.5) ? `?a=1&channel_id=${random.below(5)}` : '';
    const time = this.#clock - (random.chance(0.2) ? random.between(0, 40) : 0) + random.below(1000) / 1000;
    const extra = random.pick(['abc', 'cc', 'd', '']);
    return (
      `INSERT INTO bid VALUES (${auction}, ${bidder}, ${price}, '${channel}', 'https://www.nexmark.com/a${random.below(3)}/b/c${id}', ` +
      `${this.#time(time)}, '${extra}', ${this.#time(this.#clock)})`
    );
  }

  /** A transaction of events. */
  events(count: number): string[] {
    return Array.from({ length: count }, () => {
      this.#clock += this.#random.next() * 3;
      return this.#random.weighted<() => string>([
        [1, () => this.#person()],
        [2, () => this.#auction()],
        [9, () => this.#bid()],
      ])();
    });
  }

  /** A transaction of corrections. */
  changes(): string[] {
    const random = this.#random;
    const change = (): string => {
      const auction = FIRST + random.below(this.#auctions);
      const person = FIRST + random.below(this.#persons);
      return random.weighted<() => string>([
        [4, () => this.#bid()],
        [2, () => `DELETE FROM bid WHERE auction = ${auction}`],
        [2, () => `DELETE FROM bid WHERE bidder = ${person} AND price > ${random.between(100, 200_000)}`],
        [3, () => `UPDATE bid SET price = price + ${random.between(-50, 10_000)} WHERE auction = ${auction}`],
        [
          2,
          () =>
            `UPDATE bid SET date_time = date_time + interval '${random.between(-15, 15)} s' WHERE bidder = ${person}`,
        ],
        [1, () => `UPDATE bid SET channel = '${random.pick(CHANNELS)}' WHERE auction = ${auction}`],
        [
          2,
          () =>
            `UPDATE auction SET category = ${random.between(10, 14)}, expires = expires + interval '20 s' WHERE id = ${auction}`,
        ],
        [2, () => `UPDATE auction SET seller = ${person} WHERE id = ${auction}`],
        [1, () => `DELETE FROM auction WHERE id = ${auction}`],
        [2, () => `UPDATE person SET state = '${random.pick(STATES)}' WHERE id = ${person}`],
        [1, () => `DELETE FROM person WHERE id = ${person}`],
        [1, () => `UPDATE side_input SET value = value || '!' WHERE key = ${random.below(9)}`],
      ])();
    };
    return Array.from({ length: random.between(2, 10) }, change);
  }
}
