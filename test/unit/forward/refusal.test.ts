import { describe, expect, it } from "vitest";
import { Emitter } from "../../../src/base/emitter.ts";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import type { ConnectionEnd } from "../../../src/engine/connectionEngine.ts";
import { ForwardError } from "../../../src/engine/engineErrors.ts";
import type { ForwardOrigin } from "../../../src/forward/forwardTypes.ts";
import { refusal } from "../../../src/forward/refusal.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const error = new ForwardError("port-taken", "taken");
const owner = { pid: 4711, name: "ssh" };
const configured: ForwardOrigin = { kind: "sshConfig", alias: "web1" };
const closed = new Emitter<ConnectionEnd>();

describe("a forward whose port is taken", () => {
  const outcome = async (
    changes: {
      readonly origin?: ForwardOrigin;
      readonly pid?: number;
      readonly key?: string;
      readonly ended?: ConnectionEnd;
      readonly spec?: string;
    } = {},
  ): Promise<string> => {
    const { origin = configured, pid = owner.pid, key = "web1", ended, spec = "8080:db:5432" } = changes;
    const connection = { rides: { pid, path: "/run/m" }, ended, onDidClose: closed.event };
    const { state, onDidEnd } = await refusal(
      error,
      { spec: parseForward(spec), origins: [origin], use: { config: testHostConfig(), folder: undefined } },
      { masters: [{ key, connection }], keyOf: () => "web1" },
      5,
      async () => owner,
    );
    expect(onDidEnd).toBe(state.kind === "stopped" ? closed.event : undefined);
    expect(state).toEqual(
      state.kind === "stopped"
        ? { kind: "stopped", since: 5, servedBy: owner }
        : { kind: "refused", since: 5, error, owner },
    );
    return state.kind;
  };

  it("is the user's own if the ssh whose connection is used has the port", async () => {
    expect(await outcome()).toBe("stopped");
    expect(await outcome({ spec: "-D 1080" })).toBe("stopped");
  });

  it.each([
    ["another process has it", { pid: 4712 }],
    ["its connection leads to another destination", { key: "web2" }],
    ["ssh_config does not configure it", { origin: { kind: "person" } }],
    ["the connection has ended", { ended: { reason: "lost" } }],
    ["the server listens", { spec: "-R 8080:db:5432" }],
  ] as const)("does not work if %s", async (_, changes) => {
    expect(await outcome(changes)).toBe("refused");
  });
});
