/** FROM FILE: what it takes and how it is opened. */
import { SqlError, type Notice } from '../../sql/error.ts';
import type { SourceConnector, SourceOptions, SourceReader, UpstreamTable } from '../contract.ts';
import type { ParsedOptions } from '../options.ts';
import { readContents } from './contents.ts';
import { fileSourceOptions } from './options.ts';
import { isPattern, listFiles } from './paths.ts';
import { FileReader } from './reader.ts';

type Options = ParsedOptions<typeof fileSourceOptions>;

/** Bytes that a header may have. */
const SAMPLE = 64 * 1024;

export const fileSource: SourceConnector<typeof fileSourceOptions> = {
  options: fileSourceOptions,
  connection: null,
  messages: false,
  formats: ['json', 'csv'],
  metadata: ['path', 'line', 'offset'],
  appendOnly: ({ follow }) => !follow,

  async validate(options: Options): Promise<readonly Notice[]> {
    let files: string[];
    try {
      files = await listFiles(options.path);
      // That the first can be read says more than that it is there.
      for (const file of files.slice(0, 1)) {
        for await (const bytes of readContents(file, options.compression, 0, true)) {
          if (bytes.length > 0) break;
        }
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new SqlError({
        sqlstate: code === 'EACCES' ? '42501' : '58030',
        message: `could not read "${options.path}": ${message}`,
      });
    }
    if (files.length > 0) return [];
    if (options.follow) {
      return [
        {
          severity: 'NOTICE',
          sqlstate: '00000',
          message: `no file is at "${options.path}" yet`,
        },
      ];
    }
    throw new SqlError({
      sqlstate: '58P01',
      message: isPattern(options.path)
        ? `no file matches "${options.path}"`
        : `could not open "${options.path}": no such file, or an empty folder`,
      hint: 'The path is one on the server. With the option FOLLOW a source waits for files to come.',
    });
  },

  tables(): Promise<readonly UpstreamTable[]> | null {
    return null;
  },

  async sample(options: Options): Promise<Buffer | null> {
    for (const file of await listFiles(options.path)) {
      const parts: Buffer[] = [];
      let length = 0;
      for await (const bytes of readContents(file, options.compression, 0, true)) {
        parts.push(Buffer.from(bytes));
        length += bytes.length;
        if (length >= SAMPLE) break;
      }
      if (length > 0) return Buffer.concat(parts).subarray(0, SAMPLE);
    }
    return null;
  },

  open(options: SourceOptions<Options>): SourceReader {
    return new FileReader(options);
  },
};
