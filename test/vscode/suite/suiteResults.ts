/** What the extension host's tests leave in the results file. */
export interface SuiteResults {
  readonly results: readonly TestResult[];
}

export interface TestResult {
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly error?: string;
}

/** In front of what the tests print: a window's console holds much else. */
export const outputMark = "[tests] ";
