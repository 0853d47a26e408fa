import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { askLine, pickOne } from "../messages/messages.ts";
import { command } from "./command.ts";
import { hosts } from "./hostFinders.ts";
import { runAndShow } from "./runOnHosts.ts";

/** "Run Command on Host…": one command on one or several hosts. */
export const runCommand = command(
  hosts(() => t("Run Command on Host")),
  async (context, chosen) => {
    const line = await askLine({
      title: t(
        "Run Command on {0}",
        chosen.length === 1 ? printable(chosen[0] ?? "") : plural(chosen.length, "{0} host", "{0} hosts"),
      ),
      prompt: t("Run by the login shell on the host, as with ssh"),
      placeHolder: "uptime",
      ignoreFocusOut: true,
    });
    if (line === undefined || line.trim() === "") {
      return;
    }
    const [first] = chosen;
    if (chosen.length === 1 && first !== undefined) {
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
        // The terminal itself shows a failure.
        await context.terminals.open(first, { command: line, title: line }).catch(() => {});
        return;
      }
    }
    await runAndShow(context, chosen, line, line, { kind: "command" });
  },
);
