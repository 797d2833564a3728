export * from './choose-symbols';
export * from './facts';
export * from './health';
export * from './metrics';
