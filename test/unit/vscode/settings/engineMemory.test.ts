import { expect, test } from "vitest";
import { EngineMemory } from "../../../../src/vscode/settings/engineMemory.ts";

function memento(kept?: unknown) {
  const values = new Map<string, unknown>([["openSshHosts", kept]]);
  return {
    values,
    get: <T>(key: string): T | undefined => values.get(key) as T | undefined,
    update: async (key: string, value: unknown): Promise<void> => {
      values.set(key, value);
    },
  } as ConstructorParameters<typeof EngineMemory>[0] & { readonly values: Map<string, unknown> };
}

test("a host that was chosen once is remembered by its alias, in every window of this machine", async () => {
  const kept = memento();
  await new EngineMemory(kept).add("alice@web1:2222");
  const memory = new EngineMemory(kept);
  expect([memory.has("web1"), memory.has("web2")]).toEqual([true, false]);
  await memory.add("web1");
  expect(kept.values.get("openSshHosts")).toEqual(["web1"]);
});

test("invalid stored data is ignored", () => {
  expect(new EngineMemory(memento("web1")).has("web1")).toBe(false);
  expect(new EngineMemory(memento([1, "web1"])).has("web1")).toBe(true);
});
