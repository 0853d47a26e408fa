import { StringDecoder } from "node:string_decoder";
import type { TerminalLinkFactory } from "./sshPseudoterminal.ts";

/** Carries bytes both ways as they come. */
export const linkTerminal: TerminalLinkFactory = (session, write) => {
  const decoder = new StringDecoder("utf8");
  const subscription = session.onDidReceive(({ data }) => write(decoder.write(Buffer.from(data))));
  session.resume();
  return {
    input: (text) => void session.write(Buffer.from(text, "utf8")),
    resize: (dimensions) => session.resize(dimensions),
    ended: session.ended,
    dispose: () => subscription.dispose(),
  };
};
