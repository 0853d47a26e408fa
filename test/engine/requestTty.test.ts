import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { terminalRequest } from "../../src/session/terminalRequest.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { FakeSettings } from "../support/configFixtures.ts";
import { Transcript, testStack } from "../support/testStack.ts";

const probe = "if [ -t 0 ]; then echo with-tty; else echo without-tty; fi";

const cases: readonly (readonly [string, readonly string[]])[] = [
  ["shell", []],
  ["shell-no", ["RequestTTY no"]],
  ["shell-yes", ["RequestTTY yes"]],
  ["shell-force", ["RequestTTY force"]],
  ["command", [`RemoteCommand ${probe}`]],
  ["command-no", [`RemoteCommand ${probe}`, "RequestTTY no"]],
  ["command-yes", [`RemoteCommand ${probe}`, "RequestTTY yes"]],
  ["command-force", [`RemoteCommand ${probe}`, "RequestTTY force"]],
  ["subsystem", ["RemoteCommand probe", "SessionType subsystem"]],
  ["subsystem-yes", ["RemoteCommand probe", "SessionType subsystem", "RequestTTY yes"]],
  ["subsystem-unnamed", ["SessionType subsystem"]],
];

describe("RequestTTY, RemoteCommand and SessionType, compared with OpenSSH's ssh in a local terminal", () => {
  let host: SshdHost;
  let config: string;

  beforeAll(async () => {
    host = await startSshd({ sshd: { Subsystem: `probe ${probe}` } });
    config = join(host.folder, "config");
    await writeFile(config, cases.map(([name, lines]) => host.sshConfigText(name, lines)).join(""));
  });

  afterAll(() => host.stop());

  /** `ssh` in a pseudo-terminal of script(1). */
  function openSsh(name: string): Promise<string> {
    return new Promise((resolve) => {
      const child = execFile(
        "script",
        ["-qec", `ssh -F '${config}' -- ${name}`, "/dev/null"],
        (_error, stdout) => resolve(stdout),
      );
      child.stdin?.end(`${probe}; exit\n`);
    });
  }

  async function ours(name: string): Promise<string> {
    await using stack = await testStack(config);
    const settings = new FakeSettings();
    settings.configFile = config;
    const resolver = createHostResolver({ settings, clock: systemClock, logger: silentLogger });
    try {
      const request = terminalRequest(await resolver.resolve(name), undefined, { columns: 80, rows: 24 });
      const transcript = new Transcript(
        await stack.service.open({ host: name, kind: "terminal", ...request }),
      );
      transcript.send(`${probe}; exit\n`);
      await transcript.ended;
      return transcript.text;
    } finally {
      resolver.dispose();
    }
  }

  const answer = (text: string): string => /^(with|without)-tty\r?$/m.exec(text)?.[1] ?? `none of: ${text}`;

  test.each(cases.map(([name]) => name))("%s", async (name) => {
    const [theirs, mine] = [await openSsh(name), await ours(name)];
    expect(answer(theirs)).toMatch(/^with/);
    expect(answer(mine)).toBe(answer(theirs));
  });
});
