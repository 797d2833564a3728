/** A page with the part of this name, which a command writes, replaced. Throws when the page has no such part. */
export function withPart(page, name, text) {
  const begin = `<!-- ${name}: written by \`npm run graph\` -->`;
  const end = `<!-- ${name} end -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has lost its markers: ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
