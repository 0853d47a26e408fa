import type { CommandHandler } from "./commandContext.ts";

export const showLog: CommandHandler = async (context) => {
  context.showLog();
};
