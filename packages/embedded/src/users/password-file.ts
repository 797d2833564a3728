/**
 * `redis-users.json` in a data directory: the passwords of reader and writer, made once and kept, so that programs that
 * were given one find the server again after a restart. Mode 600; a lost or damaged file costs new passwords.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivateFile } from '../private-file';
import type { RedisUser } from './users';

const PASSWORD_BYTES = 24;

/** Characters that need no escape in a URL. */
const PasswordSchema = z.string().regex(/^[\w-]{16,}$/);
const PasswordFileSchema = z.object({ reader: PasswordSchema, writer: PasswordSchema });

/** The users whose passwords are kept. */
export type KeptPasswords = Readonly<Record<Exclude<RedisUser, 'admin'>, string>>;

/** Nobody guesses it (192 bits), and no URL has to escape it. */
export function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

/** The kept passwords, or null when there are none. */
export function readPasswords(dataDir: string): KeptPasswords | null {
  try {
    return PasswordFileSchema.safeParse(JSON.parse(readFileSync(passwordFile(dataDir), 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/**
 * The kept passwords, made now when there are none.
 *
 * @throws {DataDirUnusableError} they cannot be written.
 */
export function ensurePasswords(dataDir: string): KeptPasswords {
  const kept = readPasswords(dataDir);
  if (kept !== null) {
    chmodSync(passwordFile(dataDir), 0o600);
    return kept;
  }
  const made = { reader: newPassword(), writer: newPassword() };
  writePrivateFile(passwordFile(dataDir), `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

function passwordFile(dataDir: string): string {
  return join(dataDir, 'redis-users.json');
}
