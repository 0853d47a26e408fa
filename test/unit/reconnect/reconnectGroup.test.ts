import { expect, test } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import type { MasterCore } from "../../../src/master/masterTypes.ts";
import { Reconnections } from "../../../src/reconnect/reconnections.ts";
import type { ReconnectTicket } from "../../../src/reconnect/reconnectTypes.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { ManualClock } from "../../support/manualClock.ts";

const away = new ConnectError("refused", "nobody listens");
const refused = new AuthError("refused", "no", { tried: [], methodsLeft: [] });

interface Joined {
  readonly log: readonly string[];
  readonly ticket: ReconnectTicket;
}

/** Holders whose attempts end only when the test says so. */
function holders() {
  const clock = new ManualClock();
  const state = { usable: [] as readonly string[], changes: 0 };
  const reconnections = new Reconnections({
    ...{ clock, random: () => 0, usableMasters: () => state.usable },
    onChange: () => state.changes++,
  });
  function join({ automatic = true, master }: { automatic?: boolean; master?: MasterCore } = {}): Joined {
    const log: string[] = [];
    const ticket = reconnections.join(
      { destinationKey: "a", master },
      {
        automatic,
        attempt: (login) => log.push(`attempt ${login}`),
        wait: (until) => log.push(until === undefined ? "wait" : `wait ${until - clock.now()}`),
        waitForOthers: () => log.push("wait for others"),
        stop: () => log.push("stop"),
      },
    );
    return { log, ticket };
  }
  return { clock, join, reconnections, state };
}

test("a lost connection is not shown while all that wait for it open on another one", async () => {
  const { manager, engine, registry } = fakeStack();
  await manager.open({ host: "web1", ...shell });
  engine.connection().end({ reason: "lost" });
  const master = registry.masters[0]?.snapshot();
  expect(master).toBeDefined();
  const { join, reconnections, state } = holders();
  const [one, two] = [{ automatic: false, ...(master && { master }) }, { automatic: false }].map(join);
  const shown = (): number => reconnections.waiting().size;
  state.usable = ["m2"];
  expect(shown()).toBe(1);
  one?.ticket.now();
  expect([one?.log.at(-1), two?.log.at(-1), shown()]).toEqual(["attempt attended", "attempt attended", 0]);
  two?.ticket.failed(away);
  expect(shown()).toBe(1);
  registry.dispose();
});

test("a stop ends the waiting once, is announced, and leaves tickets without effect", () => {
  const { clock, join, reconnections, state } = holders();
  const { log, ticket } = join();
  const { changes } = state;
  reconnections.stopAll();
  expect([log, state.changes]).toEqual([["wait 1000", "stop"], changes + 1]);
  ticket.now();
  reconnections.stopAll();
  expect([log, state.changes, clock.pendingTimers]).toEqual([["wait 1000", "stop"], changes + 1, 0]);
});

test("a holder that joins the use of a connection that is gone again tries with the others", () => {
  const { join, state } = holders();
  state.usable = ["m2"];
  const first = join();
  expect(first.log).toEqual(["attempt unattended"]);
  state.usable = [];
  expect(join().log).toEqual(["attempt unattended"]);
  expect(join({ automatic: false }).log).toEqual(["wait"]);
});

test("a request during an attempt leads to one with prompts, even if only one of several needs them", async () => {
  const { clock, join } = holders();
  const [one, two] = [join(), join()];
  await clock.advance(1000);
  one.ticket.now();
  one.ticket.failed(refused);
  two.ticket.failed(away);
  expect([one.log.at(-1), two.log.at(-1)]).toEqual(["attempt attended", "attempt attended"]);
});

test("a holder is shown its next attempt once, though another one fails meanwhile", () => {
  const { join, state } = holders();
  state.usable = ["m2"];
  const first = join();
  first.ticket.failed(away);
  expect(first.log).toEqual(["attempt unattended", "wait 1000"]);
  const second = join();
  second.ticket.failed(away);
  expect(second.log).toEqual(["attempt unattended", "wait 1000"]);
  expect(first.log).toEqual(["attempt unattended", "wait 1000"]);
});

test("after the end, a ticket has no effect", async () => {
  const { clock, join, reconnections, state } = holders();
  reconnections.dispose();
  const { log, ticket } = join();
  ticket.now();
  ticket.failed(away);
  ticket.dispose();
  await clock.advance(100_000);
  expect([log, state.changes]).toEqual([[], 0]);
});
