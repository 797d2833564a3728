import * as fc from 'fast-check';
import { describe as suite, expect, it } from 'vitest';
import { describe, waitOf } from './http-answer';

suite('how long a venue asks to wait', () => {
  it.each([
    ['20', { waitMs: 20_000 }],
    [' 7 ', { waitMs: 7_000 }],
    ['Wed, 21 Oct 2026 07:28:00 GMT', { until: Date.UTC(2026, 9, 21, 7, 28) }],
    ['Sunday, 06-Nov-94 08:49:37 GMT', { until: Date.UTC(1994, 10, 6, 8, 49, 37) }],
    ['86400000', { waitMs: 86_400_000_000 }],
    ['9'.repeat(400), { waitMs: Number.MAX_SAFE_INTEGER }],
    ['0', {}],
    ['-5', {}],
    ['NaN', {}],
    ['1e400', {}],
    ['soon', {}],
    ['Mon, soon', {}],
    ['', {}],
  ])('is read of Retry-After "%s"', (text, wait) => {
    expect(waitOf({ 'retry-after': text })).toEqual(wait);
  });

  it('is nothing where the header is absent', () => {
    expect(waitOf({})).toEqual({});
  });

  it('is a finite number of milliseconds, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { waitMs = 1, until = 0 } = waitOf({ 'retry-after': text });
        expect(waitMs).toBeGreaterThan(0);
        expect(Number.isFinite(waitMs) && Number.isFinite(until)).toBe(true);
      }),
    );
  });
});

const of = (body: string) => describe({ status: 503, headers: {}, body });

suite('an error answer, for a person', () => {
  it('is its status and its text', () => {
    expect(of(' down for\n maintenance ')).toBe('HTTP 503: down for maintenance');
  });

  it('is what a page says, without its markup', () => {
    const page =
      '<!DOCTYPE html>\n<html><head><style>b { color: red }</style><title>503</title></head>' +
      '<body><h1>Service Temporarily Unavailable</h1><script>if (1 < 2) go()</script></body></html>';
    expect(of(page)).toBe('HTTP 503: 503 Service Temporarily Unavailable');
  });

  it('is short, however long the page', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (piece) => {
        expect(of(`<p>${piece.repeat(2_000)}`).length).toBeLessThanOrEqual(220);
      }),
    );
    expect(of('')).toBe('HTTP 503:');
  });
});
