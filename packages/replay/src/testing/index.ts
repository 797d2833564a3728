export * from './recording-files';
