import type { ScriptInput } from "../session/run/remoteCommand.ts";

export const scriptInputTitle = "How the Script Is Run";

export interface ScriptInputChoice {
  readonly label: string;
  readonly detail: string;
  readonly input: ScriptInput;
}

/** The usual one first. */
export const scriptInputChoices: readonly ScriptInputChoice[] = [
  {
    label: "As a Whole",
    detail: "It is read to its end before it runs. Its commands find an empty standard input.",
    input: "argument",
  },
  {
    label: "From Standard Input",
    detail:
      "As ssh host bash -s does: a command that reads standard input, such as read or ssh, takes the script's next lines.",
    input: "stdin",
  },
];
