import { UnsuitableRedisError } from '@livermore/cache';
import {
  DataDirHeldError,
  DataDirUnusableError,
  NoRedisError,
  RedisUnreachableError,
} from '@livermore/embedded';
import { BannedError, BlockedError, UnavailableError, UnknownSymbolError } from '@livermore/exchange-core';
import { PortTakenError } from '@livermore/node';
import { NotReplayableError } from '@livermore/replay';
import { FaultNotApplicableError, FaultScriptError } from '@livermore/simulator';
import { describe, expect, it } from 'vitest';
import { ChildEndedError, EXIT_CODES, UsageError, exitCodeOf } from './exit-codes';

describe('the exit code of an error', () => {
  it.each([
    [new UsageError('no'), EXIT_CODES.usage],
    [new UnknownSymbolError('no'), EXIT_CODES.usage],
    [new DataDirUnusableError('no'), EXIT_CODES.usage],
    [new PortTakenError('no'), EXIT_CODES.usage],
    [new NotReplayableError('no'), EXIT_CODES.usage],
    [new FaultScriptError('no'), EXIT_CODES.usage],
    [new FaultNotApplicableError('no'), EXIT_CODES.usage],
    [new BannedError('binance', 1), EXIT_CODES.venue],
    [new BlockedError('no'), EXIT_CODES.venue],
    [new UnavailableError('no'), EXIT_CODES.venue],
    [new UnsuitableRedisError('old'), EXIT_CODES.redis],
    [new NoRedisError('none'), EXIT_CODES.redis],
    [new RedisUnreachableError('gone'), EXIT_CODES.redis],
    [new Error("OOM command not allowed when used memory > 'maxmemory'."), EXIT_CODES.redis],
    [new DataDirHeldError('held'), EXIT_CODES.held],
    [new Error('what?'), EXIT_CODES.failure],
    ['not even an error', EXIT_CODES.failure],
  ])('%s is %i', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  it('of a program of ours is its own, when it is a documented one', () => {
    expect(exitCodeOf(new ChildEndedError('ended', EXIT_CODES.venue))).toBe(EXIT_CODES.venue);
    expect(exitCodeOf(new ChildEndedError('ended', 77))).toBe(EXIT_CODES.failure);
    expect(exitCodeOf(new ChildEndedError('ended', 0))).toBe(EXIT_CODES.failure);
    expect(exitCodeOf(new ChildEndedError('killed', null))).toBe(EXIT_CODES.failure);
  });
});
