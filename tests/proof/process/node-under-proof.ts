import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { HealthLine } from '../health-log';
import type { NodeOrders } from './node-process';

const EXIT_PATIENCE_MS = 10_000;
const HealthLineSchema = z.object({ ok: z.boolean(), failing: z.array(z.string()) });

/** A node in a process of its own, that can be hurt. */
export class NodeUnderProof {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #state = '';
  #health: HealthLine | undefined;
  #hasEnded = false;
  #wasKilled = false;

  /** `command`: the program and arguments that run a node by orders given as one more argument. */
  constructor(command: readonly [string, ...string[]], orders: NodeOrders, redisUrl: string) {
    const [program, ...args] = command;
    this.#child = spawn(program, [...args, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, REDIS_URL: redisUrl },
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line));
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#hasEnded = true;
        resolve();
      });
    });
  }

  get state(): string {
    return this.#hasEnded ? 'ended' : this.#state;
  }

  /** What it said of its health last; undefined before it did, and when it is over. */
  get health(): HealthLine | undefined {
    return this.#hasEnded ? undefined : this.#health;
  }

  #take(line: string): void {
    if (line.startsWith('health ')) this.#health = HealthLineSchema.parse(JSON.parse(line.slice(7)));
    else this.#state = line;
  }

  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
    // Who is frozen answers nobody.
    this.#health = undefined;
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    this.#wasKilled = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to stop, and makes it after a while. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_PATIENCE_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
