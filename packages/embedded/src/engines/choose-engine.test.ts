import { join } from 'node:path';
import { silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { NoRedisError } from '../errors';
import { fakePrograms } from '../testing/fake-programs';
import { tempDir } from '../testing/temp-dir';
import { chooseEngine, type ChooseOptions } from './choose-engine';
import { findEngines } from './find-engines';
import { enginesOnPath } from './on-path';

const says = (line: string) => `echo '${line}'`;
const REDIS_7 = says('Redis server v=7.0.15 sha=00000000:0');
const REDIS_5 = says('Redis server v=5.0.14 sha=00000000:0');
const VALKEY_8 = says('Valkey server v=8.0.1 sha=00000000:0');

function optionsOn(programs: Readonly<Record<string, string>>): ChooseOptions {
  const dir = tempDir();
  return {
    env: { PATH: fakePrograms(join(dir, 'bin'), programs) },
    cacheDir: join(dir, 'cache'),
    writtenBy: null,
    tiers: ['url', 'path', 'debian'],
    logger: silentLogger,
    onProgress: () => undefined,
  };
}

describe('a server program on the PATH', () => {
  it('is used, Valkey before Redis', async () => {
    const engine = await chooseEngine(optionsOn({ 'redis-server': REDIS_7, 'valkey-server': VALKEY_8 }));
    expect(engine).toMatchObject({ tier: 'path', name: 'valkey', version: '8.0.1', isPersistent: true });
  });

  it('is passed over when it is too old or does not start', async () => {
    const programs = { 'valkey-server': 'exit 127', 'redis-server': REDIS_5, 'keydb-server': 'echo hello' };
    const { env } = optionsOn(programs);
    const reasons = (await enginesOnPath(env)).map((it_) =>
      it_.kind === 'unusable' ? it_.reason : 'usable',
    );
    expect(reasons).toEqual([
      expect.stringContaining('does not start'),
      expect.stringContaining('is 5.0.14, older than 6.2.0'),
      expect.stringContaining('does not start'),
    ]);
  });

  it('is refused when a newer one wrote the data: it might start empty beside it', async () => {
    const options = { ...optionsOn({ 'redis-server': REDIS_7 }), writtenBy: '7.2.4' };
    await expect(chooseEngine(options)).rejects.toThrow(
      /7\.0\.15, older than the 7\.2\.4 that wrote the data here/,
    );
    await expect(chooseEngine({ ...options, writtenBy: '7.0.15' })).resolves.toMatchObject({
      version: '7.0.15',
    });
  });
});

describe('nothing to be found', () => {
  it('names what was tried and what to do', async () => {
    const failure = chooseEngine(optionsOn({ brew: 'exit 0' }));
    await expect(failure).rejects.toBeInstanceOf(NoRedisError);
    await expect(failure).rejects.toThrow(
      /no apt-get and no dpkg-deb here.*`brew install valkey`.*set REDIS_URL/s,
    );
  });

  it('repeats what apt said when it is there and cannot', async () => {
    const offline = 'echo "E: Could not resolve deb.debian.org" >&2; exit 100';
    const said: string[] = [];
    const options = optionsOn({ 'apt-get': offline, 'dpkg-deb': 'exit 0' });
    const failure = chooseEngine({ ...options, onProgress: (sentence) => said.push(sentence) });
    await expect(failure).rejects.toThrow(
      /Could not resolve deb\.debian\.org.*sudo apt-get install redis-server/s,
    );
    expect(said[0]).toMatch(/^Fetching Redis from the Debian archive/);
    expect(said.at(-1)).toMatch(/^It could not be had: .*Could not resolve deb\.debian\.org/);
  });
});

describe('a look at every tier', () => {
  it('says for each what it has, and fetches nothing', async () => {
    const { env, cacheDir } = optionsOn({
      'redis-server': REDIS_7,
      'apt-get': 'exit 1',
      'dpkg-deb': 'exit 1',
    });
    const findings = await findEngines({ env, cacheDir });
    expect(findings.map(({ tier, state }) => `${tier} ${state}`)).toEqual([
      'url unavailable',
      'path ready',
      'debian possible',
      'system-package possible',
      expect.stringMatching(/^javascript (possible|unavailable)$/),
    ]);
  });

  it('says that a given URL does not answer', async () => {
    const { env, cacheDir } = optionsOn({});
    const [url] = await findEngines({ env, cacheDir, url: 'unix:///nowhere/redis.sock' });
    expect(url).toMatchObject({ state: 'unavailable', detail: expect.stringContaining('does not answer') });
  });
});
