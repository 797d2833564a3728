export * from './recording-files';
export * from './live-bench';
export * from './fine-recording';
