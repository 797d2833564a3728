import type { Plugin } from 'vite';

export declare function luaAsText(): Plugin;
