/**
 * Lua commands are imported as text (`import source from './x.lua'`), by the bundler and by the test runner
 * alike: a bundle then carries its commands with it and nothing looks for files at run time.
 */
export function luaAsText() {
  return {
    name: 'lua-as-text',
    transform(code, id) {
      if (!id.endsWith('.lua')) return null;
      return { code: `export default ${JSON.stringify(code)};`, map: null, moduleType: 'js' };
    },
  };
}
