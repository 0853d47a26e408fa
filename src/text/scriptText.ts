import { t } from "../base/localize.ts";
import type { ScriptInput } from "../session/run/remoteCommand.ts";

export const scriptInputTitle = () => t("How the Script Is Run");

export interface ScriptInputChoice {
  readonly label: string;
  readonly detail: string;
  readonly input: ScriptInput;
}

/** The most common one first. */
export const scriptInputChoices = (): readonly ScriptInputChoice[] => [
  {
    label: t("As a Whole"),
    detail: t("It is read completely before it runs. Its commands get an empty standard input."),
    input: "argument",
  },
  {
    label: t("From Standard Input"),
    detail: t(
      "Like ssh host bash -s: a command that reads standard input, such as read or ssh, consumes the next lines of the script.",
    ),
    input: "stdin",
  },
];
