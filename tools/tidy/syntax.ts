import * as ts from 'typescript';
import type { Finding, TextFile } from './repository';

/** The syntax tree of a file. Trees are kept: every rule looks at the same files. */
export function treeOf(file: TextFile): ts.SourceFile {
  const known = TREES.get(file);
  if (known !== undefined) return known;
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
  TREES.set(file, tree);
  return tree;
}

const TREES = new WeakMap<TextFile, ts.SourceFile>();

/** Every node below another, depth first, itself included. */
export function* nodesIn(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesIn(child);
}

/** Every node of a file. */
export function nodesOf(file: TextFile): readonly ts.Node[] {
  const known = NODES.get(file);
  if (known !== undefined) return known;
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node) => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(treeOf(file));
  NODES.set(file, nodes);
  return nodes;
}

const NODES = new WeakMap<TextFile, readonly ts.Node[]>();

/** A finding at a node of a file. */
export function at(file: TextFile, node: ts.Node, message: string): Finding {
  return { path: file.path, line: lineAt(file, node.getStart()), message };
}

/** Line (from 1) of a position in a file. */
export function lineAt(file: TextFile, position: number): number {
  return treeOf(file).getLineAndCharacterOfPosition(position).line + 1;
}

export interface Import {
  readonly specifier: string;
  /** Gone after compilation: it cannot make a cycle that matters, but it is a dependency. */
  readonly isTypeOnly: boolean;
  readonly node: ts.Node;
}

/** What a file imports or re-exports, dynamic imports included. */
export function importsOf(file: TextFile): readonly Import[] {
  return nodesOf(file).flatMap((node): Import[] => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      return [{ specifier: node.moduleSpecifier.text, isTypeOnly: isTypeOnly(node.importClause), node }];
    }
    if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      return [{ specifier: node.moduleSpecifier.text, isTypeOnly: node.isTypeOnly, node }];
    }
    const argument = ts.isCallExpression(node) && isDynamicImport(node) ? node.arguments[0] : undefined;
    return argument && ts.isStringLiteral(argument)
      ? [{ specifier: argument.text, isTypeOnly: false, node }]
      : [];
  });
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

function isDynamicImport(call: ts.CallExpression): boolean {
  return call.expression.kind === ts.SyntaxKind.ImportKeyword;
}

/** Text of a string or of the fixed parts of a template, interpolations shown as `${…}` of their source. */
export function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  const spans = node.templateSpans.map((span) => `\${${span.expression.getText()}}${span.literal.text}`);
  return node.head.text + spans.join('');
}

/** Comments of a file, each with its position. */
export function commentsOf(file: TextFile): readonly { readonly text: string; readonly position: number }[] {
  const found = new Map<number, string>();
  const note = (ranges: readonly ts.CommentRange[] | undefined) => {
    for (const range of ranges ?? []) found.set(range.pos, file.text.slice(range.pos, range.end));
  };
  for (const node of nodesIn(treeOf(file))) {
    if (node.kind === ts.SyntaxKind.JsxText) continue;
    note(ts.getLeadingCommentRanges(file.text, node.getFullStart()));
    note(ts.getTrailingCommentRanges(file.text, node.getEnd()));
  }
  return [...found].map(([position, text]) => ({ position, text }));
}

/** `a.b` for a call or an access written so. @example nameOf(`Date.now()`) // 'Date.now' */
export function dottedName(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const left = dottedName(node.expression);
  return left === undefined ? undefined : `${left}.${node.name.text}`;
}

/** Whether a node is a function with a body of its own. */
export function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}
