/**
 * A separate process that can be stopped as by sleep: opens a session, prints `up`, and prints `dead` as soon as the
 * master is known to be dead. Ends with its standard input.
 */
import { argv, stdin } from "node:process";
import { knownDead, OwnStacks } from "./ownStack.ts";

const stacks = new OwnStacks(argv[2] ?? "");
const { service } = stacks.create();
const session = await service.open({
  host: "lab",
  kind: "command",
  request: { type: "exec", command: "cat" },
});
session.resume();
void knownDead(service).then(() => console.log("dead"));
console.log("up");
stdin.resume().on("end", () => process.exit());
