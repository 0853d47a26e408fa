import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { reopenRow, reopenWords } from "../../text/reopenText.ts";
import { pickMany, pickOne } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";

/** What a click on the row of the terminals from before the window reloaded offers: to reopen all or some, or none. */
export const chooseTerminals = plainCommand(async ({ terminals }) => {
  const before = terminals.fromBefore();
  if (before.length === 0) {
    return;
  }
  const words = reopenWords();
  const title = reopenRow(before.length);
  const isOne = before.length === 1;
  const chosen = await pickOne(
    [
      {
        id: "all",
        label: isOne ? words.reopen : t("Reopen All"),
        description: isOne ? (before[0]?.title ?? "") : "",
        iconPath: new vscode.ThemeIcon("debug-restart"),
      },
      ...(isOne ? [] : [{ id: "some", label: t("Choose…"), iconPath: new vscode.ThemeIcon("checklist") }]),
      {
        id: "none",
        label: isOne ? words.forget : t("Forget All"),
        iconPath: new vscode.ThemeIcon("close"),
      },
    ],
    { title },
  );
  switch (chosen?.id) {
    case "all":
      terminals.reopen();
      return;
    case "some": {
      const some = await pickMany(
        before.map(({ title: label, host, shellName }) => ({
          ...{ shellName, label: printable(label), description: label === host ? "" : printable(host) },
          iconPath: new vscode.ThemeIcon("vm"),
        })),
        {
          title,
          placeHolder: t("Choose which to reopen; the others stay in the row"),
          matchOnDescription: true,
        },
      );
      const names = new Set(some?.map(({ shellName }) => shellName));
      terminals.reopen(({ shellName }) => names.has(shellName));
      return;
    }
    case "none":
      terminals.forget();
  }
});
