/** What the extension host's tests write to the results file. */
export interface SuiteResults {
  readonly results: readonly TestResult[];
}

export interface TestResult {
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly error?: string;
}

/** Precedes the tests' output: a window's console contains much else. */
export const outputMark = "[tests] ";
