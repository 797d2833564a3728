/** Checks the JSON Web Tokens of the venue: ES256 or EdDSA, current claim layout only. */
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { KnownKey } from './profile';

const HeaderSchema = z.object({ alg: z.enum(['ES256', 'EdDSA']), kid: z.string() });
const ClaimsSchema = z.object({
  sub: z.string(),
  iss: z.literal('cdp'),
  nbf: z.number(),
  exp: z.number(),
  uri: z.string().optional(),
});

/** How far (s) a client's clock may be off. */
const SKEW_SECONDS = 5;

export interface JwtCheck {
  readonly keys: readonly KnownKey[];
  /** Venue time, ms. */
  readonly now: number;
  /** Spellings of `uri` that are right for this request; undefined on a socket, where the claim must be absent. */
  readonly uris: readonly string[] | undefined;
}

/** The name of the key that signed `token`, or undefined where anything about the token is wrong. */
export function keyOfJwt(token: string, check: JwtCheck): string | undefined {
  const [head, body, signature, ...rest] = token.split('.');
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0)
    return undefined;
  const header = HeaderSchema.safeParse(jsonOf(head));
  const claims = ClaimsSchema.safeParse(jsonOf(body));
  if (!header.success || !claims.success) return undefined;
  const known = check.keys.find((key) => key.name === header.data.kid);
  if (known === undefined || claims.data.sub !== known.name) return undefined;
  if (!isInTime(claims.data, check.now) || !isForUri(claims.data.uri, check.uris)) return undefined;
  const key = createPublicKey(known.publicKey);
  return isSigned(`${head}.${body}`, signature, { alg: header.data.alg, key }) ? known.name : undefined;
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function isInTime(claims: { readonly nbf: number; readonly exp: number }, nowMs: number): boolean {
  const now = nowMs / 1000;
  return claims.nbf <= now + SKEW_SECONDS && claims.exp > now - SKEW_SECONDS;
}

function isForUri(uri: string | undefined, uris: readonly string[] | undefined): boolean {
  return uris === undefined ? uri === undefined : uri !== undefined && uris.includes(uri);
}

function isSigned(
  text: string,
  signature: string,
  using: { readonly alg: 'ES256' | 'EdDSA'; readonly key: KeyObject },
): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  if (using.alg === 'EdDSA') {
    return using.key.asymmetricKeyType === 'ed25519' && verify(null, Buffer.from(text), using.key, bytes);
  }
  const key = { key: using.key, dsaEncoding: 'ieee-p1363' } as const;
  return using.key.asymmetricKeyType === 'ec' && verify('sha256', Buffer.from(text), key, bytes);
}
