/**
 * A stack in a separate process, which a test stops and continues like a machine that sleeps. Prints the master's
 * states as lines; `ask` on standard input sends a command to the shell.
 *
 * usage: node sleepChild.ts CONFIG INTERVAL COUNT
 */
import { createInterface } from "node:readline";
import { shell } from "./fakeStack.ts";
import { healthStack } from "./healthStack.ts";
import { Transcript } from "./testStack.ts";

const [config = "", interval, countMax] = process.argv.slice(2);
const stack = await healthStack(config, { interval: Number(interval), countMax: Number(countMax) });
const transcript = new Transcript(await stack.service.open({ host: "lab", ...shell }));
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
