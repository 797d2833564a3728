import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FROZEN, createRig, objectOf } from '../testing/coinbase-rig';

const NAME = 'organizations/o1/apiKeys/k1';
const PATH = '/products/BTC-USD/candles';
const QUERY = '?granularity=ONE_MINUTE&start=1795168740&end=1795168800';
const URI = `GET api.coinbase.com/api/v3/brokerage${PATH}`;
const NOW = Math.floor(FROZEN / 1000);

const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edwards = generateKeyPairSync('ed25519');
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

type Claims = Readonly<Record<string, unknown>>;
const GOOD: Claims = { sub: NAME, iss: 'cdp', nbf: NOW, exp: NOW + 120, uri: URI };

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function token(claims: Claims, alg: 'ES256' | 'EdDSA' = 'ES256', header: Claims = {}): string {
  const head = { alg, typ: 'JWT', kid: NAME, nonce: '00ff', ...header };
  const text = `${encode(head)}.${encode(claims)}`;
  const bytes = Buffer.from(text);
  const signature =
    alg === 'EdDSA'
      ? sign(null, bytes, edwards.privateKey)
      : sign('sha256', bytes, { key: elliptic.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function rigWith(alg: 'ES256' | 'EdDSA' = 'ES256') {
  const { publicKey } = alg === 'EdDSA' ? edwards : elliptic;
  return createRig({ profile: { keys: [{ name: NAME, publicKey: pem(publicKey) }] } });
}

const ask = (jwt: string, rig = rigWith()) => rig.get(PATH + QUERY, { authorization: `Bearer ${jwt}` });

describe('private routes', () => {
  it('answer the text Unauthorized without a token (vector 9)', () => {
    const { status, body, headers } = rigWith().get(PATH + QUERY);
    expect([status, body]).toEqual([401, 'Unauthorized']);
    expect(headers['content-type']).toContain('text/plain');
  });

  it('answer as their public twins do, uncached, with a token of either kind', () => {
    const open = createRig().get(`/market${PATH}${QUERY}`);
    for (const alg of ['ES256', 'EdDSA'] as const) {
      const { status, body, headers } = ask(token(GOOD, alg), rigWith(alg));
      expect([status, body]).toEqual([200, open.body]);
      expect(headers).not.toHaveProperty('cache-control');
    }
  });

  it('refuse a token whose uri has the query string (vector 10)', () => {
    expect(ask(token({ ...GOOD, uri: URI + QUERY })).status).toBe(401);
  });

  it.each<[string, string]>([
    ['expired', token({ ...GOOD, exp: NOW - 60 })],
    ['not valid yet', token({ ...GOOD, nbf: NOW + 60 })],
    ['of the retired issuer', token({ ...GOOD, iss: 'coinbase-cloud' })],
    ['for another route', token({ ...GOOD, uri: URI.replace('BTC', 'ETH') })],
    ['without a uri', token({ ...GOOD, uri: undefined })],
    ['with a list of uris', token({ ...GOOD, uri: undefined, uris: [URI] })],
    ['of somebody else', token({ ...GOOD, sub: 'k2' })],
    ['of an unknown key', token(GOOD, 'ES256', { kid: 'k2' })],
    ['signed with another kind of key', token(GOOD, 'EdDSA')],
    ['that claims an algorithm it is not signed with', token(GOOD, 'EdDSA', { alg: 'ES256' })],
    ['unsigned', token(GOOD).replace(/[^.]+$/, '')],
    ['of unknown algorithm', token(GOOD, 'ES256', { alg: 'none' })],
    ['altered after signing', altered(token(GOOD))],
    ['that is none', 'a.b'],
  ])('refuse a token %s', (_what, jwt) => {
    expect(ask(jwt).status).toBe(401);
  });

  it('allow a clock that is a little off', () => {
    expect(ask(token({ ...GOOD, nbf: NOW + 3 })).status).toBe(200);
  });

  it('serve the thirtieth request of a key within a second and refuse the next', () => {
    const rig = rigWith();
    const statuses = Array.from({ length: 31 }, () => ask(token(GOOD), rig).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(30);
    expect(statuses.at(-1)).toBe(429);
  });

  it('know the best prices, which the public listing leaves empty', () => {
    const uri = 'GET api.coinbase.com/api/v3/brokerage/products/BTC-USD';
    const authorization = `Bearer ${token({ ...GOOD, uri })}`;
    const product = objectOf(JSON.parse(rigWith().get('/products/BTC-USD', { authorization }).body));
    expect(Number(product['best_bid_price'])).toBeGreaterThan(0);
    const bestUri = 'GET api.coinbase.com/api/v3/brokerage/best_bid_ask';
    const best = rigWith().get('/best_bid_ask?product_ids=BTC-USD', {
      authorization: `Bearer ${token({ ...GOOD, uri: bestUri })}`,
    });
    expect(best.body).toContain('"pricebooks":[{"product_id":"BTC-USD","bids":[{');
  });

  it('open to requests signed the retired way, unless told not to', () => {
    const signed = { 'cb-access-key': 'x', 'cb-access-sign': 'y', 'cb-access-timestamp': '1' };
    expect(createRig().get('/products', signed).status).toBe(200);
    expect(createRig({ profile: { acceptsRetiredKeys: false } }).get('/products', signed).status).toBe(401);
  });
});

describe('tokens on a socket', () => {
  it('are the same claims without a uri', () => {
    expect(answersTo(token({ ...GOOD, uri: undefined }))[0]).toContain('"channel":"subscriptions"');
  });

  it('that are wrong are an authentication failure', () => {
    for (const jwt of [token(GOOD), token({ ...GOOD, uri: undefined, exp: NOW - 60 }), 'x'])
      expect(answersTo(jwt)).toEqual(['{"type":"error","message":"authentication failure"}']);
  });

  it('free a client of the limit on messages', () => {
    const socket = rigWith().open();
    const jwt = token({ ...GOOD, uri: undefined });
    for (let at = 0; at < 20; at += 1) socket.send({ type: 'subscribe', channel: 'heartbeats', jwt });
    expect(socket.on('error')).toEqual([]);
  });
});

function altered(jwt: string): string {
  const [head, , signature] = jwt.split('.');
  const claims = Buffer.from(JSON.stringify({ ...GOOD, exp: NOW + 1000 })).toString('base64url');
  return `${head}.${claims}.${signature}`;
}

function answersTo(jwt: string): readonly string[] {
  const socket = rigWith().open();
  socket.send({ type: 'subscribe', channel: 'heartbeats', jwt });
  return socket.frames.map((frame) => frame.raw);
}
