const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** An instant as people read it, UTC to the second. @example instant(0) // '1970-01-01 00:00:00' */
export function instant(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** A duration in the largest two units that matter. @example duration(192_000) // '3m 12s' */
export function duration(ms: number): string {
  if (Math.round(ms) < SECOND_MS) return `${Math.round(ms)}ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)}s`;
  // Rounded before it is split, so that no part ever reads 60.
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < HOUR_MS / SECOND_MS) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  const minutes = Math.round(ms / MINUTE_MS);
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** A count with thin separators. @example count(12345) // '12,345' */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A share as a percentage. @example percent(0.4567) // '45.7%' */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
