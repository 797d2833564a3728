import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { z } from 'zod';
import { LAYERS, isModule, isTest, packageOf, shippedModules } from '../repository';
import type { Finding, TextFile } from '../repository';
import { at, importsOf, nodesOf } from '../syntax';
import * as ts from 'typescript';

const SCOPE = '@livermore/';
/** What the root of the checkout declares for tests and tools. */
const FOR_TESTS = new Set(['vitest', 'fast-check', 'typescript', 'rolldown', 'vite']);
/** Nothing a node stands on knows of databases or of the control plane. */
const CONTROL_PLANE =
  /^(?:pg|postgres|pglite|drizzle-orm|kysely|@trpc\/|fastify|hono|express|@livermore\/(?:database|api|trpc-config)$)/;

const ManifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

/** I1: the two lowest packages stand on no other, and schemas runs in a browser. */
export function lowestStandAlone(files: readonly TextFile[]): readonly Finding[] {
  const lowest = files.filter(({ path }) => isModule(path) && /^packages\/(?:schemas|utils)\//.test(path));
  const upward = lowest.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => specifier.startsWith(SCOPE))
      .map(({ specifier, node }) => at(file, node, `imports ${specifier}: the lowest packages stand alone`)),
  );
  const schemas = shippedModules(lowest).filter(({ path }) => packageOf(path) === 'schemas');
  return [...upward, ...schemas.flatMap(needsNode)];
}

function needsNode(file: TextFile): readonly Finding[] {
  const imported = importsOf(file)
    .filter(({ specifier }) => isBuiltin(specifier))
    .map(({ specifier, node }) => at(file, node, `imports ${specifier}: schemas runs in a browser`));
  const used = nodesOf(file)
    .filter((node) => ts.isIdentifier(node) && /^(?:Buffer|process|__dirname)$/.test(node.text))
    .map((node) => at(file, node, `uses ${node.getText()}: schemas runs in a browser`));
  return [...imported, ...used];
}

/** I2: no package imports what the table does not allow; nothing reaches into another package's folders. */
export function importsFollowTheTable(files: readonly TextFile[]): readonly Finding[] {
  return files
    .filter(({ path }) => isModule(path))
    .flatMap((file) => [
      ...workspaceImports(file),
      ...importsOf(file).flatMap(({ specifier, node }) => {
        if (!specifier.startsWith('.')) return [];
        const target = posix.join(posix.dirname(file.path), specifier);
        const owner = packageOf(file.path);
        const isInside = owner === undefined || packageOf(`${target}/`) === owner;
        return isInside ? [] : [at(file, node, `reaches out of its package by ${specifier}`)];
      }),
    ]);
}

function workspaceImports(file: TextFile): readonly Finding[] {
  const owner = packageOf(file.path);
  const layer = owner === undefined ? undefined : LAYERS[owner];
  if (owner !== undefined && layer === undefined) {
    return [{ path: file.path, line: 1, message: `package ${owner} is not in tools/tidy/layers.json` }];
  }
  return importsOf(file).flatMap(({ specifier, node }) => {
    const [, target, room] = /^@livermore\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
    if (target === undefined || target === owner) return [];
    if (layer !== undefined && !layer.mayImport.includes(target)) {
      return [at(file, node, `${owner} may not import ${target}: see tools/tidy/layers.json`)];
    }
    if (room === 'testing' && !isTest(file.path)) return [at(file, node, `${specifier} is for tests only`)];
    const isKnownRoom = room === undefined || room === 'testing';
    return isKnownRoom ? [] : [at(file, node, `${specifier} goes past the public names of ${target}`)];
  });
}

/** The table itself points down only. */
export function tablePointsDown(): readonly Finding[] {
  return Object.entries(LAYERS).flatMap(([name, layer]) =>
    layer.mayImport
      .filter((target) => (LAYERS[target]?.level ?? Number.POSITIVE_INFINITY) >= layer.level)
      .map((target) => ({
        path: 'tools/tidy/layers.json',
        line: 1,
        message: `${name} may not stand on ${target}: it is unknown, or not below`,
      })),
  );
}

