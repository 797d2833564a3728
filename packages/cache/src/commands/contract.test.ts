import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = import.meta.dirname;
/** Stand before the others and are no commands. */
const PRELUDES = ['candle-member.lua', 'candle-told.lua'];
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.lua') && !PRELUDES.includes(name));

function sourceOf(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** The code without its comments. */
function codeOf(name: string): string {
  return sourceOf(name)
    .replaceAll(/--\[\[[\s\S]*?\]\]/g, '')
    .replaceAll(/--.*$/gm, '');
}

function keyCountOf(name: string): number {
  return Number(/^[a-z][A-Za-z]+-(\d)\.lua$/.exec(name)?.[1]);
}

/** Names that stand for keys: those of the one line that takes them. */
function aliasesIn(code: string): readonly string[] {
  const line = /^local ([a-z, ]+) = (KEYS\[1\][^\n]*)$/m.exec(code);
  const taken = line?.[2]?.match(/KEYS\[\d+\]/g) ?? [];
  return (line?.[1] ?? '')
    .split(',')
    .map((each) => each.trim())
    .slice(0, taken.length);
}

describe('Lua commands', () => {
  it('are all looked at', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(5);
  });

  it.each(PRELUDES)('share %s, which touches no key at all', (name) => {
    expect(codeOf(name)).not.toMatch(/KEYS|ARGV|redis\./);
  });

  it.each(FILES)('%s takes exactly as many keys as its name says', (name) => {
    const count = keyCountOf(name);
    const numbers = [...codeOf(name).matchAll(/KEYS\[(\d+)\]/g)].map(([, at]) => Number(at));
    expect([...new Set(numbers)].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, at) => at + 1),
    );
    expect(codeOf(name)).not.toMatch(/KEYS(?!\[\d+\])/);
  });

  it.each(FILES)('%s touches no key it was not given, so that every key can be enumerated', (name) => {
    const code = codeOf(name);
    const aliases = aliasesIn(code);
    const calls = [...code.matchAll(/redis\.p?call\(\s*'([A-Z]+)'\s*,\s*([^,)]+)/g)];
    expect(calls.length).toBeGreaterThan(0);
    expect(code.match(/redis\.p?call/g)).toHaveLength(calls.length);
    for (const [, , first] of calls) expect(first?.trim()).toMatch(/^KEYS\[\d+\]$|^[a-z]+$/);
    for (const [, command, first = ''] of calls) {
      // A channel is no key: it is an argument, whoever is to be told.
      if (command === 'PUBLISH') expect(first.trim()).toBe('channel');
      else if (!first.startsWith('KEYS')) expect(aliases).toContain(first.trim());
    }
    const rest = code.replace(/^local [a-z, ]+ = KEYS\[1\].*$/m, '');
    for (const alias of aliases) expect(rest).not.toMatch(new RegExp(`\\b${alias}\\s*=[^=]`));
  });

  it.each(FILES)('%s gives the same answer on every run: no time, no chance, no key by pattern', (name) => {
    expect(codeOf(name)).not.toMatch(/math\.random|'TIME'|'RANDOMKEY'|'KEYS'|'SCAN'/);
  });

  it.each(FILES)('%s begins with its contract', (name) => {
    const header = /^--\[\[([\s\S]*?)\]\]/.exec(sourceOf(name))?.[1] ?? '';
    for (const part of ['KEYS[1]', 'ARGV[1]', 'Returns']) expect(header).toContain(part);
  });
});
