import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { NodeOrders } from './node-process';

const EXIT_PATIENCE_MS = 10_000;

/** A node in a process of its own, that can be hurt. */
export class NodeUnderProof {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #state = '';
  #hasEnded = false;
  #wasKilled = false;

  /** `command`: the program and arguments that run a node by orders given as one more argument. */
  constructor(command: readonly [string, ...string[]], orders: NodeOrders, redisUrl: string) {
    const [program, ...args] = command;
    this.#child = spawn(program, [...args, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, REDIS_URL: redisUrl },
    });
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.#state = data.toString('utf8').trim().split('\n').at(-1) ?? this.#state;
    });
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

  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
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
