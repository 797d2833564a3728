import type { ProofVenue } from '../data';
import type { NodeUnderProof } from './node-under-proof';
import type { Stage, StageOptions } from './stage';

/** One fault of the matrix that needs real processes. */
export interface ProcessFault {
  readonly id: string;
  readonly title: string;
  readonly cause: string;
  readonly venues?: readonly ProofVenue[];
  readonly stage?: Pick<StageOptions, 'symbols' | 'isTruthful'>;
  /** Whether it needs a Redis that is a server program of its own. */
  readonly needsServer?: boolean;
  /** Statuses that the fault itself may bring. */
  readonly allows?: readonly number[];
  readonly run: (stage: Stage) => Promise<void>;
}

/** Real time for a node to start and warm up, for a fault to last, and for what it broke to be mended, ms. */
const START_PATIENCE_MS = 30_000;
const FAULT_MS = 5_000;
const MEND_PATIENCE_MS = 60_000;
const MINUTE_MS = 60_000;

async function active(stage: Stage, jump?: Parameters<Stage['startNode']>[0]) {
  const node = stage.startNode(jump);
  await untilActive(stage, node);
  return node;
}

/** The first node that fills the cache. */
async function firstActive(stage: Stage, jump?: Parameters<Stage['startNode']>[0]) {
  const node = await active(stage, jump);
  stage.beginsAnew();
  return node;
}

function untilActive(stage: Stage, node: NodeUnderProof): Promise<void> {
  return stage.until('the node to be active', START_PATIENCE_MS, () => {
    if (node.state === 'ended') throw new Error('the node ended by itself');
    return node.state === 'active';
  });
}

/** What a fault of Redis looks like: it begins when the node is live, lasts over midnight, and is taken back. */
function redisFault(
  begin: (stage: Stage) => Promise<void>,
  end: (stage: Stage) => Promise<void>,
): ProcessFault['run'] {
  return async (stage) => {
    await firstActive(stage);
    await stage.untilAfterMidnight(-30_000);
    await begin(stage);
    await stage.wait(FAULT_MS);
    await end(stage);
    await stage.untilAfterMidnight(4 * MINUTE_MS);
    await stage.untilWhole(MEND_PATIENCE_MS);
  };
}

const still = () => Promise.resolve();

