import { describe, expect, it } from 'vitest';
import { cliPage } from './testing/cli-page';

describe('docs/cli.md', () => {
  it('says what the program says of itself', async () => {
    await expect(cliPage()).toMatchFileSnapshot('../../../docs/cli.md');
  });
});
