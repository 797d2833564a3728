export * from './node';
export * from './observability-server';
