import { parseTime } from "./openSshTime.ts";

/** AddKeysToAgent (ssh_config(5)), where it asks for keys to be added. */
export interface AddKeysToAgent {
  /** `confirm`: the agent asks before each use. `ask`: the user is asked before the key is added. */
  readonly mode: "yes" | "ask" | "confirm";
  /** How long the agent keeps the key. Undefined: as long as the agent runs. */
  readonly seconds?: number;
}

/** @param text as written, or as `ssh -G` prints it. Undefined: keys are not added. */
export function parseAddKeysToAgent(text: string): AddKeysToAgent | undefined {
  const [first = "", second] = text.trim().toLowerCase().split(/\s+/);
  switch (first) {
    case "yes":
    case "true":
      return { mode: "yes" };
    case "ask":
      return { mode: "ask" };
    case "confirm": {
      const seconds = second === undefined ? undefined : parseTime(second);
      return { mode: "confirm", ...(seconds !== undefined && { seconds }) };
    }
    default: {
      const seconds = parseTime(first);
      return seconds === undefined ? undefined : { mode: "yes", seconds };
    }
  }
}
