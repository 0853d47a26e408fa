import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../../../src/${path}`, import.meta.url)));

/** Takes all descriptors of its process, and says how two programs fail that need some. */
const script = `
  import { openSync } from "node:fs";
  import { silentLogger } from ${source("base/log.ts")};
  import { runProgram } from ${source("base/runProgram.ts")};
  import { runProxyCommand } from ${source("engine/transport/proxyCommand.ts")};
  import { ServerTalk } from ${source("engine/transport/serverTalk.ts")};
  const talk = new ServerTalk(silentLogger, () => {});
  const said = [];
  try {
    for (;;) openSync("/dev/null", "r");
  } catch {}
  const bounds = { signal: new AbortController().signal, longestOutput: 10, longestErrors: 10 };
  await runProgram("true", [], bounds).catch(({ code }) => said.push(code));
  const stream = runProxyCommand("cat", talk);
  stream.write("hello");
  stream.resume();
  await new Promise((resolve) => stream.once("close", resolve));
  said.push(stream.errored.reason, stream.errored.cause.code);
  console.log(said.join(" "));`;

test.skipIf(process.platform === "win32")(
  "a program that no descriptor is left for has not started, and ends nothing else",
  async () => {
    const command = `ulimit -n 60; exec "$0" --input-type=module -e "$1"`;
    const child = spawn("/bin/sh", ["-c", command, process.execPath, script], { stdio: "pipe" });
    const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect([said.trim(), errors]).toEqual(["EMFILE proxy-failed EMFILE", ""]);
  },
);
