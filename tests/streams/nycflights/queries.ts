/** What is asked of the flights, by name. */
export interface Asked {
  readonly name: string;
  readonly sql: string;
  /** PostgreSQL's way to say it, where ours has a window in FROM. */
  readonly postgres?: string;
}

const perHop = (step: string, size: string): string =>
  `SELECT window_start, window_start + interval '${size}' AS window_end, w.* FROM weather w,
     generate_series(date_bin('${step}', time_hour, 'epoch'::timestamptz),
       date_bin('${step}', time_hour - interval '${size}', 'epoch'::timestamptz) + interval '${step}',
       -interval '${step}') AS window_start
   WHERE window_start > time_hour - interval '${size}'`;

export const QUERIES: readonly Asked[] = [
  {
    name: 'airline_delays',
    sql: `SELECT a.name, count(*) AS flights, count(*) FILTER (WHERE f.dep_time IS NULL) AS cancelled,
            round(avg(f.arr_delay), 2) AS late, min(f.dep_delay) AS best, max(f.dep_delay) AS worst,
            bool_or(f.dep_delay > 600) AS awful, sum(f.arr_delay) AS total
          FROM flights f JOIN airlines a ON a.carrier = f.carrier GROUP BY a.name`,
  },
  {
    name: 'routes',
    sql: `SELECT origin, dest, count(*) AS n, sum(distance) AS miles, avg(air_time) AS air,
            count(DISTINCT tailnum) AS planes, count(DISTINCT carrier) AS carriers, sum(DISTINCT hour) AS hours
          FROM flights GROUP BY origin, dest`,
  },
  {
    name: 'unknown_planes',
    sql: `SELECT f.carrier, count(*) AS n, count(DISTINCT f.tailnum) AS planes, count(f.tailnum) AS named
          FROM flights f LEFT JOIN planes p ON p.tailnum = f.tailnum WHERE p.tailnum IS NULL GROUP BY f.carrier`,
  },
  {
    name: 'airports_reached',
    sql: `SELECT coalesce(a.faa, d.dest) AS code, a.name, a.alt, d.n, d.furthest
          FROM airports a
          FULL JOIN (SELECT dest, count(*) AS n, max(distance) AS furthest FROM flights GROUP BY dest) d
            ON d.dest = a.faa`,
  },
  {
    name: 'planes_used',
    sql: `SELECT p.manufacturer, p.type, count(f.flight) AS flights, count(DISTINCT tailnum) AS planes,
            min(p.year) AS oldest, avg(p.seats) AS seats
          FROM flights f RIGHT JOIN planes p USING (tailnum) GROUP BY p.manufacturer, p.type`,
  },
  {
    name: 'weather_and_delay',
    sql: `SELECT w.origin, w.wind_dir, count(*) AS flights, round(avg(f.dep_delay), 3) AS delay,
            max(w.wind_speed) AS wind, min(w.pressure) AS pressure, max(w.visib) AS visibility
          FROM flights f JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
          GROUP BY w.origin, w.wind_dir`,
  },
  {
    name: 'worst_days',
    sql: `SELECT (time_hour AT TIME ZONE 'America/New_York')::date AS day, count(*) AS flights,
            sum(dep_delay) AS minutes, count(*) - count(arr_time) AS not_arrived
          FROM flights GROUP BY 1 ORDER BY minutes DESC NULLS LAST, day LIMIT 10`,
  },
  {
    name: 'longest_waits',
    sql: `SELECT carrier, flight, origin, dest, dep_delay, arr_delay, time_hour FROM flights
          ORDER BY dep_delay DESC NULLS LAST, carrier, flight, time_hour, tailnum LIMIT 25 OFFSET 5`,
  },
  {
    name: 'never_reached',
    sql: `SELECT faa FROM airports WHERE tzone LIKE 'America/%' EXCEPT SELECT dest FROM flights`,
  },
  {
    name: 'shared_routes',
    sql: `SELECT carrier, dest FROM flights WHERE origin = 'JFK'
          INTERSECT ALL SELECT carrier, dest FROM flights WHERE origin = 'LGA'`,
  },
  {
    name: 'all_codes',
    sql: `SELECT origin AS code FROM flights UNION SELECT dest FROM flights UNION SELECT faa FROM airports`,
  },
  {
    name: 'above_average',
    sql: `SELECT carrier, count(*) AS n, min(distance) AS shortest FROM flights
          WHERE distance > (SELECT avg(distance) FROM flights) GROUP BY carrier HAVING count(*) > 5`,
  },
  {
    name: 'idle_planes',
    sql: `SELECT tailnum, year, model FROM planes
          WHERE tailnum NOT IN (SELECT tailnum FROM flights WHERE tailnum IS NOT NULL AND dep_time IS NOT NULL)`,
  },
  {
    name: 'in_no_list',
    sql: `SELECT count(*) AS n FROM planes WHERE tailnum NOT IN (SELECT tailnum FROM flights)`,
  },
  {
    name: 'quantified',
    sql: `SELECT carrier, max(arr_delay) AS worst FROM flights GROUP BY carrier
          HAVING max(arr_delay) >= ALL (SELECT arr_delay FROM flights WHERE origin = 'LGA' AND arr_delay IS NOT NULL)
             OR carrier = ANY (SELECT carrier FROM airlines WHERE name LIKE 'A%')
             OR EXISTS (SELECT FROM planes WHERE seats > 400)`,
  },
  {
    name: 'days',
    sql: `SELECT window_start, window_end, count(*) AS n, count(DISTINCT dest) AS places, sum(air_time) AS air
          FROM TUMBLE(flights, time_hour, INTERVAL '1 day') GROUP BY window_start, window_end`,
    postgres: `SELECT date_bin('1 day', time_hour, 'epoch'::timestamptz) AS window_start,
            date_bin('1 day', time_hour, 'epoch'::timestamptz) + interval '1 day' AS window_end,
            count(*) AS n, count(DISTINCT dest) AS places, sum(air_time) AS air
          FROM flights GROUP BY 1, 2`,
  },
  {
    name: 'weather_windows',
    sql: `SELECT origin, window_start, count(*) AS n, avg(temp) AS mean, min(dewp) AS dew, max(wind_gust) AS gust
          FROM HOP(weather, time_hour, INTERVAL '6 hours', INTERVAL '1 day') GROUP BY origin, window_start`,
    postgres: `SELECT origin, window_start, count(*) AS n, avg(temp) AS mean, min(dewp) AS dew, max(wind_gust) AS gust
          FROM (${perHop('6 hours', '1 day')}) h GROUP BY origin, window_start`,
  },
  {
    name: 'near_airports',
    sql: `SELECT a.faa, b.faa AS other, a.alt - b.alt AS climb, round((b.lat - a.lat)::numeric, 4) AS north
          FROM airports a JOIN airports b ON a.lat < b.lat AND b.lat < a.lat + 0.05 AND abs(a.lon - b.lon) < 0.05`,
  },
  {
    name: 'shares',
    sql: `WITH by_carrier AS (SELECT month, carrier, count(*) AS n FROM flights GROUP BY month, carrier),
               by_month AS (SELECT month, sum(n) AS total FROM by_carrier GROUP BY month)
          SELECT month, carrier, n, round(100.0 * n / total, 2) AS percent, n / total AS share
          FROM by_carrier JOIN by_month USING (month)`,
  },
  {
    name: 'hours',
    sql: `SELECT extract(isodow FROM time_hour) AS weekday,
            CASE WHEN hour < 6 THEN 'night' WHEN hour < 12 THEN 'morning' WHEN hour < 18 THEN 'day' ELSE 'evening' END
              AS part,
            count(*) AS n, min(time_hour) AS first, max(time_hour - hour * interval '1 hour') AS last,
            max(make_time(sched_dep_time / 100 % 24, sched_dep_time % 100, 0)) AS latest
          FROM flights GROUP BY 1, 2`,
  },
  {
    name: 'makers',
    sql: `SELECT upper(left(manufacturer, 6)) AS maker, count(*) AS n, count(DISTINCT model) AS models,
            max(length(model)) AS longest, avg(year) AS year, bool_and(speed IS NULL) AS no_speed
          FROM planes WHERE manufacturer NOT LIKE '%(%' GROUP BY 1 HAVING count(*) > 1`,
  },
  {
    name: 'fair_weather',
    sql: `SELECT origin, month, round(avg(temp), 1) AS temp, sum(precip) AS rain, avg(humid) AS humid,
            sum(wind_speed) AS wind, count(*) FILTER (WHERE wind_gust IS NULL) AS calm
          FROM weather GROUP BY origin, month`,
  },
  {
    name: 'delay_ranks',
    sql: `SELECT d.name, d.late, s.flights AS of_all, d.worst = s.worst AS is_worst
          FROM airline_delays d CROSS JOIN (SELECT sum(flights) AS flights, max(worst) AS worst FROM airline_delays) s
          WHERE d.late IS NOT NULL`,
  },
];
