import { defineConfig } from 'vitest/config';
import { luaAsText } from './scripts/lua-as-text.mjs';

/** `x.redis.test.ts` needs a real Redis (started for it), `tests/e2e` the whole product; the rest needs nothing. */
const setup = { plugins: [luaAsText()] };

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        ...setup,
        test: {
          name: 'unit',
          include: ['{packages,apps,tools}/**/*.test.ts', 'scripts/**/*.test.mjs'],
          exclude: ['**/*.redis.test.ts', '**/node_modules/**', '**/dist/**'],
          testTimeout: 30_000,
        },
      },
      {
        ...setup,
        test: {
          name: 'redis',
          include: ['packages/**/*.redis.test.ts', 'apps/**/*.redis.test.ts'],
          globalSetup: ['./tests/redis-for-tests.ts'],
          testTimeout: 60_000,
        },
      },
      {
        ...setup,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          globalSetup: ['./tests/redis-for-tests.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
