import { plainCommand } from "./command.ts";

export const showLog = plainCommand(async (context) => {
  context.showLog();
});
