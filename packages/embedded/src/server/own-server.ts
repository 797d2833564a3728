import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, type Clock, type Logger } from '@livermore/utils';
import type { StartableEngine } from '../engines/engine';
import type { Env } from '../env';
import { DataDirUnusableError, RedisStartError } from '../errors';
import { identityOf } from '../process/process-identity';
import { ensurePasswords, newPassword } from '../users/password-file';
import { makeDataFolder, writePrivateFile } from '../private-file';
import { aclFileText, type Passwords, type RedisUser } from '../users/users';
import { socketUrl, tcpUrl, type Login } from './address';
import type { ServerPlace } from './flags';
import { withoutSecret } from './redis-url';
import { choosePort, type PortWish } from './port';
import { lastLogLines, logFileOf, spawnServer, untilReady, type ServerProcess } from './server-process';
import { makePrivateDir, socketPathFor } from './socket-path';
import { readState, updateState } from './state-file';

export interface OwnServerOptions {
  readonly dataDir: string;
  readonly env: Env;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly port: PortWish;
}

/** Between choosing a free port and the server taking it, someone else may: then another is chosen. */
const START_ATTEMPTS = 3;
const RESTART_BASE_MS = 100;
const RESTART_CAP_MS = 10_000;

/**
 * A server of ours over its whole life. Between `start` and `stop` one is kept running: when it dies it is started
 * again at the same address, for as long as it takes, the delay doubling up to ten seconds.
 */
export class OwnServer {
  readonly #engine: StartableEngine;
  readonly #options: OwnServerOptions;
  readonly #stopping = new AbortController();
  #place: ServerPlace;
  #passwords: Passwords | null = null;
  #server: ServerProcess | null = null;
  #keeping: Promise<void> = Promise.resolve();

  constructor(engine: StartableEngine, options: OwnServerOptions) {
    this.#engine = engine;
    this.#options = options;
    const socketPath = socketPathFor(options.dataDir, options.env);
    this.#place = {
      dir: join(options.dataDir, 'redis'),
      socketPath,
      port: 0,
      aclFile: join(options.dataDir, 'redis-users.acl'),
    };
  }

  /** For our own processes, by its socket where its engine has one. Holds a password. */
  get url(): string {
    const { port, socketPath } = this.#place;
    const login = this.#loginOf('writer');
    return this.#engine.tier === 'javascript' ? tcpUrl(port, login) : socketUrl(socketPath, login);
  }

  /** Where it listens on loopback, without user and password; null when nowhere. */
  get tcpUrl(): string | null {
    return this.#place.port === 0 ? null : tcpUrl(this.#place.port);
  }

  /** The address as one of its users, on loopback where it listens there. Holds a password. */
  urlOf(user: RedisUser): string {
    const { port, socketPath } = this.#place;
    return port === 0 ? socketUrl(socketPath, this.#loginOf(user)) : tcpUrl(port, this.#loginOf(user));
  }

  /**
   * @throws {RedisStartError} with the last words of the server's log.
   * @throws {DataDirUnusableError} what it needs there cannot be written.
   */
  async start(): Promise<void> {
    makePrivateDir(dirname(this.#place.socketPath));
    makeDataFolder(this.#place.dir, this.#options.dataDir);
    this.#nameUsers();
    await this.#startOnSomePort();
    this.#remember();
    this.#keeping = this.#keepRunning();
  }

  /** Resolves when the server has written out its data and ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#server?.stop();
    await this.#keeping;
    updateState(this.#options.dataDir, { server: null });
    rmSync(dirname(this.#place.socketPath), { recursive: true, force: true });
  }

  /** The administrator's password is another one each time, and in no file. */
  #nameUsers(): void {
    if (!this.#engine.hasUsers) return;
    this.#passwords = { ...ensurePasswords(this.#options.dataDir), admin: newPassword() };
    writePrivateFile(this.#place.aclFile, aclFileText(this.#passwords));
  }

  #loginOf(user: RedisUser): Login | null {
    return this.#passwords === null ? null : { user, password: this.#passwords[user] };
  }

  async #startOnSomePort(): Promise<void> {
    const wish =
      this.#engine.tier === 'javascript' && this.#options.port === 'none' ? 'any' : this.#options.port;
    for (let attempt = 1; ; attempt += 1) {
      const port = await choosePort(wish, readState(this.#options.dataDir).port);
      this.#place = { ...this.#place, port };
      try {
        return await this.#startOnce();
      } catch (error) {
        const isPortTaken = lastLogLines(this.#logFile).includes('Address already in use');
        if (!isPortTaken || typeof wish === 'number' || attempt === START_ATTEMPTS)
          throw this.#explained(error);
      }
    }
  }

  async #startOnce(): Promise<void> {
    const { clock } = this.#options;
    const server = spawnServer(this.#engine, this.#place, { clock, logFile: this.#logFile });
    this.#server = server;
    const { hasUsers } = this.#engine;
    try {
      if (server.pid > 0)
        updateState(this.#options.dataDir, { server: { ...identityOf(server.pid), hasUsers } });
      await untilReady(server, this.url, clock);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async #keepRunning(): Promise<void> {
    let failures = 0;
    while (!this.#isStopping()) {
      await this.#server?.ended;
      if (this.#isStopping()) return;
      const delayMs = Math.min(RESTART_CAP_MS, RESTART_BASE_MS * 2 ** Math.min(failures, 10));
      this.#options.logger.error({ event: 'redis_ended', delayMs, log: lastLogLines(this.#logFile) });
      await this.#options.clock.sleep(delayMs, this.#stopping.signal).catch(() => undefined);
      failures = (await this.#restart()) ? 0 : failures + 1;
    }
  }

  async #restart(): Promise<boolean> {
    if (this.#isStopping()) return false;
    try {
      await this.#startOnce();
      this.#options.logger.info({ event: 'redis_restarted', url: withoutSecret(this.url) });
      return true;
    } catch (error) {
      this.#options.logger.error({ event: 'redis_restart_failed', error: messageOf(error) });
      return false;
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #remember(): void {
    const { dataDir, logger } = this.#options;
    const written = this.#engine.isPersistent ? { redisVersion: this.#engine.redisVersion } : {};
    const port = this.#place.port > 0 ? { port: this.#place.port } : {};
    updateState(dataDir, { ...written, ...port });
    const { tier, name, version } = this.#engine;
    logger.info({
      event: 'redis_started',
      tier,
      name,
      version,
      url: withoutSecret(this.url),
      tcpUrl: this.tcpUrl,
    });
  }

  get #logFile(): string {
    return logFileOf(this.#options.dataDir);
  }

  #explained(error: unknown): Error {
    if (error instanceof DataDirUnusableError) return error;
    const { name, version, path } = this.#engine;
    const words = lastLogLines(this.#logFile) || messageOf(error);
    return new RedisStartError(
      `${name} ${version} (${path}) did not start: ${words}. Its log is ${this.#logFile}; its data, which was not touched, is in ${this.#place.dir}.`,
      { path },
      error,
    );
  }
}
