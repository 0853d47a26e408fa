import { describe, expect, it } from "vitest";
import { LoginNeeds, needsNobody } from "../../../src/auth/loginNeeds.ts";

const login = { user: "alice", hostName: "Server.example.org", port: 22 };

describe("what a login needs from the user", () => {
  it("is unknown before the first login, which may be tried unattended repeatedly", () => {
    const needs = new LoginNeeds();
    expect(needs.of(login)).toBeUndefined();
    needs.attempted(login, false);
    expect([needs.needsPerson(login), needs.mayTryUnattended(login)]).toEqual([false, true]);
  });

  it.each(["prompted", "touched", "waited"] as const)(
    "a login that was %s gets one unattended attempt for each outage",
    (what) => {
      const needs = new LoginNeeds();
      needs.succeeded(login, { ...needsNobody, [what]: true });
      expect([needs.needsPerson(login), needs.mayTryUnattended(login)]).toEqual([true, true]);
      needs.attempted(login, true);
      expect(needs.mayTryUnattended(login)).toBe(true);
      needs.attempted(login, false);
      expect(needs.mayTryUnattended(login)).toBe(false);
      needs.succeeded(login, { ...needsNobody, [what]: true });
      expect(needs.mayTryUnattended(login)).toBe(true);
    },
  );

  it("belongs to the host name in any case, the user and the port", () => {
    const needs = new LoginNeeds();
    needs.succeeded(login, { ...needsNobody, prompted: true });
    expect(needs.needsPerson({ ...login, hostName: "server.EXAMPLE.org" })).toBe(true);
    expect(needs.needsPerson({ ...login, port: 2222 })).toBe(false);
    expect(needs.needsPerson({ ...login, user: "bob" })).toBe(false);
  });

  it("is kept when a login gives up waiting, and only an unattended login uses up the attempt", () => {
    const needs = new LoginNeeds();
    needs.succeeded(login, { ...needsNobody, touched: true });
    needs.gaveUpWaiting(login, true);
    expect(needs.of(login)).toEqual({ prompted: false, touched: true, waited: true });
    expect(needs.mayTryUnattended(login)).toBe(true);
    needs.gaveUpWaiting(login, false);
    expect(needs.mayTryUnattended(login)).toBe(false);
  });

  it("is cleared by a login that needs no user", () => {
    const needs = new LoginNeeds();
    needs.gaveUpWaiting(login, false);
    needs.succeeded(login, needsNobody);
    expect([needs.needsPerson(login), needs.mayTryUnattended(login)]).toEqual([false, true]);
  });
});
