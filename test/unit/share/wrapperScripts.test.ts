import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installWrapper, wrapperVariables } from "../../../src/share/wrapperScripts.ts";

describe.skipIf(process.platform === "win32")("the wrapper of ssh without a session", () => {
  let folder: string;
  let servers: Server[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wrapper-"));
    servers = [];
    await Promise.all(["bin", "real", "hosts", "sockets"].map((name) => mkdir(join(folder, name))));
    await installWrapper(join(folder, "bin"));
    await writeFile(join(folder, "real", "ssh"), '#!/bin/sh\nprintf "%s|" "$@"\n');
    await chmod(join(folder, "real", "ssh"), 0o755);
  });

  afterEach(async () => {
    for (const server of servers) {
      server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** What the real ssh gets. */
  async function called(socket: string, ...args: string[]): Promise<string> {
    const server = createServer().listen(join(folder, "sockets", socket));
    servers.push(server);
    await once(server, "listening");
    // The mark of a window that runs.
    const later = new Date(Date.now() + 60_000);
    await utimes(join(folder, "sockets", socket), later, later);
    await writeFile(join(folder, "hosts", `lab,,,${process.pid},${socket}`), "");
    const { stdout } = await promisify(execFile)(join(folder, "bin", "ssh"), args, {
      env: {
        PATH: `${join(folder, "bin")}:${join(folder, "real")}:${process.env["PATH"]}`,
        [wrapperVariables.sockets]: join(folder, "sockets"),
        [wrapperVariables.hosts]: join(folder, "hosts"),
        [wrapperVariables.config]: "",
      },
    });
    return stdout.replace(join(folder, "sockets", socket), "SOCKET");
  }

  const proxy = /^-S\|SOCKET\|-O\|proxy\|-o\|SendEnv=SSH_SESSIONS_CLIENT\|/;
  const claim = /RemoteForward=\/ssh-sessions-program\/ssh\/\d+ \/dev\/null/;

  test.each([[["-N", "lab"]], [["lab", "-N"]], [["-o", "SessionType=none", "lab"]]])(
    "says its name by a forward that its window answers: %s",
    async (args) => {
      const text = await called("p0123456789ab", ...args);
      expect(text).toMatch(proxy);
      expect(text).toMatch(claim);
      expect(text.endsWith(`|${args.join("|")}|`)).toBe(true);
    },
  );

  test("says nothing to a window of an older version, which would ask the server", async () => {
    const text = await called("0123456789ab", "-N", "lab");
    expect(text).toMatch(proxy);
    expect(text).not.toMatch(/RemoteForward/);
  });

  test("needs no forward where it has a session", async () => {
    const text = await called("p0123456789ab", "lab", "uptime");
    expect(text).toMatch(proxy);
    expect(text).not.toMatch(/RemoteForward/);
  });
});
