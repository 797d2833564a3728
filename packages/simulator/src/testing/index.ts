export * from './client';
export * from './fake-market';