export const PROCESS_FAULTS: readonly ProcessFault[] = [
  {
    id: 'no-fault',
    title: 'no fault: real processes, real sockets, real Redis',
    cause: 'one node, ten minutes around midnight; the venue agrees with itself',
    stage: { isTruthful: true },
    run: redisFault(still, still),
  },
  {
    id: 'views-differ',
    title: 'no fault but that the views differ',
    cause: 'one node, ten minutes around midnight',
    run: redisFault(still, still),
  },
  {
    id: 'kill-warmup',
    title: 'process `kill -9` during warmup, and run again',
    cause: 'SIGKILL at the 5th, then at the 12th REST request; answers 3 s late',
    stage: { symbols: 8 },
    run: async (stage) => {
      const fast = stage.simulator.inject({ kind: 'rest-slow', byMs: 3_000 });
      for (const fatal of [5, 12]) {
        const node = stage.startNode();
        await stage.until(`request ${fatal}`, START_PATIENCE_MS, () => stage.simulator.log.requests >= fatal);
        await node.kill();
      }
      fast();
      await firstActive(stage);
      await stage.untilAfterMidnight(4 * MINUTE_MS);
      await stage.untilWhole(MEND_PATIENCE_MS);
    },
  },
  {
    id: 'kill-streaming',
    title: 'process `kill -9` while streaming, over midnight, and run again',
    cause: 'SIGKILL 20 s before midnight, started again 80 s later; once more two minutes after',
    run: async (stage) => {
      const first = await firstActive(stage);
      await stage.untilAfterMidnight(-20_000);
      await first.kill();
      await stage.untilAfterMidnight(MINUTE_MS);
      const second = await active(stage);
      await stage.untilAfterMidnight(3 * MINUTE_MS);
      await second.kill();
      await active(stage);
      await stage.untilAfterMidnight(6 * MINUTE_MS);
      await stage.untilWhole(MEND_PATIENCE_MS);
    },
  },
  {
    id: 'sigstop',
    title: '`SIGSTOP` over midnight, and resume',
    cause: 'SIGSTOP 30 s before midnight, SIGCONT 100 s later (5 s of real time)',
    run: async (stage) => {
      const node = await firstActive(stage);
      await stage.untilAfterMidnight(-30_000);
      node.pause();
      await stage.wait(FAULT_MS);
      node.resume();
      await stage.untilAfterMidnight(4 * MINUTE_MS);
      await stage.untilWhole(MEND_PATIENCE_MS);
    },
  },
  {
    id: 'clock-jump-forward',
    title: "the machine's clock is set 5 min ahead in the middle of a run",
    cause: 'wall clock +5 min at midnight, steady time untouched',
    run: (stage) => clockJump(stage, 5 * MINUTE_MS),
  },
  {
    id: 'clock-jump-back',
    title: "the machine's clock is set 5 min back in the middle of a run",
    cause: 'wall clock -5 min at midnight, steady time untouched',
    run: (stage) => clockJump(stage, -5 * MINUTE_MS),
  },
  {
    id: 'two-nodes',
    title: 'two nodes on one exchange at once, one killed over midnight',
    cause: 'two processes write the same series; SIGKILL of one 10 s before midnight',
    // Each keeps the venue's limit; where the venue does not tell what was used, neither knows of the other.
    allows: [429],
    run: async (stage) => {
      const [first] = await Promise.all([firstActive(stage), firstActive(stage)]);
      await stage.untilAfterMidnight(-10_000);
      await first.kill();
      await stage.untilAfterMidnight(2 * MINUTE_MS);
      await active(stage);
      await stage.untilAfterMidnight(4 * MINUTE_MS);
      await stage.untilWhole(MEND_PATIENCE_MS);
    },
  },
  {
    id: 'redis-unreachable',
    title: 'Redis unreachable over midnight',
    cause: 'connections destroyed and refused for 100 s (5 s of real time)',
    run: redisFault(
      (stage) => stage.redis.shutDoor(),
      (stage) => stage.redis.openDoor(),
    ),
  },
  {
    id: 'redis-frozen',
    title: 'Redis connections that stand and pass nothing over midnight',
    cause: 'nothing passes for 100 s (5 s of real time)',
    run: redisFault(
      async (stage) => stage.redis.freeze(),
      async (stage) => stage.redis.thaw(),
    ),
  },
  {
    id: 'redis-restarted',
    title: 'Redis killed and restarted with its data',
    cause: 'SIGKILL of the server 30 s before midnight; started again at once',
    needsServer: true,
    run: redisFault((stage) => stage.redis.killServer(), still),
  },
  {
    id: 'redis-emptied',
    title: 'Redis restarted empty',
    cause: 'unreachable for 100 s over midnight, its data deleted meanwhile',
    run: redisFault(
      async (stage) => {
        await stage.redis.shutDoor();
        await stage.redis.empty();
      },
      async (stage) => {
        await stage.redis.openDoor();
        stage.beginsAnew();
      },
    ),
  },
  {
    id: 'redis-replies-lost',
    title: 'Redis does what it is told over midnight, and nobody hears its replies',
    cause: 'replies dropped for 100 s (5 s of real time), then the connections cut',
    run: redisFault(
      async (stage) => stage.redis.loseReplies(),
      async (stage) => stage.redis.cutAndReply(),
    ),
  },
  {
    id: 'redis-flushed',
    title: '`FLUSHALL` under a running node, half a minute before midnight',
    cause: 'everything deleted at once, the connections stay',
    run: redisFault(async (stage) => {
      await stage.redis.empty();
      stage.beginsAnew();
    }, still),
  },
  {
    id: 'redis-evicts',
    title: 'Redis throws out keys for want of memory',
    cause: '`maxmemory` below what is used, allkeys-random, for 100 s over midnight (5 s of real time)',
    needsServer: true,
    run: redisFault(
      (stage) => stage.redis.evict(),
      async (stage) => {
        await stage.redis.keepAll();
        stage.beginsAnew();
      },
    ),
  },
  {
    id: 'redis-foreign-values',
    title: 'somebody writes values of another type over a series, and over what was told',
    cause: '`SET` on three keys, half a minute before midnight',
    run: redisFault((stage) => stage.overwrite(), still),
  },
  {
    id: 'redis-full',
    title: 'Redis full (`OOM`) over midnight',
    cause: '`maxmemory 1`, noeviction, for 100 s (5 s of real time)',
    needsServer: true,
    run: redisFault(
      (stage) => stage.redis.fill(),
      (stage) => stage.redis.unfill(),
    ),
  },
  {
    id: 'redis-read-only',
    title: 'Redis read-only over midnight',
    cause: '`REPLICAOF` a primary that is not there, for 100 s (5 s of real time)',
    needsServer: true,
    run: redisFault(
      (stage) => stage.redis.demote(),
      (stage) => stage.redis.promote(),
    ),
  },
  {
    id: 'redis-unreachable-at-start',
    title: 'Redis unreachable while a node warms up',
    cause: 'connections destroyed and refused from the 3rd REST request on, for 60 s (3 s of real time)',
    stage: { symbols: 8 },
    run: async (stage) => {
      const fast = stage.simulator.inject({ kind: 'rest-slow', byMs: 2_000 });
      const node = stage.startNode();
      await stage.until('request 3', START_PATIENCE_MS, () => stage.simulator.log.requests >= 3);
      await stage.redis.shutDoor();
      await stage.wait(3_000);
      await stage.redis.openDoor();
      fast();
      await untilActive(stage, node);
      stage.beginsAnew();
      await stage.untilAfterMidnight(4 * MINUTE_MS);
      await stage.untilWhole(MEND_PATIENCE_MS);
    },
  },
  {
    id: 'redis-full-at-start',
    title: 'Redis full while a node warms up',
    cause: '`maxmemory 1` from the 5th REST request on, for 60 s (3 s of real time)',
    needsServer: true,
    stage: { symbols: 8 },
    run: async (stage) => {
      const fast = stage.simulator.inject({ kind: 'rest-slow', byMs: 2_000 });
      const node = stage.startNode();
      await stage.until('request 5', START_PATIENCE_MS, () => stage.simulator.log.requests >= 5);
      await stage.redis.fill();
      await stage.wait(3_000);
      await stage.redis.unfill();
      fast();
      await untilActive(stage, node);
      stage.beginsAnew();
      await stage.untilAfterMidnight(4 * MINUTE_MS);
      await stage.untilWhole(MEND_PATIENCE_MS);
    },
  },
];

async function clockJump(stage: Stage, byMs: number): Promise<void> {
  const midnight = Math.ceil(stage.clock.now() / 86_400_000) * 86_400_000;
  await firstActive(stage, { at: midnight, byMs });
  await stage.untilAfterMidnight(5 * MINUTE_MS);
  await stage.untilWhole(MEND_PATIENCE_MS);
}
