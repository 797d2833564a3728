/** The environment a process was started with, handed in by whoever may read it. */
export type Env = Readonly<Record<string, string | undefined>>;
