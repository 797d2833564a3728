import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellWord } from './shell-word';

describe('a word of a shell', () => {
  it.each(['/var/lib/x', '/tmp/with blank é/x', "it's", '"$HOME" `ls`;', 'a\\b'])(
    '%s is read as itself',
    (text) => {
      expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(
        text,
      );
    },
  );

  it('stays plain where nothing needs a quote', () => {
    expect(shellWord('/var/lib/x-1')).toBe('/var/lib/x-1');
  });
});
