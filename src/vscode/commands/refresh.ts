import type { CommandHandler } from "./commandContext.ts";

/** Reads the hosts anew and asks every connection for a sign of life. */
export const refresh: CommandHandler = async ({ service, hostsTree }) => {
  hostsTree.refresh();
  service.probe();
};
