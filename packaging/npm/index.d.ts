/** Files that the command may name, by their names; they are there for the one call. */
export type Files = Record<string, string | Uint8Array>;

/** Options of the command without their dashes: { context: "32k", batch: 8, on: "h100-sxm" }. */
export type Settings = Record<string, string | number>;

export interface Outcome {
  /** 0 done, 1 a check did not hold, 2 usage or bad input, 3 not possible here, 70 a bug in llmarch. */
  status: number;
  out: string;
  err: string;
}

export interface Llmarch {
  /** Runs a command line, of which the first word is the command. */
  run(words: readonly string[], files?: Files): Outcome;
  /**
   * What 'llmarch compare --format json' writes; schemas/compare.schema.json of the project describes it.
   * Throws an Error with the program's message.
   */
  compare(models: readonly string[], settings?: Settings, files?: Files): unknown;
  /**
   * The figures of 'llmarch sweep' as numbers, model by model, context by context, and of each the quantities
   * of 'show' in their order. Throws an Error with the program's message.
   */
  sweep(models: readonly string[], settings?: Settings, files?: Files): Float64Array;
}

/**
 * Compiles the core; each has files and memory of its own, and keeps the models that it has read. `module` is
 * passed on to Emscripten: where a page has its own way to find the core, { instantiateWasm } or { locateFile }.
 */
export function load(module?: object): Promise<Llmarch>;
