/** How long a test may take in a mutation run, in milliseconds. Stryker's processes inherit it. */
export const testTimeoutVariable = "SSH_SESSIONS_MUTATION_TEST_TIMEOUT";
