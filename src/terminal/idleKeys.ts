const ENTER = "\r";
const ESC = "\u001b";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/** The meaning of a key in a tab without an open session. */
export type IdleKey = "cancel" | "reconnect now" | "reopen" | "close" | "typed";

export function idleKey(state: "opening" | "waiting" | "ended", text: string): IdleKey {
  const interrupts = text === CTRL_C || text === CTRL_D;
  switch (state) {
    case "opening":
      return interrupts ? "cancel" : "typed";
    case "waiting":
      return text === ENTER ? "reconnect now" : interrupts || text === ESC ? "cancel" : "typed";
    case "ended":
      return text === "r" || text === "R" ? "reopen" : interrupts || text === ENTER ? "close" : "typed";
  }
}
