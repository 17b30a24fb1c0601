/** Says at the end of a run which tests were left out, and what they need. */
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

const MARK = ' (left out: ';

/** The name of a block of tests that is left out. */
export function leftOutName(name: string, reason: string): string {
  return `${name}${MARK}${reason})`;
}

/** A file that is not run at all. */
export interface LeftOutFile {
  readonly path: string;
  readonly reason: string;
}

export class LeftOutReporter implements Reporter {
  readonly #files: readonly LeftOutFile[];

  constructor(files: readonly LeftOutFile[]) {
    this.#files = files;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = this.#files.map(({ path, reason }) => `  ${path} (left out: ${reason})`);
    const visit = (file: string, suite: TestModule | TestSuite): void => {
      for (const inner of suite.children.suites()) {
        if (inner.name.includes(MARK)) {
          lines.push(`  ${file}: ${inner.name}: ${[...inner.children.allTests()].length}`);
        } else visit(file, inner);
      }
    };
    for (const module of modules) visit(module.relativeModuleId, module);
    if (lines.length > 0) console.log(`\nTests left out on this machine:\n${lines.join('\n')}`);
  }
}