/** Each manifest declares what its package imports, and nothing else. */
export function manifestsAreExact(files: readonly TextFile[]): readonly Finding[] {
  const manifests = new Map<string, Manifest>();
  for (const file of files) {
    const owner = file.path.endsWith('/package.json') ? packageOf(file.path) : undefined;
    if (owner !== undefined) manifests.set(owner, { file, ...ManifestSchema.parse(JSON.parse(file.text)) });
  }
  return [...manifests].flatMap(([owner, manifest]) => {
    const modules = files.filter(({ path }) => isModule(path) && packageOf(path) === owner);
    return [...undeclared(owner, modules, manifests), ...unused(manifest, modules)];
  });
}

interface Manifest extends z.infer<typeof ManifestSchema> {
  readonly file: TextFile;
}

function undeclared(
  owner: string,
  modules: readonly TextFile[],
  manifests: ReadonlyMap<string, Manifest>,
): readonly Finding[] {
  const own = manifests.get(owner);
  const shipped = namesIn([own]);
  // A test sees what its package stands on, and what the root declares for tests.
  const below = (LAYERS[owner]?.mayImport ?? []).map((name) => manifests.get(name));
  const forTests = new Set([
    ...shipped,
    ...namesIn(below),
    ...Object.keys(own?.devDependencies ?? {}),
    ...FOR_TESTS,
  ]);
  return modules.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, node }) => {
      const name = packageNameOf(specifier);
      if (name === undefined || name === `${SCOPE}${owner}`) return [];
      const declared = isTest(file.path) ? forTests : shipped;
      return declared.has(name)
        ? []
        : [at(file, node, `imports ${name}, which its package does not declare`)];
    }),
  );
}

function namesIn(manifests: readonly (Manifest | undefined)[]): ReadonlySet<string> {
  return new Set(manifests.flatMap((manifest) => Object.keys(manifest?.dependencies ?? {})));
}

function unused(
  { file, dependencies, devDependencies }: Manifest,
  modules: readonly TextFile[],
): readonly Finding[] {
  const used = new Set(
    modules.flatMap((module) => importsOf(module).map((each) => packageNameOf(each.specifier))),
  );
  return Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => !used.has(name))
    .map((name) => ({
      path: file.path,
      line: lineOf(file.text, name),
      message: `declares ${name}, which nothing imports`,
    }));
}

/** I12: no module reaches itself by the imports that are left after compilation. */
export function noCycles(files: readonly TextFile[]): readonly Finding[] {
  const modules = new Map(files.filter(({ path }) => isModule(path)).map((file) => [file.path, file]));
  const state = new Map<string, 'open' | 'done'>();
  const findings: Finding[] = [];
  const visit = (file: TextFile, trail: readonly string[]) => {
    state.set(file.path, 'open');
    for (const { specifier, isTypeOnly, node } of importsOf(file)) {
      const target = isTypeOnly ? undefined : resolve(file.path, specifier, modules);
      if (target === undefined) continue;
      if (state.get(target.path) === 'open') {
        const loop = [...trail.slice(trail.indexOf(target.path)), target.path];
        findings.push(at(file, node, `closes a cycle: ${loop.join(' → ')}`));
      } else if (!state.has(target.path)) visit(target, [...trail, target.path]);
    }
    state.set(file.path, 'done');
  };
  for (const file of modules.values()) if (!state.has(file.path)) visit(file, [file.path]);
  return findings;
}

function resolve(
  from: string,
  specifier: string,
  modules: ReadonlyMap<string, TextFile>,
): TextFile | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const base = posix.join(posix.dirname(from), specifier);
  return modules.get(`${base}.ts`) ?? modules.get(`${base}/index.ts`) ?? modules.get(base);
}

/** I13: a node, and everything it stands on, knows no database and nothing of the control plane. */
export function nodesNeedRedisOnly(files: readonly TextFile[]): readonly Finding[] {
  const under = new Set(['node', ...(LAYERS['node']?.mayImport ?? [])]);
  return shippedModules(files)
    .filter(({ path }) => under.has(packageOf(path) ?? ''))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => CONTROL_PLANE.test(specifier))
        .map(({ specifier, node }) =>
          at(file, node, `imports ${specifier}: a node needs Redis and nothing else`),
        ),
    );
}

/** The package a specifier names; undefined for files and for what Node brings along. */
function packageNameOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function lineOf(text: string, name: string): number {
  return text.slice(0, text.indexOf(`"${name}"`)).split('\n').length;
}
