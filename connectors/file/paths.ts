/** Which files a PATH names. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';

/** Whether a path is a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** The regular expression of one path segment: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`; a backslash escapes. */
export function segmentExpression(segment: string): RegExp {
  let source = '';
  let braces = 0;
  for (let i = 0; i < segment.length; i++) {
    const c = segment[i]!;
    if (c === '*') source += '[^/]*';
    else if (c === '?') source += '[^/]';
    else if (c === '[' && segment.indexOf(']', i + 2) > 0) {
      const close = segment.indexOf(']', i + 2);
      const body = segment.slice(i + 1, close).replaceAll('\\', '\\\\');
      source += body.startsWith('!') ? `[^${body.slice(1)}]` : `[${body}]`;
      i = close;
    } else if (c === '{' && segment.includes('}', i)) {
      source += '(?:';
      braces++;
    } else if (c === '}' && braces > 0) {
      source += ')';
      braces--;
    } else if (c === ',' && braces > 0) source += '|';
    else if (c === '\\' && i + 1 < segment.length) source += escape(segment[++i]!);
    else source += escape(c);
  }
  return new RegExp(`^${source}$`, 'u');
}

function escape(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
}

/** The files that a path names now, sorted; hidden ones only if they are named. A missing folder has none. */
export async function listFiles(path: string): Promise<string[]> {
  const absolute = resolve(path);
  if (!isPattern(path)) {
    const info = await statOrUndefined(absolute);
    if (info === undefined) return [];
    if (!info.isDirectory()) return [absolute];
    return filesIn(absolute, () => true);
  }
  const segments = absolute.split(sep).slice(1);
  const found: string[] = [];
  await walk(sep, segments, found);
  return [...new Set(found)].sort();
}

/** The folders whose changes can change what a path names, as far as they are known without walking. */
export function watchedFolder(path: string, isFolder: boolean): string {
  const absolute = resolve(path);
  if (isFolder) return absolute;
  let folder = dirname(absolute);
  while (isPattern(folder)) folder = dirname(folder);
  return folder;
}

async function walk(folder: string, segments: readonly string[], found: string[]): Promise<void> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  if (segment === '**') {
    await walk(folder, rest, found);
    for (const entry of await entriesOf(folder)) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) {
        await walk(join(folder, entry.name), segments, found);
      }
    }
    return;
  }
  if (!isPattern(segment)) {
    const next = join(folder, segment);
    const info = await statOrUndefined(next);
    if (info === undefined) return;
    if (rest.length > 0) await walk(next, rest, found);
    else if (info.isFile()) found.push(next);
    return;
  }
  const expression = segmentExpression(segment);
  if (rest.length === 0) {
    found.push(...(await filesIn(folder, (name) => expression.test(name), segment.startsWith('.'))));
    return;
  }
  for (const entry of await entriesOf(folder)) {
    if (!expression.test(entry.name) || (entry.name.startsWith('.') && !segment.startsWith('.'))) continue;
    await walk(join(folder, entry.name), rest, found);
  }
}

async function filesIn(folder: string, accept: (name: string) => boolean, hidden = false): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if ((entry.name.startsWith('.') && !hidden) || !accept(basename(path))) continue;
    // A link counts as what it leads to.
    if (entry.isFile() || (entry.isSymbolicLink() && (await statOrUndefined(path))?.isFile() === true)) {
      files.push(path);
    }
  }
  return files.sort();
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether an error means that a file is not (or no longer) there. */
export function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
