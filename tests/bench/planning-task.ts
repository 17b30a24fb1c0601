/**
 * The servers of `npm run bench -- planning`: programs in this process, without their sockets. Its arguments are the
 * statements' file as JSON and the builds' folders; at each message it plans all statements, and says what they took. Builds
 * take turns at each statement: what else the machine does, and what this process has compiled and collects, is the same for both.
 */
import { readFileSync } from 'node:fs';
import { Session as Inspector } from 'node:inspector/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as logging from '../../server/log.ts';
import type { Client } from '../../server/session/client.ts';
import type * as locks from '../../server/session/advisory-locks.ts';
import type * as live from '../../server/session/sessions.ts';
import type * as sessions from '../../server/session/session.ts';
import type * as systems from '../../server/start-system.ts';

/** What a round is to be: of all builds, or of one whose work is told apart by stages. */
export interface Round {
  readonly profiled: number | null;
}

/** What a round took. */
export interface Planned {
  /** Microseconds of CPU by build, of each statement in turn; null: it is refused, or not planned in this round. */
  readonly microseconds: readonly (readonly (number | null)[])[];
  /** Of a profiled round: samples by stage. */
  readonly samples: Readonly<Record<string, number>>;
}

/** The stage that a file's functions are, and what they call: the outermost of these on the stack counts. */
const STAGES: readonly (readonly [stage: string, path: string])[] = [
  ['parse', '/sql/parse/'],
  ['bind', '/sql/bind/'],
  ['lower', '/sql/lower/'],
  ['optimize', '/sql/optimize/'],
  ['physical', '/sql/physical/'],
  ['engine', '/build/engine/'],
];

/** What is not the program's work. */
const IDLE = ['(root)', '(idle)', '(program)'];

const [file = '', ...folders] = process.argv.slice(2);
const statements = JSON.parse(readFileSync(file, 'utf8')) as string[];
/** Nothing is sent to it while statements are planned. */
const client = { notice: () => undefined, parameter: () => undefined } as unknown as Client;

async function sessionOf(folder: string): Promise<sessions.Session> {
  const load = (path: string): Promise<unknown> => import(pathToFileURL(join(folder, path)).href);
  const { startSystem } = (await load('server/start-system.js')) as typeof systems;
  const { Session } = (await load('server/session/session.js')) as typeof sessions;
  const { AdvisoryLocks } = (await load('server/session/advisory-locks.js')) as typeof locks;
  const { Sessions } = (await load('server/session/sessions.js')) as typeof live;
  const { silentLog } = (await load('server/log.js')) as typeof logging;
  const system = await startSystem({
    workers: 1,
    log: silentLog,
    panic: (message) => {
      throw new Error(message);
    },
  });
  const host = { ...system, advisoryLocks: new AdvisoryLocks(), sessions: new Sessions(), log: silentLog };
  return new Session(host, client, 'tidewire', 'tidewire');
}

const builds: sessions.Session[] = [];
for (const folder of folders) builds.push(await sessionOf(folder));

let texts = 0;

function plan(session: sessions.Session, sql: string): number | null {
  // A text that nobody has sent: no tree, template or plan of another is of use.
  const text = `${sql}\n-- ${++texts}`;
  const before = process.cpuUsage();
  try {
    session.parse('', text, []);
  } catch {
    return null;
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function planAll(of: readonly number[]): (number | null)[][] {
  const times = builds.map((): (number | null)[] => statements.map(() => null));
  for (const [number, sql] of statements.entries()) {
    for (const build of texts % 2 === 0 ? of : of.toReversed()) {
      times[build]![number] = plan(builds[build]!, sql);
    }
  }
  return times;
}

async function round({ profiled }: Round): Promise<Planned> {
  if (profiled === null) return { microseconds: planAll([...builds.keys()]), samples: {} };
  const inspector = new Inspector();
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.setSamplingInterval', { interval: 200 });
  await inspector.post('Profiler.start');
  const microseconds = planAll([profiled]);
  const { profile } = await inspector.post('Profiler.stop');
  inspector.disconnect();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const samples: Record<string, number> = {};
  const count = (id: number, around: string | null): void => {
    const { callFrame, hitCount = 0, children = [] } = nodes.get(id)!;
    const own = STAGES.find(([, path]) => callFrame.url.includes(path))?.[0] ?? null;
    const stage = callFrame.functionName === '(garbage collector)' ? 'garbage' : (around ?? own);
    if (!IDLE.includes(callFrame.functionName)) {
      samples[stage ?? 'rest'] = (samples[stage ?? 'rest'] ?? 0) + hitCount;
    }
    for (const child of children) count(child, stage);
  };
  count(profile.nodes[0]!.id, null);
  return { microseconds, samples };
}

process.on('message', (message: Round) => {
  void round(message).then((planned) => process.send!(planned));
});
process.on('disconnect', () => process.exit());
process.send!('ready');
