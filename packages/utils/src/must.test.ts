import { describe, expect, it } from 'vitest';
import { AppError, messageOf } from './errors';
import type { Recovery } from './errors';
import { must } from './must';

describe('must', () => {
  it.each([0, '', false])('gives back %j: only absence is impossible', (value) => {
    expect(must(value, 'it is there')).toBe(value);
  });

  it.each([null, undefined])('names what was expected when it finds %s', (value) => {
    expect(() => must(value, 'the first bar of a page')).toThrow('the first bar of a page');
  });
});

describe('AppError', () => {
  class DiskError extends AppError {
    readonly code = 'DISK';
    readonly recovery: Recovery = 'stop';
  }

  it('carries its code, what to do, the evidence, the cause and its own name', () => {
    const cause = new Error('ENOSPC');
    const error = new DiskError('the disk is full: free some', { path: '/data' }, cause);
    expect(error).toMatchObject({ code: 'DISK', recovery: 'stop', name: 'DiskError', cause });
    expect(error.details).toEqual({ path: '/data' });
    expect(error).toBeInstanceOf(Error);
  });

  it('messageOf reads whatever was thrown', () => {
    expect(messageOf(new Error('broken'))).toBe('broken');
    expect(messageOf('text')).toBe('text');
    expect(messageOf(undefined)).toBe('undefined');
  });
});
