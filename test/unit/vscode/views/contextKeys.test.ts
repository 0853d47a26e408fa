import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import type { SessionService } from "../../../../src/session/sessionServiceTypes.ts";
import { ManualClock } from "../../../support/manualClock.ts";

const executeCommand = vi.fn();
vi.mock("vscode", () => ({ commands: { executeCommand } }));
const { maintainContextKeys } = await import("../../../../src/vscode/views/contextKeys.ts");

afterEach(() => executeCommand.mockClear());

const never = new Emitter<void>().event;

/** The last value of each context key. */
function keys(): ReadonlyMap<unknown, unknown> {
  return new Map(executeCommand.mock.calls.map(([, key, value]) => [key, value]));
}

test("the Hosts view says that there are no hosts only after they have been read", () => {
  const onDidRead = new Emitter<void>();
  const service: Pick<SessionService, "masters" | "history" | "onDidChange"> = {
    masters: () => [],
    history: () => [],
    onDidChange: never,
  };
  const subscription = maintainContextKeys(
    service,
    { before: [], onDidChange: never },
    { isOn: false, onDidChange: never },
    {
      hosts: () => ({ typed: [], listed: [], groups: [], loose: [] }),
      onDidChange: never,
      onDidRead: onDidRead.event,
    },
    new ManualClock(),
  );
  expect(keys().get("sshSessions.hasHosts")).toBe(false);
  expect(keys().get("sshSessions.hostsAreRead")).not.toBe(true);
  onDidRead.fire();
  expect(keys().get("sshSessions.hostsAreRead")).toBe(true);
  subscription.dispose();
  const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { viewsWelcome: readonly { view: string; when: string }[] };
  };
  expect(contributes.viewsWelcome.find(({ view }) => view === "sshSessions.hosts")?.when).toBe(
    "sshSessions.hostsAreRead && !sshSessions.isFiltered",
  );
});
