/**
 * A stack in a separate process, which a test stops and continues like a machine that sleeps. Prints the master's
 * states as lines; `ask` on standard input sends a command to the shell.
 *
 * With TARGET, a port of the server, it forwards a port to it, prints that first, and prints the forward's states, too.
 *
 * usage: node sleepChild.ts CONFIG INTERVAL COUNT [TARGET]
 */
import { createInterface } from "node:readline";
import { parseForward } from "../../src/config/forwardSpec.ts";
import { shell } from "./fakeStack.ts";
import { healthStack } from "./healthStack.ts";
import { Transcript } from "./testStack.ts";

const [config = "", interval, countMax, target] = process.argv.slice(2);
const stack = await healthStack(config, { interval: Number(interval), countMax: Number(countMax) });
const transcript = new Transcript(await stack.service.open({ host: "lab", ...shell }));
if (target !== undefined) {
  stack.settings.layers = { user: { reconnect: "auto" } };
  const spec = parseForward(`-L 0:127.0.0.1:${target}`);
  const { id, port, state } = await stack.forwards.start({ host: "lab", spec, origin: { kind: "person" } });
  console.log(port);
  let shown: string = state.kind;
  stack.forwards.onDidChange(() => {
    const kind = stack.forwards.forward(id)?.state.kind ?? "removed";
    if (kind !== shown) {
      shown = kind;
      console.log(kind);
    }
  });
}
let last = "";
const tell = (): void => {
  const { kind } = stack.master().state;
  if (kind !== last) {
    last = kind;
    console.log(kind);
  }
};
await stack.until(([master]) => master?.roundTripMs !== undefined);
tell();
stack.service.onDidChange(tell);
let asked = 0;
for await (const _line of createInterface({ input: process.stdin })) {
  asked++;
  transcript.send(`echo answer-$((${asked}+0))\n`);
  await transcript.waitFor(new RegExp(`answer-${asked}\\s`));
  console.log("answered");
}
await stack[Symbol.asyncDispose]();
