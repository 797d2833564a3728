export * from './recording-files';
export * from './live-bench';
