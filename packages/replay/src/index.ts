export * from './announcements';
export * from './compare';
export * from './findings';
export * from './held-redis';
export * from './recording';
export * from './replay';
export * from './report';
