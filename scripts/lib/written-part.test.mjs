import { describe, expect, it } from 'vitest';
import { faultTable } from './fault-table.mjs';
import { withPart } from './written-part.mjs';

const PAGE = 'above\n<!-- faults: written by `npm run graph` -->\nold\n<!-- faults end -->\nbelow\n';

describe('a part of a page that a command writes', () => {
  it('is replaced, and nothing around it', () => {
    const page = withPart(PAGE, 'faults', 'new');
    expect(page).toBe(PAGE.replace('old', '\nnew\n'));
    expect(withPart(page, 'faults', 'new')).toBe(page);
  });

  it('is missed loudly where its markers are gone', () => {
    expect(() => withPart('nothing', 'faults', 'new')).toThrow(/lost its markers/);
  });
});

describe('the table of faults', () => {
  it('has types, bounds and defaults from the schema, and meanings from its comments', async () => {
    const rows = (await faultTable()).split('\n');
    expect(rows).toContain(
      '| `frames-delayed` | `byMs` number above 0, needed | Every frame arrives `byMs` late, in order. |',
    );
    expect(rows.find((row) => row.startsWith('| `rest-5xx`'))).toContain(
      '`status` whole number 500–599 (503)',
    );
    expect(rows.find((row) => row.startsWith('| `cut`'))).toContain('`midFrame` true or false (false)');
  });
});
