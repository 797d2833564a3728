import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = import.meta.dirname;
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.lua'));

function sourceOf(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** The code without its comments. */
function codeOf(name: string): string {
  return sourceOf(name)
    .replaceAll(/--\[\[[\s\S]*?\]\]/g, '')
    .replaceAll(/--.*$/gm, '');
}

describe('Lua commands', () => {
  it('are all looked at', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(3);
  });

  it.each(FILES)('%s takes exactly one key and says so in its name', (name) => {
    expect(name).toMatch(/^[a-z][A-Za-z]+-1\.lua$/);
    const keys = codeOf(name).match(/KEYS\[\d+\]/g) ?? [];
    expect(new Set(keys)).toEqual(new Set(['KEYS[1]']));
    expect(codeOf(name)).not.toMatch(/KEYS(?!\[1\])/);
  });

  it.each(FILES)('%s touches no key but KEYS[1], so that a cluster runs it in one slot', (name) => {
    const code = codeOf(name);
    const isAliased = /^local key,[^\n]*= KEYS\[1\],/m.test(code);
    const calls = [...code.matchAll(/redis\.p?call\(\s*'([A-Z]+)'\s*,\s*([^,)]+)/g)];
    expect(calls.length).toBeGreaterThan(0);
    expect(code.match(/redis\.p?call/g)).toHaveLength(calls.length);
    for (const [, , first] of calls)
      expect(isAliased ? ['key', 'KEYS[1]'] : ['KEYS[1]']).toContain(first?.trim());
    expect(code).not.toMatch(/\bkey\s*=[^=]/);
  });

  it.each(FILES)('%s gives the same answer on every run: no time, no chance, no key by pattern', (name) => {
    expect(codeOf(name)).not.toMatch(/math\.random|'TIME'|'RANDOMKEY'|'KEYS'|'SCAN'/);
  });

  it.each(FILES)('%s begins with its contract', (name) => {
    const header = /^--\[\[([\s\S]*?)\]\]/.exec(sourceOf(name))?.[1] ?? '';
    for (const part of ['KEYS[1]', 'ARGV[1]', 'Returns']) expect(header).toContain(part);
  });
});
