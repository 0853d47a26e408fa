import { expect, it } from "vitest";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

/** Keeps the log of each connection separately. */
class PerConnection extends RecordingLogger {
  readonly logs = new Map<string, RecordingLogger>();
  forConnection(id: string): RecordingLogger {
    const log = new RecordingLogger();
    this.logs.set(id, log);
    return log;
  }
}

it("a connection's messages are in its own log, whose level can be changed separately", async () => {
  const logger = new PerConnection();
  const { manager } = fakeStack(
    [testHostConfig({ alias: "web1" }), testHostConfig({ alias: "db1" })],
    logger,
  );
  for (const host of ["web1", "db1"]) {
    await manager.open({ host, title: host, ...shell });
  }
  expect([...logger.logs.keys()].sort()).toEqual(
    manager
      .masters()
      .map(({ id }) => id)
      .sort(),
  );
  for (const { id, alias } of manager.masters()) {
    expect(logger.logs.get(id)?.lines.join("\n")).toContain(`${id} ${alias}: connected to`);
  }
  expect(logger.lines.join("\n")).not.toContain("connected to");
});
