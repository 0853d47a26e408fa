import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLogger } from "../../../src/base/log.ts";
import type { LastingSocket } from "../../../src/engine/connectionEngine.ts";
import { EveryTerminal, type EveryTerminalMode } from "../../../src/gateway/everyTerminal.ts";
import { includedText } from "../../../src/gateway/includedText.ts";
import type { Master } from "../../../src/master/master.ts";
import type { Offer } from "../../../src/share/outlet.ts";
import { prepareSocketFolder } from "../../../src/share/socketFolder.ts";

let root: string;
let includes: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ssh-sessions-every-"));
  includes = join(root, ".ssh", "ssh-sessions");
  await prepareSocketFolder(join(root, "sockets"));
});

afterEach(async () => await rm(root, { recursive: true, force: true }));

/** What the outlet reads of a connection. */
function offer(lasting?: LastingSocket, isEnded = false): Offer {
  const master = {
    ...{ id: "m1", isEnded, isUsable: true, config: { user: "me" } },
    connection: lasting === undefined ? {} : { lastingSocket: async () => lasting },
  };
  return { master: master as unknown as Master, socketName: "000000000000" };
}

const prepared = async (mode: EveryTerminalMode): Promise<EveryTerminal> => {
  const outlet = new EveryTerminal({
    ...{ mode, includes, configFile: "", logger: silentLogger, sockets: join(root, "sockets") },
  });
  await outlet.prepare();
  return outlet;
};

const files = async (): Promise<readonly string[]> =>
  (await readdir(includes)).filter((name) => /conf$|known_hosts$/.test(name)).sort();

const hosts = [{ alias: "web1" }];

test("with lasting, a connection that ends with the window is not published", async () => {
  const outlet = await prepared("lasting");
  await outlet.set(offer(), hosts);
  expect(await files()).toEqual([]);
});

test("with all, it is, in files for their owner only, until it ends", async () => {
  const outlet = await prepared("all");
  await outlet.set(offer(), hosts);
  const names = await files();
  expect(names).toEqual([expect.stringMatching(/-m1\.conf$/), expect.stringMatching(/-m1\.known_hosts$/)]);
  const modes = await Promise.all(names.map(async (name) => (await stat(join(includes, name))).mode & 0o777));
  expect([(await stat(includes)).mode & 0o777, ...modes]).toEqual([0o700, 0o600, 0o600]);
  expect((await readdir(join(root, "sockets"))).length).toBe(1);
  await outlet.set(offer(undefined, true), []);
  expect(await files()).toEqual([]);
  await outlet.close();
});

test("without a host for a while, the gateway stays, and with hosts again, the file comes back", async () => {
  const outlet = await prepared("all");
  await outlet.set(offer(), hosts);
  const before = await readFile(join(includes, (await files())[0] ?? ""), "utf8");
  await outlet.set(offer(), []);
  expect([await files(), (await readdir(join(root, "sockets"))).length]).toEqual([[], 1]);
  await outlet.set(offer(), hosts);
  expect(await readFile(join(includes, (await files())[0] ?? ""), "utf8")).toBe(before);
  await outlet.close();
});

test("what outlives the window stays when it closes, and goes when sharing ends", async () => {
  const lasting = { path: join(root, "master"), knownHosts: undefined };
  const outlet = await prepared("lasting");
  await outlet.set(offer(lasting), hosts);
  outlet.leave();
  expect(await files()).toEqual([expect.stringMatching(/-m1\.conf$/)]);
  const other = await prepared("lasting");
  // Nobody listens there.
  expect(await files()).toEqual([]);
  await other.set(offer(lasting), hosts);
  await other.close();
  expect(await files()).toEqual([]);
});

test("when sharing is off, what we wrote goes, and the folder, but no file of others", async () => {
  const outlet = await prepared("all");
  await outlet.set(offer(), hosts);
  const [own = ""] = (await files()).filter((name) => name.endsWith(".conf"));
  const ended = own.replace(`-${process.pid}-`, "-4194999-");
  await writeFile(join(includes, ended), "");
  await EveryTerminal.tidy(includes);
  // This window still has a connection there.
  expect([(await files()).includes(own), (await files()).includes(ended)]).toEqual([true, false]);
  expect(await readdir(includes)).toContainEqual(expect.stringMatching(/^probe-/));
  await outlet.close();
  await writeFile(join(includes, "probe-00000000"), "# Of the user");
  await EveryTerminal.tidy(includes);
  expect(await readdir(includes)).toEqual(["probe-00000000"]);
  await rm(join(includes, "probe-00000000"));
  await prepared("all");
  await EveryTerminal.tidy(includes);
  await expect(stat(includes)).rejects.toMatchObject({ code: "ENOENT" });
  // Another editor still shares: its next connection brings back what it needs.
  const other = await prepared("all");
  await EveryTerminal.tidy(includes);
  await other.set(offer(), hosts);
  expect(await readdir(includes)).toContainEqual(expect.stringMatching(/^probe-/));
  await other.close();
  await EveryTerminal.tidy(includes);
  await expect(stat(includes)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a master of ssh is used by its control socket, a gateway by a ProxyCommand", () => {
  const init = { folder: "/h/.ssh/ssh-sessions", socket: "/run/s", configFile: "", hosts };
  const master = includedText({ ...init, knownHosts: undefined });
  expect(master).toMatch(/\n {2}ControlPath "\/run\/s"\n {2}ControlMaster no\n$/);
  expect(includedText({ ...init, knownHosts: "a.known_hosts" })).toMatch(
    /\n {2}ProxyCommand \/bin\/sh '\/h\/\.ssh\/ssh-sessions\/connect-[0-9a-f]{8}' '\/run\/s'\n/,
  );
});

test.each(["a'b", 'a"b', "a b", "a*", "a%h", "$a", "a,b", "", "é", "a\nHost *"])(
  "a host or user that a shell or ssh_config could misread has no block: %j",
  (odd) => {
    const init = { folder: "/h", socket: "/s", configFile: "", knownHosts: undefined };
    expect(includedText({ ...init, hosts: [{ alias: odd }, { alias: "web1", user: odd }] })).toBe("");
  },
);

test.each(["/a'b", '/a"b', "/a%b", "/a$b", "/a\\b", "/a\nb", "/a`b`", "/a!b"])(
  "a path that can't be quoted is refused: %j",
  (odd) => {
    const init = { folder: "/h", configFile: "", knownHosts: undefined, hosts };
    expect(() => includedText({ ...init, socket: odd })).toThrow(
      expect.objectContaining({ reason: "unusable-path" }),
    );
  },
);
