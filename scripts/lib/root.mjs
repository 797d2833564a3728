import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder this checkout lives in, whatever folder a script was started from. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A path inside the checkout. */
export const inRoot = (...parts) => join(root, ...parts);
