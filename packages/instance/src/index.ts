export * from './choose-symbols';
export * from './exchange-instance';
export * from './facts';
export * from './health';
export * from './history';
export * from './instance-options';
export * from './metrics';
export type { TruthFacts } from './verification';
export { budgetOf, createWarmup } from './warm-up';
