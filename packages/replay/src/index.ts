export * from './compare';
export * from './recording';
export * from './replay';
export * from './report';
export * from './revised';
