import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../env';
import { EngineUnavailableError } from '../errors';
import { lastWords, runTool, type ToolResult } from '../process/run-tool';

/** Time limit of one call of apt: a slow line must do, a dead one must not hang the start. */
const APT_TIMEOUT_MS = 180_000;

/**
 * Debian's package fetcher, used without root and without touching the system: it downloads and checks signatures,
 * it installs nothing. When the system's package lists are missing or too old it fetches lists of its own.
 */
export class Apt {
  readonly #env: Env;
  readonly #workDir: string;
  /** Options that point apt to lists of our own; empty while the system's do. */
  #listOptions: readonly string[] = [];

  constructor(env: Env, workDir: string) {
    this.#env = { ...env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
    this.#workDir = workDir;
  }

  /**
   * Downloads these packages into the work folder and returns their paths.
   *
   * @throws {EngineUnavailableError} with apt's last words.
   */
  async download(packages: readonly string[], onUpdate: () => void): Promise<string[]> {
    const before = new Set(this.#archives());
    let result = await this.#download(packages);
    if (result.code !== 0 && this.#listOptions.length === 0) {
      onUpdate();
      await this.#fetchOwnLists();
      result = await this.#download(packages);
    }
    if (result.code !== 0) {
      throw new EngineUnavailableError(`apt-get download failed: ${lastWords(result.output)}`, { packages });
    }
    return this.#archives().filter((path) => !before.has(path));
  }

  #archives(): string[] {
    return readdirSync(this.#workDir)
      .filter((name) => name.endsWith('.deb'))
      .map((name) => join(this.#workDir, name));
  }

  #download(packages: readonly string[]): Promise<ToolResult> {
    return this.#apt([...this.#listOptions, 'download', ...packages]);
  }

  /** A source that cannot be reached (a third party's, say) is no reason to stop: the download will tell. */
  async #fetchOwnLists(): Promise<void> {
    const [state, cache] = [join(this.#workDir, 'state'), join(this.#workDir, 'cache')];
    mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
    mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
    const status = ['-o', 'Dir::State::status=/var/lib/dpkg/status'];
    this.#listOptions = ['-o', `Dir::State=${state}`, '-o', `Dir::Cache=${cache}`, ...status];
    await this.#apt([...this.#listOptions, 'update']);
  }

  #apt(args: readonly string[]): Promise<ToolResult> {
    const options = ['-q', '-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=20'];
    const quiet = ['-o', 'Acquire::Languages=none', '-c', this.#configFile()];
    return runTool('apt-get', [...options, ...quiet, ...sandbox(), ...args], {
      env: this.#env,
      cwd: this.#workDir,
      timeoutMs: APT_TIMEOUT_MS,
    });
  }

  /** Read after the system's own files, so that their hooks (clean-ups, notifications) do not run for us. */
  #configFile(): string {
    const path = join(this.#workDir, 'apt.conf');
    const hooks = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'];
    writeFileSync(path, hooks.map((hook) => `#clear ${hook};\n`).join(''));
    return path;
  }
}

/** As root apt would drop to a user who may not write to our folder. */
function sandbox(): readonly string[] {
  return process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
}
