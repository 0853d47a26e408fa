import { expect, test } from "vitest";
import type { HostConfig } from "../../../../src/config/hostConfig.ts";
import { HostPolicies } from "../../../../src/config/hostPolicies.ts";
import { OpenSshQuestions } from "../../../../src/vscode/prompts/openSshQuestions.ts";
import { EngineMemory } from "../../../../src/vscode/settings/engineMemory.ts";
import { FakeSettings } from "../../../support/configFixtures.ts";
import { testHostConfig } from "../../../support/hostConfigs.ts";

function questions(config: Partial<HostConfig> = {}, engine = "auto", platform: NodeJS.Platform = "linux") {
  const values = new Map<string, unknown>();
  const memory = new EngineMemory({
    get: <T>(key: string): T | undefined => values.get(key) as T | undefined,
    update: async (key: string, value: unknown): Promise<void> => void values.set(key, value),
  } as ConstructorParameters<typeof EngineMemory>[0]);
  const settings = new FakeSettings();
  settings.layers = { user: { engine } };
  const resolve = async (): Promise<HostConfig> => testHostConfig(config);
  const policies = new HostPolicies(settings);
  return {
    memory,
    asked: new OpenSshQuestions({ memory, policies, settings, platform, resolver: { resolve } }),
  };
}

test.each([true, false])("a host is asked about once, whatever the answer (%s)", async (answer) => {
  const { asked, memory } = questions();
  expect(await asked.begin("web1")).toBe(true);
  // Several terminals may fail together.
  expect(await asked.begin("web1")).toBe(false);
  await asked.answer("web1", answer);
  expect(await asked.begin("web1")).toBe(false);
  expect(memory.choiceFor("web1")).toBe(answer);
  expect(await asked.begin("web2")).toBe(true);
});

test("a question that was not answered is asked again", async () => {
  const { asked } = questions();
  await asked.begin("web1");
  await asked.answer("web1", undefined);
  expect(await asked.begin("web1")).toBe(true);
});

test("nothing is asked if the answer would change nothing", async () => {
  expect(await questions({}, "ssh2").asked.begin("web1")).toBe(false);
  expect(await questions({}, "openssh").asked.begin("web1")).toBe(false);
  expect(await questions({ forwardAgent: true }).asked.begin("web1")).toBe(false);
  expect(await questions({}, "auto", "win32").asked.begin("web1")).toBe(false);
});
