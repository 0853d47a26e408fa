import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { askLine, pickOne } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { hostsFor, runAndShow } from "./runOnHosts.ts";

/** "Run Command on Host…": one command on one or several hosts. */
export const runCommand: CommandHandler = async (context, argument) => {
  const hosts = await hostsFor(context, argument, t("Run Command on Host"));
  if (hosts.length === 0) {
    return;
  }
  const command = await askLine({
    title: t(
      "Run Command on {0}",
      hosts.length === 1 ? printable(hosts[0] ?? "") : plural(hosts.length, "{0} host", "{0} hosts"),
    ),
    prompt: t("Run by the login shell on the host, as with ssh"),
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
        {
          label: t("Editor"),
          description: t("after the command has ended, with its exit code"),
          terminal: false,
        },
        { label: t("Terminal"), description: t("live; you can type input"), terminal: true },
      ],
      { title: t("Show the output in") },
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
