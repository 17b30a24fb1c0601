import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

const orders = words('eq ne lt le gt ge');

/** date, time, timestamp, timestamptz and interval. */
export const datetimeFunctions: FunctionFamily = {
  name: 'datetime',
  total: [
    ...words('hashdate hashdateextended time_hash time_hash_extended timestamp_hash timestamp_hash_extended'),
    ...words('timestamptz_hash timestamptz_hash_extended interval_hash interval_hash_extended'),
    ...words('date_send time_send timestamp_send timestamptz_send interval_send'),
    ...comparisons('date_', 'time_', 'timestamp_', 'interval_'),
    ...orders.flatMap((order) => [`date_${order}_timestamp`, `timestamp_${order}_date`]),
    ...orders.flatMap((order) => [`timestamp_${order}_timestamptz`, `timestamptz_${order}_timestamp`]),
    ...orders.flatMap((order) => [`date_${order}_timestamptz`, `timestamptz_${order}_date`]),
    ...words('date_finite timestamp_finite interval_finite timestamp_time'),
    ...words('time_interval time_mi_time'),
    ...words('date_larger date_smaller time_larger time_smaller timestamp_larger timestamp_smaller'),
    ...words('interval_larger interval_smaller overlaps_timestamp overlaps_time'),
  ],
  fallible: [
    ...words('timestamptz_time interval_time time_pl_interval time_mi_interval'),
    ...words('date_pli date_mii date_mi date_pl_interval date_mi_interval datetime_timestamp'),
    ...words('timestamp_pl_interval timestamp_mi_interval timestamp_mi'),
    ...words('timestamptz_pl_interval timestamptz_mi_interval timestamptz_pl_interval_at_zone'),
    ...words('timestamptz_mi_interval_at_zone'),
    ...words('interval_pl interval_mi interval_mul interval_div interval_um mul_d_interval'),
    ...words('date_timestamp date_timestamptz timestamp_date timestamptz_date'),
    ...words('timestamp_timestamptz timestamptz_timestamp'),
    ...words('interval_scale time_scale timestamp_scale timestamptz_scale'),
    ...words('extract_date extract_time extract_timestamp extract_timestamptz extract_interval'),
    ...words('time_part timestamp_part timestamptz_part interval_part'),
    ...words(
      'timestamp_trunc timestamptz_trunc timestamptz_trunc_zone interval_trunc timestamp_bin timestamptz_bin',
    ),
    ...words('timestamp_zone timestamptz_zone timestamp_izone timestamptz_izone'),
    ...words('timestamp_at_local timestamptz_at_local'),
    ...words(
      'timestamp_age timestamptz_age interval_justify_days interval_justify_hours interval_justify_interval',
    ),
    ...words(
      'make_date make_time make_timestamp make_timestamptz make_timestamptz_at_timezone make_interval',
    ),
    ...words(
      'float8_timestamptz to_timestamp to_date timestamp_to_char timestamptz_to_char interval_to_char',
    ),
  ],
  nullable: words(
    'extract_date extract_timestamp extract_timestamptz extract_interval timestamp_part timestamptz_part interval_part timestamp_to_char timestamptz_to_char interval_to_char',
  ),
};
