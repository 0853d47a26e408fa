import { randomBytes } from "node:crypto";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hostKeyScript } from "./hostKeyQuestion.ts";
import { quoteForShell } from "./quoteForShell.ts";

/**
 * Our helper programs that `ssh` starts: one file each, without a secret in their arguments, which other users see in
 * the process list.
 */
export interface HelperScripts {
  /** SSH_ASKPASS */
  readonly askpass: string;
  /** KnownHostsCommand; its tokens follow. */
  readonly hostKey: string;
  /** ProxyCommand: standard input and output are the connection to the host. */
  readonly relay: string;
  /** Proves to the server that a helper belongs to this login. */
  readonly token: string;
}

/**
 * Connects to `HelperServer`. A question and its answer are one line of JSON each; after its first line, `relay` is a
 * raw stream. Exit status 1: no answer.
 */
const program = (socket: string, token: string): string => `"use strict";
const [, , kind, ...words] = process.argv;
const peer = require("node:net").connect({ path: ${JSON.stringify(socket)}, allowHalfOpen: kind === "relay" });
const hint = process.env.SSH_ASKPASS_PROMPT || "";
const token = ${JSON.stringify(token)};
peer.on("error", () => process.exit(1));
peer.write(JSON.stringify({ token, kind, hint, words }) + "\\n");
if (kind === "relay") {
  // ssh sends it as it ends; what it wrote last has to go out first.
  process.on("SIGHUP", () => {});
  process.stdin.pipe(peer);
  peer.pipe(process.stdout);
  peer.on("close", () => process.exit(0));
  process.stdout.on("error", () => process.exit(1));
} else {
  let answer = "";
  peer.setEncoding("utf8");
  peer.on("data", (text) => { answer += text; });
  peer.on("close", () => {
    if (!answer.endsWith("\\n")) process.exit(1);
    process.stdout.write(answer, () => process.exit(0));
  });
}
`;

/**
 * Writes the programs into `folder`, which only this user can enter. The token is in a file of mode 0600, not in an
 * argument or the environment, which other programs of the machine may see.
 */
export async function writeHelperScripts(folder: string, socket: string): Promise<HelperScripts> {
  const token = randomBytes(24).toString("hex");
  const helper = join(folder, "helper.js");
  await writeFile(helper, program(socket, token), { mode: 0o600 });
  const script = async (kind: string, text: string): Promise<string> => {
    const path = join(folder, kind);
    await writeFile(path, `#!/bin/sh\n${text}`, { mode: 0o700 });
    await chmod(path, 0o700);
    return path;
  };
  const inNode = (kind: string): Promise<string> => {
    const command = [process.execPath, helper, kind].map(quoteForShell).join(" ");
    return script(kind, `ELECTRON_RUN_AS_NODE=1 exec ${command} "$@"\n`);
  };
  const [askpass, hostKey, relay] = await Promise.all([
    inNode("ask"),
    script("hostkey", hostKeyScript(folder)),
    inNode("relay"),
  ]);
  return { askpass, hostKey, relay, token };
}
