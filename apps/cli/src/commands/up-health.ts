import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { systemClock } from '@livermore/utils';
import { HealthAnswerSchema, HealthView, worstOf } from '../output/health-view';
import type { HealthAnswer } from '../output/health-view';
import { json } from '../output/print';
import type { Stage, UpOptions } from './up-stage';

const EVERY_MS = 1_000;
/** A node that is busy may take this long, ms. */
const ANSWER_PATIENCE_MS = 5_000;
/** What must be well for what is shown to be live. */
const LIVE_CHECKS: ReadonlySet<string> = new Set(['data', 'feed', 'redis', 'state']);

/**
 * Follows a node's health as any other program could, and tells the worst that is wrong, until the stage ends.
 * @returns `live`, which resolves when its feed brings data for the first time
 */
export function watchHealth(url: string, options: UpOptions, stage: Stage): { readonly live: Promise<void> } {
  const tell = options.json === true ? tellProgram() : tellPerson(stage);
  return { live: new Promise((resolve) => void follow(url, stage.signal, tell, resolve)) };
}

async function follow(
  url: string,
  signal: AbortSignal,
  tell: (answer: HealthAnswer | undefined) => void,
  isLive: () => void,
): Promise<void> {
  while (!signal.aborted) {
    const answer = await healthAt(url, signal);
    if (signal.aborted) return;
    tell(answer);
    if (answer !== undefined && isLiveBy(answer)) isLive();
    await systemClock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}

function tellPerson({ screen }: Stage): (answer: HealthAnswer | undefined) => void {
  const view = new HealthView({ isInPlace: process.stdout.isTTY });
  return (answer) => {
    const { line, status } = view.take(answer, systemClock.now());
    screen.show('health', process.stdout.isTTY ? status : '');
    if (line !== undefined) screen.say(line);
  };
}

/** An event whenever what is wrong changes. */
function tellProgram(): (answer: HealthAnswer | undefined) => void {
  let before: string | undefined;
  return (answer) => {
    const worst = answer === undefined ? 'node' : worstOf(answer)?.name;
    const key = `${answer?.state} ${worst}`;
    if (key === before) return;
    before = key;
    json({ event: 'health', ...(answer ?? { ok: false }), worst: worst ?? null });
  };
}

/** The answer, whatever its status; undefined where there is none. */
async function healthAt(url: string, signal: AbortSignal): Promise<HealthAnswer | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_PATIENCE_MS)]);
  try {
    return HealthAnswerSchema.safeParse(JSON.parse(await textAt(`${url}/health`, patience))).data;
  } catch {
    return undefined;
  }
}

/** Not `fetch`: that one knows ports to which it will not go. */
function textAt(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { signal }, (response) => void text(response).then(resolve, reject));
    asked.once('error', reject);
  });
}

function isLiveBy({ state, checks }: HealthAnswer): boolean {
  const isWell = (name: string) => checks.find((check) => check.name === name)?.ok === true;
  return state === 'active' && [...LIVE_CHECKS].every(isWell);
}
