import { defaultExchange } from '@livermore/exchange-core';
import { SIMULATED_VENUES } from '@livermore/simulator';
import { systemClock } from '@livermore/utils';
import { createServer } from 'node:net';
import { startChild } from '../child';
import { SANDBOX } from '../exchange-choice';
import { styled } from '../output/print';
import { supervise } from '../supervise';
import { sayEnded } from './up-stage';
import type { Stage, UpOptions } from './up-stage';

/** The venue whose protocol the sandbox exchange speaks. */
const [SANDBOX_VENUE] = SIMULATED_VENUES;

/** Where an exchange is reached. */
export interface Address {
  readonly restUrl: string;
  readonly wsUrl: string;
}

/**
 * The sandbox: our own simulator, said to be what it is. It takes the port at which other commands look for it, or any
 * other when that one is taken; one that ends by itself comes back at the same address.
 */
export async function startSandbox(
  options: UpOptions,
  stage: Stage,
): Promise<{ readonly address: Address; readonly over: Promise<void> }> {
  const port = await freePort(Number(new URL(defaultExchange(SANDBOX).restUrl).port));
  const simulator = supervise({
    start: (before) =>
      startChild(
        simulatorArguments(options, before === undefined ? String(port) : new URL(String(before.rest)).port),
        stage.config.env,
      ),
    readyEvent: 'simulator_ready',
    clock: systemClock,
    onEnded: (sentence, delayMs) => sayEnded(stage, options, { what: 'simulator', sentence, delayMs }),
  });
  stage.undo.push(() => simulator.stop());
  const { rest, ws } = await simulator.ready;
  stage.say(
    `${styled('green', '✔')} Exchange ${styled('bold', SANDBOX)}: simulated, its prices are invented (${String(rest)})`,
  );
  return { address: { restUrl: String(rest), wsUrl: String(ws) }, over: simulator.over };
}

function simulatorArguments({ seed }: UpOptions, port: string): readonly string[] {
  return ['simulate', '--venue', SANDBOX_VENUE, '--seed', String(seed), '--port', port];
}

/** The port if it is free, else 0: any. */
function freePort(port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(0));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}
