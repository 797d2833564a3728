import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createRedis } from '@livermore/cache';
import type { StartedRedis } from '@livermore/embedded';
import { startThrowAwayRedis } from '@livermore/embedded/testing';

type Client = ReturnType<typeof createRedis>;

/** Share of the memory in use that is left after some keys were thrown out. */
const EVICTED_TO = 0.97;

/** A real Redis behind a door that can be shut, frozen and opened, and that can be killed, filled and demoted. */
export class RedisUnderProof {
  readonly #server: StartedRedis;
  readonly #admin: Client;
  /** Where it is and as whom the nodes go in. */
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #door: Server | undefined;
  #wasHurt = false;
  #wasEmptied = false;
  #losesReplies = false;
  #port = 0;

  private constructor(server: StartedRedis, target: URL) {
    this.#server = server;
    this.#target = target;
    this.#admin = createRedis(server.url);
    this.#admin.on('error', () => undefined);
  }

  static async start(env: Readonly<Record<string, string | undefined>>): Promise<RedisUnderProof> {
    const server = await startThrowAwayRedis({ env });
    const started = new RedisUnderProof(server, new URL(server.urlOf('writer')));
    await started.openDoor();
    return started;
  }

  /** Where the nodes go in: through the door. Holds a password. */
  get url(): string {
    const door = new URL(this.#target);
    door.port = String(this.#port);
    return door.href;
  }

  /** Past the door, for whoever watches. */
  get admin(): Client {
    return this.#admin;
  }

  /** Whether what it held was deleted: what was told of which bar as well. */
  get wasEmptied(): boolean {
    return this.#wasEmptied;
  }

  /** Whether anything was ever done to it that keeps a write or an announcement back. */
  get wasHurt(): boolean {
    return this.#wasHurt;
  }

  /** Whether it is a server program of its own: the JavaScript engine can neither be filled nor restarted with its data. */
  get isServer(): boolean {
    return this.#server.engine.tier !== 'javascript';
  }

  async openDoor(): Promise<void> {
    const door = createServer((socket) => this.#pass(socket));
    this.#door = door;
    await new Promise<void>((resolve, reject) => {
      door.once('error', reject);
      door.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = door.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Nobody gets through, and nobody is let in. */
  async shutDoor(): Promise<void> {
    this.#wasHurt = true;
    const door = this.#door;
    this.#door = undefined;
    const closed = new Promise<void>((resolve) => {
      if (door === undefined) resolve();
      else door.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Connections stay and nothing passes. */
  freeze(): void {
    this.#wasHurt = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    for (const socket of this.#sockets) socket.resume();
  }

  /** What is asked for is done, and nobody hears of it: replies are lost, until the connections are cut. */
  loseReplies(): void {
    this.#wasHurt = true;
    this.#losesReplies = true;
  }

  cutAndReply(): void {
    this.#losesReplies = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Keys are thrown out until a tenth less memory is used. */
  async evict(): Promise<void> {
    this.#wasHurt = true;
    this.#wasEmptied = true;
    const used = Number(/^used_memory:(\d+)/m.exec(await this.#admin.info('memory'))?.[1]);
    await this.#admin.config('SET', 'maxmemory-policy', 'allkeys-random');
    await this.#admin.config('SET', 'maxmemory', String(Math.floor(used * EVICTED_TO)));
  }

  async keepAll(): Promise<void> {
    await this.#admin.config('SET', 'maxmemory', '0');
    await this.#admin.config('SET', 'maxmemory-policy', 'noeviction');
  }

  /** Somebody writes over what is ours. */
  async overwrite(keys: readonly string[]): Promise<void> {
    this.#wasHurt = true;
    this.#wasEmptied = true;
    await this.#admin.del(...keys);
    for (const key of keys) await this.#admin.set(key, 'mine');
  }

  /** `kill -9` of the server; it is started again with its data. */
  async killServer(): Promise<void> {
    this.#wasHurt = true;
    const pid = /^process_id:(\d+)/m.exec(await this.#admin.info('server'))?.[1];
    process.kill(Number(pid), 'SIGKILL');
    await this.#admin.ping();
  }

  async empty(): Promise<void> {
    this.#wasHurt = true;
    this.#wasEmptied = true;
    await this.#admin.flushall();
  }

  async fill(): Promise<void> {
    this.#wasHurt = true;
    await this.#admin.config('SET', 'maxmemory', '1');
  }

  async unfill(): Promise<void> {
    await this.#admin.config('SET', 'maxmemory', '0');
  }

  /** A replica of a primary that does not exist: it keeps its data and takes no writes. */
  async demote(): Promise<void> {
    this.#wasHurt = true;
    await this.#admin.call('REPLICAOF', '127.0.0.1', '1');
  }

  async promote(): Promise<void> {
    await this.#admin.call('REPLICAOF', 'NO', 'ONE');
  }

  async stop(): Promise<void> {
    await this.shutDoor();
    this.#admin.disconnect();
    await this.#server.stop();
  }

  #pass(inside: Socket): void {
    const outside = connect(Number(this.#target.port), this.#target.hostname);
    for (const socket of [inside, outside]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        inside.destroy();
        outside.destroy();
      });
    }
    inside.on('data', (data) => outside.write(data));
    outside.on('data', (data) => {
      if (!this.#losesReplies) inside.write(data);
    });
  }
}
