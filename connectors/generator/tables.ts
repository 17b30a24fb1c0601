/** The relations that generators give, in the order of the engine's generators. */
import type { UpstreamColumn, UpstreamTable } from '../contract.ts';

function column(name: string, type: string): UpstreamColumn {
  return { name, type, nullable: false };
}

/** COUNTER: 1, 2, 3…. */
export const counterTables: readonly UpstreamTable[] = [
  { name: 'counter', columns: [column('counter', 'int8')], primaryKey: ['counter'] },
];

/** NEXMARK's auction site: of 50 events one is a person, three are auctions and 46 are bids. */
export const nexmarkTables: readonly UpstreamTable[] = [
  {
    name: 'person',
    columns: [
      column('id', 'int8'),
      column('name', 'text'),
      column('email_address', 'text'),
      column('credit_card', 'text'),
      column('city', 'text'),
      column('state', 'text'),
      column('date_time', 'timestamp'),
      column('extra', 'text'),
    ],
    primaryKey: ['id'],
  },
  {
    name: 'auction',
    columns: [
      column('id', 'int8'),
      column('item_name', 'text'),
      column('description', 'text'),
      column('initial_bid', 'int8'),
      column('reserve', 'int8'),
      column('date_time', 'timestamp'),
      column('expires', 'timestamp'),
      column('seller', 'int8'),
      column('category', 'int8'),
      column('extra', 'text'),
    ],
    primaryKey: ['id'],
  },
  {
    name: 'bid',
    columns: [
      column('auction', 'int8'),
      column('bidder', 'int8'),
      column('price', 'int8'),
      column('channel', 'text'),
      column('url', 'text'),
      column('date_time', 'timestamp'),
      column('extra', 'text'),
    ],
    primaryKey: [],
  },
];
