import * as ts from 'typescript';
import { shippedModules } from '../repository';
import type { Finding, TextFile } from '../repository';
import { at, dottedName, importsOf, isFunction, nodesOf } from '../syntax';

const CLOCK_FILES = new Set(['packages/utils/src/clock.ts', 'packages/utils/src/random.ts']);
const CLOCK_CALLS = new Set(['Date.now', 'performance.now', 'setTimeout', 'setInterval', 'Math.random']);
const READS = /^(?:get|mget|hget|hgetall|hmget|zscore|zrange\w*|zcard|exists|lrange|smembers|ttl)$/;
const WRITES = /^(?:set|mset|hset|zadd|zrem\w*|del|incr\w*|expire|lpush|rpush|sadd|srem)$/;

/** I5: one function does not read Redis and then write what it decided; that is a Lua command. */
export function noReadThenWrite(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files).flatMap((file) =>
    nodesOf(file)
      .filter(isFunction)
      .filter((node) => {
        const calls = redisCallsIn(node);
        return calls.some((name) => READS.test(name)) && calls.some((name) => WRITES.test(name));
      })
      .map((node) => at(file, node, 'reads Redis and writes it in one function: make it a Lua command')),
  );
}

/** Names of the methods a function calls on a Redis client, functions inside it included. */
function redisCallsIn(node: ts.Node): readonly string[] {
  const names: string[] = [];
  const visit = (child: ts.Node) => {
    if (ts.isCallExpression(child) && ts.isPropertyAccessExpression(child.expression)) {
      const receiver = child.expression.expression.getText();
      if (/(?:^|[.#])(?:redis|client|connection)$/i.test(receiver)) names.push(child.expression.name.text);
    }
    ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
  return names;
}

/** I6: the machine's clock and chance are touched in two files; everything else is handed them. */
export function clockIsAnArgument(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files)
    .filter(({ path }) => !CLOCK_FILES.has(path))
    .flatMap((file) => [
      ...nodesOf(file)
        .filter(touchesClock)
        .map((node) => at(file, node, `${node.getText().split('(')[0]}: take a Clock or a Random instead`)),
      ...importsOf(file)
        .filter(({ specifier }) => /^(?:node:)?timers(?:\/promises)?$/.test(specifier))
        .map(({ node, specifier }) => at(file, node, `imports ${specifier}: take a Clock instead`)),
    ]);
}

function touchesClock(node: ts.Node): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && !node.arguments?.length;
  // Any mention counts, called or handed on; the name of a property or of a type does not.
  const isMention =
    ts.isPropertyAccessExpression(node) ||
    (ts.isIdentifier(node) && !isNameOnly(node) && !ts.isTypeNode(node.parent));
  return isMention && CLOCK_CALLS.has(dottedName(node)?.replace(/^globalThis\./, '') ?? '');
}

function isNameOnly(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return true;
  return 'name' in parent && parent.name === node;
}

/** I7: the environment is read in one file of each app. */
export function environmentIsConfig(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files)
    .filter(({ path }) => !/^apps\/[^/]+\/src\/config\.ts$/.test(path))
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => dottedName(node) === 'process.env' || isDestructuredEnv(node))
        .map((node) => at(file, node, 'reads process.env: only apps/*/src/config.ts does')),
    );
}

function isDestructuredEnv(node: ts.Node): boolean {
  return (
    ts.isVariableDeclaration(node) &&
    node.initializer?.getText() === 'process' &&
    /\benv\b/.test(node.name.getText())
  );
}

/** I8: what JSON.parse gives is unknown until a schema has parsed it. */
export function jsonIsParsed(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files).flatMap((file) =>
    nodesOf(file)
      .filter((node) => ts.isCallExpression(node) && dottedName(node.expression) === 'JSON.parse')
      .filter((node) => !isHandedToSchema(node))
      .map((node) => at(file, node, 'JSON.parse without a schema: hand it to one, or call it unknown')),
  );
}

function isHandedToSchema(call: ts.Node): boolean {
  const { parent } = call;
  if (ts.isParenthesizedExpression(parent) || ts.isAwaitExpression(parent)) return isHandedToSchema(parent);
  if (ts.isAsExpression(parent)) return isUnknown(parent.type);
  if (ts.isCallExpression(parent)) return parent.arguments.some((argument) => argument === call);
  if (ts.isVariableDeclaration(parent)) return isUnknown(parent.type);
  if (ts.isReturnStatement(parent)) return isUnknown(enclosingFunction(parent)?.type);
  if (ts.isArrowFunction(parent)) return isUnknown(parent.type);
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const name = parent.left.getText();
    return new RegExp(`\\b(?:let|var) ${name}: unknown\\b`).test(parent.getSourceFile().text);
  }
  return false;
}

function isUnknown(type: ts.TypeNode | undefined): boolean {
  return type?.kind === ts.SyntaxKind.UnknownKeyword;
}

function enclosingFunction(node: ts.Node): ts.FunctionLikeDeclaration | undefined {
  for (let above = node.parent; !ts.isSourceFile(above); above = above.parent) {
    if (isFunction(above)) return above;
  }
  return undefined;
}

/** I11, as far as syntax shows it: an endless loop has a way out. */
export function loopsEnd(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files).flatMap((file) =>
    nodesOf(file)
      .filter((node): node is ts.IterationStatement => isEndless(node) && !hasWayOut(node))
      .map((node) => at(file, node, 'a loop without an end: no return, break or throw in it')),
  );
}

function isEndless(node: ts.Node): boolean {
  if (ts.isForStatement(node)) return node.condition === undefined;
  return ts.isWhileStatement(node) && node.expression.kind === ts.SyntaxKind.TrueKeyword;
}

function hasWayOut(loop: ts.Node): boolean {
  let isFound = false;
  const visit = (node: ts.Node) => {
    if (ts.isReturnStatement(node) || ts.isBreakStatement(node) || ts.isThrowStatement(node)) isFound = true;
    else if (!isFunction(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(loop, visit);
  return isFound;
}
