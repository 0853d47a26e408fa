import { expect, it } from "vitest";
import { ConfigError } from "../../../../src/config/configErrors.ts";
import { runOnHosts } from "../../../../src/session/run/fleetRun.ts";
import { fakeStack } from "../../../support/fakeStack.ts";
import { testHostConfig } from "../../../support/hostConfigs.ts";
import { settle } from "../../../support/manualClock.ts";

it("runs on all hosts, keeps their order, and a failure stops no other", async () => {
  const names = ["a", "b", "c"];
  const { engine, manager } = fakeStack(names.map((name) => testHostConfig({ alias: name, hostName: name })));
  const finished: string[] = [];
  const running = runOnHosts(manager, ["a", "nowhere", "b", "c"], "id", {}, (run) => finished.push(run.host));
  await settle();
  for (const index of [2, 1, 0]) {
    engine.connection(index).channels[0]?.end({ code: index });
    await settle();
  }
  const runs = await running;
  expect(runs.map((run) => run.host)).toEqual(["a", "nowhere", "b", "c"]);
  expect(finished).toEqual(["nowhere", "c", "b", "a"]);
  expect(runs.map((run) => (run.kind === "done" ? run.execution.outcome : run.kind))).toEqual([
    { kind: "exited", code: 0 },
    "failed",
    { kind: "exited", code: 1 },
    { kind: "exited", code: 2 },
  ]);
  const [, failed] = runs;
  expect(failed?.kind === "failed" && ConfigError.is(failed.error)).toBe(true);
});

it("an abort ends running commands and starts no more", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `h${index}`);
  const { clock, engine, manager } = fakeStack(
    names.map((name) => testHostConfig({ alias: name, hostName: name })),
  );
  const controller = new AbortController();
  const running = runOnHosts(manager, names, "sleep 1000", { signal: controller.signal });
  await settle();
  controller.abort();
  const runs = await running;
  expect(runs.map((run) => run.kind)).toEqual(names.map(() => "failed"));
  await clock.advance(300);
  expect(engine.connections).toHaveLength(8);
  expect(engine.connections.every((connection) => connection.channels[0]?.log.includes("close"))).toBe(true);
});

it.each([
  [0, "sleep 9"],
  [5, "exec sh -c"],
])("a limit of %d s applies on the server and on this side", async (limit, start) => {
  const { engine, manager } = fakeStack();
  const running = runOnHosts(manager, ["web1"], "sleep 9", {}, undefined, () => limit);
  await settle();
  expect(engine.connection().channels[0]?.spec.request).toMatchObject({
    ...{ type: "exec", command: expect.stringMatching(`^${start}`) },
  });
  const limits = manager.masters()[0]?.sessions[0]?.limits.map(({ kind, seconds }) => [kind, seconds]);
  expect(limits).toEqual(limit === 0 ? [] : [["time", 5]]);
  engine.connection().channels[0]?.end({ code: 0 });
  await running;
});

it("passes on each host's output as it comes", async () => {
  const names = ["a", "b"];
  const { engine, manager } = fakeStack(names.map((name) => testHostConfig({ alias: name, hostName: name })));
  const heard: string[] = [];
  const running = runOnHosts(manager, names, "id", {}, undefined, undefined, (host, kind, data) =>
    heard.push(`${host} ${kind} ${Buffer.from(data).toString()}`),
  );
  await settle();
  engine.connection(1).channels[0]?.received.fire({ kind: "stdout", data: Buffer.from("two") });
  engine.connection(0).channels[0]?.received.fire({ kind: "stdout", data: Buffer.from("one") });
  await settle();
  expect(heard).toEqual(["b stdout two", "a stdout one"]);
  for (const index of [0, 1]) {
    engine.connection(index).channels[0]?.end({ code: 0 });
  }
  await running;
});
