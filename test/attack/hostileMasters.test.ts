import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { attack, defer, livingStack } from "./support/attackTest.ts";
import { listenHostile } from "./support/hostileServer.ts";
import { type HostileServer, hostileServers } from "./support/hostileServers.ts";

/**
 * Each hostile server as a master of the stack that also has the terminal in use: the bounds apply to everything
 * below the editor.
 */
attack.each(hostileServers.map((server): [string, HostileServer] => [server.name, server]))(
  "one master among others: %s",
  { size: 2_000 },
  async (_, { serve, options, config = "" }, size) => {
    const { service, settings, folder } = livingStack();
    const served: Promise<unknown>[] = [];
    const listener = await listenHostile(async (peer) => {
      const done = Promise.race([serve(peer, size), peer.gone]);
      served.push(done);
      await done;
    }, options);
    const file = join(folder, "config");
    const before = await readFile(file, "utf8");
    defer(async () => {
      listener.close();
      await writeFile(file, before);
      settings.reload();
    });
    const host = `Host evil\n  HostName 127.0.0.1\n  Port ${listener.port}\n  User root\n  ${config}\n`;
    const trust = "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n";
    await writeFile(file, `${host}${trust}\n${before}`);
    settings.reload();

    const kinds = (): Record<string, string> =>
      Object.fromEntries(service.masters().map(({ id, state }) => [id, state.kind]));
    const [living = ""] = Object.keys(kinds());
    // Refused, ended, or a live master: each is acceptable.
    const evil = await service.connect("evil").catch(() => undefined);
    await Promise.all(served);
    expect(served.length).toBeGreaterThan(0);
    expect(kinds()[living]).toBe("ready");
    if (evil !== undefined) {
      service.kill(evil);
    }
    expect(Object.values(kinds()).filter((kind) => kind !== "lost" && kind !== "closed")).toEqual(["ready"]);
  },
);
