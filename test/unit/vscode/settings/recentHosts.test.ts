import { expect, it, vi } from "vitest";
import { RecentHosts } from "../../../../src/vscode/settings/recentHosts.ts";

function memento(initial?: unknown) {
  let kept = initial;
  return {
    get: () => kept,
    update: async (_: string, value: unknown) => {
      kept = value;
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
