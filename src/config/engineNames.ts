/**
 * The engines that connect hosts, by their names in the setting `engine`. `sshStack.ts` has an entry for each, and
 * package.json the same names (a test compares them). `auto` uses `usualEngine` unless a host needs another one.
 */
export const engineNames = ["ssh2", "openssh"] as const;

export type EngineName = (typeof engineNames)[number];

export const usualEngine: EngineName = engineNames[0];
