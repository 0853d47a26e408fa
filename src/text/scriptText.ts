import { t } from "../base/localize.ts";
import type { ScriptInput } from "../session/run/remoteCommand.ts";

export const scriptInputTitle = () => t("How the Script Is Run");

export interface ScriptInputChoice {
  readonly label: string;
  readonly detail: string;
  readonly input: ScriptInput;
}

/** The usual one first. */
export const scriptInputChoices = (): readonly ScriptInputChoice[] => [
  {
    label: t("As a Whole"),
    detail: t("It is read to its end before it runs. Its commands find an empty standard input."),
    input: "argument",
  },
  {
    label: t("From Standard Input"),
    detail: t(
      "As ssh host bash -s does: a command that reads standard input, such as read or ssh, takes the script's next lines.",
    ),
    input: "stdin",
  },
];
