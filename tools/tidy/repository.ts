import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import layersJson from './layers.json';

/** A file of the checkout: its path from the root, with `/`, and its text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** A place where a rule is broken. `line` counts from 1. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const LayersSchema = z.record(
  z.string(),
  z.object({ level: z.int().nonnegative(), mayImport: z.array(z.string()), purpose: z.string() }),
);

/** Which package may import which. `scripts/graph.mjs` shows the same table in ARCHITECTURE.md. */
export const LAYERS: Readonly<Record<string, z.infer<typeof LayersSchema>[string]>> =
  LayersSchema.parse(layersJson);

const ROOT = join(import.meta.dirname, '../..');
const SEARCHED = ['packages', 'apps', 'tests', 'tools'];
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.livermore', 'bin']);

/** Every file of the checkout the rules look at: sources, Lua, package manifests. */
export function readCheckout(): readonly TextFile[] {
  return SEARCHED.flatMap((folder) => filesUnder(folder)).map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }));
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesUnder(path);
    return /\.(?:ts|lua)$|\/package\.json$/.test(path) ? [path] : [];
  });
}

/** Name of the package or app a path lies in; undefined outside of them. @example packageOf('apps/cli/src/a.ts') // 'cli' */
export function packageOf(path: string): string | undefined {
  return /^(?:packages|apps)\/([^/]+)\//.exec(path)?.[1];
}

/** Whether a path is a TypeScript module, declarations excluded. */
export function isModule(path: string): boolean {
  return path.endsWith('.ts') && !path.endsWith('.d.ts');
}

/** Whether a path is a test, or something only tests use. */
export function isTest(path: string): boolean {
  return /^(?:tests|tools)\/|\.test(?:-d)?\.ts$|\.contract\.ts$|\/testing\/|\/__fixtures__\//.test(path);
}

/** The modules that are shipped: sources of packages and apps without their tests. */
export function shippedModules(files: readonly TextFile[]): readonly TextFile[] {
  return files.filter(({ path }) => isModule(path) && !isTest(path) && packageOf(path) !== undefined);
}

/** Findings as a person reads them, one a line. */
export function inWords(findings: readonly Finding[]): string {
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`).join('\n');
}
