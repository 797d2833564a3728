import type { z } from 'zod';
import { CacheValueError } from './errors';

/** Parses a JSON value of Redis with its schema. @throws CacheValueError naming key and field */
export function parseJson<T>(key: string, text: string, schema: Pick<z.ZodType<T>, 'safeParse'>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CacheValueError(key, 'value', 'not JSON');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new CacheValueError(key, issue?.path.map(String).join('.') || 'value', issue?.message ?? 'invalid');
}
