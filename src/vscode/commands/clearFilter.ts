import { plainCommand } from "./command.ts";

/** Shows everything again. */
export const clearFilter = plainCommand(async ({ filter }) => filter.set(""));
