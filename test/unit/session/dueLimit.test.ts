import { expect, it } from "vitest";
import { isStillDue } from "../../../src/session/dueLimit.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";

/** A session that was warned a minute before the end of its hour. */
async function warned(limit: "timeLimitSeconds" | "idleLimitSeconds") {
  const stack = fakeStack();
  const session = await stack.manager.open({ host: "web1", ...shell, [limit]: 3600 });
  let endsAt = 0;
  session.onDidWarn(({ secondsLeft }) => {
    endsAt = stack.clock.now() + secondsLeft * 1000;
  });
  await stack.clock.advance(3_540_000);
  const isDue = (): boolean =>
    isStillDue(session.snapshot(), limit === "timeLimitSeconds" ? "time" : "idle", endsAt);
  expect([endsAt - stack.clock.now(), isDue()]).toEqual([60_000, true]);
  return { ...stack, session, isDue };
}

it("a warning about a limit is true until the end, whatever the data", async () => {
  const { clock, session, isDue } = await warned("timeLimitSeconds");
  session.write(Buffer.from("x"));
  await clock.advance(59_000);
  expect(isDue()).toBe(true);
  await clock.advance(2000);
  expect(isDue()).toBe(false);
});

it("it is no longer true after the user extended the session, or ended it", async () => {
  const extended = await warned("timeLimitSeconds");
  extended.session.extend();
  expect(extended.isDue()).toBe(false);
  const killed = await warned("timeLimitSeconds");
  killed.session.kill();
  expect(killed.isDue()).toBe(false);
});

it("data ends a warning about an idle limit", async () => {
  const { clock, session, isDue } = await warned("idleLimitSeconds");
  await clock.advance(30_000);
  session.write(Buffer.from("x"));
  expect(isDue()).toBe(false);
});
