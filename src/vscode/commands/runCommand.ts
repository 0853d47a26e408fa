import { printable } from "../../base/log.ts";
import { plural } from "../../text/humanText.ts";
import { askLine, pickOne } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { hostsFor, runAndShow } from "./runOnHosts.ts";

/** "Run Command on Host…": one command on one or several hosts. */
export const runCommand: CommandHandler = async (context, argument) => {
  const hosts = await hostsFor(context, argument, "Run Command on Host");
  if (hosts.length === 0) {
    return;
  }
  const command = await askLine({
    title: `Run Command on ${hosts.length === 1 ? printable(hosts[0] ?? "") : plural(hosts.length, "Host")}`,
    prompt: "Run by the login shell there, as ssh does",
    placeHolder: "uptime",
    ignoreFocusOut: true,
  });
  if (command === undefined || command.trim() === "") {
    return;
  }
  const [first] = hosts;
  if (hosts.length === 1 && first !== undefined) {
    const where = await pickOne(
      [
        { label: "Editor", description: "when it has ended, with its exit code", terminal: false },
        { label: "Terminal", description: "as it comes; you can type into it", terminal: true },
      ],
      { title: "Show the output in" },
    );
    if (where === undefined) {
      return;
    }
    if (where.terminal) {
      // A failure is presented by the terminal itself.
      await context.terminals.open(first, { command, title: command }).catch(() => {});
      return;
    }
  }
  await runAndShow(context, hosts, command, command, { kind: "command" });
};
