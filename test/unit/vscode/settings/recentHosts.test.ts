import { expect, it, vi } from "vitest";
import { RecentHosts } from "../../../../src/vscode/settings/recentHosts.ts";

function memento(initial?: unknown) {
  const kept = new Map<string, unknown>([["recentHosts", initial]]);
  return {
    get: (key: string) => kept.get(key),
    update: async (key: string, value: unknown) => {
      kept.set(key, value);
    },
  } as unknown as ConstructorParameters<typeof RecentHosts>[0];
}

it("keeps hosts as they were typed, newest first, each once", async () => {
  const recent = new RecentHosts(memento());
  const changed = vi.fn();
  recent.onDidChange(changed);
  await recent.add("web1");
  await recent.add("ssh://me@build1:2222");
  await recent.add("web1");
  await recent.add("web1");
  expect(recent.list()).toEqual(["web1", "me@build1:2222"]);
  expect(changed).toHaveBeenCalledTimes(3);
});

it("returns hosts that are not listed, however many listed ones followed", async () => {
  const recent = new RecentHosts(memento());
  await recent.add("me@build1:2222");
  const aliases = Array.from({ length: 20 }, (_, index) => `web${index}`);
  for (const alias of aliases) {
    await recent.add(alias);
  }
  expect(recent.typed(new Set(aliases))).toEqual(["me@build1:2222"]);
  expect(recent.list()).toHaveLength(8);
  await recent.forget("me@build1:2222");
  expect(recent.typed(new Set(aliases))).toEqual([]);
});

it("lists a host that never worked, and moves none up that was only tried", async () => {
  const recent = new RecentHosts(memento());
  await recent.add("web1");
  await recent.add("web2");
  await recent.addTried("web1");
  await recent.addTried("me@typo");
  await recent.addTried("-oProxyCommand=x");
  expect([recent.list(), recent.tried()]).toEqual([["web2", "web1"], ["me@typo"]]);
  expect(recent.typed(new Set(["web1", "web2"]))).toEqual(["me@typo"]);
  await recent.addWorking("me@typo");
  expect([recent.list(), recent.tried()]).toEqual([["me@typo", "web2", "web1"], []]);
  await recent.addTried("me@other");
  await recent.forget("me@other");
  await recent.addWorking("me@other");
  expect([recent.list(), recent.tried()]).toEqual([["me@typo", "web2", "web1"], []]);
});

it("ignores invalid stored data", () => {
  expect(new RecentHosts(memento({ length: 3 })).list()).toEqual([]);
  expect(new RecentHosts(memento(["a", 7, null, "", { host: "b" }, "c"])).list()).toEqual(["a", "c"]);
});

it("does not keep a text that can't be a host", async () => {
  const recent = new RecentHosts(memento());
  for (const text of ["", "-oProxyCommand=x", "ssh me@web", "my host"]) {
    await recent.add(text);
  }
  expect(recent.list()).toEqual([]);
});
