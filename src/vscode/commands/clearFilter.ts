import { plainCommand } from "./command.ts";

/** Removes the filter. */
export const clearFilter = plainCommand(async ({ filter }) => filter.set(""));
