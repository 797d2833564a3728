import * as ts from 'typescript';
import { shippedModules } from '../repository';
import type { Finding, TextFile } from '../repository';
import { isFunction, lineAt, nodesOf, treeOf } from '../syntax';

const MAX_FUNCTION_LINES = 70;
const MAX_FILE_LINES = 400;
/** A file that is, by this share of its lines, types and tables may be as long as they are. */
const TABLE_SHARE = 0.8;

/** No function is longer than a screen or two. */
export function functionsAreShort(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files).flatMap((file) =>
    nodesOf(file)
      .filter(isFunction)
      .map((node) => ({ node, lines: linesOf(file, node) }))
      .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
      .map(({ node, lines }) => ({
        path: file.path,
        line: lineAt(file, node.getStart()),
        message: `${node.name?.getText() ?? 'a function'} has ${lines} lines; ${MAX_FUNCTION_LINES} is the limit`,
      })),
  );
}

/** No file holds more than one concept fills. */
export function filesAreShort(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files)
    .map((file) => ({ file, lines: file.text.trimEnd().split('\n').length }))
    .filter(({ file, lines }) => lines > MAX_FILE_LINES && tableLines(file) < TABLE_SHARE * lines)
    .map(({ file, lines }) => ({
      path: file.path,
      line: lines,
      message: `${lines} lines; ${MAX_FILE_LINES} is the limit for what is not a table or types`,
    }));
}

function tableLines(file: TextFile): number {
  return treeOf(file)
    .statements.filter(isTableOrType)
    .reduce((sum, statement) => sum + linesOf(file, statement), 0);
}

function isTableOrType(statement: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return true;
  if (!ts.isVariableStatement(statement)) return false;
  return statement.declarationList.declarations.every(({ initializer }) => isTable(initializer));
}

function isTable(node: ts.Expression | undefined): boolean {
  if (node === undefined) return false;
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return isTable(node.expression);
  return ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node);
}

function linesOf(file: TextFile, node: ts.Node): number {
  return lineAt(file, node.getEnd()) - lineAt(file, node.getStart()) + 1;
}
