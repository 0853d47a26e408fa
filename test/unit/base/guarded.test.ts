import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import type { Disposable } from "../../../src/base/disposable.ts";
import { Emitter } from "../../../src/base/emitter.ts";
import { guarded, onUnexpectedError } from "../../../src/base/guarded.ts";

describe("a callback that throws", () => {
  const failure = new Error("broken");
  const fail = (): void => {
    throw failure;
  };
  let errors: unknown[];
  let handling: Disposable;

  beforeEach(() => {
    errors = [];
    handling = onUnexpectedError((error) => errors.push(error));
  });

  afterEach(() => handling.dispose());

  it("is reported to the handler and does not interrupt its caller", () => {
    guarded(fail)();
    expect(errors).toEqual([failure]);
  });

  it("is handled in the same manner in timers", async () => {
    systemClock.setTimeout(fail, 0);
    await new Promise<void>((resolve) => {
      systemClock.setTimeout(resolve, 1);
    });
    expect(errors).toEqual([failure]);
  });

  it("does not prevent the other listeners of an event from running", () => {
    const emitter = new Emitter<number>();
    const heard: number[] = [];
    emitter.event(fail);
    emitter.event((value) => heard.push(value));
    emitter.fire(7);
    expect(heard).toEqual([7]);
    expect(errors).toEqual([failure]);
  });

  it("gets its arguments", () => {
    const heard: unknown[] = [];
    guarded((one: number, two: string) => heard.push(one, two))(1, "2");
    expect(heard).toEqual([1, "2"]);
  });
});
