import { describe, expect, it } from 'vitest';
import { Screen } from './screen';

/** A terminal of lines, of which the last is rewritten. */
function terminal() {
  const lines: string[] = [];
  let last = '';
  const screen = new Screen((line) => lines.push(last + line), {
    clear: () => (last = ''),
    show: (text) => (last = text),
  });
  return { screen, lines, last: () => last };
}

describe('the screen', () => {
  it('keeps lines above what goes on, and neither writes into the other', () => {
    const { screen, lines, last } = terminal();
    screen.show('warmup', '40 %');
    screen.say('one');
    expect([lines, last()]).toEqual([['one'], '40 %']);
    screen.show('warmup', '');
    screen.say('two');
    expect([lines, last()]).toEqual([['one', 'two'], '']);
  });

  it('shows what is wrong before what goes on', () => {
    const { screen, last } = terminal();
    screen.show('warmup', '40 %');
    screen.show('health', 'redis: gone');
    expect(last()).toBe('redis: gone');
    screen.show('warmup', '41 %');
    expect(last()).toBe('redis: gone');
    screen.show('health', '');
    expect(last()).toBe('41 %');
  });
});
