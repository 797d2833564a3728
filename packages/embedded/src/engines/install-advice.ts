import type { Env } from '../env';
import { findProgram } from '../process/find-program';

/** Package managers and what a person types into them. Only ever named: installing software needs consent. */
const COMMANDS: readonly (readonly [program: string, command: string])[] = [
  ['apt-get', 'sudo apt-get install redis-server'],
  ['dnf', 'sudo dnf install valkey'],
  ['apk', 'sudo apk add valkey'],
  ['pacman', 'sudo pacman -S valkey'],
  ['zypper', 'sudo zypper install redis'],
  ['brew', 'brew install valkey'],
];

/** The command that installs a server with this machine's package manager, or null. */
export function installCommand(env: Env): string | null {
  return COMMANDS.find(([program]) => findProgram(program, env) !== null)?.[1] ?? null;
}

/** A sentence without its full stop: how to get a real server. */
export function installAdvice(env: Env): string {
  const command = installCommand(env);
  return command === null ? 'Install Redis or Valkey' : `Install one with \`${command}\``;
}
