import { messageOf, type Logger } from '@livermore/utils';
import type { Env } from '../env';
import { NoRedisError } from '../errors';
import { debianRedis } from './debian';
import type { OnProgress, StartableEngine, Tier } from './engine';
import { installAdvice } from './install-advice';
import { javascriptEngine } from './javascript';
import { enginesOnPath } from './on-path';
import { compareVersions } from './version';

export interface ChooseOptions {
  readonly env: Env;
  /** Where fetched engines are kept. */
  readonly cacheDir: string;
  /** Version that wrote the data that is to be served, or null when there is none yet. */
  readonly writtenBy: string | null;
  readonly tiers: readonly Tier[];
  readonly logger: Logger;
  readonly onProgress: OnProgress;
}

/**
 * The first engine that can be used, in the order of the tiers; fetches one where that is how a tier works.
 *
 * @throws {NoRedisError} with what each tier said, and what to install or set.
 */
export async function chooseEngine(options: ChooseOptions): Promise<StartableEngine> {
  const reasons: string[] = [];
  for (const tier of options.tiers) {
    for (const attempt of await attempts(tier, options)) {
      const reason = 'reason' in attempt ? attempt.reason : unreadableBy(attempt.engine, options.writtenBy);
      if ('engine' in attempt && reason === null) return attempt.engine;
      options.logger.info({ event: 'redis_engine_passed_over', tier, reason });
      reasons.push(reason ?? '');
    }
  }
  const tried = reasons.length === 0 ? 'nothing found' : reasons.join('; ');
  throw new NoRedisError(
    `no Redis could be started (${tried}). ${installAdvice(options.env)}, or set REDIS_URL to one you run.`,
    { reasons },
  );
}

type Attempt = { readonly engine: StartableEngine } | { readonly reason: string };

function attempts(tier: Tier, options: ChooseOptions): Promise<Attempt[]> {
  const { cacheDir, env, onProgress } = options;
  const fetchers: Readonly<Record<Tier, () => Promise<Attempt[]>>> = {
    url: () => Promise.resolve([]),
    path: async () =>
      (await enginesOnPath(env)).map((it) => (it.kind === 'usable' ? { engine: it.engine } : it)),
    debian: () => fetched(onProgress, (say) => debianRedis(cacheDir, env, say)),
    javascript: () => fetched(onProgress, (say) => javascriptEngine(cacheDir, env, say)),
  };
  return fetchers[tier]();
}

/** Where it was said that something is being fetched, it is said that it did not come, too. */
async function fetched(
  onProgress: OnProgress,
  fetching: (say: OnProgress) => Promise<StartableEngine>,
): Promise<Attempt[]> {
  let hasSaid = false;
  const say: OnProgress = (sentence) => {
    hasSaid = true;
    onProgress(sentence);
  };
  try {
    return [{ engine: await fetching(say) }];
  } catch (error) {
    const reason = messageOf(error);
    if (hasSaid) onProgress(`It could not be had: ${reason}.`);
    return [{ reason }];
  }
}

/**
 * An older Redis does not fail on a newer one's files: it may start empty beside them. So the version that wrote
 * them is remembered, and an older engine is refused.
 */
function unreadableBy(engine: StartableEngine, writtenBy: string | null): string | null {
  if (writtenBy === null || !engine.isPersistent) return null;
  if (compareVersions(engine.redisVersion, writtenBy) >= 0) return null;
  return `${engine.path} is ${engine.redisVersion}, older than the ${writtenBy} that wrote the data here`;
}
