import { mkdir, mkdtemp, readdir, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HostEntries } from "../../../src/share/hostEntries.ts";
import { masterLinkName } from "../../../src/share/socketFolder.ts";
import { until } from "../../lab/until.ts";
import { ManualClock } from "../../support/manualClock.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ssh-sessions-"));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const { pid } = process;

test("each host has an entry with its parts, and removed hosts lose theirs", async () => {
  const entries = new HostEntries(root, "");
  await entries.prepare();
  const names = async () => (await readdir(entries.path)).sort();
  await entries.set({ socketName: "aaa" }, [{ alias: "web" }, { alias: "::1", user: "me", port: 22 }]);
  await entries.set({ socketName: "bbb" }, [{ alias: "web" }]);
  expect(await names()).toEqual([`::1,me,22,${pid},aaa`, `web,,,${pid},aaa`, `web,,,${pid},bbb`]);
  await entries.set({ socketName: "aaa" }, [{ alias: "web", port: 2222 }]);
  expect(await names()).toEqual([`web,,,${pid},bbb`, `web,,2222,${pid},aaa`]);
  await entries.set({ socketName: "bbb" }, []);
  expect(await names()).toEqual([`web,,2222,${pid},aaa`]);
});

test.each(["a,b", "a/b", "a*", "a b", "", "é"])(
  "a host that a shell could misread has none: %j",
  async (alias) => {
    const entries = new HostEntries(root, "");
    await entries.prepare();
    await entries.set({ socketName: "aaa" }, [{ alias }, { alias: "web", user: alias }]);
    expect(await readdir(entries.path)).toEqual([]);
  },
);

test("entries without a socket are removed at the start, and others are kept", async () => {
  const entries = new HostEntries(root, "");
  await entries.prepare();
  await writeFile(join(root, "bbb"), "");
  await writeFile(join(entries.path, "web,,,1,aaa"), "");
  await writeFile(join(entries.path, "web,,,1,bbb"), "");
  await entries.prepare();
  expect(await readdir(entries.path)).toEqual(["web,,,1,bbb"]);
});

test("entries stay new while they are in use, and one that a cleaner has removed comes back", async () => {
  const clock = new ManualClock(Date.now());
  const entries = new HostEntries(root, "", clock);
  await entries.prepare();
  await entries.set({ socketName: "aaa" }, [{ alias: "one" }, { alias: "two" }]);
  const [one, two] = ["one", "two"].map((alias) => join(entries.path, `${alias},,,${pid},aaa`));
  await utimes(one ?? "", 1, 1);
  await rm(two ?? "");
  await clock.advance(3_600_000);
  const age = async (path = ""): Promise<number> => clock.now() - (await stat(path)).mtimeMs;
  await until(async () => (await age(one)) < 1000 && (await readdir(entries.path)).length === 2);
  await rm(entries.path, { recursive: true });
  await clock.advance(3_600_000);
  await until(async () => (await readdir(entries.path).catch(() => [])).length === 2);
  await entries.close();
  expect([await readdir(entries.path), clock.pendingTimers]).toEqual([[], 0]);
});

test("the hosts of another ssh_config have a separate folder", () => {
  const folders = ["", "/a", "/b"].map((file) => new HostEntries(root, file).path);
  expect(new Set(folders).size).toBe(3);
});

const sshMaster = { id: "m1", isEnded: false, connection: { sshMaster: { path: "/control/socket" } } };
const linkName = masterLinkName("/control/socket");

test("what could not be written is written by the next change", async () => {
  const entries = new HostEntries(root, "");
  const offer = { socketName: undefined, master: sshMaster };
  await entries.prepare();
  // In the place of an entry and of the link: a folder.
  const [entry, link] = [join(entries.path, `web,,,${pid},${linkName}`), join(root, linkName)];
  for (const place of [link, entry]) {
    await mkdir(join(place, "inside"), { recursive: true });
    await expect(entries.set(offer, [{ alias: "web" }])).rejects.toThrow();
    await rm(place, { recursive: true });
  }
  await entries.set(offer, [{ alias: "web" }]);
  expect([await readlink(link), (await stat(entry)).isFile()]).toEqual(["/control/socket", true]);
  await entries.close();
  expect(await readdir(root)).toEqual(["hosts"]);
});

test("the link to a master that a cleaner has removed comes back", async () => {
  const clock = new ManualClock(Date.now());
  const entries = new HostEntries(root, "", clock);
  await entries.prepare();
  await entries.set({ socketName: undefined, master: sshMaster }, [{ alias: "web" }]);
  await rm(join(root, linkName));
  await clock.advance(3_600_000);
  await until(
    async () => (await readlink(join(root, linkName)).catch(() => "")) === "/control/socket",
    "the link",
  );
  await entries.close();
});
