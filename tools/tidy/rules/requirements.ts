import * as ts from 'typescript';
import { isModule } from '../repository';
import type { Finding, TextFile } from '../repository';
import { literalText, nodesOf } from '../syntax';

/** Titles of every test and group of tests. */
export function testTitles(files: readonly TextFile[]): readonly string[] {
  return files
    .filter(({ path }) => isModule(path) && path.endsWith('.test.ts') && !path.startsWith('tools/'))
    .flatMap((file) => nodesOf(file).flatMap(titleOf));
}

function titleOf(node: ts.Node): readonly string[] {
  if (!ts.isCallExpression(node)) return [];
  const called = /^(?:it|test|describe)\b/.test(node.expression.getText());
  const title = node.arguments[0];
  const text = called && title !== undefined ? literalText(title) : undefined;
  return text === undefined ? [] : [text];
}

const finding = (message: string): Finding => ({ path: 'tools/tidy/requirements.json', line: 1, message });

/** Requirements no test names, except those on the list of what is to come; and what is on that list in vain. */
export function requirementsAreProven(
  files: readonly TextFile[],
  required: readonly string[],
  toCome: readonly string[],
): readonly Finding[] {
  const titles = testTitles(files);
  const isProven = (id: string) => titles.some((title) => new RegExp(`\\b${id}\\b`).test(title));
  return [
    ...required
      .filter((id) => !isProven(id) && !toCome.includes(id))
      .map((id) => finding(`no test has ${id} in its title`)),
    ...toCome
      .filter(isProven)
      .map((id) => finding(`${id} is proven: take it off the list of what is to come`)),
    ...toCome.filter((id) => !required.includes(id)).map((id) => finding(`${id} is not required`)),
  ];
}
