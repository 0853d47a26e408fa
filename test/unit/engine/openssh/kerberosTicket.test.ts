import { expect, test } from "vitest";
import { KerberosTicket } from "../../../../src/engine/openssh/kerberosTicket.ts";

test.each([
  [async () => ({ exitCode: 0, stdout: "", stderr: "" }), true],
  [async () => ({ exitCode: 1, stdout: "", stderr: "" }), false],
  [() => Promise.reject(new Error("ENOENT")), false],
])("there is a ticket only if klist reports one", async (run, isValid) => {
  const ticket = new KerberosTicket(run);
  expect(ticket.isValid).toBe(false);
  await ticket.refresh();
  expect(ticket.isValid).toBe(isValid);
});
