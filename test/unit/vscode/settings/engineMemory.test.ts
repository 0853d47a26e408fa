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

test("an answer is remembered by the host's alias, in every window of this machine", async () => {
  const kept = memento();
  await new EngineMemory(kept).remember("alice@web1:2222", true);
  await new EngineMemory(kept).remember("web2", false);
  const memory = new EngineMemory(kept);
  expect([memory.usesOpenSsh("web1"), memory.usesOpenSsh("web2")]).toEqual([true, false]);
  expect(["web1", "bob@web2", "web3"].map((host) => memory.choiceFor(host))).toEqual([
    true,
    false,
    undefined,
  ]);
  await memory.remember("web1", true);
  expect(kept.values.get("openSshHosts")).toEqual(["web1"]);
});

test("invalid stored data counts as no choice", () => {
  expect(new EngineMemory(memento("web1")).usesOpenSsh("web1")).toBe(false);
  expect(new EngineMemory(memento([1, "web1"])).usesOpenSsh("web1")).toBe(true);
});
