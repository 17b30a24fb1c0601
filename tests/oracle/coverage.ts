/** Which tags, which pairs of them and which registered calls the queries of a run had. */
import type { Outcome } from './harness.ts';
import { registeredByResult } from './registered.ts';

export class Coverage {
  readonly #tags = new Map<string, { views: number; checks: number; telling: number }>();
  readonly #pairs = new Map<string, number>();
  readonly #calls = new Set<string>();

  add(views: Outcome['features']): void {
    for (const { tags: all, checks, telling } of views) {
      const tags = [...all].filter((tag) => !tag.startsWith('fn ')).sort();
      for (const tag of all) if (tag.startsWith('fn ')) this.#calls.add(tag.slice(3));
      for (const [index, tag] of tags.entries()) {
        const sum = this.#tags.get(tag) ?? { views: 0, checks: 0, telling: 0 };
        this.#tags.set(tag, {
          views: sum.views + 1,
          checks: sum.checks + checks,
          telling: sum.telling + telling,
        });
        for (const other of tags.slice(index + 1)) count(this.#pairs, `${tag} × ${other}`);
      }
    }
  }

  /** Registered calls that no query had. */
  missingCalls(): string[] {
    return allCalls().filter((signature) => !this.#calls.has(signature));
  }

  callShare(): number {
    return 1 - this.missingCalls().length / allCalls().length;
  }

  report(): string {
    const tags = [...this.#tags].sort(([, a], [, b]) => b.views - a.views);
    const share = (sum: { checks: number; telling: number }): number =>
      Math.round((100 * sum.telling) / sum.checks);
    const possible = (tags.length * (tags.length - 1)) / 2;
    const names = tags.map(([tag]) => tag).sort();
    const absent = names.flatMap((tag, index) =>
      names
        .slice(index + 1)
        .filter((other) => !this.#pairs.has(`${tag} × ${other}`))
        .map((other) => `${tag} × ${other}`),
    );
    return [
      `tags (views, telling checks): ${tags.map(([tag, sum]) => `${tag} ${sum.views} ${share(sum)} %`).join(', ')}`,
      `pairs: ${this.#pairs.size} of ${possible}; none of ${absent.join(', ') || 'them is missing'}`,
      `calls: ${this.#calls.size} of ${allCalls().length}; without ${this.missingCalls().join(', ') || 'exception'}`,
    ].join('\n');
  }
}

function allCalls(): string[] {
  return [...new Set([...registeredByResult.values()].flat().map(({ signature }) => signature))];
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
