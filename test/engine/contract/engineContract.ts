import { describe } from "vitest";
import type { ConnectionEngine } from "../../../src/engine/connectionEngine.ts";
import { describeConnecting } from "./connecting.ts";
import { describeEnds } from "./ends.ts";
import { describeFlow } from "./flow.ts";
import { describeForwards } from "./forwards.ts";
import { describeJumps } from "./jumps.ts";
import { describeSessions } from "./sessions.ts";

/** What every engine must do, with a real OpenSSH server and with faults on the path. */
export function describeEngineContract(makeEngine: () => ConnectionEngine): void {
  describe("connecting", () => describeConnecting(makeEngine));
  describe("sessions", () => describeSessions(makeEngine));
  describe("flow", () => describeFlow(makeEngine));
  describe("ends", () => describeEnds(makeEngine));
  describe("forwards", () => describeForwards(makeEngine));
  describe("jumps", () => describeJumps(makeEngine));
}
