/** Control messages of a market stream connection, and the venue's answers to bad ones. */
import { z } from 'zod';
import type { Profile } from './profile';
import { isStreamName } from './stream-name';

export type RequestId = number | string | null;

export type Control =
  | {
      readonly method: 'SUBSCRIBE' | 'UNSUBSCRIBE';
      readonly names: readonly string[];
      readonly id: RequestId;
    }
  | { readonly method: 'LIST_SUBSCRIPTIONS'; readonly id: RequestId }
  | { readonly method: 'SET_PROPERTY'; readonly value: boolean; readonly id: RequestId }
  | { readonly method: 'GET_PROPERTY'; readonly id: RequestId };

/** A message the venue answers with an error. */
export interface ControlError {
  readonly error: { readonly code: number; readonly msg: string };
  readonly id?: RequestId;
}

const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY'] as const;

const MessageSchema = z.object({
  method: z.unknown().optional(),
  params: z.unknown().optional(),
  id: z.unknown().optional(),
});

/** Reads a client's message. */
export function parseControl(text: string, profile: Profile): Control | ControlError {
  const message = MessageSchema.safeParse(jsonOf(text));
  if (!message.success) return errorOf(3, 'Invalid JSON: expected value at line 1 column 1');
  const id = idOf(message.data.id, profile);
  if (id === undefined) return errorOf(2, 'Invalid request: request ID must be an unsigned integer');
  const { method } = message.data;
  if (method === undefined)
    return errorOf(2, `Invalid request: missing field \`method\` at line 1 column ${text.length}`, id);
  const known = METHODS.find((one) => one === method);
  if (known === undefined) return errorOf(2, unknownVariant(method, text), id);
  const params = z.array(z.unknown()).safeParse(message.data.params ?? []);
  if (!params.success) return errorOf(2, 'Invalid request: invalid params', id);
  return controlOf(known, params.data, id);
}

function controlOf(
  method: (typeof METHODS)[number],
  params: readonly unknown[],
  id: RequestId,
): Control | ControlError {
  switch (method) {
    case 'LIST_SUBSCRIPTIONS':
      return params.length > 0 ? errorOf(2, 'Invalid request: too many parameters', id) : { method, id };
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE': {
      const names = params.filter((name): name is string => typeof name === 'string' && isStreamName(name));
      if (names.length < params.length) return errorOf(2, 'Invalid request: invalid stream', id);
      return { method, names, id };
    }
    default:
      return propertyOf(method, params, id);
  }
}

function propertyOf(
  method: 'GET_PROPERTY' | 'SET_PROPERTY',
  params: readonly unknown[],
  id: RequestId,
): Control | ControlError {
  const [name, value] = params;
  if (params.length > (method === 'SET_PROPERTY' ? 2 : 1))
    return errorOf(2, 'Invalid request: too many parameters', id);
  if (typeof name !== 'string') return errorOf(2, 'Invalid request: property name must be a string', id);
  if (name !== 'combined') return errorOf(0, 'Unknown property', id);
  if (method === 'GET_PROPERTY') return { method, id };
  if (typeof value !== 'boolean') return errorOf(1, 'Invalid value type: expected Boolean', id);
  return { method, value, id };
}

export function errorOf(code: number, msg: string, id?: RequestId): ControlError {
  return id === undefined ? { error: { code, msg } } : { error: { code, msg }, id };
}

function unknownVariant(method: unknown, text: string): string {
  const expected = METHODS.map((one) => `\`${one}\``).join(', ');
  const column = text.indexOf(String(method)) + String(method).length + 1;
  return `Invalid request: unknown variant \`${String(method)}\`, expected one of ${expected} at line 1 column ${column}`;
}

const ALPHANUMERIC_ID = /^[A-Za-z0-9_.-]{1,36}$/;

/** The id as it is echoed; undefined when it is none. */
function idOf(id: unknown, profile: Profile): RequestId | undefined {
  if (typeof id === 'number' && Number.isInteger(id) && (id >= 0 || !profile.hasIntegerIds)) return id;
  if (profile.hasIntegerIds) return undefined;
  if (id === null || id === undefined) return null;
  return typeof id === 'string' && ALPHANUMERIC_ID.test(id) ? id : undefined;
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
