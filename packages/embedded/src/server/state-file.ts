/**
 * `redis.json` in a data directory: what a later start must know about earlier ones, also when they ended badly.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivateFile } from '../private-file';

const StateSchema = z.object({
  /** Loopback port it had, so that other programs find it again. */
  port: z.number().int().min(0).max(65_535).nullable(),
  /** Redis version whose files lie here; an older engine could not read them. */
  redisVersion: z.string().nullable(),
  /** The server that runs, or that ran when its owner was killed. */
  server: z
    .object({
      pid: z.number().int().positive(),
      startedAt: z.string().nullable(),
      /** Whether it is to be addressed as one of its users; earlier versions had none. */
      hasUsers: z.boolean().default(false),
    })
    .nullable(),
});

export type ServerState = z.infer<typeof StateSchema>;

const NOTHING: ServerState = { port: null, redisVersion: null, server: null };

/** What is known; nothing when the file is absent or not ours. */
export function readState(dataDir: string): ServerState {
  try {
    const parsed = StateSchema.safeParse(JSON.parse(readFileSync(stateFile(dataDir), 'utf8')));
    return parsed.success ? parsed.data : NOTHING;
  } catch {
    return NOTHING;
  }
}

/**
 * Replaces some fields; the file is exchanged in one step.
 *
 * @throws {DataDirUnusableError} it cannot be written.
 */
export function updateState(dataDir: string, change: Partial<ServerState>): void {
  const text = JSON.stringify({ ...readState(dataDir), ...change }, null, 2);
  writePrivateFile(stateFile(dataDir), `${text}\n`);
}

function stateFile(dataDir: string): string {
  return join(dataDir, 'redis.json');
}
