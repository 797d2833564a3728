/** What the demo engine is made of, each package by version and hash: what npm gives otherwise is not used. */

export const ENGINE_PACKAGE = 'js-redis-server';
export const ENGINE_VERSION = '0.3.0';

interface Pin {
  readonly version: string;
  readonly integrity: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export const PINNED: Readonly<Record<string, Pin>> = {
  [ENGINE_PACKAGE]: {
    version: ENGINE_VERSION,
    integrity:
      'sha512-pIN9aI8t+4fNcq+jjjMNqc2AmdNCnCZJs1DJExhHf9LyAx4WM3wxxbskw8Q8NAdd+mqfEcrdTEhqwle1JGrafg==',
    dependencies: { 'cluster-key-slot': '^1.1.2', 'lua-redis-wasm': '^1.5.0' },
  },
  'cluster-key-slot': {
    version: '1.1.2',
    integrity:
      'sha512-RMr0FhtfXemyinomL4hrWcYJxmX6deFdCxpJzhDttxgO1+bcCnkk+9drydLVDmAMG7NE6aN/fl4F7ucU/90gAA==',
  },
  'lua-redis-wasm': {
    version: '1.5.0',
    integrity:
      'sha512-iDrhx7hi+IFjfGzGnie78Una66XEFJ0ToBpchahT2xtAZbG9TfazewfEGURQWlflnIim05h834uY8SEOp484Aw==',
  },
};

const ROOT = {
  name: 'livermore-demo-engine',
  version: '1.0.0',
  dependencies: { [ENGINE_PACKAGE]: ENGINE_VERSION },
} as const;

/** `package.json` of the folder it is installed in. */
export function manifestText(): string {
  return JSON.stringify({ ...ROOT, private: true }, null, 2);
}

/** `package-lock.json` beside it. */
export function lockfileText(): string {
  const pins = Object.entries(PINNED).map(([name, pin]) => [`node_modules/${name}`, pin] as const);
  const { name, version } = ROOT;
  const packages = { '': ROOT, ...Object.fromEntries(pins) };
  return JSON.stringify({ name, version, lockfileVersion: 3, requires: true, packages }, null, 2);
}
