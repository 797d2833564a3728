import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** What the command line takes from its environment. The only reader of `process.env` in this app. */
const EnvironmentSchema = z.object({
  REDIS_URL: z.string().min(1).optional(),
  XDG_STATE_HOME: z.string().min(1).optional(),
  LIVERMORE_DATA_DIR: z.string().min(1).optional(),
  LIVERMORE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
});

export interface CliConfig {
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined;
  /** The whole environment, for programs started on the user's behalf. */
  readonly env: NodeJS.ProcessEnv;
}

/** @throws ZodError naming the variable that is not usable */
export function readConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  const known = EnvironmentSchema.parse(
    Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')),
  );
  const stateHome = known.XDG_STATE_HOME ?? join(homedir(), '.local', 'state');
  return {
    redisUrl: known.REDIS_URL,
    dataDir: known.LIVERMORE_DATA_DIR ?? join(stateHome, 'livermore'),
    logLevel: known.LIVERMORE_LOG_LEVEL,
    env,
  };
}
