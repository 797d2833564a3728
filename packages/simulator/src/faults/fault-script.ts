import { messageOf } from '@livermore/utils';
import type { z } from 'zod';
import type { SimulatedVenue } from '../simulator';
import { FaultScriptSchema } from './fault';
import type { FaultScript } from './fault';
import { FaultNotApplicableError, mustApply } from './fault-registry';
import { FaultScriptError } from './fault-times';

export interface FaultFile {
  /** How the file is called, for errors. */
  readonly file: string;
  /** The venue at which the faults are to strike. */
  readonly venue: SimulatedVenue;
}

/**
 * The faults that a file orders.
 * @throws FaultScriptError naming file, line (from 0) and field; FaultNotApplicableError naming file and line
 */
export function parseFaultScript(text: string, { file, venue }: FaultFile): FaultScript {
  const script = FaultScriptSchema.safeParse(jsonIn(text, file));
  const [issue] = script.error?.issues ?? [];
  if (issue !== undefined) throw new FaultScriptError(`${file}: ${problemOf(issue)}`, { file });
  const faults = script.data ?? [];
  try {
    faults.forEach(({ fault }, line) => mustApply(fault, venue, line));
  } catch (error) {
    if (!(error instanceof FaultNotApplicableError)) throw error;
    throw new FaultNotApplicableError(`${file}: ${error.message}`, { ...error.details, file });
  }
  return faults;
}

function jsonIn(text: string, file: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    throw new FaultScriptError(`${file}: is not JSON: ${messageOf(error)}`, { file }, error);
  }
}

/** What is wrong, and where: `1.fault.byMs: …`. */
function problemOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${pathOf(issue, issue.keys[0])}: there is no such field`;
  const path = pathOf(issue);
  // Of a kind that does not exist zod names all that do.
  if (issue.code === 'invalid_union' && path.endsWith('.kind'))
    return `${path}: there is no such fault; docs/simulator.md lists them`;
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function pathOf({ path }: z.core.$ZodIssue, key?: string): string {
  return [...path, ...(key === undefined ? [] : [key])].map(String).join('.');
}
