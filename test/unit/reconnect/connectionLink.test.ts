import { expect, test } from "vitest";
import { ConnectionLink } from "../../../src/reconnect/connectionLink.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

function linkOf({ registry }: ReturnType<typeof fakeStack>): ConnectionLink {
  return new ConnectionLink({
    registry,
    use: { config: testHostConfig(), folder: undefined },
    automatic: true,
    keeps: true,
    reconnect: () => {
      throw new Error("nothing is lost here");
    },
    onUp: () => {},
    onDown: () => {},
  });
}

test("before it has a connection, a forward is shown below the one that it would share", async () => {
  const stack = fakeStack();
  const link = linkOf(stack);
  expect(link.masterId).toBeUndefined();
  await stack.manager.open({ host: testHostConfig().alias, ...shell });
  expect(link.masterId).toBe(stack.manager.masters()[0]?.id);
  link.dispose();
  stack.registry.dispose();
});

test("a forward uses a connection that accepts no more sessions, without another login", async () => {
  const stack = fakeStack();
  stack.engine.maxSessions = 1;
  await stack.manager.open({ host: testHostConfig().alias, ...shell });
  await stack.manager.open({ host: testHostConfig().alias, ...shell });
  const [full, overflow] = stack.registry.masters;
  overflow?.kill();
  expect(full?.acceptsSessions).toBe(false);
  const link = linkOf(stack);
  expect((await link.connect("attended")).id).toBe(full?.id);
  expect(stack.engine.connections).toHaveLength(2);
  link.dispose();
  stack.registry.dispose();
});
