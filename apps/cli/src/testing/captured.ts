import { vi } from 'vitest';

/** What a command wrote while it ran, by line. */
export interface Captured {
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly code: number | undefined;
}

/** Runs a command and takes what it writes to stdout and stderr. Whatever it throws is thrown. */
export async function captured(run: () => Promise<number | void>): Promise<Captured> {
  const [out, err]: [string[], string[]] = [[], []];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(taking(out)),
    vi.spyOn(process.stderr, 'write').mockImplementation(taking(err)),
  ];
  try {
    const code = await run();
    return { out: linesOf(out), err: linesOf(err), code: code ?? undefined };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

function taking(into: string[]): (text: string | Uint8Array) => boolean {
  return (text) => {
    into.push(String(text));
    return true;
  };
}

function linesOf(written: readonly string[]): readonly string[] {
  const text = written.join('');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
